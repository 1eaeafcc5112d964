"""Reading and stamping sources."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_course.authoring.source import SourceError, cleared, parse, read, stamp, stamp_file
from mi_course.errors import CourseError
from tests.authoring import toy

BODIES = st.lists(st.sampled_from(["x = 1", "", "# a comment", "print('%%')", "    y", "é = '☃'", "\tz"]), max_size=4)
HEADERS = st.sampled_from(["# %%", "# %% [markdown]", '# %% tags=["a"]'])


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Sources with and without ids, some cells repeated word for word."""
    cells = []
    for number in range(draw(st.integers(0, 6))):
        header, body = draw(HEADERS), draw(BODIES)
        if draw(st.booleans()):
            header += f' id="given-{number}"'
        cells += [header, *body] * draw(st.integers(1, 2) if "given" not in header else st.just(1))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(cells) + draw(st.sampled_from(["", newline]))


@given(sources())
def test_stamping_is_idempotent_unique_and_changes_headers_only(text: str) -> None:
    stamped = stamp(text)
    assert stamp(stamped) == stamped
    ids = [cell.id for cell in parse(stamped).cells]
    assert None not in ids and len(set(ids)) == len(ids)
    before, after = text.splitlines(keepends=True), stamped.splitlines(keepends=True)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert re.sub(r' id="[0-9a-f]{8}"', "", new, count=1) == old or new == old


def test_an_id_depends_on_the_content_and_survives_a_change_of_it() -> None:
    stamped = stamp("# %%\nx = 1\n")
    assert stamped == stamp("# %%\nx = 1\n")
    assert stamped.splitlines()[0] != stamp("# %%\nx = 2\n").splitlines()[0]
    edited = stamped.replace("x = 1", "x = 2")
    assert stamp(edited) == edited


def test_a_stamped_file_is_not_written_again(tree) -> None:
    path = tree / "solutions" / f"{toy.STEM}.py"
    stamp_file(path)
    before = path.stat()
    stamp_file(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('# %% id="a"\n\n# %% id="a"\n', 3, "already that of the cell at line 1"),
        ('# %% id="a b"\n', 1, "no cell id"),
        ("# %% A title\n", 1, "not understood"),
        ("#%%\n", 1, "not understood"),
        ("    # %%\n", 1, "not understood"),
        ('# %% exercize="f"\n', 1, "Did you mean 'exercise'"),
        ('# %% id="a" id="b"\n', 1, "twice"),
        ("# %% tags=[a]\n", 1, "not JSON"),
        ("# %% tags=[1]\n", 1, "not a list of names"),
        ('# %% tags=["raises-exception"]\n', 1, "hide failures"),
        ("x = 1\n# %%\n", 1, "above the first cell"),
        ("# ---\n# jupyter:\n# %%\n", 1, "never closed"),
        ('# %% [markdown] exercise="f"\n', 1, "text cell"),
        ('# %% exercise="f" check="f"\n### BEGIN SOLUTION\n### END SOLUTION\n', 1, "both holds and judges"),
        ('# %% exercise="f"\ndef f():\n    return 1\n', 1, "no solution region"),
        ('# %%\n\n# %% exercise="f"\n### BEGIN SOLUTION\nf = 1\n', 4, "never closed"),
        ('# %% exercise="f"\n### END SOLUTION\n', 2, "without a BEGIN"),
        ('# %% exercise="f"\n### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION\n', 3, "A second BEGIN"),
        ("# %%\n### BEGIN SOLUTION\nf = 1\n### END SOLUTION\n", 1, "names no exercise"),
        (
            '# %% exercise="F"\nclass F:\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION\n',
            1,
            "raises as soon as it is run",
        ),
        ('# %% exercise="f"\nif x:\n### BEGIN SOLUTION\n    1\n### END SOLUTION\n', 1, "not Python"),
        ('# %% check="f"\ncheck(f)\n\n# %% check="f"\ncheck(f)\n', 4, "already has its check cell at line 1"),
        (
            '# %% check="f"\ncheck(f)\n\n# %% exercise="f"\nf = ...\n### BEGIN SOLUTION\nf = 1\n### END SOLUTION\n',
            1,
            "above its answer",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, words: str) -> None:
    problems = parse(text).problems
    assert [p.line for p in problems if words in f"{p.sentence} {p.remedy}"] == [line]
    with pytest.raises(SourceError, match=f"solutions/x.py, line {line}: "):
        parse(text).require_sound("solutions/x.py")


def test_a_sound_source_has_no_problems() -> None:
    parsed = parse(toy.SOURCE)
    assert parsed.problems == ()
    assert [cell.exercise for cell in parsed.cells if cell.exercise] == ["double", "answer"]


@given(st.text())
def test_any_text_is_parsed(text: str) -> None:
    parse(text)


def test_a_missing_file_and_a_file_that_is_not_text(tmp_path) -> None:
    with pytest.raises(CourseError, match="no notebook source"):
        read(tmp_path / "01_none.py")
    (tmp_path / "01_bytes.py").write_bytes(b"# %%\n\xff")
    with pytest.raises(CourseError, match="not UTF-8"):
        read(tmp_path / "01_bytes.py")


@pytest.mark.parametrize("indent", ["", "    ", "        "])
def test_the_stub_fits_its_place(indent: str) -> None:
    before = f"{indent}a = 1\n{indent}### BEGIN SOLUTION\n{indent}b = 2\n{indent}### END SOLUTION\n{indent}c = 3"
    after = cleared(before)
    assert "b = 2" not in after and "SOLUTION" not in after
    assert (f"{indent}raise NotImplementedError" in after) == bool(indent)
    assert after.startswith(f"{indent}a = 1") and after.endswith(f"{indent}c = 3")
