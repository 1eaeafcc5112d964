# %% [markdown] id="f203efa1"
# # 2 · Induction heads
#
# Many language models that have read `Mrs Dursley … Mrs Durs` go on with `ley`. They may have met the name in training. For a name they never met they could do it in another way: look back to the earlier copy, and read off how it went on. This chapter asks whether small models do, and at every step how well that is known.
#
# An **induction head** is an attention head that does two things: on a token that occurred before, it *looks* at the token that came after the earlier occurrence, and it *raises the probability* of that token as the next one. (Elhage et al. 2021 first described such heads and gave them their name.)
#
# This is the chapter's first section, and it is about the first half only: where heads look. It ends with a description, not with an explanation. The sections after it (in preparation) change things inside the model: they switch heads off, follow the path from one head to another, and read weights.
#
# | | |
# |---|---|
# | Models | `induction-2l`: two layers of four attention heads, no MLPs; and `induction-1l`, the same with one layer |
# | Data | random tokens that repeat, with labels that say where every copy is |
# | Time | about 50 minutes for this section |
# | You need | Python with PyTorch tensors; what an attention pattern is (a table of probabilities, one row for each position that looks) |
# | Read along | Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895); Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html) |

# %% [markdown] id="9939e1af"
# ### What the evidence here can show
#
# The course sorts evidence on a ladder of four rungs. Every result ends in a **claim card** that says on which rung it stands.
#
# 1. **Behavioural**: what comes out for what goes in.
# 2. **Correlational**: something inside goes along with what is of interest.
# 3. **Causal, for a component**: changing this component changes the behaviour.
# 4. **Causal, end to end**: a proposed mechanism, from input to output, accounts for the behaviour.
#
# An attention pattern is something that is observed. Whatever this section finds stands on the second rung: it can say *where a head looks*. It cannot say that what the head reads there is used.

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

# %% id="64c4bb29"

import torch
from mi_course.claims import Claim, Evidence
from mi_course.display import plot
from mi_course.display.patterns import AttentionPattern
from mi_course.exercises.induction_heads import check, predict
from mi_course.exercises.induction_heads import suspect as make_suspect
from mi_course.induction_heads import attention_patterns, induction_scores
from mi_course.interventions import run
from mi_course.worlds import repeated_tokens as draw_repeated_tokens
from mi_course.zoo import load_model, seeds

torch.set_num_threads(
    1
)  # the models are small: a second thread would cost more than it brings

# %% id="aad8fe34"
model = load_model(
    "induction-2l"
)  # trained for this course; seed 0, that is, from the first of five random starts
twin = load_model(
    "induction-2l", untrained=True
)  # its untrained twin: the same model before its first training step
one_layer = load_model("induction-1l")

# %% [markdown] id="7d1d3487"
# ## 2.1 Random tokens, said twice
#
# ★ core · difficulty 2 of 5 · 15 minutes
#
# *You will be able to*: make data on which grammar, topic and frequency cannot help, so that what is left to explain is small.
#
# In ordinary text a word can be guessed for a hundred reasons. Take them away: draw tokens at random, and say them again.
#
# `[BOS] A B C D A B C D`
#
# On the first copy next to nothing can be known. On the second everything can, by whoever looks back. (`[BOS]` marks the beginning of the sequence. It stands at position 0 and nowhere else, and its id is 0.)
#
# Three details matter:
#
# - Within a segment no token stands twice. On the second copy each token then has one earlier copy, and "what came after it" is one place.
# - Every row of the batch draws a segment of its own. A mean over rows that are all alike would be a mean over one row.
# - The draw comes from a generator that is handed in, so that somebody else can repeat the experiment and get the same tokens.
#
# Olsson et al. score heads on data of this kind.


# %% id="b8f5bc20" exercise="repeated_tokens"
def repeated_tokens(batch, period, repeats, d_vocab, generator):
    """Random segments, each repeated within its row.

    batch: number of rows. period: tokens in a segment.
    repeats: copies of the segment in a row, the first one included.
    d_vocab: ids run from 0 to d_vocab - 1; id 0 is [BOS], the others may be drawn.
    generator: a torch.Generator, to be handed to every call that draws.

    Returns whole numbers of shape (batch, 1 + period * repeats).
    """
    ### BEGIN SOLUTION
    segment = (
        torch.rand(batch, d_vocab - 1, generator=generator).argsort(dim=-1)[:, :period]
        + 1
    )
    bos = torch.zeros(batch, 1, dtype=torch.long)
    return torch.cat([bos, segment.repeat(1, repeats)], dim=1)
    ### END SOLUTION


# %% id="0be194df" check="repeated_tokens"
check(repeated_tokens)

# %% [markdown] id="1da86a9c"
# Stuck? `check.hint("repeated_tokens")` gives one hint at a time, three in all. `repeated_tokens = check.reference("repeated_tokens")` takes the course's version and goes on; the exercise is then recorded as skipped, and you can come back.
#
# From here on the notebook uses the course's own data, `mi_course.worlds.repeated_tokens`, which brings its labels along. So nothing below depends on your answer.

# %% [markdown] id="80e4a8b0"
# **Does it help the models?** The next cell asks how often the most probable token is the right one, on the second copy, where the earlier one tells.
#
# Beside the two models stand two baselines. The *untrained twin* has the same architecture and random weights. The *guess from the bag* knows which tokens occurred but not in which order, and crosses off those already said again: the best for a guesser who ignores order and position. In a segment of T tokens, when k tokens of the second copy have been said, T − k are left, so it is right once in T − k times.

# %% id="56800389"
# NBVAL_CHECK_OUTPUT
PERIOD = 12
data = draw_repeated_tokens(batch=256, period=PERIOD, repeats=2, seed=1)


def accuracy_on_second_copy(model):
    """Share of tokens of the second copy, from its second on, that are ranked first."""
    logits = run(
        model, data.tokens
    ).logits  # one number for every position and every possible next token
    guess, truth = logits[:, :-1].argmax(-1), data.tokens[:, 1:]
    known = data.predictable[
        :, :-1
    ]  # a label of the data: positions whose next token the earlier copy settles
    return (guess == truth)[known].float().mean().item()


bag = sum(1 / (PERIOD - k) for k in range(1, PERIOD)) / (PERIOD - 1)
for name, accuracy in [
    ("two layers", accuracy_on_second_copy(model)),
    ("one layer", accuracy_on_second_copy(one_layer)),
    ("guess from the bag", bag),
    ("two layers, untrained", accuracy_on_second_copy(twin)),
]:
    print(f"{name:22s} {accuracy:.2f}")

# %% [markdown] id="e2753c6d"
# Two layers solve it; one layer stays far below the bag. That is behaviour, the first rung of the ladder. The two models differ by a layer, but what makes the difference is not shown yet. Nor is it shown that the two-layer model compares tokens: at a fixed period, counting positions back would do as well. Section 2.3 returns to that.

# %% [markdown] id="8c5b02ae"
# ## 2.2 Where does the second A look?
#
# ★ core · difficulty 2 of 5 · 15 minutes
#
# *You will be able to*: read one number off an attention pattern that says how much a head behaves like an induction head, and say why that number is not yet an explanation. (Olsson et al. 2022, where the number is called the prefix-matching score.)
#
# Number the positions of `[BOS] A B C D A B C D`: `[BOS]` is 0, the first A is 1, the last D is 8. The length of the segment, the **period**, is T = 4.
#
# A head that continues patterns stands on the second `A` and looks at the token that came *after* the first `A`: at `B`. What it can read there is what will come next. (That is the most direct way, and not the only conceivable one: an earlier layer could have carried a copy of `B` to some other place.)
#
# An attention pattern has one row for each position that looks, the **destination**, and one column for each position looked at, the **source**.

# %% [markdown] id="a81118a3"
# **By hand first.** The second copy stands at destinations 5, 6, 7 and 8. Where does a head look that always looks at the token after the previous copy? Write the four sources in order. (Nothing follows the last D, but where it looks is still a question.)

# %% id="2f3f691f" exercise="stripe_by_hand"
stripe_by_hand = ...  # four positions, for destinations 5, 6, 7, 8
### BEGIN SOLUTION
stripe_by_hand = [2, 3, 4, 5]
### END SOLUTION

# %% id="51e0c638" check="stripe_by_hand"
check(stripe_by_hand=stripe_by_hand)

# %% [markdown] id="b1ac7792"
# Marked in the table of destinations and sources, these pairs lie on a line parallel to the diagonal: the **stripe**. With period T, destination i looks at source i − (T − 1).
#
# One place further to the left, at i − T, stands the same token one segment ago. A head that looks there is called a *duplicate-token head*: it looks at the earlier copy itself, not at what came after. The two stripes are neighbours, and taking one for the other is a common slip in code that scores heads.
#
# Here is one head of `induction-2l` on one sequence of two copies. The outlined cells are the stripe; the thin lines separate the copies; the grey half is the future, which a destination cannot look at. Heads are named by layer and number, both from 0: L1H0 is the first head of the second layer.

# %% id="c3d8d669"
one = draw_repeated_tokens(batch=1, period=PERIOD, repeats=2, seed=7)
patterns = attention_patterns(
    model, one.tokens
)  # layer, head, batch, destination, source
names = ["[BOS]"] + [chr(ord("A") + i % PERIOD) for i in range(2 * PERIOD)]


def show(layer, head):
    """One head's pattern on that sequence; letters stand for the random tokens."""
    return plot(
        AttentionPattern(
            patterns[layer, head, 0], names, f"L{layer}H{head} of induction-2l", PERIOD
        ),
        caption=f"Attention of L{layer}H{head} of induction-2l on one sequence: a random "
        f"segment of {PERIOD} tokens said twice. Orange outline: the stripe, source = "
        "destination − 11. Grey: the future.",
    )


show(0, 3)

# %% [markdown] id="1d1c2763"
# This one looks at the token just before: a *previous-token head*. The next cell lets you drag through all heads: layers 0 and 1, heads 0 to 3. It draws the same sequence, as token ids (`[BOS]` is 0), and the line of ids is yours to change; Enter reads it. Without a running kernel, and where there are no widgets, you see the picture that it begins with; change the numbers in `show(0, 3)` then.

# %% id="15322dc5"
from mi_course.display.explorers import AttentionExplorer, CheckpointExplorer

said_twice = " ".join(str(token) for token in one.tokens[0].tolist())
AttentionExplorer(model, said_twice, layer=0, head=3)

# %% [markdown] id="144ccdd0"
# Where all cells of a row have the same colour, the head attends to everything alike; the end of this section says why there are such heads here. Before you have seen all eight, commit to a prediction.
#
# **Predict.** Of the eight heads of `induction-2l`, how many put more than half of their attention on the stripe, on average over many sequences? How sure are you, from 0 (certainly wrong) to 1 (certain)?

# %% id="e222c73b"
predict("heads_on_stripe", value=..., confidence=...)

# %% [markdown] id="9e94c781"
# Now the number. The **induction score** of a head is the mean attention that the second and later segments pay to the token after the previous copy:
#
# $$\text{score} = \frac{1}{N\,|\mathcal{I}|} \sum_{s=1}^{N} \sum_{i \in \mathcal{I}} P^{(s)}_{i,\; i-(T-1)}, \qquad \mathcal{I} = \{T+1, \dots, n-1\}$$
#
# $P^{(s)}_{i,j}$ is the attention (a probability) that destination i pays to source j in sequence s; N is the number of sequences, n the number of positions. $\mathcal{I}$ leaves out `[BOS]` and the first segment, where there is no earlier copy to look back to.
#
# (Olsson et al. call it the prefix-matching score. They repeat 25 random tokens four times and average over all earlier copies; their methods section speaks of the tokens that *preceded* the same token, while their definition of an induction head asks for the one that comes *next*, as here. With two copies the latest copy is the only one. With more, taking the latest keeps the stripe one line, and a head that divides its attention among the copies scores lower.)


# %% id="d0bce7e0" exercise="induction_score"
def induction_score(pattern, period):
    """Mean attention of the second and later segments to the token after the copy.

    pattern: attention probabilities of one head, shape (batch, dest, src);
        position 0 is [BOS], then two or more segments of length `period`.
    Returns one number between 0 and 1.
    """
    ### BEGIN SOLUTION
    on_stripe = pattern.diagonal(
        offset=-(period - 1), dim1=-2, dim2=-1
    )  # starts at destination period - 1
    return on_stripe[..., 2:].mean()
    ### END SOLUTION


# %% id="c6fa112d" check="induction_score"
check(induction_score)

# %% [markdown] id="9aec1382"
# **Look.** One pair of bars a head: the score on 256 fresh sequences of three copies, with its interval, and the same score on the untrained twin. The interval is a *bootstrap*: it says how far the mean would move if 256 other sequences had been drawn. It says nothing about other models.

# %% id="d2f2c65b"
scores = induction_scores(model, twin, period=PERIOD, repeats=3, batch=256, seed=2)
plot(scores, of="induction-2l (seed 0), period 12, three copies")

# %% id="283b08e6"
# NBVAL_CHECK_OUTPUT
on_stripe = scores.heads(threshold=0.5)
print(
    f"Above one half: {len(on_stripe)} of 8 heads:",
    ", ".join(f"L{layer}H{head}" for layer, head in on_stripe),
)

# %% id="4ed3c8e9"
predict.reveal("heads_on_stripe", len(on_stripe))

# %% [markdown] id="b359a3d9"
# **Beside the published picture.** Olsson et al. draw this score for heads of their models over training. In their models of two and more layers, some heads rise from near zero to high scores within a narrow window of training steps, the same window for all; in their standard models of one layer none does. The bars above are the end of training only; the end of this section goes back through it.
#
# Two differences to keep in mind. Their models are trained on text and meet repetition as one pattern among very many; this one is trained on repetition and nothing else. And the recipe of `induction-2l` adds a penalty, from step 500 of 2,000 on, that favours few active heads. The even grey of most patterns above is its doing: those heads have nearly zero weights. `load_model("induction-2l", checkpoint=500)` is the first of the five models as it was before the penalty began: there, all four heads of layer 1 score above one half. So *how many* heads score high is a fact about this recipe, not about transformers.

# %% id="2bbf5e34"
best = max(on_stripe, key=lambda head: scores.scores[head])
baseline = float(scores.baseline[best])
Claim(
    statement=f"At period 12, L{best[0]}H{best[1]} of induction-2l (seed 0) puts more than "
    "half of its attention on the stripe, source = destination − 11.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean attention on the stripe",
    estimate=float(scores.scores[best]),
    interval=scores.interval(best),
    n=scores.n,
    observations="random sequences",
    baseline=baseline,
    baseline_name="the same head of the untrained twin, on the same sequences",
    threshold=0.5 - baseline,  # so that the bar to be passed is one half
    does_not_say="That it looks there because of the token: section 2.3 shows what else "
    "fills a stripe. That what it reads there is used, or how it finds the place. The "
    "interval covers other sequences, not other models.",
)

# %% [markdown] id="7743f321"
# **When did it begin to look there?** The course ships `induction-2l` (seed 0) as it was at 27 steps of its training. The explorer runs the sequence through each of them: above is the loss on every token, below the pattern of one head. Drag `step`, and watch the loss of the second half and the stripe. Then do the same with another head of layer 1.

# %% id="04a8fe5c"
CheckpointExplorer("induction-2l", text=said_twice, layer=best[0], head=best[1])

# %% [markdown] id="8e54b14e"
# The same in numbers, on 64 sequences at a few of the steps.

# %% id="5e98ac14"
# NBVAL_CHECK_OUTPUT
print("mean attention on the stripe:", *(f"L1H{head}" for head in range(4)))
for step in (200, 250, 300, 500, 1000):
    then = load_model("induction-2l", checkpoint=step)
    at_step = induction_scores(then, twin, period=PERIOD, batch=64, seed=2).scores[1]
    print(f"step {step:4d}                   ", *(f"{score:.2f}" for score in at_step))

# %% [markdown] id="b4a444d9"
# Between step 200 and step 300 all four heads of layer 1 begin to look at the stripe, as the published curves have it: within a narrow window, the same for all. After step 500, with the penalty, one of them remains. The loss of the second half falls in the same window. That the two go together is correlational, like all of this section: in training everything changes at once.

# %% [markdown] id="0e73a22b"
# ## 2.3 Which heads?
#
# ★ core · difficulty 3 of 5 · 15 minutes
#
# *You will be able to*: turn a score into a decision about heads, and build the control that a score alone does not have.
#
# **Break this claim.** Somebody hands you a model and a finding:
#
# > *L0H2 of this model is an induction head. On 256 sequences of period 12 it puts nearly all of its attention on the stripe.*
#
# The number is correct. Here is the model; run it.

# %% id="2641e979"
suspect, nothing_planted = make_suspect()
plot(
    induction_scores(
        suspect,
        nothing_planted,
        period=PERIOD,
        batch=256,
        seed=3,
        made="planted",
        baseline_name="nothing planted",
    ),
    of="a model written by hand, period 12, two copies",
)

# %% [markdown] id="94e68d84"
# This model was not trained. Its weights were written by hand, head by head, so that it is known what each of them does; the baseline is a model of the same size in which nothing was written. Methods that claim to find heads can be tried on such models, because there is a right answer.
#
# L0H2 fills the stripe, indeed. What experiment would show that the finding is wrong, if it is?
#
# **Predict.** What if the period is 9? Will the score of L0H2 still be above one half?

# %% id="2bc036ae"
predict("decoy_survives", value=..., confidence=...)

# %% id="31235415"
# NBVAL_CHECK_OUTPUT
for period in (9, 12, 15):
    again = induction_scores(
        suspect, nothing_planted, period=period, repeats=2, batch=64, seed=4
    )
    print(
        f"period {period:2d}:  L0H2 {again.scores[0, 2]:.2f}",
        f"  L1H3 {again.scores[1, 3]:.2f}",
    )

# %% id="9b2af263"
predict.reveal(
    "decoy_survives",
    bool(
        induction_scores(suspect, nothing_planted, period=9, seed=4).scores[0, 2] > 0.5
    ),
)

# %% [markdown] id="6e85e617"
# L0H2 looks eleven tokens back, whatever stands there. At period 12 that *is* the stripe. A score taken at one period cannot tell "the token after the previous copy" from "eleven back"; a second period can, because one distance fits one period only. The finding was a true number with a false name.
#
# (Its layer could have warned you. In the first layer, what a head sees of a position is the token at it and where it stands, nothing of its neighbours. It cannot favour a place because of the token *before* it; and that is what an induction head has to do.)
#
# So let a head count only if it passes at **every** period tried. Write that.


# %% id="29fce690" exercise="find_heads"
def find_heads(model, periods, threshold=0.5):
    """Heads whose induction score is above the threshold at every one of the periods.

    model: as load_model returns it; model.cfg has .n_layers, .n_heads and .d_vocab.
    periods: segment lengths, such as [8, 13, 20]; use sequences of two copies.
    Returns a list of (layer, head) pairs, counted from 0.

    `draw_repeated_tokens(32, period, 2, model.cfg.d_vocab, seed=0).tokens` are tokens
    to run on; `attention_patterns(model, tokens)[layer, head]` is the pattern of one
    head, shape (batch, dest, src), which your induction_score takes. (Skipped that
    one? `induction_score = check.reference("induction_score")`.)
    """
    ### BEGIN SOLUTION
    kept = None
    for period in periods:
        tokens = draw_repeated_tokens(
            32, period, 2, model.cfg.d_vocab, seed=period
        ).tokens
        patterns = attention_patterns(model, tokens)
        above = {
            (layer, head)
            for layer in range(model.cfg.n_layers)
            for head in range(model.cfg.n_heads)
            if induction_score(patterns[layer, head], period) > threshold
        }
        kept = above if kept is None else kept & above
    return sorted(kept)
    ### END SOLUTION


# %% id="0a0534ea" check="find_heads"
check(find_heads)

# %% [markdown] id="97f9c6c4"
# The check runs your function on a model whose heads were planted (decoys among them, in places you have not seen), on one of the five trained seeds, and on the one-layer model, which has none.
#
# **Look.** The course's own version on every seed that the course ships: the same recipe, another random start.

# %% id="78f6b188"
# NBVAL_CHECK_OUTPUT
from mi_course.induction_heads import find_heads as course_find_heads

PERIODS = [8, 13, 20]


def named(heads):
    return ", ".join(f"L{layer}H{head}" for layer, head in heads) or "none"


for name in ("induction-2l", "induction-1l"):
    for seed in seeds(name):
        trained = course_find_heads(load_model(name, seed=seed), PERIODS)
        untrained = course_find_heads(
            load_model(name, seed=seed, untrained=True), PERIODS
        )
        print(
            f"{name}, seed {seed}:  trained {named(trained):6s} untrained twin "
            f"{named(untrained)}"
        )

# %% [markdown] id="821e2c5c"
# Which head it is differs from seed to seed: the heads of a layer have no order, and "head 2" means nothing outside its own model. In these five there is exactly one, and it sits in the second layer; in the three one-layer models there is none.
#
# **One more control.** Several periods rule out one fixed distance. They do not rule out every rule that goes by position alone: a head could look 7 back at some positions and 12 back at others, and happen on the stripe of each period often enough.
#
# What it cannot do is notice that the repetition is gone. So keep everything and replace the second copy by other random tokens. Then there is no previous copy. A head that goes by position looks at the same cells as before; a head that goes by tokens does not.

# %% id="77915295"
# NBVAL_CHECK_OUTPUT
from mi_course.claims import bootstrap_interval
from mi_course.induction_heads import stripe


def on_and_off(model, head, period):
    """Attention on the stripe's cells, by sequence: with a second copy, and without."""
    first = draw_repeated_tokens(256, period, 2, model.cfg.d_vocab, seed=5).tokens
    other = draw_repeated_tokens(256, period, 2, model.cfg.d_vocab, seed=6).tokens
    broken = torch.cat([first[:, : period + 1], other[:, period + 1 :]], dim=1)
    return [
        stripe(attention_patterns(model, tokens)[head], period).mean(-1)
        for tokens in (first, broken)
    ]


for name, subject, head in [
    ("planted L0H2", suspect, (0, 2)),
    (f"trained L{best[0]}H{best[1]}", model, best),
]:
    for period in (9, 12, 15):
        true, broken = on_and_off(subject, head, period)
        print(
            f"{name}, period {period:2d}:  second copy {true.mean():.2f}   other "
            f"tokens {broken.mean():.2f}"
        )

# %% id="223e3a92"
results = {period: on_and_off(model, best, period) for period in PERIODS}
lowest = min(PERIODS, key=lambda period: results[period][0].mean())
true, broken = results[lowest]
Claim(
    statement=f"L{best[0]}H{best[1]} of induction-2l (seed 0) looks at the token after the "
    "previous copy, and hardly there when there is no copy.",
    evidence=Evidence.CORRELATIONAL,
    quantity=f"mean attention on the stripe at period {lowest}, lowest of {len(PERIODS)}",
    estimate=float(true.double().mean()),
    interval=bootstrap_interval(true),
    n=len(true),
    observations="random sequences for each period",
    baseline=float(broken.mean()),
    baseline_name="the same head and cells, other tokens in place of the second copy",
    threshold=0.5 - float(broken.mean()),  # so that the bar to be passed is one half
    does_not_say="That the head causes the right prediction: the text was changed here, "
    "nothing inside the model. What it does on text without exact repetition. The "
    "interval covers other sequences, not other models, and was not corrected for "
    "choosing the lowest period.",
)

# %% [markdown] id="314470ba"
# ## 2.10 A rule found late
#
# difficulty 4 of 5 · 50 minutes
#
# *You will be able to*: find the few waves a model adds with; follow a rule through training by keeping or removing those waves; and say what such a measure shows, and what it would show of a model without any rule. (Power et al. 2022, *Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets*; Nanda et al. 2023, *Progress measures for grokking via mechanistic interpretability*, sections 4 and 5.)
#
# Induction heads came in one sudden step of training (section 2.2). This section is about the best-known sudden step of all, and about a way to see it coming.
#
# The task is addition round a circle. Of a + b only the rest after division by p = 53 is asked, written (a + b) mod 53:
#
# ```
#   17  40   =   4          17 + 40 = 57 = 53 + 4
# ```
#
# There are 53 × 53 = 2,809 sums. `modular-addition` is one layer of four heads and an MLP of 256 neurons, without LayerNorm. It reads three tokens, `a`, `b` and `=`, and its logits at `=` are read as the answer. Training sees 1,053 of the sums, all of them at every step. The other 1,756 are *held out*.
#
# The course ships five seeds. Seed 1 comes with 19 checkpoints. Here is how many sums come right in the course of its training.

# %% id="fb2ca87d"
# NBVAL_CHECK_OUTPUT
import math
import random

from mi_course import induction_heads as course
from mi_course.claims import bootstrap_interval
from mi_course.display import Line, Lines
from mi_course.interventions import embed
from mi_course.interventions import replace as replace_at

ADDER, ADDER_SEED, P = "modular-addition", 1, 53
sums = course.sums_of(ADDER, ADDER_SEED)  # all sums, and which of them were trained on
seen = sums.train.view(P, P)  # seen[a, b] is True where training saw a + b
right_answer = sums.answer.view(P, P)
adder = load_model(ADDER, seed=ADDER_SEED)
adder_twin = load_model(ADDER, seed=ADDER_SEED, untrained=True)


def adder_at(step):
    return load_model(ADDER, seed=ADDER_SEED, checkpoint=step)


def share_right(logits):
    """Share of trained and of held-out sums whose highest logit is the right answer."""
    right = (logits.argmax(-1) == right_answer).float()
    return right[seen].mean().item(), right[~seen].mean().item()


for step in (100, 700, 1400, 1600, 1800):
    on_seen, on_new = share_right(course.sum_logits(adder_at(step), sums))
    print(f"step {step:4d}   trained sums {on_seen:.2f}   held-out sums {on_new:.2f}")
on_seen, on_new = share_right(course.sum_logits(adder, sums))
print(f"step 4000   trained sums {on_seen:.2f}   held-out sums {on_new:.2f}")

# %% [markdown] id="e55d135a"
# At step 100 the model knows nearly all trained sums, and of the others hardly more than a guess gets right (1 in 53). For more than a thousand steps little seems to happen. Then within a few hundred steps the held-out sums come right. Power et al. called this late step **grokking**.
#
# What the model does at the end is known in outline (Nanda et al. 2023, section 4). The next part finds it in this one.

# %% [markdown] id="92578845"
# **Waves round the circle.** Put the numbers 0 to 52 on a circle. A **wave of frequency k** goes up and down k times while the number goes round once:
#
# $$\cos(w_k n) \quad\text{and}\quad \sin(w_k n), \qquad w_k = \frac{2\pi k}{p}, \quad k = 1, \dots, \tfrac{p-1}{2}$$
#
# Cosine and sine are the same wave, a quarter of a turn apart. Together they make every shifted copy of it. There are only 26 frequencies: a wave of 52 rounds has the same values at whole numbers as one of a single round, and in general p − k rounds are k rounds.

# %% id="16389055"
number = torch.arange(P)
angle_of_one = 2 * torch.pi / P * number
plot(
    Lines(
        x=number,
        lines=[
            Line("k = 1, cosine", angle_of_one.cos()),
            Line("k = 1, sine", angle_of_one.sin()),
            Line("k = 3, cosine", (3 * angle_of_one).cos()),
        ],
        x_name="number n",
        y_name="height of the wave",
        title="waves on 53 numbers",
    ),
    caption="Three waves on the numbers 0 to 52. Cosine and sine of one frequency are the same wave, a quarter of a round apart. After 52 comes 0 again.",
)

# %% [markdown] id="0a26d878"
# **Why waves can add.** Look at the wave of a + b − c, for a pair (a, b) and a possible answer c. Its cosine is 1, its largest value, where c is the right answer, and less everywhere else. And it falls apart into pieces that know one number each:
#
# $$\cos(w(a+b-c)) = \cos(w(a+b))\cos(wc) + \sin(w(a+b))\sin(wc)$$
#
# $$\cos(w(a+b)) = \cos(wa)\cos(wb) - \sin(wa)\sin(wb), \qquad \sin(w(a+b)) = \sin(wa)\cos(wb) + \cos(wa)\sin(wb)$$
#
# So a model can put cos(wa) and sin(wa) into the embedding of every number, multiply, and read the answer off with cos(wc) and sin(wc). With one frequency the runner-up is close behind. With a few frequencies together the right answer stands out. The next cell checks both on all pairs.

# %% id="75a05df2"
# NBVAL_CHECK_OUTPUT
a, b, c = (
    number.view(shape).double() for shape in [(-1, 1, 1), (1, -1, 1), (1, 1, -1)]
)
for frequencies in ([1], [1, 3, 13]):
    ideal = torch.zeros(P, P, P, dtype=torch.float64)
    for k in frequencies:
        w = 2 * math.pi * k / P
        ideal += (w * (a + b - c)).cos()
        in_pieces = (w * (a + b)).cos() * (w * c).cos()
        in_pieces = in_pieces + (w * (a + b)).sin() * (w * c).sin()
        assert torch.allclose((w * (a + b - c)).cos(), in_pieces, atol=1e-9)
    assert torch.equal(ideal.argmax(-1), right_answer)
    first, second = ideal.topk(2).values.unbind(-1)
    print(
        f"frequencies {frequencies}: every sum right; the right answer leads by "
        f"{(first - second).min():.3f}"
    )

# %% [markdown] id="34c8b0a0"
# **Which waves does a model use?** Its embedding says it. Take the table of the numbers' embeddings, one row a number (without the row of `=`). Each column is a list of 53 values, and how much of it lies along a wave is a sum of products. The **power** of frequency k is what all columns together have along its cosine and its sine, squared:
#
# $$\text{power}_k = \sum_{j} \left[\Big(\sum_{n} W_{n,j} \cos(w_k n)\Big)^2 + \Big(\sum_{n} W_{n,j} \sin(w_k n)\Big)^2\right], \qquad \text{share}_k = \frac{\text{power}_k}{\sum_{k'} \text{power}_{k'}}$$
#
# $W_{n,j}$ is column j of the embedding of the number n. The sum in the denominator runs over all frequencies, from 1 to (p − 1)/2. The mean of a column, which would be frequency 0, is in neither: it is the same for every number and so tells none from another.
#
# Powers add up: over all frequencies they give the squared length of the table without its column means, times p/2. That is why the share is one of power. Call a frequency **key** when its share exceeds a threshold. If all 26 were equally strong, each would have a share of 0.04.
#
# **Predict.** Three frequencies will turn out to be key in seed 0. In how many of the other four seeds will these same three be the key ones?

# %% id="452c7ecc"
predict("frequencies_agree", value=..., confidence=...)


# %% id="8a89c710" exercise="key_frequencies"
def key_frequencies(table, threshold=0.1):
    """The frequencies that each have more than a given share of a table's power.

    table: shape (p, column), row n for the number n; p is odd. For a model,
        model.W_E[:p], the embeddings of the numbers.
    threshold: a share of the power of all frequencies 1 to (p - 1) / 2 together.
    Returns a list of whole numbers in rising order.
    """
    ### BEGIN SOLUTION
    p = len(table)
    k = torch.arange(1, (p - 1) // 2 + 1)
    angle = 2 * torch.pi / p * k[:, None] * torch.arange(p)
    along_cosine, along_sine = angle.cos() @ table, angle.sin() @ table
    power = (along_cosine**2 + along_sine**2).sum(-1)
    return k[power / power.sum() > threshold].tolist()
    ### END SOLUTION


# %% id="b16bc4b7" check="key_frequencies"
check(key_frequencies)

# %% [markdown] id="50d011da"
# **Look.** The share of every frequency in the embedding of seed 1, beside its untrained twin.

# %% id="90a0b930"
power = course.frequency_power(adder.W_E[:P])
twin_power = course.frequency_power(adder_twin.W_E[:P])
plot(
    Lines(
        x=torch.arange(1, 27),
        lines=[
            Line("modular-addition (seed 1)", power / power.sum()),
            Line("its untrained twin", twin_power / twin_power.sum()),
        ],
        x_name="frequency k",
        y_name="share of the embedding's power",
        title="modular-addition (seed 1)",
        baseline=(0.1, "threshold for key frequencies"),
    ),
    caption="Share of each frequency in the power of the embedding. Trained, three frequencies have nearly all; in the untrained twin all have about the same. The lines between the points only lead the eye.",
)

# %% id="5138781c"
# NBVAL_CHECK_OUTPUT
adder_keys, of_strongest, of_twins = {}, [], []
for seed in seeds(ADDER):
    tables = [
        load_model(ADDER, seed=seed, untrained=untrained).W_E[:P].detach()
        for untrained in (False, True)
    ]
    adder_keys[seed] = course.key_frequencies(tables[0])
    strongest = []
    for table in tables:
        shares = course.frequency_power(table) / course.frequency_power(table).sum()
        strongest.append(shares.topk(len(adder_keys[seed])).values.sum().item())
    of_strongest.append(strongest[0])
    of_twins.append(strongest[1])
    print(
        f"seed {seed}: key frequencies {adder_keys[seed]}, together "
        f"{strongest[0]:.2f} of the power; as many strongest of the twin "
        f"{strongest[1]:.2f}"
    )

# %% id="24227a6e"
predict.reveal(
    "frequencies_agree", sum(adder_keys[seed] == adder_keys[0] for seed in range(1, 5))
)

# %% [markdown] id="f85369b5"
# Nanda et al. find five key frequencies in their main model, on p = 113, and three or four in models from other seeds. The picture is the same: a few peaks, the rest next to nothing. Which ones they are is settled by the seed. No frequency is better than another for adding modulo a prime: multiplying all numbers by a constant turns one into another.

# %% id="261d6f73"
Claim(
    statement="A few frequencies carry nearly all of the embedding in modular-addition, in each of "
    "five seeds.",
    evidence=Evidence.CORRELATIONAL,
    quantity="share of the embedding's power at the key frequencies",
    estimate=sum(of_strongest) / len(of_strongest),
    interval=bootstrap_interval(of_strongest),
    n=len(of_strongest),
    observations="seeds",
    baseline=max(of_twins),
    baseline_name="as many frequencies of the untrained twin, its strongest ones; highest of five seeds",
    threshold=0.9 - max(of_twins),  # so that the bar to be passed is nine tenths
    does_not_say="That the model adds with these waves: so far they have only been seen in a table of "
    "weights. Five seeds of one recipe; nothing about other moduli or tasks. With five seeds the "
    "interval is too narrow.",
)

# %% [markdown] id="0e8e2ecd"
# **Keep a few waves, drop everything else.** Are these frequencies what the *answers* rest on? Ask the logits. For every pair (a, b) and every answer c there is a logit; for a fixed c they make a table with 53 rows and 53 columns. In such a table there is room for the rule's waves, cos(w(a + b)) and sin(w(a + b)), and for very much else: waves of a − b, of a alone, and whatever rests on no rule at all.
#
# ```
#   logits[:, :, c]  =  its mean  +  waves of a + b, key frequencies  +  everything else
#   restricted          keep         keep                                drop
#   excluded            keep         drop                                keep
# ```
#
# To take out what lies along a wave, make the wave one unit long and project, as in linear algebra. Over all p² pairs cos(w(a + b)) has the squared length p²/2, so the waves of length one are
#
# $$u_k(a, b) = \tfrac{\sqrt{2}}{p}\cos(w_k(a+b)), \qquad v_k(a, b) = \tfrac{\sqrt{2}}{p}\sin(w_k(a+b))$$
#
# and with $\langle u, \ell_c \rangle = \sum_{a,b} u(a, b)\,\ell_c(a, b)$, where $\ell_c$ is the table of answer c, the restricted logits are
#
# $$\ell^{R}_c(a, b) = \operatorname{mean}(\ell_c) + \sum_{k \in \text{key}} \Big[\, u_k(a, b)\,\langle u_k, \ell_c\rangle + v_k(a, b)\,\langle v_k, \ell_c\rangle \Big]$$
#
# The mean of $\ell_c$ is taken over all pairs, and is one number for each c. The **restricted loss** is the usual loss of these logits: minus the logarithm (natural, so in nats) of the softmax probability of the right answer, (a + b) mod p. It is a mean over *all* pairs, trained and held out.
#
# (Nanda et al. 2023, section 5.1. The paper speaks of twenty terms for five frequencies. These are the four products of each: cosine or sine of wa, times cosine or sine of wb. The waves of a + b are two combinations of the four, the waves of a − b the other two. Kept here are the waves of a + b only.)
#
# **Predict.** At step 1,400 of seed 1 the held-out sums are still mostly wrong. With everything dropped but the mean and the waves of the three key frequencies, which share of all sums comes right there, in per cent?

# %% id="ee56ee3c"
predict("restricted_first", value=..., confidence=...)


# %% id="7e7835ff" exercise="restricted_loss"
def restricted_loss(logits, frequencies):
    """Mean loss over all pairs of logits that keep only a few waves of the sum.

    logits: shape (p, p, p); logits[a, b, c] speaks for c as the answer to a + b.
    frequencies: a list of whole numbers k from 1 to (p - 1) / 2.
    Kept are the mean of each answer's logit over all pairs, and for each k what lies
    along cos and sin of w (a + b), w = 2 pi k / p.
    Returns one number, in nats.
    """
    ### BEGIN SOLUTION
    p = len(logits)
    pair_sum = torch.arange(p)[:, None] + torch.arange(p)
    kept = logits.mean(dim=(0, 1)).expand_as(logits)
    for k in frequencies:
        angle = 2 * torch.pi * k / p * pair_sum
        for wave in (angle.cos(), angle.sin()):
            unit_wave = wave / wave.norm()
            along = torch.einsum("ab,abc->c", unit_wave, logits)
            kept = kept + unit_wave[..., None] * along
    log_probs = kept.log_softmax(dim=-1)
    return -log_probs.gather(-1, (pair_sum % p)[..., None]).mean()
    ### END SOLUTION


# %% id="2c93dacc" check="restricted_loss"
check(restricted_loss)

# %% [markdown] id="d64ebaaa"
# **And the other way round.** The **excluded loss** removes these waves and keeps all else, the mean included:
#
# $$\ell^{E}_c(a, b) = \ell_c(a, b) - \sum_{k \in \text{key}} \Big[\, u_k(a, b)\,\langle u_k, \ell_c\rangle + v_k(a, b)\,\langle v_k, \ell_c\rangle \Big]$$
#
# It is a mean over the *trained* pairs only. What is known by heart about them is spread over all 2,809 directions of each table, so taking away six should hardly hurt it. What rests on the rule should break. (The waves are still fitted on all pairs, as above.)


# %% id="bf198d4b" exercise="excluded_loss"
def excluded_loss(logits, frequencies, train):
    """Mean loss over the trained pairs of logits that have lost a few waves of the sum.

    logits: shape (p, p, p); logits[a, b, c] speaks for c as the answer to a + b.
    frequencies: a list of whole numbers k from 1 to (p - 1) / 2.
    train: shape (p, p), True for the pairs that training saw.
    Removed is, for each k, what lies along cos and sin of w (a + b), w = 2 pi k / p,
    over all pairs. Returns one number, in nats.
    """
    ### BEGIN SOLUTION
    p = len(logits)
    pair_sum = torch.arange(p)[:, None] + torch.arange(p)
    left = logits
    for k in frequencies:
        angle = 2 * torch.pi * k / p * pair_sum
        for wave in (angle.cos(), angle.sin()):
            unit_wave = wave / wave.norm()
            along = torch.einsum("ab,abc->c", unit_wave, logits)
            left = left - unit_wave[..., None] * along
    return torch.nn.functional.cross_entropy(left[train], (pair_sum % p)[train])
    ### END SOLUTION


# %% id="f7a2eef1" check="excluded_loss"
check(excluded_loss)

# %% [markdown] id="144cba39"
# **Look.** Four losses of seed 1 on one axis, from the first step to the last. The key frequencies are those of the finished model.

# %% id="56379e12"
grok = course.follow_losses(ADDER, ADDER_SEED, adder_keys[ADDER_SEED])
shown = grok.steps <= 2500  # nothing much moves after that
plot(
    Lines(
        x=grok.steps[shown],
        lines=[
            Line("loss, trained sums", grok.train[shown]),
            Line("loss, held-out sums", grok.test[shown]),
            Line("restricted loss, all sums", grok.restricted[shown]),
            Line("excluded loss, trained sums", grok.excluded[shown]),
        ],
        x_name="training step",
        y_name="loss (nats)",
        title="modular-addition (seed 1), frequencies 1, 3, 13",
        baseline=(math.log(P), "all answers equally probable"),
    ),
    caption="Four losses through training, modular-addition (seed 1). Restricted: only the waves of the three key frequencies are kept. Excluded: only they are removed. Dotted: 53 equally probable answers, 3.97 nats.",
)

# %% id="f17ed723"
# NBVAL_CHECK_OUTPUT
print("step    trained  held out  restricted  excluded   squared weights")
for i, step in enumerate(grok.steps.tolist()):
    if step in (0, 100, 300, 900, 1400, 1600, 1800, 2500, 4000):
        print(
            f"{step:4d}    {grok.train[i]:7.2f}  {grok.test[i]:8.2f}  "
            f"{grok.restricted[i]:10.2f}  {grok.excluded[i]:8.2f}   {grok.weights[i]:8.0f}"
        )

# %% id="52f6ef53"
step_1400 = course.sum_logits(adder_at(1400), sums)
waves = course.sum_waves(P, adder_keys[ADDER_SEED])
restricted_1400 = step_1400.double().mean((0, 1)) + torch.einsum(
    "wab,wde,dec->abc", waves, waves, step_1400.double()
)
restricted_right = (restricted_1400.argmax(-1) == right_answer).double().mean().item()
predict.reveal("restricted_first", round(100 * restricted_right))

# %% [markdown] id="cb3aad54"
# **Beside the published picture.** Nanda et al. (section 5.2) read three phases off such curves.
#
# - *Memorisation*: the loss on trained sums falls, and with it the excluded loss. Here: up to step 100 for the first, 300 for the second.
# - *Circuit formation*: the loss on trained sums is flat, the excluded loss rises, the restricted loss falls. From outside nothing can be seen: the held-out sums do not get better. Here: from step 300 to about 1,400. The held-out loss even rises first, to four times that of a guess.
# - *Cleanup*: the loss on held-out sums drops suddenly, and the sum of the squared weights falls. Here: from step 1,400 to about 1,900.
#
# Three things differ. In their picture the excluded loss reaches a plateau; here it climbs past its final height and comes back. In theirs the squared weights fall all through circuit formation; here they rise until step 900 and fall afterwards. And here the restricted loss begins to fall before the excluded loss rises, in the middle of learning by heart. The next experiment says why that should make you careful.

# %% [markdown] id="68279001"
# **Break this claim.**
#
# > *At step 700 the model already has the rule, hidden under what it knows by heart. Of the held-out sums it gets one in ten right. But keep only the waves of its three key frequencies, and of all sums more than half come right.*
#
# Both numbers are correct. Before you read on: on which network, one that surely has no rule, would you measure the same?

# %% id="28825e08"
# NBVAL_CHECK_OUTPUT


def kept_right(logits):
    """Share of all sums that come right when only the key waves and the mean are kept."""
    along = torch.einsum("wab,abc->wc", waves, logits.double())
    kept = torch.einsum("wab,wc->abc", waves, along) + logits.double().mean((0, 1))
    return (kept.argmax(-1) == right_answer).double().mean().item()


# A table of answers: a logit of 20 for the answer of each trained sum, and nothing else.
by_heart = 20.0 * torch.nn.functional.one_hot(right_answer, P) * seen[..., None]
for name, table in [
    ("seed 1, step 700", course.sum_logits(adder_at(700), sums)),
    ("table of trained answers", by_heart),
]:
    print(
        f"{name:25s} held out right {share_right(table)[1]:.2f}   restricted right "
        f"{kept_right(table):.2f}   restricted loss "
        f"{course.restricted_loss(table, adder_keys[1]):.2f}   excluded loss "
        f"{course.excluded_loss(table, adder_keys[1], seen):.2f}"
    )

# %% [markdown] id="45b47c1c"
# A table of trained answers knows no rule and no held-out sum. Restricted to the same waves it gets more sums right than the model at step 700. The projection does the generalising: a wave of a + b has one value for all pairs with the same sum, so what is fitted on trained pairs is handed on to the held-out pairs beside them.
#
# So a restricted loss below that of a guess, or a restricted accuracy above it, is no evidence of a rule. Two other observations are. The restricted loss falls far below what the table reaches (at step 1,400 it is 0.19). And the excluded loss tells the two apart: taking six directions away does nothing to the table, as expected of what is known by heart.
#
# **Another control: other frequencies.** Choose as many frequencies at random among those that are not key.

# %% id="18223912"
# NBVAL_CHECK_OUTPUT
dice = random.Random(0)
not_key = [k for k in range(1, 27) if k not in adder_keys[ADDER_SEED]]
others = [dice.sample(not_key, 3) for _ in range(20)]
for step in (300, 1400):
    then = course.sum_logits(adder_at(step), sums)
    rows = {
        "key": [adder_keys[ADDER_SEED]],
        "others": others,
    }
    for name, sets in rows.items():
        restricted = sum(float(course.restricted_loss(then, one)) for one in sets)
        excluded = sum(float(course.excluded_loss(then, one, seen)) for one in sets)
        print(
            f"step {step:4d}, {name:6s}  restricted {restricted / len(sets):.2f}   "
            f"excluded {excluded / len(sets):.2f}"
        )

# %% [markdown] id="b0365a55"
# Other frequencies, kept, are worse than a guess (3.97), and when they are removed nothing happens. So it matters which frequencies they are, and it does so already at step 300. In a table of answers, no frequency is set apart.

# %% id="fce70b5f"
left_1400 = step_1400.double() - torch.einsum(
    "wab,wc->abc", waves, torch.einsum("wab,abc->wc", waves, step_1400.double())
)
by_sum = course.sum_losses(left_1400)[seen]
table_excluded = float(course.excluded_loss(by_heart, adder_keys[1], seen))
Claim(
    statement="At step 1,400 of seed 1, when most held-out sums are wrong, the logits of the trained sums "
    "lose their answers when the waves of three frequencies of a + b are taken out of them.",
    evidence=Evidence.CORRELATIONAL,
    quantity="excluded loss",
    unit="nats",
    estimate=float(by_sum.mean()),
    interval=bootstrap_interval(by_sum),
    n=len(by_sum),
    observations="trained sums",
    baseline=max(
        table_excluded,
        *(float(course.excluded_loss(step_1400, one, seen)) for one in others),
    ),
    baseline_name="the highest of: a table of trained answers, and 20 sets of three other frequencies",
    threshold=1.0,
    does_not_say="That anything inside the model was changed: waves were taken out of its outputs. The "
    "three frequencies were found in the finished model, so nobody could have measured this at step "
    "1,400. One training run, chosen among five because its phases lie apart.",
)

# %% [markdown] id="ec02cf52"
# **Inside the model.** Logits are outputs. To see whether the model *uses* the key frequencies, take their waves out of the embedding and let the rest of the model run on: from each number's embedding subtract what its columns have along the six waves.

# %% id="c53f8b25"
# NBVAL_CHECK_OUTPUT
from mi_course.worlds import fourier_basis

wave_rows = fourier_basis(P)  # row 2k − 1 is the cosine of frequency k, row 2k its sine


def right_without(frequencies):
    """For every sum, whether it comes right with these frequencies out of the embedding."""
    chosen = wave_rows[[row for k in frequencies for row in (2 * k - 1, 2 * k)]]
    table = adder.W_E.detach().clone()
    table[:P] -= chosen.T @ (chosen @ table[:P])
    edited = run(adder, sums.tokens, edits=[replace_at(embed(), table[sums.tokens])])
    return (edited.logits[:, -1].argmax(-1) == sums.answer).double()


without_keys = right_without(adder_keys[ADDER_SEED])
without_others = right_without(not_key)
print(
    f"without the three key frequencies   {without_keys.mean():.2f} of all sums right"
)
print(
    f"without the 23 other frequencies    {without_others.mean():.2f} of all sums right"
)

# %% id="fb1f4551"
Claim(
    statement="modular-addition (seed 1) needs the waves of its three key frequencies in the embedding to "
    "add, and does not need the other 23.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="share of all sums right without the key frequencies",
    estimate=float(without_keys.mean()),
    interval=bootstrap_interval(without_keys),
    n=len(without_keys),
    observations="sums",
    baseline=float(without_others.mean()),
    baseline_name="without all other frequencies",
    threshold=0.9,
    does_not_say="How the waves of a and of b are multiplied, or by which neurons. The finished model "
    "only: nothing about what made the held-out sums come right when they did.",
)

# %% [markdown] id="fbeb2857"
# **What a progress measure is not.** Nanda et al. define a *progress measure* as something that changes smoothly on the way to a sudden change, and comes before it. The two losses are that. They are not a cause, and they are not a forecast.
#
# - *Measured with hindsight.* The frequencies come from the finished model. At step 700 only two of the three pass the threshold, and at step 300 none.
# - *The account of why* is that weight decay favours the rule, which needs smaller weights for the same certainty. Nothing in this section tests it. A test would change the weight decay, or hold the weights' size fixed, and see whether the step moves. (Liu et al. 2022, *Omnigrok*, and Varma et al. 2023, *Explaining grokking through circuit efficiency*, are experiments of this kind.)
# - *One rule.* Zhong et al. 2023, *The Clock and the Pizza*, find networks that solve the same task with another algorithm on waves. A peak in the embedding does not tell the two apart.
# - *One run.* The phases lie apart in seed 1, which is why its checkpoints are shipped. In seed 0, rule and learning by heart grow side by side: by step 100 an excluded loss of 2.2 had been seen in it when the model was made.

# %% [markdown] id="832fb88c"
# ## What is known now
#
# - On repeated random tokens of period 12 the two-layer model (seed 0) predicts the second copy and the one-layer model (seed 0) does not. *Behavioural.*
# - In each of five two-layer models one head of the second layer puts more than half of its attention on the token after the previous copy, at three periods. In seed 0 it stops doing so when there is no copy. *Correlational.*
# - A high score at one period is not enough: a head that looks a fixed distance back can have it, too.
#
# And not known: whether that head is what makes the prediction, what would happen without it, and how it finds its place. "Induction head" is still a guess about half of what the word means.
#
# ### To talk about in a group
#
# 1. The score averages over positions. Describe a head with a score of 0.5 that you would call an induction head, and one that you would not.
# 2. The recipe's penalty on heads makes the model easier to read. What would you have to show before you claimed that a finding on such a model says something about models trained without it?
# 3. "Induction head" can name where a head looks, or what it does to the output. Find a paper that uses the word, and the place where it says which of the two it means.
#
# ### Further reading
#
# - Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html): where induction heads were first described, in two-layer attention-only models.
# - Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895): the score, its sudden rise in training, and six arguments that such heads underlie the majority of in-context learning; the authors grade the strength of each argument themselves.
# - Clark et al. 2019, [What Does BERT Look At? An Analysis of BERT's Attention](https://arxiv.org/abs/1906.04341): from the NLP community, heads described by where they look, before anybody called that mechanistic.
# - Jain & Wallace 2019, [Attention is not Explanation](https://arxiv.org/abs/1902.10186), and Wiegreffe & Pinter 2019, [Attention is not not Explanation](https://arxiv.org/abs/1908.04626): the debate, held mostly on recurrent classifiers, about what an attention weight can and cannot say.
