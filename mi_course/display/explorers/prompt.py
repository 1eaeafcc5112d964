"""What somebody typed, as token ids, and token ids as what they stand for."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from mi_course.errors import CourseError
from mi_course.worlds.repeated import repeated_tokens
from mi_course.worlds.story import VOCABULARY, encode
from mi_course.worlds.story.words import BOS_WORD

_STORY = "when john and mary went to the park , john gave a ball to"


def read(model: Any, text: str) -> Int[Tensor, "1 pos"]:
    """The token ids of a text, [BOS] first.

    model: a bridge. With a tokenizer the text is words; without one it is token ids, "0 5 9 5".
    Raises CourseError for a word that the tokenizer does not know, for ids that are no numbers or outside the
    vocabulary, and for a text longer than the model's context.
    """
    cfg = model.cfg
    ids = _numbers(text, cfg.d_vocab) if model.tokenizer is None else _words(model.tokenizer, text)
    if len(ids) > cfg.n_ctx:
        raise CourseError(f"The text has {len(ids)} tokens, and this model's context holds {cfg.n_ctx}; shorten it.")
    return torch.tensor([ids])


def names(model: Any, ids: Any) -> list[str]:
    """What stands at each position: words, or the ids themselves; id 0 of a model without tokenizer is [BOS]."""
    if model.tokenizer is None:
        return [BOS_WORD if i == 0 else str(int(i)) for i in ids]
    return [str(name) for name in model.tokenizer.convert_ids_to_tokens([int(i) for i in ids])]


def example(model: Any) -> str:
    """A text to begin with: a sentence of Story World, or a random segment of tokens, repeated."""
    if model.tokenizer is not None:
        return _STORY
    period = min(8, (model.cfg.n_ctx - 1) // 2)
    return " ".join(map(str, repeated_tokens(1, period, 2, model.cfg.d_vocab, seed=0).tokens[0].tolist()))


def _numbers(text: str, d_vocab: int) -> list[int]:
    ids = []
    for word in text.replace(",", " ").split():
        word = "0" if word == BOS_WORD else word
        if not word.isdecimal() or int(word) >= d_vocab:
            raise CourseError(
                f"{word!r} is no token id of this model; it has no tokenizer, so write numbers from 0 ([BOS]) to "
                f"{d_vocab - 1}, apart, such as 0 5 9 7 5 9."
            )
        ids.append(int(word))
    return ids if ids[:1] == [0] else [0, *ids]


def _words(tokenizer: Any, text: str) -> list[int]:
    if tokenizer.get_vocab() == {word: i for i, word in enumerate(VOCABULARY)}:
        return encode(text)  # names a word that is not there
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    bos = tokenizer.bos_token_id
    ids = ids if bos is None else [bos, *ids]
    if not ids:
        raise CourseError("The text is empty; write at least one word.")
    return ids
