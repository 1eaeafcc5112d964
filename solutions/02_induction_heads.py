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
