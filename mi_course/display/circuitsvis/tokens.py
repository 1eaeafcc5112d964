"""Text with its tokens coloured by a number, or by how well a model predicted them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_course.display.circuitsvis.drawing import Drawing
from mi_course.display.circuitsvis.values import plain, short
from mi_course.display.inputs import finite, strings
from mi_course.display.theme import BLUE, VERMILLION
from mi_course.display.words import extremes, number
from mi_course.errors import CourseError


def colored_tokens(
    tokens: Sequence[str], values: Float[Tensor, " pos"], *, name: str = "value", caption: str = ""
) -> Drawing:
    """Tokens coloured by a value: blue above zero, orange-red below, white at zero; hover to read a number.

    tokens: what stands at each position. values: one number a token. name: of the value, with its unit.
    Both colours reach their full strength at the largest absolute value, so that equal strengths are equal amounts.
    Raises CourseError for values that do not fit the tokens or hold NaN.
    """
    tokens = strings(tokens, "tokens")
    numbers = finite(values, "values", (len(tokens),))
    # A scale of zero would divide by zero in the page.
    most = float(abs(numbers).max()) or 1.0
    places = [f"{token} ({i})" for i, token in enumerate(tokens)]
    return Drawing(
        "ColoredTokens",
        {
            "tokens": plain(tokens),
            "values": short(numbers),
            "minValue": -most,
            "maxValue": most,
            "positiveColor": BLUE,
            "negativeColor": VERMILLION,
        },
        caption=caption
        or f"{name} of each token: blue above zero, orange-red below, white at zero; full colour is "
        f"±{number(most)}. Hover over a token to read its number.",
        alt=f"{len(tokens)} tokens coloured by {name}: {extremes(numbers, places)}.",
        room=70,
    )


def token_log_probs(
    token_ids: Int[Tensor, " pos"],
    log_probs: Float[Tensor, "pos d_vocab"],
    names: Sequence[str],
    *,
    top_k: int = 5,
    caption: str = "",
) -> Drawing:
    """Tokens coloured by the log-probability that the model gave them; hover to see what it expected instead.

    token_ids: the text; the first token, [BOS], is predicted by nothing and not shown.
    log_probs: natural logarithms, `logits.log_softmax(-1)`; row i predicts token i + 1, and the last row is not used.
    names: every token of the vocabulary as text, by id.
    Raises CourseError for shapes that do not belong together, ids outside the vocabulary, NaN, or logits that are no
    log-probabilities.
    """
    ids = torch.as_tensor(token_ids)
    if ids.ndim != 1 or len(ids) < 2 or ids.is_floating_point():
        raise CourseError(
            f"token_ids has shape {tuple(ids.shape)} and {ids.dtype}; give the ids of one text, at least two of them."
        )
    names = strings(names, "names")
    table = torch.as_tensor(finite(log_probs, "log_probs", (len(ids), len(names))))
    if int(ids.min()) < 0 or int(ids.max()) >= len(names):
        raise CourseError(f"token_ids goes beyond the {len(names)} names; give the names of the whole vocabulary.")
    if (table.logsumexp(-1).abs() > 1e-2).any():
        raise CourseError("log_probs does not sum to one in every row; take the logits' log_softmax(-1) first.")
    if not 1 <= top_k <= len(names):
        raise CourseError(f"top_k is {top_k}; choose a number from 1 to {len(names)}, the size of the vocabulary.")

    rows, after = table[:-1], ids[1:].long()
    best, best_ids = rows.topk(top_k, dim=-1)
    given = rows.gather(1, after[:, None])[:, 0]
    rank = (rows > given[:, None]).sum(-1)
    words = [names[i] for i in ids.tolist()]
    return Drawing(
        "TokenLogProbs",
        {
            "prompt": plain(words),
            "topKLogProbs": short(best.numpy()),
            "topKTokens": [plain(names[i] for i in row) for row in best_ids.tolist()],
            "correctTokenRank": rank.tolist(),
            "correctTokenLogProb": short(given.numpy()),
        },
        caption=caption
        or "How probable the model held each token: the redder, the more probable, white at a "
        "log-probability of −5 and below. "
        f"Hover over a token to see the number (natural logarithm), its rank, counted from 0, and the {top_k} "
        "tokens expected most.",
        alt=f"{len(after)} tokens coloured by log-probability, mean {number(float(given.mean()))}; "
        f"{int((rank == 0).sum())} of them were the model's first guess. By token: "
        f"{extremes(given.numpy(), [f'{word} ({i})' for i, word in enumerate(words)][1:])}.",
        room=170 + 27 * top_k,
    )
