"""Terms in context, and the ways into a model."""

from __future__ import annotations

from mi_course.checking import Exercise, Item, Items, Question, Tempting, sorting

QUESTIONS = [
    Question(
        name="not_exchanged",
        text="Two explanations fit all 200 outputs of a classifier: it goes by the word 'not', or by the length. The "
        "word is exchanged and the length kept. For how many of the 200 reviews does the output change?",
        low=0,
        high=200,
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
]


# --- vocabulary -------------------------------------------------------------------------------------------------------

GAPS = Items(
    items=[
        Item(
            "v1",
            "A study establishes what a model computes: for every two numbers, their sum modulo 113. Nothing is said "
            "about the steps yet, nor about the parts that take them. In Marr's terms it stays at the ___ level.",
            "computational",
            "Which of Marr's levels says what is computed and why, before it says how?",
            [],
        ),
        Item(
            "v2",
            "A second study lists the steps: each number becomes a rotation, the rotations are composed, and the angle "
            "is read off. Which neurons do it is left open on purpose. It has moved on to Marr's ___ level.",
            "algorithmic",
            "Steps and representations are one thing; what carries them out is another.",
            [
                Tempting(
                    "algorithm = implementation",
                    "implementational",
                    "The steps are given without the parts: the same steps could run on other neurons, or on paper.",
                )
            ],
        ),
        Item(
            "v3",
            "Two models take the same steps with the same intermediate results. In one of them a head of layer 1 takes "
            "the second step, in the other three heads of layer 4 share it. They differ at Marr's ___ level only.",
            "implementational",
            "The steps are the same in both. What is it that differs?",
            [
                Tempting(
                    "algorithm = implementation",
                    "algorithmic",
                    "The algorithm is the same in both models, step by step. What differs is which parts run it.",
                )
            ],
        ),
        Item(
            "v4",
            "Asked why the model wrote Paris, an explanation names the last head that wrote to the output, and stops "
            "there: the cause closest to the outcome stands for the whole chain. This explanation is ___.",
            "proximal",
            "Section 2.1: people shorten explanations by keeping the causes nearest to the outcome.",
            [
                Tempting(
                    "shorter = abstracted",
                    "abstracted",
                    "Nothing was summed up at a higher level here. The chain was cut, and its last link kept "
                    "(section 2.1).",
                )
            ],
        ),
        Item(
            "v5",
            "An explanation replaces four thousand activations by a causal model of three variables, each standing for "
            "many of them, and keeps the whole way from input to output. This explanation is ___.",
            "abstracted",
            "Section 2.1: a causal model of coarser grain may stand for a finer one.",
            [
                Tempting(
                    "shorter = abstracted",
                    "proximal",
                    "The whole way from input to output is kept, at a coarser grain. A proximal explanation would keep "
                    "the link nearest to the output and drop the rest (section 2.1).",
                )
            ],
        ),
        Item(
            "v6",
            "In a layer of 512 units there is a direction, spread over some forty of the units, along which states "
            "differ when a word is plural rather than singular. In the usage of the MI literature the direction is "
            "called a ___.",
            "feature",
            "What is described is a property that the layer represents, whatever units carry it.",
            [
                Tempting(
                    "feature = neuron",
                    "neuron",
                    "The direction runs across forty units, so it is none of them. A property that a layer represents "
                    "need not have a unit of its own.",
                )
            ],
        ),
        Item(
            "v7",
            "The architecture fixes that this layer has 512 coordinates before anything is learned. Coordinate 231, by "
            "itself, whatever makes it large, is called a ___.",
            "neuron",
            "It is there before training and it may come to stand for anything or nothing.",
            [
                Tempting(
                    "feature = neuron",
                    "feature",
                    "A coordinate is given by the architecture. Whether it stands for one property, for several or for "
                    "none has to be found out.",
                )
            ],
        ),
        Item(
            "v8",
            "One unit of an image model answers to faces of cats, to fronts of cars and to legs of cats. That is what "
            "is observed, and no reason is given. The unit is ___.",
            "polysemantic",
            "The word for one unit with several unrelated meanings; it says nothing about why.",
            [
                Tempting(
                    "observation = hypothesis",
                    "superposition",
                    "Superposition is a hypothesis about why units are like this: more features than dimensions. What "
                    "is described is the observation on one unit.",
                )
            ],
        ),
        Item(
            "v9",
            "A layer of 2 dimensions stores 5 rarely active quantities along 5 directions that are not at right "
            "angles. The name of this arrangement, offered as a reason for what single units show, is ___.",
            "superposition",
            "Described is how a whole layer arranges more things than it has dimensions.",
            [
                Tempting(
                    "observation = hypothesis",
                    "polysemantic",
                    "Polysemantic is what one unit is observed to be. Described here is the arrangement of a layer "
                    "that would explain it.",
                )
            ],
        ),
        Item(
            "v10",
            "Detectors of curves in one layer excite, by weights that can be read off, a detector of circles in the "
            "next. These units together with the weights between them, taken as a sub-graph of the network, are "
            "called a ___.",
            "circuit",
            "Olah et al. 2020, the second of their three claims: what links features by weights?",
            [],
        ),
        Item(
            "v11",
            "Image models of different shapes, trained from different starts, are all found to have edge detectors, "
            "and somebody conjectures that it is so with most of what they learn. The conjecture is called ___.",
            "universality",
            "Olah et al. 2020, the third of their three claims.",
            [],
        ),
        Item(
            "v12",
            "The ten sentences that excite a neuron of BERT most have one thing in common; the ten from another data "
            "set have another. Bolukbasi et al. 2021 call the first impression an interpretability ___.",
            "illusion",
            "What the first data set suggests, the second takes away. The cell on the circuits work has the word.",
            [],
        ),
        Item(
            "v13",
            "An explanation says that the model went by the word 'not'. Readers find that odd. But whenever the word, "
            "or the state that carries it, is taken away, the output changes as the explanation says. The explanation "
            "is ___.",
            "faithful",
            "It agrees with what the model does, and not with what people expect.",
            [
                Tempting(
                    "faithful = plausible",
                    "plausible",
                    "Plausible is what convinces readers, and these are not convinced. It is the model that agrees "
                    "with the explanation.",
                )
            ],
        ),
        Item(
            "v14",
            "Readers agree at once with the words that an explanation highlights. After all weights of the model were "
            "drawn anew at random, the same words are highlighted. All that has been shown is that the explanation "
            "is ___.",
            "plausible",
            "The highlighting does not depend on the model. On what does the agreement rest?",
            [
                Tempting(
                    "faithful = plausible",
                    "faithful",
                    "What does not change with the model cannot report on it. That readers agree says that it looks "
                    "right to people.",
                )
            ],
        ),
    ],
    labels={
        "abstracted": "at a coarser grain, the whole chain kept",
        "algorithmic": "Marr: by which steps and representations",
        "behavioural": "about inputs and outputs only",
        "circuit": "features and the weights that link them",
        "computational": "Marr: what is computed, and to what end",
        "faithful": "true to what the model does",
        "feature": "a property that is represented",
        "illusion": "an interpretation that further data takes away",
        "implementational": "Marr: on which parts it runs",
        "monosemantic": "standing for one thing only",
        "neuron": "a coordinate of a layer",
        "plausible": "convincing to people",
        "polysemantic": "standing for several unrelated things",
        "proximal": "close to the outcome",
        "superposition": "more features than dimensions",
        "universality": "the same features and circuits in different models",
    },
    traps={
        "algorithm = implementation": "You take the steps for the parts that run them. The algorithmic level says by "
        "which steps something is computed; the implementational level says which heads and neurons take these steps.",
        "feature = neuron": "You use feature and neuron as one word. A neuron is a coordinate that the architecture "
        "provides. A feature is a property that is represented, along whatever direction, in one unit or across many.",
        "faithful = plausible": "You take what convinces for what is true of the model. Plausible says how an "
        "explanation looks to people; faithful says whether the model did what it says (Jacovi & Goldberg 2020).",
        "observation = hypothesis": "You take what is observed on a unit for the reason given for it. Polysemantic is "
        "said of a unit; superposition is one hypothesis on how a layer brings that about.",
        "shorter = abstracted": "Both explanations leave something out, in different ways. A proximal one keeps the "
        "last link of the chain; an abstracted one keeps the whole chain at a coarser grain (section 2.1).",
    },
    also={"abstract": "abstracted", "universal": "universality", "polysemanticity": "polysemantic"},
    noun="sentence",
)

vocabulary = sorting(
    GAPS,
    name="vocabulary",
    chapter="mechanistic",
    section="0.3",
    title="The right word",
    core=False,
    difficulty=2,
    minutes=10,
    hints=(
        "Two terms of the list fit nowhere. Take the pairs first: faithful and plausible, feature and neuron, proximal "
        "and abstracted, polysemantic and superposition. Each pair stands side by side.",
        "Ask of each pair what the word is said of: people or the model, a property or a coordinate, the last link or "
        "the whole chain, one unit or a layer. For Marr: what, by which steps, on which parts.",
        "In order, v1 to v7: computational, algorithmic, implementational, proximal, abstracted, feature, neuron. Of "
        "the rest, v10 to v12 are circuit, universality and illusion; v8 is said of one unit, v9 of a layer, and v13 "
        "of what agrees with the model.",
    ),
)


# --- bottom_up_top_down -----------------------------------------------------------------------------------------------

_WAY, _STEP, _THREAD = "Which way in?", "Which step is it?", "Which thread?"


def _way(key: str, text: str, answer: str, feedback: str, tempting: list[Tempting] | None = None) -> Item:
    return Item(key, text, answer, feedback, tempting or [], group=_WAY)


def _inside(sentence: str) -> list[Tempting]:
    return [Tempting("inside = bottom-up", "bottom-up", sentence)]


def _words(sentence: str) -> list[Tempting]:
    return [Tempting("ends in concepts", "top-down", sentence)]


WAYS = Items(
    items=[
        _way(
            "w1",
            "Optimise an input image for each of the 24 units of a layer in turn, then look at the images and name "
            "what can be named.",
            "bottom-up",
            "Were the names or the units there first?",
            _words("The names come last. The study begins with every unit of the layer."),
        ),
        _way(
            "w2",
            "Write down labels for 2,000 sentences, past or present tense; then search all layers for the place from "
            "which a classifier can tell the two apart.",
            "top-down",
            "What was decided before the model was opened?",
            _inside(
                "The classifier reads activations, true. But the question, tense, was fixed first, and a place is "
                "sought for it."
            ),
        ),
        _way(
            "w3",
            "Train a sparse autoencoder on the states of one layer. Afterwards show each of its 4,096 dimensions to "
            "somebody who guesses what it stands for.",
            "bottom-up",
            "Where do the 4,096 things come from that are looked at?",
            _words("Concepts come in at the end, as guesses. What is looked at comes from the states themselves."),
        ),
        _way(
            "w4",
            "Choose a task, finishing sentences with an indirect object, and prompts for it. Patch heads one after the "
            "other to find those that this task needs.",
            "top-down",
            "What was chosen first, the heads or the task?",
            _inside(
                "Heads are small parts, but they are sought for a task that was chosen before: a role is given and "
                "its bearers are looked for."
            ),
        ),
        _way(
            "w5",
            "Take every head's weight matrices, compute from them what the head copies, and list what all heads do, "
            "without a task in mind.",
            "bottom-up",
            "Is there a concept or a task before the list of parts?",
        ),
        _way(
            "w6",
            "Collect pairs of honest and dishonest answers, take the difference of their mean states, and add it to "
            "see whether answers become more honest.",
            "top-down",
            "Honesty was there before the direction was.",
            _inside("The vector is inside the model, but what is looked for, honesty, was given before it was opened."),
        ),
        _way(
            "w7",
            "For each neuron of an MLP collect the texts that excite it most, and let a language model write a "
            "sentence about what they share.",
            "bottom-up",
            "The list that is worked through: is it one of neurons or one of concepts?",
            _words("A sentence about concepts is the result. The list that is worked through is one of neurons."),
        ),
        _way(
            "w8",
            "Write down a causal model of how the task should be solved, with a variable for the carry of an addition, "
            "and search the network for a subspace that plays the part of this variable.",
            "top-down",
            "The variable has a meaning before any part of the network has.",
            _inside(
                "A subspace is found inside the network, but for a variable that was written down before. The role "
                "comes first."
            ),
        ),
        _way(
            "w9",
            "Factor each weight matrix of a model into singular vectors, sort these by their singular values, and look "
            "at what the largest read and write.",
            "bottom-up",
            "What orders the things that are looked at: a concept or the weights?",
        ),
        _way(
            "w10",
            "Begin with an ability, completing facts about cities. Restore the states of a whole layer in a corrupted "
            "run to see which layers the ability depends on, then zoom in.",
            "top-down",
            "The study starts at an ability of the whole model.",
            _inside(
                "It gets to small parts in the end, but the ability came first and led there, from large blocks down."
            ),
        ),
        Item(
            "s1",
            "Train a dictionary, so that every state of layer 2 becomes a sum of few out of 600 directions.",
            "decompose",
            "Nothing is said yet about what any of the 600 stands for.",
            group=_STEP,
        ),
        Item(
            "s2",
            "List the sentences in which direction 17 is largest. All of the first twenty open a quotation, so write "
            "next to it: opens a quotation.",
            "describe",
            "What comes out of it: parts, a meaning, or a verdict on a meaning?",
            [
                Tempting(
                    "hypothesis = test",
                    "validate",
                    "The twenty sentences gave rise to the guess, so they cannot be what tests it.",
                )
            ],
            group=_STEP,
        ),
        Item(
            "s3",
            "Multiply direction 17 by the unembedding, the matrix that turns a state into one number for each word. "
            "The word that it raises most is said. Note that down as its effect.",
            "describe",
            "A second guess about the same direction, from its other end.",
            [
                Tempting(
                    "hypothesis = test",
                    "validate",
                    "It adds a guess on what the direction does. Whether the model's output follows it was not tried.",
                )
            ],
            group=_STEP,
        ),
        Item(
            "s4",
            "Predict for 1,000 new sentences where direction 17 will be active, and count how often it is.",
            "validate",
            "A prediction is made before the data is seen, and it can fail.",
            group=_STEP,
        ),
        Item(
            "s5",
            "Replace direction 17 by a rule of one line, one that looks for quotation marks, and compare the loss with "
            "that of the intact model.",
            "validate",
            "If the guess were wrong, what would the loss do?",
            group=_STEP,
        ),
        Item(
            "t1",
            "A model for images of birds first predicts twelve named attributes, and the species from these twelve "
            "numbers alone.",
            "by design",
            "Was the model made first and explained afterwards, or made so that it can be read?",
            group=_THREAD,
        ),
        Item(
            "t2",
            "For this X-ray of this patient, integrated gradients show which pixels spoke for the diagnosis.",
            "one decision",
            "About how many inputs does the explanation speak?",
            [
                Tempting(
                    "one case for all",
                    "general mechanism",
                    "It speaks about one image. How the model tells such images in general is not said.",
                )
            ],
            group=_THREAD,
        ),
        Item(
            "t3",
            "A small transformer adds modulo 113 on pairs that it was never shown. From its weights it is worked out "
            "how it does that, for every pair.",
            "general mechanism",
            "About how many inputs does the explanation speak?",
            group=_THREAD,
        ),
        Item(
            "t4",
            "A loan was refused. LIME fits a linear model to the classifier around this one application and reads off "
            "what spoke against it.",
            "one decision",
            "Around how many applications was the linear model fitted?",
            [
                Tempting(
                    "one case for all",
                    "general mechanism",
                    "The linear model holds near one application. Another refusal may rest on something else.",
                )
            ],
            group=_THREAD,
        ),
        Item(
            "t5",
            "A network is built as a sum of curves, one for each measured quantity, so that each curve can be drawn "
            "and checked by a doctor before it is used.",
            "by design",
            "Was the model made first and explained afterwards, or made so that it can be read?",
            group=_THREAD,
        ),
    ],
    labels={
        "bottom-up": "way in: begin with parts, look for their roles",
        "top-down": "way in: begin with a role (a concept, a task, an ability), look for the parts",
        "decompose": "step 1: get parts",
        "describe": "step 2: form a hypothesis on what a part means or does",
        "validate": "step 3: a test that the hypothesis can fail",
        "by design": "thread 1: models that are made to be read",
        "one decision": "thread 2: why this output for this input",
        "general mechanism": "thread 3: how the model solves a kind of problem",
    },
    traps={
        "inside = bottom-up": "You call a study bottom-up because it looks inside. Both ways look inside. Asked for is "
        "what stood at the beginning: the parts, or a role that parts were then sought for.",
        "ends in concepts": "You call a study top-down because concepts come out of it. Asked for is what it began "
        "with: when the parts are worked through one by one and named afterwards, it came from below.",
        "hypothesis = test": "You take a guess for its test. A description comes from the data that suggested it; a "
        "validation says beforehand what should happen in a new case, and can fail.",
        "one case for all": "You take an explanation of one decision for one of the model. It answers why this output "
        "came from this input; how a whole class of inputs is handled is another question.",
    },
    also={"from below": "bottom-up", "from above": "top-down"},
    noun="study",
)

bottom_up_top_down = sorting(
    WAYS,
    name="bottom_up_top_down",
    chapter="mechanistic",
    section="0.3",
    title="Ways in, steps and threads",
    core=False,
    difficulty=2,
    minutes=12,
    hints=(
        "For w1 to w10 ask one question: what was fixed before the model was opened? If it was the list of parts, the "
        "study comes from below; if it was a concept, a task or an ability, it comes from above.",
        "For s1 to s5: parts, then a guess about a part, then a test that can fail. For t1 to t5: was the model built "
        "to be read, is one output explained, or a whole kind of problem?",
        "Bottom-up are w1, w3, w5, w7 and w9. Decompose is s1, validate s4 and s5. By design are t1 and t5, and one "
        "of the remaining three is about a general mechanism.",
    ),
)

EXERCISES: list[Exercise] = [vocabulary, bottom_up_top_down]
