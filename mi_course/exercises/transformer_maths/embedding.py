"""From token ids to the residual stream: embedding and, where there are any, learned positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question

QUESTIONS = [
    Question(
        name="same_word_leaving",
        text="A word stands twice in a text. Are its two vectors the same as they leave story's layer 0?",
        kind=bool,
    ),
]


def _by_lookup(tokens: Tensor, W_E: Tensor, W_pos: Tensor | None = None) -> Tensor:
    embedded = F.embedding(tokens, W_E)
    return embedded if W_pos is None else embedded + F.embedding(torch.arange(tokens.shape[1]), W_pos)


def _by_one_hot(tokens: Tensor, W_E: Tensor, W_pos: Tensor | None = None) -> Tensor:
    out = F.one_hot(tokens, W_E.shape[0]).to(W_E) @ W_E
    if W_pos is not None:
        pick = torch.eye(tokens.shape[1], W_pos.shape[0], dtype=W_pos.dtype)
        out = out + torch.einsum("pn,nm->pm", pick, W_pos)
    return out


def _by_loops(tokens: Tensor, W_E: Tensor, W_pos: Tensor | None = None) -> Tensor:
    out = torch.zeros(*tokens.shape, W_E.shape[1], dtype=W_E.dtype)
    for row in range(tokens.shape[0]):
        for i in range(tokens.shape[1]):
            out[row, i] = W_E[int(tokens[row, i])]
            if W_pos is not None:
                out[row, i] += W_pos[i]
    return out


def _by_modules(tokens: Tensor, W_E: Tensor, W_pos: Tensor | None = None) -> Tensor:
    embedded = nn.Embedding.from_pretrained(W_E)(tokens)
    if W_pos is None:
        return embedded
    places = torch.arange(tokens.shape[-1]).expand_as(tokens)
    return embedded + nn.Embedding.from_pretrained(W_pos)(places)


def _variant(*, places: str = "positions", scaled: bool = False, join: str = "add") -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(tokens: Tensor, W_E: Tensor, W_pos: Tensor | None = None) -> Tensor:
        x = W_E[tokens]
        if scaled:
            x = x * W_E.shape[1] ** 0.5
        if W_pos is None or places == "none":
            return x
        n = tokens.shape[1]
        added = {
            "positions": lambda: W_pos[:n],
            "from one": lambda: W_pos[1 : n + 1],
            "tokens": lambda: W_pos[tokens % len(W_pos)],
            "backwards": lambda: W_pos[:n].flip(0),
            "the last": lambda: W_pos[-n:],
            "all": lambda: W_pos,
            "first row": lambda: W_pos[0],
        }[places]()
        return torch.cat([x, added.expand_as(x)], -1) if join == "cat" else x + added

    return answer


def _cases(draw: Draw) -> list[Case]:
    d_vocab, n_ctx, width = draw.integer(24, 30), draw.integer(14, 18), draw.size("d_model", 5, 8)

    def case(label: str, batch: int, pos: int, learned: bool) -> Case:
        tokens = draw.integers(f"{batch} {pos}", high=n_ctx)
        tokens[:, -1] = tokens[:, 0]  # a word that comes back
        tables: list[Any] = [draw.normal(f"{d_vocab} {width}", mean=0.5)]
        tables += [draw.normal(f"{n_ctx} {width}", mean=-1)] * learned
        return Case(label, (tokens, *tables), axes=("batch", "pos", "d_model"))

    return [
        case("batch of 3, nine positions, learned positions", 3, 9, True),
        case("batch of 2, six positions, no W_pos (a rotary model)", 2, 6, False),
        case("a batch of 1, learned positions", 1, 7, True),
        case("a text that fills the context, learned positions", 2, n_ctx, True),
    ]


embed_positions = Exercise(
    name="embed_positions",
    chapter="transformer_maths",
    section="1.2",
    title="From a token to a vector",
    core=False,
    difficulty=1,
    minutes=8,
    points=1,
    hints=(
        "Two tables. From one you take a row for each token, from the other a row for each position.",
        "Indexing with a tensor of whole numbers takes rows: W_E[tokens] has shape (batch, pos, d_model). The "
        "positions of a text of n tokens are 0 … n − 1, in every text of the batch the same.",
        "x = W_E[tokens]; if W_pos is not None, add W_pos[: tokens.shape[1]], which broadcasts over the batch; return "
        "x.",
    ),
    reference=helper.embed_positions,
    oracle=Oracle("torch.nn.functional.embedding", _by_lookup),
    cases=_cases,
    variant=_variant,
    alternatives={
        "one-hot vectors times matrices": _by_one_hot,
        "loops over texts and positions": _by_loops,
        "torch.nn.Embedding": _by_modules,
    },
    misconceptions=(
        Misconception(
            "positions looked up by token",
            "You take rows of W_pos by token id, so the same word gets the same vector wherever it stands: W_pos has "
            "become a second W_E. Its rows belong to positions: row i to the token at position i, whatever that token "
            "is.",
            switches={"places": "tokens"},
        ),
        Misconception(
            "no positions",
            "You leave W_pos out, so a word has the same vector wherever it stands. Where W_pos is given, add its row "
            "i at position i.",
            switches={"places": "none"},
        ),
        Misconception(
            "positions counted from one",
            "You add row i + 1 of W_pos at position i. Positions are counted from 0: [BOS] gets the first row.",
            switches={"places": "from one"},
        ),
        Misconception(
            "positions counted from the end",
            "You add the rows of W_pos in reverse, so a vector says how many tokens come after. A model that writes "
            "from left to right does not know that yet: position 0 is the first token.",
            switches={"places": "backwards"},
        ),
        Misconception(
            "the last rows of the table",
            "You add the last rows of W_pos, as if every text stood at the end of the context. A text starts at "
            "position 0, so it gets the first rows: W_pos[: tokens.shape[1]].",
            switches={"places": "the last"},
        ),
        Misconception(
            "the whole table",
            "You add all of W_pos, which fits only a text that fills the context. A text of n tokens gets the first n "
            "rows: W_pos[: tokens.shape[1]].",
            switches={"places": "all"},
        ),
        Misconception(
            "one row for all positions",
            "You add the first row of W_pos everywhere, which tells no position from another. Row i belongs to "
            "position i.",
            switches={"places": "first row"},
        ),
        Misconception(
            "scaled by the root of d_model",
            "Your embeddings are multiplied by √d_model. Vaswani et al. 2017 (section 3.4) did that; GPT-2, GPT-NeoX "
            "and the models of this course add W_E's rows as they are.",
            switches={"scaled": True},
        ),
        Misconception(
            "side by side",
            "You put token and position side by side, which makes the vectors twice as long. They share one space of "
            "d_model numbers: add them.",
            switches={"join": "cat"},
        ),
    ),
)

EXERCISES = [embed_positions]
