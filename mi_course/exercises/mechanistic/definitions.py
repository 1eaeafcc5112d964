"""Which definition of mechanistic a study meets."""

from __future__ import annotations

from typing import NamedTuple

from mi_course.checking import Exercise, Item, Items, Oracle, Question, Tempting, sorting

CHAPTER = "mechanistic"

QUESTIONS: list[Question] = [
    Question(
        name="inside_without_cause",
        text="Of the 24 studies, how many describe the inside of a model without a causal test of it?",
        low=0,
        high=24,
    ),
    Question(
        name="where_the_sum_is",
        text="u1, u2 and u4 always hold a + b. Swapping which of them does to the output what swapping the sum would?",
        kind=str,
        options=("u1", "u2", "u4", "u1 and u2 together", "none of these"),
    ),
]

# --- classify_definition ----------------------------------------------------------------------------------------------

NARROW, BROAD = "narrow technical", "broad technical"
COMMUNITY, FIELD = "narrow cultural", "broad cultural"
ALL = {NARROW, BROAD, COMMUNITY, FIELD}

OUTPUTS = "input-output tests counted as technical"
SALIENCY = "a saliency map counted as the model's inside"
AUTHOR = "the author for the method"
WORDS = "a causal word without an intervention"
INCLUSION = "narrow without broad"
BADGE = "the method or the venue for the author"
INPUTS = "an intervention, but on the input"
END_TO_END = "only the end-to-end definition"
NAME = "the method's name for what was done"
PURIST = "the broad cultural definition left out"
ANY = "any work on models counted"

TRAPS = {
    OUTPUTS: "You count looking at outputs as looking inside. The broad technical definition asks for a description of "
    "internals, such as activations or weights (section 1), and behavioural testing with pairs of inputs and outputs "
    "is the paper's own example of what is not mechanistic in the technical sense (section 2.1).",
    SALIENCY: "You count a heat map over the input as a description of the model's inside. It says which parts of the "
    "input matter. The word mechanistic was coined to set circuits apart from such maps (section 3.2.1); that they are "
    "back among the community's tools (section 3.2.2) bears on the cultural definitions.",
    AUTHOR: "You go by who wrote it. That is what the narrow cultural definition asks (section 1). The technical "
    "definitions ask what was done, whoever did it: both communities have work on either side of that line.",
    WORDS: "You take the abstract's word for it. The narrow technical definition requires causal methods "
    "(section 2.1): look for something inside that was changed, and for an effect of the change.",
    INCLUSION: "You give a narrow definition and leave out the broad one around it. Whoever finds causal mechanisms "
    "at the level of internal representations describes internals; and interpretability research from the MI "
    "community is interpretability research (section 1).",
    BADGE: "You go by method, title or venue. The narrow cultural definition describes the authors, not their methods "
    "or aims (section 1): what counts is how the lead authors came to the field, and to whom they are tied "
    "(footnote 3).",
    INPUTS: "Something was changed and an effect was measured, but not inside. The narrow technical definition leaves "
    "out what does not investigate intermediate representations of the model (section 2.1).",
    END_TO_END: "You ask for the whole path from input to output. That is the even narrower definition, which most "
    "early work of the field would fail (end of section 2.1). The narrow technical one is met by causal mechanisms "
    "that explain part of the way.",
    NAME: "You sort by the name of the method. Gradients and probes are mostly used to correlate, but here a change "
    "was made inside and its effect measured. What was done decides (section 2.1).",
    PURIST: "You leave out the broadest use of the word. In the broad cultural definition it covers all research on "
    "the interpretability of AI, whether or not the inside is looked at (sections 1 and 3.3).",
    ANY: "You count work that does not try to understand a model. Even the broad cultural definition is about "
    "interpretability research (section 1).",
}


def _study(number: int, text: str, answer: set[str], feedback: str, *tempting: Tempting) -> Item:
    return Item(f"s{number:02d}", text, answer, feedback, tempting, group=f"Studies {_eight(number)}")


def _eight(number: int) -> str:
    first = (number - 1) // 8 * 8 + 1
    return f"{first} to {first + 7}"


STUDIES = Items(
    items=[
        _study(
            1,
            "Test sentences are built from templates that vary names, negation and tense. For three language models "
            "the share of wrong answers is tabled, to understand what they have and have not learned. Authors: NLPI.",
            {FIELD},
            "Is there anything in this study between the question and the answer?",
            Tempting(
                OUTPUTS,
                {BROAD, FIELD},
                "Questions and answers are outside; no activation or weight is described (section 2.1).",
            ),
            Tempting(PURIST, set(), "Behavioural tests are a way of interpreting models, too (section 1, fourth use)."),
        ),
        _study(
            2,
            "A linear classifier is trained on the hidden states of each layer to tell whether the subject is singular "
            "or plural. Its accuracy is reported layer by layer. Authors: NLPI.",
            {BROAD, FIELD},
            "What does the classifier read, and does anybody write to it?",
            Tempting(
                AUTHOR,
                {FIELD},
                "Hidden states are internals, whoever reads them; probes began in the NLPI community (section 3.1.4).",
            ),
        ),
        _study(
            3,
            "Single neurons and heads are set to the values they take on a second prompt, where one word is exchanged "
            "for one of another gender. Measured is how far the predicted pronoun changes. Authors: NLPI.",
            {NARROW, BROAD, FIELD},
            "What was changed, and where in the model does it lie?",
            Tempting(
                AUTHOR,
                {FIELD},
                "Interventions on neurons and heads were used by NLPI researchers early on "
                "(section 3.1.3; footnote 8 names Vig et al. 2020).",
            ),
            Tempting(
                INCLUSION,
                {NARROW, FIELD},
                "Neurons and heads are internals, so the broad technical definition is met as well (section 1).",
            ),
            Tempting(
                END_TO_END,
                {BROAD, FIELD},
                "Effects of single components are causal mechanisms for a part of the way (section 2.1).",
            ),
        ),
        _study(
            4,
            "A forum post collects 400 prompts and the share of unsafe answers that a chat model gives, and asks what "
            "makes the model give in. Only prompts and answers are looked at. Authors: MI.",
            {COMMUNITY, FIELD},
            "Separate two questions: who wrote it, and what was looked at?",
            Tempting(OUTPUTS, {BROAD, COMMUNITY, FIELD}, "Prompts and answers are no internals (section 2.1)."),
            Tempting(
                AUTHOR,
                ALL,
                "The authors make it cultural. Nothing inside was looked at, so it is not technical (section 1).",
            ),
            Tempting(
                INCLUSION,
                {COMMUNITY},
                "It is interpretability research from the community, so it is interpretability research (section 1).",
            ),
        ),
        _study(
            5,
            "For a classifier of photographs, the gradient of the class score with respect to every pixel is drawn as "
            "a heat map over the picture. No layer in between is described. Authors: neither.",
            {FIELD},
            "What does the map describe: the picture or the model?",
            Tempting(
                SALIENCY,
                {BROAD, FIELD},
                "The map is over pixels; it was this kind of work from which circuit "
                "analysis was to be told apart (section 3.2.1).",
            ),
            Tempting(PURIST, set(), "For years this was what interpretability mostly meant (section 3.2.1)."),
        ),
        _study(
            6,
            "A sparse autoencoder is trained on the activations of one layer. Fifty of its features are named after "
            "the texts on which they are most active. Nothing in the model is changed. Authors: MI.",
            {BROAD, COMMUNITY, FIELD},
            "Activations are looked at. Is that all that the narrow technical definition asks?",
            Tempting(
                AUTHOR,
                ALL,
                "Coming from the community does not make it causal; naming features by their "
                "inputs correlates them (sections 2.1 and 3.1.3).",
            ),
            Tempting(
                INCLUSION,
                {BROAD, COMMUNITY},
                "It is interpretability research from the community, so it is interpretability research (section 1).",
            ),
        ),
        _study(
            7,
            "A sparse dictionary is learned for the hidden states of an encoder. Its entries are compared with lists "
            "of grammatical features; many match. Authors: NLPI.",
            {BROAD, FIELD},
            "Who has worked with sparse codes, and since when?",
            Tempting(
                BADGE,
                {BROAD, COMMUNITY, FIELD},
                "Sparse encoding is a longstanding interest of NLPI, too (section 3.3). The authors decide.",
            ),
            Tempting(AUTHOR, {FIELD}, "Hidden states are internals, whoever looks at them (section 1)."),
        ),
        _study(
            8,
            "Attention heads are switched off one at a time; for two of them the loss on repeated text rises. Where "
            "these two look is described. How the model notices the repetition is left open. Authors: MI.",
            {NARROW, BROAD, COMMUNITY, FIELD},
            "How much of the way from input to output has to be explained?",
            Tempting(
                END_TO_END,
                {BROAD, COMMUNITY, FIELD},
                "Induction heads are the paper's example of a mechanistic "
                "interpretation, and describe one component of the path (section 2.1).",
            ),
            Tempting(INCLUSION, {NARROW, COMMUNITY}, "Each narrow definition lies within its broad one (section 1)."),
        ),
        _study(
            9,
            "For each head of an encoder it is counted how much attention goes from a verb to its object. The abstract "
            "says that three heads cause the model to parse. No head is switched off. Authors: NLPI.",
            {BROAD, FIELD},
            "Compare what the abstract says with what was done.",
            Tempting(
                WORDS,
                {NARROW, BROAD, FIELD},
                "Where attention goes is observed here. The causal counterpart is "
                "another kind of study (section 3.1.2 names both).",
            ),
            Tempting(
                AUTHOR, {FIELD}, "Attention weights are activations of the model, whoever counts them (section 1)."
            ),
        ),
        _study(
            10,
            "Training data are read in larger blocks, so that training a model takes half the time. The trained model "
            "is the same. Authors: neither.",
            set(),
            "What does one understand about a model after reading this?",
            Tempting(ANY, {FIELD}, "Faster training does not ask how or why the trained model works (section 1)."),
        ),
        _study(
            11,
            "One word at a time is deleted from a review. Words whose deletion changes the predicted rating most are "
            "shown as the explanation. The model is a closed box throughout. Authors: NLPI.",
            {FIELD},
            "Something is changed and an effect is measured. Where is the change?",
            Tempting(
                INPUTS,
                {NARROW, FIELD},
                "The words are input; no intermediate representation is investigated (section 2.1).",
            ),
            Tempting(
                OUTPUTS, {BROAD, FIELD}, "Input words and outputs are seen, no activation or weight (section 2.1)."
            ),
        ),
        _study(
            12,
            "Title: A mechanistic account of negation. The hidden states at the word not are replaced by those of a "
            "sentence without it, and the predicted sentiment flips. The lead authors have run ACL workshops on "
            "interpretability for years.",
            {NARROW, BROAD, FIELD},
            "The title has the word in it. Whom does the narrow cultural definition ask about?",
            Tempting(
                BADGE,
                ALL,
                "The authors are closely tied to the ACL community (footnote 3). Many there have "
                "taken up the word (section 3.2.3).",
            ),
            Tempting(
                AUTHOR,
                {FIELD},
                "Replacing hidden states is an intervention inside the model, whoever does it (section 2.1).",
            ),
        ),
        _study(
            13,
            "Two checkpoints of a model are compared layer by layer with an index of how similar their representations "
            "are. It appears in an ACL journal. The lead author came to the field through an alignment fellowship and "
            "works with people from there.",
            {BROAD, COMMUNITY, FIELD},
            "Whom does the narrow cultural definition ask about: the journal or the author?",
            Tempting(
                BADGE,
                {BROAD, FIELD},
                "A lead author who entered through the alignment community counts as MI, "
                "wherever the paper appears (footnote 3).",
            ),
            Tempting(
                AUTHOR, ALL, "Similarity of representations describes structure, which is not causal (section 2.1)."
            ),
        ),
        _study(
            14,
            "A chat model writes out its reasoning before it answers. The written steps are sorted into six kinds, and "
            "compared with the final answers, to understand how the model reasons. Authors: MI.",
            {COMMUNITY, FIELD},
            "The reasoning is written by the model. Where does it stand: inside, or in what comes out?",
            Tempting(
                OUTPUTS,
                {BROAD, COMMUNITY, FIELD},
                "Written reasoning is output, like the answer; no activation "
                "or weight is described (sections 1 and 2.1).",
            ),
            Tempting(
                AUTHOR,
                ALL,
                "The authors make it cultural. What they looked at is text that the model wrote (section 1).",
            ),
        ),
        _study(
            15,
            "Gradients give each word of a prompt an importance for the next word, shown as colours over the prompt. "
            "No unit and no layer is described. Authors: MI.",
            {COMMUNITY, FIELD},
            "The tool is in use in the community. What does the result describe?",
            Tempting(
                SALIENCY,
                {BROAD, COMMUNITY, FIELD},
                "The colours are over the prompt. That the community uses "
                "such maps again (section 3.2.2) is a fact about the community.",
            ),
            Tempting(
                INCLUSION,
                {COMMUNITY},
                "It is interpretability research from the community, so it is interpretability research (section 1).",
            ),
        ),
        _study(
            16,
            "Gradients rank the heads of a model. The ten that rank first are then replaced, one by one, with their "
            "values on another prompt; the answer becomes less probable, as ranked. Authors: MI.",
            {NARROW, BROAD, COMMUNITY, FIELD},
            "Read past the first sentence: what was done after the ranking?",
            Tempting(
                NAME,
                {BROAD, COMMUNITY, FIELD},
                "The gradients only ranked the heads; the heads were then "
                "replaced and the effect measured, which is causal (section 2.1).",
            ),
        ),
        _study(
            17,
            "All sentences with a certain construction are taken out of the training text and a model is trained anew. "
            "It then judges such sentences less well, which tells what the ability is learned from. Authors: NLPI.",
            {FIELD},
            "Something is changed and an effect is measured. Where is the change?",
            Tempting(
                INPUTS,
                {NARROW, FIELD},
                "The training text was changed and judgements were compared. What is "
                "between them in the model is not investigated (section 2.1).",
            ),
            Tempting(
                PURIST,
                set(),
                "It is a study of what a language model has learned, and from what: "
                "interpretability in the broad use (section 1).",
            ),
        ),
        _study(
            18,
            "The singular values of all weight matrices are plotted by layer. The abstract says that their decay "
            "drives what the model generalises. No weight is changed. Authors: NLPI.",
            {BROAD, FIELD},
            "Compare what the abstract says with what was done.",
            Tempting(
                WORDS,
                {NARROW, BROAD, FIELD},
                "The plot describes weights. That they drive anything would have to be tested (section 2.1).",
            ),
            Tempting(AUTHOR, {FIELD}, "Weights are internals, whoever plots them (section 1)."),
        ),
        _study(
            19,
            "A recurrent network has learned to wait before it answers. To understand how, its hidden state is pushed "
            "forward along one axis in mid-run, and it answers earlier, as predicted. Authors: neither; they are "
            "neuroscientists.",
            {NARROW, BROAD, FIELD},
            "Leave the authors aside for a moment: what was changed, and where?",
            Tempting(
                AUTHOR,
                {FIELD},
                "The technical definitions do not ask who did it. A hidden state was changed and "
                "the effect measured (section 2.1).",
            ),
            Tempting(
                BADGE, ALL, "Neuroscientists are neither of the two communities, whatever method they use (footnote 3)."
            ),
        ),
        _study(
            20,
            "Thirty models are ranked by their marks in school examinations, to advise schools which one to buy. "
            "Authors: neither.",
            set(),
            "What does one understand about a model after reading this?",
            Tempting(
                ANY, {FIELD}, "A ranking for buyers does not ask how or why a model answers as it does (section 1)."
            ),
        ),
        _study(
            21,
            "A probe reads the number of the subject from hidden states. The states are then moved until the probe "
            "reads the right number, and the model picks the right verb more often. Authors: NLPI.",
            {NARROW, BROAD, FIELD},
            "Read past the first sentence: what was done with the probe?",
            Tempting(
                NAME,
                {BROAD, FIELD},
                "Here the probe only told in which direction to move the states; moving "
                "them is the causal validation that section 3.1.4 asks for.",
            ),
            Tempting(
                INCLUSION,
                {NARROW, FIELD},
                "Hidden states are internals, so the broad technical definition is met as well (section 1).",
            ),
        ),
        _study(
            22,
            "Forty physicians see a diagnosis model's answer with or without highlighted words. Measured is whether "
            "the explanation helps them to notice errors. Authors: neither.",
            {FIELD},
            "An explanation is tested on people. Which use of the word covers that?",
            Tempting(
                PURIST,
                set(),
                "Whether explanations help people is a question of the field of interpretability "
                "(section 1, fourth use).",
            ),
            Tempting(
                SALIENCY,
                {BROAD, FIELD},
                "Highlighted input words and what people do with them: nothing inside "
                "the model is described (section 1).",
            ),
        ),
        _study(
            23,
            "From papers and forum posts, the history is written of two communities that both interpret language "
            "models. No model is run. Authors: NLPI.",
            {FIELD},
            "No model is run, yet the study is about a field of research.",
            Tempting(PURIST, set(), "Work on the field belongs to the field in the broad use (sections 1 and 3.3)."),
        ),
        _study(
            24,
            "The mean difference between activations on refused and on answered prompts is a direction. Adding it "
            "makes a chat model refuse harmless prompts; projecting it out ends its refusals. How the model tells the "
            "prompts apart is left open. Authors: MI.",
            {NARROW, BROAD, COMMUNITY, FIELD},
            "What was added and removed, and what happened?",
            Tempting(
                END_TO_END,
                {BROAD, COMMUNITY, FIELD},
                "Part of the way from input to output is enough for the narrow technical definition (section 2.1).",
            ),
            Tempting(INCLUSION, {NARROW, COMMUNITY}, "Each narrow definition lies within its broad one (section 1)."),
        ),
    ],
    labels={
        NARROW: "understands a network through its causal mechanisms, at the level of intermediate representations",
        BROAD: "describes internals of a model, such as activations or weights",
        COMMUNITY: "comes from the MI community",
        FIELD: "is research on the interpretability of AI: it tries to understand models, explanations of them, "
        "or the field itself",
    },
    traps=TRAPS,
    asks={
        NARROW: "is something changed inside the model, and the effect measured?",
        BROAD: "is something inside the model described? (Whatever is narrow technical is broad technical.)",
        COMMUNITY: "did the lead authors come to the field through the MI community?",
        FIELD: "is it research on the interpretability of AI, in the wide sense of the text?",
    },
    several=True,
    noun="study",
)


class _Facts(NamedTuple):
    """What there is to know about a study, one question each.

    about: it tries to understand models. inside: it describes what is between input and output.
    changed: it changes something there and measures the effect. lead: where the lead authors come from.
    """

    about: bool
    inside: bool
    changed: bool
    lead: str


_NOBODY, _ACL, _ALIGNMENT = "elsewhere", "the ACL community", "the alignment community"
_Y, _N = True, False
_FACTS = {
    "s01": _Facts(_Y, _N, _N, _ACL),
    "s02": _Facts(_Y, _Y, _N, _ACL),
    "s03": _Facts(_Y, _Y, _Y, _ACL),
    "s04": _Facts(_Y, _N, _N, _ALIGNMENT),
    "s05": _Facts(_Y, _N, _N, _NOBODY),
    "s06": _Facts(_Y, _Y, _N, _ALIGNMENT),
    "s07": _Facts(_Y, _Y, _N, _ACL),
    "s08": _Facts(_Y, _Y, _Y, _ALIGNMENT),
    "s09": _Facts(_Y, _Y, _N, _ACL),
    "s10": _Facts(_N, _N, _N, _NOBODY),
    "s11": _Facts(_Y, _N, _N, _ACL),
    "s12": _Facts(_Y, _Y, _Y, _ACL),
    "s13": _Facts(_Y, _Y, _N, _ALIGNMENT),
    "s14": _Facts(_Y, _N, _N, _ALIGNMENT),
    "s15": _Facts(_Y, _N, _N, _ALIGNMENT),
    "s16": _Facts(_Y, _Y, _Y, _ALIGNMENT),
    "s17": _Facts(_Y, _N, _N, _ACL),
    "s18": _Facts(_Y, _Y, _N, _ACL),
    "s19": _Facts(_Y, _Y, _Y, _NOBODY),
    "s20": _Facts(_N, _N, _N, _NOBODY),
    "s21": _Facts(_Y, _Y, _Y, _ACL),
    "s22": _Facts(_Y, _N, _N, _NOBODY),
    "s23": _Facts(_Y, _N, _N, _ACL),
    "s24": _Facts(_Y, _Y, _Y, _ALIGNMENT),
}


def _by_the_definitions() -> dict[str, set[str]]:
    """The four definitions of section 1 as rules over the facts."""
    rules = {
        NARROW: lambda facts: facts.inside and facts.changed,
        BROAD: lambda facts: facts.inside,
        COMMUNITY: lambda facts: facts.lead == _ALIGNMENT,
        FIELD: lambda facts: facts.about,
    }
    return {key: {label for label, holds in rules.items() if holds(facts)} for key, facts in _FACTS.items()}


classify_definition = sorting(
    STUDIES,
    name="classify_definition",
    chapter=CHAPTER,
    section="0.1",
    title="Which definitions does a study meet?",
    core=True,
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Ask four questions of each study, one after the other: does it try to understand models, does it describe "
        "something between input and output, does it change something there and measure the effect, and who are the "
        "lead authors? Each question decides about one label.",
        "Two labels imply others: narrow technical never stands without broad technical. Whether the authors are MI "
        "says nothing about the technical labels, and whether a method is popular in MI nothing about the cultural "
        "ones.",
        "Seven studies change something inside a model: s03, s08, s12, s16, s19, s21, s24. Six more describe "
        "something inside: s02, s06, s07, s09, s13, s18. The lead authors are MI in s04, s06, s08, s13, s14, s15, s16, "
        "s24. Two studies are not about understanding models and get set().",
    ),
    oracle=Oracle("the four definitions as rules over facts about each study", _by_the_definitions),
)

EXERCISES: list[Exercise] = [classify_definition]
