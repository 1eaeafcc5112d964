# %% [markdown] id="dffdd7d0"
# # 0 · What is mechanistic?
#
# People who look inside neural networks use one word for several things. *Mechanistic* may say that a study works with causes, that it looks at a model's internals at all, that its authors belong to a certain community, or no more than that it is about interpretability. Saphra & Wiegreffe 2024 sort these uses. This chapter begins with their paper, and then does experiments: the old critiques of word vectors and saliency maps can be run, and so can the first three claims of the circuits work.
#
# You need no experience with interpretability for it. What you take along to the later chapters is a habit: before you say what a model does, say what kind of evidence you have.
#
# Sections 0.1 to 0.4 are mostly about words, and are answered by reading and sorting, with three small experiments between them. Sections 0.5 to 0.11 are about models, and are answered with code. The sections marked ★ are the core; the others can be left for later.
#
# | | |
# |---|---|
# | Models | `story`, a small language model trained on the course's own English; `induction-2l`, a smaller one trained on random tokens that repeat; `shapes-cnn`, a small image model. They come with the course. Two more are written by hand |
# | Data | Story World and drawn shapes, both with labels that say what is in them |
# | Time | about three hours for what is marked ★; each section says its own |
# | You need | Python with PyTorch tensors; what a neural network is and how one is trained |
# | Read along | Saphra & Wiegreffe 2024, [Mechanistic?](https://arxiv.org/abs/2410.09087); Olah et al. 2020, [Zoom In: An Introduction to Circuits](https://distill.pub/2020/circuits/zoom-in/) |

# %% [markdown] id="331bb183"
# ### What the evidence here can show
#
# The course sorts evidence on a ladder of four rungs. Every measured result ends in a **claim card** that says on which rung it stands.
#
# 1. **Behavioural**: what comes out for what goes in.
# 2. **Correlational**: something inside goes along with what is of interest.
# 3. **Causal, for a component**: changing this component changes the behaviour.
# 4. **Causal, end to end**: a proposed mechanism, from input to output, accounts for the behaviour.
#
# A higher rung supports a stronger claim, and each has its limit. Much of this chapter stands on the first two rungs: tests from outside, similarities of vectors, tuning curves. Sections 0.4, 0.6, 0.9 and 0.11 reach the third, where something inside a model is changed. Section 0.1 reaches the fourth, on a network written by hand; no trained model is taken there. Section 0.4 is about telling the rungs apart in other people's papers.
#
# The ladder is this course's own. It follows the distinction between observation and intervention (Pearl 2009, *Causality*) and the technical definitions that section 0.1 takes up.

# %% id="is-it-installed"
# Silent where the course is installed.
import importlib.util
import sys

if importlib.util.find_spec("mi_course") is None:
    raise ModuleNotFoundError(
        "The course is not installed for this kernel. Download its folder, run "
        f'`"{sys.executable}" -m pip install -c constraints.txt -e .` in that folder '
        "(in Colab: upload it, %cd into it, put ! before the command), restart the kernel."
    )

# %% id="38a59207"

import torch
import torch.nn.functional as F
from mi_course.claims import Claim, Evidence
from mi_course.display import plot
from mi_course.exercises.mechanistic import check, predict
from mi_course.zoo import load_model

torch.set_num_threads(
    1
)  # the models are small: a second thread would cost more than it brings

# %% [markdown] id="28cce724"
# ## 0.1 What does "mechanistic" mean?
#
# ★ core · difficulty 2 of 5 · 40 minutes
#
# *You will be able to*: tell four uses of one word apart, say what a causal mechanism is, and decide for a study which of the four it meets. (Saphra & Wiegreffe 2024, "Mechanistic?", sections 1 to 3. Causal abstraction: Geiger et al. 2021, "Causal Abstractions of Neural Networks".)
#
# Two people say *mechanistic interpretability* and mean different things. One means a kind of evidence. The other means a group of people. Saphra and Wiegreffe (section 1) separate four uses:
#
# | use | a study meets it if it … |
# |---|---|
# | **narrow technical** | understands a network through its causal mechanisms |
# | **broad technical** | describes the internals of a model, such as activations or weights |
# | **narrow cultural** | comes from the mechanistic interpretability (MI) community |
# | **broad cultural** | is research on the interpretability of AI, of language models above all |
#
# The two technical uses ask what was done. The narrow one lies within the broad one: whoever finds causal mechanisms between the layers has also described internals.
#
# The narrow cultural use asks who did it. It describes the authors of a paper and not their methods or aims (section 1). One reader's notes on the paper count this as a half definition beside the four: *mechanistic* as a word for who wrote it. The paper draws the line in footnote 3. Lead authors count as MI if they came to the field through the MI community or the alignment community around it, and as **NLPI** (natural language processing interpretability) if they are closely tied to the interpretability community of the ACL, the Association for Computational Linguistics.

# %% [markdown] id="5d1e4bbb"
# ### What a causal mechanism is
#
# A *causal model* consists of variables and of functions that say how some of them come from others. Such a function, which takes causes to effects, is a **causal mechanism** (section 2.1). The word matters because it tells what may be asked: *what would the effect be if this cause were set to another value?*
#
# A neural network is a causal model of itself. Each activation is a variable, each layer a mechanism, and every variable can be set by hand. Nobody can do that with a human brain (section 2.1).
#
# The narrow technical definition asks for causal mechanisms that explain all or part of the way from input to output, *at the level of intermediate representations* (section 2.1). So it leaves out two kinds of work:
#
# - tests of outputs for inputs, however clever, because nothing in between is investigated;
# - observations of the inside, however precise, because nothing is changed: probes, attention maps, the texts on which a feature is most active.
#
# Some authors ask for more: the complete causal path from input to output. Most early work in the field would not meet that, and the demand is not widely adopted (end of section 2.1). An induction head, for example, is one component of such a path. The narrow technical use, as the course applies it, is met by less: a component that is changed, with an effect that is measured, is enough.

# %% [markdown] id="daa9a82c"
# ### Causal abstraction
#
# A network has millions of variables. An explanation with as many would be a burden and no help. So one looks for a smaller causal model that says the same: a **causal abstraction** (section 2.1). The small model has a few variables with names, and each is assigned to a place in the network.
#
# How can it be tested that the two say the same? Geiger et al. (2021) use the **interchange intervention**. Run the network on one input, the *base*. At one place, put in the value that this place has on another input, the *source*. Do the same to the variable of the small model. If the small model is right about this place, both give the same output, for every pair of base and source.
#
# Here is a network that adds three digits, a + b + c. It is written by hand so that the truth is known. It has four units:
#
# | unit | value | weight in the output |
# |---|---|---|
# | u1 | a + b | 2 |
# | u2 | a + b | −1 |
# | u3 | c | 1 |
# | u4 | a + b | 0 |
#
# The small model has one variable between input and output: the sum S = a + b. Its output is S + c. (Geiger et al. introduce the method with a network that adds three numbers, too; theirs is another one.)
#
# Where in the network is S? Three units hold its value on every input. A probe reads it from each of them without an error.
#
# **Predict.** An interchange on which of them does to the output what an interchange of S does? Answer with one of `"u1"`, `"u2"`, `"u4"`, `"u1 and u2 together"`, `"none of these"`.

# %% id="33e915fc"
predict("where_the_sum_is", value=..., confidence=...)

# %% id="72d97b51"
# NBVAL_CHECK_OUTPUT
from mi_course.claims import bootstrap_interval
from mi_course.display.bars import Bars

UNITS = ["u1", "u2", "u3", "u4"]
w_in = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])  # unit, digit
w_out = torch.tensor([2.0, -1, 1, 0])

adder_draw = torch.Generator().manual_seed(0)
base, source = torch.randint(
    10, (2, 500, 3), generator=adder_draw
).float()  # 500 pairs of three digits each
sum_base, sum_source = base[:, :2].sum(1), source[:, :2].sum(1)  # S in each


def interchange(units):
    """For each pair: does swapping these units do what swapping S does?"""
    at = [UNITS.index(unit) for unit in units]
    hidden = base @ w_in.T
    hidden[:, at] = (source @ w_in.T)[:, at]
    by_the_small_model = sum_source + base[:, 2]
    return (hidden @ w_out == by_the_small_model).float()


places = [["u1"], ["u2"], ["u4"], ["u1", "u2"]]
agreement = [interchange(place) for place in places]
chance = (sum_source == sum_base).float().mean().item()  # a swap changes nothing

for unit, values in zip(UNITS, w_in @ base.T, strict=True):
    print(
        f"{unit}: correlation with S {torch.corrcoef(torch.stack([values, sum_base]))[0, 1]:.1f}"
    )
print()
for place, pairs in zip(places, agreement, strict=True):
    print(
        f"swapping {' and '.join(place):9s} as predicted in {pairs.mean():.2f} of pairs"
    )
print(f"S is the same in base and source in {chance:.2f} of pairs")

# %% id="6670150a"
found = [
    " and ".join(place)
    for place, pairs in zip(places, agreement, strict=True)
    if pairs.mean() == 1
]
predict.reveal("where_the_sum_is", f"{found[0]} together" if found else "none of these")

# %% [markdown] id="c12d8ba1"
# **Look.** One bar for each place: the share of pairs in which the interchange gives what the small model says. The dashed line is chance, the pairs whose two sums happen to be equal, so that a swap changes nothing.

# %% id="19399cde"
adder_intervals = [
    bootstrap_interval(pairs, seed=i) for i, pairs in enumerate(agreement)
]
plot(
    Bars(
        names=[" and ".join(place) for place in places],
        values=torch.stack([pairs.mean() for pairs in agreement]),
        intervals=adder_intervals,
        interval="95 % interval (bootstrap over 500 pairs)",
        name="share of pairs as predicted",
        axis="units swapped",
        baseline=chance,
        baseline_name="S is the same in both",
        title="a network that adds a + b + c, written by hand",
    )
)

# %% [markdown] id="59766529"
# All four bars belong to places from which S can be read perfectly. That is the correlation. Only one place *realises* S: u1 and u2 taken together. Swapping u1 alone moves the output twice as far as it should; u2 alone moves it the wrong way; u4 is a copy that nobody reads, and swapping it does nothing at all.
#
# Reading finds where a value is present. Interchange finds where it is used, and as what. The small model "S, then S + c" is an abstraction of this network if S is assigned to the pair, and is wrong if it is assigned to any one unit.
#
# **Beside the published result.** Geiger et al. (2021) test networks trained on a constructed inference task, for which an algorithm with named steps is known. Real networks do not agree on every pair as this one does, so they report for how large a part of the inputs they agree. Chapter 6 does this with trained models.

# %% id="79655326"
Claim(
    statement="In the network written by hand, u1 and u2 together realise S = a + b.",
    evidence=Evidence.CAUSAL_END_TO_END,
    quantity="share of interchanges with the output that the small model predicts",
    estimate=agreement[-1].mean().item(),
    interval=adder_intervals[-1],
    n=len(base),
    observations="pairs of inputs",
    baseline=max(pairs.mean().item() for pairs in agreement[:-1]),
    baseline_name="the best single unit from which S can be read",
    does_not_say="Anything about trained networks: here the answer was built in. Nor that "
    "no other small model fits.",
)

# %% [markdown] id="63c5345a"
# ### Why the word drifted
#
# The term is Chris Olah's. It was first used in public in the Circuits thread on Distill (Olah et al. 2020), which asks how neurons are implemented "in terms of their weights" (section 2.2). In computer vision, interpretability then mostly meant *saliency*: heat maps of the pixels that matter. Mechanistic was to be something else (section 3.2.1).
#
# Elhage et al. (2021) gave the first explicit definition: to reverse engineer the computations of a transformer, as a programmer may do with a binary. Later definitions kept the image. That of a workshop in 2024 (Barez et al. 2024) still suggests causes, but it speaks of examining weights and activations and does not settle on a method. Many recent works call any look inside mechanistic: the broad technical use (section 2.2).
#
# Then the field moved to language models, where others were already at work with much the same methods. What was new was the people: many came from outside the field, out of concern about AI safety, and wrote on forums. The word came to name them: the narrow cultural use (section 3.2.2).
#
# Students, grants and attention followed. Many in the older community took up the word, and with that it covers everybody: the broad cultural use (section 3.3).
#
# The drift has gone so far that gradients are back in the community's tool box: the word was coined against gradient-based maps, and gradient-based attribution is in use again (section 3.2.2).

# %% [markdown] id="1b355701"
# ### Sort 24 studies
#
# Below are short descriptions of studies: invented ones, and real ones in other words. For each, write the set of all definitions that it meets. A set may have up to four labels, or none: `set()`.
#
# *Authors: MI* and *Authors: NLPI* are meant as in footnote 3, above; *neither* means what it says. Where nothing more is said, take the description as complete: what is not mentioned was not done. Research on interpretability is meant widely: work that tries to understand models, what they have learned, or what explanations of them are good for, and work about the field itself.
#
# You can do eight, check, and go on: `classify_definition = {"s01": {"broad cultural"}, "s02": {...}}`. Studies that are missing, or are still `...`, count as not attempted yet.

# %% id="151a19fb"
from mi_course.exercises.mechanistic.definitions import STUDIES

STUDIES.show()

# %% [markdown] id="366df5ad"
# **Predict**, when you have read them: how many of the 24 describe the inside of a model without a causal test of it? These are broad technical and not narrow technical.

# %% id="26680480"
predict("inside_without_cause", value=..., confidence=...)

# %% id="26c7334f" exercise="classify_definition"
classify_definition = ...  # {"s01": {"broad technical", …}, "s02": …, …}
### BEGIN SOLUTION
MECHANISM, INSIDE = "narrow technical", "broad technical"
PEOPLE, ALL_OF_IT = "narrow cultural", "broad cultural"
causal, described = {MECHANISM, INSIDE, ALL_OF_IT}, {INSIDE, ALL_OF_IT}
classify_definition = {
    "s01": {ALL_OF_IT},
    "s02": described,
    "s03": causal,
    "s04": {PEOPLE, ALL_OF_IT},
    "s05": {ALL_OF_IT},
    "s06": described | {PEOPLE},
    "s07": described,
    "s08": causal | {PEOPLE},
    "s09": described,
    "s10": set(),
    "s11": {ALL_OF_IT},
    "s12": causal,
    "s13": described | {PEOPLE},
    "s14": {PEOPLE, ALL_OF_IT},
    "s15": {PEOPLE, ALL_OF_IT},
    "s16": causal | {PEOPLE},
    "s17": {ALL_OF_IT},
    "s18": described,
    "s19": causal,
    "s20": set(),
    "s21": causal,
    "s22": {ALL_OF_IT},
    "s23": {ALL_OF_IT},
    "s24": causal | {PEOPLE},
}
### END SOLUTION

# %% id="af7f74fc" check="classify_definition"
check(classify_definition=classify_definition)

# %% id="8ae714f6"
# NBVAL_CHECK_OUTPUT
labels_of = STUDIES.key  # the course's own sorting
for label in STUDIES.labels:
    print(
        f"{label:17s} {sum(label in labels for labels in labels_of.values()):2d} of {len(labels_of)}"
    )
inside_only = [
    key
    for key, labels in labels_of.items()
    if "broad technical" in labels and "narrow technical" not in labels
]
print(f"inside, without a causal test: {len(inside_only)}")

# %% id="4a455aae"
predict.reveal("inside_without_cause", len(inside_only))

# %% [markdown] id="e95ba0d5"
# The numbers say nothing about the field; the studies were chosen so that every combination turns up that the key allows. What they show is that the labels come apart. There is causal work by people whom nobody calls mechanistic, and work by MI authors in which no model is opened.
#
# When you read *mechanistic* in a title, ask which of the four is meant. In this course it means the narrow technical use, and where a section offers less than that, its claim card says so.

# %% [markdown] id="09d4df53"
# ## 0.2 Two communities, one subject
#
# difficulty 2 of 5 · 40 minutes
#
# *You will be able to*: say how a word for a method came to name a community, look up who did what before whom, and tell a precedent from a namesake. (Saphra & Wiegreffe 2024, section 3.)
#
# Two groups of people look inside language models. For some years they hardly read each other.
#
# **NLP interpretability** grew out of computational linguistics. From about 2016 on, its papers asked what recurrent networks know of grammar (section 3.1). The first BlackboxNLP workshop met in 2018; in 2020 the main conference, ACL, gave the subject a track of its own. Its tools were the geometry of vectors, attention maps, probes, single neurons, and interventions on them.
#
# **Mechanistic interpretability** began with images. Around 2020 machine learning mostly meant image classification, and interpretability mostly meant saliency: which pixels mattered. Chris Olah coined *mechanistic* to set the analysis of circuits apart from that (section 3.2.1). Within computer vision the programme was new.
#
# In 2021 its authors turned to language models. There its aims continued work that was already being done, under other names. What differed was the culture: most of the new work appeared on blogs and forums, at workshops by invitation, or on Discord and Slack, and until mid-2023 little of it at conferences. Many of those who came had not been in NLP before, or not in machine learning at all, and were moved by concern about the risks of AI (section 3.2.2).
#
# So each side could take the other for absent. Many who read papers did not know that a community was growing on forums, and many on the forums may have taken this absence for a lack of interest (section 3.2.2). When the new community began to publish at conferences, it was told that some of its findings were known (section 3.2.3). Meanwhile its energy, its funding and its students drew others in, and the word now covers nearly everybody (section 3.3).

# %% [markdown] id="18c3994d"
# **Whose history is this?** The paper appeared at BlackboxNLP, the workshop of the older community. Its authors say how they sort: a paper belongs to the community that its lead authors came through or are closely tied to (footnote 3). That is a criterion for people, not for methods. Popular guides from the other side often begin their account of language models in 2021 or 2022 (footnote 2).
#
# Three things the paper also grants. Work of the newer community more often backs a description of what attention heads do with a causal test (section 3.1.2). The discovery of induction heads went beyond earlier work, from single heads to how pairs of them interact, and excited the older community (section 3.2.2). And much of the growth of the field, and its popularity, is owed to the newer one (sections 3.3 and 4).

# %% [markdown] id="bb1cd61a"
# A timeline made for this course lists who did what, when, by topic.
#
# **Predict.** Ten of its topics have entries of both communities. (Nine are methods; the tenth, *words and venues*, is about names and meetings.) In how many of the ten is the earliest entry of NLP interpretability before the earliest one of mechanistic interpretability?

# %% id="d77cf3fa"
predict("nlp_before_mi", value=..., confidence=...)

# %% id="51e3c3ab"
# NBVAL_CHECK_OUTPUT
from mi_course.mechanistic.timeline import TOPICS, events, firsts

nlp_earlier = []
for topic, topic_name in TOPICS.items():
    first = firsts(topic)
    if {"nlp", "mi"} <= first.keys():
        nlp, mi = first["nlp"], first["mi"]
        earlier = "NLP" if nlp.date < mi.date else "MI"
        nlp_earlier.append(earlier == "NLP")
        print(
            f"{topic_name:30s} NLP {nlp.date} {nlp.who:28s} MI {mi.date} {mi.who:26s} "
            f"first: {earlier}"
        )

# %% id="2416728f"
predict.reveal("nlp_before_mi", sum(nlp_earlier))

# %% [markdown] id="7c1f20ab"
# **A timeline to explore.** It lists what was done, when, by whom, and where it appeared, with some roots in neuroscience, cognitive science and causal inference that go beyond the paper. Dates are those of the first public version. The lane of NLP interpretability is wider than footnote 3: it holds what the older community builds on, such as the word vectors and attention of translation. Choose a topic, hover over an event, click to open its source.

# %% id="e216ccfc"
from mi_course.display.explorers import TimelineExplorer

TimelineExplorer(topic="words")

# %% [markdown] id="dc8963aa"
# One topic goes the other way. Reading the states in the middle of a model as words appeared on a forum first, in August 2020, and in a paper four months later (Geva et al., who read what MLP layers write: preprint December 2020, EMNLP November 2021). The paper of this section names another work by Geva et al., of 2022, beside the lens (section 3.1.4).
#
# **How much hangs on one entry?** A first is one event. If somebody had left it out of the list, or had put its authors into the other community, the answer might be another. So take away the earliest NLP entry of each topic, and ask again.


# %% id="028159fe"
# NBVAL_CHECK_OUTPUT
def nlp_is_first(topic, from_nlp, from_mi):
    """Whether NLP comes first without the earliest entries; None if a side has none left."""
    nlp, mi = events(topic, "nlp")[from_nlp:], events(topic, "mi")[from_mi:]
    return nlp[0].date < mi[0].date if nlp and mi else None


shared_topics = [topic for topic in TOPICS if {"nlp", "mi"} <= firsts(topic).keys()]
for topic in shared_topics:
    counts = [len(events(topic, side)) for side in ("nlp", "mi")]
    print(f"{TOPICS[topic]:30s} entries: NLP {counts[0]}, MI {counts[1]}")
print()
for from_nlp, from_mi in ((0, 0), (1, 0), (2, 0), (1, 1), (2, 2)):
    answers = [nlp_is_first(topic, from_nlp, from_mi) for topic in shared_topics]
    left = [answer for answer in answers if answer is not None]
    print(
        f"without the earliest {from_nlp} of NLP and {from_mi} of MI: NLP first in {sum(left)}",
        f"of {len(left)} topics with entries left on both sides",
    )

# %% [markdown] id="0591ad59"
# Where a side is left without an entry, a topic drops out and counts neither way. Of those that remain, most answers survive when one NLP entry is taken away. With two taken away, and none of MI, NLP comes first in only some of them; with as many taken from both sides, in all that are left, which are few. So the answer hangs on how long each list is and on what is dropped. What hangs on so few entries is no measurement of who did more.
#
# That is why no claim card ends this section. The list was put together for this course, by people who had read the paper that tells the story in this way. Nothing in it was drawn at random, so there is no interval to compute, and a different list could give different firsts. What it can do is more modest: each entry has a source, and each can be shown to be wrong.
#
# Three more things that a first does not say. It does not say that the later authors knew of the earlier work. It does not say that the earlier work was as good: a probe without a control task is a weaker study than a probe with one. And finding the same thing twice, independently, is not worthless; it is what replication looks like when nobody planned it.

# %% [markdown] id="b5c3d6f9"
# **Look.** One topic as a picture that can be printed: interventions. Beside it, read footnote 8 of the paper and the sentence it hangs on (section 3.2.2). A popular guide attributed activation patching to a paper of 2022, and the footnote names two papers of 2020 that applied it to neural networks first.

# %% id="f09794d4"
from mi_course.mechanistic.timeline import timeline_of

plot(timeline_of("interventions"))

# %% [markdown] id="9d631d25"
# Follow the markers down. Between the definition of direct and indirect effects and the first entries on networks lie many years; the square markers, of the MI community, come late. Two entries of 2018 changed states inside networks, more than a year before the papers of footnote 8: in the one, along the direction that a probe had found; in the other, neuron by neuron. Neither copied a state from another input, which is what makes it patching.
#
# **Your turn.** Below are twelve methods as they are used in mechanistic interpretability. For each, name its precedent in the list of labels: **the earliest work there that did the same before, from outside the MI community**. A precedent need not have the same name, and a namesake need not have done the same. The timeline above has the dates. Fill in one label for each key, such as `{"sae": "…", "superposition": "…"}`.

# %% id="e8c1de70"
from mi_course.exercises.mechanistic.history import METHODS

METHODS.show()

# %% id="431b02e0" exercise="precedents"
precedents = ...
### BEGIN SOLUTION
precedents = {
    "sae": "subramanian",
    "superposition": "arora",
    "linear probe": "ettinger",
    "clamping": "radford",
    "head patterns": "clark",
    "logit lens": "alain",
    "activation patching": "vig and geiger",
    "steering vectors": "subramani",
    "circuit discovery": "cao",
    "relation vectors": "mikolov",
    "sparse probing": "dalvi",
    "path effects": "pearl",
}
### END SOLUTION

# %% id="0d6c5673" check="precedents"
check(precedents=precedents)

# %% [markdown] id="19cb72a0"
# "Did the same" was taken loosely in some of the twelve. A sparse autoencoder on word vectors and one on the states of a language model share the loss and the aim; they differ in what the vectors are, in size by orders of magnitude, and in that the second can be put back into a running model. Whoever cites a precedent should say which of these is meant.

# %% [markdown] id="4a69290f"
# ## 0.3 Words to think with
#
# difficulty 2 of 5 · 40 minutes
#
# *You will be able to*: say at which level an explanation stands, keep a feature apart from a neuron and a faithful explanation apart from a plausible one, and place a study by its way in, its steps and its question. (Saphra & Wiegreffe 2024, section 2.1 and appendix A; Jacovi & Goldberg 2020.)
#
# **Three levels.** Marr asked three questions about any system that processes information (Marr & Poggio 1976 have four levels; Marr's book *Vision*, 1982, has these three). *What* is computed, and to what end: the **computational** level. By *which steps*, on which representations: the **algorithmic** level. On *which parts* does it run: the **implementational** level.
#
# The levels are loosely tied. One function can be computed by several algorithms, and one algorithm can run on different heads and neurons. So a finding on one level leaves the next one open. "This head is needed" is about parts and does not give the steps; "the model compares names" is about steps and does not give the parts.
#
# **Two ways to leave things out.** No explanation of a network can hold everything that is true of it. People shorten the explanations they give each other by keeping the cause closest to the outcome: a **proximal** explanation (Lombrozo 2006). In a network another way is open, because one can intervene anywhere. One can keep the whole way from input to output and make it coarser: a causal model of few variables that stands for many, which can be tested by interventions (a causal abstraction; section 2.1, with Geiger et al. 2021). This course calls such an explanation **abstracted**.

# %% [markdown] id="385f4ace"
# **Words of the circuits work.** Olah et al. 2020 claim that features are the units to study, that circuits of features and weights are how they are linked, and that the same ones turn up in different networks (**universality**). A **circuit** is a sub-graph of the network: features and the weights between them. A **neuron** is a coordinate of a layer. It is there because the architecture provides it. A **feature** is a property that the layer represents. Appendix A lists the word among the overloaded ones: more widely it means a vector representation of data, made by hand or learned, and it is also used for what a sparse autoencoder finds.
#
# When a neuron answers to several unrelated things it is called **polysemantic**; one that answers to one thing only is *monosemantic*. That is an observation. **Superposition** is a hypothesis that would explain it: the layer represents more features than it has dimensions, so that they have to share (Elhage et al. 2022). The two words are often used as if they were one.
#
# An interpretability **illusion** is a reading that the data at hand supports and further data takes away. Bolukbasi et al. 2021 name it so for neurons of BERT: what the top sentences of one data set have in common, those of another do not. (There is a second use, in a debate about patching of subspaces: Makelov et al. 2024 against Wu et al. 2024, in appendix A.)
#
# **Faithful or plausible.** An explanation is **plausible** if it convinces people, and **faithful** if it is true to how the model came to its output (Jacovi & Goldberg 2020). Neither follows from the other. They also ask that faithfulness be treated as a matter of degree, since no short account is faithful in everything.
#
# The next cells make the difference with a classifier that was written by hand, so that what it does is known. It sorts 200 short reviews into negative and positive. In these reviews the negative ones contain the word *not*, and they are also longer.

# %% id="580bdea9"
from mi_course.claims import bootstrap_interval
from mi_course.display import Bars

draw = torch.Generator().manual_seed(0)
says_not = torch.arange(200) % 2 == 0
longer = torch.randint(10, 15, (200,), generator=draw)  # words in a review
shorter = torch.randint(4, 9, (200,), generator=draw)
words = torch.where(says_not, longer, shorter)


def explanation_1(says_not, words):
    """Negative when the review contains the word 'not'."""
    return says_not


def explanation_2(says_not, words):
    """Negative when the review is long."""
    return words > 9


# %% [markdown] id="2573fb2d"
# Two explanations of this classifier are put to you. The first says that it goes by the word *not*; the second, that it goes by the length. *Not* is a word of denial; long reviews may be complaints. The classifier itself stands in a cell further down.
#
# Both explanations fit all 200 outputs. To choose between them, one word is exchanged: *not* becomes *so*, and where there was no *not* a word becomes *not*. The length stays as it was.
#
# **Predict.** For how many of the 200 reviews does the output change? (A prediction counts as right within 10.)

# %% id="fec1d995"
predict("not_exchanged", value=..., confidence=...)


# %% id="47f99668"
# NBVAL_CHECK_OUTPUT
def classifier(says_not, words):
    """True for negative. Written by hand: both cues count, the length far more."""
    return 0.5 * (2 * says_not.float() - 1) + 0.6 * (words - 9.2) > 0


output = classifier(says_not, words)
for explanation in (explanation_1, explanation_2):
    agreed = (explanation(says_not, words) == output).sum().item()
    print(f"{explanation.__doc__:50s} agrees with {agreed} of 200 outputs")

word_exchanged = classifier(~says_not, words) != output
length_exchanged = (
    classifier(says_not, torch.where(says_not, shorter, longer)) != output
)
print(f"the word exchanged, the length kept: {word_exchanged.sum().item()} change")
print(f"the length exchanged, the word kept: {length_exchanged.sum().item()} change")

# %% id="5be5f2b2"
predict.reveal("not_exchanged", word_exchanged.sum().item())

# %% [markdown] id="e4004d01"
# If you were far off, nothing that you had been shown could have told you: the 200 outputs fit both explanations, and the sound of an explanation is no evidence about the model. If you were very sure of another number, the Brier score will have told you so.
#
# **Look.** Each explanation predicts how many outputs change in each experiment. Had the first been the whole truth, the left bar would stand at one and the right at zero; the second explanation says the reverse. Neither is quite so.

# %% id="d502ffdc"
word_interval = bootstrap_interval(word_exchanged.float())
length_interval = bootstrap_interval(length_exchanged.float())
plot(
    Bars(
        ["the word", "the length"],
        [word_exchanged.float().mean(), length_exchanged.float().mean()],
        "share of outputs that change",
        intervals=[word_interval, length_interval],
        interval="95 % interval (bootstrap over 200 reviews)",
        axis="what was exchanged",
        title="A classifier written by hand",
    )
)

# %% [markdown] id="153f1ca3"
# In these two exchanges the second explanation is more faithful than the first, and not wholly: for the shortest of the long reviews the word tips the balance. That is what *a matter of degree* means.

# %% id="9ec1f14f"
length_over_word = (
    length_exchanged.float() - word_exchanged.float()
)  # the same reviews twice: compared review by review
Claim(
    statement="The outputs of this hand-written classifier hang on the length of a review "
    "more than on the word 'not'.",
    evidence=Evidence.BEHAVIOURAL,
    quantity="share of outputs that change with the length, minus the share with the word",
    estimate=length_over_word.mean().item(),
    interval=bootstrap_interval(length_over_word),
    n=200,
    observations="reviews",
    baseline=0.0,
    baseline_name="as many change with the one as with the other",
    does_not_say="By which steps the classifier weighs the two: inputs were changed here, "
    "nothing inside. Nor how it behaves on reviews in which length and word do not go "
    "together, beyond the two exchanges that were made. The two are not of one size: the word shifts the score "
    "by 1.0 every time, the length by more.",
)

# %% [markdown] id="e3aeb43e"
# **Fill the gaps.** Fourteen sentences, one term each. Two of the terms fit nowhere. Most of the terms are not defined in "Mechanistic?": what decides is how they were explained above.

# %% id="db1ff888"
from mi_course.exercises.mechanistic.vocabulary import GAPS, WAYS

GAPS.show()

# %% id="bf1324b6" exercise="vocabulary"
vocabulary = ...
### BEGIN SOLUTION
vocabulary = {
    "v1": "computational",
    "v2": "algorithmic",
    "v3": "implementational",
    "v4": "proximal",
    "v5": "abstracted",
    "v6": "feature",
    "v7": "neuron",
    "v8": "polysemantic",
    "v9": "superposition",
    "v10": "circuit",
    "v11": "universality",
    "v12": "illusion",
    "v13": "faithful",
    "v14": "plausible",
}
### END SOLUTION

# %% id="1b387913" check="vocabulary"
check(vocabulary=vocabulary)

# %% [markdown] id="96140994"
# ### Ways in, steps and threads
#
# Three more distinctions sort studies rather than words.
#
# **Which way in?** A study that begins with parts (neurons, heads, directions, weights) and asks what each does comes from below: **bottom-up**. One that begins with a role (a concept, a task, an ability) and asks which parts bear it comes from above: **top-down**. Both look inside. Many studies go both ways in turn, so judge by what stands at the beginning.
#
# Two distinctions of others are near to this one. Some introductions set small units against large blocks and behaviour, and count the first as mechanistic. A review by 29 authors sets *reverse engineering*, which begins with the network, against *concept-based* work, which begins with concepts, and counts both (Sharkey et al. 2025, [Open Problems in Mechanistic Interpretability](https://arxiv.org/abs/2501.16496)). What stands first decides here, as in the review.
#
# **Which step?** The same review divides the way from below into three steps. **Decompose** the network into parts. **Describe** a part: form a hypothesis about what it means or does. **Validate** the description: derive from it something that can turn out to be false, and try it on new cases. What makes the third step a step of its own is that the data which suggested a hypothesis cannot test it.
#
# **Which thread?** It also tells three threads of interpretability apart by their question. Models that are made to be read: **by design**. Why this output for this input: **one decision** (saliency, LIME, SHAP). How does the model solve a whole kind of problem: the **general mechanism**.

# %% id="456138dd"
WAYS.show()

# %% id="d0af53a4" exercise="bottom_up_top_down"
bottom_up_top_down = ...
### BEGIN SOLUTION
bottom_up_top_down = {
    "w1": "bottom-up",
    "w2": "top-down",
    "w3": "bottom-up",
    "w4": "top-down",
    "w5": "bottom-up",
    "w6": "top-down",
    "w7": "bottom-up",
    "w8": "top-down",
    "w9": "bottom-up",
    "w10": "top-down",
    "s1": "decompose",
    "s2": "describe",
    "s3": "describe",
    "s4": "validate",
    "s5": "validate",
    "t1": "by design",
    "t2": "one decision",
    "t3": "general mechanism",
    "t4": "one decision",
    "t5": "by design",
}
### END SOLUTION

# %% id="67ec9036" check="bottom_up_top_down"
check(bottom_up_top_down=bottom_up_top_down)

# %% [markdown] id="1fc50a65"
# Where a study comes from says nothing about how good it is. A probe from above and a dictionary from below end at the same place: a description that has not been validated yet.

# %% [markdown] id="8550c98e"
# ## 0.4 What does a study support?
#
# ★ core · difficulty 2 of 5 · 50 minutes
#
# *You will be able to*: say from what a study did how strong a claim it supports, read and write the claim cards of this course, and find the sentences of an abstract that go further than the evidence. (Saphra & Wiegreffe 2024, sections 2.1 and 3.1; Jacovi & Goldberg 2020, "Towards Faithfully Interpretable NLP Systems".)
#
# The names of the four definitions are soon forgotten. What stays is a question to be asked of every result: *what was done, and what follows from it?*
#
# The course sorts answers on a ladder of four rungs. `mi_course.claims.Evidence` holds it, with what each rung can show and what it cannot.

# %% id="b1dd50ed"
# NBVAL_CHECK_OUTPUT
for rung in Evidence:
    print(f"{int(rung)}. {rung.label}\n   {rung.shows}\n   {rung.cannot_show}")

# %% [markdown] id="89732a19"
# Three rules come with it.
#
# **The rung depends on what was done, and not on the name of the method.** A probe that only reads is correlational. If the direction that it found is then erased and the behaviour changes, that is causal for this direction.
#
# **To look is not to change.** Correlation and cause come apart as soon as something is present that nobody reads, as u4 was in section 0.1. One critique of probes is that they have no causal ground (section 3.1.4 of the paper). On attention maps see Jain & Wallace 2019 and Serrano & Smith 2019, which section 3.1.2 cites. A change of the *input* is no change inside: it is behaviour, what comes out for what goes in.
#
# **A rung is reached for a model and for data.** What was tested on one model says nothing yet about another; what was tested on short sentences, nothing yet about long ones.
#
# The ladder is not Pearl's ladder of causation, of which it takes the first step, from seeing to doing. It is made for the question that the paper asks of the field: how much of a mechanism has been shown?

# %% [markdown] id="3d5e0fe3"
# ### 14 studies
#
# For each, the strongest rung that it supports: `strongest_claim = {"c01": "behavioural", …}`. Members of `Evidence` will do as well. Where a study ends in *About …:*, the question is about that only. (The *residual stream* is the vector that runs through a transformer at each position, and to which each layer adds.)

# %% id="e7be926d"
from mi_course.exercises.mechanistic import evidence as evidence_exercises

evidence_exercises.STUDIES.show()

# %% id="862775f3" exercise="strongest_claim"
strongest_claim = ...  # {"c01": Evidence.…, "c02": …, …}
### BEGIN SOLUTION
strongest_claim = {
    "c01": Evidence.BEHAVIOURAL,
    "c02": Evidence.CORRELATIONAL,
    "c03": Evidence.CAUSAL_COMPONENT,
    "c04": Evidence.CAUSAL_END_TO_END,
    "c05": Evidence.BEHAVIOURAL,
    "c06": Evidence.CAUSAL_COMPONENT,
    "c07": Evidence.BEHAVIOURAL,
    "c08": Evidence.CAUSAL_COMPONENT,
    "c09": Evidence.CORRELATIONAL,
    "c10": Evidence.BEHAVIOURAL,
    "c11": Evidence.CAUSAL_END_TO_END,
    "c12": Evidence.CORRELATIONAL,
    "c13": Evidence.CAUSAL_COMPONENT,
    "c14": Evidence.CAUSAL_COMPONENT,
}
### END SOLUTION

# %% id="698f8f8e" check="strongest_claim"
check(strongest_claim=strongest_claim)

# %% [markdown] id="aeaa8b18"
# ### One behaviour, up the ladder
#
# Here is a model small enough to climb three rungs in a few lines. `induction-2l` has two layers of four attention heads and nothing else between its embedding and its output. It was trained on random tokens that repeat. A head is named by its layer and number: L1H2 is head 2 of layer 1, both counted from 0. In the code, `pattern` stands for where the heads of a layer look, and `z` for what each of them puts out.
#
# **Rung 1.** A segment of 12 random tokens is said twice. How often does the model rank the right token first, where the earlier copy settles what comes next?

# %% id="2a7c5e2e"
# NBVAL_CHECK_OUTPUT
from mi_course.claims import bootstrap_interval
from mi_course.display.bars import Bars
from mi_course.interventions import pattern, replace, run, z, zero
from mi_course.worlds import repeated_tokens

copier = load_model("induction-2l")
copier_untrained = load_model("induction-2l", untrained=True)
said_twice = repeated_tokens(batch=256, period=12, repeats=2, seed=1)
other_rows = repeated_tokens(batch=256, period=12, repeats=2, seed=2)


def accuracy_by_row(model, edits=(), rows=said_twice):
    """For each sequence: share of predictable tokens that the model ranks first."""
    guess = run(model, rows.tokens, edits).logits[:, :-1].argmax(-1)
    known = rows.predictable[:, :-1]
    right = (guess == rows.tokens[:, 1:]) & known
    return right.sum(1) / known.sum(1)


intact = accuracy_by_row(copier)
by_untrained = accuracy_by_row(copier_untrained)
print(f"trained {intact.mean():.2f}, untrained {by_untrained.mean():.2f}")
vocabulary_size = run(copier, said_twice.tokens[:1]).logits.shape[-1]
print(
    f"chance: {1 / vocabulary_size:.3f} for a token of the vocabulary, {1 / 12:.3f} for one of the 12"
)

# %% [markdown] id="1e4a7e65"
# It does so on these sequences. How, this does not say.
#
# **Rung 2.** Look inside. Where does each head look while it stands on the second copy? One place would help: the token *after* the earlier copy of the current one, which is the token to be said next. The next cell measures how much attention each head pays to it.

# %% id="fa72f208"
# NBVAL_CHECK_OUTPUT


def attention_to_what_follows(model):
    """Attention to the token after the earlier copy: (sequence, layer, head)."""
    seen = run(model, said_twice.tokens, cache=[pattern(0), pattern(1)]).cache
    source = said_twice.induction_source  # -1 where there is no earlier copy
    at = source.clamp(min=0)[:, None, :, None].expand(-1, 4, -1, 1)
    paid = [seen[pattern(layer)].gather(-1, at)[..., 0] for layer in (0, 1)]
    known = (source >= 0)[:, None, None].float()
    paid = torch.stack(paid, dim=1)  # sequence, layer, head, destination
    return (paid * known).sum(-1) / known.sum(-1)


looks = attention_to_what_follows(copier)
for layer in (0, 1):
    print(
        f"layer {layer}:",
        "  ".join(f"H{h} {x:.2f}" for h, x in enumerate(looks.mean(0)[layer])),
    )
head_found = divmod(
    int(looks.mean(0).argmax()), 4
)  # (layer, head) that looks there most
looks_untrained = attention_to_what_follows(copier_untrained)
print(f"\nL{head_found[0]}H{head_found[1]}, with its 95 % interval over sequences:")
for name, paid in (("trained", looks), ("untrained", looks_untrained)):
    band = bootstrap_interval(paid[:, *head_found], seed=0)
    print(
        f"  {name:9s} {paid[:, *head_found].mean():.2f} ({band.low:.2f} to {band.high:.2f})"
    )
print(f"most of any untrained head: {looks_untrained.mean(0).max():.2f}")

# %% [markdown] id="b12d01e0"
# **Rung 3.** Change something. The output of one head is replaced with what the same head puts out on *other* sequences, in the same positions: it still says something, but nothing about the sequence at hand. Then the accuracy is measured again.
#
# **Predict.** For how many of the eight heads does accuracy fall below one half?

# %% id="de3f8a36"
predict("heads_needed", value=..., confidence=...)

# %% id="d5c72a98"
# NBVAL_CHECK_OUTPUT
elsewhere = run(copier, other_rows.tokens, cache=[z(0), z(1)]).cache
heads = [(layer, head) for layer in (0, 1) for head in range(4)]
without = {
    (layer, head): accuracy_by_row(
        copier, [replace(z(layer, head=head), elsewhere[z(layer)][:, :, head])]
    )
    for layer, head in heads
}
needed = [head for head in heads if without[head].mean() < 0.5]
print("needed:", ", ".join(f"L{layer}H{head}" for layer, head in needed))

# %% id="fa0d496b"
predict.reveal("heads_needed", len(needed))

# %% [markdown] id="06b7de0b"
# **Look.** One bar a head: accuracy on the second copy with this head's output replaced. Dashed: nothing replaced.

# %% id="95abf476"
without_intervals = [bootstrap_interval(without[head], seed=0) for head in heads]
plot(
    Bars(
        names=[f"L{layer}H{head}" for layer, head in heads],
        values=torch.stack([without[head].mean() for head in heads]),
        intervals=without_intervals,
        interval="95 % interval (bootstrap over 256 sequences)",
        name="accuracy on the second copy",
        axis="head whose output is replaced",
        baseline=intact.mean().item(),
        baseline_name="nothing replaced",
        title="induction-2l (seed 0), period 12",
    )
)

# %% [markdown] id="da94e23f"
# Set the two results side by side. The one head that looks at the token to be said next is one that the model cannot do without: here observation and intervention agree, which the attention alone could not tell. But a head of layer 0 is needed nearly as much, and it hardly ever looks there. A search among attention patterns for this one place would have missed it. Chapter 2 finds out what it does.
#
# **Beside the published result.** Olsson et al. (2022, the argument from direct ablation) knock out heads of small models at test time, and in-context learning falls greatly where induction heads are taken out. Their models read text, and what falls is how much the loss gains from a long context. Here it is accuracy on random tokens, on which nothing else can help, and it falls nearly to chance, which the first cell of this experiment printed. In a larger model other heads may step in for one that is missing, and the effect of a head that matters can then be small.

# %% [markdown] id="4f4b24d4"
# ### The claim card
#
# What has been found is written down in a form that is the same through the whole course. A card holds a sentence, the rung it stands on, the number with its interval, how many independent observations it comes from, what the number would be if the sentence were false (the **baseline**), and what a reader might take from it and should not. The sequences are new ones here: those above have shown which head to ask about.

# %% id="e301ff71"
layer, head = head_found  # the one that rung 2 pointed at; scored on fresh sequences
fresh_rows = repeated_tokens(batch=256, period=12, repeats=2, seed=3)
fresh_intact = accuracy_by_row(copier, rows=fresh_rows)
fresh_without = accuracy_by_row(
    copier, [replace(z(layer, head=head), elsewhere[z(layer)][:, :, head])], fresh_rows
)
claim_needed = Claim(
    statement=f"In induction-2l (seed 0), the output of L{layer}H{head} is needed to continue a "
    "random segment of 12 tokens that is said for the second time.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="accuracy on the second copy, with the head's output taken from other sequences",
    estimate=fresh_without.mean().item(),
    interval=bootstrap_interval(fresh_without, seed=0),
    n=len(fresh_without),
    observations="sequences",
    baseline=fresh_intact.mean().item(),
    baseline_name="the same model with nothing replaced, on the same sequences",
    direction="below",
    threshold=0.5,
    does_not_say="That the head alone is enough: another one is needed, too. What it computes. That other "
    "periods, other data or the other four models of this recipe need a head in this way.",
)
claim_needed

# %% [markdown] id="e3695b50"
# Nobody writes the **verdict**; it follows from the numbers. The bar lies at the baseline, moved by the *threshold*: here half a unit below, because the claim is that much is lost and not that something is. A verdict compares the whole interval with the bar.
#
# - **holds**: the whole interval lies beyond the bar;
# - **does not hold**: none of it does;
# - **undecided**: the bar lies within the interval, and the numbers cannot tell.
#
# All three occur with this model. The next cell makes the claim that accuracy falls by more than a quarter (a bar chosen for this example), for three experiments: L1H2 with its output replaced; L0H2 with its output replaced; and L0H2 with its output set to zero.

# %% id="1b2f7780"
# NBVAL_CHECK_OUTPUT
by_experiment = {
    "L1H2 replaced": without[1, 2],
    "L0H2 replaced": without[0, 2],
    "L0H2 set to zero": accuracy_by_row(copier, [zero(z(0, head=2))]),
}
for experiment, rows in by_experiment.items():
    claim = Claim(
        statement=f"{experiment}: accuracy falls by more than a quarter.",
        evidence=Evidence.CAUSAL_COMPONENT,
        estimate=rows.mean().item(),
        interval=bootstrap_interval(rows, seed=0),
        n=len(rows),
        observations="sequences",
        baseline=intact.mean().item(),
        baseline_name="nothing replaced",
        direction="below",
        threshold=0.25,
        does_not_say="What the head computes.",
    )
    low, high = claim.interval.low, claim.interval.high
    print(
        f"{experiment:17s} {claim.estimate:.2f} ({low:.2f} to {high:.2f})  {claim.verdict}"
    )

# %% [markdown] id="4105cb69"
# The last two lines are about the same head. With its ordinary output from other sequences in place of its own, nothing is lost. With zero, which it does not put out of itself, accuracy suffers. So the number depends on what one puts in place of what one takes away, and a card has to say which it was. Chapter 2 comes back to this.
#
# *Undecided* is a result. It does not mean that there is no effect, and other words do not change it. More data may decide it, either way. A claim that asks for less is another claim; it needs sequences that did not suggest it.

# %% [markdown] id="a1662c3f"
# ### Faithful and plausible
#
# An explanation is **plausible** if people find it convincing. It is **faithful** if it is true of how the model came to its output (Jacovi & Goldberg 2020; appendix A of "Mechanistic?" tells of the debate about attention in which the two were pulled apart). One is measured on people, the other on the model. An explanation can be either without the other, and a figure that is pleasant to read is evidence for the first only.
#
# A second pair is close to it. Something can be **needed** for a behaviour (without it the behaviour is lost) and not be **enough** for it (the behaviour does not remain when all else is taken away). L1H2 is needed, and so is L0H3; neither is enough.

# %% [markdown] id="2eb8abb8"
# ### Two abstracts
#
# Both are invented. Sentences report what was done, or claim something. Mark those that claim more than their evidence: a list of their keys, such as `["A1", "B2"]`.

# %% id="132ece9a"
evidence_exercises.SENTENCES.show()

# %% id="a9d13a75" exercise="overclaims"
overclaims = ...  # the keys of the sentences that say more than their evidence
### BEGIN SOLUTION
overclaims = ["A3", "A6", "A8", "B3", "B5", "B7", "B8", "B9"]
### END SOLUTION

# %% id="be71ed02" check="overclaims"
check(overclaims=overclaims)

# %% [markdown] id="218ebd06"
# When you meet a claim card in a later chapter, put four questions to it. Is the rung the one that the experiment reached? Is the baseline what the number would be if the claim were false? What does *n* count, and over what would the interval have to reach to cover your question? And does the text beside the card say more than the card?

# %% [markdown] id="d22d321d"
# ## 0.5 From outside: what a model answers
#
# difficulty 2 of 5 · 30 minutes
#
# *You will be able to*: test a model from outside in three ways, read a failure rate, and say what a suite without failures leaves open. (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList".)
#
# Before anybody looks into a model it is worth asking what it does. A **behavioural test** sees prompts and answers and nothing else. Ribeiro et al. borrow three kinds from the testing of software:
#
# - **Minimum functionality**: prompts with a right answer. `when anna and tom went to the park , tom gave a hat to` asks for *anna*.
# - **Invariance**: a change that should not matter. With another park and another hat the answer should stay as it was. No right answer is needed, only the model's own.
# - **Direction**: a change that should move a probability one way. If a third person gives the hat, *tom* becomes possible as the one who receives it. The probability of *tom* must not fall, or by no more than a *tolerance*.
#
# A test is a list of cases. A case has an original prompt and, for the last two kinds, changed versions of it. A case fails as a whole, as soon as one of its prompts does; the **failure rate** is the share of cases that fail.

# %% [markdown] id="23d8e269"
# **What may be changed?** In an invariance test the change must leave the right answer alone. Put *kate* for *anna* in her place, and the right answer has become *kate*: a perfect model fails such a "test" every time. The fault is the test's. Whatever decides the answer has to stay: here the two names, and who gives.


# %% id="bf2e311f" exercise="behavioural_test"
def behavioural_test(model, cases, kind, tolerance):
    """The share of cases that a model fails.

    model: takes a list of prompts and returns, for each, a dictionary from possible
        answers to their probabilities. Its answer is the most probable one.
    cases: pairs (prompts, answer); the first prompt is the original.
    kind: "minimum functionality": the model's answer to every prompt is `answer`.
        "invariance": its answer to every changed prompt is its own to the original.
        "direction": after no changed prompt is the probability of `answer` lower than
        after the original by more than `tolerance`.
    Returns a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    failures = 0
    for prompts, answer in cases:
        rows = model(prompts)
        tops = [max(row, key=row.get) for row in rows]
        if kind == "minimum functionality":
            fails = any(top != answer for top in tops)
        elif kind == "invariance":
            fails = any(top != tops[0] for top in tops[1:])
        else:
            fails = any(row[answer] < rows[0][answer] - tolerance for row in rows[1:])
        failures += fails
    return failures / len(cases)
    ### END SOLUTION


# %% id="5a6a738a" check="behavioural_test"
check(behavioural_test)

# %% [markdown] id="5994011c"
# **Seven tests.** The next cell runs a suite on *story*, on three seeds: the same recipe, three random starts. Five tests ask who receives a gift, two ask whether a verb agrees with its subject past another noun (`the key near the cars` asks for a singular verb). All use pairs of people, or of nouns, that are kept apart when the training text is drawn.
#
# Beside the three stand two baselines: the untrained twin, and for the tests about names a rule of one line, *the name said least often*. It never asks who gives.

# %% id="76be7f2f"
# NBVAL_CHECK_OUTPUT
from mi_course.claims import bootstrap_interval
from mi_course.mechanistic.behaviour import (
    NAME_ANSWERS,
    NUMBER_ANSWERS,
    failure_interval,
    said_least,
    story_answers,
    story_suite,
    suite_failures,
)


def from_outside(model):
    """What answers the prompts of each task: a name, or the number of the verb."""
    return {
        "names": story_answers(model, NAME_ANSWERS),
        "agreement": story_answers(model, NUMBER_ANSWERS),
    }


seen = {
    f"seed {seed}": from_outside(load_model("story", seed=seed)) for seed in (0, 1, 2)
}
seen["untrained"] = from_outside(load_model("story", untrained=True))
seen["said least"] = {"names": said_least}


def show_rates(failures):
    print(
        f"{'share of cases failed':40s}{'kind':22s}"
        + "".join(f"{name:>11s}" for name in seen)
    )
    kinds = {test.name: test.kind for test in suite}
    for test, by_model in failures.items():
        rates = [
            f"{by_model[name].double().mean():.2f}" if name in by_model else ""
            for name in seen
        ]
        print(
            f"{test:40s}{kinds[test]:22s}" + "".join(f"{rate:>11s}" for rate in rates)
        )


suite = story_suite(100, seed=1)
show_rates(suite_failures([test for test in suite if test.trained], seen))

# %% [markdown] id="22f2629c"
# Two things to see in the table.
#
# The rule of one line passes four of the five tests about names without a failure. One test tells it from the models: when the recipient has been spoken of in a sentence before, counting goes wrong. *Until that test was in the suite, the suite could not tell a model from a counter of names*, and nothing in it said so.
#
# The untrained twin passes two of the seven. Its probabilities hardly move, so it passes the test of direction. And it gives the same number whatever the noun between is, so it passes the invariance test of agreement. One who always says the same is invariant: an invariance test is worth something beside a test of functionality, not alone.
#
# The three seeds fail at most one case in a hundred, on any test. From outside, on 100 cases of each of these seven tests, they can hardly be told apart.

# %% [markdown] id="62b4a6e8"
# **Predict.** In training one phrase such as `near the cars` may stand between a subject and its verb, and never two of them in a row. `the key near the cars behind the trees` still asks for a singular verb. This is a test of invariance: a case is a pair, with one noun between and with two, and it fails when the verb changes its number. How many of the three seeds now fail more than a quarter of the cases?

# %% id="c3d6044f"
predict("second_noun", value=..., confidence=...)

# %% id="f2ac95ec"
# NBVAL_CHECK_OUTPUT
outside = suite_failures([test for test in suite if not test.trained], seen)
show_rates(outside)
for test in suite:
    if not test.trained:
        print(f"\n{test.name}:\n  " + "\n  ".join(test.cases[0].prompts))

# %% id="f89af1b9"
two_nouns = outside["agreement: a second noun between"]
three_seeds = ("seed 0", "seed 1", "seed 2")
predict.reveal(
    "second_noun",
    sum(bool(two_nouns[name].double().mean() > 0.25) for name in three_seeds),
)

# %% [markdown] id="7203283a"
# **Look.** One bar for each seed: the share of prompts after which its verb changes number when a second noun is put in. The dashed line is what a coin would fail. Not drawn: the untrained twin, which fails none.

# %% id="535fc66b"
from mi_course.display.bars import Bars

rates = torch.stack([two_nouns[name].double().mean() for name in three_seeds])
bands = [failure_interval(two_nouns[name]) for name in three_seeds]
plot(
    Bars(
        names=list(three_seeds),
        values=rates,
        name="share of cases failed",
        intervals=bands,
        interval="95 % interval (bootstrap over cases)",
        axis="seed of story",
        title="a second noun between subject and verb",
        baseline=0.5,
        baseline_name="a coin for the number of the verb",
    )
)

# %% [markdown] id="cda6bc05"
# **Three models that fail hardly a case on the same tests do different things.** Seed 2 goes on, nearly always, with the number it had given before. The other two do not. And who fails depends on the test: in the other new form (`… then paul smiled and zoe found a bone and offered it to`, printed above) seed 0 fails most cases, and the other two few or none. (The untrained twin fails no case in the figure's test. It is invariant, and knows nothing.)
#
# On the forms of training the three give the same answers, to within a case in a hundred; on forms outside they do not. Whatever they go by differs. That it is a rule, the tests do not show, and in the figure seed 0 is not told from a coin: one half lies within its interval. The suite could not see that they differ, and a larger suite of the same forms could not either. McCoy et al. (2020), "BERTs of a feather do not generalize together", report the like for one hundred fine-tunings of BERT: nearly the same accuracy on sentences like those of training, and widely different accuracy on sentences built to tell rules apart.
#
# A stronger point needs no measurement. Keep a list of everything that *story* answers to the prompts of the suite, and look answers up in it. The list passes every test that *story* passes, on these prompts, for ever. Whatever the mechanism of *story* is, the list does not have it. That is what "behavioural" on a claim card cannot rule out.

# %% id="a4721b2e"
two_cases = two_nouns["seed 0"]
more_than_seed_2 = two_cases.double() - two_nouns["seed 2"].double()  # the same prompts
Claim(
    statement="With a second noun between subject and verb, story (seed 0) changes the number of its "
    "verb more often than seed 2; on the forms of training neither fails more than one case in a hundred.",
    evidence=Evidence.BEHAVIOURAL,
    quantity="share of cases failed by seed 0, minus the share failed by seed 2",
    estimate=float(more_than_seed_2.mean()),
    interval=bootstrap_interval(more_than_seed_2),
    n=len(two_cases),
    observations="pairs of prompts",
    baseline=0.0,
    baseline_name="both fail as often",
    does_not_say="Which rule either of them follows, or where in the model it is. That seed 2 "
    "knows subjects: another form may tell it apart. The interval covers other sentences, not other seeds.",
)

# %% [markdown] id="4732ae0e"
# ## 0.6 Interpretable by design
#
# difficulty 2 of 5 · 25 minutes
#
# *You will be able to*: read a linear model, an additive model and a concept bottleneck without being misled by units or by correlated inputs, and say what such a reading costs and what it leaves open. (Rudin 2019; Lipton 2018; Koh et al. 2020; Liu et al. 2024.)
#
# Mechanistic interpretability takes a network that nobody made to be read, and reads it. There is another way: make a model that can be read to begin with.
#
# Rudin 2019 ([Stop Explaining Black Box Machine Learning Models for High Stakes Decisions and Use Interpretable Models Instead](https://arxiv.org/abs/1811.10154)) argues for it. An explanation of a black box is a second model, and where the two disagree the explanation is wrong. She also doubts that readable models must be less accurate, above all where the inputs are meaningful features.
#
# Lipton 2018 ([The Mythos of Model Interpretability](https://arxiv.org/abs/1606.03490)) asks what "can be read" is to mean. A person may be able to work through the whole model (*simulatability*), or to understand every part of it (*decomposability*), or to know how it was fitted (*algorithmic transparency*). These are three properties, and the second needs inputs that mean something themselves.
#
# The pictures of this chapter's vision model are a place to try both claims. They come in eight classes, drawn by formula, half of them with dark and bright exchanged.

# %% id="a25fa672"
from mi_course.claims import bootstrap_interval
from mi_course.display.bars import Bars
from mi_course.display.lines import Line, Lines
from mi_course.mechanistic import by_design
from mi_course.worlds.shapes import CLASSES, draw_shapes

train_shapes, test_shapes = draw_shapes(2000, seed=61), draw_shapes(1000, seed=62)


def right(guess):
    """For every test picture: 1 if its class was named, 0 if not."""
    return (guess == test_shapes.label).float()


# %% [markdown] id="719967af"
# **A linear model of the picture itself.** Each picture is averaged over blocks of 4 × 4 points, which leaves 64 grey values, and a logistic regression is fitted to them. Nothing could be more open: 64 numbers for each class, one for each place.
#
# **Predict.** What share of new pictures does it name correctly? Chance is one in eight.

# %% id="e6a717c8"
predict("pixels_for_a_line", value=..., confidence=...)


# %% id="41538986"
# NBVAL_CHECK_OUTPUT
def blocks(shapes):
    return F.avg_pool2d(shapes.images, 4).flatten(1)


on_blocks = by_design.linear_model().fit(
    blocks(train_shapes).numpy(), train_shapes.label.numpy()
)
blocks_right = right(by_design.predict(on_blocks, blocks(test_shapes)))
print(f"linear model of 64 grey values: {blocks_right.mean():.2f}, chance {1 / 8:.2f}")


def turned(shapes):
    """The grey values with every picture turned so that its drawing is the bright part."""
    background = shapes.images.flatten(1).median(dim=1).values
    return blocks(shapes) * torch.where(background > 0, -1.0, 1.0)[:, None]


on_turned = by_design.linear_model().fit(
    turned(train_shapes).numpy(), train_shapes.label.numpy()
)
turned_right = right(by_design.predict(on_turned, turned(test_shapes)))

# %% id="125ddf14"
predict.reveal("pixels_for_a_line", round(float(blocks_right.mean()), 2))

# %% [markdown] id="0d352cd8"
# There is a reason. In every class a picture and its negative are equally likely. Whatever a weighted sum of grey values says for a picture, it says the opposite for the negative, so on the whole it can speak for no class. If that is the reason, the model must get better once negatives are turned back. The next cell prints how much.
#
# So the model can be read, and there is little to read. **The same kind of model on other inputs** is another matter. `by_design.measure` takes six numbers from a picture, each with a name and a unit. Nothing in it was learnt; somebody who knew how the pictures are made sat down and wrote it.

# %% id="6a8c0c70"
# NBVAL_CHECK_OUTPUT
print(f"64 grey values, negatives turned back: {turned_right.mean():.2f}\n")
X, X_test = (
    by_design.measure(train_shapes.images),
    by_design.measure(test_shapes.images),
)
for name, unit, mean, spread in zip(
    by_design.MEASUREMENTS, by_design.UNITS, X.mean(0), X.std(0), strict=True
):
    print(f"{name:14s} mean {mean:6.1f}   standard deviation {spread:5.1f}   {unit}")

# %% [markdown] id="d2a78007"
# *Enclosed* counts background points that no path joins to the border: the inside of a circle. *Outline* is the length of all borders between dark and bright. *One direction* and *right angles* say how far these borders agree in direction, counted modulo half a turn and modulo a quarter turn; 1 is full agreement.
#
# Three models take these six numbers.
#
# - **Linear**: a logit is a weighted sum of the measurements.
# - **Additive**: a logit is a sum of curves, one for each measurement. Hastie & Tibshirani 1986 named such models *generalised additive models*. A Kolmogorov-Arnold network (KAN, [Liu et al. 2024](https://arxiv.org/abs/2404.19756)) puts a learnt curve on every edge and adds at the nodes, so a KAN with one layer is an additive model. With two layers it is curves of sums of curves, and no longer a picture for each input.
# - **Concept bottleneck** ([Koh et al. 2020](https://arxiv.org/abs/2007.04612)): first four questions that a person would understand (is it filled, closed, curved; has it three corners?), then the class from the four answers and nothing else. Here each answer comes from a linear or an additive model.

# %% id="c7dea4ef"
label, answers = train_shapes.label, by_design.concepts(train_shapes.label)
linear = by_design.linear_model().fit(X.numpy(), label.numpy())
additive = by_design.additive_model().fit(X.numpy(), label.numpy())
straight_bottleneck = by_design.fit_bottleneck(
    X, answers, label, predictor=by_design.linear_model
)
bottleneck = by_design.fit_bottleneck(X, answers, label)
shapes_cnn = load_model("shapes-cnn")
with torch.no_grad():
    cnn_guess = shapes_cnn(test_shapes.images).argmax(1)

by_model = {
    "linear,\n64 grey values": blocks_right,
    "linear": right(by_design.predict(linear, X_test)),
    "additive": right(by_design.predict(additive, X_test)),
    "bottleneck,\nlinear": right(straight_bottleneck.predict(X_test)),
    "bottleneck,\nadditive": right(bottleneck.predict(X_test)),
    "shapes-cnn": right(cnn_guess),
}
accuracy_ends = [bootstrap_interval(each) for each in by_model.values()]
plot(
    Bars(
        names=list(by_model),
        values=torch.tensor([float(each.mean()) for each in by_model.values()]),
        intervals=accuracy_ends,
        interval="95 % interval (bootstrap over 1,000 new pictures)",
        name="accuracy",
        axis="model",
        baseline=1 / 8,
        baseline_name="chance",
    ),
    caption="Share of 1,000 new pictures that each model names correctly. Black: 95 % interval "
    "(bootstrap over pictures). Dashed: chance, 1/8. All but the first and the last take six "
    "measurements of the picture; the last is the convolutional network of this chapter, "
    "which takes all 1,024 points. It was trained on 64,000 pictures (its card), the others "
    "on 2,000.",
)

# %% id="28686fb0"
# NBVAL_CHECK_OUTPUT
for name, each in by_model.items():
    print(f"{name.replace(chr(10), ' '):26s} {each.mean():.2f}")
linear_guess = by_design.predict(linear, X_test)
wrong_twice = (1 - right(linear_guess)) * (1 - right(cnn_guess))
print(
    f"linear model and shapes-cnn name the same class: {(linear_guess == cnn_guess).float().mean():.2f}; "
    f"pictures that both get wrong: {int(wrong_twice.sum())}"
)

# %% [markdown] id="084d08ed"
# **Beside what was published.** What is seen here agrees with Rudin's claim: given meaningful inputs, a weighted sum of six numbers comes within two pictures in a hundred of the network, which was trained on 32 times as many pictures. These are drawn shapes, though, and the measurements were written by somebody who knew how they are drawn. It agrees with Lipton, too: what can be understood about the linear model is what can be understood about its inputs, and on grey values that is next to nothing.
#
# The cost did not vanish, it moved. Somebody had to know that squares have right angles and how to measure that under noise. For pictures drawn by formula that can be done; for photographs of birds nobody knows how to measure a beak in a few lines.
#
# The bottleneck with linear answers pays for its four questions: "curved" is no weighted sum of these measurements. Curves in place of sums win most of it back.

# %% [markdown] id="cbe87417"
# **Reading the linear model.** Which measurement speaks for *circle* and against *square*? Here are the coefficients, circle minus square, as they are, largest first.

# %% id="13f96486"
# NBVAL_CHECK_OUTPUT
circle, square = CLASSES.index("circle"), CLASSES.index("square")
coefficients = by_design.raw_coefficients(linear)  # logits per unit; class, measurement
difference = coefficients[circle] - coefficients[square]
for i in difference.abs().argsort(descending=True):
    print(
        f"{by_design.MEASUREMENTS[i]:14s} {difference[i]:6.2f} per unit ({by_design.UNITS[i]})"
    )

# %% [markdown] id="55dceb9b"
# By this list *contrast* comes second and *enclosed* last. But one unit of contrast is more than most pictures have at all (the mean is above), and one unit of enclosed is a single point out of a thousand. Measure the inside in shares of the picture instead of points, and its coefficient is a thousand times as large, in a model that says the same about every picture.
#
# Write the number that does not depend on the unit: how far log(p(one) / p(other)) moves when a measurement alone rises by its standard deviation over the pictures at hand.


# %% id="0d7e0ad7" exercise="interpretable_by_design"
def interpretable_by_design(coefficients, X, one, other):
    """How much each feature of a linear classifier speaks for class `one` against `other`.

    coefficients: shape (class, feature); the logit of class c for features x is
        coefficients[c] @ x plus a constant.
    X: the pictures the statement is about, shape (picture, feature), each feature in
        a unit of its own.
    one, other: two classes, by number.
    Returns one number a feature, with its sign: the change of log(p(one) / p(other))
    when that feature alone rises by its standard deviation over X. (Whether the
    deviation divides by n or n - 1 does not matter.)
    """
    ### BEGIN SOLUTION
    return (coefficients[one] - coefficients[other]) * X.std(dim=0)
    ### END SOLUTION


# %% id="59582008" check="interpretable_by_design"
check(interpretable_by_design)

# %% [markdown] id="96336bf2"
# **Look.** The course's version, with an interval: the model is fitted again on 200 resampled training sets, and the black bars hold the middle 95 % of what they gave.

# %% id="c2221e39"
importance = by_design.interpretable_by_design(coefficients, X, circle, square)
refits = by_design.refitted_importance(X, label, circle, square, refits=200)
importance_low, importance_high = refits.quantile(torch.tensor([0.025, 0.975]), dim=0)
plot(
    Bars(
        names=by_design.MEASUREMENTS,
        values=importance,
        low=importance_low,
        high=importance_high,
        interval="middle 95 % of 200 refits on resampled pictures",
        name="change of log(p(circle) / p(square))\nper standard deviation",
        axis="measurement",
        title="linear model, circle against square",
    ),
    caption="How far the log odds of circle against square move when one measurement rises by "
    "its standard deviation over 2,000 pictures, in the linear model. Black: the middle 95 % "
    "of 200 refits on resampled pictures.",
)

# %% [markdown] id="296e2f48"
# *Right angles* leads, as it should, and *contrast* counts for next to nothing.
#
# **One more caution.** "When one measurement alone rises" is a sentence about the model, not about pictures: in pictures measurements rise together. Leave one out, fit again, and see what becomes of *outline*.

# %% id="e742a56d"
# NBVAL_CHECK_OUTPUT
outline = by_design.MEASUREMENTS.index("outline")
print(f"all six: outline {importance[outline]:+.1f}")
for left_out in ("enclosed", "contrast"):
    kept_inputs = [
        i for i, name in enumerate(by_design.MEASUREMENTS) if name != left_out
    ]
    fewer = by_design.linear_model().fit(X[:, kept_inputs].numpy(), label.numpy())
    again = by_design.interpretable_by_design(
        by_design.raw_coefficients(fewer), X[:, kept_inputs], circle, square
    )
    share = right(by_design.predict(fewer, X_test[:, kept_inputs])).mean()
    print(
        f"without {left_out}: outline {again[kept_inputs.index(outline)]:+.1f}, accuracy {share:.2f}"
    )
together = torch.corrcoef(X.T)[outline, by_design.MEASUREMENTS.index("enclosed")]
print(f"correlation of outline and enclosed: {together:.2f}")

# %% [markdown] id="c8a3e992"
# A long outline speaks against the circle, or for it, depending on whether *enclosed* is also in the model. Both readings are right about their model. Neither says what a longer outline does to the world's circles. Lipton gives the same warning with an example from medicine: the weight of a vaccination in a model of flu risk can have either sign, depending on which other features are there.

# %% [markdown] id="dc22282c"
# **Reading the additive model.** In the bottleneck, "has it three corners?" is answered by a sum of six curves. Each can be drawn; the straight lines beside them are what the linear model makes of the same question.

# %% id="afc1d5ea"
three = by_design.CONCEPTS.index("three corners")
angles_at = by_design.MEASUREMENTS.index("right angles")
along = torch.linspace(
    *X[:, angles_at].quantile(torch.tensor([0.01, 0.99])).tolist(), 60
)
straight = straight_bottleneck.predictors[three]
slope = by_design.raw_coefficients(straight)[0, angles_at]
plot(
    Lines(
        x=along,
        lines=[
            Line(
                "additive",
                by_design.curve(bottleneck.predictors[three], X, angles_at, along),
            ),
            Line("linear", slope * (along - X[:, angles_at].mean())),
        ],
        x_name="right angles (0 to 1)",
        y_name="what it adds to the logit\nof «three corners»",
        title="one of six curves",
        baseline=(0.0, "adds nothing"),
    ),
    caption="What the measurement «right angles» adds to the logit of «three corners», by its "
    "value, in the additive and in the linear model. Each curve is shifted so that its mean "
    "over the training pictures is 0.",
)

# %% [markdown] id="ff251487"
# The curve is a complete account of what this measurement does in this model: for every picture, the logit is the sum of six such heights and a constant. That is what reading buys. A table of numbers says as much, but nobody sees a bend in it.

# %% [markdown] id="5fd64794"
# **Intervening on a concept.** A bottleneck can be corrected. If the model took a triangle for a circle because it misjudged "three corners", tell it the right answer and read off the new class. Koh et al. call this a test-time intervention; on their birds and knee x-rays, predictions got better as concepts were corrected.
#
# The control is to put in an answer that is as often yes, from another picture.

# %% id="a5fd1f2f"
truth = by_design.concepts(test_shapes.label)
other_picture = torch.randperm(len(truth), generator=torch.Generator().manual_seed(0))
corrected, exchanged = {}, {}
for i, concept in enumerate(by_design.CONCEPTS):
    corrected[concept] = right(bottleneck.predict(X_test, {concept: truth[:, i]}))
    exchanged[concept] = right(
        bottleneck.predict(X_test, {concept: truth[other_picture, i]})
    )
as_it_is = by_model["bottleneck,\nadditive"]
gains = {name: each - as_it_is for name, each in corrected.items()}
gain_ends = [bootstrap_interval(each) for each in gains.values()]
plot(
    Bars(
        names=list(gains),
        values=torch.tensor([float(each.mean()) for each in gains.values()]),
        intervals=gain_ends,
        interval="95 % interval (bootstrap over 1,000 new pictures)",
        baseline=0.0,
        baseline_name="no correction",
        name="gain in accuracy",
        axis="the concept that is corrected",
        title="bottleneck with additive answers",
    ),
    caption="By how much the bottleneck's accuracy rises when one predicted concept is replaced "
    "by the true one. Black: 95 % interval (bootstrap over 1,000 new pictures). «filled» and "
    "«closed» have no bar to be seen: correcting them changes next to no answer.",
)

# %% id="52bc9dc5"
# NBVAL_CHECK_OUTPUT
print(f"no correction: {as_it_is.mean():.2f}")
for name in by_design.CONCEPTS:
    print(
        f"{name:14s} corrected {corrected[name].mean():.2f}   "
        f"another picture's answer {exchanged[name].mean():.2f}"
    )
everything = {name: truth[:, i] for i, name in enumerate(by_design.CONCEPTS)}
print(f"all four corrected: {right(bottleneck.predict(X_test, everything)).mean():.2f}")

# %% [markdown] id="67c33c08"
# Two corrections help, by two pictures in a hundred each. "Filled" and "closed" are judged so well from the measurements that there is next to nothing to correct. The control shows that the model listens to them all the same: given another picture's answer to either, it is right in little more than half of the pictures.

# %% id="6a3ce110"
Claim(
    statement="In the bottleneck with additive answers, correcting «three corners» makes the "
    "predicted class right more often.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="gain in accuracy",
    estimate=float(gains["three corners"].mean()),
    interval=bootstrap_interval(gains["three corners"]),
    n=len(as_it_is),
    observations="new pictures",
    baseline=0.0,
    baseline_name="no correction; another picture's answer in its place lowers accuracy",
    does_not_say="That the concept is what people mean by three corners: it was learnt from "
    "six measurements. Anything about shapes-cnn, which is another model. The interval "
    "covers other pictures, not other fits.",
)

# %% [markdown] id="14a288c4"
# **What does the accuracy of a bottleneck show?** Suppose the four questions mean nothing: deal the eight patterns of answers to the eight classes at random, fit the bottleneck to those, and do it ten times.
#
# **Predict.** How far below the bottleneck with real concepts is the best of the ten?

# %% id="674ebb0f"
predict("meaningless_concepts", value=..., confidence=...)

# %% id="d7eaacbd"
# NBVAL_CHECK_OUTPUT
meaningless = []
for seed in range(10):
    dealt = torch.randperm(8, generator=torch.Generator().manual_seed(seed))
    codes = by_design.concepts(torch.arange(8))[dealt]
    senseless = by_design.fit_bottleneck(X, codes[label], label)
    meaningless.append(float(right(senseless.predict(X_test)).mean()))
print(f"concepts with a meaning: {as_it_is.mean():.2f}")
print("dealt at random:", ", ".join(f"{each:.2f}" for each in sorted(meaningless)))

# %% id="b58da498"
below = float(as_it_is.mean()) - max(meaningless)
options = ("more than 0.10", "between 0.03 and 0.10", "less than 0.03, or not at all")
predict.reveal(
    "meaningless_concepts", options[0 if below > 0.1 else 1 if below >= 0.03 else 2]
)

# %% [markdown] id="4b056db8"
# Some of these patterns cost much accuracy, and some cost none. So a bottleneck that predicts well has concepts that can be predicted and that settle the class. Whether a concept means what its name says is another question, and accuracy does not answer it. (Koh et al.'s birds have the same property: there too the concepts were made the same for all pictures of a class.)
#
# What this section leaves behind:
#
# - A readable model is read through its inputs. Where they mean nothing, so does the reading.
# - A coefficient needs a unit, a contrast between two classes, and the list of the other inputs before it says anything.
# - All of it explains *these* models. It says nothing about how shapes-cnn does it, although it is right about nearly as many pictures as the best of them: on the few that the linear model and shapes-cnn get wrong they hardly agree. That is what sections 0.10 and 0.11 are about.

# %% [markdown] id="ce10dd39"
# ## 0.7 Old critiques as experiments, I: what a cloud of words shows
#
# difficulty 3 of 5 · 35 minutes
#
# *You will be able to*: measure whether a model's word vectors all point one way, find the direction of word frequency and take it out, and name the baseline without which neither number says anything. (Mimno & Thompson 2017, "The Strange Geometry of Skip-Gram with Negative Sampling"; Mu & Viswanath 2018, "All-but-the-Top"; Ethayarajh 2019, "How Contextual are Contextualized Word Representations?")
#
# Section 3.1.1 of Saphra & Wiegreffe (2024) recalls what became of the enthusiasm for word vectors: critics found the vectors *anisotropic* (they do not spread evenly over the directions, but share some), and found that they owe much to how frequent a word is, where one had hoped for its meaning. The critiques are older than the models of today. They can be run again on any of them.
#
# Three clouds of points will be looked at, with one vector for each word: the embedding of *story*, its hidden states after each layer, and a table of counts in which nothing was trained.

# %% id="9086ae53"
from mi_course.claims import bootstrap_interval
from mi_course.display.lines import Line, Lines
from mi_course.mechanistic import embeddings as clouds
from mi_course.mechanistic.ppmi import count_neighbours, ppmi
from mi_course.worlds.story import ENTITIES, VOCABULARY, story_tokens

story = load_model("story")
story_twin = load_model("story", untrained=True)
corpus = story_tokens(3000, seed=11)
word_counts = torch.bincount(corpus.flatten(), minlength=len(VOCABULARY))

# %% [markdown] id="8352253b"
# The table of counts works like this. For each word, count which words stand at most four places from it. A neighbour is telling if it comes more often than its frequency alone would have it: the **pointwise mutual information** of word $w$ and neighbour $v$ is
#
# $$\text{PMI}(w, v) = \log \frac{p(w, v)}{p(w)\,p(v)}, \qquad \text{PPMI} = \max(0, \text{PMI})$$
#
# A row of PPMI is the vector of its word. Levy & Goldberg (2014, "Neural Word Embedding as Implicit Matrix Factorization") show that the training of word2vec's skip-gram factorises a table of PMI, moved by a constant. Whatever the counts show as well is in the text, and is no discovery about a model.

# %% id="ea412169"
counted = ppmi(count_neighbours(corpus, len(VOCABULARY), window=4))

# %% [markdown] id="93caba2f"
# **Anisotropy as a number.** Ethayarajh takes words at random, in random places, and averages the cosine of their vectors. Near 0 the directions are spread evenly; near 1 all words point the same way. He reports that hidden states of ELMo, BERT and GPT-2 are anisotropic in every layer above the input, most of all in GPT-2's last one, where two random words have a cosine of nearly one (section 4.1).


# %% id="d98211f0" exercise="mean_cosine"
def mean_cosine(vectors, tokens):
    """Mean cosine similarity over all pairs of items that are different words.

    vectors: one for each item, shape (item, d). tokens: the id of each item's word;
        the same word may come several times. Ids 0 and 1 are [BOS] and [PAD]: no words.
    Returns one number between -1 and 1.
    """
    ### BEGIN SOLUTION
    vectors, tokens = vectors[tokens > 1], tokens[tokens > 1]
    units = vectors / vectors.norm(dim=1, keepdim=True)
    different = tokens[:, None] != tokens[None, :]
    return (units @ units.T)[different].mean()
    ### END SOLUTION


# %% id="0a251e87" check="mean_cosine"
check(mean_cosine)

# %% [markdown] id="45792445"
# Now by layer. From fresh text one occurrence of each word is drawn, so that frequent words do not count more often.
#
# **Predict.** After the last layer: is the mean cosine higher in trained *story*, or in its untrained twin, whose weights are random numbers?

# %% id="b2363d25"
predict("more_anisotropic", value=..., confidence=...)

# %% id="3ce7c8ff"
# NBVAL_CHECK_OUTPUT
fresh_rows = story_tokens(200, seed=21)
word_ids, word_places = clouds.one_of_each(fresh_rows)
counted_before = word_counts[word_ids] > 0
word_ids, word_places = word_ids[counted_before], word_places[counted_before]
states = {
    "story": clouds.states_by_layer(story, fresh_rows, word_places),
    "untrained twin": clouds.states_by_layer(story_twin, fresh_rows, word_places),
}
DEPTHS = ["embedding", "layer 0", "layer 1", "layer 2", "layer 3"]
print(f"{len(word_ids)} words; mean cosine of two of them")
print(" " * 16 + "".join(f"{depth:>11s}" for depth in DEPTHS))
cosines = {
    name: [clouds.mean_cosine(layer, word_ids) for layer in layers]
    for name, layers in states.items()
}
for name, row in cosines.items():
    print(f"{name:16s}" + "".join(f"{value:11.2f}" for value in row))
counted_cosine = clouds.mean_cosine(counted[word_ids], word_ids)
print(f"\nPPMI vectors, which have no layers: {counted_cosine:.2f}")

# %% id="e133e05d"
predict.reveal(
    "more_anisotropic",
    "trained" if cosines["story"][-1] > cosines["untrained twin"][-1] else "untrained",
)

# %% [markdown] id="4da1a076"
# **Look.**

# %% id="1f9f0e11"
spans = {
    name: [clouds.mean_cosine_interval(layer) for layer in layers]
    for name, layers in states.items()
}
plot(
    Lines(
        x=torch.arange(5),
        lines=[
            Line(
                name,
                torch.tensor(cosines[name]),
                intervals=spans[name],
            )
            for name in states
        ],
        x_name="layers passed (0: the embedding)",
        y_name="mean cosine of different words",
        title="story (seed 0) and its untrained twin",
        interval="95 % interval (bootstrap over words)",
    )
)

# %% [markdown] id="8fa9dd1d"
# **Beside the published picture.** In Ethayarajh's figure 1 the curves tend to rise with depth, most steeply for GPT-2 at the end. Here trained *story* rises at once, after the first layer, and then falls; and the highest values belong to the twin that never read a word.
#
# So anisotropy need not be a trace of language: the architecture has it with random weights, and more of it. A likely reason, which is not tested here: attention with random weights averages over what came before, and two averages over the same frequent words have much in common. PPMI vectors have no negative entries, so that their cosines cannot fall below zero: their number has another zero point and compares badly.
#
# Had you run the trained model only, "hidden states share a direction, so training made them anisotropic" would have looked like a finding.

# %% id="014c8cdc"
Claim(
    statement="Training made the hidden states of story (seed 0) after its last layer more anisotropic.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean cosine of different words",
    estimate=cosines["story"][-1],
    interval=spans["story"][-1],
    n=len(word_ids),
    observations="words",
    baseline=cosines["untrained twin"][-1],
    baseline_name="its untrained twin, the same words in the same places",
    does_not_say="That hidden states are even: the number is above zero. Anything about other "
    "architectures, or about GPT-2. The interval covers other words, not other seeds.",
)

# %% [markdown] id="681d0fe8"
# **Frequency.** The second critique. If there is a direction along which words are ordered by how frequent they are, then similar vectors may mean similar counts.
#
# The logarithm of the count is what to look for: from 10 to 20 occurrences is as far as from 1000 to 2000. Over a set $F$ of words, the direction is the covariance of vector and log count:
#
# $$d \propto \sum_{w \in F} (\log n_w - \overline{\log n})\,(x_w - \bar{x}), \qquad x_w' = x_w - (x_w \cdot d)\, d$$
#
# with both means over $F$ and $d$ of length 1. On the words of $F$, no linear function of what is left goes along with log frequency (Belrose et al. 2023, "LEACE", show that zero covariance and linear unreadability are the same). That holds by construction, in random vectors too. So the test has to be made on words outside $F$.
#
# (Mu & Viswanath remove the mean and the largest principal components, and find that these are related to frequency. The largest component is the direction in which words vary most, and it has not looked at a count. Below it is a baseline. Unlike them, this section takes out one direction and leaves the mean where it is.)


# %% id="7f7edc39" exercise="remove_frequency"
def remove_frequency(vectors, counts, fit):
    """All vectors without their component along the frequency direction.

    vectors: shape (word, d). counts: how often each word occurs, 1 or more.
    fit: True for the words on which the direction is found; the component is taken
        out of all words.
    Returns a tensor of the shape of vectors.
    """
    ### BEGIN SOLUTION
    chosen, log_count = vectors[fit], counts[fit].float().log()
    direction = (log_count - log_count.mean()) @ (chosen - chosen.mean(0))
    direction = direction / direction.norm()
    return vectors - torch.outer(vectors @ direction, direction)
    ### END SOLUTION


# %% id="b738704d" check="remove_frequency"
check(remove_frequency)

# %% id="d5f6b1f6"
# NBVAL_CHECK_OUTPUT
fit = clouds.halves(len(word_ids), seed=3)
n_words = word_counts[word_ids]
by_depth = {
    name: [clouds.frequency_correlation(layer, n_words, fit) for layer in layers]
    for name, layers in states.items()
}
print("correlation of the component along d with log frequency, on words kept out")
print(" " * 16 + "".join(f"{depth:>11s}" for depth in DEPTHS))
for name, row in by_depth.items():
    print(f"{name:16s}" + "".join(f"{value:11.2f}" for value, _ in row))
counted_frequency = clouds.frequency_correlation(counted[word_ids], n_words, fit)[0]
print(f"PPMI vectors, which have no layers: {counted_frequency:.2f}")
for name, row in by_depth.items():
    span = row[-1][1]
    print(f"after layer 3, {name}: 95 % interval {span.low:.2f} to {span.high:.2f}")

readouts = {
    name: [clouds.frequency_readout(layer, n_words, fit) for layer in layers]
    for name, layers in states.items()
}
print("\nthe same with the direction that a ridge regression finds best")
for name, row in readouts.items():
    print(f"{name:16s}" + "".join(f"{value:11.2f}" for value, _ in row))
for name, row in readouts.items():
    span = row[-1][1]
    print(f"after layer 3, {name}: 95 % interval {span.low:.2f} to {span.high:.2f}")

# %% id="5948a40b"
plot(
    Lines(
        x=torch.arange(5),
        lines=[
            Line(
                name,
                torch.tensor([value for value, _ in row]),
                intervals=[span for _, span in row],
            )
            for name, row in by_depth.items()
        ],
        x_name="layers passed (0: the embedding)",
        y_name="correlation with log frequency",
        title="story (seed 0) and its untrained twin",
        interval="95 % interval (bootstrap over the words kept out)",
        baseline=(0.0, "none"),
    )
)

# %% [markdown] id="03e115f0"
# Here the twin is the baseline that lets the finding stand. Frequency is written into the embedding by training; random vectors have none of it. With depth the component along $d$ goes along with frequency less and less, and after the last layer the intervals of *story* and its twin overlap: there, by this measure, the two cannot be told apart. (After its first layer the twin shows a little as well. Why is left open here; it is the reason to read each layer beside its twin, and not beside zero.)
#
# That is a statement about one direction, and not about what the states carry. The second table lets a regression look for the direction that serves best, again judged on words kept out. What can be read linearly falls much less, and after the last layer it is still well above the twin. Frequency has not left the states; it has left the direction in which words vary together with it most.
#
# The counted vectors have it too, though nothing in them was learned. That a vector made from neighbours shows frequency is a property of text and counting.
#
# **Does frequency stand in meaning's way?** Mu & Viswanath report better scores on word similarity when the common directions are gone. A check of that kind: how often is a word's nearest neighbour of its own kind (for a city another city)? Story World knows the kinds.
#
# **Predict.** With the frequency direction taken out of the embedding: more often, less often, or as often (within 0.01)?

# %% id="1dfbc106"
predict("kinds_without_frequency", value=..., confidence=...)

# %% id="1ddabf7f"
# NBVAL_CHECK_OUTPUT
kind_of = {}
for entity in ENTITIES:
    for form in (entity, entity.plural):
        if form is not None and len(form.ids) == 1:
            kind_of.setdefault(form.ids[0], (entity.category, form is entity.plural))
places_of_kinds = [i for i, word in enumerate(word_ids.tolist()) if word in kind_of]
embedding_table = story.W_E.detach()[word_ids].double()
everyone = torch.ones(len(word_ids), dtype=torch.bool)


def same_kind(vectors, chosen):
    """For the chosen words, whether the nearest neighbour is of the same kind."""
    near = clouds.nearest(vectors, everyone)
    return torch.tensor(
        [
            kind_of[int(word_ids[i])] == kind_of.get(int(word_ids[near[i]]))
            for i in chosen
        ]
    ).double()


# Directions are found on one half of the words and judged on the other; then the halves change places.
def kinds_without(find):
    judged = []
    for half in (fit, ~fit):
        left = clouds.remove_direction(embedding_table, find(half))
        judged.append(same_kind(left, [i for i in places_of_kinds if not half[i]]))
    return torch.cat(judged)


any_direction = torch.Generator().manual_seed(0)
kept_kinds = torch.cat(
    [
        same_kind(embedding_table, [i for i in places_of_kinds if not half[i]])
        for half in (fit, ~fit)
    ]
)
changes = {
    "as it is": kept_kinds,
    "without the frequency direction": kinds_without(
        lambda half: clouds.frequency_direction(embedding_table, n_words, half)
    ),
    "without the largest component": kinds_without(
        lambda half: torch.linalg.svd(
            embedding_table[half] - embedding_table[half].mean(0), full_matrices=False
        ).Vh[0]
    ),
    "without a random direction": kinds_without(
        lambda half: torch.randn(
            embedding_table.shape[1], generator=any_direction
        ).double()
    ),
}
print(f"nearest neighbour of the same kind, {len(kept_kinds)} words")
for name, judged in changes.items():
    print(f"  {name:32s} {judged.mean():.2f}")
versus_largest = (
    changes["without the frequency direction"]
    - changes["without the largest component"]
)
span = bootstrap_interval(versus_largest)
print(
    f"frequency direction minus largest component: {versus_largest.mean():+.2f} "
    f"({span.low:+.2f} to {span.high:+.2f})"
)

# %% id="2117bdfa"
kinds_change = float((changes["without the frequency direction"] - kept_kinds).mean())
predict.reveal(
    "kinds_without_frequency",
    "as often"
    if abs(kinds_change) <= 0.01
    else ("more often" if kinds_change > 0 else "less often"),
)

# %% id="2c0220ca"
# NBVAL_CHECK_OUTPUT
log_count = n_words[places_of_kinds].double().log()
kinds = [kind_of[int(word_ids[i])] for i in places_of_kinds]
each_kind = sorted(set(kinds))
kind_number = torch.tensor([each_kind.index(kind) for kind in kinds])


def explained_by(number):
    """Share of the variance of log frequency that lies between groups of words."""
    size = torch.bincount(number, minlength=len(each_kind))
    total = torch.zeros(len(each_kind)).double().index_add_(0, number, log_count)
    left = (log_count - (total / size)[number]).square().sum()
    return float(1 - left / (log_count - log_count.mean()).square().sum())


dealing = torch.Generator().manual_seed(0)
dealt_kinds = torch.tensor(
    [
        explained_by(kind_number[torch.randperm(len(kinds), generator=dealing)])
        for _ in range(200)
    ]
)
print(f"{len(kinds)} of the {len(word_ids)} words have a kind; {len(each_kind)} kinds")
print(
    f"variance of log frequency explained by a word's kind: {explained_by(kind_number):.2f}"
)
print(
    f"by kinds dealt to the words at random, 200 times: {dealt_kinds.mean():.2f} "
    f"(at most {dealt_kinds.max():.2f})"
)

# %% [markdown] id="22dcec91"
# Among these words a word's kind settles most of its frequency: all cities are about equally common. To take frequency out is then to take out something by which kinds differ. "Frequency *rather than* meaning" is a distinction that a corpus can make or not make, and among these words this one hardly makes it.
#
# There is another reading. The largest component has not looked at a count, and to remove it costs at least as much. So the loss may come from removing a direction in which words vary much, whatever it is about. These two measurements do not tell the readings apart.

# %% id="d0c3c7b2"
readable, readable_span = by_depth["story"][0]
Claim(
    statement="One direction of story's embedding (seed 0) goes along with log frequency, on words "
    "that had no part in finding it.",
    evidence=Evidence.CORRELATIONAL,
    quantity="correlation with log frequency",
    estimate=readable,
    interval=readable_span,
    n=int((~fit).sum()),
    observations="words",
    baseline=by_depth["untrained twin"][0][0],
    baseline_name="the untrained twin, the same words",
    does_not_say="That the model uses the direction. That it is about frequency and nothing else: in "
    "Story World a word's kind goes along with its frequency.",
)

# %% id="7a2ca03c"
kinds_difference = (
    changes["without the frequency direction"] - changes["without a random direction"]
)
Claim(
    statement="Without the frequency direction, nearest neighbours in story's embedding (seed 0) are "
    "of the same kind more often.",
    evidence=Evidence.CORRELATIONAL,
    quantity="change of the share",
    estimate=float(kinds_difference.mean()),
    interval=bootstrap_interval(kinds_difference),
    n=len(kinds_difference),
    observations="words",
    baseline=0.0,
    baseline_name="without a random direction instead",
    does_not_say="That frequency is the reason: without the largest component the share is no higher. That removing common directions does no good elsewhere: in ordinary text kinds "
    "and frequencies are mixed otherwise than here.",
)

# %% [markdown] id="69b3508d"
# ## 0.8 Old critiques as experiments, II: analogies
#
# difficulty 3 of 5 · 30 minutes
#
# *You will be able to*: solve analogies by vector arithmetic, say what leaving out the inputs does to the score, and find the rule that a score has to be compared with. (Mikolov, Yih & Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"; Linzen 2016, "Issues in Evaluating Semantic Spaces Using Word Analogies"; Rogers, Drozd & Li 2017, "The (Too Many) Problems of Analogical Reasoning with Word Vectors".)
#
# `man` is to `woman` as `king` is to … In 2013 the answer was found by adding and subtracting word vectors, and it looked as if relations were directions. The thought has lived on in steering vectors and task vectors (Saphra & Wiegreffe 2024, section 3.1.1). So have its pitfalls.
#
# The rule: bring all vectors to length 1. For *a is to b as c is to …* compute $b - a + c$, and answer the word with the largest cosine to it, other than $a$, $b$ and $c$.


# %% id="40068458" exercise="analogy"
def analogy(vectors, a, b, c):
    """a is to b as c is to which word?

    vectors: one a word, of any lengths, shape (word, d). a, b, c: places of three words.
    Returns the place of the word whose cosine with b - a + c is largest, with all
    vectors brought to length 1 first; a, b and c themselves are not answered.
    """
    ### BEGIN SOLUTION
    units = vectors / vectors.norm(dim=1, keepdim=True)
    similar = units @ (units[b] - units[a] + units[c])
    similar[[a, b, c]] = -torch.inf
    return int(similar.argmax())
    ### END SOLUTION


# %% id="f7650d88" check="analogy"
check(analogy)

# %% [markdown] id="8ba639b8"
# Story World has relations of its own: countries and capitals, opposites, plurals, the next letter, the two numbers of a verb. *story* knows them. After `the capital of peru is` it gives the right capital every time (its card: `facts`).
#
# **Predict.** Of all questions `france : paris :: peru : …`, what share does the arithmetic get right in the embedding of *story*? (It counts within 0.1.)

# %% id="80705f77"
predict("capitals_by_arithmetic", value=..., confidence=...)

# %% id="77cea694"
# NBVAL_CHECK_OUTPUT
from mi_course.mechanistic.analogies import (
    RULES,
    analogy_scores,
    story_relations,
    story_words,
    word_vectors,
)

relations, real_words = story_relations(), story_words()
places_of_words = word_vectors(load_model("story"))
places_of_words["PPMI"] = ppmi(
    count_neighbours(story_tokens(3000, seed=11), len(VOCABULARY))
)
analogies = {
    (where, relation): analogy_scores(
        vectors, pairs, where=where, relation=relation, candidates=real_words
    )
    for where, vectors in places_of_words.items()
    for relation, pairs in relations.items()
}
print("share right by arithmetic, inputs left out")
print(" " * 16 + "".join(f"{relation:>13s}" for relation in relations))
for where in places_of_words:
    row = [analogies[where, relation].accuracy("arithmetic") for relation in relations]
    print(f"{where:16s}" + "".join(f"{value:13.2f}" for value in row))

# %% id="80f62380"
predict.reveal(
    "capitals_by_arithmetic",
    round(analogies["embedding", "capital"].accuracy("arithmetic"), 2),
)

# %% [markdown] id="a9ac76cc"
# A model that always knows the capital, and vectors in which arithmetic hardly ever finds it. What a model can do is one thing; how its vectors lie is another. Neither follows from the other.
#
# **The inputs.** The rule may not answer *a*, *b* or *c*. What if it may?

# %% id="e46a147e"
# NBVAL_CHECK_OUTPUT
print("with a, b and c allowed: share right, and share of answers that are a, b and c")
print(" " * 16 + f"{'right':>6s}" + "".join(f"{word:>6s}" for word in "abc"))
for where in places_of_words:
    every = [analogies[where, relation] for relation in relations]
    n_asked = sum(len(each.asked) for each in every)
    n_right = sum(float(each.correct["inputs allowed"].sum()) for each in every)
    answered = [
        sum(each.inputs[word] * len(each.asked) for each in every) / n_asked
        for word in "abc"
    ]
    print(
        f"{where:16s}{n_right / n_asked:6.2f}"
        + "".join(f"{share:6.2f}" for share in answered)
    )

# %% [markdown] id="f7567cf6"
# In the embedding, the unembedding and the counts the word nearest to $b - a + c$ is one of the inputs nearly every time; after layer 1, in more than half of the questions. Linzen (2016) and Rogers et al. (2017) found the same in word vectors of ordinary text. It is *b* more often than *c*, and never or hardly ever *a*, which is subtracted. So the sum stays near the two vectors that were added, and with the inputs forbidden the rule names whatever lies there next. That can be the answer for another reason than the relation.

# %% [markdown] id="f971ff23"
# ### Break this claim
#
# > *The embedding of story has a direction for the number of a verb. Vector arithmetic solves questions such as `is : are :: likes : …`. A guess would be right about once in seven hundred times, and in the untrained twin arithmetic gets none.*

# %% id="05fe834a"
# NBVAL_CHECK_OUTPUT
claimed = analogies["embedding", "verb number"]
twin_words = word_vectors(load_model("story", untrained=True))["embedding"]
twin_scores = analogy_scores(
    twin_words, relations["verb number"], candidates=real_words
)
print(
    f"arithmetic, embedding      {claimed.accuracy('arithmetic'):.2f}  ({len(claimed.asked)} questions)"
)
print(f"arithmetic, untrained twin {twin_scores.accuracy('arithmetic'):.2f}")
print(f"a guess                    {1 / int(real_words.sum()):.4f}")

# %% [markdown] id="762fc1c3"
# All these numbers are right. So is the untrained twin as a baseline: training made this. Is it a direction?
#
# Find the experiment. Write a rule that answers the same questions and **cannot profit from the relation**: one that would be at a loss if all pairs shared a step from singular to plural, and that gets the questions right if something else is behind the score. If your rule does as well as the arithmetic, the score is no evidence for a direction. (A rule that uses $a$ and $b$ in some other way counts too, as long as a shared step does not help it. Like the arithmetic, it should not answer $a$, $b$ or $c$.)
#
# The check knows two kinds of planted spaces. In one the claim is false and the arithmetic scores high all the same; there your rule has to be right. In the other the pairs do share a step; there it has to be wrong.


# %% id="02f1b21f" exercise="rival"
def rival(vectors, a, b, c):
    """Another answer to: a is to b as c is to which word? See above.

    vectors: one a word, shape (word, d). a, b, c: places of three words.
    Returns the place of a word other than a, b and c.
    """
    ### BEGIN SOLUTION
    units = vectors / vectors.norm(dim=1, keepdim=True)
    similar = units @ units[c]
    similar[[a, b, c]] = -torch.inf
    return int(similar.argmax())
    ### END SOLUTION


# %% id="cb88e6d1" check="rival"
check(rival)

# %% [markdown] id="b0ff697f"
# **Look.** The rule of the claim beside three others. Two do without the step from *a* to *b*. *Nearest to c*: the neighbour of `likes`, whatever *a* and *b* are. *Nearest to b*: the neighbour of `are`. The third takes the step backwards. *Wrong way*: $a - b + c$, from the plural to the singular.
#
# The intervals draw verbs, and a question counts as often as the verb it gives times the verb it asks about. (To draw by one of the two alone would make them too narrow: each verb is in many questions, in both parts.)

# %% id="1faf5794"
# NBVAL_CHECK_OUTPUT
shown_rules = [rule for rule in RULES if rule != "inputs allowed"]
print("verb number" + " " * 17 + "".join(f"{rule:>14s}" for rule in shown_rules))
by_seed = {}
for seed in (0, 1, 2):
    for where, vectors in word_vectors(load_model("story", seed=seed)).items():
        by_seed[seed, where] = analogy_scores(
            vectors, relations["verb number"], where=where, candidates=real_words
        )
        row = [by_seed[seed, where].accuracy(rule) for rule in shown_rules]
        print(f"seed {seed}, {where:20s}" + "".join(f"{value:14.2f}" for value in row))
for less in shown_rules[1:]:
    print(f"\narithmetic minus {less}")
    for (seed, where), scores in by_seed.items():
        span = scores.interval("arithmetic", less)
        print(
            f"seed {seed}, {where:20s} {scores.above(less):+.2f}  ({span.low:+.2f} to {span.high:+.2f})"
        )

# %% id="18483cbe"
from mi_course.display.bars import Bars

verbs_here = [by_seed[0, where] for where in ("embedding", "unembedding")]
bars = [
    (f"{each.where}: {rule}", each.accuracy(rule), each.interval(rule))
    for each in verbs_here
    for rule in shown_rules
]
plot(
    Bars(
        names=[name for name, _, _ in bars],
        values=torch.tensor([value for _, value, _ in bars]),
        name="share of questions right",
        intervals=[span for _, _, span in bars],
        interval="95 % interval (bootstrap over verbs)",
        axis="rule",
        title="verb number, story (seed 0)",
    )
)

# %% [markdown] id="06526f81"
# In the embedding of seed 0 the neighbour of *c* is right more often than the arithmetic, but the interval of the difference contains zero: with ten verbs it is undecided which is better. For half of the verbs the plural is the nearest word to the singular, and whoever goes to the neighbour of `likes` needs no step. **The score of the arithmetic does not show a direction.** In the other two seeds the arithmetic comes out somewhat above the neighbour in the embedding, and in all three somewhat below it after layer 1.
#
# That is not to say that there is no step. The *wrong way* is the rule to look at for that: if the step meant nothing, it would not matter in which sense it is taken. In all nine rows the arithmetic is above it, in most of them by an interval that leaves out zero. So the sign of the step carries something. It is what is left of the score when the neighbour's part is taken off, and not the score that the claim quoted.
#
# **And where it survives one rival.** The unembedding is another table of vectors of the same words. There the neighbour of *c* is hardly ever right, the wrong way never, and arithmetic gets a part of the questions. But to be better than a rule that is hardly ever right says little. The strong rival in this place is *nearest to b*, the neighbour of `are`, which is now and then the plural that is asked for. In all three seeds the arithmetic is above it. In seed 0 the interval begins at zero, and the card says so: undecided.
#
# **Beside the published result.** Linzen (2016) runs such rules beside the arithmetic on a standard set of analogies, in word vectors of ordinary text. For some kinds of question the neighbour of one word alone explains a large part of what had been put down to the step; for others the arithmetic is clearly above it. The score of the arithmetic alone cannot say which.

# %% id="4256d873"
embedding_scores = by_seed[0, "embedding"]
Claim(
    statement="In story's embedding (seed 0), arithmetic solves more analogies of verb number than "
    "the nearest neighbour of c.",
    evidence=Evidence.CORRELATIONAL,
    quantity="arithmetic minus nearest to c",
    estimate=embedding_scores.above("nearest to c"),
    interval=embedding_scores.interval("arithmetic", "nearest to c"),
    n=len(set(embedding_scores.asked.tolist())),
    observations="verbs",
    baseline=0.0,
    baseline_name="no better than the neighbour of c",
    does_not_say="That the embedding has no trace of number: a probe may find what arithmetic does "
    "not, and arithmetic is above the step taken backwards. Ten verbs are few, so that the interval "
    "is somewhat too narrow, and it covers other verbs of this kind, not other seeds.",
)

# %% id="5ea02719"
unembedding_scores = by_seed[0, "unembedding"]
Claim(
    statement="In story's unembedding (seed 0), arithmetic solves more analogies of verb number than "
    "the nearest neighbour of b.",
    evidence=Evidence.CORRELATIONAL,
    quantity="arithmetic minus nearest to b",
    estimate=unembedding_scores.above("nearest to b"),
    interval=unembedding_scores.interval("arithmetic", "nearest to b"),
    n=len(set(unembedding_scores.asked.tolist())),
    observations="verbs",
    baseline=0.0,
    baseline_name="no better than the neighbour of b, the best of the rules without the step",
    does_not_say="That the model writes along such a step when it chooses a verb. Ten verbs are "
    "few, so that the interval is somewhat too narrow, and it does not cover other seeds.",
)

# %% [markdown] id="7e4e8742"
# ## 0.9 Old critiques as experiments, III: saliency under random weights
#
# difficulty 3 of 5 · 35 minutes
#
# *You will be able to*: put a check to a method of explanation that does not depend on how its results look: does the explanation change when the thing explained is replaced by noise? (Adebayo et al. 2018, [Sanity Checks for Saliency Maps](https://arxiv.org/abs/1810.03292).)
#
# Around 2020, interpretability of vision models meant mostly **saliency**: a picture in which every point is as bright as the answer depends on it. Saphra & Wiegreffe 2024 (section 3.2.1) report that Chris Olah coined "mechanistic interpretability" to tell the analysis of circuits from saliency methods, which many had come to doubt by then. One reason for the doubt was an experiment, made within the field of saliency itself. It can be repeated here.
#
# The first map here is the **gradient** (Simonyan et al. 2013, [Deep Inside Convolutional Networks](https://arxiv.org/abs/1312.6034)). For a picture $I$ and a class $c$ with logit $S_c(I)$, the saliency of the point in row $y$ and column $x$ is
#
# $$M_{yx} = \max_{\text{channel}} \left| \frac{\partial S_c(I)}{\partial I_{\text{channel},\,y,\,x}} \right|$$
#
# the slope of the logit when that point gets a little brighter, without its sign. (Pictures in colour have three channels; those of shapes-cnn have one.)


# %% id="60992054" exercise="saliency_map"
def saliency_map(model, images, classes):
    """Size of the gradient of each picture's logit with respect to each of its points.

    model: takes pictures, returns logits of shape (picture, class); every picture is
        treated by itself.
    images: shape (picture, channel, y, x).
    classes: for each picture, the class whose logit is explained; shape (picture,).
    Returns the largest size over channels: shape (picture, y, x).
    """
    ### BEGIN SOLUTION
    points = images.detach().clone().requires_grad_()
    chosen = model(points).gather(1, classes[:, None]).sum()
    (gradient,) = torch.autograd.grad(chosen, points)
    return gradient.abs().amax(dim=1)
    ### END SOLUTION


# %% id="901cd82c" check="saliency_map"
check(saliency_map)

# %% [markdown] id="00442d7f"
# Two more methods are in the course's helper.
#
# - **Gradient × input** multiplies the gradient by the value of the point (Shrikumar et al. 2016, [Not Just a Black Box](https://arxiv.org/abs/1605.01713)).
# - **Guided backprop** computes a gradient with another rule: on the way back through a ReLU, negative values are set to 0 as well (Springenberg et al. 2014, [Striving for Simplicity](https://arxiv.org/abs/1412.6806)).
#
# And one that is no explanation at all: an **edge detector** (Sobel's filters), which looks at the picture and knows nothing of any model.
#
# **Look** at them. The pictures here are drawn without noise, so that the edge detector sees the drawing.

# %% id="e599416d"
import copy

from mi_course.claims import bootstrap_interval
from mi_course.display.lines import Line, Lines
from mi_course.display.pictures import Pictures
from mi_course.mechanistic import saliency
from mi_course.mechanistic.saliency import rank_correlation
from mi_course.worlds.shapes import CLASSES, draw_shapes
from mi_course.zoo.recipes import recipe

cnn = load_model("shapes-cnn")
clean = draw_shapes(64, seed=71, noise=0.0)


def sizes(subject, method):
    """Maps without their sign, one for each clean picture."""
    return saliency.signed_map(subject, clean.images, clean.label, method).abs().amax(1)


def one_of_each(*kinds):
    return [int((clean.label == CLASSES.index(kind)).nonzero()[0]) for kind in kinds]


shown_pictures = one_of_each("line", "arc", "square", "triangle", "disc")
clean_edges = saliency.edge_map(clean.images)
plot(
    Pictures(
        pictures=torch.stack(
            [clean.images[shown_pictures, 0], clean_edges[shown_pictures]]
            + [sizes(cnn, method)[shown_pictures] for method in saliency.METHODS]
        ),
        rows=["picture", "edge detector", *saliency.METHODS],
        columns=[CLASSES[clean.label[i]] for i in shown_pictures],
        name="saliency (size)",
        title="shapes-cnn (seed 0)",
    ),
    caption="Five pictures, their edges, and three saliency maps of shapes-cnn for the right "
    "class. Each picture is scaled by itself: white is its highest value, black its lowest, so "
    "brightness cannot be compared between pictures.",
)

# %% [markdown] id="97d4ae0f"
# All of them stay near the drawing, and it is tempting to say that the network "looks at the outline". The edge detector stays near it too, and it has no network.
#
# ### The check
#
# An explanation of what a model has learnt must depend on what it has learnt. So take that away. The **cascading randomisation** of Adebayo et al. puts random weights in place of trained ones, from the output down: first the last layer, then the last two, until nothing trained is left. At each stage the map is compared with that of the trained model.
#
# The measure is Spearman's **rank correlation**: order the points of each map by brightness, and correlate the ranks. 1 means the same order, 0 no relation.
#
# Why from the output? What a network knows about classes is in its last layers. A map that does not notice when they are gone is not about the class. Begun at the input, the check would hand all layers something that they were never trained on. (Do that to shapes-cnn, and the maps of all methods change at once: it is printed below.)
#
# **Predict.** Put random weights into all layers of shapes-cnn but the first. Which method's map is still most like its map in the trained model?

# %% id="74221b42"
predict("most_alike_when_random", value=..., confidence=...)

# %% [markdown] id="e95287e2"
# Now write the check. Where do the random weights come from? Not from the untrained twin of this model: that is the network in which its training began, and a layer that training moved little is still like its twin. Adebayo et al. initialise anew. Below, five networks are drawn with other seeds.


# %% id="7800e8b5" exercise="saliency_sanity_check"
def saliency_sanity_check(model, untrained, images, classes, layers):
    """How alike saliency maps stay to the trained model's as layers are randomised.

    model, untrained: the same architecture with trained and with random weights, which
        have nothing to do with each other.
    images, classes: as saliency_map takes them.
    layers: names in order from input to output, such as ["conv1", "conv2", "read_out"].
    Returns rank correlations of shape (stage, picture): the first row with the last layer
    of `layers` random, the second with the last two, the last row with all of them.

    Each stage keeps what the stages before it have randomised; every map is of the given
    classes and is compared with the trained model's. The model must be left as it was: copy.deepcopy(model) makes a twin. Weights and biases
    of a layer: twin.get_submodule(name).load_state_dict(other_layer.state_dict()).
    rank_correlation(maps, other_maps) gives one number a picture. The maps are those of
    your saliency_map (or saliency_map = check.reference("saliency_map")).
    """
    ### BEGIN SOLUTION
    before = saliency_map(model, images, classes)
    twin, rows = copy.deepcopy(model), []
    for name in reversed(layers):
        twin.get_submodule(name).load_state_dict(
            untrained.get_submodule(name).state_dict()
        )
        rows.append(rank_correlation(before, saliency_map(twin, images, classes)))
    return torch.stack(rows)
    ### END SOLUTION


# %% id="ab397c83" check="saliency_sanity_check"
check(saliency_sanity_check)

# %% [markdown] id="e44a3446"
# **Look.** The course's version for all three methods, on 64 pictures, with five draws of random weights. As a baseline: how alike are the maps of two *different* pictures in the trained model? Maps share something wherever the pictures do, such as a middle that matters more than the rim.

# %% id="a803f338"
layers = ["conv1", "conv2", "conv3", "read_out"]
randoms = [recipe("shapes-cnn").build(seed) for seed in (11, 12, 13, 14, 15)]
falling = saliency.cascade(cnn, randoms, clean.images, clean.label, layers)
ends = {
    method: [falling.interval(method, stage) for stage in range(len(falling.stages))]
    for method in falling.methods
}
two_pictures = {
    method: rank_correlation(sizes(cnn, method), sizes(cnn, method).roll(1, 0))
    for method in falling.methods
}
plot(
    Lines(
        x=torch.arange(5.0),
        lines=[
            Line(
                method,
                falling.mean(method),
                torch.tensor([each.low for each in ends[method]]),
                torch.tensor([each.high for each in ends[method]]),
            )
            for method in falling.methods
        ],
        x_name="layers with random weights, from the output (4: all)",
        y_name="rank correlation with\nthe trained model's map",
        title="shapes-cnn (seed 0), 64 pictures",
        interval="95 % interval (bootstrap over pictures)",
        baseline=(
            float(max(each.mean() for each in two_pictures.values())),
            "two different\npictures (the\nhighest of three)",
        ),
    ),
    caption="Rank correlation of saliency maps with those of the trained model, as layers are "
    "given random weights from the output down (0: none; 1: read_out; 2: and conv3; 3: and "
    "conv2; 4: and conv1), the mean over five draws of weights. Band: 95 % interval (bootstrap over "
    "64 pictures). Dotted: maps of two different pictures in the trained model, for the method "
    "in which they are most alike.",
)

# %% id="a8b205d6"
# NBVAL_CHECK_OUTPUT
print("random:            " + "  ".join(f"{stage:>8s}" for stage in falling.stages))
for method in falling.methods:
    numbers = "  ".join(f"{each:8.2f}" for each in falling.mean(method))
    print(f"{method:17s}  {numbers}   two pictures {two_pictures[method].mean():.2f}")

kept_by_draw = falling.by_draw[2] - falling.by_draw[0]  # stage, draw
print("\nguided backprop minus gradient, all layers but the first random, by draw:")
print("  ".join(f"{each:.2f}" for each in kept_by_draw[3].sort().values))

print("\nbegun at the input, conv1 alone random (one draw):")
first_random = saliency.with_random_layers(cnn, randoms[0], ["conv1"])
for method in falling.methods:
    alike = rank_correlation(sizes(cnn, method), sizes(first_random, method)).mean()
    print(f"{method:17s}  {alike:8.2f}")

# %% id="dde5a89f"
but_first = falling.similarity[:, 3].mean(
    1
)  # stage 3: all layers but the first are random
predict.reveal("most_alike_when_random", falling.methods[int(but_first.argmax())])

# %% id="33a9827c"
triangle = one_of_each("triangle")[0]
subjects = [
    saliency.with_random_layers(cnn, randoms[0], layers[4 - k :]) for k in range(5)
]
plot(
    Pictures(
        pictures=torch.stack(
            [
                torch.stack([sizes(subject, method)[triangle] for subject in subjects])
                for method in saliency.METHODS
            ]
        ),
        rows=saliency.METHODS,
        columns=["trained", "read_out\nrandom", "+ conv3", "+ conv2", "+ conv1"],
        name="saliency (size)",
        title="one triangle, as layers are randomised",
    ),
    caption="Saliency maps of one triangle as layers of shapes-cnn are given random weights, from "
    "the output down (one draw); in the last column nothing is trained. Each map is scaled by "
    "itself, so brightness cannot be compared between maps.",
)

# %% [markdown] id="ad6ea3f5"
# The third row might have convinced many, in any column but the last; and there, too, a triangle can be made out. That is Adebayo et al.'s first point: looking at maps does not tell whether they depend on the model.
#
# **With the sign.** So far the sizes of the maps were compared. A map with its sign says more: whether the answer gains or loses when a point gets brighter. Adebayo et al. report both.

# %% id="4ce3823f"
# NBVAL_CHECK_OUTPUT
with_sign = saliency.cascade(
    cnn, randoms, clean.images, clean.label, layers, signed=True
)
signed_maps = {
    method: saliency.signed_map(cnn, clean.images, clean.label, method)
    for method in with_sign.methods
}
print("random:            " + "  ".join(f"{stage:>8s}" for stage in with_sign.stages))
for method in with_sign.methods:
    two = rank_correlation(signed_maps[method], signed_maps[method].roll(1, 0)).mean()
    rounded = [round(float(each), 2) + 0.0 for each in (*with_sign.mean(method), two)]
    numbers = "  ".join(f"{each:8.2f}" for each in rounded[:-1])
    print(f"{method:17s}  {numbers}   two pictures {rounded[-1]:.2f}")
print("\n95 % intervals with two random layers (bootstrap over pictures)")
for method in with_sign.methods:
    span = with_sign.interval(method, 2)
    ends_here = [round(end, 2) + 0.0 for end in (span.low, span.high)]
    print(f"{method:17s}  {ends_here[0]:.2f} to {ends_here[1]:.2f}")
print("\nthe gradient by draw, with read_out random:")
print("  ".join(f"{each:.2f}" for each in with_sign.by_draw[0, 1].sort().values))

# %% [markdown] id="949d7807"
# With its sign, the gradient's map has nothing in common with what it was, on the mean over draws, once the last layer alone is random. (A single draw can leave it a little like the old map, or a little like its negative.) Guided backprop's map is still largely the same with two random layers. It says much the same about a network that names shapes and about one whose last two layers are noise.
#
# The choice of random weights is no detail. With the untrained twin of this very model in place of fresh draws, the gradient's signed maps keep a correlation of about 0.7 when the last layer is exchanged: training moved that layer little, and the twin is no noise for it. You can try it, with `load_model("shapes-cnn", untrained=True)`.
#
# **How near is that to an edge detector?** Here are the rank correlations of each map with the edge map, for the trained network and for three untrained ones; and the same on pictures with the noise that the network was trained with. The baseline is the edge map of another picture.

# %% id="4b90fa07"
# NBVAL_CHECK_OUTPUT
noisy = draw_shapes(64, seed=71)


def near_edges(subjects, pictures, method):
    """Rank correlation of maps with the edges of their picture, and with those of another, over subjects."""
    detector = saliency.edge_map(pictures.images)
    maps = [
        saliency.signed_map(each, pictures.images, pictures.label, method).abs().amax(1)
        for each in subjects
    ]
    own = torch.stack([rank_correlation(detector, each) for each in maps]).mean(0)
    moved = torch.stack([rank_correlation(detector.roll(1, 0), each) for each in maps])
    return own, float(moved.mean())


for name, chosen_pictures in (("without noise", clean), ("with noise", noisy)):
    print(f"{name}: with its own edges (95 % interval), with another picture's")
    for method in saliency.METHODS:
        for who, subjects_here in (("trained", [cnn]), ("untrained", randoms[:3])):
            own, another = near_edges(subjects_here, chosen_pictures, method)
            span = bootstrap_interval(own)
            print(
                f"  {method:17s} {who:10s} {own.mean():.2f} ({span.low:.2f} to {span.high:.2f})   {another:.2f}"
            )

# %% id="9dcaf2ac"
kept_more = (
    falling.similarity[2, 3] - falling.similarity[0, 3]
)  # guided backprop − gradient
Claim(
    statement="With random weights in all layers of shapes-cnn (seed 0) but the first, the maps "
    "of guided backprop stay more like those of the trained network than gradient maps do.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="difference of rank correlations, guided backprop minus gradient",
    estimate=float(kept_more.double().mean()),
    interval=bootstrap_interval(kept_more),
    n=len(kept_more),
    observations="pictures",
    baseline=0.0,
    baseline_name="the gradient, on the same pictures, with the same five draws of random weights",
    does_not_say="That the gradient is a faithful explanation: it notices that weights were "
    "exchanged, which a good explanation must and a bad one may. That guided backprop "
    "ignores the network: it needs the first layer. The interval covers other pictures, not "
    "other networks; the five draws of weights are printed one by one above.",
)

# %% [markdown] id="132ffd99"
# **Beside what was published.** Adebayo et al. ran this cascade on networks such as Inception v3, trained on photographs. Gradients changed as layers were randomised, and so did GradCAM, which is computed from the last convolution and depends on what is randomised from there on; guided backprop and guided GradCAM hardly did, until the lowest layers were reached. (A footnote corrects an earlier version of the paper, which had called guided backprop entirely invariant.) Two further tests are not repeated here: one that randomises each layer by itself, and one that trains the network on labels dealt at random. They interpret their findings by an analogy with edge detection, which needs neither a model nor training data. Of gradient × input and its relatives they note that the picture, as a factor, can dominate the product.
#
# On shapes-cnn the order is the same, the contrast is smaller. Guided backprop does change here: when the last layer goes, and again with each layer below. The gradient's *sizes* keep a good part of their order; its *sign* does not. Inception is a far larger network than this one. The paper's figure 4 has a convolutional network on Fashion-MNIST and a multilayer perceptron on MNIST, which are nearer in size: those are the curves to lay beside the ones above, if you have the paper at hand.
#
# The likeness to the edge detector holds on clean pictures, for untrained networks as well, and in each of these rows it is above that to another picture's edges. With noise on every point little of it is left, in both kinds of network: then the edge detector shows the noise. Which of the two cases photographs are nearer to is not tested here.
#
# Why does guided backprop behave like this? Nie et al. 2018 ([A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based Visualizations](https://arxiv.org/abs/1805.07039)) show, for random networks of convolutions, that its rule partly recovers the picture, whatever the class.
#
# **And a critique of the critique.** Yona & Greenfeld 2021 (*Revisiting Sanity Checks for Saliency Maps*) argue that the check mixes the method with the task: where the object is all there is to see, a right map and an edge map are alike, and a map that stays does not have to be wrong. The pictures here are of that kind. The check can find a method out; it cannot certify one.
#
# What is left for the rest of the course:
#
# - How an explanation looks is no evidence for it. Every method here will meet its baseline on an untrained twin.
# - A control has to be able to fail. This one could have failed for every method; here guided backprop came nearest to failing it.
# - The saliency literature found that out by exchanging weights and watching what follows: by an intervention. Whether that makes the study mechanistic, section 0.1 has four answers.

# %% [markdown] id="2e574706"
# ## 0.10 Features: edges and curves
#
# ★ core · difficulty 3 of 5 · 50 minutes
#
# *You will be able to*: measure what a unit answers to, beside a network that learned nothing; make a picture for a unit; and say what each of the two leaves out. (Olah et al. 2020, "Zoom In: An Introduction to Circuits", claim 1; Cammarata et al. 2020, "Curve Detectors"; the method is that of Hubel and Wiesel 1959, "Receptive fields of single neurones in the cat's striate cortex".)
#
# Hubel and Wiesel showed bars of light to cats and recorded from single cells of their visual cortex. Many cells answered to a bar at one angle, and hardly at all to the same bar turned by 90°. A plot of the response by angle is a cell's **tuning curve**.
#
# Olah et al. look at units of a vision network in the same spirit. Their first claim is that *features* are the fundamental units of neural networks, that a feature is a direction in the space of a layer's responses, and that features can be studied and understood. They call their claims speculative. A unit (a channel of a layer) is one such direction, the one that is at hand; nothing guarantees that it is a feature.
#
# The network here is `shapes-cnn`: three convolutions that see drawn shapes of 32 × 32 points and name one of eight classes. It was also asked how the shape is turned, and its units were charged for being active. So what you will see is what this training gives, not what every network has.

# %% id="9a21a561"
import math

from mi_course.display import Pictures, TuningGrid
from mi_course.mechanistic.tuning import network_tuning, preferred_angle
from mi_course.mechanistic.visualisation import field, top_examples, visualise
from mi_course.worlds.shapes import CLASSES, draw_shapes, stimuli
from mi_course.zoo import card, seeds

shapes_cnn = load_model("shapes-cnn")  # seed 0, the first of three random starts
shapes_twin = load_model("shapes-cnn", untrained=True)
first_filters = shapes_cnn.conv1.weight.detach()[:, 0]  # unit, y, x
twin_filters = shapes_twin.conv1.weight.detach()[:, 0]

# %% id="b61446bd"
plot(
    Pictures(
        torch.stack([first_filters[:8], twin_filters[:8]]),
        rows=["trained", "untrained"],
        columns=[f"unit {unit}" for unit in range(8)],
        name="first-layer filters",
        title="shapes-cnn (seed 0)",
        diverging=True,
        shows="Most trained filters have a blue and an orange patch or stripe side by side; two "
        "of them (4 and 6) look like noise, as the untrained ones do.",
    )
)

# %% [markdown] id="d81a9c66"
# A filter is laid on each place of the picture; the sum of products, plus the unit's bias, is its input, and ReLU of that its response. A stripe of positive weights beside a stripe of negative ones *looks* like an edge detector. Looking is where a hypothesis comes from. The test is what the unit answers to.
#
# The **tuning curve** of unit u is, for each angle θ, how much an edge at θ adds to its response:
#
# $$r_u(\theta) = \max_{s}\; \mathrm{ReLU}\big(w_u \cdot x_{\theta, s} + b_u\big) - \mathrm{ReLU}(b_u)$$
#
# $x_{\theta,s}$ is the part of the picture under the filter, with an edge at angle θ that is shifted by s points along its normal, the direction across the edge; $w_u$ and $b_u$ are the unit's filter and bias, and the last term is its response to an empty picture. The largest over shifts is taken because a unit may prefer a line that passes beside its middle.
#
# Angles run from the x axis (to the right) towards positive y (downwards). The angle θ is that of the normal, so a stimulus at 0° is upright. An edge has a **direction**, the one in which it brightens: it repeats after 360°. A line has an **orientation** only: turned by 180° it is the same line.


# %% id="8e4afd9d" exercise="orientation_tuning"
def orientation_tuning(filters, bias, angles, kind, shifts):
    """What units of the first layer answer to edges or lines at each angle.

    filters: one kernel a unit, shape (unit, k, k), k odd. bias: shape (unit,).
    angles: a tensor of degrees. kind: "edge", "line" or "arc".
    shifts: a list of numbers, in points.

    stimuli(kind, angles_in_radians, shift=...) draws the pictures, one an angle,
    shape (angle, 1, 32, 32); an empty picture is all zeros.
    Read each unit at row 16, column 16: there its filter lies with its middle on
    that point, as in a convolution layer with padding=k // 2.

    Returns shape (angle, unit): the largest response over the shifts, after ReLU,
    less the response to an empty picture.
    """
    ### BEGIN SOLUTION
    relu = torch.nn.functional.relu
    strongest = None
    for shift in shifts:
        pictures = stimuli(kind, torch.deg2rad(angles), shift=shift)
        drive = torch.nn.functional.conv2d(
            pictures, filters[:, None], bias, padding=filters.shape[-1] // 2
        )
        response = relu(drive[:, :, 16, 16])
        strongest = (
            response if strongest is None else torch.maximum(strongest, response)
        )
    return strongest - relu(bias)
    ### END SOLUTION


# %% id="555e392f" check="orientation_tuning"
check(orientation_tuning)

# %% [markdown] id="e417350c"
# How far does a curve keep to one angle? Its **selectivity** is the length of the mean vector over the mean response:
#
# $$S_u = \frac{\big|\sum_\theta r_u(\theta)\, e^{i m \theta}\big|}{\sum_\theta r_u(\theta)}$$
#
# It is 1 if the unit answers at one angle only, 0 if it answers at all angles alike. For directions m = 1; for orientations the angle is doubled, m = 2. The larger of the two counts here. (For m = 2 it is one minus the circular variance, which Ringach, Shapley & Hawken 2002, "Orientation Selectivity in Macaque V1: Diversity and Laminar Dependence", computed for cells. Responses below zero count as zero.)
#
# A unit is called an *edge or line unit* below if its selectivity is above 0.5. The number 0.5 is a choice. The untrained twin is counted by the same rule.
#
# **Predict.** Of the 16 units of the first layer, how many pass? And how many of the untrained twin's?

# %% id="5cc780bc"
predict("oriented_units", value=..., confidence=...)

# %% id="1ea970d1"
predict("oriented_untrained", value=..., confidence=...)

# %% id="1566156c"
tuned, tuned_twin = network_tuning(shapes_cnn), network_tuning(shapes_twin)
plot(
    TuningGrid(
        tuned["conv1"],
        tuned_twin["conv1"],
        ("edge", "line"),
        title="shapes-cnn (seed 0), edges and lines",
    )
)

# %% id="9474b6e2"
predict.reveal("oriented_units", len(tuned["conv1"].oriented))

# %% id="3f7e9e6d"
predict.reveal("oriented_untrained", len(tuned_twin["conv1"].oriented))

# %% [markdown] id="e9843f4e"
# **Look.** Curves with one peak belong to edge units, those with two peaks half a turn apart to line units. Some curves are flat: units that answer to contrast at any angle. The grey curves are bumpy too. Random filters are not blind to angle, since a sum of random weights along a line differs from angle to angle. That is why the twin has to be counted.
#
# One network is one draw. Here are all seeds that the course ships, from the model's card.

# %% id="59a6059c"
# NBVAL_CHECK_OUTPUT
for each in seeds("shapes-cnn"):
    known = card("shapes-cnn")["seeds"][str(each)]["phenomena"]
    edges, curves = (
        known["edge and line units of conv1"],
        known["curve units of conv3"],
    )
    print(
        f"seed {each}: edge and line units of conv1 {edges['value']:2d} of {edges['n']}",
        f"(untrained {edges['baselines']['untrained']});",
        f"curve units of conv3 {curves['value']} of {curves['n']}",
        f"(untrained {curves['baselines']['untrained']})",
    )

# %% id="9daf25d4"
from mi_course.claims import bootstrap_interval as bootstrap

selectivity = tuned["conv1"].selectivity
Claim(
    statement="Units of the first layer of shapes-cnn (seed 0) keep to few angles of edges and "
    "lines, more than units with random weights do.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean selectivity",
    estimate=float(selectivity.mean()),
    interval=bootstrap(selectivity),
    n=len(selectivity),
    observations="units",
    baseline=float(tuned_twin["conv1"].selectivity.mean()),
    baseline_name="the units of the untrained twin",
    does_not_say="That later layers use these units as edge detectors. That other trainings give "
    "as many: this one charged units for being active.",
)

# %% [markdown] id="717d27e4"
# ### Curves
#
# An **arc** has a direction, too: that of its normal. A unit that answers to an arc may be a line unit that takes an arc for a line, so two things are asked of a *curve unit* besides answering: its best arc must move it by a fifth more than the best straight edge or line, and arcs that bulge one way must move it more than those that bulge the other way (selectivity with period 360° above 0.5).

# %% id="444e980e"
plot(
    TuningGrid(
        tuned["conv3"],
        tuned_twin["conv3"],
        ("arc",),
        units=tuned["conv3"].curved,
        title="shapes-cnn (seed 0), arcs of radius 6, curve units only",
    )
)

# %% id="4f43acad"
# NBVAL_CHECK_OUTPUT
third = tuned["conv3"]
for unit in third.curved:
    curve = third.curves[third.preferred(unit, ("arc",))][:, unit]
    print(
        f"unit {unit:2d}: points to {preferred_angle(curve, 360)[0]:3.0f}°,",
        f"best arc over best edge or line {third.arc[unit] / third.straight[unit]:.1f}",
    )

# %% [markdown] id="34d7e483"
# **Beside the published picture.** Cammarata et al. take natural pictures that make one unit of a family in layer mixed3b of InceptionV1 fire, turn them through all angles, and draw the responses of the whole family. As one unit stops firing the next begins, and together they cover the full circle. Synthetic curves come after that: there the authors vary angle and curvature.
#
# Here there are a few curve units among 32, not a family. The circle is not covered evenly: the angles above leave gaps. One of the five only just passes the rule of a fifth more, so their number depends on where the line is drawn. What the other units of the layer answer to was not settled here. The untrained twin has none by the same rule. So: curve units exist in this network, and "the layer is made of curve detectors" would be false.

# %% [markdown] id="ba686aed"
# ### A curve detector written by hand
#
# *Beside the core, about 20 minutes.* If you know what makes a curve detector, you should be able to write one. Olah et al. list this among their arguments: weights set by hand, from what was read in the network, that answer much as the trained units do. Cammarata et al. 2021, "Curve Circuits", write such a network. What you write here is less: one filter on the picture itself, from what an arc looks like and not from any trained weights.


# %% id="19491fc4" exercise="curve_detector"
def curve_detector(angle, radius, size):
    """One filter that answers to a bright arc, written down without training.

    angle: of the arc's normal, in degrees from the x axis (to the right) towards
        positive y (downwards). The arc bulges that way.
    radius: in points, at least 5. size: even; the filter has shape (size, size), rows
        are y. Its middle lies between points: coordinates are
        torch.arange(size) - (size - 1) / 2. The arc passes through the middle; the
        centre of its circle lies one radius from there, on the side away from `angle`.

    The filter is used by correlation: laid on the middle of the picture as it is, sum
    of products, then ReLU. Any filter will do, of any scale, if (the arcs shown
    reach about 70° to both sides of their normal, lines are 2 points thick):

    - its sum is at most 0.05 times the sum of its weights' sizes, above or below zero;
    - bright arcs move it more than dark ones. Of those of the radius, at all angles,
      moved along their normals by up to one radius, the one that moves it most is
      within 10° of `angle` and 1.5 points of the middle;
    - an arc of 0.6 times the radius does not move it more, and one of 1.6 times the
      radius at most 1.25 times as much;
    - each of these moves it at most 0.75 times as much: the arc through the middle
      that bulges the other way; straight lines through the middle, at all angles; the
      arc on the far side of the same circle.

    All but the first are judged with the filter's mean taken away.
    """
    ### BEGIN SOLUTION
    normal = math.radians(angle)
    place = torch.arange(size) - (size - 1) / 2
    x, y = place[None, :], place[:, None]
    # From the centre of the circle: towards the bulge, and across.
    along = radius + x * math.cos(normal) + y * math.sin(normal)
    across = y * math.cos(normal) - x * math.sin(normal)
    distance = torch.hypot(along, across) - radius
    ridge = torch.exp(-(distance**2) / 2) - torch.exp(-(distance**2) / 8) / 2
    arc = torch.where(along > 0.3 * radius, ridge, 0.0)
    return arc - arc.mean()
    ### END SOLUTION


# %% id="6625edc0" check="curve_detector"
check(curve_detector)

# %% [markdown] id="18e2b472"
# Now one for each curve unit, at the angle that the unit points to, and negative for units that prefer dark arcs. It is shown the same stimuli as the network was. Once it stands alone, and once with a **threshold**: a bias of −4, a little under half of its response to its own arc, before ReLU.

# %% id="4dec8680"
from mi_course.mechanistic.curves import curve_detector as written_detector
from mi_course.mechanistic.curves import filter_tuning

by_hand = torch.stack([written_detector(0, 6, 20)] * len(third.selectivity))
for unit in third.curved:
    kind, arc_sign = third.preferred(unit, ("arc",))
    points_to = preferred_angle(third.curves[kind, arc_sign][:, unit], 360)[0]
    by_hand[unit] = arc_sign * written_detector(points_to, 6, 20)
hand_alone = filter_tuning(by_hand, "conv3")
hand_tuned = filter_tuning(by_hand, "conv3", bias=torch.full((len(by_hand),), -4.0))
plot(
    TuningGrid(
        third,
        hand_alone,
        ("arc",),
        units=third.curved,
        title="shapes-cnn (seed 0)",
        beside="a filter written by hand for the unit's angle, without a threshold",
    )
)

# %% id="baa69358"
plot(
    TuningGrid(
        third,
        hand_tuned,
        ("arc",),
        units=third.curved,
        title="shapes-cnn (seed 0)",
        beside="the same filter with the threshold",
    )
)

# %% id="29441338"
# NBVAL_CHECK_OUTPUT
for unit in third.curved:
    print(
        f"unit {unit:2d}: selectivity {third.direction[unit]:.2f};",
        f"by hand {hand_alone.direction[unit]:.2f},",
        f"with the threshold {hand_tuned.direction[unit]:.2f}",
    )

# %% [markdown] id="15d48d05"
# **Look.** By hand, one filter gives a peak near the angle that was asked for, narrower than that of most of the units. Alone it also has a low, broad floor among arcs that bulge the other way, which cross it. Peak and floor balance each other, so its selectivity is near zero, and by the rule for units above it would not count as a curve unit. A threshold takes the floor away. So the rule also measures how a unit treats everything else, and the bias before the ReLU does part of what one might read into the weights alone.
#
# What this shows: the weights that were written down, with a threshold, are enough for tuning to arcs. What it does not show: that the network does it this way. Its units see the picture through two layers before, and most of their curves are broader; section 0.11 looks at their weights. Nor is the filter silent to all else: without the threshold, edges move it about half as much as its arc. Straight lines and arcs were what the check asked about.

# %% [markdown] id="0ee5aae1"
# ### A picture made for one unit
#
# A tuning curve asks the questions its maker thought of. **Feature visualisation** lets the unit ask: start from noise and change the picture, step by step, so that the unit's response rises (Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network"; Olah et al. 2017, "Feature Visualization"). Without restraint the result exploits details of no meaning. Two restraints are used here: points stay within ±1, and before each gradient the picture is moved by a random point or so, so that the pattern has to survive being moved.


# %% id="be33deac" exercise="feature_visualisation"
def feature_visualisation(layer, unit, image, shifts, step_size):
    """Climb from a picture to one that a unit answers to more.

    layer: a function from pictures (batch, 1, y, x) to the layer's input to its ReLU,
        shape (batch, unit, row, column).
    unit: which one; it is read in the middle of its map,
        at row number_of_rows // 2, column number_of_columns // 2.
    image: the picture to begin with, shape (y, x). It is not to be changed itself.
    shifts: one (down, right) for each step. Before the gradient is taken, the picture
        is rolled by it (what leaves on one side comes back on the other).

    In each step the picture, as it was before it was rolled, moves by step_size along
    the gradient divided by its length, and is then clamped to −1 … 1. Where the
    gradient is zero the picture stays as it is.
    Returns the picture after the last step, shape (y, x).
    """
    ### BEGIN SOLUTION
    image = image.clone()
    for down, right in shifts:
        image.requires_grad_(True)
        moved = image.roll((down, right), dims=(0, 1))
        drive = layer(moved[None, None])[0, unit]
        objective = drive[drive.shape[0] // 2, drive.shape[1] // 2]
        (gradient,) = torch.autograd.grad(objective, image)
        with torch.no_grad():
            image = image + step_size * gradient / gradient.norm().clamp(min=1e-8)
            image = image.clamp(-1, 1)
    return image.detach()
    ### END SOLUTION


# %% id="43a5f919" check="feature_visualisation"
check(feature_visualisation)

# %% [markdown] id="bcb72e3a"
# `layer` is read before its ReLU. Where a unit is silent, its response after ReLU has no slope, and the climb would not begin.
#
# **Predict.** Take the curve unit whose best arc exceeds straight stimuli most. Will the picture made for it move it more than each of 4,000 pictures of the kind that the network was trained on?

# %% id="a66dcd87"
predict("optimised_beats_data", value=..., confidence=...)

# %% id="262219ab"
curve_unit = max(
    third.curved, key=lambda unit: float(third.arc[unit] / third.straight[unit])
)
gallery = draw_shapes(4000, seed=11)
best_examples = top_examples(shapes_cnn, "conv3", curve_unit, gallery.images, k=6)
optimised = torch.stack(
    [visualise(shapes_cnn, "conv3", curve_unit, seed=start) for start in (0, 1)]
)


def strongest_response(pictures):
    """The largest response of the curve unit over each picture."""
    with torch.no_grad():
        return shapes_cnn.activations(pictures)["conv3"][:, curve_unit].amax(dim=(1, 2))


made_for_it = strongest_response(optimised[:, None])
# Contrast held equal, in two ways: every drawn picture stretched until its largest point is at 1 or −1, and the
# made picture weakened until its sum of squares is that of the best example.
largest_point = gallery.images.abs().amax(dim=(1, 2, 3), keepdim=True)
stretched = strongest_response(gallery.images / largest_point)
best_example = gallery.images[best_examples.index[0]]
weakened = strongest_response(
    (optimised[0] * best_example.norm() / optimised[0].norm())[None, None]
)
plot(
    Pictures(
        torch.cat([optimised, gallery.images[best_examples.index, 0]])[None],
        rows=[""],
        columns=[f"made: {value:.1f}" for value in made_for_it]
        + [
            f"{CLASSES[gallery.label[i]]}: {best_examples.all_responses[i]:.1f}"
            for i in best_examples.index
        ],
        name=f"two pictures made for unit {curve_unit} of conv3 and the six of 4,000 drawn "
        "shapes that move it most, each with the unit's response",
        range="all",
        shows="The made pictures show bright and dark rings inside each other; the examples are "
        + ", ".join(sorted({CLASSES[gallery.label[i]] for i in best_examples.index}))
        + ".",
    )
)

# %% id="488a322d"
predict.reveal(
    "optimised_beats_data",
    bool(made_for_it[0] > best_examples.all_responses.max()),
)

# %% id="dd1b6c67"
# NBVAL_CHECK_OUTPUT
print(f"unit {curve_unit} of conv3 sees {field(shapes_cnn, 'conv3')} of 32 points")
print(f"made picture {made_for_it[0]:.0f}, weakened {weakened[0]:.0f}")
print(
    f"best of 4,000 examples {best_examples.all_responses.max():.0f},",
    f"all of them stretched {stretched.max():.0f}",
)
for number, name in enumerate(CLASSES):
    mean = best_examples.all_responses[gallery.label == number].mean()
    print(f"{name:14s} mean strongest response {mean:.1f}")

# %% [markdown] id="9e8857d2"
# **Look.** The made picture moves the unit several times as much as any drawn shape. Part of that is contrast. So two numbers are printed besides: the best response after every drawn picture was stretched to the limits of ±1, and the response to the made picture after it was weakened to the sum of squares of the best example. The gap narrows, and it stays. The made picture is not a typical input; it lies far outside what the network ever saw. It agrees with the examples in one thing, that curves around a middle move the unit.
#
# What it leaves out:
#
# - **Range.** It shows the peak. What the unit answers to a line, a disc or a square cannot be seen in it. The means by class above say it, and they hold a surprise: squares move this unit more than single arcs do, and more than discs.
# - **Context.** The unit sees most of the picture. The tuning curves showed it arcs alone; among the examples whole circles come first. "Curve unit" is the name of a test that it passed. By classes alone one would describe it otherwise: circles first, then squares, then discs and arcs, and triangles as little as a line. No short name fits that list, "closed outlines" no better than "curves".
# - **What is suppressed.** A picture that maximises shows what excites. It does not show apart what must not be there.
# - **Other pictures.** Two random starts gave two pictures. A unit that answers to several things shows one of them at a time.
#
# **Beside the published picture.** In "Curve Detectors" the pictures made for a curve unit are filled with arcs of one direction and radius, and its strongest natural images have such curves in the middle; one of the authors sorted by hand more than 800 images that had been drawn from the whole range of one unit's responses, not only the strongest. Their made pictures use more restraints than the two here, and a colour space that favours natural images.

# %% id="52b0650d"
# New pictures: the statement was made after seeing the means above.
fresh = draw_shapes(4000, seed=15)
fresh_response = strongest_response(fresh.images)
on_circles = fresh_response[fresh.label == CLASSES.index("circle")]
mean_by_class = {
    name: float(fresh_response[fresh.label == number].mean())
    for number, name in enumerate(CLASSES)
    if name != "circle"
}
rival_class = max(mean_by_class, key=mean_by_class.get)
Claim(
    statement=f"Unit {curve_unit} of conv3 of shapes-cnn (seed 0) answers more to pictures of "
    "circles than to those of any other class.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean strongest response to circles",
    estimate=float(on_circles.mean()),
    interval=bootstrap(on_circles),
    n=len(on_circles),
    observations="pictures of circles",
    baseline=mean_by_class[rival_class],
    baseline_name=f"the same unit on the class that comes next, {rival_class}",
    does_not_say="That the unit answers to curves as such: squares are above arcs and discs. That "
    "the network uses it to find circles: section 0.11. The interval is about pictures of this one "
    "unit, not about units or networks.",
)

# %% [markdown] id="58ddbc12"
# ## 0.11 Circuits, and the three claims
#
# ★ core · difficulty 4 of 5 · 45 minutes
#
# *You will be able to*: read the weights into and out of a unit, say what they predict, test the prediction by silencing units, and state what three networks can and cannot say about a claim of universality. (Olah et al. 2020, "Zoom In: An Introduction to Circuits", claims 2 and 3; Cammarata et al. 2021, "Curve Circuits".)
#
# The second claim of Olah et al.: features are connected by weights and form *circuits*, which can be studied and understood too. The third, *universality*: analogous features and circuits form across models and tasks. As in the section before, the authors call these claims speculative and offer them for testing.
#
# In InceptionV1 they read, for example, how a curve detector is built: it is built mainly from line detectors and earlier curve detectors. At each point of its curve it is excited by earlier curve detectors of a similar orientation there, and inhibited by those of the opposite one, turned by 180°. That is read from the kernels between units whose meaning was settled before.

# %% id="614d8f5a"
from mi_course.claims import Interval, bootstrap_interval
from mi_course.display import Bars, Pictures
from mi_course.mechanistic.circuits import (
    into,
    logit_without,
    match_units,
    within_classes,
)
from mi_course.mechanistic.tuning import network_tuning
from mi_course.worlds.shapes import CLASSES, draw_shapes
from mi_course.zoo import seeds
from scipy.stats import binomtest

circuit_model = load_model("shapes-cnn")
circuit_tuning = network_tuning(circuit_model)
third_layer = circuit_tuning["conv3"]
# The curve unit of section 0.10: the one whose best arc exceeds straight stimuli most.
ring_part = max(
    third_layer.curved,
    key=lambda unit: float(third_layer.arc[unit] / third_layer.straight[unit]),
)
sample = draw_shapes(1000, seed=12)

# %% [markdown] id="346e0962"
# ### Into the curve unit
#
# A kernel of the third layer has 3 × 3 weights for each of the 16 units of the second. The shortest reading is their sum: above zero, the unit before excites; below zero, it inhibits.
#
# A sum of weights is a prediction, and **ablation** tests it: set one unit of the second layer to zero everywhere and see by how much the curve unit's strongest response falls. If the unit excites, it falls, so intact minus silenced is above zero.
#
# Between the weights and the effect stand a ReLU and a maximum over the picture. A weight into a silent unit does nothing, and when the place of the strongest response loses its support, another place takes over.


# %% id="1e45faf9" exercise="circuit_weights"
def circuit_weights(weight, bias, before, target):
    """What weights say of the units before a unit, and what silencing them does.

    weight: of a convolution layer, as torch keeps it: layer.weight. bias: layer.bias.
        The kernel is k × k, k odd, and the layer pads with k // 2.
    before: what comes into the layer (after the ReLU and pooling of the layer
        before), shape (batch, source, y, x).
    target: the number of a unit of the layer.

    Returns two rows of one number for each source:
    connection: the sum of the kernel from the source to the target;
    effect: how much lower the target's strongest response is when the source is set
        to zero, intact minus silenced, mean over the batch. The strongest response
        is the largest over the picture, after ReLU.
    """
    ### BEGIN SOLUTION
    connection = weight[target].sum(dim=(1, 2))

    def strongest(responses):
        drive = torch.nn.functional.conv2d(
            responses, weight, bias, padding=weight.shape[-1] // 2
        )
        return drive[:, target].relu().amax(dim=(1, 2))

    effect = []
    for source in range(weight.shape[1]):
        silenced = before.clone()
        silenced[:, source] = 0
        effect.append((strongest(before) - strongest(silenced)).mean())
    return connection, torch.stack(effect)
    ### END SOLUTION


# %% id="6aeae193" check="circuit_weights"
check(circuit_weights)

# %% [markdown] id="645937fc"
# **Predict.** For the curve unit of section 0.10: of the units before it that matter (silencing them changes its strongest response by more than 0.01 on average), what share do so with the sign of their summed weights?

# %% id="ffc3f160"
predict("signs_agree", value=..., confidence=...)

# %% id="e9ee3196"
read = into(circuit_model, "conv3", ring_part, sample.images)
effect = read.effect.mean(dim=0)
matters = (effect.abs() > 0.01).nonzero().flatten().tolist()
bands = [bootstrap_interval(read.effect[:, source]) for source in matters]
plot(
    Bars(
        [f"{source}" for source in matters],
        effect[matters],
        "fall of the response",
        intervals=bands,
        interval="95 % interval (bootstrap over 1,000 pictures)",
        axis="unit of conv2",
        title=f"silenced before unit {ring_part} of conv3, shapes-cnn (seed 0)",
    )
)

# %% id="aceb5b00"
# NBVAL_CHECK_OUTPUT
agree = sum(bool(effect[s] * read.connection[s] > 0) for s in matters)
share = agree / len(matters)
peak = read.at_peak.mean(dim=0)
share_at_peak = sum(bool(effect[s] * peak[s] > 0) for s in matters) / len(matters)
print(f"{len(matters)} of 16 units of conv2 matter to unit {ring_part} of conv3")
exact = binomtest(agree, len(matters)).proportion_ci(0.95, method="exact")
print(
    f"sign as their summed weights say:               {share:.2f} ({agree} of {len(matters)};"
    f" a coin 0.50; exact 95 % interval {exact.low:.2f} to {exact.high:.2f})"
)
large = [s for s in matters if abs(float(effect[s])) > 0.1]
agree_large = sum(bool(effect[s] * read.connection[s] > 0) for s in large)
print(f"  the same for effects above 0.1:               {agree_large} of {len(large)}")
print(f"sign as their weights at the peak's place say:  {share_at_peak:.2f}")

# %% id="a661b907"
predict.reveal("signs_agree", share)

# %% [markdown] id="ce140387"
# **Look.** The sum was no better guide to the sign than a coin, and with so few units the interval is wide: that it predicts the sign is not shown. A stricter threshold changes the count, since some effects lie close to 0.01, and not the conclusion. A likely reason can be seen in the kernels: a kernel may excite in one place and inhibit in another, and the sum of nine numbers does not say which of the places the unit before is active at.

# %% id="9883ca20"
strongest_sources = sorted(matters, key=lambda source: -abs(float(effect[source])))[:4]
kernels = circuit_model.conv3.weight.detach()[ring_part, strongest_sources]
plot(
    Pictures(
        kernels[None],
        rows=[""],
        columns=[
            f"{source}: sum {read.connection[source]:+.2f}"
            for source in strongest_sources
        ],
        name=f"kernels into unit {ring_part} of conv3 from the four units of conv2 that "
        "matter most",
        range="all",
        diverging=True,
        shows="Each kernel has weights of both signs in different places.",
    )
)

# %% id="84024749"
Claim(
    statement=f"For unit {ring_part} of conv3 of shapes-cnn (seed 0) the summed weights from a unit "
    "of conv2 predict the sign of what silencing it does.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="share of signs that agree",
    estimate=share,
    interval=Interval(exact.low, exact.high, method="exact binomial"),
    n=len(matters),
    observations="units of conv2 that matter",
    baseline=0.5,
    baseline_name="a coin",
    does_not_say="That weights are of no use: their sum was read, and for one unit. The units before "
    "it act together, so they are not independent observations, and the threshold of 0.01 is a choice.",
)

# %% [markdown] id="3c73124b"
# A better reading keeps the place: take, for each picture, what the unit before brings at the place where the curve unit responds most (its weights there times its responses there). The second share above is that of this reading.
#
# It is not read from weights alone: it needs the pictures. And one half of it holds by arithmetic, picture by picture: if a unit holds the peak down, the response there rises without it, so the strongest response cannot fall. Where a unit holds the peak up there is something to test, since another place may take over. The test is less hard than it looks.
#
# **Beside the published picture.** In "Zoom In" the weights from an early curve detector to a later one of similar orientation are positive along the curve, those from one of the opposite orientation negative, and the pattern turns with the orientation of the unit. There the kernels are 5 × 5. Here they are 3 × 3, and the units before are not all understood; a pattern that neat is not to be seen, and no such claim is made. What can be said is which units matter, and with which sign.

# %% [markdown] id="78ce450a"
# ### From the curve unit to a shape
#
# The read-out has one weight from each unit of the third layer to each class. It meets the unit's largest response over the picture, with no ReLU after it. So here the prediction from the weight is exact for the logit, and the open question is whether it *matters*: how large it is beside that of other units, and whether answers change.

# %% id="3c6863a8"
# NBVAL_CHECK_OUTPUT
for number, name in enumerate(CLASSES):
    print(f"{name:14s} {circuit_model.read_out.weight[number, ring_part]:+.2f}")

# %% id="28bcb7ae"
circles = draw_shapes(400, seed=13, kind="circle").images
at = CLASSES.index("circle")
with torch.no_grad():
    intact = circuit_model(circles)
change = torch.stack(
    [
        (intact - logit_without(circuit_model, [unit], circles))[:, at]
        for unit in range(32)
    ],
    dim=1,
)  # picture, unit
others = [unit for unit in range(32) if unit != ring_part]
by_size = sorted(range(32), key=lambda unit: -abs(float(change[:, unit].mean())))[:12]
around = [bootstrap_interval(change[:, unit]) for unit in by_size]
plot(
    Bars(
        [f"{unit}" for unit in by_size],
        change.mean(dim=0)[by_size],
        "fall of the logit",
        intervals=around,
        interval="95 % interval (bootstrap over 400 circles)",
        axis="unit of conv3, the twelve largest of 32",
        title="logit of circle, one unit silenced, shapes-cnn (seed 0)",
    )
)

# %% id="f8532e14"
# NBVAL_CHECK_OUTPUT
curve_units = third_layer.curved
rest = [unit for unit in range(32) if unit not in curve_units]
k = len(curve_units)


def named_right(silenced):
    """For each circle, whether it is named right without these units of conv3."""
    without = logit_without(circuit_model, silenced, circles)
    return (without.argmax(dim=1) == at).double()


draws = torch.Generator().manual_seed(0)
random_sets = [
    torch.randperm(len(rest), generator=draws)[:k].tolist() for _ in range(20)
]
at_random = [named_right([rest[i] for i in places]).mean() for places in random_sets]
with torch.no_grad():
    strongest_on_circles = circuit_model.activations(circles)["conv3"].amax(dim=(2, 3))
loudest = sorted(rest, key=lambda unit: -float(strongest_on_circles[:, unit].mean()))[
    :k
]
# The hardest control: the others that push the logit of circle up most.
pushing = sorted(rest, key=lambda unit: -float(change[:, unit].mean()))[:k]

print("share of circles named right")
for name, silenced in [
    ("intact", []),
    (f"without unit {ring_part}", [ring_part]),
    (f"without all {k} curve units", curve_units),
    (f"without the {k} other units loudest on circles", loudest),
    (f"without the {k} others that push circle most", pushing),
]:
    print(f"  {name:46s} {named_right(silenced).mean():.2f}")
mean_at_random = torch.stack(at_random).mean()
print(f"  without {k} other units, mean of 20 random sets  {mean_at_random:.2f}")

# %% id="3a4c1bdd"
fall = change[:, ring_part]
runner_up = max(others, key=lambda unit: float(change[:, unit].mean()))
Claim(
    statement=f"Unit {ring_part} of conv3 of shapes-cnn (seed 0) raises the logit of "
    "circle on pictures of circles more than any other unit does.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="fall of the logit when the unit is silenced",
    estimate=float(fall.mean()),
    interval=bootstrap_interval(fall),
    n=len(fall),
    observations="pictures of circles",
    baseline=float(change[:, runner_up].mean()),
    baseline_name=f"the largest fall among the other 31 units (unit {runner_up})",
    does_not_say="Anything beyond arithmetic about the fall itself: no ReLU stands behind the read-out, "
    "so it is the weight times the response, on each picture. That the unit is needed: other units may carry the answer without "
    "it. That zero is "
    "a state that the unit would be in with another shape. That it does so because of "
    "the curve: "
    "what it answers to was observed, not changed.",
)

# %% [markdown] id="4fadcb3c"
# Whether one unit matters is one question, whether the group does another. The last lines above silence all curve units at once, and as a control as many others: at random, those that respond most strongly to circles, since a loud unit is likelier to matter than a silent one, and those whose silencing lowers the logit of circle most. The last is the hardest control, and the card takes it.

# %% id="ff3fc1ca"
wrong = 1 - named_right(curve_units)
Claim(
    statement=f"Without its {k} curve units shapes-cnn (seed 0) misnames circles more "
    "often than without as many other units that push the logit of circle most.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="share of circles misnamed",
    estimate=float(wrong.mean()),
    interval=bootstrap_interval(wrong),
    n=len(wrong),
    observations="pictures of circles",
    baseline=float(1 - named_right(pushing).mean()),
    baseline_name=f"without the {k} other units that push the logit of circle most",
    does_not_say="That these units are all it takes to name a circle. That they "
    "are needed for other curves, or in other seeds. Zero may be a state that the "
    "network never meets, which breaks more than it removes.",
)

# %% [markdown] id="a4d7d713"
# Two more questions that the claim leaves open: do the other seeds rely on their curve units, too? And are these units, found by showing arcs, what the network names *arcs* with?

# %% id="6013bc64"
# NBVAL_CHECK_OUTPUT
print(
    "share named right without the curve units (without as many others that push most)"
)
curved_of = {}
for each in seeds("shapes-cnn"):
    one = load_model("shapes-cnn", seed=each)
    curved_of[each] = network_tuning(one)["conv3"].curved
    told = []
    for kind in ("circle", "arc", "disc"):
        drawn = draw_shapes(400, seed=13, kind=kind).images
        with torch.no_grad():
            whole = one(drawn)[:, CLASSES.index(kind)]
        push = [
            float(
                (
                    whole - logit_without(one, [unit], drawn)[:, CLASSES.index(kind)]
                ).mean()
            )
            for unit in range(32)
        ]
        others_by_push = sorted(
            set(range(32)) - set(curved_of[each]), key=lambda unit: -push[unit]
        )
        named = [
            (logit_without(one, units, drawn).argmax(dim=1) == CLASSES.index(kind))
            .double()
            .mean()
            for units in (curved_of[each], others_by_push[: len(curved_of[each])])
        ]
        told.append(f"{kind} {named[0]:.2f} ({named[1]:.2f})")
    print(f"  seed {each}, {len(curved_of[each])} curve units: ", ", ".join(told))

# %% [markdown] id="91765319"
# **Look.** In all three seeds most circles are misnamed without the curve units, and most are named right without as many others. For arcs and discs it is not so: they are named right more often than circles without the curve units, and in each seed the others matter more to arcs or to discs than the curve units do. So the name that the tuning curve suggested, *curve unit*, is not yet the units' part in the network: silencing them breaks the naming of circles in every seed, and the naming of both arcs and discs, more than the control does, in none. A tuning curve says what moves a unit; only silencing it says what it is for, and only on the pictures tried.

# %% [markdown] id="9bb36719"
# ### Universality, on three seeds
#
# Three networks of one architecture, one recipe and one kind of data, from different random starts. If analogous features form across models, a unit of one should have a counterpart in another.
#
# To match units, show both networks the same pictures and correlate the units' strongest responses. Each unit of the first network is matched with the unit of the second that correlates with it most (as in Li et al. 2016, "Convergent Learning").
#
# The best of 32 is never zero. So there are nulls:
#
# - the same for two **untrained** twins: what architecture and data give by themselves;
# - the same with the pictures of one network **shuffled**: what the best of 32 gives by chance.
#
# One more thing would make trained networks alike: both know the classes. A unit that goes up on all circles correlates with every other such unit. So the mean over each class is taken away first, and what is compared is how units differ between pictures of the same class.
#
# **Predict.** In the third layer, is the mean similarity higher for trained networks than for untrained ones?

# %% id="a89a6fd8"
predict("universal", value=..., confidence=...)

# %% id="eab12b3b"
shown = draw_shapes(1500, seed=14)


def class_free(model, layer):
    """Each unit's strongest response to each picture, less its mean over the class."""
    with torch.no_grad():
        found = model.activations(shown.images)[layer].amax(dim=(2, 3))
    return within_classes(found, shown.label)


trio = [load_model("shapes-cnn", seed=each) for each in seeds("shapes-cnn")]
twins = [
    load_model("shapes-cnn", seed=each, untrained=True) for each in seeds("shapes-cnn")
]
# Units that answer to no picture have no correlation and are left out: in the third layer
# three of seed 0, which is the first of two pairs, and one of seed 1, so that 96 units become 89.
order = torch.randperm(len(shown.label), generator=torch.Generator().manual_seed(0))
similarity = {}
for layer in ("conv1", "conv2", "conv3"):
    seen, unseen = (
        [class_free(one, layer) for one in group] for group in (trio, twins)
    )
    pairs = [(0, 1), (0, 2), (1, 2)]
    similarity[layer, "trained"] = [
        match_units(seen[a], seen[b]).similarity for a, b in pairs
    ]
    similarity[layer, "untrained"] = [
        match_units(unseen[a], unseen[b]).similarity for a, b in pairs
    ]
    similarity[layer, "shuffled"] = [
        match_units(seen[a], seen[b][order]).similarity for a, b in pairs
    ]

# %% id="d29ab7dc"
# NBVAL_CHECK_OUTPUT
print(
    "mean correlation with the best match, by pair of seeds (0 and 1, 0 and 2, 1 and 2)"
)
for (layer, which), found in similarity.items():
    print(
        f"{layer} {which:10s}", "  ".join(f"{float(each.mean()):.2f}" for each in found)
    )

# %% id="0bc8c28b"
matched = torch.cat(similarity["conv3", "trained"])
matched_twins = torch.cat(similarity["conv3", "untrained"])
predict.reveal("universal", bool(matched.mean() > matched_twins.mean()))

# %% [markdown] id="0d0fde37"
# **Look.** Compare each row with the rows below it. The shuffled rows say what the largest of many chance correlations gives: next to nothing. Against this null alone, every layer would pass for universal.
#
# The untrained rows are the ones to beat. *Untrained networks match each other well.* In the first layer trained networks match better than that. In the second and third they match less well.
#
# Perhaps untrained units agree on little more than how much ink and contrast there is. That can be tested: take away, within each class, what a linear fit on four numbers of the picture predicts (its mean, the mean size of its points, their standard deviation, and the largest size), and match again. The idea came after the rows above were seen.

# %% id="9a854e03"
# NBVAL_CHECK_OUTPUT
flat = shown.images[:, 0].flatten(1)
ink = torch.stack(
    [flat.mean(1), flat.abs().mean(1), flat.std(1), flat.abs().amax(1)], dim=1
)
ink = within_classes(ink, shown.label).double()


def without_ink(responses):
    """What is left, class by class, of responses after a linear fit on the ink numbers."""
    left = responses.double()
    for one in shown.label.unique():
        here = shown.label == one
        left[here] -= ink[here] @ torch.linalg.lstsq(ink[here], left[here]).solution
    return left


print("the same, ink and contrast taken away")
beyond_ink = {}
for layer in ("conv1", "conv2", "conv3"):
    for which, group in (("trained", trio), ("untrained", twins)):
        left = [without_ink(class_free(one, layer)) for one in group]
        beyond_ink[layer, which] = [
            match_units(left[a], left[b]).similarity for a, b in pairs
        ]
        print(
            f"{layer} {which:10s}",
            "  ".join(f"{float(each.mean()):.2f}" for each in beyond_ink[layer, which]),
        )

# %% [markdown] id="a586ffa6"
# The guess fits, and it turns the comparison round. Without ink and contrast untrained networks agree on much less, and trained ones match better than untrained ones: plainly in the first and third layer, by little in the second. So the first comparison did not show that the third layers have nothing in common; it showed that a null may itself agree for a reason of its own. Since the second comparison was made after seeing the first, and four numbers do not hold all that could be called ink, it is a lead to be tested on other networks rather than a result.
#
# Why is the trained agreement in the third layer moderate? Trained units are selective, so two of them agree only if they are tuned alike. The third layer has few units for many directions and shapes, and each seed may place its own differently. A correlation of responses does not tell this from networks that solve the task in different ways.
#
# What the cards can say is narrower still. By the same rule, each seed has edge and line units in the first layer and some curve units in the third, more than its twin. Which units they are, and how many, differs from seed to seed (section 0.10).
#
# One architecture, one recipe and one data set from three starts is the least that the word universality could mean. Olah et al. speak of different architectures and tasks, and name the evidence that they have for it anecdotal.

# %% id="d430b0cc"
first_layer = torch.cat(similarity["conv1", "trained"])
Claim(
    statement="Units of conv1 of shapes-cnn have closer counterparts in another seed "
    "than units of "
    "untrained networks have.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean correlation with the best match, class means taken away",
    estimate=float(first_layer.mean()),
    interval=bootstrap_interval(first_layer),
    n=len(first_layer),
    observations="units in three pairs of seeds",
    baseline=float(torch.cat(similarity["conv1", "untrained"]).mean()),
    baseline_name="the same between untrained networks",
    does_not_say="Anything of other architectures, data or tasks, nor that the matched "
    "units have the "
    "same tuning. Units of one network are not independent, so the interval is too "
    "narrow.",
)

# %% id="3f0fb647"
Claim(
    statement="Units of conv3 of shapes-cnn have closer counterparts in another seed "
    "than units of "
    "untrained networks have.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean correlation with the best match, class means taken away",
    estimate=float(matched.mean()),
    interval=bootstrap_interval(matched),
    n=len(matched),
    observations="units in three pairs of seeds",
    baseline=float(matched_twins.mean()),
    baseline_name="the same between untrained networks",
    does_not_say="That what trained units share is no more than what untrained ones share: ink and "
    "contrast are in both numbers, and without them the order is the other one. Anything of other "
    "architectures, data or tasks. The units of one network are not independent of each other, and three pairs of three networks share their members, "
    "so the "
    "interval is too narrow for a statement about seeds in general.",
)

# %% id="1495b5a7"
trained_beyond = torch.cat(beyond_ink["conv3", "trained"])
Claim(
    statement="Units of conv3 of shapes-cnn have closer counterparts in another seed than units of "
    "untrained networks have, once ink and contrast are taken away.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean correlation with the best match, class means, ink and contrast taken away",
    estimate=float(trained_beyond.mean()),
    interval=bootstrap_interval(trained_beyond),
    n=len(trained_beyond),
    observations="units in three pairs of seeds",
    baseline=float(torch.cat(beyond_ink["conv3", "untrained"]).mean()),
    baseline_name="the same between untrained networks",
    does_not_say="That it was expected: the four numbers were chosen after the comparison without "
    "them. Anything of other architectures, data or tasks. The interval is too narrow, since units "
    "of one network are not independent and the pairs share their members.",
)

# %% [markdown] id="8597070c"
# **The three claims, as far as they were tested here**
#
# | claim of Olah et al. 2020 | what was done | what was found, on `shapes-cnn` |
# |---|---|---|
# | Features are the units of understanding, and are directions | tuning curves of all units, beside untrained; made pictures; examples | many edge and line units, a few curve units; others answer to several things. Directions that are not units were not looked at |
# | Features form circuits, connected by weights | weights read, then tested by silencing | which units matter could be found; that the sum of the weights predicts the sign of the effect was not shown (no better than a coin, few units); silencing the curve units breaks the naming of circles; how the curve units themselves are computed was not settled |
# | Features and circuits are universal | three seeds, matched, beside two nulls | the same kinds of units by the same rule; single units correspond in the first layer more than untrained ones do; in the third they do so only once ink and contrast are taken away, a comparison made afterwards |

# %% [markdown] id="0203f64b"
# ## 0.12 What this chapter leaves out
#
# difficulty 1 of 5 · 15 minutes to read
#
# *You will be able to*: name where the questions of this chapter come from, where else they are asked, and which of them are open.
#
# **Older roots.** Explaining a system by its parts and what they do together is much older than neural networks on computers. Philosophers of biology describe what a mechanism is: entities and activities, organised so that they bring about a change (Machamer, Darden & Craver 2000, [Thinking about Mechanisms](https://doi.org/10.1086/392759)). Neuroscience has looked for what single cells answer to since Hubel & Wiesel 1959, has decoded what a person sees from patterns of activity (Haxby et al. 2001), and has lesioned and stimulated. Cognitive science supplied the levels of section 0.3.
#
# It supplied doubts as well. Jonas & Kording 2017 ([Could a Neuroscientist Understand a Microprocessor?](https://doi.org/10.1371/journal.pcbi.1005268)) applied the usual methods of neuroscience to a chip whose workings are known, and found structure that did not amount to understanding it. The course does the same on a small scale whenever it tries a method on a model that was written by hand.
#
# **Other models.** Nothing in the questions of this chapter is bound to transformers or to images.
#
# - *Support vector machines*: rules are read out of trained ones (Martens et al. 2007, [Comprehensible credit scoring models using rule extraction from support vector machines](https://doi.org/10.1016/j.ejor.2006.04.051)).
# - *Recurrent networks*: finite automata are read out of them (Giles et al. 1992; Weiss, Goldberg & Yahav 2018, [Extracting Automata from Recurrent Neural Networks Using Queries and Counterexamples](https://arxiv.org/abs/1711.09576)).
# - *Image models*: sections 0.10 and 0.11, and the rest of the [Circuits thread](https://distill.pub/2020/circuits/).
# - *Reinforcement learning*: concepts of chess players are probed for in AlphaZero through its training (McGrath et al. 2022, [Acquisition of Chess Knowledge in AlphaZero](https://arxiv.org/abs/2111.09259)).
# - *Diffusion models*: attention is followed from words of the prompt to places of the image (Tang et al. 2023, [What the DAAM](https://arxiv.org/abs/2210.04885)).
#
# The later chapters stay with transformers that read text.

# %% [markdown] id="111aa979"
# **Why some want evidence from inside.** Scalable oversight is the problem of supervising systems whose work people can no longer check in full (Bowman et al. 2022, [Measuring Progress on Scalable Oversight](https://arxiv.org/abs/2211.03540)). One worry is deception: a system that behaves well because it is being tested, and would behave otherwise elsewhere (Hubinger et al. 2019, [Risks from Learned Optimization](https://arxiv.org/abs/1906.01820), call it deceptive alignment). If such a system recognises every test, tests from outside cannot rule that out, since then it gives the same outputs in all of them as one that always behaves well.
#
# Evidence from inside could be a second channel. How much it can carry is not known. Hubinger et al. 2024 ([Sleeper Agents](https://arxiv.org/abs/2401.05566)) planted backdoors in language models and saw them last through safety training; that shows what planted behaviour can survive, and not that such behaviour arises by itself. Methods that were to read off whether a model holds a sentence true have been found to track other things on new data (Levinstein & Herrmann 2023, [Still No Lie Detector for Language Models](https://arxiv.org/abs/2307.00175)). And within the community that has put most hope in the work, its value for this purpose is disputed (Saphra & Wiegreffe 2024, section 4).
#
# Chapter 6 has a small case: a model that passes every behavioural test and hides a trigger. There the truth is known, because the trigger was planted.

# %% [markdown] id="d7203afc"
# **Open questions.**
#
# - *Polysemantic units and superposition.* Does superposition explain why units are polysemantic in large models, or do other things contribute? Neither "feature" nor "superposition" has a definition on which the field agrees (Sharkey et al. 2025, [Open Problems in Mechanistic Interpretability](https://arxiv.org/abs/2501.16496)).
# - *Universality.* Do networks trained from other starts, or on other data, find the same features and circuits? The evidence is mixed. Chughtai, Chan & Nanda 2023 ([A Toy Model of Universality](https://arxiv.org/abs/2302.03025)) find in networks that learn one operation a common family of solutions, and chance in which of them each network uses.
# - *Completeness of features.* How would one know that a dictionary has found all features, or the right ones? Two sparse autoencoders that differ in their random start alone, trained on the same data, learn sets of features that overlap in part (Paulo & Belrose 2025, [Sparse Autoencoders Trained on the Same Data Learn Different Features](https://arxiv.org/abs/2501.16615)).
# - *Evaluating explanations.* When is an explanation good, if the truth is not known? Planted truths, predictions on new data and usefulness for a task all measure something, and they need not agree. Chapter 6 is about this.

# %% [markdown] id="2ba33a56"
# ### What is known now
#
# The claim cards of this chapter, in the order in which you ran their cells. The verdict comes from the numbers: a claim *holds* if its whole interval lies beyond the bar, and is *undecided* if the bar lies within the interval. (A section that you left out is missing here.)

# %% id="5f85f2ac"
# NBVAL_CHECK_OUTPUT
from mi_course.claims import cards_shown

for claimed in cards_shown():
    print(f"{claimed.verdict.upper()} · {claimed.evidence.label}")
    print(f"  {claimed.statement}")

# %% [markdown] id="333e4184"
# Look at the rungs. The fourth is reached once, by a network of four units that was written by hand. The cards on the third say what changes when a part is changed, and not how the model comes to its answer. Several plausible statements did not hold, or stayed undecided. Where a statement of that kind is known from larger models, this says nothing about those: it has to be tested in each.

# %% [markdown] id="4ed3a37c"
# ### To talk about in a group
#
# 1. Take one paper that calls itself mechanistic. Which of the four definitions of section 0.1 does it meet, and on which rung of the ladder does its main claim stand? Would you have placed it otherwise had the authors' names been removed?
# 2. Your group finds a result, and a month later a precedent of 2018 that none of you knew. What do you owe it: a citation, a comparison, a different title? What would have helped you to find it in time?
# 3. A hospital can have a model that doctors can read, or one that errs less often and comes with an explanation that they find plausible. What would you measure before you chose, and who should be asked?
#
# ### Further reading
#
# From NLP interpretability:
#
# - Belinkov & Glass 2019, [Analysis Methods in Neural Language Processing: A Survey](https://arxiv.org/abs/1812.08951): what the field looked like before the word *mechanistic* came to it.
# - Belinkov 2022, [Probing Classifiers: Promises, Shortcomings, and Advances](https://arxiv.org/abs/2102.12452): how a method was criticised and repaired over six years, which is worth knowing before using it.
# - Jacovi & Goldberg 2020, [Towards Faithfully Interpretable NLP Systems](https://arxiv.org/abs/2004.03685): why plausible and faithful must not be judged by the same test.
# - Geiger et al. 2021, [Causal Abstractions of Neural Networks](https://arxiv.org/abs/2106.02997): what it takes to say that a network carries out a given causal model.
#
# From mechanistic interpretability:
#
# - Olah et al. 2020, [Zoom In](https://distill.pub/2020/circuits/zoom-in/): the three claims that sections 0.10 and 0.11 try out, put forward as speculative by their authors.
# - Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html): the notation of chapters 1 and 2, and the first explicit definition of the term.
# - Sharkey et al. 2025, [Open Problems in Mechanistic Interpretability](https://arxiv.org/abs/2501.16496): by many authors, and frank about what does not work yet.
#
# From further away:
#
# - Lipton 2018, [The Mythos of Model Interpretability](https://arxiv.org/abs/1606.03490): asks what the word is for, before asking how it is done.
# - Lazebnik 2002, [Can a Biologist Fix a Radio?](https://doi.org/10.1016/S1535-6108(02)00133-2): what happens when parts are catalogued without a language for how they work together.

# %% [markdown] id="67e872a5"
# ### Scale up
#
# The helpers of this chapter also run on models that were not made for teaching. The next cell takes the measure of section 0.7, the mean cosine between the vectors of different words, to the embedding tables of GPT-2 small and of Pythia 70M.
#
# **It was not run when this notebook was built**: that was done without a network, and then the cell prints a sentence for each model instead of numbers. With a network, or with the models in the cache, it downloads and measures.
#
# What to compare with: Ethayarajh 2019 ([How Contextual are Contextualized Word Representations?](https://arxiv.org/abs/1909.00512), section 4.1) measures the hidden states of GPT-2 rather than its embedding table, and finds that from the first layer on words point into similar directions, in the last layer almost into the same one. So the numbers here need not agree with the ones there; to repeat the paper's measurement, take states with `mi_course.interventions.run` and hand them to the same helper.

# %% id="f50b1ac7"
from mi_course.errors import CourseError
from mi_course.mechanistic.embeddings import mean_cosine

for large in ("gpt2", "EleutherAI/pythia-70m"):
    try:
        table = load_model(large).W_E.detach()
    except CourseError as error:
        print(error)
    else:
        chosen = torch.randperm(len(table), generator=torch.Generator().manual_seed(0))[
            :2000
        ]
        # Ids 0 and 1 are special in the course's own models, and ordinary in these.
        cosine = mean_cosine(table[chosen], torch.arange(2, 2 + len(chosen)))
        print(f"{large}: mean cosine between 2,000 random embeddings {cosine:.2f}")
