"""The tasks of Story World, one file each. A new file in this folder takes part without further ado."""

from __future__ import annotations

import pkgutil
from importlib import import_module

_FILES = (
    "names",
    "facts",
    "people",
    "agreement",
    "sentiment",
    "pronouns",
    "successors",
    "circle",
    "greater_than",
    "brackets",
    "repetition",
    "kinds",
    "truth",
    "lexicon",
    "word_pairs",
    "story_state",
    "recursion",
)
"""In the order of the label `task`. Files that are not listed come after these, by name."""

_ADDED = sorted({module.name for module in pkgutil.iter_modules(__path__)} - set(_FILES))
for _file in (*_FILES, *_ADDED):
    import_module(f"{__name__}.{_file}")
