"""Saliency maps against gradients that are known, the cascade against networks of which it is known what changes."""

from __future__ import annotations

import copy

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from mi_course.errors import CourseError
from mi_course.mechanistic import saliency
from mi_course.mechanistic.saliency import METHODS, rank_correlation, saliency_map, signed_map


def network(seed: int = 0, channels: int = 2, functional: bool = False) -> nn.Module:
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
            self.out = nn.Linear(5, 3)
            self.relu = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            relu = torch.relu if functional else self.relu
            return self.out(relu(self.two(relu(self.one(x)))).mean((2, 3)))

    return Net().eval()


def pictures(n: int = 4, channels: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, 7, 6, generator=generator), torch.randint(0, 3, (n,), generator=generator)


def test_of_a_linear_model_the_map_is_its_weights():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2 * 7 * 6, 3)).eval()
    images, classes = pictures()
    weights = model[1].weight.detach().reshape(3, 2, 7, 6)[classes]
    torch.testing.assert_close(saliency_map(model, images, classes), weights.abs().amax(1))
    torch.testing.assert_close(signed_map(model, images, classes, "gradient × input"), weights * images)
    torch.testing.assert_close(signed_map(model, images, classes, "guided backprop"), weights)  # it has no ReLU


def test_gradient_times_input_is_complete_where_there_are_no_biases():
    model = network()
    with torch.no_grad():
        for layer in (model.one, model.two, model.out):
            layer.bias.zero_()
    images, classes = pictures()
    total = signed_map(model, images, classes, "gradient × input").sum((1, 2, 3))
    torch.testing.assert_close(total, model(images).gather(1, classes[:, None])[:, 0].detach())


def guided_by_hand(model: nn.Module, x: torch.Tensor, wanted: int) -> torch.Tensor:
    """The rule of Springenberg et al. for one picture, step by step."""
    first = model.one(x[None])
    second = model.two(first.relu())
    back = model.out.weight[wanted][None, :, None, None] / second[0, 0].numel() * torch.ones_like(second)
    back = back.clamp(min=0) * (second > 0)
    back = nn.functional.conv_transpose2d(back, model.two.weight, padding=1).clamp(min=0) * (first > 0)
    return nn.functional.conv_transpose2d(back, model.one.weight, padding=1)[0].detach()


@pytest.mark.parametrize("functional", [False, True])
def test_guided_backprop_is_its_rule(functional):
    model, (images, classes) = network(functional=functional), pictures()
    found = signed_map(model, images, classes, "guided backprop")
    for i in range(len(images)):
        torch.testing.assert_close(found[i], guided_by_hand(model, images[i], int(classes[i])))
    assert not torch.allclose(found, signed_map(model, images, classes))
    plain = signed_map(model, images, classes)  # the rule is gone again
    torch.testing.assert_close(plain, signed_map(network(functional=True), images, classes))


def test_maps_leave_model_pictures_and_gradients_alone():
    model, (images, classes) = network(), pictures()
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        for method in METHODS:
            assert signed_map(model, images, classes, method).shape == images.shape
    assert not images.requires_grad and all(p.grad is None for p in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_rank_correlation_is_scipys_and_knows_ties():
    generator = torch.Generator().manual_seed(3)
    first = torch.randint(0, 5, (6, 4, 5), generator=generator).float()
    second = torch.randint(0, 5, (6, 4, 5), generator=generator).float() + first
    theirs = [spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(first, second, strict=True)]
    torch.testing.assert_close(rank_correlation(first, second), torch.tensor(theirs).float())
    torch.testing.assert_close(rank_correlation(first, first.exp()), torch.ones(6))
    torch.testing.assert_close(rank_correlation(first, -first), -torch.ones(6))
    assert rank_correlation(first, torch.ones_like(first)).tolist() == [0.0] * 6


def test_edges_are_where_the_picture_changes():
    image = torch.zeros(1, 1, 8, 8)
    image[..., 4:] = 2.0
    found = saliency.edge_map(image)[0]
    assert (found[:, 3:5] == 1.0).all() and (found[:, :3] == 0).all() and (found[:, 5:] == 0).all()
    torch.testing.assert_close(saliency.edge_map(image.transpose(2, 3))[0], found.T)


def test_cascade_begins_at_the_output_and_changes_neither_model():
    model, other, (images, classes) = network(0), network(1), pictures()
    layers = ["one", "two", "out"]
    states = [copy.deepcopy(each.state_dict()) for each in (model, other)]
    found = saliency.saliency_sanity_check(model, other, images, classes, layers)
    assert found.shape == (3, 4)
    before = saliency_map(model, images, classes)
    torch.testing.assert_close(found[-1], rank_correlation(before, saliency_map(other, images, classes)))
    mixed = copy.deepcopy(model)
    mixed.out = other.out
    torch.testing.assert_close(found[0], rank_correlation(before, saliency_map(mixed, images, classes)))
    for state, each in zip(states, (model, other), strict=True):
        assert all(torch.equal(state[name], value) for name, value in each.state_dict().items())


def test_a_model_whose_layers_are_already_random_keeps_its_maps():
    model, (images, classes) = network(), pictures()
    found = saliency.cascade(model, copy.deepcopy(model), images, classes, ["one", "two", "out"], signed=True)
    assert found.stages == ("none", "out", "two", "one") and found.similarity.shape == (3, 4, 4)
    torch.testing.assert_close(found.similarity, torch.ones(3, 4, 4))


def test_cascade_agrees_with_the_check_and_has_intervals():
    model, other, (images, classes) = network(0), network(1), pictures(12)
    layers = ["one", "two", "out"]
    found = saliency.cascade(model, other, images, classes, layers)
    torch.testing.assert_close(
        found.similarity[0, 1:], saliency.saliency_sanity_check(model, other, images, classes, layers)
    )
    assert float(found.mean("gradient")[2]) in found.interval("gradient", 2)


def test_several_draws_are_averaged_and_shown_one_by_one():
    model, others, (images, classes) = network(0), [network(1), network(2)], pictures(5)
    layers = ["one", "two", "out"]
    found = saliency.cascade(model, others, images, classes, layers)
    single = [saliency.cascade(model, other, images, classes, layers).similarity for other in others]
    torch.testing.assert_close(found.similarity, torch.stack(single).mean(0))
    torch.testing.assert_close(found.by_draw, torch.stack([each.mean(-1) for each in single], dim=-1))
    with pytest.raises(CourseError, match="at least one network"):
        saliency.cascade(model, [], images, classes, layers)


def test_what_does_not_fit_is_said():
    model, (images, classes) = network(), pictures()
    with pytest.raises(CourseError, match=r"no method 'gradint'.*gradient"):
        signed_map(model, images, classes, "gradint")
    with pytest.raises(CourseError, match="one class for each"):
        signed_map(model, images, classes[:2])
    with pytest.raises(CourseError, match="no layer 'three'"):
        saliency.with_random_layers(model, model, ["three"])
    with pytest.raises(CourseError, match="one shape"):
        rank_correlation(images, images[:, :1])
