"""Story World's tokenizer as plain `transformers` knows tokenizers: one token a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mi_course.worlds.story.words import BOS_WORD, PAD_WORD, VOCABULARY

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def story_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that splits at blanks, reads capitals as small letters, and puts `[BOS]` first.

    It has no `<unk>`: a word it does not know is an error. Ours (`encode`) names the word.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {word: number for number, word in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(ids))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS_WORD} $A", pair=f"{BOS_WORD} $A $B", special_tokens=[(BOS_WORD, ids[BOS_WORD])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS_WORD,
        eos_token=BOS_WORD,
        pad_token=PAD_WORD,
        padding_side="right",
        clean_up_tokenization_spaces=False,
        model_max_length=96,
    )


def save_tokenizer(folder: str | Path) -> None:
    """Write tokenizer.json and its settings into a folder; equal on every run."""
    story_tokenizer().save_pretrained(str(folder))
