"""Tasks and the way to add one; seeds settle the draw; bad requests are named."""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_course
from mi_course.errors import CourseError
from mi_course.worlds.story import LABELS, Draw, get_task, register, story_batch, story_tokens, task_names
from mi_course.worlds.story.vocabulary import ID

PACKAGE = Path(mi_course.__file__).parent
SHA256 = "af1fe0026529e1389e96122a006b24e1ca13fde4fb318c566d01a52304107f7d"
README = (PACKAGE / "worlds" / "README.md").read_text(encoding="utf-8")


def test_a_seed_settles_the_draw_and_leaves_the_global_random_states_alone():
    before, python_before = torch.get_rng_state(), random.getstate()
    first, again, other, stream = (
        story_batch(3, seed=seed, stream=stream) for seed, stream in ((7, 0), (7, 0), (8, 0), (7, 1))
    )
    assert torch.equal(first.tokens, again.tokens) and torch.equal(first.state, again.state)
    assert all(torch.equal(first.labels[name], again.labels[name]) for name in LABELS)
    assert not torch.equal(first.tokens, other.tokens) and not torch.equal(first.tokens, stream.tokens)
    assert torch.equal(before, torch.get_rng_state()) and python_before == random.getstate()


def test_training_data_is_the_data_the_models_were_trained_on():
    """When this fails the data has changed: the shipped story models and their cards belong to other sentences."""
    tokens = story_tokens(64, seed=1000, stream=5, early=0.5)
    assert hashlib.sha256(tokens.numpy().tobytes()).hexdigest() == SHA256


def test_early_on_copying_comes_more_often():
    def share(early):
        return float((story_tokens(300, seed=1, early=early) == ID["code"]).float().mean())

    assert share(1.0) > 1.5 * share(0.0)


def test_statements_are_judged_only_once_what_they_say_may_be_known():
    def verdicts(early):
        tokens = story_tokens(300, seed=1, early=early, tasks={"truth": 0.5, "names": 0.5})
        return float(((tokens == ID["true"]) | (tokens == ID["false"])).float().mean())

    assert verdicts(1.0) == 0 < verdicts(0.5) < verdicts(0.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 20), st.data())
def test_draws_stay_in_their_range_and_samples_are_different(seed, n, data):
    draw = Draw(seed)
    options = list(range(n))
    k = data.draw(st.integers(0, n))
    assert 0 <= draw.below(n) < n and 3 <= draw.between(3, 3 + n) <= 3 + n and draw.pick(options) in options
    sample = draw.sample(options, k)
    assert len(set(sample)) == k and set(sample) <= set(options)
    assert sorted(draw.shuffled(options)) == options
    if n > 1:
        assert draw.other(options, 0) != 0
    with pytest.raises(ValueError):
        draw.sample(options, n + 1)


def test_the_table_of_labels_is_the_one_in_the_code():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", README.partition("### Labels")[2], re.MULTILINE))
    assert rows == LABELS


def test_the_table_of_tasks_has_every_task():
    assert (
        re.findall(r"^\| `(\w+)` \|", README.partition("### Tasks")[2].partition("### Labels")[0], re.M) == task_names()
    )


def test_a_task_is_added_by_one_file(tmp_path):
    """The example of the README, put into the folder of a copy, takes part and has pairs."""
    shutil.copytree(PACKAGE / "worlds", tmp_path / "mi_course" / "worlds")
    for name in ("__init__.py", "errors.py"):
        shutil.copy(PACKAGE / name, tmp_path / "mi_course" / name)
    example = re.findall(r"^```python\n(.+?)^```$", README, re.DOTALL | re.MULTILINE)[-1]
    (tmp_path / "mi_course" / "worlds" / "story" / "tasks" / "liking.py").write_text(example, encoding="utf-8")
    code = (
        "from mi_course.worlds.story import *\n"
        "text, pairs = story_batch(1, 12, tasks=['liking']).text(0), story_pairs('liking', 5)\n"
        "print(task_names()[-1], text, pairs.differs.sum())\n"
        "import hashlib; tokens = story_tokens(64, seed=1000, stream=5, early=0.5)\n"
        "print(hashlib.sha256(tokens.numpy().tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.match(r"liking \[BOS\] (\w+) likes the (\w+) \. \1 likes the \2 \. \w+ tensor\(5\)", done.stdout)
    # A task with a share of 0 leaves the training data as it was.
    assert done.stdout.split()[-1] == SHA256


def test_a_name_is_given_once():
    task = get_task("facts")
    assert register(task) is task
    with pytest.raises(CourseError, match="already"):
        register(type(task)(**{**task.__dict__, "summary": "another"}))
    with pytest.raises(CourseError, match="at least one corruption"):
        type(task)(**{**task.__dict__, "name": "new", "corruptions": {}})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"batch": 0}, "batch to be a whole number of at least 1"),
        ({"batch": 2, "length": 1}, "length to be a whole number of at least 2"),
        ({"batch": 2, "seed": -1}, "seed"),
        ({"batch": 2, "seed": True}, "seed"),
        ({"batch": 2, "stream": 0.5}, "stream"),
        ({"batch": 2, "tasks": ["fact"]}, "Did you mean 'facts'"),
        ({"batch": 2, "tasks": {"facts": 0}}, "no task to draw from"),
        ({"batch": 2, "tasks": ["facts"], "split": "test"}, "has no split 'test'"),
        ({"batch": 2, "split": "tset"}, "has no split 'tset'"),
    ],
)
def test_bad_requests_are_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        story_batch(**arguments)
