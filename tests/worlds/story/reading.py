"""Read sentences of Story World from their text alone, knowing English and nothing of how they were written."""

from __future__ import annotations

from mi_course.worlds.story import words as w

NAMES = {*w.MALE_NAMES, *w.FEMALE_NAMES}
NUMBER_OF_NOUN = {form: number for noun in (*w.ANIMATE_NOUNS, *w.INANIMATE_NOUNS) for number, form in enumerate(noun)}
VERBS = (*w.LINKING_VERBS, *w.ANIMATE_VERBS, *w.INANIMATE_VERBS, *w.TRANSITIVE_VERBS)
NUMBER_OF_VERB = {form: number for verb in VERBS for number, form in enumerate(verb)}


def clause(words: list[str]) -> tuple[list[int], dict[int, int]]:
    """Parse `the key near the cars that the boy likes is ready .`: heads by place, and the verb of each subject.

    A stack of subjects whose verb is still to come: `that` opens a clause, a verb closes the innermost.
    """
    heads = [-1] * len(words)
    verb_of: dict[int, int] = {}
    subjects: list[int] = []
    clause_words: list[int] = []
    place = 0
    while place < len(words):
        word = words[place]
        if word == "the" and not _done(subjects, verb_of):
            noun = place + 1
            while words[noun] not in NUMBER_OF_NOUN:
                noun += 1
            for before in range(place, noun):
                heads[before] = noun
            if place and words[place - 1] in w.PREPOSITIONS:
                heads[noun], heads[place - 1] = place - 1, subjects[-1]
            else:
                subjects.append(noun)
            place = noun
        elif word == "that":
            clause_words.append(place)
        elif word in NUMBER_OF_VERB and not _done(subjects, verb_of):
            subject = next(noun for noun in reversed(subjects) if noun not in verb_of)
            verb_of[subject] = place
            heads[subject] = place
            outer = [noun for noun in subjects if noun not in verb_of]
            if outer:
                heads[place] = outer[-1]
                heads[clause_words.pop()] = place
            else:
                heads[place] = place
                last = len(words) - 2
                for rest in range(place + 1, len(words)):
                    heads[rest] = last if rest < last else place
                break
        place += 1
    return heads, verb_of


def _done(subjects: list[int], verb_of: dict[int, int]) -> bool:
    return bool(subjects) and all(noun in verb_of for noun in subjects)


def story(words: list[str]) -> list[dict[str, tuple[str | None, str | None]]]:
    """After each word, in the order in which people appear, where each is and what each has."""
    now: dict[str, list[str | None]] = {}
    after = []
    who = ""
    for place, word in enumerate(words):
        if word in NAMES:
            who = word
            now.setdefault(who, [None, None])
        elif place > 1 and words[place - 1] == "the":
            now[who][0 if words[place - 2] in ("entered", "reached") else 1] = word
        after.append({name: (known[0], known[1]) for name, known in now.items()})
    return after
