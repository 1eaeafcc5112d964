"""What each exercise asks and how it is judged: one module a chapter, named like the chapter's helper module.

A module defines `EXERCISES` (a list in the order in which they are met), `check` and `predict`.
"""

ORDER = (
    "mechanistic",
    "transformer_maths",
    "induction_heads",
    "probing",
    "patching",
    "sparse_autoencoders",
    "validation",
)
"""The chapters in the order of the course; one without a module here is not written yet."""
