"""2.14: heads that lower the right answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.interventions import head_contribution, run, z, zero

QUESTIONS = [
    Question(
        name="loss_without_suppressor",
        text="The suppressing head of the hand-written model is switched off. Does the mean loss on the right tokens "
        "fall?",
        kind=bool,
    ),
    Question(
        name="suppressors_in_story",
        text="How many of story's 16 heads (seed 0) lower the right name by more than half a logit?",
        low=0,
        high=16,
    ),
]

_VOCAB, _CONTEXT = 30, 40
_SOME = frozenset(range(1, 11))  # a third of the tokens: texts that begin with one of these
TRUTH: dict[Any, dict[helper.Head, tuple[float, bool]]] = {}
"""By model: what each head that lowers the answer writes into its logit, and whether in some texts only."""


@cache
def suppressor() -> Any:
    """The model of the notebook: one head copies what came after the previous copy, one lowers it."""
    from mi_course.zoo.planted import Induction, PreviousToken
    from mi_course.zoo.suppressing import suppressing

    roles = {(0, 1): PreviousToken(), (1, 0): Induction(0.9), (1, 2): Induction(0.9)}
    return suppressing(roles, {(1, 0): 0.6, (1, 2): -0.2})


@cache
def _with_suppressors(seed: int, end: int, period: int) -> Any:
    """Three layers of five heads: two that lower the answer everywhere, one only at `end`, one only elsewhere; one of
    layer 0 that lowers what stood a period less one before, which is the answer; one that lowers all tokens alike, one
    that lowers the present token, one that raises it, two that raise and lower the one before, one that copies what
    came after the previous copy, and one that lowers it in texts that begin in a certain way."""
    from mi_course.zoo.planted import GAIN, FirstToken, FixedOffset, Induction, PreviousToken
    from mi_course.zoo.suppressing import suppressing

    draw = Draw(seed)
    first, middle, last = ([(layer, head) for head in draw.sample(range(5), 5)] for layer in range(3))
    # No head on the diagonal of the table among those to be found, so that an exchanged pair is another head.
    for layer in (first, middle):
        layer.sort(key=lambda place: place[0] == place[1])
    last.sort(key=lambda place: place[0] == place[1])
    elsewhere = frozenset(range(1, _CONTEXT)) - {end}
    roles = {
        first[0]: PreviousToken(),
        first[1]: FixedOffset(0),
        first[2]: FirstToken(),
        first[3]: FixedOffset(period - 1),
        first[4]: FixedOffset(0),
        middle[0]: Induction(0.9),
        middle[1]: Induction(0.95),
        middle[2]: Induction(0.9, positions=elsewhere),
        last[0]: Induction(0.9),
        last[1]: Induction(0.9, positions=frozenset({end})),
        last[2]: FixedOffset(0),
        middle[3]: FixedOffset(1),
        last[3]: FixedOffset(1),
        last[4]: Induction(0.9, first_tokens=_SOME),
    }
    strengths = {first[1]: -0.3, middle[0]: -0.25, middle[2]: -1.0, last[0]: -1.2, last[1]: -0.4}
    # Raising another token lowers the answer against the mean by a thirtieth: 0.27 logits, and 3.2 in twelve prompts.
    strengths[first[4]] = 0.4
    # The likeliest token is the one before: what raises it changes the answer's probability, and its logit hardly.
    strengths |= {middle[3]: 0.35, last[3]: -0.1, last[4]: -1.2, first[3]: -0.6}
    model = suppressing(
        roles, strengths, flat={last[2]: -8.45}, n_layers=3, n_heads=5, d_vocab=_VOCAB, n_ctx=_CONTEXT, seed=seed
    )
    _bias(model)
    TRUTH[model] = {
        place: (0.9 * GAIN * strengths[place], place == last[4]) for place in (middle[0], last[0], last[1], last[4])
    }
    TRUTH[model][first[3]] = (GAIN * strengths[first[3]], False)  # it looks nowhere else
    return model


def _bias(model: Any) -> None:
    """The unembedding gets a bias, by which an answer of even number is less likely. No head writes it."""
    with torch.no_grad():
        model.b_U[::2] -= 1


@cache
def _without_suppressors(seed: int, end: int) -> Any:
    """Two layers of four heads that copy, rest, and lower things that are not the answer."""
    from mi_course.zoo.planted import FixedOffset, Induction, PreviousToken
    from mi_course.zoo.suppressing import suppressing

    draw = Draw(seed)
    first, last = ([(layer, head) for head in draw.sample(range(4), 4)] for layer in range(2))
    roles = {
        first[0]: PreviousToken(),
        last[0]: Induction(0.9),
        last[1]: Induction(0.9, positions=frozenset(range(1, _CONTEXT)) - {end}),
        last[2]: FixedOffset(0),
        last[3]: FixedOffset(0),
    }
    model = suppressing(
        roles, {last[1]: -1.0, last[3]: -0.5}, flat={last[2]: -8.0}, d_vocab=_VOCAB, n_ctx=_CONTEXT, seed=seed
    )
    TRUTH[model] = {}
    return model


def _by_truth(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[helper.Head]:
    """What was planted."""
    begins_so = [first in _SOME for first in tokens[:, 1].tolist()]
    found = []
    for place, (logits, only_some) in TRUTH[model].items():
        share = sum(begins_so) / len(begins_so) if only_some else 1.0
        # In the other texts it lowers [BOS], which raises the answer against the mean by one part in the vocabulary.
        if share * logits * (1 - 1 / _VOCAB) - (1 - share) * logits / _VOCAB < -threshold:
            found.append(place)
    return sorted(found)


def _cases(draw: Draw) -> list[Case]:
    from mi_course.worlds import repeated_tokens

    period = draw.integer(7, 9)
    end = period + draw.integer(3, 5)
    data = repeated_tokens(200, period, 2, _VOCAB, seed=draw.integer(0, 10_000)).tokens
    data = data[(data[:, end + 1] % 2).argsort(stable=True)]  # even answers first, see _bias
    begins_so = torch.tensor([first in _SOME for first in data[:, 1].tolist()])
    data = torch.cat([data[~begins_so][:6], data[begins_so][:3], data[~begins_so][6:9]])
    tokens, answer = data[:, : end + 1], data[:, end + 1]
    model = _with_suppressors(draw.choice([21, 22, 23]), end, period)
    other = _without_suppressors(draw.choice([31, 32]), end)
    return [
        Case("a model with planted heads, threshold 3", (model, tokens, answer, 3.0)),
        Case("the same model, threshold 8", (model, tokens, answer, 8.0)),
        Case("the same model, one prompt, threshold 0.4", (model, tokens[:1], answer[:1], 0.4)),
        Case("a model in which no head lowers the answer", (other, tokens, answer, 1.0)),
    ]


def _observe(case: Case, found: Any) -> Any:
    """The heads as a set, in any order and as any pairs."""
    if isinstance(found, (Tensor, np.ndarray)) and found.ndim == 2:
        found = found.tolist()
    if isinstance(found, (list, tuple, set, frozenset)):
        pairs = [tuple(p.tolist() if isinstance(p, (Tensor, np.ndarray)) else p) for p in found if _is_pair(p)]
        if len(pairs) == len(found):
            return {"heads": {tuple(int(i) for i in pair) for pair in pairs}}
    return {"heads": found}


def _is_pair(thing: Any) -> bool:
    if not isinstance(thing, (list, tuple, Tensor, np.ndarray)) or len(thing) != 2:
        return False
    return all(isinstance(i, (int, np.integer, float, Tensor)) and float(i).is_integer() for i in thing)


def _variant(
    *,
    score: str = "centred",
    at: str = "last",
    token: str = "answer",
    over: str = "mean",
    pick: str = "below",
    layers: str = "all",
    limit: str = "threshold",
    write: Callable[[int, int], tuple[int, int]] = lambda layer, head: (layer, head),
) -> Callable[..., list[tuple[int, int]]]:
    """The answer with one or two things done otherwise."""

    def answer_(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[tuple[int, int]]:
        every = range(model.cfg.n_layers)
        cache = run(model, tokens, cache=[z(layer) for layer in every]).cache
        wanted = tokens[:, -1] if token == "present" else answer
        if token == "favourite":
            wanted = model(tokens)[:, -1].argmax(-1)
        table = []
        for layer in every:
            written = head_contribution(model, cache, layer)  # batch pos head d_model
            here = {
                "last": lambda written=written: written[:, -1],
                "one before": lambda written=written: written[:, -2],
                "mean": lambda written=written: written.mean(1),
                "sum": lambda written=written: written.sum(1),
                "first": lambda written=written: written[:, 0],
            }[at]()
            logits = here @ model.W_U  # batch head d_vocab
            if score == "log probability":
                logits = logits.log_softmax(-1)
            if score == "biased":
                logits = logits + model.b_U
            own = logits[torch.arange(len(tokens)), :, wanted]
            others = {
                "centred": lambda logits=logits: logits.mean(-1),
                "biased": lambda logits=logits: logits.mean(-1),
                "everything": lambda logits=logits: logits.mean(),
                "present": lambda logits=logits: logits[torch.arange(len(tokens)), :, tokens[:, -1]],
                "raw": lambda: 0.0,
                "log probability": lambda: 0.0,
                "largest": lambda logits=logits: logits.amax(-1),
            }[score]()
            effects = own - others
            if token == "every":
                effects = logits[:, :, answer].mean(-1) - others
            table.append(
                {
                    "mean": lambda effects=effects: effects.mean(0),
                    "median": lambda effects=effects: effects.median(0).values,
                    "any": lambda effects=effects: effects.amin(0),
                    "sum": lambda effects=effects: effects.sum(0),
                }[over]()
            )
        effect = torch.stack(table).detach()
        bar = {"threshold": threshold, "zero": 0.0, "half": threshold / 2, "one": 1.0}[limit]
        chosen = {
            "below": lambda: effect < -bar,
            "above": lambda: effect > bar,
            "size": lambda: effect.abs() > bar,
            "not above": lambda: effect < bar,
            "lowest": lambda: (effect == effect.min()) & (effect < -bar),
            "lowest of each": lambda: (effect == effect.amin(-1, keepdim=True)) & (effect < -bar),
            "lowest of all": lambda: effect == effect.min(),
        }[pick]()
        if layers == "last":
            chosen[:-1] = False
        if layers == "not the last":
            chosen[-1] = False
        if layers == "not the first":
            chosen[0] = False
        return [write(int(layer), int(head)) for layer, head in chosen.nonzero()]

    return answer_


def _total_effect(what: str = "centred") -> Callable[..., list[tuple[int, int]]]:
    """Heads without which the answer's logit, or its log probability, is higher."""

    def answer_(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[tuple[int, int]]:
        def of_answer(logits: Tensor) -> Tensor:
            last = logits[:, -1].log_softmax(-1) if what == "log probability" else logits[:, -1]
            others = last.mean(-1) if what == "centred" else 0.0
            return last[torch.arange(len(tokens)), answer] - others

        before = of_answer(run(model, tokens).logits)
        return [
            (layer, head)
            for layer in range(model.cfg.n_layers)
            for head in range(model.cfg.n_heads)
            if (before - of_answer(run(model, tokens, [zero(z(layer, head=head))]).logits)).mean() < -threshold
        ]

    return answer_


def _change_of_log_probability(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[tuple[int, int]]:
    """What taking the head's vector out of the logits does to the answer's log probability."""
    layers = range(model.cfg.n_layers)
    cache = run(model, tokens, cache=[z(layer) for layer in layers]).cache
    full, rows = run(model, tokens).logits[:, -1], torch.arange(len(tokens))
    found = []
    for layer in layers:
        written = head_contribution(model, cache, layer)[:, -1] @ model.W_U
        without = (full[:, None] - written).log_softmax(-1)[rows, :, answer]
        below = (full.log_softmax(-1)[rows, answer][:, None] - without).mean(0) < -threshold
        found += [(layer, head) for head in range(len(below)) if below[head]]
    return found


def _by_layers(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[tuple[int, int]]:
    """A flattened table, read as if a row had as many entries as there are layers."""
    heads, layers = model.cfg.n_heads, model.cfg.n_layers
    return [divmod(layer * heads + head, layers) for layer, head in _variant()(model, tokens, answer, threshold)]


def _by_heads(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> list[list[int]]:
    cache = run(model, tokens, cache=[z(layer) for layer in range(model.cfg.n_layers)]).cache
    found = []
    for layer in reversed(range(model.cfg.n_layers)):
        for head in range(model.cfg.n_heads):
            total = 0.0
            for i in range(len(tokens)):
                logits = (cache[z(layer, head=head)][i, -1] @ model.W_O[layer, head]) @ model.W_U
                total += float(logits[answer[i]] - logits.mean())
            if total / len(tokens) < -threshold:
                found.append([layer, head])
    return found


def _by_cache(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> Tensor:
    _, kept = model.run_with_cache(tokens)
    direction = (model.W_U - model.W_U.mean(-1, keepdim=True))[:, answer].double()
    z_all = torch.stack([kept[f"blocks.{layer}.attn.hook_z"][:, -1] for layer in range(model.cfg.n_layers)])
    effect = torch.einsum("lbhe,lhem,mb->lhb", z_all.double(), model.W_O.double(), direction).mean(-1)
    return (effect + threshold < 0).nonzero()


def _by_removal_from_the_stream(model: Any, tokens: Tensor, answer: Tensor, threshold: float) -> set[tuple[int, int]]:
    """The same direct effect from the difference that taking the vector out of the last stream makes."""
    from mi_course.interventions import resid_post

    last = resid_post(model.cfg.n_layers - 1)
    cache = run(model, tokens, cache=[last, *(z(layer) for layer in range(model.cfg.n_layers))]).cache
    full = (cache[last][:, -1] @ model.W_U).log_softmax(-1)
    found = set()
    for layer in range(model.cfg.n_layers):
        written = head_contribution(model, cache, layer)[:, -1]
        for head in range(model.cfg.n_heads):
            without = ((cache[last][:, -1] - written[:, head]) @ model.W_U).log_softmax(-1)
            change = full - without
            change = (change - change.mean(-1, keepdim=True))[torch.arange(len(tokens)), answer]
            if change.mean() < -threshold:
                found.add((layer, head))
    return found


suppression_heads = Exercise(
    name="suppression_heads",
    chapter="induction_heads",
    section="2.14",
    title="Heads that lower the right answer",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    prerequisites=("find_heads",),
    time_limit=10.0,
    hints=(
        "What a head has written at the last position is a vector. The unembedding turns that vector into logits as it "
        "turns the whole stream into logits. Which of these logits is asked for, and against what?",
        "cache = run(model, tokens, cache=[z(layer)]).cache; written = head_contribution(model, cache, layer)[:, -1] "
        "has shape (prompt, head, d_model); written @ model.W_U are the logits that each head adds.",
        "logits = written @ model.W_U; effect = logits[torch.arange(len(tokens)), :, answer] - logits.mean(-1); a head "
        "counts if effect.mean(0) is below -threshold. Collect (layer, head) over all layers.",
    ),
    reference=helper.suppression_heads,
    oracle=Oracle("the heads that were planted, with the logits they were given", _by_truth),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "head by head and prompt by prompt": _by_heads,
        "run_with_cache and a centred unembedding": _by_cache,
        "log probabilities with and without the vector": _by_removal_from_the_stream,
    },
    misconceptions=(
        Misconception(
            "the sign turned",
            "You return the heads that raise the answer by more than the threshold. A suppressing head has a negative "
            "effect: its mean is below minus the threshold.",
            switches={"pick": "above"},
        ),
        Misconception(
            "whatever does not raise it",
            "You compare with plus the threshold, so every head that does next to nothing counts. Suppressing means "
            "below minus the threshold.",
            switches={"pick": "not above"},
        ),
        Misconception(
            "the size of the effect",
            "You take the size of the effect, whatever its sign, and so the heads that raise the answer as well. Only "
            "those with a negative effect are asked for.",
            switches={"pick": "size"},
        ),
        Misconception(
            "averaged over positions",
            "You average what heads write over all positions. The prediction is made at the last one: a head that "
            "works only elsewhere counts there for nothing, and one that works only there is diluted. Take [:, -1].",
            switches={"at": "mean"},
        ),
        Misconception(
            "summed over positions",
            "You add up what heads write at all positions. The prediction is made at the last one, and what is "
            "written elsewhere is not read there. Take [:, -1].",
            _variant(at="sum"),
        ),
        Misconception(
            "one position early",
            "You read the position before the last. What is written there moves the prediction of the last token, "
            "which stands there already. The answer is predicted at the last position.",
            switches={"at": "one before"},
        ),
        Misconception(
            "the token that stands there",
            "You measure the effect on the token at the last position. Asked for is the token that should come after "
            "it, `answer`.",
            switches={"token": "present"},
        ),
        Misconception(
            "the model's favourite",
            "You measure the effect on the token that the model ranks first. Where the answer is suppressed that may "
            "be another token. Asked for is `answer`.",
            switches={"token": "favourite"},
        ),
        Misconception(
            "answers of other prompts",
            "You measure the answers of other prompts, too: those of all prompts in each, or the first one "
            "everywhere. Each prompt has one answer: index rows and answers together, "
            "logits[torch.arange(len(tokens)), :, answer].",
            _variant(token="every"),
        ),
        Misconception(
            "all logits alike",
            "You look at the answer's logit alone. A head that lowers all logits by the same amount changes no "
            "probability, and you count it. Subtract the mean over the vocabulary.",
            switches={"score": "raw"},
        ),
        Misconception(
            "another mean",
            "What you subtract is not the head's own mean over the vocabulary, but one number for all heads, or a "
            "mean over another axis. A head that lowers all its logits alike is then counted. Take "
            "logits.mean(dim=-1), one mean for each head and prompt.",
            _variant(score="everything"),
        ),
        Misconception(
            "against the token that stands there",
            "You subtract the logit of the token at the last position. A head that raises that one counts as "
            "suppressing the answer. Subtract the mean over the vocabulary.",
            _variant(score="present"),
        ),
        Misconception(
            "the log probability of the head alone",
            "You turn the logits of one head into log probabilities. They are all below zero, so a head that writes "
            "nothing seems to lower the answer by the logarithm of the vocabulary. Subtract the mean over the "
            "vocabulary from the logit.",
            _variant(score="log probability"),
        ),
        Misconception(
            "the bias of the unembedding",
            "You add the bias of the unembedding to what each head writes, as model.unembed does. No head writes it. "
            "Multiply by model.W_U alone.",
            _variant(score="biased"),
        ),
        Misconception(
            "against the largest logit",
            "You subtract the largest of the head's logits. Then no head can have a positive effect, and one that "
            "raises another token counts as suppressing this one. Subtract the mean over the vocabulary.",
            switches={"score": "largest"},
        ),
        Misconception(
            "one prompt is enough",
            "You return every head that lowers the answer by so much in any one prompt. One prompt in many says little "
            "about a head: average its effect over the prompts.",
            switches={"over": "any"},
        ),
        Misconception(
            "the mean is not taken",
            "A head is missing that lowers the answer strongly in some prompts and not in the others. The median, the "
            "first prompt, or a demand that every prompt be below, all miss it. Asked for is the mean over prompts.",
            switches={"over": "median"},
        ),
        Misconception(
            "summed over prompts",
            "You add up the effects of all prompts, so the sum grows with their number and passes any threshold. Take "
            "the mean.",
            switches={"over": "sum"},
        ),
        Misconception(
            "only the strongest",
            "You return the head with the lowest effect. Several may suppress: return every one below minus the "
            "threshold.",
            switches={"pick": "lowest"},
        ),
        Misconception(
            "the strongest of each layer",
            "You return at most one head of each layer, the lowest. Several of one layer may suppress: return every "
            "one below minus the threshold.",
            _variant(pick="lowest of each"),
        ),
        Misconception(
            "always one",
            "You return the head with the lowest effect, also where it lowers nothing. Some head is always the lowest; "
            "whether it suppresses is for the threshold to say.",
            switches={"pick": "lowest of all"},
        ),
        Misconception(
            "the last layer only",
            "You look at the last layer. Heads of every layer write to the stream that the logits are read from.",
            switches={"layers": "last"},
        ),
        Misconception(
            "the first layer left out",
            "You begin with the second layer. What a head of layer 0 writes reaches the logits as well, and one of "
            "them may lower the answer: range(model.cfg.n_layers).",
            switches={"layers": "not the first"},
        ),
        Misconception(
            "the last layer left out",
            "You leave the last layer out: does the range stop one early? Its heads write to the logits as well.",
            switches={"layers": "not the last"},
        ),
        Misconception(
            "the threshold is not used",
            "You return every head with a negative effect. There is always a little of it; use the argument "
            "`threshold`.",
            switches={"limit": "zero"},
        ),
        Misconception(
            "a threshold of your own",
            "You compare with a number that stands in your code, so the same heads are found whatever is asked for. "
            "Use the argument `threshold`.",
            switches={"limit": "one"},
        ),
        Misconception(
            "half the threshold",
            "You compare with half of the threshold. The effect is to be below minus the whole of it.",
            _variant(limit="half"),
        ),
        Misconception(
            "layer and head exchanged",
            "Your pairs read (head, layer). The convention is layer first: (1, 2) is L1H2.",
            switches={"write": lambda layer, head: (head, layer)},
        ),
        Misconception(
            "layers counted from one",
            "Your pairs count layers from 1. They are counted from 0, as everywhere in the model: (0, 2) is L0H2.",
            _variant(write=lambda layer, head: (layer + 1, head)),
        ),
        Misconception(
            "divided by the number of layers",
            "You turn the index of the flattened table into a pair with the number of layers. A row of the table has "
            "as many entries as a layer has heads: divmod(index, n_heads).",
            _by_layers,
        ),
        Misconception(
            "the change of the log probability",
            "You compare the answer's log probability with what it is without the vector. How much it changes "
            "depends on what all other parts write. Asked for is what this head writes: the answer's logit minus the "
            "mean over the vocabulary.",
            _change_of_log_probability,
        ),
        Misconception(
            "what the model is without the head",
            "You switch heads off and look at the answer's logit. That is a total effect: without an early head whose "
            "output a suppressing head needs, the answer rises as well, though the early head writes nothing about it. "
            "Asked for is the direct effect: what the head itself writes into the logit.",
            _total_effect(),
        ),
        Misconception(
            "the logit without the head",
            "You switch heads off and look at the answer's logit alone. That is a total effect, in which later heads "
            "act that read from this one, and a head that lowers all logits alike is counted, too. Asked for is what "
            "the head itself writes: the answer's logit minus the mean over the vocabulary.",
            _total_effect("raw"),
        ),
        Misconception(
            "the log probability without the head",
            "You switch heads off and look at the answer's log probability. That is a total effect, in which later "
            "heads act that read from this one. Asked for is what the head itself writes: the answer's logit minus "
            "the mean over the vocabulary.",
            _total_effect("log probability"),
        ),
    ),
)

EXERCISES = [suppression_heads]
