"""Building notebooks from a source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mi_course.authoring import build as build_module
from mi_course.authoring import execute
from mi_course.authoring.build import build
from mi_course.authoring.notebook import assemble, derive
from mi_course.authoring.source import parse, stamp
from mi_course.errors import CourseError
from tests.authoring import toy


def outputs(root: Path) -> dict[str, bytes]:
    """All that building writes."""
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.glob("*/*.ipynb"))}


def edit(root: Path, old: str, new: str) -> None:
    path = root / "solutions" / f"{toy.STEM}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def actions(root: Path, **kwargs) -> list[str]:
    return [done.action for done in build(root=root, registry=toy.registry(), **kwargs)]


def test_both_notebooks_are_valid_and_marked_for_nbgrader(built: Path) -> None:
    solved = nbformat.read(built / "solutions" / f"{toy.STEM}.ipynb", as_version=4)
    unsolved = nbformat.read(built / "chapters" / f"{toy.STEM}.ipynb", as_version=4)
    nbformat.validate(solved)
    nbformat.validate(unsolved)
    assert [cell.id for cell in solved.cells] == [cell.id for cell in unsolved.cells]
    for notebook in (solved, unsolved):
        graded = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata}
        assert set(graded) == {"double", "check_double", "answer", "check_answer"}
        assert [graded[f"check_{name}"].points for name in ("double", "answer")] == [2, 1]
        assert graded["double"].solution and not graded["double"].grade and graded["check_double"].grade
    tagged = [cell.source for cell in unsolved.cells if "raises-exception" in cell.metadata.get("tags", [])]
    assert tagged == ["check(double)", "check(answer=answer)"]
    assert not any("raises-exception" in cell.metadata.get("tags", []) for cell in solved.cells)


def test_the_solved_notebook_keeps_outputs_and_the_chapter_has_none(built: Path) -> None:
    solved = nbformat.read(built / "solutions" / f"{toy.STEM}.ipynb", as_version=4)
    assert solved.cells[-1].outputs[0].text == "headline 42\n"
    counts = [cell.execution_count for cell in solved.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    text = (built / "chapters" / f"{toy.STEM}.ipynb").read_text()
    assert "SOLUTION" not in text and "two_times" not in text and "NBVAL" not in text
    chapter = json.loads(text)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in chapter["cells"])


def test_building_again_is_a_no_op_and_forcing_gives_the_same_bytes(built: Path) -> None:
    before = outputs(built)
    times = [p.stat().st_mtime_ns for p in sorted(built.glob("*/*.ipynb"))]
    assert actions(built) == ["unchanged"]
    assert [p.stat().st_mtime_ns for p in sorted(built.glob("*/*.ipynb"))] == times
    assert actions(built, force=True) == ["executed"]
    assert outputs(built) == before


def test_an_unchanged_chapter_loads_neither_torch_nor_the_notebook_libraries(built: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mi_course.authoring.build import build; "
        "print([d.action for d in build(root=Path(sys.argv[1]))], "
        "[m for m in ('torch', 'numpy', 'nbformat', 'nbgrader', 'nbclient', 'jupytext') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(built)], capture_output=True, text=True, check=True)
    assert done.stdout.split("]")[0:2] == ["['unchanged'", " ["]


def test_a_change_of_text_keeps_the_outputs(built: Path) -> None:
    edit(built, "# Toy chapter", "# A toy chapter")
    assert actions(built) == ["outputs kept"]
    assert actions(built) == ["unchanged"]
    kept = outputs(built)
    assert actions(built, force=True) == ["executed"]
    assert outputs(built) == kept
    assert all(b"A toy chapter" in data for data in kept.values())


def test_a_change_of_code_runs_the_chapter(built: Path) -> None:
    edit(built, '"headline", 42', '"headline", 43')
    assert actions(built) == ["executed"]
    assert b"headline 43" in outputs(built)[f"solutions/{toy.STEM}.ipynb"]


def test_a_change_of_the_exercises_runs_the_chapter(built: Path) -> None:
    (built / "mi_course" / "exercises" / "toy.py").write_text("# points changed\n")
    dearer = toy.registry(toy.exercise(points=5), toy.value_exercise())
    assert [done.action for done in build(root=built, registry=dearer)] == ["executed"]
    assert all(b'"points": 5' in data for data in outputs(built).values())


@pytest.mark.parametrize("which", ["solutions", "chapters"])
@pytest.mark.parametrize("damage", ["edit", "delete", "truncate"])
def test_a_notebook_changed_by_hand_is_built_again(built: Path, which: str, damage: str) -> None:
    before = outputs(built)
    path = built / which / f"{toy.STEM}.ipynb"
    if damage == "edit":
        path.write_text(path.read_text().replace("Toy chapter", "My chapter"))
    elif damage == "delete":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100])
    assert actions(built) != ["unchanged"]
    assert outputs(built) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1 / 0", "raised ZeroDivisionError: division by zero"),
        ("import sys; print('oh', file=sys.stderr)", "wrote to standard error: 'oh'"),
        ("import os; os._exit(1)", "took the kernel down"),
    ],
)
def test_a_failing_cell_is_named_and_the_old_notebooks_stay(built: Path, line: str, words: str) -> None:
    before = outputs(built)
    edit(built, 'print("headline", 42)', line)
    with pytest.raises(CourseError) as failed:
        actions(built)
    assert words in str(failed.value) and f"solutions/{toy.STEM}.py: cell 4687c32c (" in str(failed.value)
    assert outputs(built) == before


def test_a_cell_that_takes_too_long_is_named(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = assemble(parse(stamp("# %%\nimport time\ntime.sleep(60)\n")), {}, "solutions/x.py")
    with pytest.raises(execute.ExecutionError, match=r"\(import time\) took more than 1 seconds"):
        execute.run_notebook(notebook, root=built, path="solutions/x.py", timeout=1)


def test_a_cell_may_say_that_it_writes_to_standard_error(built: Path) -> None:
    edit(built, '# %% id="4687c32c"', '# %% id="4687c32c" tags=["stderr-expected"]')
    edit(built, 'print("headline", 42)', "import sys; print('oh', file=sys.stderr)")
    assert actions(built) == ["executed"]


def test_cells_run_in_an_empty_directory_with_a_record_of_its_own(built: Path, own_record: Path) -> None:
    edit(
        built,
        'print("headline", 42)',
        "import os; print(os.listdir('.') != os.listdir(os.environ['HOME']), "
        f"os.environ['MI_COURSE_HOME'] == {str(own_record)!r})\nopen('left-behind', 'w').close()",
    )
    here = set(os.listdir())
    assert actions(built) == ["executed"]
    assert b"True False" in outputs(built)[f"solutions/{toy.STEM}.ipynb"]
    assert set(os.listdir()) == here and not list(built.rglob("left-behind"))


def test_a_notebook_that_grows_too_large_is_refused(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = outputs(built)
    monkeypatch.setattr(build_module, "SIZE_LIMIT", 20_000)
    edit(built, 'print("headline", 42)', 'print("x" * 30_000)')
    with pytest.raises(CourseError, match=r"largest outputs are those of cell 4687c32c \(0\.03 MB\)"):
        actions(built)
    assert outputs(built) == before


def test_live_widgets_are_dropped_and_their_html_stays(built: Path) -> None:
    edit(
        built,
        'print("headline", 42)',
        "from IPython.display import display\n"
        "view = {'application/vnd.jupyter.widget-view+json': {'model_id': 'x'}, 'text/plain': 'HBox()'}\n"
        "display(view, raw=True)\ndisplay({**view, 'text/html': '<b>figure</b>'}, raw=True)",
    )
    actions(built)
    text = outputs(built)[f"solutions/{toy.STEM}.ipynb"].decode()
    assert '"<b>figure</b>"' in text and "widget-view" not in text.split('"source"')[-2] and '"model_id"' not in text
    assert text.count('"output_type": "display_data"') == 1


def test_without_execution_only_the_chapter_is_written(tree: Path) -> None:
    assert actions(tree, execute=False) == ["not executed"]
    assert [*outputs(tree)] == [f"chapters/{toy.STEM}.ipynb"]


def test_a_quoted_cell_header_is_reported(tree: Path) -> None:
    edit(tree, 'print("headline", 42)', 'text = """\n# %%\n"""')
    with pytest.raises(CourseError, match=r"jupytext reads 9 cells where 10 cell headers stand"):
        actions(tree)


@pytest.mark.parametrize("wanted", ["toy", "01_toy", "01", "1", "solutions/01_toy.py"])
def test_a_chapter_goes_by_several_names(built: Path, wanted: str) -> None:
    assert [done.chapter for done in build(wanted, root=built, registry=toy.registry())] == ["toy"]


def test_an_unknown_chapter_is_answered_with_a_suggestion(built: Path) -> None:
    with pytest.raises(CourseError, match="Did you mean 'toy'"):
        build("toys", root=built, registry=toy.registry())


def test_an_unchanged_chapter_is_recognised_at_once(built: Path) -> None:
    started = time.process_time()
    for _ in range(5):
        assert actions(built) == ["unchanged"]
    assert time.process_time() - started < 5 * 0.3


STATEMENTS = st.sampled_from(["secret_a = 1", "secret_b = [2]", "if secret_c:\n    pass", "# secret_d", "secret_e()"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STATEMENTS, min_size=1, max_size=5), st.booleans())
def test_no_line_of_an_answer_survives_derivation(statements: list[str], in_function: bool) -> None:
    body = "\n".join(statements).splitlines()
    if in_function:
        cell = ["def f(x):", '    """Doc."""', "    ### BEGIN SOLUTION", *(f"    {line}" for line in body)]
        cell.append("    ### END SOLUTION")
    else:
        cell = ["f = ...", "### BEGIN SOLUTION", *body, "### END SOLUTION", "kept = 1"]
    source = parse(stamp("\n".join(['# %% exercise="f"', *cell, "", '# %% check="f"', "check(f=f)"])))
    chapter = derive(assemble(source, {"f": 1}, "solutions/x.py"))
    assert "secret" not in chapter.cells[0].source and "SOLUTION" not in chapter.cells[0].source
    compile(chapter.cells[0].source, "cell", "exec")
    assert in_function or chapter.cells[0].source.endswith("kept = 1")


def test_a_blank_line_below_a_header_is_not_shown(tree: Path) -> None:
    edit(tree, "# %%\nfrom toy", "# %%\n\nfrom toy")
    actions(tree, execute=False)
    chapter = nbformat.read(tree / "chapters" / f"{toy.STEM}.ipynb", as_version=4)
    assert chapter.cells[2].source == "from toy_checks import check"
