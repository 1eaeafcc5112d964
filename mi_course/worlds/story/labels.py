"""What is known about every token of Story World: the names of the labels, and what their values mean.

Every label is an integer tensor of the tokens' shape. -1 means that the label does not apply to the token.
"""

from __future__ import annotations

from mi_course.worlds.story.entities import CATEGORIES

LABELS: dict[str, str] = {
    "task": "which task's sentence the token stands in; an index into task_names()",
    "template": "which wording of its task the sentence follows; an index into the task's `templates`",
    "sentence": "number of the sentence in the row, from 0",
    "place_in_sentence": "place of the token in its sentence, from 0",
    "role": "what the word does in its sentence; an index into ROLES",
    "entity": "who or what the word names; an index into ENTITIES (both words of a two-word name)",
    "category": "kind of that entity; an index into CATEGORIES",
    "gender": "0 male, 1 female; of names and of pronouns that stand for them",
    "number": "0 singular, 1 plural; of a noun or of a verb that agrees with its subject",
    "subject_number": "0 singular, 1 plural; number of the subject whose verb is still to come, from the subject up to "
    "the token before its verb (of the innermost such subject)",
    "verb_next": "1 where the next token is a verb that agrees with a subject, else 0; in agreement and recursion",
    "sentiment": "0 negative, 1 positive; from the first word that says so to the end of the sentence",
    "quote": "1 from the opening quotation mark up to the closing one, else 0; in sentences of the pronouns task",
    "bracket_depth": "brackets open after the token; in sentences of the brackets task",
    "round_depth": "round brackets open after the token",
    "square_depth": "square brackets open after the token",
    "relation": "which fact the sentence or the list is about; an index into RELATIONS",
    "truth": "0 false, 1 true; from the last word of a statement, which settles it, through the verdict",
    "example": "number of the pair in a list of word pairs, from 0",
    "value": "place of a day, month, letter or number in its series, from 0",
    "series": "0 days, 1 months, 2 letters, 3 numbers; where `value` applies",
    "step": "how many places in its series the sentence goes at a time, from 1; from the word that says so",
    "direction": "0 back, 1 on; where `step` applies",
    "threshold": "the first year of greater-than, from its token on",
    "name_order": "0 when the name that comes again was the first of the two, 1 when it was the second; from there on",
    "previous_copy": "position in the row of the same token one segment ago; in the later copies of a repetition",
    "subject_place": "entity number of the place where the person named last is, as the story stands after the token",
    "subject_object": "entity number of what the person named last has, as the story stands after the token",
    "tree_head": "position in the row of the token's head in the parse tree; the root has its own position",
    "tree_depth": "steps from the token up to the root of its parse tree; the root has 0",
}
"""The table of labels: name, and what the values mean."""

POINTERS = ("tree_head", "previous_copy")
"""Labels whose value is a position in the row."""

RELATIONS: tuple[str, ...] = (
    "capital",
    "country",
    "language",
    "landmark",
    "birthplace",
    "job",
    "instrument",
    "sport",
    "opposite",
    "plural",
    "next letter",
    "continent",
    "parity",
    "gender",
    "sort",
)
SERIES = ("day", "month", "letter", "number")

_FIRST_ROLES = (
    "first second giver recipient verb place object subject attractor embedded predicate thing judgement reaction "
    "country city language person landmark answer name pronoun companion unit start step opener closer word filler "
    "colour event given other verdict holder mover"
)
ROLES: list[str] = _FIRST_ROLES.split()
"""Roles by number: the names of slots in templates. A new task that needs another one calls `add_role`."""

_ROLE_NUMBER = {role: number for number, role in enumerate(ROLES)}


def add_role(name: str) -> int:
    """Add a role at the end of ROLES, if it is new, and return its number."""
    if name not in _ROLE_NUMBER:
        _ROLE_NUMBER[name] = len(ROLES)
        ROLES.append(name)
    return _ROLE_NUMBER[name]


def role_number(name: str) -> int:
    """The number of a role."""
    return _ROLE_NUMBER[name]


GENDERED = {CATEGORIES.index("male name"): 0, CATEGORIES.index("female name"): 1}

STATE_PEOPLE = 6
STATE_COLUMNS = ("person", "place", "object")
"""Columns of the story state: for each of up to six people, in the order in which they appear, the entity numbers of
the person, of the place where they are and of the object they have, as known after the token; -1 for not known."""
