"""Functions of a model: hooks, weights and mode are as before, and whoever changed them is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mi_course.checking import Case, Status, judge_exercise
from mi_course.checking.guard import Watch
from tests.checking import toys


def right(model: Any, x: Tensor) -> Tensor:
    return model(x).mean(0)


def state(model: nn.Module) -> list[Any]:
    parts: list[Any] = []
    for name, module in model.named_modules():
        parts.append((name, id(module), module.training))
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "fwd_hooks", "bwd_hooks"):
            parts.append(list(map(str, vars(module).get(kind, []))))
    for name, p in [*model.named_parameters(), *model.named_buffers()]:
        parts.append((name, id(p), p.requires_grad, p.grad, tuple(p.shape), p.dtype, p.tolist()))
    return parts


def weight_in_place(model: Any) -> None:
    with torch.no_grad():
        model.first.weight.add_(1)


def weight_of_another_shape(model: Any) -> None:
    model.first.weight.data = torch.zeros(1)


def weight_of_another_type(model: Any) -> None:
    model.double()


def weight_to_nan(model: Any) -> None:
    with torch.no_grad():
        model.first.weight[0, 0] = torch.nan


def trained(model: Any) -> None:
    model(torch.ones(2, 3)).sum().backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad


def pruned(model: Any) -> None:
    model.second = nn.Identity()


LEFT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a forward hook": (lambda m: m.first.register_forward_hook(lambda *a: None), "1 hook left on the model"),
    "a hook that is always called": (
        lambda m: m.first.register_forward_hook(lambda *a: None, always_call=True), "1 hook left on the model"),
    "a hook with kwargs": (
        lambda m: m.first.register_forward_hook(lambda *a: None, with_kwargs=True), "1 hook left on the model"),
    "a hook on the way in": (lambda m: m.register_forward_pre_hook(lambda *a: None), "1 hook left on the model"),
    "a backward hook": (lambda m: m.first.register_full_backward_hook(lambda *a: None), "1 hook left on the model"),
    "two hooks": (
        lambda m: [layer.register_forward_hook(lambda *a: None) for layer in (m.first, m.second)],
        "2 hooks left on the model"),
    "train mode": (lambda m: m.train(), "train/eval mode"),
    "train mode of one layer": (lambda m: m.drop.train(), "train/eval mode"),
    "weights in place": (weight_in_place, "the model's weights"),
    "weights of another shape": (weight_of_another_shape, "the model's weights"),
    "weights of another type": (weight_of_another_type, "the model's weights"),
    "weights with NaN": (weight_to_nan, "the model's weights"),
    "another parameter": (lambda m: setattr(m.first, "weight", nn.Parameter(torch.zeros(4, 3))), "the model's weights"),
    "a deleted parameter": (lambda m: delattr(m.first, "bias"), "the model's weights"),
    "a step of training": (trained, "the model's weights"),
    "another layer": (pruned, "the model's layers"),
    "a buffer": (lambda m: m.steps.add_(1), "the model's weights"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_on_a_model_is_told_and_undone(name: str) -> None:
    leave, words = LEFT[name]

    def answer(model: Any, x: Tensor) -> Tensor:
        out = right(model, x)
        leave(model)
        return out

    before = state(toys.net())
    result = judge_exercise(toys.mean_output, answer)
    assert result.status is Status.FAILED
    assert "The result is right, but the function left something changed: " in result.message
    assert words in result.message
    assert state(toys.net()) == before


def test_a_crash_leaves_nothing_either() -> None:
    def answer(model: Any, x: Tensor) -> Tensor:
        model.first.register_forward_hook(lambda *a: None)
        model.train()
        weight_in_place(model)
        raise ValueError

    before = state(toys.net())
    assert judge_exercise(toys.mean_output, answer).status is Status.CRASHED
    assert state(toys.net()) == before


def test_hooks_that_were_there_stay() -> None:
    seen = []
    handle = toys.net().first.register_forward_hook(lambda *a: seen.append(1))
    before = state(toys.net())
    try:
        assert judge_exercise(toys.mean_output, right).passed

        def tidy(model: Any, x: Tensor) -> Tensor:
            out = right(model, x)
            model.first._forward_hooks.clear()
            return out

        assert "left something changed" in judge_exercise(toys.mean_output, tidy).message
        assert state(toys.net()) == before
        seen.clear()
        toys.net()(torch.ones(1, 3))
        assert seen
    finally:
        handle.remove()


def test_a_hook_that_is_taken_off_again_is_fine() -> None:
    def answer(model: Any, x: Tensor) -> Tensor:
        kept = []
        handle = model.second.register_forward_hook(lambda module, given, out: kept.append(out))
        model(x)
        handle.remove()
        return kept[0].mean(0)

    assert judge_exercise(toys.mean_output, answer).passed


def test_a_models_gradients_do_not_pile_up() -> None:
    def answer(model: Any, x: Tensor) -> Tensor:
        out = right(model, x)
        out.sum().backward()
        return out

    assert judge_exercise(toys.mean_output, answer).passed
    assert all(p.grad is None for p in toys.net().parameters())


def test_a_model_inside_a_list_is_watched_too() -> None:
    listed = toys.toy(
        "listed",
        lambda models: models[0](torch.ones(1, 3)),
        lambda models: models[0].second(models[0].first(torch.ones(1, 3)).relu()),
        cases=lambda draw: [Case("one", ([toys.net()],))],
    )

    def answer(models: list[Any]) -> Tensor:
        out = models[0](torch.ones(1, 3))
        models[0].train()
        return out

    assert judge_exercise(listed, listed.reference, allow_borrowed=True).points == 2
    assert "train/eval mode" in judge_exercise(listed, answer).message
    assert not toys.net().training


def test_a_large_model_is_watched_without_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mi_course.checking.guard.BIG_MODEL", 1)
    model = toys.Net().eval()
    watch = Watch(model)
    model(torch.ones(1, 3))
    assert watch.restore() == []
    with torch.no_grad():
        model.first.weight.add_(1)
    assert watch.restore() == ["the model's weights"]


# --- the real thing ---------------------------------------------------------------------------------------------------

POINT = "blocks.0.attn.hook_pattern"


def patterns(model: Any, tokens: Tensor) -> Tensor:
    kept = {}
    model.run_with_hooks(tokens, fwd_hooks=[(POINT, lambda value, hook: kept.update(p=value.detach().clone()))])
    return kept["p"]


def add_hook(model: Any) -> None:
    model.add_hook(POINT, lambda value, hook: value * 0)


def add_point_hook(model: Any) -> None:
    model.hook_dict[POINT].add_hook(lambda value, hook: value * 0)


def add_permanent_hook(model: Any) -> None:
    model.hook_dict[POINT].add_hook(lambda value, hook: value * 0, is_permanent=True)


def scale_weights(model: Any) -> None:
    with torch.no_grad():
        next(iter(model.parameters())).mul_(2)


TRANSFORMER_LEFT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "model.add_hook": (add_hook, "1 hook left"),
    "hook_dict[...].add_hook": (add_point_hook, "1 hook left"),
    "a permanent hook": (add_permanent_hook, "1 hook left"),
    "train mode": (lambda model: model.train(), "train/eval mode"),
    "weights": (scale_weights, "the model's weights"),
}


def test_a_transformer_passes_and_stays_as_it_was() -> None:
    model, tokens = toys.transformer(), torch.arange(1, 10)[None]
    logits = model(tokens)
    before = state(model)
    result = judge_exercise(toys.first_pattern, patterns)
    assert result.passed, str(result)
    assert state(model) == before
    assert torch.equal(model(tokens), logits)


@pytest.mark.parametrize("name", TRANSFORMER_LEFT)
def test_what_is_left_on_a_transformer(name: str) -> None:
    leave, words = TRANSFORMER_LEFT[name]

    def answer(model: Any, tokens: Tensor) -> Tensor:
        out = patterns(model, tokens)
        leave(model)
        return out

    model, tokens = toys.transformer(), torch.arange(1, 10)[None]
    logits = model(tokens)
    before = state(model)
    result = judge_exercise(toys.first_pattern, answer)
    assert result.status is Status.FAILED
    assert words in result.message
    assert state(model) == before
    assert torch.equal(model(tokens), logits)


def test_the_first_forward_pass_of_a_transformer_is_no_side_effect() -> None:
    """TransformerBridge wires itself up when it first runs; that is not the learner's doing, and has to stay."""
    from mi_course.zoo import load_model

    model = load_model("induction-2l", seed=1)
    watch = Watch(model)
    tokens = torch.arange(1, 10)[None]
    logits = model(tokens)
    assert watch.restore() == []
    assert torch.equal(model(tokens), logits)
