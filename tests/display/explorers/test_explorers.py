"""Explorers: what they show is what the model computes, controls change it, and a text that cannot be read is named."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from mi_course.display.explorers import AttentionExplorer, CheckpointExplorer, ComponentExplorer
from mi_course.display.explorers.checkpoint import END
from mi_course.display.explorers.contributions import component_names
from mi_course.display.explorers.prompt import example, names, read
from mi_course.errors import CourseError
from mi_course.interventions import pattern, run
from mi_course.zoo import checkpoints, load_model

IDS = "0 5 9 7 5 9 7"


def test_display_stays_light_until_an_explorer_is_asked_for():
    code = "import sys, mi_course.display; print('ipywidgets' in sys.modules, 'circuitsvis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_attention_shown_is_the_models(induction):
    explorer = AttentionExplorer(induction, IDS, layer=1, head=2)
    cache = run(induction, torch.tensor([[0, 5, 9, 7, 5, 9, 7]]), cache=[pattern(1)]).cache
    value = float(cache[pattern(1, head=2)][0, 4, 2])
    shown = re.search(r"<title>5 \(4\) to 9 \(2\): ([\d.]+)</title>", explorer.picture.value)
    assert shown and float(shown[1]) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("control, value", [("layer", 1), ("head", 3), ("text", "0 9 9 9")])
def test_every_control_changes_the_picture_in_place(induction, control, value):
    explorer = AttentionExplorer(induction, IDS)
    picture, before = explorer.picture, explorer.picture.value
    getattr(explorer, control).value = value
    assert explorer.picture is picture and picture.value != before
    assert explorer.message.value == ""


def test_every_model_has_an_example_that_it_can_read(model):
    for kind in (AttentionExplorer, ComponentExplorer):
        assert "<figure" in kind(model).picture.value
    assert read(model, example(model)).shape[1] > 8


def test_the_component_shown_is_the_one_chosen(story):
    explorer = ComponentExplorer(story, "john gave a ball to mary", component="MLP2", position=3)
    values = explorer.contribution()
    assert float(values.mean()) == pytest.approx(0, abs=1e-4)
    best = names(story, values.topk(1).indices)[0]
    assert f"most to {best}, {float(values.max()):+.2f}" in explorer.picture.value
    assert "What MLP2 writes at position 3 (a)" in explorer.picture.value
    before = explorer.picture.value
    explorer.component.value = "L0H1"
    assert "What L0H1 writes" in explorer.picture.value and explorer.picture.value != before
    explorer.position.value = 1
    assert "at position 1 (john)" in explorer.picture.value


def test_a_shorter_text_takes_the_position_with_it(story):
    explorer = ComponentExplorer(story, "john gave a ball to mary")
    assert (explorer.position.max, explorer.position.value) == (6, 6)
    explorer.text.value = "john gave"
    assert (explorer.position.max, explorer.position.value) == (2, 2)
    assert "at position 2 (gave)" in explorer.picture.value


def test_the_lens_says_the_models_own_prediction_last(induction):
    explorer = ComponentExplorer(induction, IDS)
    probabilities = run(induction, torch.tensor([[0, 5, 9, 7, 5, 9, 7]])).logits[0, -1].softmax(-1)
    said = re.search(r"ends with (\S+) \(([\d.]+)\)", explorer.picture.value)
    assert said and said[1] == str(int(probabilities.argmax()))
    assert float(said[2]) == pytest.approx(float(probabilities.max()), abs=0.006)


def test_checkpoints_from_first_to_last(monkeypatch):
    explorer = CheckpointExplorer("induction-2l", 0, layer=1)
    steps = checkpoints("induction-2l", 0)
    assert [value for _, value in explorer.step.options] == [*steps, END]

    def loss():
        return float(re.search(r"second half (\d+\.\d+)", explorer.picture.value)[1])

    first = loss()
    assert "at step 0" in explorer.picture.value and first > 3
    explorer.step.value = steps[-1]
    trained = load_model("induction-2l", checkpoint=steps[-1])
    log_probs = run(trained, explorer.tokens).logits[0, :-1].log_softmax(-1)
    losses = -log_probs.gather(1, explorer.tokens[0, 1:, None])[:, 0]
    assert loss() == pytest.approx(float(losses[8:].mean()), abs=0.006) and loss() < first
    explorer.step.value = END
    assert "at the end of training" in explorer.picture.value

    # Going back costs no loading.
    monkeypatch.setattr(
        "mi_course.display.explorers.checkpoint.load_model", lambda *a, **k: pytest.fail("loaded again")
    )
    explorer.step.value = steps[0]
    assert loss() == first
    explorer.text.value = "0 3"
    assert not re.search(r"(mean|half) nan", explorer.picture.value)
    explorer.text.value = "0"
    assert "Loss" not in explorer.picture.value and "<svg" in explorer.picture.value


def test_an_unknown_word_is_named_and_the_picture_stays(story):
    explorer = AttentionExplorer(story, "john gave a ball")
    before = explorer.picture.value
    explorer.text.value = "john gave a <xylophone>"
    assert "no word &#x27;&lt;xylophone&gt;&#x27;" in explorer.message.value
    assert explorer.picture.value == before
    explorer.head.value = 1  # the other controls go on with the text that was read last
    assert explorer.picture.value != before
    explorer.text.value = "john gave a book"
    assert explorer.message.value == "" and "book" in explorer.picture.value


@pytest.mark.parametrize(
    "text, says",
    [
        ("0 five", "'five' is no token id"),
        ("0 64", "'64' is no token id"),
        (" ".join("1" * 64), "65 tokens, and this model's context holds 64"),
    ],
)
def test_ids_that_are_none_are_refused(induction, text, says):
    with pytest.raises(CourseError, match=says):
        AttentionExplorer(induction, text)


def test_ids_may_be_written_as_people_write_them(induction):
    assert read(induction, "[BOS] 5, 9").tolist() == read(induction, "5 9").tolist() == [[0, 5, 9]]
    assert names(induction, [0, 5]) == ["[BOS]", "5"]


def test_other_tokenizers_are_asked_themselves():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<s>": 0, "a": 1, "b": 2, "<unk>": 3}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    cfg = SimpleNamespace(n_ctx=8, d_vocab=4)
    with_bos = SimpleNamespace(tokenizer=PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>"), cfg=cfg)
    assert read(with_bos, "a b").tolist() == [[0, 1, 2]]
    assert names(with_bos, [0, 1]) == ["<s>", "a"]
    without = SimpleNamespace(tokenizer=PreTrainedTokenizerFast(tokenizer_object=words), cfg=cfg)
    with pytest.raises(CourseError, match="write at least one word"):
        read(without, "  ")


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda model: AttentionExplorer(model, IDS, layer=2), "no layer 2; choose one from 0 to 1"),
        (lambda model: ComponentExplorer(model, IDS, component="L1H9"), "no component 'L1H9'. Did you mean"),
        (lambda model: CheckpointExplorer("induction-2l", 1), "without checkpoints for seed 1"),
    ],
)
def test_what_there_is_not_is_refused(induction, make, says):
    with pytest.raises(CourseError, match=says):
        make(induction)


def test_components_of_a_model_without_mlps(induction):
    assert component_names(induction) == [
        "embedding", "L0H0", "L0H1", "L0H2", "L0H3", "b_O 0", "L1H0", "L1H1", "L1H2", "L1H3", "b_O 1",
    ]  # fmt: skip


def test_a_saved_notebook_has_a_still_picture(induction):
    explorer = AttentionExplorer(induction, IDS)
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == explorer.picture.value
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<script" not in bundle["text/html"] and "http" not in bundle["text/html"]


@pytest.mark.parametrize("kind", [AttentionExplorer, ComponentExplorer])
def test_words_that_look_like_markup_are_text(kind, story, monkeypatch):
    for module in ("frame", "component"):
        monkeypatch.setattr(f"mi_course.display.explorers.{module}.names", lambda model, ids: ["<b>"] * len(ids))
    explorer = kind(story, "john gave a ball to mary")
    assert "<b>" not in explorer.picture.value and "&lt;b&gt;" in explorer.picture.value
