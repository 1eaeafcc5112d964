"""2.16: what is left unexplained: a rule beside a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="who_wins",
        text="A x … A x … A y … A: which will induction-2l (seed 0) hold most probable in most texts, the more "
        "frequent continuation ('x') or the latest ('y')?",
        kind=str,
        options=("x", "y"),
    ),
]


def _by_search(logits: Tensor, tokens: Tensor, rule: str = "latest") -> tuple[float, float]:
    """Word for word: search for the earlier occurrences, list what followed them, apply the rule; Python's floats."""
    wrong, mass = [], []
    for scores, row in zip(logits.double(), tokens.tolist(), strict=True):
        for at, token in enumerate(row):
            followed = [row[before + 1] for before in range(at) if row[before] == token]
            if not followed:
                continue
            if rule == "latest":
                named = followed[-1]
            elif rule == "earliest":
                named = followed[0]
            else:
                most = max(Counter(followed).values())
                named = [each for each in followed if followed.count(each) == most][-1]
            probabilities = np.exp(scores[at].numpy() - scores[at].max().item())
            probabilities = probabilities / probabilities.sum()
            wrong.append(float(np.argmax(probabilities) != named))
            mass.append(float(probabilities[named]))
    return sum(wrong) / len(wrong), 1 - sum(mass) / len(mass)


def _by_matches(logits: Tensor, tokens: Tensor, rule: str = "latest") -> list[Tensor]:
    """All pairs of positions at once: who is an earlier copy of whom, and how many votes each token gets."""
    pos, d_vocab = tokens.shape[1], logits.shape[-1]
    place = torch.arange(pos)
    copies = (tokens[:, :, None] == tokens[:, None, :]) & (place[:, None] > place)
    after = torch.nn.functional.one_hot(tokens.roll(-1, 1), d_vocab).double()
    when = place.double() + 1
    weight = {"latest": when * 1000, "earliest": -when * 1000, "most_frequent": 1000 + when / 1000}[rule]
    if rule == "most_frequent":
        votes = copies.double() @ after
        last = (copies[..., None] * (after * when[:, None])[:, None]).amax(2)
        named = (votes * 1000 + last).argmax(-1)
    else:
        chosen = torch.where(copies, weight, -torch.inf).argmax(-1)
        named = tokens.roll(-1, 1).gather(1, chosen)
    speaks = copies.any(-1)
    p = logits.softmax(-1)
    agree = (p.argmax(-1) == named)[speaks].float().mean()
    mass = p.gather(-1, named[..., None])[..., 0][speaks].mean()
    return [1 - agree, 1 - mass]


def _by_dict(logits: Tensor, tokens: Tensor, rule: str = "latest") -> dict[str, Any]:
    named = helper.rule_predictions(tokens, rule)
    rows, places = (named >= 0).nonzero(as_tuple=True)
    log_p = torch.log_softmax(logits, -1)[rows, places]
    wanted = named[rows, places]
    different = torch.ne(log_p.max(-1).indices, wanted)
    mass = log_p[torch.arange(len(wanted)), wanted].exp()
    return {"probability": 1 - mass.mean().item(), "choice": different.double().mean().numpy()}


def _by_one_tensor(logits: Tensor, tokens: Tensor, rule: str = "latest") -> Tensor:
    return torch.stack(_by_matches(logits.double(), tokens, rule)).float()


def _variant(
    *,
    rule_used: Callable[[str], str] = lambda rule: rule,
    step: int = 1,
    silent: str = "left out",
    last: str = "counts",
    against: str = "rule",
    ties: str = "latest",
    gap: bool = True,
    mass: str = "probability",
    itself: str = "no",
    doubled: bool = True,
    order: str = "as asked",
    reduce: str = "pooled",
    shift: int = 0,
    wraps: bool = False,
    skipped: str = "nothing",
    axis: str = "vocabulary",
    reads: str = "earlier",
) -> Callable[..., Any]:
    """The answer with one or two things done otherwise."""

    def named_by(rule: str, followed: list[int]) -> int:
        if rule == "latest":
            return followed[-1]
        if rule == "earliest":
            return followed[0]
        most = max(Counter(followed).values())
        best = [each for each in followed if followed.count(each) == most]
        return {"latest": best[-1], "earliest": best[0], "smallest id": min(best)}[ties]

    def answer(logits: Tensor, tokens: Tensor, rule: str = "latest") -> Any:
        rule = rule_used(rule)
        agree: list[list[float]] = []
        held: list[list[float]] = []
        probabilities = {
            "probability": lambda: logits.softmax(-1 if axis == "vocabulary" else 1 if "positions" in axis else 0),
            "log": lambda: logits.log_softmax(-1),
            "geometric": lambda: logits.log_softmax(-1),
            "loss": lambda: 1 + logits.log_softmax(-1),
            "logit": lambda: logits,
            "largest": lambda: logits.softmax(-1),
            "largest, kept": lambda: logits.softmax(-1),
            "lead": lambda: logits.softmax(-1),
        }[mass]()
        choices = logits.argmax(-1) if axis.startswith("of the mass") else probabilities.argmax(-1)
        for scores, chosen, row in zip(probabilities, choices.tolist(), tokens.tolist(), strict=True):
            agree.append([])
            held.append([])
            end = len(row) - (last == "left out" or against == "text" or (shift == 1 and not wraps))
            for at in range(shift == -1, end):
                before = [b for b in range(at - (not doubled)) if row[b] == row[at]]
                if reads == "all other":
                    before = [b for b in range(len(row)) if row[b] == row[at] and b != at]
                if skipped == "position 0":
                    before = [b for b in before if b]
                if skipped == "id 0" and row[at] == 0:
                    before = []
                if (itself == "always" or (itself == "where it speaks" and before)) and at + 1 < len(row):
                    before.append(at)
                if step < 0 and not wraps:
                    before = [b for b in before if b]
                followed = [row[b + step] for b in before if b + step < len(row)]
                if not followed:
                    if silent == "counted as wrong":
                        agree[-1].append(0.0)
                        held[-1].append(0.0)
                    continue
                named = named_by(rule, followed) if against == "rule" else row[at + 1]
                if skipped == "named 0" and named == 0:
                    continue
                guess = scores[(at + shift) % len(row)]
                agree[-1].append(float(chosen[(at + shift) % len(row)] == named))
                top = float(guess.max())
                worth = {"largest": top, "largest, kept": 1 - top, "lead": 1 - top + float(guess[named])}
                held[-1].append(worth.get(mass, float(guess[named])))
        if reduce == "pooled":
            numbers = [sum(map(sum, all_)) / sum(map(len, all_)) for all_ in (agree, held)]
        else:
            rows = [[sum(each) / len(each) for each in all_ if each] for all_ in (agree, held)]
            numbers = [sum(each) / len(each) for each in rows]
        if mass == "geometric":
            numbers[1] = float(np.exp(numbers[1]))
        if silent == "counted as agreement":
            share = len([each for all_ in agree for each in all_]) / tokens.numel()
            numbers = [1 - share * (1 - each) for each in numbers]
        numbers = [1 - each for each in numbers] if gap else numbers
        return {"as asked": numbers, "exchanged": numbers[::-1], "one": numbers[0]}[order]

    return answer


def _observe(case: Case, output: Any) -> Any:
    """Two numbers, however they were handed over: in order, or by name."""
    if isinstance(output, (Tensor, np.ndarray)) and output.shape == (2,):
        output = output.tolist()
    if isinstance(output, dict) and set(output) == {"choice", "probability"}:
        output = [output["choice"], output["probability"]]
    if isinstance(output, (list, tuple)) and len(output) == 2:
        return {"gap of the choice": output[0], "gap of the probability": output[1]}
    return output


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, batch: int, pos: int, d_vocab: int, rule: str, leaning: str) -> Case:
        tokens = draw.integers(f"{batch} {pos}", high=d_vocab, low=1)
        tokens[:, 0] = 0
        # A token that comes twice in a row, and votes that are not even, in every batch.
        tokens[0, -5:] = torch.tensor([1, 1, 2, 1, 1])
        if leaning != "latest":  # token 0 stands first, comes back, is named, and comes back again
            tokens[0, 2:5], tokens[0, 6], tokens[0, 8] = torch.tensor([3, 0, 3]), 3, 0
        logits = draw.normal(f"{batch} {pos} {d_vocab}", mean=1.0)
        named = helper.rule_predictions(tokens, leaning)
        rows, places = (named >= 0).nonzero(as_tuple=True)
        logits[rows, places, named[rows, places]] += 1.5
        return Case(label, (logits, tokens, rule))

    rows_unlike = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7, 1], [0, 1, 1, 1, 2, 1, 2, 1, 2]])
    spread = draw.normal("2 9 8", sd=2.0)
    return [
        case("the latest, batch of 4", 4, 14, 5, "latest", "most_frequent"),
        case("the earliest, batch of 3", 3, 13, 6, "earliest", "latest"),
        case("the most frequent, batch of 5", 5, 16, 5, "most_frequent", "latest"),
        case("the most frequent, batch of 1", 1, 20, 4, "most_frequent", "most_frequent"),
        Case("the latest, two texts that repeat unlike much", (spread, rows_unlike, "latest")),
    ]


end_to_end_gap = Exercise(
    name="end_to_end_gap",
    chapter="induction_heads",
    section="2.16",
    title="What is left unexplained",
    core=False,
    difficulty=3,
    minutes=20,
    points=3,
    prerequisites=("cut_path",),
    hints=(
        "First the rule alone: for one text, at one position, which earlier positions hold the same token, and what "
        "followed each of them?",
        "followed = [row[before + 1] for before in range(at) if row[before] == row[at]]; if it is empty, the rule says "
        "nothing and the position does not count. followed[-1] is the latest, followed[0] the earliest.",
        "For 'most_frequent': most = the highest count in followed; the last entry of followed with that count. "
        "Then, over all positions where the rule speaks, of all texts together: 1 − the share where logits[b, "
        "at].argmax() is the token named, and 1 − the mean of logits[b, at].softmax(-1)[named].",
    ),
    reference=helper.end_to_end_gap,
    oracle=Oracle("a search for earlier occurrences, word for word, in Python's own floats", _by_search),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    alternatives={
        "all pairs of positions at once": _by_matches,
        "a dict, from log-probabilities": _by_dict,
        "one tensor of two numbers": _by_one_tensor,
    },
    misconceptions=(
        Misconception(
            "the text instead of the rule",
            "You compare the model with the token that follows in the text: that is how often it is wrong. The "
            "question is how often it does not do what the rule says, also where the rule is wrong about the text.",
            switches={"against": "text"},
        ),
        Misconception(
            "the copy itself",
            "Your rule names the token at the earlier occurrence, which is the present token. It should name the one "
            "that followed.",
            switches={"step": 0},
        ),
        Misconception(
            "two after the copy",
            "Your rule names the token two after the earlier occurrence. What followed it stands one further.",
            switches={"step": 2},
        ),
        Misconception(
            "always the latest",
            "You apply the rule «latest» whatever `rule` says.",
            switches={"rule_used": lambda rule: "latest"},
        ),
        Misconception(
            "latest and earliest exchanged",
            "Your «latest» is the earliest and the other way round. In a list in the order of the text the latest "
            "stands at the end.",
            switches={"rule_used": lambda rule: {"latest": "earliest", "earliest": "latest"}.get(rule, rule)},
        ),
        Misconception(
            "among equals the earliest",
            "Where several continuations are equally frequent you take the one that came first. Asked for is the one "
            "that came last among them.",
            switches={"ties": "earliest"},
        ),
        Misconception(
            "among equals the smallest id",
            "Where several continuations are equally frequent you take the smallest id, as argmax over a table of "
            "counts does. Asked for is the one that came last among them.",
            switches={"ties": "smallest id"},
        ),
        Misconception(
            "positions where the rule is silent",
            "You count positions whose token has not occurred before as disagreement. There the rule says nothing, "
            "right or wrong: leave them out of both means.",
            switches={"silent": "counted as wrong"},
        ),
        Misconception(
            "the last position is left out",
            "You leave out the last position, as one does for a loss. There is no next token to compare with, but "
            "model and rule both name one: it counts.",
            switches={"last": "left out"},
        ),
        Misconception(
            "what agrees instead of what does not",
            "These are the shares that the rule explains. A gap is what is left: one minus them.",
            switches={"gap": False},
        ),
        Misconception(
            "logits for probabilities",
            "You average logits. They are no probabilities before softmax, and have no scale from 0 to 1.",
            switches={"mass": "logit"},
        ),
        Misconception(
            "log-probabilities for probabilities",
            "You average log-probabilities. Asked for are the probabilities themselves.",
            switches={"mass": "log"},
        ),
        Misconception(
            "the largest probability",
            "You average how sure the model is of its own choice. Asked for is the probability of the token that the "
            "rule names.",
            switches={"mass": "largest"},
        ),
        Misconception(
            "the largest probability as the gap",
            "Your second number is the mean of the model's largest probability. Asked for is one minus the mean "
            "probability of the token that the rule names.",
            switches={"mass": "largest, kept"},
        ),
        Misconception(
            "the lead over the named token",
            "Your second number is how far the largest probability lies above that of the token named. What is left "
            "unexplained is all that the named token does not get: one minus its probability.",
            switches={"mass": "lead"},
        ),
        Misconception(
            "shifted by one, and round the end",
            "You roll the logits by one, so that each position has those of the next, and the last those of [BOS]. The "
            "logits at a position are its own prediction of what comes after it: no shift.",
            switches={"shift": 1, "wraps": True},
        ),
        Misconception(
            "the present occurrence has a vote",
            "You count what follows the present token in the text among the continuations. The model cannot see it, "
            "and the rule must not: only positions before the present one.",
            switches={"itself": "where it speaks"},
        ),
        Misconception(
            "the present occurrence counted among the earlier ones",
            "You take the present position for an occurrence of its own token, so your rule speaks everywhere and "
            "reads what follows in the text. Only positions *before* the present one count.",
            switches={"itself": "always"},
        ),
        Misconception(
            "later occurrences have a vote",
            "You read what followed all other occurrences in the text, later ones among them. The model has not seen "
            "those, and the rule must not: only positions before the present one.",
            switches={"reads": "all other"},
        ),
        Misconception(
            "the token before the copy",
            "Your rule names the token that stands *before* the earlier occurrence. It should name the one that "
            "followed: one further, not one back.",
            switches={"step": -1},
        ),
        Misconception(
            "the token before the copy, round the start",
            "Your rule names the token that stands *before* the earlier occurrence, and before position 0 the last of "
            "the text, as row[-1] is. It should name the one that followed: row[i + 1].",
            switches={"step": -1, "wraps": True},
        ),
        Misconception(
            "position 0 passed over",
            "You search for earlier occurrences from position 1 on. What stands at position 0 can come back as well, "
            "and then it is an earlier occurrence like any other.",
            switches={"skipped": "position 0"},
        ),
        Misconception(
            "token 0 passed over",
            "You leave out positions whose token has id 0. It is a token like any other here; and `if token:` is false "
            "for id 0.",
            switches={"skipped": "id 0"},
        ),
        Misconception(
            "token 0 named, and taken for none",
            "Where the rule names token 0 you count it as saying nothing: `if named:` is false for id 0. Compare with "
            "None, or ask whether the list is empty.",
            switches={"skipped": "named 0"},
        ),
        Misconception(
            "softmax over positions",
            "Your softmax runs over positions: shares of the text, not of the vocabulary. Logits are "
            "(batch, pos, d_vocab), and probabilities for the next token sum to one over the last axis: softmax(-1).",
            _variant(axis="positions"),
        ),
        Misconception(
            "softmax over texts",
            "Your softmax runs over axis 0, the texts. Probabilities for the next token sum to one over the "
            "vocabulary, the last axis: softmax(-1).",
            _variant(axis="texts"),
        ),
        Misconception(
            "probabilities over positions",
            "Your choices are right, and for the probabilities softmax runs over positions. Probabilities for the next "
            "token sum to one over the vocabulary, the last axis: softmax(-1).",
            _variant(axis="of the mass, over positions"),
        ),
        Misconception(
            "probabilities over texts",
            "Your choices are right, and for the probabilities softmax runs over axis 0, the texts. Probabilities for "
            "the next token sum to one over the vocabulary, the last axis: softmax(-1).",
            _variant(axis="of the mass, over texts"),
        ),
        Misconception(
            "the geometric mean",
            "You average log-probabilities and take exp: the geometric mean, which one small probability pulls down. "
            "Asked for is the mean of the probabilities themselves.",
            _variant(mass="geometric"),
        ),
        Misconception(
            "a loss in place of a gap",
            "Your second number is a cross-entropy: the mean of minus log p. Asked for is one minus the mean "
            "probability.",
            _variant(mass="loss"),
        ),
        Misconception(
            "divided by all positions",
            "You add up what the rule leaves open and divide by all positions, also those at which it says nothing: "
            "they count as explained. Divide by the number of positions at which it speaks.",
            _variant(silent="counted as agreement"),
        ),
        Misconception(
            "a token right after itself",
            "You leave out an occurrence at the position just before. In `A A` the first A is an earlier occurrence "
            "of the second, and what followed it is A: it counts like any other.",
            switches={"doubled": False},
        ),
        Misconception(
            "the two numbers in the other order",
            "You return the gap of the probability first. The gap of the choice comes first.",
            switches={"order": "exchanged"},
        ),
        Misconception(
            "one number only",
            "You return the gap of the choice alone. Asked for are two numbers: it, and the gap of the probability.",
            switches={"order": "one"},
        ),
        Misconception(
            "a mean for each text first",
            "You average within each text and then over texts, so that texts with few repeats weigh as much as others. "
            "Asked for is one mean over all positions where the rule speaks.",
            switches={"reduce": "by text"},
        ),
        Misconception(
            "shifted by one, to the later side",
            "You read the logits one position too late, where the model has seen the next token. The logits at a "
            "position are its prediction of what comes after it: no shift.",
            switches={"shift": 1},
        ),
        Misconception(
            "shifted by one, to the earlier side",
            "You read the logits one position too early: the prediction of the present token, not of the next.",
            switches={"shift": -1},
        ),
    ),
)

EXERCISES = [end_to_end_gap]
