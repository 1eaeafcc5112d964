"""What an update did, as a learner reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Action = Literal["unchanged", "added", "replaced", "merged", "beside", "left the course"]


@dataclass(frozen=True)
class FileReport:
    """What happened to one file. Names are relative to the working copy, with forward slashes.

    name: what the course calls it. file: what the learner calls it.
    told: sentences about it; with "beside", why it could not be merged.
    kept: with "merged", how many cells are the learner's. beside: where the new version stands.
    """

    name: str
    file: str
    action: Action
    told: tuple[str, ...] = ()
    kept: int = 0
    beside: str = ""


@dataclass(frozen=True)
class UpdateReport:
    """What `update` did. backup: the folder with each changed file as it was, None where none changed."""

    directory: Path
    version: str
    files: tuple[FileReport, ...]
    backup: Path | None

    def named(self, action: Action) -> tuple[FileReport, ...]:
        """The files to which this happened."""
        return tuple(each for each in self.files if each.action == action)

    def __str__(self) -> str:
        lines = [self._heading()]
        if replaced := self.named("replaced"):
            lines.append(f"Replaced, as you had not changed them: {_listed(replaced)}.")
        if added := self.named("added"):
            lines.append(f"Added: {_listed(added)}.")
        for each in added:
            lines += [f"  {sentence}" for sentence in each.told]
        for each in self.named("merged"):
            cells = f"your {each.kept} cells" if each.kept != 1 else "your one cell"
            around = f" around {cells}" if each.kept else "; you had changed no cell of it"
            lines.append(f"{_called(each)}: the course's new text{around}.")
            lines += [f"  {sentence}" for sentence in each.told]
        for each in self.named("beside"):
            lines.append(f"{_called(each)} stays as it is, and the new version is {each.beside}. {each.told[0]}.")
        if gone := self.named("left the course"):
            lines.append(f"No longer in the course, and left as they are: {_listed(gone)}.")
        if self.backup is not None:
            lines.append(f"What was changed is kept as it was in {self.backup}.")
            lines.append("If a notebook is open in JupyterLab, choose File > Reload Notebook from Disk.")
        return "\n".join(lines)

    def _heading(self) -> str:
        if self.named("added") or self.named("replaced") or self.named("merged"):
            return f"Your working copy {self.directory} now has version {self.version} of the course."
        if self.named("beside"):
            return f"Nothing in your working copy {self.directory} was changed."
        return f"Nothing to do: your working copy {self.directory} has version {self.version} of the course."


def _listed(files: tuple[FileReport, ...]) -> str:
    return ", ".join(map(_called, files))


def _called(file: FileReport) -> str:
    return file.file if file.file == file.name else f"{file.file} (the course's {file.name})"
