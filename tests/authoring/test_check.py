"""Every finding of `dev check`, provoked once by a tree with one thing amiss."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from mi_course.authoring import commands
from mi_course.authoring.build import build
from mi_course.authoring.check import check, shared_oracles
from mi_course.authoring.registry import Registry
from mi_course.checking import Oracle
from mi_course.errors import CourseError
from tests.authoring import toy

SOLVED = f"solutions/{toy.STEM}.ipynb"
UNSOLVED = f"chapters/{toy.STEM}.ipynb"


def edit(root: Path, old: str, new: str) -> None:
    path = root / "solutions" / f"{toy.STEM}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def found(root: Path, *exercises) -> list[str]:
    return [str(finding) for finding in check(root=root, registry=toy.registry(*exercises))]


def rebuilt(root: Path, *exercises) -> list[str]:
    """Findings after a build, so that only what the build cannot mend is left."""
    build(root=root, registry=toy.registry(*exercises))
    return found(root, *exercises)


def test_a_complete_tree_has_no_findings(built: Path) -> None:
    assert found(built) == []


def change_cell(path: Path, change: Callable[[dict], None]) -> None:
    notebook = json.loads(path.read_text())
    change(notebook["cells"][-1])
    path.write_text(json.dumps(notebook))


DRIFTS: dict[str, Callable[[Path], object]] = {
    "text": lambda root: edit(root, "# Toy chapter", "# Another chapter"),
    "code": lambda root: edit(root, "42)", "41)"),
    "answer": lambda root: edit(root, "x + x", "2 * x"),
    "id": lambda root: edit(root, "4687c32c", "headline"),
    "exercises": lambda root: (root / "mi_course" / "exercises" / "toy.py").write_text("# another hint"),
    "new cell": lambda root: edit(root, '# %% id="4687c32c"', '# %% id="extra"\n1\n\n# %% id="4687c32c"'),
    "solved source": lambda root: change_cell(root / SOLVED, lambda cell: cell.update(source="print(1)")),
    "solved output": lambda root: change_cell(root / SOLVED, lambda cell: cell.update(outputs=[])),
    "solved gone": lambda root: (root / SOLVED).unlink(),
    "solved broken": lambda root: (root / SOLVED).write_text("{"),
    "chapter source": lambda root: change_cell(root / UNSOLVED, lambda cell: cell.update(source="print(1)")),
    "chapter whitespace": lambda root: (root / UNSOLVED).write_text((root / UNSOLVED).read_text() + "\n"),
    "chapter gone": lambda root: (root / UNSOLVED).unlink(),
}


@pytest.mark.parametrize("kind", DRIFTS)
def test_every_kind_of_drift_is_found_and_mended_by_a_build(built: Path, kind: str) -> None:
    DRIFTS[kind](built)
    findings = found(built)
    assert findings and all("mi-course dev build toy" in finding for finding in findings)
    assert rebuilt(built) == []


def test_points_that_changed_are_drift(built: Path) -> None:
    assert (
        "differs from what 01_toy.py and the exercises give"
        in found(built, toy.exercise(points=9), toy.value_exercise())[0]
    )


def test_a_missing_id_and_a_source_that_is_not_sound(built: Path) -> None:
    edit(built, ' id="4687c32c"', "")
    assert found(built) == [
        f"solutions/{toy.STEM}.py, line 52: The cell has no id. Run `mi-course dev build toy`.",
    ]
    edit(built, '### END SOLUTION\n\n# %% id="47a6a966"', '# %% id="47a6a966"')
    assert any("BEGIN SOLUTION is never closed" in finding for finding in found(built))


def test_an_unexecuted_cell_an_error_and_a_tag_that_hides_it(built: Path) -> None:
    def spoil(cell: dict) -> None:
        cell["execution_count"] = None
        cell["outputs"] = [{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]
        cell["metadata"] = {"tags": ["raises-exception"]}

    change_cell(built / SOLVED, spoil)
    text = "\n".join(found(built))
    assert "has not been executed" in text and "ended in an error" in text and "hides failures" in text


def test_an_unknown_exercise_is_answered_with_a_suggestion(built: Path) -> None:
    edit(built, 'check="double"', 'check="duble"')
    findings = found(built)
    assert any("no exercise 'duble' in this chapter. Did you mean 'double'?" in finding for finding in findings)
    assert any("'double' has no check cell" in finding for finding in findings)
    with pytest.raises(CourseError, match="there is no exercise 'duble'"):
        build(root=built, registry=toy.registry())


def test_an_exercise_without_cells(built: Path) -> None:
    findings = found(built, toy.exercise(), toy.value_exercise(), toy.exercise(name="third"))
    assert [finding for finding in findings if "'third' has no answer cell" in finding]
    assert [finding for finding in findings if "'third' has no check cell" in finding]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def double(x)", "def twice(x)", "answer cell of 'double' has no stub. Write `def double(…):`"),
        ("answer = ...\n", "", "answer cell of 'answer' has no stub. Write `answer = ...`"),
        ("check(answer=answer)", "check(double)", "check cell of 'answer' does not check it"),
    ],
)
def test_stub_and_check(built: Path, old: str, new: str, words: str) -> None:
    edit(built, old, new)
    assert any(words in finding for finding in found(built))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hints": ("One.", "Two.")}, "2 different hints and should have 3"),
        ({"hints": ("One.", "One.", " ")}, "1 different hints"),
        ({"misconceptions": toy.exercise().misconceptions[:2]}, "2 of at least 3 misconceptions"),
        ({"alternatives": {"one": toy.double}}, "1 of at least 2 alternative"),
        ({"points": 0}, "no points"),
        ({"minutes": 0}, "no minutes"),
        ({"oracle": None}, "no oracle"),
        ({"oracle": Oracle(name=" ", expected=lambda x: x + x)}, "no oracle"),
        ({"oracle": Oracle(name="itself", expected=toy.double)}, "oracle is the reference"),
        ({"oracle": Oracle(name="itself, wrapped", expected=toy.calls_double)}, "oracle is the reference"),
        ({"prerequisites": ("doubel",)}, "prerequisite 'doubel' is no exercise"),
        ({"prerequisites": ("later.one",)}, "prerequisite 'later.one' is no exercise"),
        ({"prerequisites": ("answer",)}, "stands above its prerequisite 'answer'"),
        ({"minutes": 181}, "take 186 minutes, more than 180"),
    ],
)
def test_an_incomplete_exercise(built: Path, changes: dict, words: str) -> None:
    findings = found(built, toy.exercise(**changes), toy.value_exercise(prerequisites=()))
    assert any(words in finding for finding in findings), findings


def test_values_need_two_misconceptions(built: Path) -> None:
    one = toy.value_exercise(misconceptions=toy.value_exercise().misconceptions[:1])
    assert any("1 of at least 2 misconceptions" in finding for finding in found(built, toy.exercise(), one))


def test_core_depends_on_core_only(built: Path) -> None:
    findings = found(built, toy.exercise(core=False), toy.value_exercise())
    assert findings == [
        "mi_course/exercises/toy.py, exercise answer: It is core and depends on 'double', which is not. "
        "Make both core, or drop the prerequisite."
    ]


def test_an_oracle_that_is_the_reference_may_give_a_reason(built: Path) -> None:
    excused = toy.exercise(oracle=Oracle(name="itself", expected=toy.double, same_as_reference="a definition"))
    assert found(built, excused, toy.value_exercise()) == []
    assert shared_oracles(built, toy.registry(excused)) == [("toy.double", "a definition")]


def test_prerequisites_from_an_earlier_chapter(built: Path) -> None:
    (built / "solutions" / "02_late.py").write_text("# %%\n1\n")
    late = toy.exercise(chapter="late", name="late", prerequisites=("toy.double", "toy.gone"))
    both = Registry({"toy": (toy.exercise(), toy.value_exercise()), "late": (late,)})
    findings = [str(finding) for finding in check("late", root=built, registry=both)]
    assert any("prerequisite 'toy.gone'" in finding for finding in findings)
    assert not any("prerequisite 'toy.double'" in finding for finding in findings)


def test_an_answer_in_the_learners_notebook(built: Path) -> None:
    edit(built, 'print("headline", 42)', "x = 4\ntwo_times_the_number = x + x\nprint(x)")
    findings = rebuilt(built)
    assert len(findings) == 1
    assert "cell 4687c32c: The line 'two_times_the_number = x + x' is part of the answer to 'double'" in findings[0]


def test_a_learners_notebook_that_was_run(built: Path) -> None:
    change_cell(built / UNSOLVED, lambda cell: cell.update(execution_count=3))
    assert any("cell 4687c32c: The cell has been run" in finding for finding in found(built))


IMAGE_IN_TEXT = "# It has [a second part](#Second-part)."


@pytest.mark.parametrize(
    "image",
    [
        "# ![](../chapters/x.png)",
        "# ![ ][ref]",
        '# <img src="../chapters/x.png">',
        '# <img alt="" src="../chapters/x.png">',
    ],
)
def test_an_image_in_the_text_without_alt_text(built: Path, image: str) -> None:
    (built / "chapters" / "x.png").write_bytes(b"")
    edit(built, IMAGE_IN_TEXT, image)
    assert [finding for finding in rebuilt(built) if "no alt text" in finding]


@pytest.mark.parametrize("image", ["# ![A bar](../chapters/x.png)", "# `![](x.png)`", "# ```\n# ![](x.png)\n# ```"])
def test_an_image_with_alt_text_and_one_that_is_only_code(built: Path, image: str) -> None:
    (built / "chapters" / "x.png").write_bytes(b"")
    edit(built, IMAGE_IN_TEXT, image)
    assert rebuilt(built) == []


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("{'image/png': 'aGk=', 'text/plain': 'x'}", "bare image"),
        ("{'image/svg+xml': '<svg/>', 'text/plain': 'x'}", "bare image"),
        ("{'text/html': '<img src=x>'}", "no alt text"),
        ("{'text/html': '<svg></svg>'}", "no alt text"),
        ("{'text/html': '<figure><img alt=\"A bar\" src=x></figure>'}", ""),
        ("{'text/html': '<svg aria-label=\"A bar\"></svg>'}", ""),
    ],
)
def test_an_image_in_an_output(built: Path, shown: str, words: str) -> None:
    edit(built, 'print("headline", 42)', f"from IPython.display import display\ndisplay({shown}, raw=True)")
    findings = rebuilt(built)
    assert [words in finding for finding in findings] == ([True] if words else [])


@pytest.mark.parametrize(
    ("link", "dead"),
    [
        ("[x](nowhere.md)", True),
        ("[x](../toy_checks.py)", False),
        ("[x](01_toy.ipynb)", False),
        ("[x](01_toy.ipynb#Second-part)", False),
        ("[x](01_toy.ipynb#Third-part)", True),
        ("[x](#Third-part)", True),
        ("[x](#cell-id=6907e729)", False),
        ("[x](#cell-id=gone)", True),
        ('[x](#here) <a id="here"></a>', False),
        ('<a href="nowhere.md">x</a>', True),
        ("[x](https://example.org/nowhere.md) [y](mailto:a@example.org)", False),
        ("`[x](nowhere.md)`", False),
        ('[x](nowhere.md "with a title")', True),
    ],
)
def test_links(built: Path, link: str, dead: bool) -> None:
    edit(built, IMAGE_IN_TEXT, f"# {link}")
    findings = rebuilt(built)
    assert len(findings) == dead
    assert all("The link to" in finding for finding in findings)


def test_links_into_another_chapter(built: Path) -> None:
    (built / "solutions" / "02_late.py").write_text(
        '# %% [markdown] id="a"\n# [x](01_toy.ipynb#Second-part) [y](01_toy.ipynb#Gone)\n'
        "# [z](01_toy.ipynb#cell-id=6907e729)\n"
    )
    registry = Registry({"toy": (toy.exercise(), toy.value_exercise())})
    build(root=built, registry=registry)
    findings = check(root=built, registry=registry)
    assert [finding.sentence for finding in findings] == [
        "The link to '01_toy.ipynb#Gone' names a heading or cell that is not there."
    ]


def test_links_and_images_of_the_documents(built: Path) -> None:
    (built / "README.md").write_text(
        "# A title\n[x](gone.md) [y](#a-title) [z](#no-title) [w](chapters) ![](chapters)\n"
    )
    assert [finding.split(": ", 1)[1].split(". ")[0] for finding in found(built)] == [
        "An image has no alt text",
        "The link to 'gone.md' leads nowhere",
        "The link to '#no-title' names a heading that is not there",
    ]


def test_what_is_still_to_write(built: Path) -> None:
    edit(built, "# Toy chapter", "# WRITE: a title")
    path = built / "mi_course" / "exercises" / "toy.py"
    path.write_text('hints = [\n    "WRITE: a nudge",\n]\n')
    assert found(built) == [
        f"solutions/{toy.STEM}.py, line 10: Still to write: a title. Fill it in and remove `WRITE:`.",
        "mi_course/exercises/toy.py, line 2: Still to write: a nudge. Fill it in and remove `WRITE:`.",
    ]


def test_exercises_without_a_notebook(built: Path) -> None:
    orphan = Registry({"toy": (toy.exercise(), toy.value_exercise()), "orphan": ()})
    findings = check(root=built, registry=orphan)
    assert [finding.path for finding in findings] == ["mi_course/exercises/orphan.py"]


def test_exercises_that_cannot_be_imported(built: Path) -> None:
    class Broken(Registry):
        def exercises(self, chapter: str):
            raise CourseError("mi_course/exercises/toy.py cannot be imported (NameError: x).")

    findings = check(root=built, registry=Broken({"toy": ()}))
    assert len(findings) == 1 and "NameError" in findings[0].remedy


def test_the_command_prints_findings_by_file_and_returns_one(built: Path) -> None:
    edit(built, IMAGE_IN_TEXT, "# [x](nowhere.md)")
    out = StringIO()
    assert commands.check(root=built, registry=toy.registry(), console=Console(file=out, width=200)) == 1
    assert f"solutions/{toy.STEM}.py" in out.getvalue() and "leads nowhere" in out.getvalue()
    assert "3 findings." in out.getvalue()
    out = StringIO()
    edit(built, "# [x](nowhere.md)", IMAGE_IN_TEXT)
    assert commands.check(root=built, registry=toy.registry(), console=Console(file=out, width=200)) == 0
    assert "Nothing to mend." in out.getvalue()


def test_checking_changes_nothing(built: Path) -> None:
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    edit(built, ' id="4687c32c"', "")
    before[built / "solutions" / f"{toy.STEM}.py"] = (built / "solutions" / f"{toy.STEM}.py").read_bytes()
    found(built)
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before
