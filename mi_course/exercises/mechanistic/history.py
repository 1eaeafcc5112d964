"""Which earlier methods the methods of mechanistic interpretability continue."""

from __future__ import annotations

from mi_course.checking import Exercise, Item, Items, Oracle, Question, Tempting, sorting
from mi_course.mechanistic.timeline import EVENTS, Event

QUESTIONS = [
    Question(
        name="nlp_before_mi",
        text="Ten topics of the timeline have entries of both communities. In how many of the ten is the earliest "
        "entry of NLP interpretability before the earliest one of mechanistic interpretability?",
        low=0,
        high=10,
    ),
]


# --- precedents -------------------------------------------------------------------------------------------------------

METHODS = Items(
    items=[
        Item(
            "sae",
            "Sparse autoencoders (Bricken et al. 2023, Cunningham et al. 2023): train, on vectors taken from a model, "
            "an autoencoder whose wide hidden layer is mostly zero, and read its units as interpretable dimensions.",
            "subramanian",
            "The method is an autoencoder with a sparsity penalty. On what vectors was one trained before?",
            [
                Tempting(
                    "same community",
                    "sharkey",
                    "Sharkey et al. 2022 come before Bricken et al., and from the same forums. Section 3.3 names older "
                    "work of NLP interpretability on sparse codes.",
                )
            ],
        ),
        Item(
            "superposition",
            "The superposition hypothesis (Elhage et al. 2022): a vector is a sparse weighted sum of more directions "
            "than it has dimensions, and one coordinate therefore means several things.",
            "arora",
            "Words with several senses raise the same question about their vectors.",
            [
                Tempting(
                    "chronology",
                    "bricken",
                    "Bricken et al. 2023 build on the hypothesis; they come a year after it.",
                )
            ],
        ),
        Item(
            "linear probe",
            "Linear probes for a property (the side that owns a square in Nanda, Lee & Wattenberg 2023, truth in Marks "
            "& Tegmark 2023): train a classifier on hidden states to tell whether a given property can be read there.",
            "ettinger",
            "Section 3.1.4 lists the first works that did this to the states of language models.",
            [
                Tempting(
                    "chronology",
                    "alain",
                    "Alain & Bengio (October 2016) come two months after another work of the list that did this.",
                ),
                Tempting(
                    "same name",
                    "cao",
                    "Cao et al. call it a probe, too, but it is a pruned sub-network of the model; no classifier is "
                    "put on its states.",
                ),
            ],
        ),
        Item(
            "clamping",
            "Clamping one feature (Templeton et al. 2024): find a single unit that follows a topic, hold it at a high "
            "value, and watch how the text changes.",
            "radford",
            "One unit is held at a value while the model writes. Section 3.1.3 has a case about sentiment.",
            [
                Tempting(
                    "same community",
                    "turner",
                    "Turner et al. 2023 are of the same community, and they add a difference of states; no single unit "
                    "is found and held.",
                )
            ],
        ),
        Item(
            "head patterns",
            "Naming heads after where they look (Olsson et al. 2022): score every attention head by how much of its "
            "attention falls on a place that a description names.",
            "clark",
            "Section 3.1.2: heads of BERT were scored in this way, against syntax.",
            [
                Tempting(
                    "same community",
                    "elhage",
                    "Elhage et al. 2021 is by many of the same authors, three months earlier. Heads had been named "
                    "after where they look before that.",
                )
            ],
        ),
        Item(
            "logit lens",
            "The logit lens (nostalgebraist 2020): ask at every layer what the model's own answer would be if it had "
            "to be read off there, and watch it take shape with depth.",
            "alain",
            "The answer that is read off is the one for the task on which the model was trained, at every depth. Who "
            "read that off image models?",
            [
                Tempting(
                    "chronology",
                    "geva",
                    "Geva et al. (December 2020) come four months after the lens; on this topic the forum was first.",
                )
            ],
        ),
        Item(
            "activation patching",
            "Activation patching (as in Wang et al. 2022): set a component of a neural network to the value it has on "
            "another input, and measure how the output moves.",
            "vig and geiger",
            "Footnote 8 names who first applied it to neural networks.",
            [
                Tempting(
                    "chronology",
                    "meng",
                    "Meng et al. 2022 are often credited. Footnote 8: it had been applied to neural networks two years "
                    "before.",
                )
            ],
        ),
        Item(
            "steering vectors",
            "Steering by activation addition (Turner et al. 2023): add a vector, spread over all coordinates, to the "
            "hidden states of a model that stays as it is, and so change what it writes.",
            "subramani",
            "A vector is added to states, and the weights stay untouched. Section 3.1.1 names it under this name.",
            [
                Tempting(
                    "chronology",
                    "radford",
                    "Radford et al. 2017 set one unit to a value. Here a vector is added that is spread over all of "
                    "them.",
                ),
                Tempting(
                    "same name",
                    "ilharco",
                    "Ilharco et al. 2022 add vectors as well, but to the weights: what they call a task vector is a "
                    "difference of two trainings.",
                ),
            ],
        ),
        Item(
            "circuit discovery",
            "Automatic circuit discovery (Conmy et al. 2023): take a trained model and one task, remove part after "
            "part, and keep the sub-network that still does the task.",
            "cao",
            "The model is trained already, and the sub-network that is left has to do one task.",
            [
                Tempting(
                    "same community",
                    "wang",
                    "Wang et al. 2022 found such a sub-network by hand, in the same community, half a year earlier. "
                    "Pruning for one linguistic task is older.",
                ),
                Tempting(
                    "same name",
                    "frankle",
                    "Lottery tickets are sub-networks found by pruning, too, but to be trained again from their "
                    "beginning; they are no account of how a trained model does a task.",
                ),
            ],
        ),
        Item(
            "relation vectors",
            "Task vectors read from a prompt, or function vectors (Hendel et al. 2023, Todd et al. 2023): one vector "
            "carries a relation, such as from a country to its capital, and can be used with other words.",
            "mikolov",
            "A relation such as country and capital, as one and the same vector for all pairs: section 3.1.1.",
            [
                Tempting(
                    "same name",
                    "ilharco",
                    "Both are called task vectors. Those of Ilharco et al. are differences of weights; here a state "
                    "inside one run carries a relation between words.",
                )
            ],
        ),
        Item(
            "sparse probing",
            "Sparse probing (Gurnee et al. 2023): use the weights of linear classifiers to find the few neurons that "
            "say most about a property.",
            "dalvi",
            "What is sparse here is the classifier. Which neurons carry a linguistic property was asked in section "
            "3.1.3's works.",
            [
                Tempting(
                    "same name",
                    "subramanian",
                    "Sparse there are the codes that an autoencoder makes of word vectors. Here the classifier is "
                    "sparse: it may use few neurons.",
                )
            ],
        ),
        Item(
            "path effects",
            "Path patching (Wang et al. 2022): separate the effect that goes through one path from the effect that "
            "goes through all the others.",
            "pearl",
            "A direct effect and an indirect one, through a mediator: who defined these?",
            [
                Tempting(
                    "same name",
                    "vig and geiger",
                    "Two papers of 2020 applied effects through a mediator to language models. The effects had been "
                    "defined long before.",
                ),
                Tempting(
                    "chronology",
                    "meng",
                    "Meng et al. (February 2022) are earlier than this one by months. The distinction of direct and "
                    "indirect effects is much older, and was applied to language models in 2020.",
                ),
            ],
        ),
    ],
    labels={
        "alain": "put a linear classifier on every layer of an image model",
        "arora": "take vectors of ambiguous words apart into a sparse sum",
        "bricken": "take a one-layer model apart with a sparse autoencoder",
        "cao": "prune a model down to a sub-network that does one linguistic task",
        "clark": "find heads of BERT that look where syntax points",
        "dalvi": "rank neurons by the weights of classifiers for linguistic properties",
        "elhage": "take small attention-only transformers apart by their weights",
        "ettinger": "train classifiers on vectors of sentences to see what they hold",
        "frankle": "prune a network to a small one that trains as well (lottery tickets)",
        "geva": "read what MLP layers write as words",
        "ilharco": "add and subtract differences of weights",
        "meng": "restore states of a corrupted run to locate facts, and edit them",
        "mikolov": "solve analogies by differences of word vectors",
        "pearl": "define direct and indirect effects by interventions",
        "radford": "find a unit for sentiment and set it to steer the text",
        "sharkey": "take toy features out of superposition with a sparse autoencoder",
        "subramani": "add a vector to hidden states so that a model writes a given sentence",
        "subramanian": "train a sparse autoencoder on word vectors",
        "turner": "steer by adding a difference of two states",
        "vig and geiger": "two papers of one month that set states to their values on another input",
        "wang": "find a circuit for indirect objects in GPT-2 small",
    },
    traps={
        "chronology": "You name a work that came later: later than the method itself, or later than another one that "
        "had done the same. Asked for is the earliest in the list. Look the dates up in the timeline.",
        "same name": "You go by a word that both use. Asked for is a work that did the same thing, whatever it called "
        "it: look at what is computed from what, and what is changed.",
        "same community": "You name an earlier work of the same community. That shows how the community came to its "
        "method; asked for is who had done it outside of it.",
    },
    noun="method",
)

# What was done, in the fewest words, for every work in the list that has a date in the timeline. With the dates and the
# communities there it gives the key in another way than by reading the answers: the earliest work from outside the MI
# community that did the same before.
_DID = {
    "alain": ("Alain & Bengio", {"read the own answer at every depth", "read a property from states"}),
    "arora": ("Arora et al.", {"sparse sum of directions"}),
    "bricken": ("Bricken et al.", {"sparse autoencoder", "sparse sum of directions"}),
    "cao": ("Cao, Sanh & Rush", {"prune to one task"}),
    "clark": ("Clark et al.", {"score heads by where they look"}),
    "dalvi": ("Dalvi et al.", {"find neurons by classifier weights"}),
    "elhage": ("Elhage et al.", {"score heads by where they look"}),
    "ettinger": ("Ettinger, Elgohary & Resnik", {"read a property from states"}),
    "frankle": ("Frankle & Carbin", {"prune to train again"}),
    "geva": ("Geva et al.", {"read the own answer at every depth"}),
    "ilharco": ("Ilharco et al.", {"add to weights"}),
    "meng": ("Meng et al.", {"set states from another run", "separate indirect effects"}),
    "mikolov": ("Mikolov, Yih & Zweig", {"a relation as a vector"}),
    "pearl": ("Pearl", {"separate indirect effects"}),
    "radford": ("Radford, Józefowicz & Sutskever", {"hold one unit at a value"}),
    "sharkey": ("Sharkey, Braun & Millidge", {"sparse autoencoder"}),
    "subramani": ("Subramani, Suresh & Peters", {"add to states"}),
    "subramanian": ("Subramanian et al.", {"sparse autoencoder"}),
    "turner": ("Turner et al.", {"add to states"}),
    "vig and geiger": ("Vig et al.", {"set states from another run", "separate indirect effects"}),
    "wang": ("Wang et al.", {"set states from another run", "prune to one task", "separate indirect effects"}),
}
_IS = {
    "sae": ("2023-09", "sparse autoencoder"),
    "superposition": ("2022-09", "sparse sum of directions"),
    "linear probe": ("2023-09", "read a property from states"),
    "clamping": ("2024-05", "hold one unit at a value"),
    "head patterns": ("2022-03", "score heads by where they look"),
    "logit lens": ("2020-08", "read the own answer at every depth"),
    "activation patching": ("2022-11", "set states from another run"),
    "steering vectors": ("2023-08", "add to states"),
    "circuit discovery": ("2023-04", "prune to one task"),
    "relation vectors": ("2023-10", "a relation as a vector"),
    "sparse probing": ("2023-05", "find neurons by classifier weights"),
    "path effects": ("2022-11", "separate indirect effects"),
}


def _event(who: str) -> Event:
    """The first event of these authors."""
    return min((event for event in EVENTS if event.who == who), key=lambda event: event.date)


def _by_dates() -> dict[str, str]:
    """For each method, the earliest work from outside its community that did the same before it."""
    found = {}
    for method, (date, idea) in _IS.items():
        before = [
            (event.date, label)
            for label, (who, ideas) in _DID.items()
            if idea in ideas and (event := _event(who)).date < date and event.community != "mi"
        ]
        found[method] = min(before)[1]
    return found


precedents = sorting(
    METHODS,
    name="precedents",
    chapter="mechanistic",
    section="0.2",
    title="Who had done it before?",
    core=False,
    difficulty=3,
    minutes=12,
    hints=(
        "Read a method without its name: what is computed, from what, and what is changed? Then read the list in the "
        "same way. The dates are in the timeline.",
        "Bricken, Elhage, Sharkey, Turner and Wang are of the MI community themselves, so they are no precedents here. "
        "Look for an autoencoder trained on word vectors, for a unit that follows sentiment, and for two papers of "
        "April 2020.",
        "From section 3.1 and footnote 8: sae subramanian, superposition arora, clamping radford, head patterns clark, "
        "activation patching vig and geiger, relation vectors mikolov, steering vectors subramani. For the logit lens, "
        "circuit discovery, sparse probing, path effects and linear probe, alain, cao, dalvi, pearl and ettinger are "
        "left, in that order.",
    ),
    oracle=Oracle("dates and communities of the timeline: the earliest from outside that did the same", _by_dates),
)

EXERCISES: list[Exercise] = [precedents]
