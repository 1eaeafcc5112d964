"""Files that appear whole or not at all: written under a hidden name in the same folder, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Write a file, replacing at one stroke what stands there; its permissions stay."""
    temporary = _temporary(path, content)
    try:
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except OSError as error:
        _discard(temporary)
        error.filename = str(path)
        raise
    _settle(path.parent)


def write_new(path: Path, content: bytes) -> bool:
    """Write a file unless something of that name has appeared meanwhile; say whether it was written."""
    temporary = _temporary(path, content)
    try:
        # Unlike a rename, a hard link never replaces what is there.
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links (exFAT, some network drives).
        if os.path.lexists(path):
            return False
        os.rename(temporary, path)
    finally:
        _discard(temporary)
    _settle(path.parent)
    return True


def _temporary(path: Path, content: bytes) -> Path:
    """The content on disk under a hidden name in the same folder, ready to be renamed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:
        _discard(temporary)
        if isinstance(error, OSError):
            error.filename = str(path)  # the hidden name would tell nobody anything
        raise
    return temporary


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink()


def _settle(folder: Path) -> None:
    """Have the new name on disk before the next file is written: after a power cut the order still holds."""
    if os.name != "posix":  # Windows opens no folders
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
