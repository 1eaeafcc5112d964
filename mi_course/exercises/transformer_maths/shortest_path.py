"""The direct path from embedding to unembedding, beside the bigrams of the corpus."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="direct_path_of_story",
        text="How far is the direct path of story (four layers) from the corpus's bigrams?",
        kind=str,
        options=(
            "near the distance of story-0l",
            "between that and the word frequencies",
            "beyond the word frequencies",
        ),
    ),
    Question(
        name="without_direct_path",
        text="The embedding is taken away from what story's last LayerNorm reads, and only there. By how many nats "
        "does story's mean loss grow? (Right if within 0.1.)",
        kind=float,
        low=-1,
        high=10,
        unit="nats",
        comes_true=lambda value, outcome: abs(value - outcome) <= 0.1,
    ),
]


def _by_numpy(W_E: Tensor, W_U: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over pairs in numpy, double precision, with the logarithm of the normaliser taken by hand."""
    logits = W_E.double().numpy() @ W_U.double().numpy()
    top = logits.max(1, keepdims=True)
    log_probs = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    table, total, nats = counts.double().numpy(), float(counts.double().sum()), 0.0
    for a, b in zip(*np.nonzero(table), strict=True):
        nats += table[a, b] / total * (math.log(table[a, b] / table[a].sum()) - log_probs[a, b])
    return torch.from_numpy(log_probs).float(), torch.tensor(nats, dtype=torch.float32)


def _by_cross_entropy(W_E: Tensor, W_U: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """What each pair costs the path, less what it costs the table itself."""
    log_probs = F.log_softmax(W_E @ W_U, dim=-1)
    own = (counts / counts.sum(-1, keepdim=True)).log()
    occurs = counts > 0
    return log_probs, (counts * (own - log_probs))[occurs].sum() / counts.sum()


def _by_kl_div(W_E: Tensor, W_U: Tensor, counts: Tensor) -> list[Tensor]:
    log_probs = torch.einsum("am,mb->ab", W_E, W_U).log_softmax(1)
    share = counts.sum(1) / counts.sum()
    rows = F.kl_div(log_probs, counts / counts.sum(1, keepdim=True).clamp(min=1e-9), reduction="none").sum(1)
    return [log_probs, share @ rows]


def _by_loops(W_E: Tensor, W_U: Tensor, counts: Tensor) -> tuple[Tensor, float]:
    d_vocab = len(counts)
    log_probs = torch.stack([(W_E[a] @ W_U).log_softmax(0) for a in range(d_vocab)])
    total, nats = float(counts.sum()), 0.0
    for a in range(d_vocab):
        of_a = float(counts[a].sum())
        for b in range(d_vocab):
            if counts[a, b] > 0:
                p = float(counts[a, b]) / of_a
                nats += of_a / total * p * (math.log(p) - float(log_probs[a, b]))
    return log_probs, nats


def _by_entropies(W_E: Tensor, W_U: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Double precision; three entropies of the joint table."""
    logits = W_E.double() @ W_U.double()
    log_probs = logits - logits.logsumexp(1, keepdim=True)
    joint = counts.double() / counts.double().sum()
    first = joint.sum(1)
    given = torch.xlogy(joint, joint).sum() - torch.xlogy(first, first).sum()
    return log_probs, given - (joint * log_probs).sum()


def _variant(
    *,
    norm: str = "rows",
    product: str = "E U",
    true: str = "rows",
    weight: str = "occurrences",
    direction: str = "from the corpus",
    zeros: str = "fine",
    shows: str = "log-probabilities",
    unit: str = "nats",
) -> Callable[..., tuple[Tensor, Tensor]]:
    """The answer with one or two things done otherwise."""

    def answer(W_E: Tensor, W_U: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        logits = {"E U": lambda: W_E @ W_U, "turned": lambda: (W_E @ W_U).T}[product]()
        said = {
            "rows": lambda: logits.log_softmax(-1),
            "columns": lambda: logits.log_softmax(0),
            "none": lambda: logits,
            "everything": lambda: logits.flatten().log_softmax(0).reshape(logits.shape),
        }[norm]()
        if true == "turned":
            counts = counts.T
        if true == "smoothed":
            counts = counts + 1
        sums = {"columns": lambda: counts.sum(0, keepdim=True), "pairs": lambda: counts.sum()}.get(
            true, lambda: counts.sum(1, keepdim=True)
        )()
        p = (
            counts.softmax(-1)
            if true == "softmax"
            else counts / (sums if zeros == "empty row" else sums.clamp(min=1e-9))
        )
        in_distance = logits if shows == "log-probabilities, logits compared" else said
        if direction == "absolute":
            rows = (p - said.exp()).abs().sum(1)
        elif direction == "from the path":
            q = said.exp()
            rows = (q * (said - p.clamp(min=1e-9).log())).sum(1)
        elif direction == "from the path, unguarded":
            rows = (said.exp() * (said - p.log())).sum(1)
        elif direction == "from the path, where pairs occur":
            rows = torch.where(p > 0, said.exp() * (said - p.clamp(min=1e-30).log()), 0.0).sum(1)
        elif direction == "cross-entropy":
            rows = -(p * in_distance).sum(1)
        else:
            rows = ((p * p.log()) if zeros == "0 log 0" else torch.xlogy(p, p)).sum(1) - (p * in_distance).sum(1)
        share = counts.sum(1) / counts.sum()
        distance = {
            "occurrences": lambda: (share * rows).sum(),
            "alike": lambda: rows.mean(),
            "summed": lambda: rows.sum(),
            "every entry": lambda: rows.mean() / len(rows),
            "as next": lambda: (counts.sum(0) / counts.sum() * rows).sum(),
        }[weight]()
        shown = {"probabilities": said.exp(), "logits": logits}.get(shows, said)
        if direction == "sign":
            distance = -distance
        return shown, distance / (math.log(2) if unit == "bits" else 1.0)

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, d_vocab: int, d_model: int, missing: int = 0, absent: bool = False) -> Case:
        W_E, W_U = draw.normal(f"{d_vocab} {d_model}", mean=0.3), draw.normal(f"{d_model} {d_vocab}", mean=-0.2, sd=0.7)
        counts = draw.integers(f"{d_vocab} {d_vocab}", high=40, low=1).float()
        counts *= draw.integers(f"{d_vocab} 1", high=9, low=1)  # frequent tokens and rare ones
        for _ in range(missing):
            counts[draw.integer(0, d_vocab - 1), draw.integer(1, d_vocab - 1)] = 0.0
        if absent:
            gone = draw.integer(0, d_vocab - 1)
            counts[gone] = 0.0
            counts[:, gone] = 0.0
        return Case(label, (W_E, W_U, counts), axes=("token", "next token"))

    return [
        case("seven tokens, d_model 4, every pair occurs", 7, 4),
        case("five tokens, d_model 3, some pairs never occur", 5, 3, missing=6),
        case("as many tokens as d_model", 6, 6, missing=3),
        case("six tokens, d_model 2, one of which never occurs", 6, 2, missing=2, absent=True),
    ]


direct_path_bigrams = Exercise(
    name="direct_path_bigrams",
    chapter="transformer_maths",
    section="1.19",
    title="The shortest path",
    core=False,
    difficulty=3,
    minutes=12,
    points=2,
    prerequisites=("next_token_loss",),
    hints=(
        "Two results. The first is what section 1.10 did with logits, here for every token of the vocabulary at once: "
        "row a holds the logits of what may follow token a. The second compares rows, then averages them.",
        "log_probs = (W_E @ W_U).log_softmax(-1). The true probabilities are counts / counts.sum(1, keepdim=True); "
        "torch.xlogy(p, p) is p log p with 0 log 0 = 0, and .clamp(min=1e-9) keeps the row sum of a token that never "
        "occurs from being a division by zero.",
        "rows = (torch.xlogy(p, p) − p * log_probs).sum(1); share = counts.sum(1) / counts.sum(); return log_probs, "
        "(share * rows).sum().",
    ),
    reference=helper.direct_path_bigrams,
    oracle=Oracle("sums over pairs in numpy, in double precision", _by_numpy),
    cases=_cases,
    variant=_variant,
    alternatives={
        "what pairs cost, over those that occur": _by_cross_entropy,
        "torch's kl_div and a list": _by_kl_div,
        "two loops and Python's own floats": _by_loops,
        "entropies of the joint table in double precision": _by_entropies,
    },
    misconceptions=(
        Misconception(
            "unnormalised logits compared",
            "You use the logits as if they were log-probabilities. A constant added to a row of logits changes your "
            "distance and no probability. Make each row a distribution first: log_softmax(-1).",
            switches={"norm": "none"},
        ),
        Misconception(
            "logits in the distance",
            "Your first result is right, but the distance is made with the logits and not with it. Compare the true "
            "log-probabilities with log_probs: only then does a constant in a row of logits make no difference.",
            switches={"shows": "log-probabilities, logits compared"},
        ),
        Misconception(
            "the sign of the divergence",
            "Your distance is below zero: you take log q − log p. A divergence is never negative: Σ p (log p − log q).",
            switches={"direction": "sign"},
        ),
        Misconception(
            "differences of probabilities",
            "You add up absolute differences of probabilities. Asked for are nats: each pair counts with how often it "
            "comes, times the difference of the logarithms.",
            switches={"direction": "absolute"},
        ),
        Misconception(
            "logits handed back",
            "Your distance is right, but the first result is the table of logits. Asked for are the log-probabilities: "
            "logits from which the logarithm of each row's sum of exponentials is taken away.",
            switches={"shows": "logits"},
        ),
        Misconception(
            "normalised over the tokens before",
            "Your softmax runs down the columns: for each next token it says which token it would follow. A row is the "
            "token before, and what comes after it has to sum to one: the last axis.",
            switches={"norm": "columns"},
        ),
        Misconception(
            "one softmax for the whole table",
            "Your softmax runs over all pairs at once, so it says how probable each pair is among all. A bigram "
            "probability is that of the next token given the one before: each row sums to one.",
            switches={"norm": "everything"},
        ),
        Misconception(
            "rows and columns exchanged",
            "In your table the row is the token that follows and the column the one before, and the counts have it the "
            "other way round. With vectors as rows, W_E @ W_U has the token that enters as its row.",
            switches={"product": "turned"},
        ),
        Misconception(
            "probabilities for log-probabilities",
            "Your first result is the probabilities themselves. Asked for are their logarithms, in which rare pairs "
            "still can be told apart.",
            switches={"shows": "probabilities"},
        ),
        Misconception(
            "every word weighs the same",
            "You take the plain mean over tokens, in which a word that occurs once counts as much as `the`. Weigh each "
            "row by how often its token occurs: counts.sum(1) / counts.sum().",
            switches={"weight": "alike"},
        ),
        Misconception(
            "the mean over all entries",
            "You divide by the number of entries of the table, as F.kl_div does unless told otherwise "
            "(reduction='mean'). Sum each row, reduction='none' and .sum(1), and weigh the rows by counts.sum(1) "
            "/ counts.sum().",
            switches={"weight": "every entry"},
        ),
        Misconception(
            "a sum over words",
            "You add up the divergences of all tokens. That grows with the vocabulary. Asked for is a mean over "
            "occurrences: weigh each row by how often its token occurs.",
            switches={"weight": "summed"},
        ),
        Misconception(
            "weighed by the token that follows",
            "You weigh the rows by counts.sum(0), how often each token comes second in a pair. A row belongs to the "
            "first token of the pair: counts.sum(1).",
            switches={"weight": "as next"},
        ),
        Misconception(
            "the divergence the other way round",
            "You average over what the path says: Σ q (log q − log p). That asks how surprised the corpus would be by "
            "the path's words. Asked for is what the path costs on the corpus: Σ p (log p − log q).",
            switches={"direction": "from the path"},
        ),
        Misconception(
            "the other way round, infinite",
            "You average over what the path says, Σ q (log q − log p). Where a pair never occurs p is 0 and that "
            "is infinite. Asked for is what the path costs on the corpus, Σ p (log p − log q), in which such a "
            "pair adds nothing.",
            switches={"direction": "from the path, unguarded"},
        ),
        Misconception(
            "the other way round, over the pairs that occur",
            "You average over what the path says, Σ q (log q − log p), and leave out pairs that never occur. "
            "Asked for is the mean over the corpus, Σ p (log p − log q): p stands in front.",
            switches={"direction": "from the path, where pairs occur"},
        ),
        Misconception(
            "cross-entropy",
            "You measure −Σ p log q, the path's loss on the corpus's pairs. Most of it is not the path's doing: even "
            "the true table has that of its own probabilities. Take −Σ p log p away from it, or add Σ p log p.",
            switches={"direction": "cross-entropy"},
        ),
        Misconception(
            "counts smoothed",
            "You add one to every count, so pairs that the language does not have get a share of the truth. That is a "
            "remedy for small samples; here a count of zero means that the pair does not occur.",
            switches={"true": "smoothed"},
        ),
        Misconception(
            "a softmax of counts",
            "You turn counts into probabilities by a softmax, as if they were logits. A count of 40 beside one of 20 "
            "is twice as probable, not e²⁰ times: divide each row by its sum.",
            switches={"true": "softmax"},
        ),
        Misconception(
            "shares of all pairs",
            "You divide the counts by their total: how often each pair occurs among all. The path is asked for the "
            "next token given the one before, so divide each row by its own sum.",
            switches={"true": "pairs"},
        ),
        Misconception(
            "the table of counts turned",
            "You turn the counts round (counts.T). counts[a, b] says how often b follows a, so its row is the "
            "token before, as in the logits: leave it as it is.",
            switches={"true": "turned"},
        ),
        Misconception(
            "counts divided down the columns",
            "You divide each column by its sum: which token came before, given the one that follows. Divide each row "
            "by its own sum.",
            switches={"true": "columns"},
        ),
        Misconception(
            "zero times minus infinity",
            "Where a pair never occurs your p log p is 0 · (−∞), which is NaN. Such a pair adds nothing: "
            "torch.xlogy(p, p) has 0 log 0 = 0.",
            switches={"zeros": "0 log 0"},
        ),
        Misconception(
            "a row that is empty",
            "A token that never occurs has a row of zeros, and you divide it by its sum, 0/0. It should weigh nothing: "
            "keep the sum away from zero with clamp, or leave the row out.",
            switches={"zeros": "empty row"},
        ),
        Misconception(
            "bits in place of nats",
            "Your logarithm has base 2. Distances are given in nats here, like losses: the natural logarithm.",
            switches={"unit": "bits"},
        ),
    ),
)

EXERCISES = [direct_path_bigrams]
