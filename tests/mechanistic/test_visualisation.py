"""Optimised pictures reach the known best picture of a linear unit, and examples and fields are what they say."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mi_course.errors import CourseError
from mi_course.mechanistic.visualisation import crop, field, optimise_picture, top_examples, visualise
from mi_course.worlds import draw_shapes
from mi_course.zoo.shapes_cnn import LAYERS, build_shapes_cnn

MODEL = build_shapes_cnn((3, 4, 5), (7, 5, 3), seed=1)


def test_a_linear_unit_gets_the_signs_of_its_filter():
    kernel = torch.randn(2, 1, 5, 5, generator=torch.Generator().manual_seed(0))

    def layer(pictures):
        return F.conv2d(pictures, kernel, padding=2)

    made = optimise_picture(layer, 1, torch.zeros(9, 9), [(0, 0)] * 200, 0.5)
    # Within ±1 no picture gives a linear unit more than the signs of its weights.
    assert torch.equal(made[2:7, 2:7].sign(), kernel[1, 0].sign())
    assert float(layer(made[None, None])[0, 1, 4, 4]) > 0.95 * float(kernel[1].abs().sum())
    assert float(made.abs().max()) <= 1 and torch.equal(made[:2], torch.zeros(2, 9))


def test_a_picture_made_for_a_unit_moves_it_more_than_what_it_began_with():
    for layer in LAYERS:
        made = visualise(MODEL, layer, 2, steps=20, seed=3)
        before, after = visualise(MODEL, layer, 2, steps=0, seed=3), made
        drive = [MODEL.before_relu(each[None, None])[layer][0, 2] for each in (before, after)]
        middle = drive[0].shape[0] // 2
        assert drive[1][middle, middle] > drive[0][middle, middle]
        assert torch.equal(made, visualise(MODEL, layer, 2, steps=20, seed=3))
        assert not torch.equal(made, visualise(MODEL, layer, 2, steps=20, seed=4))


def test_top_examples_are_the_strongest_in_order():
    images = draw_shapes(40, seed=0).images
    found = top_examples(MODEL, "conv2", 1, images, k=5)
    by_hand = MODEL.activations(images)["conv2"][:, 1].flatten(1).max(dim=1).values
    torch.testing.assert_close(found.all_responses, by_hand.detach())
    assert found.index.tolist() == by_hand.argsort(descending=True)[:5].tolist()


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_outside_its_field_moves_a_unit(layer):
    width = field(MODEL, layer)
    image = torch.zeros(1, 1, 32, 32, requires_grad=True)
    image.data.normal_(generator=torch.Generator().manual_seed(0))
    reached = torch.zeros(32, 32, dtype=torch.bool)
    # Pooling lets only the strongest through, so which points count differs from picture to picture.
    for seed in range(30):
        image.data.normal_(generator=torch.Generator().manual_seed(seed))
        drive = MODEL.before_relu(image)[layer][0, 0]
        (slope,) = torch.autograd.grad(drive[drive.shape[0] // 2, drive.shape[1] // 2], image)
        reached |= slope[0, 0] != 0
    rows = reached.any(dim=1).nonzero().flatten()
    assert width - 2 <= int(rows.max() - rows.min()) + 1 <= width
    seen, (row, column) = crop(MODEL, layer, 0, image.detach()[0])
    assert seen.shape == (width, width) and 0 <= row < drive.shape[0] and 0 <= column < drive.shape[1]


def test_requests_that_cannot_be_met():
    with pytest.raises(CourseError, match="has the layers"):
        visualise(MODEL, "conv4", 0)
    with pytest.raises(CourseError, match="units 0 to 2"):
        visualise(MODEL, "conv1", 3)
    with pytest.raises(CourseError, match="above zero"):
        optimise_picture(lambda x: x, 0, torch.zeros(4, 4), [], 0.0)
    with pytest.raises(CourseError, match="from 1 to"):
        top_examples(MODEL, "conv1", 0, torch.zeros(2, 1, 32, 32), k=3)
