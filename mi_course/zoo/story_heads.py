"""Measure what the heads and layers of a story model do: the phenomena that chapters 2 to 4 ask about.

Everything that is chosen (which head, which offset) is chosen on one half of the prompts and measured on the other,
so that the best of sixteen heads is not good by luck. Intervals are at 95 %, over prompts. The zoo stands to the left
of `interventions`, so the model's own hooks are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.worlds.story import StoryPairs, story_pairs, story_tokens
from mi_course.worlds.story.vocabulary import VOCABULARY
from mi_course.zoo.measures import mean_and_interval
from mi_course.zoo.story_measures import SEED, induction_scores, repeated_words

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

PROMPTS = 200
BOOTSTRAPS = 2000


def head_phenomena(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """Everything about heads and layers on the card of a story model."""
    return {
        "induction_score": _by_head(_induction(model), _induction(untrained)),
        "previous_token_score": _by_head(_previous(model), _previous(untrained)),
        **{f"suppression, {task}": suppression(model, untrained, task) for task in ("names", "facts", "holding")},
        "self-repair, names": self_repair(model, untrained, "names"),
        "syntax head": syntax_head(model, untrained),
        "frequency direction": frequency_direction(model, untrained),
        "facts, where": where_facts_are(model, "facts"),
        "people, where": where_facts_are(model, "people"),
    }


# --- attention --------------------------------------------------------------------------------------------------------


def _patterns(model: TransformerBridge, tokens: Int[Tensor, "batch pos"]) -> list[Float[Tensor, "batch head dest src"]]:
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("attn.hook_pattern"))
    return [cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(model.cfg.n_layers)]


def _induction(model: TransformerBridge) -> Float[Tensor, "row layer head"]:
    rows = repeated_words().split(1)
    patterns = _patterns(model, torch.cat(rows))
    return torch.stack([induction_scores([layer[i : i + 1] for layer in patterns]) for i in range(len(rows))])


def _previous(model: TransformerBridge) -> Float[Tensor, "row layer head"]:
    """Mean attention to the token before, from position 2 of running text: at 1 it is [BOS], where idle heads rest."""
    patterns = _patterns(model, story_tokens(128, seed=SEED + 3))
    return torch.stack([layer.diagonal(-1, 2, 3)[..., 1:].mean(dim=-1) for layer in patterns], dim=1)


def _by_head(ours: Float[Tensor, "row layer head"], twin: Float[Tensor, "row layer head"]) -> dict[str, Any]:
    best = int(ours.mean(dim=0).argmax())
    layer, head = divmod(best, ours.shape[2])
    value, low, high = mean_and_interval(ours[:, layer, head])
    untrained = twin.mean(dim=0)
    return {
        "best": {
            "head": f"L{layer}H{head}",
            "value": value,
            "interval": [low, high],
            "n": len(ours),
            "baselines": {"untrained_best": float(untrained.max())},
        },
        "by_head": ours.mean(dim=0).tolist(),
        "untrained": untrained.tolist(),
    }


def syntax_head(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """How often a head looks, from the token before a verb, at the verb's own noun more than at any other token.

    The sentences have one to three clauses within one another. Half of the prompts end before the main verb, whose noun
    is the first, and half before the verb of the outermost clause, whose noun is the second: neither a distance nor a
    place in the sentence will do. (Clark et al. 2019, "What Does BERT Look At?", find heads by such counts.) Baselines:
    always so many tokens back, the best number; always the first noun; and the best head of the untrained twin.
    """
    prompts = [
        (story_pairs("recursion", PROMPTS, split="test", question=question, seed=SEED), role)
        for question, role in (("verb", "subject"), ("inner verb 1", "embedded"))
    ]
    chosen = torch.arange(PROMPTS).repeat(len(prompts)) < PROMPTS // 2
    measured = ~chosen
    ours, twin = (torch.cat([_looks_at(one, pairs, role) for pairs, role in prompts]) for one in (model, untrained))
    best, rested = (int(each[chosen].mean(dim=0).argmax()) for each in (ours, twin))
    distance = torch.cat([pairs.end - pairs.positions[role] for pairs, role in prompts])
    first = torch.cat([pairs.positions["subject"] == pairs.positions[role] for pairs, role in prompts])
    value, low, high = mean_and_interval(ours.flatten(1)[measured, best], proportion=True)
    layer, head = divmod(best, ours.shape[2])
    return {
        "head": f"L{layer}H{head}",
        "value": value,
        "interval": [low, high],
        "n": int(measured.sum()),
        "baselines": {
            "fixed_offset": float((distance[measured] == distance[chosen].mode().values).float().mean()),
            "first_noun": float(first[measured].float().mean()),
            "untrained": float(twin.flatten(1)[measured, rested].mean()),
        },
        "by_head": ours[measured].mean(dim=0).tolist(),
    }


def _looks_at(model: TransformerBridge, pairs: StoryPairs, role: str) -> Float[Tensor, "prompt layer head"]:
    """1 where a head looks, from the last token, at the word of this role more than at any other but [BOS]."""
    rows = torch.arange(len(pairs))
    patterns = torch.stack(_patterns(model, pairs.clean.tokens), dim=1)[rows, :, :, pairs.end]
    # Heads rest on [BOS] when they have nothing to do.
    return (patterns[..., 1:].argmax(dim=-1) + 1 == pairs.positions[role][:, None, None]).float()


# --- direct effects ---------------------------------------------------------------------------------------------------


def direct_by_head(model: TransformerBridge, pairs: StoryPairs) -> Float[Tensor, "prompt layer head"]:
    """What each head writes, at the last token, straight into the logit difference; the final LayerNorm's scale is
    that of the whole residual.
    """
    rows = torch.arange(len(pairs))
    with torch.no_grad():
        _, cache = model.run_with_cache(pairs.clean.tokens)
        layers = range(model.cfg.n_layers)
        z = torch.stack([cache[f"blocks.{layer}.attn.hook_z"][rows, pairs.end] for layer in layers], dim=1)
        return _direct(model, pairs, z, cache["ln_final.hook_scale"][rows, pairs.end])


def _direct(
    model: TransformerBridge,
    pairs: StoryPairs,
    z: Float[Tensor, "prompt layer head d_head"],
    scale: Float[Tensor, "prompt 1"],
) -> Float[Tensor, "prompt layer head"]:
    written = torch.einsum("plhd,lhdm->plhm", z, model.W_O)
    written = (written - written.mean(dim=-1, keepdim=True)) / scale[:, None, None]
    unembedding = model.W_U.T * model.ln_final.original_component.weight
    difference = unembedding[pairs.answer] - unembedding[pairs.wrong.float().argmax(dim=-1)]
    return torch.einsum("plhm,pm->plh", written, difference)


def _prompts(task: str) -> StoryPairs:
    held_out = task in ("names", "holding")
    return story_pairs(task, 2 * PROMPTS, split="test" if held_out else "train", seed=SEED)


def suppression(model: TransformerBridge, untrained: TransformerBridge, task: str) -> dict[str, Any]:
    """The head that lowers the right answer most: its direct effect on the logit difference, in logits.

    (Negative name movers in Wang et al. 2022, "Interpretability in the Wild"; McDougall et al. 2023, "Copy
    Suppression".) A value near zero says that the model has no such head for this task.
    """
    pairs = _prompts(task)
    ours, twin = direct_by_head(model, pairs), direct_by_head(untrained, pairs)
    found, rested = (int(each[:PROMPTS].mean(dim=0).argmin()) for each in (ours, twin))
    value, low, high = mean_and_interval(ours.flatten(1)[PROMPTS:, found])
    layer, head = divmod(found, ours.shape[2])
    return {
        "head": f"L{layer}H{head}",
        "value": value,
        "interval": [low, high],
        "n": PROMPTS,
        "baselines": {
            "untrained": float(twin.flatten(1)[PROMPTS:, rested].mean()),
            "strongest_helper": float(ours[PROMPTS:].mean(dim=0).max()),
        },
        "by_head": ours[PROMPTS:].mean(dim=0).tolist(),
    }


def self_repair(model: TransformerBridge, untrained: TransformerBridge, task: str) -> dict[str, Any]:
    """How much of the direct effect of the strongest head comes back when the head is ablated.

    The head with the largest direct effect has its output at the last token replaced by that of another prompt. Its
    direct effect falls by DE, the logit difference by TE; the value is 1 - TE / DE, of the means over prompts: 0 when
    nothing is repaired, 1 when all is, below 0 when later parts relied on the head. (McGrath et al. 2023, "The Hydra
    Effect"; Rushing and Nanda 2024, "Explorations of Self-Repair".)
    """
    pairs = _prompts(task)
    chosen = int(direct_by_head(model, pairs)[:PROMPTS].mean(dim=0).argmax())
    layer, head = divmod(chosen, model.cfg.n_heads)
    direct, total = (each[PROMPTS:] for each in _ablate(model, pairs, layer, head))
    kept, (low, high) = _ratio(total, direct)
    return {
        "head": f"L{layer}H{head}",
        "value": 1 - kept,
        "interval": [1 - high, 1 - low],
        "n": len(total),
        "baselines": {"no_repair": 0.0},
        "direct_effect": float(direct.mean()),
        "total_effect": float(total.mean()),
    }


def _ablate(
    model: TransformerBridge, pairs: StoryPairs, layer: int, head: int
) -> tuple[Float[Tensor, " prompt"], Float[Tensor, " prompt"]]:
    """Falls of the direct effect and of the logit difference when a head's output comes from the prompt before."""
    rows, end, name = torch.arange(len(pairs)), pairs.end, f"blocks.{layer}.attn.hook_z"

    def replace(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[rows, end, head] = z[rows, end, head].roll(1, dims=0)
        return z

    with torch.no_grad():
        clean, cache = model.run_with_cache(pairs.clean.tokens)
        ablated = model.run_with_hooks(pairs.clean.tokens, fwd_hooks=[(name, replace)])
        before = cache[name][rows, end]
        after = before.clone()
        after[:, head] = before[:, head].roll(1, dims=0)
        z = torch.zeros(len(pairs), model.cfg.n_layers, *before.shape[1:])
        z[:, layer] = before - after
        direct = _direct(model, pairs, z, cache["ln_final.hook_scale"][rows, end])[:, layer, head]
    return direct, _logit_difference(pairs, clean) - _logit_difference(pairs, ablated)


def _logit_difference(pairs: StoryPairs, logits: Float[Tensor, "prompt pos d_vocab"]) -> Float[Tensor, " prompt"]:
    rows = torch.arange(len(pairs))
    last = logits[rows, pairs.end]
    return last[rows, pairs.answer] - last[rows, pairs.wrong.float().argmax(dim=-1)]


# --- the residual stream ----------------------------------------------------------------------------------------------


def where_facts_are(model: TransformerBridge, task: str) -> dict[str, Any]:
    """Where a fact is looked up: the corrupted prompt names another subject; restore the clean residual at one place.

    by_layer: normalised effect (0 as corrupted, 1 as clean; a ratio of means) of restoring what enters each layer, and
    last what leaves the last one, at the subject's last word, and at the last token. The value is that at the subject
    before layer 1: near 1 where the fact is known there (the picture of Meng et al. 2022, "Locating and Editing Factual
    Associations in GPT"), near 0 where the subject's name has been carried on by then and is looked up elsewhere.
    """
    # In `people` at a meeting both names stand in both prompts; the bare sentence is the one that resembles ROME's.
    bare = (lambda plan: plan.manner == 0) if task == "people" else None
    pairs = story_pairs(task, PROMPTS, seed=SEED, where=bare)
    rows = torch.arange(len(pairs))
    # The last word of the subject is the last at which the prompts differ.
    length = pairs.differs.shape[1]
    subject = torch.where(pairs.differs, torch.arange(length), -1).amax(dim=1)

    def margin(logits: Float[Tensor, "prompt pos d_vocab"]) -> Float[Tensor, " prompt"]:
        last = logits[rows, pairs.end]
        return last[rows, pairs.answer] - last[rows, pairs.corrupted_answer]

    with torch.no_grad():
        clean, cache = model.run_with_cache(pairs.clean.tokens)
        corrupted = margin(model(pairs.corrupted.tokens))
    span = margin(clean) - corrupted
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    names.append(f"blocks.{model.cfg.n_layers - 1}.hook_resid_post")

    def effect(name: str, at: Int[Tensor, " prompt"]) -> Float[Tensor, " prompt"]:
        def restore(residual: Tensor, hook: Any) -> Tensor:
            residual = residual.clone()
            residual[rows, at] = cache[name][rows, at]
            return residual

        with torch.no_grad():
            patched = model.run_with_hooks(pairs.corrupted.tokens, fwd_hooks=[(name, restore)])
        return margin(patched) - corrupted

    by_place: dict[str, list[Float[Tensor, " prompt"]]] = {
        "subject": [effect(name, subject) for name in names],
        "end": [effect(name, pairs.end) for name in names],
    }
    value, interval = _ratio(by_place["subject"][1], span)
    return {
        "value": value,
        "interval": interval,
        "n": len(pairs),
        "baselines": {"corrupted": 0.0, "clean": 1.0, "at_the_end_instead": _ratio(by_place["end"][1], span)[0]},
        "by_layer": {place: [_ratio(each, span)[0] for each in effects] for place, effects in by_place.items()},
    }


def _ratio(above: Float[Tensor, " prompt"], below: Float[Tensor, " prompt"]) -> tuple[float, list[float]]:
    """Ratio of the two means over prompts, with its interval by bootstrap. (Single ratios may have no mean.)"""
    drawn = torch.randint(len(above), (BOOTSTRAPS, len(above)), generator=torch.Generator().manual_seed(SEED))
    ratios = above[drawn].mean(dim=1) / below[drawn].mean(dim=1)
    return float(above.mean() / below.mean()), ratios.quantile(torch.tensor([0.025, 0.975])).tolist()


def frequency_direction(model: TransformerBridge, untrained: TransformerBridge) -> dict[str, Any]:
    """Is there one direction of the residual stream that raises words by how frequent they are?

    A direction is fitted by ridge regression so that its product with the unembedding gives the log frequency of half
    of the words; the value is its correlation (Pearson) with the log frequency of the other half, mean over 20 splits.
    The interval holds the middle 95 % of the splits. Baselines: the untrained twin, and frequencies shuffled among
    words. (Stolfo et al. 2024, "Confidence Regulation Neurons", find neurons that write along such a direction.)
    """
    counts = torch.bincount(story_tokens(3000, seed=SEED + 4).flatten(), minlength=len(VOCABULARY))
    log_frequency = (counts[2:] + 1).float().log()  # without [BOS] and [PAD], which are never predicted
    shuffled = log_frequency[torch.randperm(len(log_frequency), generator=torch.Generator().manual_seed(SEED))]

    def correlation(one: TransformerBridge, target: Tensor) -> Float[Tensor, " split"]:
        unembedding = (one.W_U.T[2:] * one.ln_final.original_component.weight).detach()
        return _held_out_correlation(unembedding, target)

    splits = correlation(model, log_frequency)
    low, high = splits.quantile(torch.tensor([0.025, 0.975])).tolist()
    return {
        "value": float(splits.mean()),
        "interval": [low, high],
        "n": len(log_frequency),
        "baselines": {
            "untrained": float(correlation(untrained, log_frequency).mean()),
            "shuffled": float(correlation(model, shuffled).mean()),
        },
    }


def _held_out_correlation(features: Float[Tensor, "word d"], target: Float[Tensor, " word"]) -> Float[Tensor, " split"]:
    generator = torch.Generator().manual_seed(SEED)
    found = []
    for _ in range(20):
        order = torch.randperm(len(target), generator=generator)
        fit, held = order.chunk(2)
        x, y = features[fit] - features[fit].mean(dim=0), target[fit] - target[fit].mean()
        penalty = x.pow(2).sum() / len(x) * torch.eye(x.shape[1])
        direction = torch.linalg.solve(x.T @ x + penalty, x.T @ y)
        found.append(torch.corrcoef(torch.stack([features[held] @ direction, target[held]]))[0, 1])
    return torch.stack(found)
