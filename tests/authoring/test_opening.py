"""The first code cell of the notebooks, run where the course is installed and where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mi_course.authoring.build import build
from mi_course.authoring.check import check
from mi_course.authoring.opening import ID, opening, with_opening
from mi_course.authoring.source import parse, stamp
from mi_course.errors import CourseError
from tests.authoring import toy

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/somebody/mi-course"

# Stands in for Colab: its module is loaded, and its shell notes what it is told and, where it can, installs.
COLAB = """\
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
class Shell:
    def run_line_magic(self, name, line):
        print(name, line)
        sys.path.append({installs_in!r})
def get_ipython():
    return Shell()
"""


@pytest.fixture
def addressed(tmp_path: Path) -> Path:
    """A root whose pyproject.toml gives an address."""
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\n[project.urls]\nRepository = "{ADDRESS}/"\n')
    return tmp_path


def run(code: str, directory: Path, *, installed: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the cell by an isolated Python that sees its own library only, and the course if it is `installed`."""
    before = f"import sys; sys.path.append({str(ROOT)!r})\n" if installed else ""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", before + code], cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_chapter_says_what_to_do_where_the_course_is_missing(path: Path, tmp_path: Path) -> None:
    import nbformat

    first = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    missing = run(first.source, tmp_path)
    said = missing.stderr.splitlines()[-1]
    assert missing.returncode == 1 and missing.stdout == ""
    assert said.startswith("ModuleNotFoundError: The course is not installed for this kernel.")
    assert f'`"{sys.executable}" -m pip install -c constraints.txt -e .`' in said

    there = run(first.source, tmp_path, installed=True)
    assert (there.returncode, there.stdout, there.stderr) == (0, "", "")


def test_with_an_address_it_is_in_the_sentence(addressed: Path) -> None:
    missing = run(opening(addressed), addressed)
    assert f"Download its folder from {ADDRESS}, run" in missing.stderr.splitlines()[-1]
    assert run(opening(addressed), addressed, installed=True).stdout == ""


def test_in_colab_it_installs_from_the_address(addressed: Path) -> None:
    done = run(COLAB.format(installs_in=str(ROOT)) + opening(addressed), addressed)
    assert (done.stdout, done.stderr) == (f"pip install -q git+{ADDRESS}\n", "")


def test_in_colab_a_failed_installation_ends_in_the_sentence(addressed: Path) -> None:
    done = run(COLAB.format(installs_in="/nowhere") + opening(addressed), addressed)
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: The course is not installed")


def test_in_colab_with_the_course_nothing_happens(addressed: Path) -> None:
    done = run(COLAB.format(installs_in="/nowhere") + opening(addressed), addressed, installed=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("known", [False, True])
def test_the_cell_is_as_the_formatter_leaves_it(addressed: Path, known: bool) -> None:
    code = opening(addressed if known else addressed / "nowhere") + "\n"
    settings = ["--config", str(ROOT / "solutions" / "ruff.toml"), "--stdin-filename", "solutions/x.py", "-"]
    for arguments in (["format", "--check"], ["check"]):
        command = [sys.executable, "-m", "ruff", *arguments, *settings]
        done = subprocess.run(command, input=code, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_put_above_the_first_code_cell_once(tree: Path) -> None:
    before = (tree / "solutions" / f"{toy.STEM}.py").read_text()
    text = with_opening(before, opening(tree))
    cells = parse(text).cells
    assert [cell.markdown for cell in cells[:3]] == [True, False, False]
    assert cells[1].id == ID and cells[1].text == opening(tree)
    assert with_opening(text, opening(tree)) == text
    assert text.replace(f'# %% id="{ID}"\n{opening(tree)}\n\n', "") == before


def test_an_older_or_moved_cell_is_replaced(tree: Path, addressed: Path) -> None:
    text = stamp(with_opening((tree / "solutions" / f"{toy.STEM}.py").read_text(), "x = 1"))
    assert with_opening(text, opening(addressed)).count(ID) == 1
    new = parse(with_opening(text, opening(addressed)))
    assert new.cells[1].text == opening(addressed)
    assert [cell.id for cell in new.cells] == [cell.id for cell in parse(text).cells]
    moved = text.replace(f'# %% id="{ID}"\nx = 1\n\n', "") + f'\n# %% id="{ID}"\nx = 1\n'
    assert [cell.text for cell in parse(with_opening(moved, opening(addressed))).cells] == [c.text for c in new.cells]


def test_a_source_without_it_is_found_and_mended_by_a_build(built: Path) -> None:
    path = built / "solutions" / f"{toy.STEM}.py"
    text = path.read_text()
    path.write_text(text.replace("# Silent where the course is installed.\n", ""))
    findings = [str(finding) for finding in check(root=built, registry=toy.registry())]
    assert any("The first code cell is not the one that says what to do" in finding for finding in findings)
    build(root=built, registry=toy.registry())
    assert path.read_text() == text and check(root=built, registry=toy.registry()) == []


def test_a_new_address_is_found_and_mended_by_a_build(built: Path) -> None:
    (built / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    assert any("first code cell" in str(finding) for finding in check(root=built, registry=toy.registry()))
    build(root=built, registry=toy.registry())
    assert check(root=built, registry=toy.registry()) == []
    assert ADDRESS in (built / "chapters" / f"{toy.STEM}.ipynb").read_text()


def test_a_pyproject_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project")
    with pytest.raises(CourseError, match="is not TOML"):
        opening(tmp_path)
