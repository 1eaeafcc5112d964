"""Words and token ids, ours and those of plain transformers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_course.errors import CourseError
from mi_course.worlds.story import BOS, PAD, VOCABULARY, Draw, decode, encode, get_task, task_names
from mi_course.worlds.story.tokenizer import save_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_bos_is_first_and_every_word_stands_once():
    assert (VOCABULARY[0], VOCABULARY[BOS], VOCABULARY[PAD]) == ("[BOS]", "[BOS]", "[PAD]")
    assert len(set(VOCABULARY)) == len(VOCABULARY) and 600 <= len(VOCABULARY) <= 700
    assert all(word == word.lower() and not set(word) & set(" \n") for word in VOCABULARY[2:])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(VOCABULARY[2:]), max_size=20))
def test_texts_come_back(words):
    text = " ".join(words)
    assert decode(encode(text, bos=False)) == text
    assert encode(text) == [BOS, *encode(text, bos=False)] == encode(f"[BOS] {text}")
    assert encode(text.upper()) == encode(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the captal of france", "no word 'captal'. Did you mean 'capital'"),
        ("paris is in france.", "no word 'france.'. Did you mean 'france'"),
        ("xylophonist", "no word 'xylophonist'"),
        (3, "takes a text"),
    ],
)
def test_an_unknown_word_is_named(text, words):
    with pytest.raises(CourseError, match=words):
        encode(text)


def test_a_number_that_is_no_id_is_named():
    with pytest.raises(CourseError, match="5000 is no token id"):
        decode([3, 5000])


def test_transformers_reads_every_sentence_alike(loaded):
    assert len(loaded) == len(VOCABULARY) and loaded.get_vocab() == {word: i for i, word in enumerate(VOCABULARY)}
    for name in task_names():
        text = get_task(name).sentence(Draw(1)).text
        assert loaded(text).input_ids == encode(text)
        assert loaded(text, add_special_tokens=False).input_ids == encode(text, bos=False)
        assert loaded.decode(encode(text, bos=False)) == text
    assert loaded.bos_token_id == BOS and loaded.pad_token_id == PAD and loaded.unk_token is None
    assert loaded(["a dog", "the dog is here"], padding=True).input_ids[0][-2:] == [PAD, PAD]


def test_transformers_too_refuses_an_unknown_word(loaded):
    with pytest.raises(Exception, match="UNK"):
        loaded("the captal")


def test_the_tokenizer_is_written_the_same_way_each_time(folder, tmp_path):
    save_tokenizer(tmp_path)
    files = sorted(path.name for path in folder.iterdir())
    assert files == sorted(path.name for path in tmp_path.iterdir()) == ["tokenizer.json", "tokenizer_config.json"]
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)
