"""What a study's evidence supports, and where an abstract says more."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from mi_course.checking import Exercise, Item, Items, Oracle, Question, Tempting, sorting
from mi_course.claims import Evidence

CHAPTER = "mechanistic"

QUESTIONS: list[Question] = [
    Question(
        name="heads_needed",
        text="Of the eight heads of induction-2l, how many are needed: with the head's output replaced, accuracy on "
        "the second copy falls below one half?",
        low=0,
        high=8,
    ),
]

# --- strongest_claim --------------------------------------------------------------------------------------------------

RUNGS = {rung: rung.label for rung in Evidence}
BEHAVIOURAL, CORRELATIONAL = RUNGS[Evidence.BEHAVIOURAL], RUNGS[Evidence.CORRELATIONAL]
COMPONENT, END_TO_END = RUNGS[Evidence.CAUSAL_COMPONENT], RUNGS[Evidence.CAUSAL_END_TO_END]

READ_OUT = "what can be read out taken for what is used"
ONE_PART = "one component taken for the whole path"
UNTESTED = "a finding carried to where it was not tested"
NEEDED = "what is needed taken for what is enough"
INPUTS = "a change of the input taken for a change inside"
OWN_WORDS = "the model's own words taken for its inside"
NAME = "the method's name for what was done"

STUDIES = Items(
    items=[
        Item(
            "c01",
            "On 2,000 unseen sentences the model picks the verb that agrees with its subject in 97 of 100.",
            BEHAVIOURAL,
            "What has been looked at: what comes out, or what is inside?",
        ),
        Item(
            "c02",
            "A linear probe reads the place of a person from the residual stream after layer 2, right in 95 of 100 "
            "held out stories. On the untrained model it is right in 22.",
            CORRELATIONAL,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    READ_OUT,
                    COMPONENT,
                    "The probe reads and writes nothing: whether the model uses what it reads is open.",
                )
            ],
        ),
        Item(
            "c03",
            "In every prompt, the output of head L2H4 is replaced with its output on another prompt. Right answers "
            "fall from 91 to 34 in 100; for other heads they fall by 3 at most.",
            COMPONENT,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    ONE_PART,
                    END_TO_END,
                    "One head was changed. What feeds it, and what is made of its output, was not tested.",
                )
            ],
        ),
        Item(
            "c04",
            "A step-by-step program is written down, each of its steps assigned to a place in the model, from the "
            "words to the answer. Each place is swapped between runs, alone and together; the answer is the one that "
            "the program predicts in 96 of 100 pairs of test prompts.",
            END_TO_END,
            "How much of the way from input to output was tested?",
            [
                Tempting(
                    NAME,
                    COMPONENT,
                    "Swapping is also done with single components; here every step of the program was swapped, from "
                    "the words to the answer.",
                )
            ],
        ),
        Item(
            "c05",
            "A chat model is asked how it adds two numbers, and describes carrying the one. The descriptions agree "
            "with its answers in 88 of 100 sums.",
            BEHAVIOURAL,
            "Where does the description stand: inside the model, or in what it puts out?",
            [
                Tempting(
                    OWN_WORDS,
                    CORRELATIONAL,
                    "The description is output. That it agrees with other output shows nothing about the inside.",
                )
            ],
        ),
        Item(
            "c06",
            "Prompts ask for the country of a city. At one layer and position, the residual stream is set to its value "
            "on the prompt about Rome; the answer to the prompt about Oslo becomes Italy, and so for 80 of 100 pairs.",
            COMPONENT,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    ONE_PART,
                    END_TO_END,
                    "One place on the way was changed. How the model gets there, and on from there, was not tested.",
                )
            ],
        ),
        Item(
            "c07",
            "Exchanging the two names in a prompt exchanges the two names' probabilities in the answer, in 99 of 100 "
            "prompts.",
            BEHAVIOURAL,
            "Something was changed. What was it?",
            [
                Tempting(
                    INPUTS,
                    COMPONENT,
                    "The prompt was changed and no component of the model: it is a test of what comes out for what "
                    "goes in.",
                )
            ],
        ),
        Item(
            "c08",
            "Five heads are proposed as the mechanism of a task. When all five are switched off together, the task is "
            "lost; five heads drawn at random do no harm. Whether the five alone would do was not tried.",
            COMPONENT,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    NEEDED,
                    END_TO_END,
                    "That the task is lost shows that the five are needed. Other parts may be needed just as much, so "
                    "they need not account for the behaviour.",
                )
            ],
        ),
        Item(
            "c09",
            "A feature of a sparse autoencoder is active on 92 of 100 sentences about rain and on 1 of 100 others. Its "
            "name is rain.",
            CORRELATIONAL,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    READ_OUT,
                    COMPONENT,
                    "The feature goes along with rain. It was not switched on or off, so what it does is open.",
                )
            ],
        ),
        Item(
            "c10",
            "In model A, switching off one head halves the right answers. Model B, trained on the same data, was only "
            "asked the same questions, and does as well as A. About model B:",
            BEHAVIOURAL,
            "Read the last three words. What was done with that model?",
            [
                Tempting(
                    UNTESTED,
                    COMPONENT,
                    "The intervention was on model A. Of model B only the answers are known.",
                )
            ],
        ),
        Item(
            "c11",
            "A path is proposed: from the words, through 12 heads and the connections between them, to the answer. "
            "Everything outside it, and all that enters it from outside, is replaced with values from other prompts. "
            "On fresh prompts 94 % of the effect remains; a random path of that size keeps 4 %.",
            END_TO_END,
            "Is it known what the rest of the model contributes?",
            [
                Tempting(
                    NAME,
                    COMPONENT,
                    "Replacing is also done with single heads. Here everything but the path from words to answer was "
                    "replaced, and the path accounts for the behaviour.",
                )
            ],
        ),
        Item(
            "c12",
            "For two names per sentence, a mechanism was confirmed from input to output. For three names per sentence, "
            "the same heads look at the same words; nothing was changed there. About three names:",
            CORRELATIONAL,
            "With three names, was anything inside looked at, and was anything there changed?",
            [
                Tempting(
                    UNTESTED,
                    END_TO_END,
                    "The test from input to output was for two names. For three, attention was observed.",
                ),
                Tempting(
                    READ_OUT,
                    COMPONENT,
                    "For three names, where heads look was observed and nothing changed: whether it is used is open.",
                ),
            ],
        ),
        Item(
            "c13",
            "A probe finds a direction for singular and plural in layer 4. When this direction is erased there, the "
            "verb is right no more often than by guessing; erasing a random direction changes nothing.",
            COMPONENT,
            "Read past the first sentence: what was done to the model?",
            [
                Tempting(
                    NAME,
                    CORRELATIONAL,
                    "The probe only found the direction. It was then erased and the behaviour changed.",
                ),
                Tempting(
                    ONE_PART,
                    END_TO_END,
                    "One direction in one layer was changed; what writes it and what reads it was not tested.",
                ),
            ],
        ),
        Item(
            "c14",
            "A path of four heads is proposed. Cutting any one of the connections between them ruins the task. What "
            "the path does on its own, without the rest of the model, was not tried.",
            COMPONENT,
            "Was anything inside looked at? Was anything there changed, and how much of the way does that cover?",
            [
                Tempting(
                    NEEDED,
                    END_TO_END,
                    "Each connection is needed. Whether the path is enough to account for the behaviour was not tried.",
                )
            ],
        ),
    ],
    labels={
        BEHAVIOURAL: "what comes out for what goes in",
        CORRELATIONAL: "something inside goes along with what is of interest",
        COMPONENT: "changing this component or connection changes the behaviour",
        END_TO_END: "a proposed mechanism, from input to output, accounts for the behaviour on the data tested",
    },
    traps={
        READ_OUT: "You give a causal rung to something that was only read out. Probes, attention and the inputs on "
        "which a feature is active show that something inside goes along with what is of interest; causal is what "
        "changes the behaviour when it is changed.",
        ONE_PART: "You give the highest rung to a change in one place. It shows that this place has an effect. End to "
        "end means that every step from input to output was tested (Saphra & Wiegreffe 2024, end of section 2.1).",
        UNTESTED: "You let evidence from one place speak for another. A rung holds for the model and the data it was "
        "reached on; for others ask anew what was done there.",
        NEEDED: "You take a part that is needed for a mechanism that is enough. Switching off shows that the behaviour "
        "does not do without the part. That a path accounts for it shows when all else is taken away.",
        INPUTS: "You count a change of the prompt as a change inside. It is a good experiment about behaviour: what "
        "comes out for what goes in. How the model does it stays closed.",
        OWN_WORDS: "You count what a model says about itself as a look inside. It is text that the model puts out, and "
        "text can be convincing and not be how the answer came about.",
        NAME: "You sort by the name of the method. The same method can be used to observe, to change one part or to "
        "test a whole path. What was done, and to how much of the model, decides.",
    },
    also={
        **{str(int(rung)): label for rung, label in RUNGS.items()},
        **{rung.name: label for rung, label in RUNGS.items()},
        "behavioral": BEHAVIOURAL,
        "causal for a component": COMPONENT,
        "component": COMPONENT,
        "causal end to end": END_TO_END,
        "end to end": END_TO_END,
    },
    noun="study",
)


class _Changed(IntEnum):
    """What was set from outside, in the model and on the data that the question is about."""

    NOTHING = 0
    THE_INPUT = 1
    A_PART = 2
    ALL_BUT_THE_PATH = 3


class _Done(NamedTuple):
    """looked: something between input and output was looked at. changed: what was set to another value."""

    looked: bool
    changed: _Changed


_DONE = {
    "c01": _Done(False, _Changed.NOTHING),
    "c02": _Done(True, _Changed.NOTHING),
    "c03": _Done(True, _Changed.A_PART),
    "c04": _Done(True, _Changed.ALL_BUT_THE_PATH),
    "c05": _Done(False, _Changed.NOTHING),
    "c06": _Done(True, _Changed.A_PART),
    "c07": _Done(False, _Changed.THE_INPUT),
    "c08": _Done(True, _Changed.A_PART),
    "c09": _Done(True, _Changed.NOTHING),
    "c10": _Done(False, _Changed.NOTHING),
    "c11": _Done(True, _Changed.ALL_BUT_THE_PATH),
    "c12": _Done(True, _Changed.NOTHING),
    "c13": _Done(True, _Changed.A_PART),
    "c14": _Done(True, _Changed.A_PART),
}


def _by_what_was_changed() -> dict[str, str]:
    """The ladder of `mi_course.claims` as a rule over what was looked at and what was changed."""

    def rung(done: _Done) -> Evidence:
        if done.changed is _Changed.ALL_BUT_THE_PATH:
            return Evidence.CAUSAL_END_TO_END
        if done.changed is _Changed.A_PART:
            return Evidence.CAUSAL_COMPONENT
        return Evidence.CORRELATIONAL if done.looked else Evidence.BEHAVIOURAL

    return {key: RUNGS[rung(done)] for key, done in _DONE.items()}


strongest_claim = sorting(
    STUDIES,
    name="strongest_claim",
    chapter=CHAPTER,
    section="0.4",
    title="The strongest claim that a study supports",
    core=True,
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "Ask two questions of each study. Was anything between input and output looked at? Was anything there set to "
        "another value, and if so, how much?",
        "No look inside: behavioural. A look and no change: correlational. A change to a part: causal for that part. "
        "End to end only where every step of the path was tested, or the path did the work with all else taken away. "
        "Where a study ends in 'About …:', ask what was done there.",
        "End to end are c04 and c11. Causal for a component are c03, c06, c08, c13 and c14. Correlational are c02, c09 "
        "and c12. In the others nothing inside was looked at, in what the question is about.",
    ),
    oracle=Oracle("the ladder as a rule over what was looked at and changed", _by_what_was_changed),
    alternatives={
        "members of Evidence": lambda: {
            key: next(rung for rung, label in RUNGS.items() if label == answer) for key, answer in STUDIES.key.items()
        },
        "numbers of the rungs": lambda: {
            key: [*RUNGS.values()].index(answer) + 1 for key, answer in STUDIES.key.items()
        },
    },
)

# --- overclaims -------------------------------------------------------------------------------------------------------

MORE, SUPPORTED = "says more than its evidence", "supported"

USES = "represents read as uses"
ONE_CASE = "one case read as all"
UNDERSTANDS = "a test read as understanding"
PLAUSIBLE = "convincing read as faithful"
STRONG_WORD = "a strong word read as too strong"

_A = "Abstract A. Where is everybody? A chat model and the places of people"
_B = "Abstract B. Names and weekdays in a small language model"

SENTENCES = Items(
    items=[
        Item(
            "A1",
            "We ask whether, and how, a chat model keeps track of where people are in a story.",
            SUPPORTED,
            "Does this sentence claim a result?",
            group=_A,
        ),
        Item(
            "A2",
            "On 2,000 stories that it has not seen, it names the right place in 94 of 100.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_A,
        ),
        Item(
            "A3",
            "The model understands what it means to be somewhere.",
            MORE,
            "Which of the other sentences would support this, and what else could lead to the same numbers?",
            [
                Tempting(
                    UNDERSTANDS,
                    SUPPORTED,
                    "Right answers on a test are behaviour; a rule of thumb that fits these "
                    "stories would give them, too.",
                )
            ],
            group=_A,
        ),
        Item(
            "A4",
            "A linear probe reads the place from layer 8 in 97 of 100 held-out stories; on a model with random "
            "weights it is right in 24.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_A,
        ),
        Item(
            "A5",
            "The place is therefore represented in layer 8 so that a linear map can read it.",
            SUPPORTED,
            "Compare the verb of this sentence with what a probe does.",
            [
                Tempting(
                    STRONG_WORD,
                    MORE,
                    "This is what the probe showed, on held-out stories and with a baseline: that "
                    "a linear map can read it. Nothing is said about use.",
                )
            ],
            group=_A,
        ),
        Item(
            "A6",
            "The model uses this representation when it names a place.",
            MORE,
            "Compare the verb of this sentence with what was done in layer 8.",
            [
                Tempting(
                    USES,
                    SUPPORTED,
                    "A probe reads. That the model reads the same thing was not tested: nothing in "
                    "layer 8 was changed.",
                )
            ],
            group=_A,
        ),
        Item(
            "A7",
            "Asked for its reasons, the model quotes a sentence of the story, and 30 readers rate these reasons "
            "4.2 of 5 for how convincing they are.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_A,
        ),
        Item(
            "A8",
            "The quoted sentences show what its answers depend on.",
            MORE,
            "What would have to be changed to find out what an answer depends on?",
            [
                Tempting(
                    PLAUSIBLE,
                    SUPPORTED,
                    "Readers found the reasons convincing, which is plausibility. Whether "
                    "answers depend on the sentences would show when they are changed.",
                )
            ],
            group=_A,
        ),
        Item(
            "A9",
            "When the output of head 11.3 is replaced with its output on another story, right answers fall from "
            "94 to 41 in 100: on these stories the head is a cause of the right answer.",
            SUPPORTED,
            "Look at what was changed, and at how far the claim after the colon goes.",
            [
                Tempting(
                    STRONG_WORD,
                    MORE,
                    "The head was changed and the answers changed with it. Cause is the word for "
                    "that, and the sentence keeps to this head and these stories.",
                )
            ],
            group=_A,
        ),
        Item(
            "B1",
            "In 300 prompts with two names, head 5.3 of one small model is given its output on the prompt with "
            "the names exchanged; this reverses the choice of name in 71 of 100, with any other head in 2 at most.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_B,
        ),
        Item(
            "B2",
            "In these prompts, the output of head 5.3 has a causal effect on the choice between the two names.",
            SUPPORTED,
            "Look at what was changed, and at how far the claim goes.",
            [
                Tempting(
                    STRONG_WORD,
                    MORE,
                    "It was changed and the choice changed: a causal effect, of this output, in these prompts.",
                )
            ],
            group=_B,
        ),
        Item(
            "B3",
            "Language models choose names by means of a head of this kind.",
            MORE,
            "How many models were looked at?",
            [
                Tempting(
                    ONE_CASE,
                    SUPPORTED,
                    "One head of one small model was tested. That models in general do the same is a guess.",
                )
            ],
            group=_B,
        ),
        Item(
            "B4",
            "In the same prompts, head 2.1 pays 93 % of its attention to the name that stands first.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_B,
        ),
        Item(
            "B5",
            "From head 2.1 the model gets the order of the names, on which it bases its choice.",
            MORE,
            "What was done with head 2.1?",
            [
                Tempting(
                    USES, SUPPORTED, "Where the head looks was observed. That anything is made of it was not tested."
                )
            ],
            group=_B,
        ),
        Item(
            "B6",
            "In a sparse autoencoder, the ten texts on which feature 812 is most active all contain the word Monday.",
            SUPPORTED,
            "Is anything claimed beyond what was counted?",
            group=_B,
        ),
        Item(
            "B7",
            "Feature 812 stands for the days of the week.",
            MORE,
            "Which days were looked at, and how many texts?",
            [
                Tempting(
                    ONE_CASE,
                    SUPPORTED,
                    "Ten texts about one day were seen. Other days, and texts with weaker activity, were not.",
                )
            ],
            group=_B,
        ),
        Item(
            "B8",
            "Hence the model knows what a week is.",
            MORE,
            "Which of the other sentences would support this?",
            [
                Tempting(
                    UNDERSTANDS,
                    SUPPORTED,
                    "Ten texts with one word do not show knowledge of weeks; no number here measures it.",
                )
            ],
            group=_B,
        ),
        Item(
            "B9",
            "Of three diagrams of the circuit, readers found ours the clearest; it is therefore the one that is "
            "closest to what the model does.",
            MORE,
            "Two things are said about the diagram. Does the first support the second?",
            [
                Tempting(
                    PLAUSIBLE,
                    SUPPORTED,
                    "Clear to readers is one thing, true to the model another; for that, the "
                    "model's behaviour would have to be held against the diagram.",
                )
            ],
            group=_B,
        ),
        Item(
            "B10",
            "Whether head 5.3 is needed for longer prompts we have not tested.",
            SUPPORTED,
            "Does this sentence claim a result?",
            group=_B,
        ),
    ],
    labels={
        MORE: "claims more than what was done can show",
        SUPPORTED: "says what was done, found, or follows from it",
    },
    traps={
        USES: "You let a claim of use pass on evidence of presence. That something can be read inside a model, or that "
        "a head looks there, does not show that the model makes anything of it. For use, change it and see.",
        ONE_CASE: "You let a finding on a few named examples pass for a rule. A claim reaches as far as the models and "
        "the data that were tried, and a sentence about more says more than its evidence.",
        UNDERSTANDS: "You let a word for a state of mind pass. Right answers show what comes out on these inputs; "
        "understanding or knowing is one of many explanations for them, and the study does not tell them apart.",
        PLAUSIBLE: "You let convincing pass for faithful. Whether readers like an explanation is measured on readers; "
        "whether it tells how the answer came about has to be measured on the model (Jacovi & Goldberg 2020).",
        STRONG_WORD: "You mark sentences for a strong word. Cause and represented are in order where what was done "
        "shows them, and where the sentence goes no further than that.",
    },
    marks=MORE,
    also={"overclaims": MORE, "overclaim": MORE, "too much": MORE, "fine": SUPPORTED},
    noun="sentence",
)


class _Reach(NamedTuple):
    """How far a sentence goes, and how far what was done goes.

    says, shown: a rung of the ladder, 0 where the sentence claims nothing about the model or nothing measured on it.
    to_others: it speaks of models or data beyond those that were tried.
    """

    says: int
    shown: int
    to_others: bool = False


_REACH = {
    "A1": _Reach(0, 0),
    "A2": _Reach(1, 1),
    "A3": _Reach(4, 1),  # how the answers come about, on evidence about the answers
    "A4": _Reach(2, 2),
    "A5": _Reach(2, 2),
    "A6": _Reach(3, 2),
    "A7": _Reach(1, 1),
    "A8": _Reach(3, 1),
    "A9": _Reach(3, 3),
    "B1": _Reach(3, 3),
    "B2": _Reach(3, 3),
    "B3": _Reach(3, 3, to_others=True),
    "B4": _Reach(2, 2),
    "B5": _Reach(3, 2),
    "B6": _Reach(2, 2),
    "B7": _Reach(2, 2, to_others=True),
    "B8": _Reach(4, 2),
    "B9": _Reach(4, 0),
    "B10": _Reach(0, 0),
}


def _by_reach() -> dict[str, str]:
    return {key: MORE if reach.says > reach.shown or reach.to_others else SUPPORTED for key, reach in _REACH.items()}


overclaims = sorting(
    SENTENCES,
    name="overclaims",
    chapter=CHAPTER,
    section="0.4",
    title="Where an abstract says more than its evidence",
    core=True,
    difficulty=2,
    minutes=12,
    points=3,
    prerequisites=("strongest_claim",),
    hints=(
        "First find the sentences that only report what was done and counted. Then ask of each other sentence: which "
        "of these supports it?",
        "Four steps go too far: from being there to being used, from a few cases to all, from right answers to "
        "understanding, from convincing readers to being true of the model. A strong word alone is no step.",
        "Each abstract takes each step at most once, save that B goes from a few cases to all twice. The sentences "
        "with 'cause' and 'causal' in them, and the one with 'represented', are supported.",
    ),
    oracle=Oracle("rungs claimed against rungs shown, sentence by sentence", _by_reach),
)

EXERCISES: list[Exercise] = [strongest_claim, overclaims]
