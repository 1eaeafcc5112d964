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

# %% [markdown] id="906f6571"
# ## 2.12 Attention as an explanation
#
# difficulty 4 of 5 · 50 minutes
#
# *You will be able to*: turn the attention of a whole model into one number for each token in three published ways, hold each against what happens when the token is taken away, and find another attention row with the same output where there is one. (Abnar & Zuidema 2020, [Quantifying Attention Flow in Transformers](https://arxiv.org/abs/2005.00928); Kobayashi et al. 2020, [Attention is Not Only a Weight](https://arxiv.org/abs/2004.10102); Jain & Wallace 2019, [Attention is not Explanation](https://arxiv.org/abs/1902.10186); Wiegreffe & Pinter 2019, [Attention is not not Explanation](https://arxiv.org/abs/1908.04626).)
#
# An attention pattern looks like an explanation: large numbers at the words that "mattered". Whether it is one has been argued over since before transformers were common. This section measures both sides of that argument on models you know.
#
# The model is `story`: four layers of four heads, with MLPs, trained on small sentences (chapter 1). The prompts are of one kind, in several wordings: two people meet, one of them gives something away, as in `when john and mary went to the store , mary gave a ball to`. The next word is the name that has not come again.

# %% id="9fba5709"
import mi_course.induction_heads as course_heads
import numpy as np
from mi_course.claims import bootstrap_interval
from mi_course.display import Bars, Heatmap, Line, Lines, TokenStrip
from mi_course.interventions import head_contribution, resid_pre, z, zero
from mi_course.interventions import pattern as pattern_at
from mi_course.interventions import v as values_at
from mi_course.worlds.story import VOCABULARY, story_pairs, story_tokens
from scipy.stats import spearmanr

story = load_model("story")
gifts = story_pairs("names", 100, split="test", seed=21)
gift_rows = torch.arange(len(gifts))
gift_words = [VOCABULARY[t] for t in gifts.clean.tokens[0, 1 : gifts.end[0] + 1]]
print(gifts.text(0)[0])

# %% [markdown] id="4bd5888d"
# **Through all layers.** A head of the last layer looks at positions of the stream, not at words. What stands at those positions has been mixed by the layers below. To get from a position at the top to words at the bottom, attention has to be followed down.
#
# ```
#   dest at the top      ●
#                      ½ │ ╲ ½      half stays where it is: the stream goes on past the attention
#   after layer 0        ●   ●      half goes where the heads look, on average
#                      ½ │ ╲ …
#   words                ●   ●   ●
# ```
#
# **Attention rollout** is that walk. In each layer take the mean of the heads' patterns, and mix it half and half with the identity matrix $I$, which stands for the stream that goes on as it is:
#
# $$\tilde A_\ell = \tfrac12 \left(\tfrac1H \sum_h A_{\ell h} + I\right), \qquad R = \tilde A_{L-1} \cdots \tilde A_1 \tilde A_0$$
#
# Row $i$ of $R$ says which share of position $i$ at the top comes from each word. Rows are destinations, so the product is read from left to right as one goes down: the last layer is leftmost. Each $\tilde A_\ell$ has rows that sum to one, and so has $R$.
#
# One half is a convention. Nothing in it was measured: not how long the vectors are that attention adds, nor what the MLPs do.


# %% id="93dbc1ae" exercise="attention_rollout"
def attention_rollout(patterns):
    """Which share of each position at the top comes from each word.

    patterns: the attention probabilities of a model, first layer first,
        shape (layer, head, batch, dest, src).
    Returns shape (batch, dest, src); rows sum to one.
    """
    ### BEGIN SOLUTION
    identity = torch.eye(patterns.shape[-1])
    rollout = identity
    for pattern in patterns.mean(dim=1):
        rollout = (pattern + identity) / 2 @ rollout
    return rollout
    ### END SOLUTION


# %% id="247f8672" check="attention_rollout"
check(attention_rollout)

# %% [markdown] id="2f784bc0"
# **What is carried.** A weight says how much of a source is taken, not how much there is to take. If the source's value is a short vector, a weight of 0.9 brings next to nothing.
#
# What a head brings from source $s$ to destination $d$ is a vector: the weight $\alpha_{ds}$ times what the head makes of the source,
#
# $$\alpha_{ds}\, f(x_s), \qquad f(x) = (x W_V + b_V)\, W_O$$
#
# where $x_s$ is the stream at the source, after the layer's LayerNorm. The **value-weighted attention** is the length of that vector, $\lVert \alpha_{ds} f(x_s) \rVert$: for every head, destination and source by itself. The bias $b_V$ is part of the value. The bias $b_O$ belongs to the layer and to no source, so it is not in it.


# %% id="0454a95b" exercise="value_weighted_attention"
def value_weighted_attention(pattern, x, W_V, b_V, W_O):
    """The length of what each head carries from each source to each destination.

    pattern: the heads of one layer, shape (batch, head, dest, src).
    x: what the values are made from, shape (batch, src, d_model).
    W_V: (head, d_model, d_head). b_V: (head, d_head). W_O: (head, d_head, d_model).
    Returns shape (batch, head, dest, src).
    """
    ### BEGIN SOLUTION
    v = torch.einsum("bsm,hme->bhse", x, W_V) + b_V[:, None]
    lengths = (v @ W_O).norm(dim=-1)
    return pattern * lengths[:, :, None, :]
    ### END SOLUTION


# %% id="025f31b3" check="value_weighted_attention"
check(value_weighted_attention)

# %% [markdown] id="a029d64f"
# **Two identities on the real model.** Rows of the rollout sum to one. And what a head carries from all sources, added up as vectors, is what it writes; so the lengths added up are at least the length of that sum. (They are equal only where all carried vectors point the same way.)

# %% id="4ac5fe15"
# NBVAL_CHECK_OUTPUT
gift_patterns = attention_patterns(story, gifts.clean.tokens)
gift_rollout = course_heads.attention_rollout(gift_patterns)
gift_carried = course_heads.carried_norms(story, gifts.clean.tokens)
torch.testing.assert_close(gift_rollout.sum(-1), torch.ones(gift_rollout.shape[:2]))
written = head_contribution(
    story, run(story, gifts.clean.tokens, cache=[z(3)]).cache, layer=3
)
lengths_written = written.norm(dim=-1).permute(2, 0, 1)
assert (gift_carried[3].sum(-1) >= lengths_written - 1e-4).all()
print("rows of the rollout sum to one")
print("lengths added up are never below the length of the sum")

# %% [markdown] id="bf90e8bf"
# **Look.** How much of story's attention rests on `[BOS]`, and how much of what is carried comes from there?

# %% id="ada7e092"
# NBVAL_CHECK_OUTPUT
inside = (torch.arange(gift_patterns.shape[-1]) <= gifts.end[:, None])[:, 1:]
bos_weight = gift_patterns[..., 1:, 0][:, :, inside].mean((0, 1, 2))
bos_length = (
    gift_carried[..., 1:, 0][:, :, inside].sum()
    / gift_carried[..., 1:, :].sum(-1)[:, :, inside].sum()
)
print(f"attention on [BOS]: {bos_weight:.2f} of all")
print(f"length carried from [BOS]: {bos_length:.2f} of all")

# %% [markdown] id="1166eb32"
# **Beside the published picture.** Kobayashi et al. find that BERT's heads give much attention to `[SEP]` and punctuation and that the vectors there are short: attention rests there because it brings little. In `story` about a quarter of the attention rests on `[BOS]`, and a smaller part of the length comes from there: the same direction.
#
# **A measurement to hold them against.** All these numbers are read off one forward pass. To see what a token does, take it away: replace its embedding by the mean embedding, at that position only, run the model again, and see how far the prediction at the last position has moved. The distance is the *Kullback-Leibler divergence* of the prediction after from the one before, in nats: zero if no probability has changed. (`course_heads.token_effects` does this for each position.)
#
# Then rank the tokens of a text by each reading, rank them by effect, and compare the two orders: *Spearman's rank correlation*, 1 for the same order, 0 for unrelated orders, −1 for the opposite order. One correlation for each text, [BOS] left out.
#
# **Predict.** Three readings of the attention paid by the last position: *raw* (mean over all layers and heads), the *rollout*, and *value-weighted* (sum over all layers and heads). Which agrees best with taking tokens away?

# %% id="805f1118"
predict("best_reading", value=..., confidence=...)

# %% id="2d66fc37"
effects = course_heads.token_effects(story, gifts.clean.tokens, gifts.end)
# A reading that knows no attention at all: every head looks everywhere alike.
n_places = gift_patterns.shape[-1]
even_pattern = (
    torch.ones(n_places, n_places).tril() / torch.arange(1, n_places + 1)[:, None]
)
even_rollout = course_heads.attention_rollout(even_pattern.expand(4, 1, 1, -1, -1))[0]
shuffled = torch.rand(effects.shape, generator=torch.Generator().manual_seed(0))
readings = {
    "raw, last layer": gift_patterns[-1].mean(0)[gift_rows, gifts.end],
    "raw attention": gift_patterns.mean((0, 1))[gift_rows, gifts.end],
    "rollout": gift_rollout[gift_rows, gifts.end],
    "value-weighted": gift_carried.sum((0, 1))[gift_rows, gifts.end],
    "even rollout": even_rollout[gifts.end],
    "random": shuffled,
}


def agreement_of_orders(reading):
    """Spearman's correlation with the effects, one for each text; [BOS] left out."""
    texts = zip(reading, effects, gifts.end.tolist(), strict=True)
    return np.array([spearmanr(r[1 : e + 1], k[1 : e + 1])[0] for r, k, e in texts])


orders = {name: agreement_of_orders(reading) for name, reading in readings.items()}
plot(
    Bars(
        names=list(orders),
        values=torch.tensor([each.mean() for each in orders.values()]),
        intervals=[bootstrap_interval(each) for each in orders.values()],
        interval="95 % interval (bootstrap over texts)",
        name="rank correlation with effect",
        axis="reading of the attention at the last position",
        title="story (seed 0), 100 prompts about gifts",
    ),
    caption="How well each reading of the attention paid by the last position orders the tokens by what taking them away does. Even rollout: the rollout of a model whose heads look everywhere alike, which knows positions only.",
)

# %% id="ee2f6b32"
# NBVAL_CHECK_OUTPUT
for name, each in orders.items():
    print(f"{name:16s} {each.mean():5.2f}")

# %% id="c6e56b33"
predict.reveal(
    "best_reading",
    max(
        ("raw attention", "rollout", "value-weighted"),
        key=lambda name: orders[name].mean(),
    ),
)

# %% [markdown] id="c0960709"
# One prompt, to see what a rank correlation hides. First the effects, then the rollout of the last position; the colours are relative to each strip's own range.

# %% id="90ee53fa"
plot(
    TokenStrip(
        gift_words,
        effects[0, 1 : gifts.end[0] + 1],
        "effect of taking the token away (nats)",
        "story",
    )
)

# %% id="f78e6eec"
plot(
    TokenStrip(
        gift_words,
        gift_rollout[0, gifts.end[0], 1 : gifts.end[0] + 1],
        "rollout",
        "story",
    )
)

# %% [markdown] id="9e862c50"
# **Beside the published picture.** Abnar & Zuidema compare rollout and raw attention with the effect of blanking tokens out, in encoder models; the raw weights of higher layers agree little with it, rollout agrees better. The bars above have that order, on one kind of prompt, in one small decoder.
#
# Look at the even rollout, too. It has seen no attention, only positions, and raw attention of all layers does no better. Most of that is one thing, which the strip shows: the last token itself matters, and a rollout leaves much of each position where it is. The rollout of the real attention adds to that; raw attention does not. Nor does weighting by values help on these prompts: it corrects each layer by itself, and what is missing from raw attention here is what earlier layers mixed.
#
# None of the readings is the effect. The rollout leaves out values, MLPs and signs: a token can be followed down by it and be used for the opposite of what one thinks.

# %% id="484adcad"
gain = orders["rollout"] - orders["raw attention"]
Claim(
    statement="On prompts about gifts, the rollout of story (seed 0) orders the tokens more like taking them away does than raw attention does.",
    evidence=Evidence.CORRELATIONAL,
    quantity="rank correlation with effect, rollout minus raw attention of all layers",
    estimate=float(gain.mean()),
    interval=bootstrap_interval(gain),
    n=len(gain),
    observations="prompts",
    baseline=0.0,
    baseline_name="no difference; by itself, a rollout of even attention has "
    f"{orders['even rollout'].mean():.2f} and a random order {orders['random'].mean():.2f}",
    does_not_say="That the rollout is what the model does: it leaves out values, MLPs and signs. That the order of the two is the same on other prompts or in other models. Taking a token away by a mean embedding is one intervention of several.",
)

# %% [markdown] id="897d1da8"
# **Another attention, the same output.** Now the argument itself.
#
# Jain & Wallace (2019) took recurrent models with one attention layer on top (a weighted mean of the states of a bidirectional LSTM, then a small output layer), for classifying texts into two classes, answering questions and judging inferences, and found two things. Attention weights often agree poorly with gradients and with leaving words out. And for single inputs, very different weights can be found for which the prediction is nearly the same. If two different weightings give one prediction, they argue, neither can be *the* explanation.
#
# Wiegreffe & Pinter (2019) answered that this depends on what one asks of an explanation. Weights found for one input at a time are detached from the parameters that make weights: they belong to no model. They proposed tests: is attention needed at all (on some of the datasets even weights did about as well)? how much do weights vary over random seeds? do the weights help a simpler model? and can a *whole model* be trained to attend differently and predict the same? Their trained adversaries could differ, but less freely than weights found one input at a time, and the weights they had learned were worse guides for the simpler model. So attention can be *a* plausible account without being the only one.
#
# Inside one head the question is linear algebra. The output of a row $p$ is the mean of the values, weighted by $p$. Another row $q$ has the same output if
#
# $$\sum_s q_s v_s = \sum_s p_s v_s, \qquad \sum_s q_s = 1, \qquad q_s \ge 0, \qquad q_s = 0 \text{ for sources after the destination.}$$
#
# Values have $d_{head}$ entries, so these are $d_{head} + 1$ equations. With as many sources as that or fewer, and values of which none is a combination of the others with weights that sum to one (*affinely independent*), $p$ is the only solution. With more, there is room to move: along the *null space*, the directions that change neither output nor sum. How far is limited by $q_s \ge 0$. (Brunner et al. 2020, [On Identifiability in Transformers](https://arxiv.org/abs/1908.04211), count equations in this way for BERT.)
#
# "Different" has to mean something. Take the source with the largest weight, the **favourite**, which is what somebody would name as the explanation, and ask how little attention it can have. Sources with the very same value count as one with it: moving attention from one copy of a token to another changes no information.
#
# Smallest sum of some entries, linear equations, no entry below zero: that is a *linear program*, and `scipy.optimize.linprog` solves it:
#
# ```python
# linprog(c, A_eq=A, b_eq=b, bounds=(0, None)).x   # the q ≥ 0 with A @ q = b that makes c @ q smallest
# ```


# %% id="361cb926" exercise="same_output_other_attention"
def same_output_other_attention(weights, values, dest):
    """The row with the same output that attends least to this row's favourite.

    weights: one row of a pattern, shape (src,): sums to one, zero after dest.
    values: one vector for each source, shape (src, d). The output is weights @ values.
    dest: position that attends; it sees sources 0 to dest.

    Of all rows that are not negative, sum to one, look at no source after dest and
    have the same output: one in which the favourite (the source with the largest
    weight, together with every source of the same value) has least attention in all.
    Returns it, shape (src,); or None where that is less than 0.01 below what it was.
    """
    ### BEGIN SOLUTION
    from scipy.optimize import linprog

    p = weights[: dest + 1].double().numpy()
    V = values[: dest + 1].double().numpy()
    favourite = np.isclose(V, V[p.argmax()], atol=1e-6).all(axis=1)
    conditions = np.vstack([V.T, np.ones(len(p))])
    q = linprog(
        favourite.astype(float),
        A_eq=conditions,
        b_eq=conditions @ p,
        bounds=(0, None),
    ).x
    if q is None or (p - q)[favourite].sum() < 0.01:
        return None
    row = torch.zeros(len(weights), dtype=torch.float64)
    row[: dest + 1] = torch.from_numpy(q)
    return row
    ### END SOLUTION


# %% id="a71f8e63" check="same_output_other_attention"
check(same_output_other_attention)

# %% [markdown] id="0e5f296c"
# **Predict.** `story` has $d_{head} = 32$. Take rows of its 16 heads with at most 32 sources to look at. In how many per cent of them can at least half of the favourite's attention go elsewhere, with the head's output exactly as it was?

# %% id="1938e956"
predict("other_row_in_story", value=..., confidence=...)

# %% [markdown] id="da3d55a5"
# **Look.** The next cell asks by number of sources, in four places: the induction head of `induction-2l` (found in section 2.2; $d_{head} = 16$), a head of the same layer that does nothing (its attention is even), all heads of `story` with its output kept, and all heads of `story` with only *one number* kept: what the head writes into the logit of `john` minus that of `mary` (section 2.15 says how that is computed). The last is what a classifier with two classes has for an output.
#
# (`course_heads.freedom` gives, for each row, the share of the favourite's attention that can go.)


# %% id="f00af990"
def share_free(weights, values, dest):
    """Share of rows in which half of the favourite's attention or more can go."""
    return float((course_heads.freedom(weights, values, dest) >= 0.5).float().mean())


long_repeats = draw_repeated_tokens(batch=8, period=24, repeats=2, seed=4).tokens
small = run(model, long_repeats, cache=[pattern_at(1), values_at(1)]).cache
stories = story_tokens(3, seed=3)
large = run(
    story,
    stories,
    cache=[site(i) for i in range(4) for site in (pattern_at, values_at)],
).cache
john, mary = VOCABULARY.index("john"), VOCABULARY.index("mary")
name_direction = (story.W_U[:, john] - story.W_U[:, mary]).detach()
name_direction = name_direction * story.ln_final.original_component.weight.detach()
name_direction = name_direction - name_direction.mean()
seen = [8, 16, 24, 32, 48, 64, 96]
free = {"story, same output": [], "story, one number": []}
for sources in seen:
    at = sources - 1
    shares = {name: [] for name in free}
    for layer in range(4):
        for head in range(4):
            rows_here = large[pattern_at(layer, head=head)][:, at]
            v_here = large[values_at(layer, head=head)]
            one_number = v_here @ story.W_O[layer, head].detach() @ name_direction
            shares["story, same output"].append(share_free(rows_here, v_here, at))
            shares["story, one number"].append(
                share_free(rows_here, one_number[..., None], at)
            )
    for name, each in shares.items():
        free[name].append(float(np.mean(each)))
busy = best[1]
idle = next(head for head in range(4) if head != busy)
for name, head in (("induction head", busy), ("idle head", idle)):
    free[f"induction-2l, {name}"] = [
        share_free(
            small[pattern_at(1, head=head)][:, min(sources, 49) - 1],
            small[values_at(1, head=head)],
            min(sources, 49) - 1,
        )
        for sources in seen
    ]
short = [each for each in seen if each <= 48]
plot(
    Lines(
        x=torch.tensor(short).float(),
        lines=[
            Line(name, torch.tensor(each[: len(short)])) for name, each in free.items()
        ],
        x_name="sources that the position can see",
        y_name="share of rows",
        title="half of the favourite's attention can go",
    ),
    caption="Share of attention rows for which another row has the same output and at most half of the attention on the favourite, by number of sources. 8 random sequences (induction-2l) and 3 texts times 16 heads (story). One number: only the head's part in one logit difference is kept.",
)

# %% id="df2a4371"
# NBVAL_CHECK_OUTPUT
print("sources:                     ", *(f"{each:4d}" for each in short))
for name, each in free.items():
    print(f"{name:29s}", *(f"{share:4.2f}" for share in each[: len(short)]))
print(f"story, same output, 96 sources: {free['story, same output'][-1]:.2f}")

# %% id="60e76037"
predict.reveal(
    "other_row_in_story",
    round(100 * max(free["story, same output"][: seen.index(32) + 1]), 1),
)

# %% [markdown] id="48039c6c"
# Up to $d_{head} + 1$ sources, 17 in the one model and 33 in the other, the same output leaves no choice. Beyond that it depends on the row. The idle head's attention is spread out, and all of it can be moved: its pattern explains nothing about its output. The induction head's row cannot be moved at all. Its favourite has a value that no mean of the others can replace. In `story` the room hardly opens, even with 96 sources.
#
# Keep only one number, and nearly everything can be moved. So how free attention is depends on what has to stay the same. A classifier with two classes ends in one number, and there such rows are plentiful; a head of a transformer hands on $d_{head}$ numbers to whatever reads them.
#
# Neither line settles what an explanation is. Where another row exists, this pattern is not *the* reason for the output. Where none exists, it is still only a statement about this head's output given its values, not about the prediction. And a row found by `linprog` comes from no queries and keys: nobody has shown a model that attends so, which was Wiegreffe & Pinter's point.

# %% id="e9c20e7b"
held_texts = gifts.clean.tokens[:30]
held_cache = run(
    story,
    held_texts,
    cache=[site(i) for i in range(4) for site in (pattern_at, values_at)],
).cache
gift_direction = (
    story.W_U.T[gifts.answer] - story.W_U.T[gifts.wrong.float().argmax(-1)]
).detach()
gift_direction = gift_direction * story.ln_final.original_component.weight.detach()
gift_direction = gift_direction - gift_direction.mean(-1, keepdim=True)
moved = np.zeros((30, 2))
for i in range(30):
    at = int(gifts.end[i])
    for layer in range(4):
        for head in range(4):
            row = held_cache[pattern_at(layer, head=head)][i : i + 1, at]
            v_row = held_cache[values_at(layer, head=head)][i : i + 1]
            number = v_row @ story.W_O[layer, head].detach() @ gift_direction[i]
            moved[i] += [
                share_free(row, number[..., None], at) / 16,
                share_free(row, v_row, at) / 16,
            ]
Claim(
    statement="With its part in the difference between the two names' logits kept, and nothing else, the attention of a head of story (seed 0) at the last position can usually leave its favourite.",
    evidence=Evidence.CORRELATIONAL,
    quantity="share of heads in which half of the favourite's attention can go, mean over prompts",
    estimate=float(moved[:, 0].mean()),
    interval=bootstrap_interval(moved[:, 0]),
    n=30,
    observations="prompts",
    baseline=float(moved[:, 1].mean()),
    baseline_name="the same heads and prompts, with the head's whole output kept",
    threshold=0.5,
    does_not_say="That any model attends so: the other rows come from no queries and keys. That the heads do not matter. What later layers would read in the changed output, which is kept along one direction only.",
)

# %% [markdown] id="e178d54e"
# ## 2.13 Heads that track syntax
#
# difficulty 3 of 5 · 30 minutes
#
# *You will be able to*: name a head by what it looks at only after it has beaten a rule that knows no grammar, and say what happens without it. (Clark et al. 2019, [What Does BERT Look At?](https://arxiv.org/abs/1906.04341); Voita et al. 2019, [Analyzing Multi-Head Self-Attention](https://arxiv.org/abs/1905.09418).)
#
# `the dog that the boys see runs quickly`. The verb `runs` belongs to `dog`, `see` belongs to `boys`. A model that agrees must have found out which noun the coming verb belongs to. Does a head look at it?
#
# Clark et al. found heads of BERT that pick out particular grammatical relations, each compared with the best rule of the form "always look so many words back". Voita et al. did so in a translation model, and then removed heads: those with a recognisable job went last. Both steps are needed, and the second is the one that is often left out.
#
# Story World knows the parse tree of each sentence, so the right noun is a label. The choice of verb form is made one token *before* the verb, so that is where the look is measured: from the last token of the prompt. Half of the prompts below end before the main verb, whose noun is the first of the sentence, and half before the verb of the outermost clause inside, whose noun is the second.
#
# A head **looks at** the source that gets most of its attention, `[BOS]` left out, since heads rest there. Its **rate** is the share of prompts in which that is the verb's noun. Two rules that know no grammar have rates, too:
#
# - *fixed distance*: always look so many tokens back, with the number that works best;
# - *first noun*: always look at the first noun.
#
# There are 16 heads and many distances, and the best of many is partly luck. So choose head and distance on one half of the prompts, and take all rates on the other.


# %% id="8ce62191" exercise="syntactic_heads"
def syntactic_heads(rows, end, subject, first, choose):
    """The head that looks at the verb's noun most often, and what it has to beat.

    rows: attention paid by the last token of each prompt, (prompt, layer, head, src);
        source 0 is [BOS]. end: position of that last token, (prompt,).
    subject: position of the coming verb's noun, (prompt,).
    first: position of the first noun, (prompt,).
    choose: (prompt,), True where head and distance are chosen; score on the others.

    Returns a dictionary: "head", the (layer, head) with the highest rate where chosen;
    and three rates on the other prompts: "rate" of that head, "offset" of the fixed
    distance end - subject that is commonest where chosen, "first_noun".
    """
    ### BEGIN SOLUTION
    hits = (rows[..., 1:].argmax(dim=-1) + 1 == subject[:, None, None]).double()
    layer, head = divmod(int(hits[choose].mean(dim=0).argmax()), rows.shape[2])
    distance = end - subject
    usual = distance[choose].mode().values
    return {
        "head": (layer, head),
        "rate": float(hits[~choose, layer, head].mean()),
        "offset": float((distance == usual)[~choose].double().mean()),
        "first_noun": float((first == subject)[~choose].double().mean()),
    }
    ### END SOLUTION


# %% id="6a81feb6" check="syntactic_heads"
check(syntactic_heads)

# %% [markdown] id="34985c21"
# **Predict.** `story` was trained from three random starts. In all three, the verb agrees in these sentences. In how many of the three does the best head beat both rules?

# %% id="aa9284d4"
predict("seeds_with_syntax", value=..., confidence=...)

# %% id="19e4a8bc"
# NBVAL_CHECK_OUTPUT
N_SYNTAX = 200
clauses = {
    question: story_pairs(
        "recursion", N_SYNTAX, split="test", question=question, seed=31
    )
    for question in ("verb", "inner verb 1")
}
owner = {"verb": "subject", "inner verb 1": "embedded"}
clause_end = torch.cat([pairs.end for pairs in clauses.values()])
clause_noun = torch.cat([pairs.positions[owner[q]] for q, pairs in clauses.items()])
clause_first = torch.cat([pairs.positions["subject"] for pairs in clauses.values()])
choosing = torch.arange(N_SYNTAX).repeat(2) < N_SYNTAX // 2
story_seeds = [load_model("story", seed=seed) for seed in seeds("story")]
clause_rows, syntax = [], []
for each in story_seeds:
    looks = [
        course_heads.looks_from(each, pairs.clean.tokens, pairs.end)
        for pairs in clauses.values()
    ]
    width = max(table.shape[-1] for table in looks)
    looks = [
        torch.nn.functional.pad(table, (0, width - table.shape[-1])) for table in looks
    ]
    clause_rows.append(torch.cat(looks))
    syntax.append(
        course_heads.syntactic_heads(
            clause_rows[-1], clause_end, clause_noun, clause_first, choosing
        )
    )
for seed, found in enumerate(syntax):
    layer, head = found["head"]
    print(
        f"seed {seed}: L{layer}H{head} looks at the noun in {found['rate']:.2f};",
        f"fixed distance {found['offset']:.2f}, first noun {found['first_noun']:.2f}",
    )

# %% id="75f0b8c6"
beaten = [found["rate"] > max(found["offset"], found["first_noun"]) for found in syntax]
predict.reveal("seeds_with_syntax", sum(beaten))

# %% id="038a3cdf"
hits_of_best = [
    (
        table[~choosing, f["head"][0], f["head"][1], 1:].argmax(-1) + 1
        == clause_noun[~choosing]
    ).double()
    for table, f in zip(clause_rows, syntax, strict=True)
]
plot(
    Bars(
        names=[
            f"seed {i}, L{f['head'][0]}H{f['head'][1]}" for i, f in enumerate(syntax)
        ],
        values=torch.stack([each.mean() for each in hits_of_best]),
        intervals=[bootstrap_interval(each) for each in hits_of_best],
        interval="95 % interval (bootstrap over prompts)",
        baseline=syntax[0]["first_noun"],
        baseline_name="always the first noun",
        name="looks at the verb's noun (share)",
        axis="best head of each seed, chosen on other prompts",
        title="story, clauses within clauses",
    ),
    caption="How often the best head of each seed of story looks at the noun that the coming verb belongs to. Black: 95 % interval over prompts. Dashed: a rule that always looks at the first noun.",
)

# %% [markdown] id="54170474"
# Seeds 1 and 2 have a head that passes. The best head of seed 0 beats the fixed distance and stays below the rule "always the first noun", which needs no grammar. Somebody who compared with the fixed distance alone would have announced a syntax head in all three.
#
# **And without it?** Replace the output of one head at the last position by its mean over the prompts (a *mean ablation*), and see whether the verb still agrees: whether the verbs of the right number have more probability in all than those of the wrong one.
#
# **Predict.** In seed 0 the best head has not passed. If it is taken away, in how many per cent of the prompts does the verb still agree? (With all heads it is 100.)

# %% id="4d6b3994"
predict("agreement_without", value=..., confidence=...)


# %% id="55a956b3"
# NBVAL_CHECK_OUTPUT
def margins_without(subject_model, head):
    """Log odds of the right number, by prompt, with one head's mean in its place."""
    return torch.cat(
        [
            course_heads.agreement_margin(
                course_heads.logits_without(
                    subject_model, pairs.clean.tokens, pairs.end, head
                ),
                pairs.right,
                pairs.wrong,
            )
            for pairs in clauses.values()
        ]
    )


falls, still = torch.zeros(3, 4, 4), torch.zeros(3, 4, 4)
margins_best = []
for seed, each in enumerate(story_seeds):
    whole = margins_without(each, None)
    for layer in range(4):
        for head in range(4):
            left = margins_without(each, (layer, head))
            falls[seed, layer, head] = (whole - left).mean()
            still[seed, layer, head] = (left > 0).float().mean()
            if (layer, head) == syntax[seed]["head"]:
                margins_best.append(left)
    layer, head = syntax[seed]["head"]
    rank = int((falls[seed] > falls[seed, layer, head]).sum()) + 1
    print(
        f"seed {seed}: all heads {(whole > 0).float().mean():.2f};",
        f"without L{layer}H{head} {still[seed, layer, head]:.2f};",
        f"its fall is number {rank} of 16",
    )

# %% id="f4631579"
predict.reveal(
    "agreement_without", round(100 * float((margins_best[0] > 0).float().mean()), 1)
)

# %% id="f7af3726"
plot(
    Heatmap(
        values=falls.reshape(12, 4),
        rows=[f"seed {seed}, layer {layer}" for seed in range(3) for layer in range(4)],
        columns=[f"head {head}" for head in range(4)],
        name="fall of the log odds (nats)",
        row_axis="layer",
        column_axis="head",
        title="story, each head's mean in its place",
        diverging=True,
    ),
    caption="Fall of the log odds of the right verb number when one head's output at the last position is replaced by its mean over prompts, in three seeds of story. Blue: the model is worse without the head.",
)

# %% [markdown] id="469efed2"
# In every seed the head that looks at the noun most often is also the one without which agreement suffers most; in seed 0, too, where it did not pass as a head that looks at the noun. So "no head tracks syntax in seed 0" would be the wrong conclusion. What one may say is that there the look, counted in this way, does not tell it from a rule about first nouns, and that the head is needed all the same.
#
# The other way round: without it the verb still agrees in most prompts. Agreement is shared among several parts.

# %% id="ae767f5e"
passing = 2
Claim(
    statement="In story (seed 2) one head, chosen on other prompts, looks at the coming verb's own noun more often than at the first noun it would find by rule.",
    evidence=Evidence.CORRELATIONAL,
    quantity="share of prompts in which the verb's noun gets most attention",
    estimate=float(hits_of_best[passing].mean()),
    interval=bootstrap_interval(hits_of_best[passing]),
    n=len(hits_of_best[passing]),
    observations="prompts",
    baseline=syntax[passing]["first_noun"],
    baseline_name="always the first noun; the best fixed distance has "
    f"{syntax[passing]['offset']:.2f}",
    does_not_say="That the head parses: any cue that goes with being the verb's noun in these sentences would do. That the same holds in another seed: in seed 0 it does not.",
)

# %% id="41bea2a3"
agrees_without = (margins_best[0] > 0)[~choosing].double()
Claim(
    statement="Without the output at the last position of its head that looks at the noun most often, story (seed 0) agrees less often.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="share of prompts in which the verb agrees",
    estimate=float(agrees_without.mean()),
    interval=bootstrap_interval(agrees_without),
    n=len(agrees_without),
    observations="prompts",
    baseline=1.0,
    baseline_name="the model as it is; without another head, on average over the 15 others, "
    f"{(still[0].sum() - still[0][syntax[0]['head']]) / 15:.2f}",
    does_not_say="That it is needed because of where it looks. That mean ablation is harmless by itself: a mean over prompts is an input that the model never meets.",
)

# %% [markdown] id="9d3530fd"
# ## 2.15 Heads that lower the right answer
#
# difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: compute what a head writes straight into a logit, find heads that work against the answer, and say when none was found. (Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), negative name movers; McDougall et al. 2023, [Copy Suppression](https://arxiv.org/abs/2310.04625).)
#
# Not everything in a model pulls in one direction. Wang et al. found heads of GPT-2 small that lower the logit of the right name while others raise it. McDougall et al. took one of them, L10H7, and described what it does over a large body of text as *copy suppression*: where earlier parts already favour a token that stands in the context, the head looks at that token and lowers it.
#
# The measure is the **direct effect**. The logits are read from the residual stream, and the stream is a sum (chapter 1). So the part of a head is its output times the unembedding, at the position where the prediction is made:
#
# $$\text{logits written by head } h = z_h W_O^h W_U$$
#
# One of these numbers is for the answer. But a head that lowers *every* logit by 8 lowers the answer and changes no probability, since the softmax does not see what all logits share. So take the answer's number minus the mean over the vocabulary. A head that brings this below minus some threshold, on average over prompts, lowers the answer.
#
# It is called direct because what later heads make of this head's output is not in it. (With a final LayerNorm one more step is needed: its scale is held at what it was, and then it is a linear map like any other. The models of the exercise have none.)


# %% id="33f746d6" exercise="suppression_heads"
def suppression_heads(model, tokens, answer, threshold):
    """Heads whose mean direct effect on the answer is below minus the threshold.

    model: attention only, without LayerNorm; model.W_U has shape (d_model, d_vocab).
    tokens: prompts of one length, (prompt, pos); the last position predicts.
    answer: the id of the token that should come next, (prompt,).
    threshold: in logits, above zero. Returns a list of (layer, head) pairs.

    `cache = run(model, tokens, cache=[z(layer)]).cache` keeps z of a layer, and
    `head_contribution(model, cache, layer)` is z W_O for each head, of shape
    (prompt, pos, head, d_model).
    """
    ### BEGIN SOLUTION
    found = []
    for layer in range(model.cfg.n_layers):
        cache = run(model, tokens, cache=[z(layer)]).cache
        written = head_contribution(model, cache, layer)[:, -1]
        logits = written @ model.W_U
        effect = logits[torch.arange(len(tokens)), :, answer] - logits.mean(dim=-1)
        below = effect.mean(dim=0) < -threshold
        found += [(layer, head) for head in range(len(below)) if below[head]]
    return found
    ### END SOLUTION


# %% id="9da63a5b" check="suppression_heads"
check(suppression_heads)

# %% [markdown] id="b79fe43c"
# **A model that has one.** Written by hand: L0H1 is a previous-token head, L1H0 an induction head that raises the token after the previous copy, L1H2 looks at the same place and *lowers* it, with a third of the strength.
#
# **The identity**: without LayerNorm, the direct effects of all heads together with what the embedding writes add up to the answer's logit (minus the mean). The biases of this model are zero, and its embedding writes next to nothing into the logits.

# %% id="31d77e9a"
# NBVAL_CHECK_OUTPUT
from mi_course.exercises.induction_heads.suppression import suppressor

lowering = suppressor()
said_again = draw_repeated_tokens(batch=64, period=12, repeats=2, seed=2)
prompt, comes_next = said_again.tokens[:, :19], said_again.tokens[:, 19]
direct = course_heads.direct_effects(lowering, prompt, comes_next)
whole_run = run(lowering, prompt, cache=[resid_pre(0)])
rows_64 = torch.arange(64)
parts = [direct.sum((1, 2))]
for logits in (
    whole_run.cache[resid_pre(0)][:, -1] @ lowering.W_U,
    whole_run.logits[:, -1],
):
    parts.append(logits[rows_64, comes_next] - logits.mean(-1))
from_heads, from_embedding, in_all = parts
torch.testing.assert_close(from_heads + from_embedding, in_all, atol=1e-4, rtol=1e-4)
print(
    f"largest part of the embedding: below 0.1 logits: {bool(from_embedding.abs().max() < 0.1)}"
)
for layer in range(2):
    effects_here = direct.mean(0)[layer].tolist()
    print(
        f"layer {layer}:",
        *(f"{round(effect, 1) + 0.0:5.1f}" for effect in effects_here),
    )
print(
    "found:", course_heads.suppression_heads(lowering, prompt, comes_next, threshold=1)
)

# %% [markdown] id="5a6202ce"
# **Predict.** Switch L1H2 off. On the second copy, where every token repeats, does the mean loss fall?

# %% id="b8f6e308"
predict("loss_without_suppressor", value=..., confidence=...)


# %% id="e41e8b34"
# NBVAL_CHECK_OUTPUT
def second_copy_loss(tokens, edits=()):
    """Mean loss of the hand-written model on the tokens of the second copy, in nats."""
    log_probs = run(lowering, tokens, edits).logits[:, :-1].log_softmax(-1)
    losses = -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
    return losses[said_again.predictable[:, :-1]].mean().item()


# Every third token of the second copy is replaced by another one.
half_true = said_again.tokens.clone()
other_draw = draw_repeated_tokens(batch=64, period=12, repeats=2, seed=9).tokens
half_true[:, 15::3] = other_draw[:, 15::3]
off = [zero(z(1, head=2))]
loss_table = {
    "every copy comes true": (said_again.tokens, second_copy_loss(said_again.tokens)),
    "every third token is new": (half_true, second_copy_loss(half_true)),
}
for name, (texts, with_it) in loss_table.items():
    print(
        f"{name:25s} with L1H2 {with_it:.2f}   without {second_copy_loss(texts, off):.2f}"
    )

# %% id="068270c6"
predict.reveal(
    "loss_without_suppressor",
    second_copy_loss(said_again.tokens, off) < second_copy_loss(said_again.tokens),
)

# %% [markdown] id="aeb45735"
# Where every copy comes true, the head costs a little. Where every third token is new, a copy that could be made comes true only half of the time. There the copying head is far too sure, and the head that works against it saves much more. A part that lowers the right answer on one kind of text may be what keeps the model honest on another. "Suppression" describes its sign on the prompts that were looked at, not its purpose.
#
# **And `story`?** The same measure on prompts about gifts: the right name against the other one. For each task and seed, the head that lowers the answer most is chosen on 100 prompts and measured on 100 others.
#
# **Predict.** How many of the 16 heads of seed 0 lower the right name by more than half a logit?

# %% id="23ad2667"
predict("suppressors_in_story", value=..., confidence=...)

# %% id="507a239f"
# NBVAL_CHECK_OUTPUT
searched = {
    task: story_pairs(task, 200, split=split, seed=41)
    for task, split in (("names", "test"), ("facts", "train"), ("holding", "test"))
}
lowest, below_half = {}, 0
for task, pairs in searched.items():
    for seed, each in enumerate(story_seeds):
        per_head = course_heads.direct_effects(
            each,
            pairs.clean.tokens,
            pairs.answer,
            wrong=pairs.wrong.float().argmax(-1),
            end=pairs.end,
        ).flatten(1)
        chosen_head = int(per_head[:100].mean(0).argmin())
        lowest[task, seed] = per_head[100:, chosen_head]
        if (task, seed) == ("names", 0):
            below_half = int((per_head[100:].mean(0) < -0.5).sum())
            story_direct = per_head[100:].mean(0)
    print(
        f"{task:8s} lowest head of seeds 0, 1, 2:",
        *(
            f"{round(float(lowest[task, seed].mean()), 1) + 0.0:5.1f}"
            for seed in range(3)
        ),
    )

# %% id="40a1cafa"
predict.reveal("suppressors_in_story", below_half)

# %% id="78cf6f7b"
plot(
    Heatmap(
        values=story_direct.reshape(4, 4),
        rows=[str(layer) for layer in range(4)],
        columns=[str(head) for head in range(4)],
        name="direct effect (logits)",
        row_axis="layer",
        column_axis="head",
        title="story (seed 0), right name minus other name",
        diverging=True,
    ),
    caption="What each head of story (seed 0) writes straight into the right name's logit minus the other name's, at the last position, mean over 100 prompts. Blue raises the right name.",
)

# %% [markdown] id="7b2dbe75"
# The means are small, but for two heads they are means of large numbers. In pairs of prompts that differ only in who gives (`… peter found a ball and handed it to` beside `… alice found a ball and handed it to`), the right and the other name change places. What becomes of each head's effect?

# %% id="d2e1bc39"
# NBVAL_CHECK_OUTPUT
swapped = searched["names"]
other_name = swapped.wrong.float().argmax(-1)
assert (other_name == swapped.corrupted_answer).all()
as_given = course_heads.direct_effects(
    story, swapped.clean.tokens, swapped.answer, wrong=other_name, end=swapped.end
)
giver_changed = course_heads.direct_effects(
    story, swapped.corrupted.tokens, other_name, wrong=swapped.answer, end=swapped.end
)
for layer, head in ((3, 1), (3, 0), (3, 3)):
    here, there = as_given[:, layer, head], giver_changed[:, layer, head]
    print(
        f"L{layer}H{head}: lowers the right name by more than half a logit in",
        f"{(here < -0.5).float().mean():.2f} of prompts;",
        f"correlation with the twin {torch.corrcoef(torch.stack([here, there]))[0, 1]:.2f}",
    )

# %% [markdown] id="3da613d0"
# L3H1 and L3H0 write as much for one name as against the other, several logits in most prompts, and when the roles change the sign changes with them: a correlation near −1. They favour one of the two names, whichever is asked for. On half of the prompts that lowers the right one. Somebody who looked at a few of those would have reported a suppressing head. L3H3 is the one that knows who is asked for.
#
# So count a head as lowering the answer if it does so on average over both prompts of a pair: then a mere liking for a name cancels.

# %% id="848fb8cd"
balanced = ((as_given + giver_changed) / 2).flatten(1)
lowest_balanced = balanced[100:, int(balanced[:100].mean(0).argmin())]
Claim(
    statement="story (seed 0) has a head that lowers the right name by more than half a logit, whoever gives.",
    evidence=Evidence.CORRELATIONAL,
    direction="below",
    quantity="direct effect of the lowest head, chosen on other prompts, mean over the two prompts of a pair",
    unit="logits",
    estimate=float(lowest_balanced.double().mean()),
    interval=bootstrap_interval(lowest_balanced),
    n=100,
    observations="pairs of prompts",
    baseline=0.0,
    baseline_name="a head that writes nothing into the difference",
    threshold=0.5,
    does_not_say="That nothing in story suppresses: MLPs are not in it, nor what a head does through later parts, nor other kinds of text. The chosen head is the lowest of 16 on the choosing half only.",
)

# %% [markdown] id="b6413399"
# The claim does not hold, and that is the finding: `story` has no such head for this task. In the other two tasks the lowest heads are at a fraction of a logit. Wang et al.'s and McDougall et al.'s heads are in a larger model trained on real text; this one, on these sentences, did not grow them. That is why the exercise had models written by hand.

# %% [markdown] id="5eb660d9"
# ## 2.16 The same head in another seed
#
# difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: ask whether two models have "the same" heads in a way that could have come out otherwise. (Olah et al. 2020, [Zoom In](https://distill.pub/2020/circuits/zoom-in/), for universality as a claim; Gurnee et al. 2024, [Universal Neurons in GPT2 Language Models](https://arxiv.org/abs/2401.12181), for a measurement over seeds, of neurons.)
#
# *Universality* is the claim that different networks come to have the same features and circuits. Olah et al. put it as a hypothesis. Sections before this one found an induction head in each of five seeds of `induction-2l`. Is there more to it: does every head of one seed have its like in another?
#
# To ask that, a head needs a **signature**: numbers that say what it does, taken in the same way in every model. Here: its mean pattern on the same 64 sequences, one number for each pair of destination and source. How alike two heads are is the *correlation* of their signatures.
#
# Heads have no order, so head 2 of one model is not head 2 of the other. They have to be paired: one to one, so that the mean correlation of the pairs is as large as it can be. That is the *assignment problem*, and `scipy.optimize.linear_sum_assignment(table, maximize=True)` solves it. (Letting each head take its favourite uses some twice. Taking the best pair first and going on with what is left need not give the largest sum.)
#
# The best of 40,320 pairings of eight heads is high for unrelated heads, too. So a match needs a **null distribution**: shuffle the features of the second model, all its heads alike, *match anew*, and note the similarity; many times. The p-value is the share of shuffles that reach what the real match has, with the real one counted in: (1 + reached) / (1 + shuffles).


# %% id="1f4e8740" exercise="match_heads_across_seeds"
def match_heads_across_seeds(one, two, shuffles):
    """Pair the heads of two models, and compare the pairing with chance.

    one, two: signatures, shape (head, feature), of two models with as many heads.
    shuffles: orders of the features, shape (shuffle, feature); two[:, shuffles[0]]
        is `two` with its features in the first of these orders.

    Returns a dictionary. "partner": for each head of `one` its head of `two`, a list.
    "similarity": mean correlation of the pairs. "p": (1 + number of shuffles whose own
    best pairing has at least that similarity) / (1 + number of shuffles).
    """
    ### BEGIN SOLUTION
    from scipy.optimize import linear_sum_assignment

    def match(a, b):
        table = np.corrcoef(a.numpy(), b.numpy())[: len(a), len(a) :]
        heads, partners = linear_sum_assignment(table, maximize=True)
        return partners.tolist(), float(table[heads, partners].mean())

    partner, similarity = match(one, two)
    chance = [match(one, two[:, order])[1] for order in shuffles]
    reached = sum(each >= similarity for each in chance)
    return {
        "partner": partner,
        "similarity": similarity,
        "p": (1 + reached) / (1 + len(shuffles)),
    }
    ### END SOLUTION


# %% id="8c7511d8" check="match_heads_across_seeds"
check(match_heads_across_seeds)

# %% [markdown] id="4526e69d"
# **Predict.** Two *untrained* models, random weights from two seeds. Their eight heads are matched by their mean patterns. How high is the mean correlation of the pairs?

# %% id="7efb6175"
predict("untrained_match", value=..., confidence=...)

# %% id="fbe52381"
# NBVAL_CHECK_OUTPUT
common = draw_repeated_tokens(batch=64, period=12, repeats=2, seed=12).tokens
five = [load_model("induction-2l", seed=seed) for seed in seeds("induction-2l")]
five_twins = [
    load_model("induction-2l", seed=seed, untrained=True)
    for seed in seeds("induction-2l")
]
n_features = course_heads.head_signatures(five[0], common).shape[1]
orders_of_features = torch.stack(
    [
        torch.randperm(n_features, generator=torch.Generator().manual_seed(i))
        for i in range(49)
    ]
)
matches = {}
for what, beyond_even in (("mean pattern", False), ("pattern beyond even", True)):
    for name, models in (("trained", five), ("untrained", five_twins)):
        signatures = [
            course_heads.head_signatures(each, common, beyond_even) for each in models
        ]
        found = {
            (a, b): course_heads.match_heads_across_seeds(
                signatures[a], signatures[b], orders_of_features
            )
            for a in range(5)
            for b in range(a + 1, 5)
        }
        matches[what, name] = found
        similarities = [each["similarity"] for each in found.values()]
        worst = max(each["p"] for each in found.values())
        print(
            f"{what:20s} {name:10s} similarity {np.mean(similarities):.2f}",
            f"  largest p of ten pairs {worst:.2f}",
        )

# %% id="d8a47cfa"
predict.reveal(
    "untrained_match",
    round(
        float(
            np.mean(
                [m["similarity"] for m in matches["mean pattern", "untrained"].values()]
            )
        ),
        2,
    ),
)

# %% [markdown] id="b86fa64a"
# By mean patterns the untrained models match nearly as well as the trained ones, and each of their ten matches beats all 49 shuffles. A p-value of 0.02 for the universality of random weights: the shuffles were the wrong null. All causal patterns share a shape, since the first rows have few sources and large numbers, and shuffling the features destroys that shape, which nobody doubted. A null has to destroy what is claimed and keep everything else.
#
# The lower two lines take that shape away: from each cell, what a head that looks everywhere alike would have there. Now the untrained models differ. (Their p is small still. What is left in common is something, not nothing.)
#
# So the baseline that counts is the untrained twins, matched in the same way.

# %% id="5e439c01"
beyond = {
    name: {
        pair: m["similarity"]
        for pair, m in matches["pattern beyond even", name].items()
    }
    for name in ("trained", "untrained")
}
table_01 = course_heads.signature_correlations(
    *(course_heads.head_signatures(each, common, True) for each in five[:2])
)
head_names = [f"L{layer}H{head}" for layer in range(2) for head in range(4)]
plot(
    Heatmap(
        values=table_01,
        rows=head_names,
        columns=head_names,
        name="correlation",
        row_axis="seed 0",
        column_axis="seed 1",
        title="induction-2l, patterns beyond even",
        diverging=True,
    ),
    caption="Correlation of the heads of two seeds of induction-2l by where they look beyond looking everywhere alike, on the same 64 sequences.",
)

# %% id="5b7f0384"
# NBVAL_CHECK_OUTPUT
sizes = torch.stack(
    [course_heads.head_signatures(each, common, True).norm(dim=-1) for each in five]
)
partners_live = []
for (a, b), m in matches["pattern beyond even", "trained"].items():
    one, two = (course_heads.head_signatures(five[i], common, True) for i in (a, b))
    table = course_heads.signature_correlations(one, two)
    for head in (sizes[a] > 2).nonzero()[:, 0].tolist():
        partner = m["partner"][head]
        same_layer = head // 4 == partner // 4
        partners_live.append(
            (float(table[head, partner]), bool(sizes[b, partner] > 2), same_layer)
        )
print("heads of each seed whose pattern is far from even:", (sizes > 2).sum(1).tolist())
print(
    f"their matches: {len(partners_live)}, least correlation {min(c for c, *_ in partners_live):.2f}"
)
print("partner is far from even as well:", sum(live for _, live, _ in partners_live))
print("partner is in the same layer:", sum(layer for *_, layer in partners_live))

# %% [markdown] id="873248db"
# Most heads of these models are nearly dead, by the recipe's penalty (section 2.2). Their patterns differ from even by next to nothing, and what little is left is alike as well; a high mean over eight heads is mostly about those. The last cell looks at the others: in each seed two heads are far from even (the length of what is left is above 2), and each of them has its like in every other seed, in the same layer. They are the previous-token head and the induction head.

# %% id="2514936d"
Claim(
    statement="The heads of two seeds of induction-2l can be paired so that they look at the same places, more so than in untrained models.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean correlation of paired patterns beyond even, mean over ten pairs of seeds",
    estimate=float(np.mean([*beyond["trained"].values()])),
    interval=course_heads.interval_over_models(beyond["trained"]),
    n=5,
    observations="seeds",
    baseline=float(np.mean([*beyond["untrained"].values()])),
    baseline_name="the untrained twins of the same seeds, matched in the same way; matching by index gives "
    f"{np.mean([course_heads.signature_correlations(*(course_heads.head_signatures(five[i], common, True) for i in p)).diagonal().mean() for p in beyond['trained']]):.2f} for the trained ones",
    does_not_say="That the heads compute the same thing: where a head looks is half of what it does. That other recipes, sizes or data give these heads: five seeds share all of that, so 'universal' would mean 'not an accident of the random start'. The interval draws from five seeds and is too narrow.",
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
