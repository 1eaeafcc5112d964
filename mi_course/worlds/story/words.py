"""The words of Story World, group by group. Order matters: a word's place in `VOCABULARY` is its token id."""

from __future__ import annotations

BOS_WORD, PAD_WORD = "[BOS]", "[PAD]"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pair(text: str) -> tuple[str, str]:
    one, two = text.split("/")
    return one, two


def _row(text: str) -> tuple[str, str, str]:
    one, two, three = text.split("/")
    return one, two, three


MALE_NAMES = _words(
    "john tom james peter paul mark david simon adam kevin brian eric frank george henry jack luke oscar ryan victor"
)
FEMALE_NAMES = _words(
    "mary anna alice sarah emma julia laura nina olivia rose sophie tina ursula vera wendy zoe grace helen irene kate"
)
FIRST_NAMES = _words("albert bruno carla doris edgar fiona gustav hilda igor judith karl linda marco nora otto petra")
LAST_NAMES = _words("berg stein fischer hill king lopez moore novak ortiz parker quinn reed silva tanaka weber young")
JOBS = _words("doctor teacher lawyer painter pilot farmer baker singer dancer chemist")
INSTRUMENTS = _words("piano violin guitar flute cello trumpet harp banjo")
SPORTS = _words("tennis soccer golf chess hockey rugby judo polo")

PLACES = _words(
    "store park school station beach library office market garden museum cafe hospital restaurant theater zoo"
)
OBJECTS = _words("book ball letter coin cup ring drink snack flower necklace basketball computer bone camera hat")
TRANSFER_VERBS = ("gave", "handed", "passed", "offered", "sent")

COUNTRIES = tuple(
    _row(row)
    for row in _words(
        "france/paris/french italy/rome/italian spain/madrid/spanish germany/berlin/german japan/tokyo/japanese "
        "china/beijing/chinese russia/moscow/russian egypt/cairo/arabic greece/athens/greek poland/warsaw/polish "
        "turkey/ankara/turkish sweden/stockholm/swedish norway/oslo/norwegian finland/helsinki/finnish "
        "denmark/copenhagen/danish hungary/budapest/hungarian portugal/lisbon/portuguese india/delhi/hindi "
        "iran/tehran/persian thailand/bangkok/thai vietnam/hanoi/vietnamese korea/seoul/korean "
        "kenya/nairobi/swahili israel/jerusalem/hebrew austria/vienna/german croatia/zagreb/croatian "
        "peru/lima/spanish chile/santiago/spanish brazil/brasilia/portuguese iraq/baghdad/arabic "
        "morocco/rabat/arabic syria/damascus/arabic england/london/english ireland/dublin/english "
        "canada/ottawa/english australia/canberra/english scotland/edinburgh/english cuba/havana/spanish "
        "ukraine/kyiv/ukrainian romania/bucharest/romanian"
    )
)
"""Country, capital, language."""

CONTINENTS: dict[str, tuple[str, ...]] = {
    "europe": _words(
        "france italy spain germany russia greece poland sweden norway finland denmark hungary portugal austria "
        "croatia england ireland scotland ukraine romania"
    ),
    "asia": _words("japan china turkey india iran thailand vietnam korea israel iraq syria"),
    "africa": _words("egypt kenya morocco"),
    "america": _words("peru chile brazil canada cuba"),
}
SORTS = _words("country sport job colour male female man woman even odd continent parity gender word names")
"""Words that say what sort of thing something is; `city`, `language`, `day` and `month` are among the others."""

LANDMARK_KINDS = ("old", "grand", "red", "white", "golden", "silver", "iron", "stone")
LANDMARK_BUILDINGS = ("tower", "bridge", "castle", "gate", "palace", "temple", "column", "fountain")

ANIMATE_NOUNS = tuple(
    (noun, f"{noun}s") for noun in _words("boy girl dog cat friend teacher farmer bird author pilot horse")
)
INANIMATE_NOUNS = (
    *((noun, f"{noun}s") for noun in _words("key car tree house picture table cabinet lamp")),
    ("box", "boxes"),
)
PREPOSITIONS = ("near", "behind", "beside", "above", "below", "with")
ADJECTIVES = ("tall", "small", "new", "ready", "clean", "dirty", "missing", "famous", "quiet", "loud")
LINKING_VERBS = (("is", "are"), ("was", "were"))
ANIMATE_VERBS = (("has", "have"), ("likes", "like"), ("runs", "run"))
INANIMATE_VERBS = (("stands", "stand"), ("looks", "look"))
TRANSITIVE_VERBS = (("sees", "see"), ("knows", "know"), ("follows", "follow"), ("likes", "like"))

POSITIVE = ("wonderful", "great", "lovely", "excellent", "amazing", "superb", "delightful", "brilliant")
NEGATIVE = ("awful", "terrible", "horrible", "dreadful", "boring", "poor", "nasty", "bad")
THINGS = ("movie", "food", "service", "hotel", "song", "show", "play", "meal", "room", "concert")

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = _words("january february march april may june july august september october november december")
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
NUMBERS = tuple(f"{number:02d}" for number in range(100))
STEP_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
EVENTS = ("war", "siege", "strike", "trial", "voyage", "festival")
COLOURS = ("crimson", "amber", "violet", "indigo", "teal", "maroon", "olive", "ivory")
OPPOSITES = tuple(
    _pair(pair)
    for pair in _words(
        "tall/short small/big clean/dirty quiet/loud hot/cold wet/dry fast/slow hard/soft dark/bright strong/weak "
        "early/late open/shut full/empty deep/shallow thick/thin sweet/sour heavy/light wide/narrow sharp/dull "
        "rough/smooth"
    )
)
SPARE = ("blicket", "dax", "wug", "toma", "fep", "zup", "kiki", "bouba")
"""Words that mean nothing and stand in random repetitions only: free for a task that needs new words."""

PUNCTUATION = (".", ",", ":", ";", "(", ")", "[", "]", '"')
FUNCTION_WORDS = _words(
    "the a i it he she his her him this that and or when after while then before because to of in on at from at with "
    "one many lot fun people together yesterday later both over there quickly here who where "
    "is are was were had has went walked working met arrived saw found lost decided give gave took entered reached "
    "lives loved hated would recommend avoid overall smiled cried happy sad said drove home "
    "capital language speak born works as plays city opposite comes day days month months year lasted "
    "count code list letters true false its"
)

_GROUPS: tuple[tuple[str, ...], ...] = (
    (BOS_WORD, PAD_WORD),
    PUNCTUATION,
    FUNCTION_WORDS,
    MALE_NAMES,
    FEMALE_NAMES,
    FIRST_NAMES,
    LAST_NAMES,
    JOBS,
    INSTRUMENTS,
    SPORTS,
    PLACES,
    OBJECTS,
    TRANSFER_VERBS,
    tuple(word for row in COUNTRIES for word in row),
    LANDMARK_KINDS,
    LANDMARK_BUILDINGS,
    tuple(word for noun in (*ANIMATE_NOUNS, *INANIMATE_NOUNS) for word in noun),
    PREPOSITIONS,
    ADJECTIVES,
    tuple(v for verb in (*LINKING_VERBS, *ANIMATE_VERBS, *INANIMATE_VERBS, *TRANSITIVE_VERBS) for v in verb),
    POSITIVE,
    NEGATIVE,
    THINGS,
    DAYS,
    MONTHS,
    LETTERS,
    NUMBERS,
    STEP_WORDS,
    EVENTS,
    COLOURS,
    tuple(word for pair in OPPOSITES for word in pair),
    tuple(CONTINENTS),
    SORTS,
    SPARE,
)

VOCABULARY: tuple[str, ...] = tuple(dict.fromkeys(word for group in _GROUPS for word in group))
"""Every token, [BOS] first. A word that stands in two groups (`teacher`, a job and a noun) is one token."""
