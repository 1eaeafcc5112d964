"""The training loop: what is kept, where it goes on, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from mi_course.errors import CourseError
from mi_course.zoo.fit import Options, Run, check_device, fit

QUIET = Options(progress=False)


def run(steps=10, checkpoints=(0, 4), state_every=3, identity="one"):
    """A model of one number that follows a random walk drawn from a generator."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(5)

    def step(number):
        assert model.training and torch.is_grad_enabled() and torch.get_num_threads() == 1
        loss = (model.weight - torch.randn(1, generator=generator)).pow(2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return Run("walk", identity, model, optimiser, step, steps, checkpoints, generator, state_every)


def weight(one):
    return one.model.weight.item()


@pytest.mark.parametrize("stop", range(1, 10))
def test_a_run_cut_anywhere_goes_on_to_the_same_number(tmp_path, stop):
    whole = run()
    fit(whole, QUIET)
    state = tmp_path / "state.pt"
    fit(run(), replace(QUIET, stop_after=stop, state=state))
    resumed = run()
    fit(resumed, replace(QUIET, state=state))
    assert weight(resumed) == weight(whole) and not resumed.model.training


def test_an_interruption_loses_only_what_came_after_the_last_state(tmp_path):
    class Interrupt(Exception):
        pass

    state, whole, broken = tmp_path / "state.pt", run(), run()
    fit(whole, QUIET)
    inner = broken.step

    def step(number):
        if number == 8:
            raise Interrupt
        return inner(number)

    broken.step = step
    with pytest.raises(Interrupt):
        fit(broken, replace(QUIET, state=state))
    assert torch.load(state, weights_only=True)["step"] == 6
    resumed = run()
    fit(resumed, replace(QUIET, state=state))
    assert weight(resumed) == weight(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_checkpoints_come_before_their_step_and_once_more_at_the_end():
    seen = []
    one = run()
    fit(one, replace(QUIET, at_checkpoint=lambda step, model: seen.append((step, model.weight.item(), model.training))))
    assert [step for step, _, _ in seen] == [0, 4, 10]
    assert seen[0][1] == 1.0 and seen[-1][1] == weight(one) and not any(training for *_, training in seen)
    four = run()
    fit(four, replace(QUIET, stop_after=4))
    assert weight(four) == seen[1][1]


def test_another_run_and_half_a_file_are_refused(tmp_path):
    state = tmp_path / "state.pt"
    fit(run(), replace(QUIET, stop_after=3, state=state))
    with pytest.raises(CourseError, match="another seed or another recipe"):
        fit(run(identity="two"), replace(QUIET, state=state))
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(CourseError, match="cannot be read as a state of training"):
        fit(run(), replace(QUIET, state=state))


def test_a_device_that_is_not_there_is_named():
    assert check_device("cpu") == "cpu"
    for device in ("cuda:97", "gpu"):
        with pytest.raises(CourseError, match=f"cannot train on '{device}'"):
            check_device(device)
