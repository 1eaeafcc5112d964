# %% [markdown] id="6760e493"
# # 1 · Transformer maths
#
# A language model reads a text and says, at every position, how probable each word is as the next one. What happens between the words that go in and the probabilities that come out is arithmetic: products of matrices, means, and a handful of curved functions, each given by a formula.
#
# In this chapter you write all of it. In sections 1.2 to 1.10 you put a model together that goes on with a story. Its weights are those of `story`, a model that was trained for this course, and its numbers agree with the library's to four decimals.
#
# Sections 1.11 to 1.21 use the same arithmetic in the other direction. They take the model apart: into what each part contributes to a logit, into circuits that can be read off the weights, and into paths from one head to another. Each of these readings is then tried by changing the model, because a number read off weights says what a part could do.
#
# | | |
# |---|---|
# | Models | `story`: four layers of four attention heads, with MLPs. Smaller ones, whose circuits can be read whole: `story-0l` (no layer), `story-attn-1l` (one layer, no MLP), `induction-2l` and `induction-2l-plain` (two layers, no MLPs) |
# | Data | Story World, a small synthetic English: names, places, facts, lists; one token a word |
# | Time | about two hours for 1.1 to 1.10, and four and a half for the rest; the exercises marked ★ (core) take two and a quarter hours |
# | You need | Python with PyTorch tensors: indexing, broadcasting, matrix products. No knowledge of transformers |
# | Read along | Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html); Phuong & Hutter 2022, [Formal Algorithms for Transformers](https://arxiv.org/abs/2207.09238); Vaswani et al. 2017, [Attention Is All You Need](https://arxiv.org/abs/1706.03762) |
#
# **Entering in the middle.** Cells use what the cells above them defined, also across sections that are not core. To begin at a later section, or to leave one out, choose *Run → Run All Above Selected Cell* there: exercises that you have not written end in *not attempted*, and all else runs. Predictions above are then used up.

# %% [markdown] id="f936a799"
# ### What the evidence here can and cannot show
#
# The course sorts evidence on a ladder of four rungs: **behavioural** (what comes out for what goes in), **correlational** (something inside goes along with what is of interest), **causal for a component** (changing it changes the behaviour), **causal, end to end** (a proposed mechanism accounts for the behaviour). Results that stand on it end in a **claim card**.
#
# Most of this chapter stands beside the ladder. It consists of **identities**: two ways of computing one number. An identity needs no baseline and no interval. It holds for every input, because it follows by algebra, and what is left between the two results is rounding.
#
# That the library computes these formulas does not follow by algebra. It is measured: a cell runs the formula beside the library, on one text or on 64, and stops with an error if the two differ by more than 1e-4.
#
# An identity can show *what is computed*. It cannot show why the result is a good prediction, or what a number in the middle stands for. When you are done you will hold a complete description of `story` that predicts its every output. You will not yet have an explanation of anything it does.
#
# Some results say something about a model that no algebra settles, and they have claim cards: where one head looks, how well `story` predicts, which head moves a logit, what a lens misses. Weights by themselves are on the second rung of the ladder: they show what a part could do, and not that it does it. Where this chapter says more, something in a model was changed.

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

# %% id="553b4b85"
import torch
from mi_course import transformer_maths as course
from mi_course.claims import Claim, Evidence, bootstrap_interval
from mi_course.display import plot
from mi_course.display.bars import Bars
from mi_course.display.heatmap import Heatmap
from mi_course.display.lines import Line, Lines
from mi_course.display.patterns import AttentionPattern
from mi_course.display.token_strip import TokenStrip
from mi_course.exercises.transformer_maths import check, predict
from mi_course.interventions import attn_out, run, z, zero
from mi_course.worlds.story import VOCABULARY, decode, encode, story_tokens
from mi_course.zoo import load_model

torch.set_num_threads(
    1
)  # the models are small: a second thread would cost more than it brings
torch.set_grad_enabled(False)  # nothing is trained in this chapter


def assert_same(ours, theirs, tolerance=1e-4):
    """Stop with an error unless two tensors agree; say by how much they differ."""
    gap = (ours - theirs).abs().max().item()
    assert ours.shape == theirs.shape and gap < tolerance, f"{gap:.2g}"
    return f"agree: the largest difference is below {tolerance:g}"


# %% id="b2a6b878"
model = load_model("story")
text = "then laura and john went to the garden and laura gave a book to"
tokens = torch.tensor([encode(text)])  # one row: a batch of one text
words = ["[BOS]", *text.split()]
_, cache = model.run_with_cache(
    tokens
)  # every activation on the way, by the name of its hook
print(tokens)

# %% [markdown] id="40b58a68"
# ## 1.1 Notation
#
# difficulty 1 of 5 · 12 minutes
#
# *You will be able to*: find a weight or an activation by its name, and say which axes it has.
#
# This page fixes names for the whole course. Read it once, and come back to it when a shape surprises you.
#
# The picture: **one vector for each position** travels from top to bottom. Every part reads a copy of it and *adds* something to it. Elhage et al. call this vector the **residual stream**.
#
# ```
#   tokens               (batch, pos)              whole numbers
#      │  W_E
#      ▼
#   resid_pre            (batch, pos, d_model)     layer 0
#      ├──────► LayerNorm 1 ──► attention ──┐
#      ▼                                    │ attn_out
#     (+) ◄─────────────────────────────────┘
#   resid_mid
#      ├──────► LayerNorm 2 ──► MLP ────────┐
#      ▼                                    │ mlp_out
#     (+) ◄─────────────────────────────────┘
#   resid_post           = resid_pre of the next layer
#      ⋮
#      ▼  after the last layer
#   last LayerNorm ──► W_U ──► logits         (batch, pos, d_vocab)
# ```
#
# Only attention moves anything from one position to another. Everything else treats each position by itself. At the end stand the **logits**: one number for each possible next token, the larger the more probable. Section 1.9 makes probabilities of them.

# %% [markdown] id="343b2552"
# **Vectors are rows.** A vector $x$ with `d_model` numbers is a row, and a matrix stands to its right: a query is $q = x W_Q + b_Q$, in code `x @ W_Q + b_Q`. A weight that turns $a$ numbers into $b$ numbers has shape $(a, b)$.
#
# Read from left to right, then, a product is in the order in which things happen. $x W_V W_O$ makes a value first and writes it out second.
#
# Two sources do it the other way round. Elhage et al. 2021 write columns, so their $W_O W_V$ is $W_V W_O$ here. And `torch.nn.Linear` stores its weight as $(b, a)$, so the weight of a Linear layer has to be transposed when it comes from a state dict. $W_E$ is a table of rows and stays as it is.
#
# **Counting starts at 0**: positions, layers and heads. L2H1 is head 1 of layer 2, the second head of the third layer.
#
# **Axes** have names, and a shape is a list of names:

# %% id="5a8a1382"
# NBVAL_CHECK_OUTPUT
sizes = course.axis_sizes(model) | {
    "batch": 1,
    "pos": tokens.shape[1],
    "dest": tokens.shape[1],
    "src": tokens.shape[1],
}
for axis, meaning in course.AXES.items():
    print(f"{axis:8s} {sizes[axis]:4d}   {meaning}")

# %% [markdown] id="6e1cb078"
# **Weights.** `weights_of(model)` reads the model's state dict (torch's dictionary of the tensors that a model holds) and returns a plain dictionary with the names below. Weights that every layer has are stacked, so `weights["W_Q"][2]` belongs to layer 2. Attention weights have an axis of heads. All of them were trained, except that `story` has no bias of the logits: `b_U` is 686 zeros, which TransformerLens puts there.

# %% id="5ad9fb14"
# NBVAL_CHECK_OUTPUT
weights = course.weights_of(model)
for symbol in course.WEIGHTS:
    shape = tuple(weights[symbol.name].shape)
    assert shape == course.shape_of(symbol, sizes)
    print(f"{symbol.name:11s} {symbol.axes:27s} {shape!s:18s} {symbol.meaning}")

# %% [markdown] id="a3965c80"
# A model with learned positions has one more weight, `W_pos`, of shape (n_ctx, d_model); section 1.2 uses it.
#
# The same tensors in the state dict, where torch keeps them: transposed, and with the heads side by side. The next cell finds `W_in` and one head's `W_Q` there.

# %% id="03a74d67"
state = model.state_dict()
layer, head, d_head = 2, 1, model.cfg.d_head
print(assert_same(weights["W_in"][layer], state[f"blocks.{layer}.mlp.in.weight"].T))
rows_of_head = slice(head * d_head, (head + 1) * d_head)
print(
    assert_same(
        weights["W_Q"][layer, head],
        state[f"blocks.{layer}.attn.q.weight"][rows_of_head].T,
    )
)

# %% [markdown] id="2209f719"
# **Activations.** What is computed on the way can be read at *hook points*: places in the model where a function of yours is called with the tensor that passes, to look at it or to change it. `{l}` is the number of the layer. The names are those of TransformerLens. Its `TransformerBridge`, a class that wraps a model of the transformers library and puts the hook points in, runs the course's models; `cache["blocks.2.attn.hook_q"]` holds the queries of layer 2.

# %% id="499d7746"
# NBVAL_CHECK_OUTPUT
for symbol in course.ACTIVATIONS:
    assert tuple(cache[symbol.hook.format(l=2)].shape) == course.shape_of(symbol, sizes)
    print(f"{symbol.hook:33s} {symbol.axes:22s} {symbol.meaning}")

# %% [markdown] id="1c660ca2"
# Four remarks that save an afternoon:
#
# - `hook_q` and `hook_k` are queries and keys **before** the rotation of section 1.6. The scores are made after it.
# - A pattern is read [destination, source]: one row for each position that looks, one column for each that is looked at.
# - To *look* at the stream in the middle of a layer, `hook_resid_mid` is right. To *change* it, an edit there reaches the MLP only and not the sum below. The course's `run(model, tokens, edits=…)` takes care of that; it has short names for places, such as `z(1, head=2)`.
# - `story` is used as it was trained. TransformerLens can rewrite a model so that it gives the same probabilities and is nicer to read (`enable_compatibility_mode`); then the numbers in the middle are others. Where a chapter uses that, it says so.
#
# Before most results you are asked what you expect. Run the notebook cell by cell: a prediction can be changed until its result has been shown, and no longer after that, so "Run All" uses up all of them. Run a prediction cell as it stands to see which answers it takes.
#
# **Predict.** Of all the numbers that `story` consists of, how many per cent are in its MLPs?

# %% id="f00257ba"
predict("share_in_mlps", value=..., confidence=...)

# %% id="8f2ed7c8"
parts = {
    "embedding W_E": ["W_E"],
    "attention": ["W_Q", "b_Q", "W_K", "b_K", "W_V", "b_V", "W_O", "b_O"],
    "MLPs": ["W_in", "b_in", "W_out", "b_out"],
    "LayerNorms": ["ln1_w", "ln1_b", "ln2_w", "ln2_b", "ln_final_w", "ln_final_b"],
    "unembedding W_U": ["W_U", "b_U"],
}
counts = {
    part: sum(weights[name].numel() for name in names) for part, names in parts.items()
}
total = sum(counts.values())
assert total == sum(weight.numel() for weight in weights.values())
for part, count in counts.items():
    print(f"{part:16s} {count:7,d}   {100 * count / total:4.1f} %")
plot(
    Bars(
        names=list(counts),
        values=torch.tensor([100 * count / total for count in counts.values()]),
        name="share of all numbers (per cent)",
        axis="part of the model",
        title=f"story, {total:,} numbers",
    ),
    caption="Where the numbers are that story consists of: per cent of all weights, by part.",
)

# %% id="67044a9d"
predict.reveal("share_in_mlps", round(100 * counts["MLPs"] / total, 1))

# %% [markdown] id="ad750018"
# In each layer the MLP has two matrices of 128 by 384 numbers, the attention four of 128 by 128: 98,304 numbers beside 65,536. Embedding and unembedding have 87,808 each.

# %% [markdown] id="fe37b967"
# ## 1.2 From a token to a vector
#
# difficulty 1 of 5 · 8 minutes
#
# *You will be able to*: say what the residual stream holds before the first layer, and where the two ways of telling positions apart come in. (Vaswani et al. 2017, sections 3.4 and 3.5; Radford et al. 2019 for GPT-2.)
#
# A token is a whole number, the number of a word in a list. (Word 0 is `[BOS]`, which stands at the beginning of every text and nowhere else.) The matrix $W_E$ has one row for each word in the list. To embed a token is to take its row:
#
# ```
#   text      [BOS]  then  laura  and          W_E   row 0   ▓▓▓▓▓▓▓▓   [BOS]
#   tokens      0     …      …     …                 row 1   ▓▓▓▓▓▓▓▓
#                                                     ⋮
# ```
#
# The row is what the model knows of a word before it has seen any context. Nothing is computed; it is looked up.
#
# **Positions** can come in here. In GPT-2 there is a second table, $W_{pos}$, with one row for each *position*. Its row $i$ is added to whatever stands at position $i$:
#
# $$x_i = W_E[t_i] + W_{pos}[i]$$
#
# where $t_i$ is the token at position $i$. Such positions are called *learned*, since the table is trained.
#
# In `story` nothing is added. There, positions come in later, in the attention (section 1.6), and $x_i = W_E[t_i]$.
#
# A word that stands twice in a text therefore enters `story`'s layer 0 with the same vector both times.
#
# **Predict.** Are the two vectors still the same as they *leave* layer 0?

# %% id="326f88a1"
predict("same_word_leaving", value=..., confidence=...)

# %% [markdown] id="0030f4fe"
# Write both kinds in one function.


# %% id="de993708" exercise="embed_positions"
def embed_positions(tokens, W_E, W_pos=None):
    """The residual stream as it enters layer 0.

    tokens: whole numbers, shape (batch, pos).
    W_E: shape (d_vocab, d_model). W_pos: shape (n_ctx, d_model), one row for each
        position that a text may have; None for a model without learned positions.
    Returns shape (batch, pos, d_model).
    """
    ### BEGIN SOLUTION
    x = W_E[tokens]
    if W_pos is not None:
        x = x + W_pos[: tokens.shape[1]]
    return x
    ### END SOLUTION


# %% id="a05e3e16" check="embed_positions"
check(embed_positions)

# %% [markdown] id="3acd16ea"
# Stuck? `check.hint("embed_positions")` gives one hint at a time, three in all. `embed_positions = check.reference("embed_positions")` takes the course's version and goes on; the exercise is then recorded as skipped, and you can come back.
#
# From here on, the cells between exercises use the course's own functions (`course.embed_positions` and so on), so that nothing depends on your answers. The one exception is said when it comes.
#
# **The identity**, on a model of each kind. In `story`, "laura" stands at positions 2 and 10 of the text above.

# %% id="9769df7a"
# NBVAL_CHECK_OUTPUT
learned = load_model(
    "story-attn-1l"
)  # a smaller model of the same texts, with learned positions
_, learned_cache = learned.run_with_cache(tokens)
ours = course.embed_positions(tokens, learned.W_E, learned.W_pos)
print("learned positions:", assert_same(ours, learned_cache["blocks.0.hook_resid_pre"]))
ours = course.embed_positions(tokens, weights["W_E"])
print("rotary positions: ", assert_same(ours, cache["blocks.0.hook_resid_pre"]))
first, second = (i for i, word in enumerate(words) if word == "laura")
entering = cache["blocks.0.hook_resid_pre"][0]
leaving = cache["blocks.0.hook_resid_post"][0]
print(
    f"laura at {first} and {second}, entering layer 0: the same vector?",
    torch.equal(entering[first], entering[second]),
)
print(
    f"laura at {first} and {second}, leaving layer 0:  the same vector?",
    torch.equal(leaving[first], leaving[second]),
)

# %% id="c3fc35ef"
predict.reveal("same_word_leaving", torch.equal(leaving[first], leaving[second]))

# %% [markdown] id="7a8e39ff"
# **Look.** How alike are the rows of $W_E$? The figure shows the cosine of the angle between the rows of twelve words: 1 for the same direction, 0 for a right angle, negative for opposite ones.

# %% id="f8cc5552"
some = [
    "march",
    "april",
    "may",
    "dog",
    "cat",
    "bird",
    "john",
    "emma",
    "laura",
    "rome",
    "paris",
    "spain",
]
rows = weights["W_E"][[VOCABULARY.index(word) for word in some]]
rows = rows / rows.norm(dim=-1, keepdim=True)
plot(
    Heatmap(
        values=(rows @ rows.T).clamp(-1, 1),
        rows=some,
        columns=some,
        name="cosine",
        row_axis="word",
        column_axis="word",
        title="Rows of story's W_E",
        diverging=True,
    ),
    caption="Cosine between rows of story's embedding W_E, for twelve words. Blue: similar directions; orange-red: opposite; white: at right angles.",
)

# %% [markdown] id="e190fe5d"
# The three animals resemble each other. Among the months only march and may stand out, and names and places form no such group. That neighbours in meaning are often neighbours in space was reported for word vectors long before transformers (Mikolov et al. 2013). It is an observation on twelve words somebody chose, and no claim is made of it.

# %% [markdown] id="5e02a25f"
# ## 1.3 LayerNorm
#
# ★ core · difficulty 2 of 5 · 12 minutes
#
# *You will be able to*: compute by hand what every part of the model reads, and say what of the residual stream it cannot see. (Ba, Kiros & Hinton 2016, [Layer Normalization](https://arxiv.org/abs/1607.06450).)
#
# The residual stream grows as parts add to it. Before a part reads it, it goes through LayerNorm, each vector by itself.
#
# **Predict.** Every entry of the residual stream is multiplied by ten. By which factor do the entries after LayerNorm grow?

# %% id="ce8a878f"
predict("times_ten", value=..., confidence=...)

# %% [markdown] id="01027352"
# A vector of four numbers shows all that LayerNorm does:
#
# ```
#   x                  1      3      2      6        mean 3
#   minus the mean    −2      0     −1      3        mean of the squares (4 + 0 + 1 + 9) / 4 = 3.5
#   over √3.5         −1.07   0     −0.53   1.60     mean 0, mean of the squares 1
# ```
#
# In general, with $n$ numbers in the vector,
#
# $$\mu = \frac{1}{n} \sum_i x_i, \qquad \sigma^2 = \frac{1}{n} \sum_i (x_i - \mu)^2, \qquad \mathrm{LN}(x)_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}\, w_i + b_i .$$
#
# $\sigma^2$ is the *biased* variance: it divides by $n$. The small number $\epsilon$ keeps the root away from zero. $w$ (the gain) and $b$ (the bias) are learned, one number each for every entry, the same at all positions.
#
# As a picture: subtracting the mean removes what points along $(1, 1, \dots, 1)$. Dividing puts what is left on a sphere: its length is lost, its direction stays. Gain and bias come after that, and change both.
#
# Now write it.


# %% id="8caa65ee" exercise="layer_norm"
def layer_norm(x, w, b, eps=1e-5):
    """LayerNorm of each vector by itself.

    x: shape (..., d_model), any number of axes in front.
    w, b: gain and bias, shape (d_model,). eps: a small number.
    Returns the shape of x.
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = (centred**2).mean(dim=-1, keepdim=True)
    return centred / (variance + eps) ** 0.5 * w + b
    ### END SOLUTION


# %% id="f6897d50" check="layer_norm"
check(layer_norm)

# %% [markdown] id="d827e3d4"
# **Formula and library**, at all nine LayerNorms of `story`; and the factor.

# %% id="c14d4bfd"
# NBVAL_CHECK_OUTPUT
for layer in range(4):
    stream = cache[f"blocks.{layer}.hook_resid_pre"]
    ours = course.layer_norm(stream, weights["ln1_w"][layer], weights["ln1_b"][layer])
    print(f"layer {layer}:", assert_same(ours, cache[f"blocks.{layer}.ln1.hook_out"]))
    middle = cache[f"blocks.{layer}.hook_resid_mid"]
    ours = course.layer_norm(middle, weights["ln2_w"][layer], weights["ln2_b"][layer])
    print("    LayerNorm 2:", assert_same(ours, cache[f"blocks.{layer}.ln2.hook_out"]))
last = cache["blocks.3.hook_resid_post"]
ours = course.layer_norm(last, weights["ln_final_w"], weights["ln_final_b"])
print("last LayerNorm:", assert_same(ours, cache["ln_final.hook_out"]))
plain, none = (
    torch.ones(128),
    torch.zeros(128),
)  # gain one and bias zero, to see the rest alone
ratio = course.layer_norm(10 * stream, plain, none, eps=0.0) / course.layer_norm(
    stream, plain, none, eps=0.0
)
print(
    f"ten times the input, eps 0: the output grows by a factor from {ratio.min():.3f} to {ratio.max():.3f}"
)

# %% id="e0483231"
predict.reveal("times_ten", round(ratio.mean().item(), 3))

# %% [markdown] id="36cde307"
# **Look.** What each LayerNorm divides by (`hook_scale`, $\sqrt{\sigma^2 + \epsilon}$) as the stream passes through `story`, on 64 texts.

# %% id="eb2bed37"
sample = story_tokens(
    64, seed=11
)  # 64 rows of 96 tokens of the kind of text it was trained on, freshly drawn
_, sample_cache = model.run_with_cache(sample)
places = [f"blocks.{layer}.{norm}" for layer in range(4) for norm in ("ln1", "ln2")] + [
    "ln_final"
]
scales = torch.stack(
    [sample_cache[f"{place}.hook_scale"].flatten() for place in places]
)
plot(
    Lines(
        x=torch.arange(9),
        lines=[
            Line(
                "scale",
                scales.mean(1),
                scales.quantile(0.05, dim=1),
                scales.quantile(0.95, dim=1),
            )
        ],
        x_name="LayerNorm, from the first (0) to the last (8); two in each layer",
        y_name="scale √(σ² + ε)",
        title="story, 64 texts of 96 tokens",
        interval="the middle 90 % of positions",
    ),
    caption="What each LayerNorm of story divides by, from the first (0) to the last (8). Line: mean over 64 texts of 96 tokens; band: the middle 90 % of positions.",
)

# %% [markdown] id="4cce18ae"
# On average the stream grows from each LayerNorm to the next. At single positions it can also shrink. Each part adds to it, and nothing is taken away except by adding the opposite. (For GPT-2 models Heimersheim & Turner report, in a forum post of 2023, [Residual stream norms grow exponentially over the forward pass](https://www.lesswrong.com/posts/8mizBCm3dyc432nK8/residual-stream-norms-grow-exponentially-over-the-forward), what its title says. They leave out position 0; here `[BOS]` is included.)
#
# Two consequences for everything later. A vector of length one, added in layer 0, is a large change there and a small one at the end. And what a part writes reaches the logits divided by a number that depends on *everything else* that was written at that position. Section 1.13, on contributions to the logits, has to deal with that.

# %% [markdown] id="ab46e7b5"
# ## 1.4 No looking ahead
#
# ★ core · difficulty 1 of 5 · 8 minutes
#
# *You will be able to*: say which positions a position can depend on, and prove it on a model. (Vaswani et al. 2017, section 3.2.3.)
#
# A model of this kind is trained on all positions of a text at once: at each it has to predict the next token. If a position could look at later ones it would read the answer.
#
# So looking is restricted. Each row of this table is a position that looks (a **destination**), each column one that is looked at (a **source**):
#
# ```
#                 source 0   1   2   3
#   destination 0        ✓   ·   ·   ·
#               1        ✓   ✓   ·   ·
#               2        ✓   ✓   ✓   ·
#               3        ✓   ✓   ✓   ✓        ✓ allowed    · the future
# ```
#
# In the next section each cell gets a *score*, and the scores of a row become probabilities by a softmax: $e^{S_j} / \sum_k e^{S_k}$ for the scores $S_0, S_1, \dots$ of the row. To forbid a cell, its score is set to minus infinity, because $e^{-\infty} = 0$. Zero would not do: $e^0 = 1$.
#
# **Predict.** In a text of ten tokens, the one at position 4 is replaced by another. At how many of the ten positions do `story`'s logits change?

# %% id="a3c6ced4"
predict("changed_logits", value=..., confidence=...)


# %% id="bf926a1d" exercise="causal_mask"
def causal_mask(scores):
    """The scores with minus infinity wherever the source comes after the destination.

    scores: shape (batch, head, dest, src), as many sources as destinations.
    Returns a new tensor of the same shape.
    """
    ### BEGIN SOLUTION
    n = scores.shape[-1]
    future = torch.triu(torch.ones(n, n, dtype=torch.bool), diagonal=1)
    return scores.masked_fill(future, float("-inf"))
    ### END SOLUTION


# %% id="c85aaead" check="causal_mask"
check(causal_mask)

# %% id="5a1f0658"
# NBVAL_CHECK_OUTPUT
ten = tokens[:, :10]
other = ten.clone()
other[0, 4] = VOCABULARY.index("cat")
changed = [
    (model(other) - model(ten))[0, i].abs().max().item() > 1e-4 for i in range(10)
]
print(
    "positions at which the logits changed:",
    [i for i, does in enumerate(changed) if does],
)

# %% id="9f8721c5"
predict.reveal("changed_logits", sum(changed))

# %% [markdown] id="e36185e0"
# That nothing changes before the replaced token is a fact about the architecture and not about what was learned. It holds for the untrained model as well. That every later position notices is what was found for this text. It is also what makes experiments cheap: a change at one position leaves all earlier ones alone.

# %% [markdown] id="70adabf0"
# ## 1.5 Where a head looks
#
# ★ core · difficulty 3 of 5 · 15 minutes
#
# *You will be able to*: compute an attention pattern from queries and keys, and say what each step of the formula is for. (Vaswani et al. 2017, section 3.2.1; Elhage et al. 2021.)
#
# A **head** does two things at each position: it decides where to look, and it carries something over from there. This section is about the first.
#
# Each position makes two short vectors from what it reads of the stream. Its **query** says what it is looking for. Its **key** says what it has to offer to those who look. A pair fits well when query and key point the same way:
#
# ```
#   keys                       k₀     k₁     k₂
#   q₂ · k, over √d_head       2.0    0.0    1.0       scores of position 2, one row
#   softmax                    0.67   0.09   0.24      pattern: probabilities, the same row
# ```
#
# In symbols, for destination $d$ and source $s$ of one head,
#
# $$q_d = x_d W_Q + b_Q, \qquad k_s = x_s W_K + b_K, \qquad S_{ds} = \frac{q_d \cdot k_s}{\sqrt{d_{head}}}, \qquad P_{d \cdot} = \mathrm{softmax}(S_{d0}, \dots, S_{dd}),$$
#
# where $x$ is the stream after LayerNorm. The softmax runs over the sources up to $d$ itself; the rest is masked. Each row of $P$ sums to one.
#
# **All heads at once.** In code the heads have an axis of their own, and products over several axes are written with `torch.einsum`. Each letter names an axis. A letter that stands on the left of the arrow and not on the right is summed over. So `torch.einsum("ij,jk->ik", A, B)` is the matrix product `A @ B`, and `"ij,kj->ik"` is `A @ B.T`. Here are the queries of all heads of a layer: `m` (d_model) is summed over, `h` (head) and `e` (d_head) are kept.

# %% id="54245f58"
read = cache["blocks.1.ln1.hook_out"]  # what layer 1 reads, (batch, pos, d_model)
queries = torch.einsum("bpm,hme->bphe", read, weights["W_Q"][1])
queries = queries + weights["b_Q"][1]  # (head, d_head), the same at all positions
print(tuple(queries.shape), assert_same(queries, cache["blocks.1.attn.hook_q"]))

# %% [markdown] id="063a3892"
# **Why the root.** A dot product sums `d_head` terms. If query and key hold independent numbers with mean 0 and variance 1, the sum has variance `d_head`. Dividing by the root brings it back to 1, whatever the size of the heads (Vaswani et al. 2017, footnote 4):

# %% id="2b8d46b1"
# NBVAL_CHECK_OUTPUT
generator = torch.Generator().manual_seed(0)
for width in (4, 32, 256):
    products = (
        torch.randn(20000, width, generator=generator)
        * torch.randn(20000, width, generator=generator)
    ).sum(-1)
    print(
        f"{width:3d} terms: standard deviation {products.std():4.1f}, over the root {products.std() / width**0.5:.1f}"
    )

# %% [markdown] id="181361a4"
# **Predict.** A position may look at itself, too. Averaged over `story`'s 16 heads and all positions after `[BOS]`, how many per cent of its attention does a position pay to itself?

# %% id="106637bd"
predict("on_itself", value=..., confidence=...)

# %% [markdown] id="61b1a36d"
# Write the pattern of all heads at once. The queries and keys come with an axis of heads; heads do not mix.


# %% id="2222ee45" exercise="attention_pattern"
def attention_pattern(q, k):
    """Causal attention probabilities of every head.

    q, k: queries and keys, shape (batch, pos, head, d_head). If the model rotates them,
        that has been done already.
    Returns shape (batch, head, dest, src); each row, one destination, sums to one.
    """
    ### BEGIN SOLUTION
    scores = torch.einsum("bdhe,bshe->bhds", q, k) / q.shape[-1] ** 0.5
    return causal_mask(scores).softmax(dim=-1)
    ### END SOLUTION


# %% id="e3ef7b77" check="attention_pattern"
check(attention_pattern)

# %% [markdown] id="8932fc28"
# **The identity**, on the model with learned positions, in which nothing is rotated. (`story` follows in the next section.)

# %% id="25fc0641"
# NBVAL_CHECK_OUTPUT
ours = course.attention_pattern(
    learned_cache["blocks.0.attn.hook_q"], learned_cache["blocks.0.attn.hook_k"]
)
print("story-attn-1l:", assert_same(ours, learned_cache["blocks.0.attn.hook_pattern"]))
print("each row sums to one:", assert_same(ours.sum(-1), torch.ones(ours.shape[:-1])))

# %% [markdown] id="69744fd2"
# **Look.** One head of `story` on the text above. Read it row by row: a row is a position that looks.

# %% id="d1248aeb"
plot(
    AttentionPattern(cache["blocks.1.attn.hook_pattern"][0, 0], words, "L1H0 of story"),
    caption="Attention of L1H0 of story on one text. Rows look, columns are looked at; grey is the future.",
)

# %% id="ecf8299e"
patterns = torch.stack(
    [sample_cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(4)]
)
on_itself = (
    patterns.diagonal(dim1=-2, dim2=-1)[..., 1:].mean().item()
)  # from position 1 on
predict.reveal("on_itself", round(100 * on_itself, 1))

# %% id="87cbb854"
# NBVAL_CHECK_OUTPUT
own = 100 * patterns.diagonal(dim1=-2, dim2=-1)[..., 1:].mean((1, 3))  # (layer, head)
layer, head = divmod(int(own.argmax()), 4)
print(f"most: L{layer}H{head} with {own.max():.0f} %; least: {own.min():.0f} %")

# %% [markdown] id="25e16e6f"
# The mean hides how unlike the heads are. One head of layer 0 pays most of its attention to its own position, and the others pay much less.

# %% [markdown] id="b63fe027"
# L1H0 looks mostly at the token just before, sometimes at the one before that or at itself. Other heads do so in part, L2H0 and L2H1 among them. Heads like that have been found in many models (Voita et al. 2019, in translation models, called them positional heads; Clark et al. 2019 found them in BERT). How strong is it here, and how strong would it be by chance? The baseline is the same head of the untrained twin, the model before its first training step. (`story` was trained more than once, each time from other random numbers; `load_model` takes the first of these, seed 0.) The interval is a *bootstrap*: it says how far the mean would move if 64 other texts had been drawn.

# %% id="d960ea0a"
twin = load_model("story", untrained=True)
_, twin_cache = twin.run_with_cache(sample)
before = "blocks.1.attn.hook_pattern"
by_text = sample_cache[before][:, 0].diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1)
twin_by_text = twin_cache[before][:, 0].diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1)
Claim(
    statement="L1H0 of story (seed 0) looks at the token just before, more than its untrained twin does.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean attention to the token just before",
    estimate=by_text.double().mean().item(),
    interval=bootstrap_interval(by_text),
    n=len(by_text),
    observations="texts of 96 tokens",
    baseline=twin_by_text.mean().item(),
    baseline_name="the same head of the untrained twin, on the same texts",
    does_not_say="That what it reads there is used, or what for. That it looks at nothing else: a good part of its "
    "attention is elsewhere. The head was picked because it looked like this, and the interval covers other texts, "
    "not other models or other heads.",
)

# %% [markdown] id="7e155985"
# ## 1.6 Positions as angles
#
# ★ core · difficulty 3 of 5 · 15 minutes
#
# *You will be able to*: say how `story` knows that one word is nearer than another, and what that does to anybody who reads its weights. (Su et al. 2021, [RoFormer](https://arxiv.org/abs/2104.09864); Black et al. 2022, [GPT-NeoX-20B](https://arxiv.org/abs/2204.06745).)
#
# So far a score depends on two vectors, and not on where they stand. In `story` no position was added in the embedding either. It comes in here: before the dot product, queries and keys are **turned**, by an angle that grows with the position.
#
# Think of two numbers of a query as the tip of a clock's hand. At position 0 the hand stays as it is; at each further position it is turned a bit more. The keys' hands turn at the same speed. When a query and a key are both turned, what counts for their dot product is the angle *between* them, and that depends on how far apart the two stand:
#
# ```
#     query at 5, key at 2              query at 12, key at 9
#         turned by 5t and 2t               turned by 12t and 9t
#         angle between: + 3t               angle between: + 3t       the same
# ```
#
# A head has `d_head` numbers, so it has `d_head / 2` hands. In `story` hand $j$ consists of entries $j$ and $j + d_{head}/2$. (The code is that of GPT-NeoX. GPT-NeoX-20B itself turns only the first quarter of a head's entries and leaves the others as they are.) The first hand turns by one radian for each position; the later ones ever more slowly:
#
# $$t_{p,j} = p \cdot \mathrm{base}^{-2j/d_{head}}, \qquad \begin{aligned} a' &= a \cos t - c \sin t \\ c' &= a \sin t + c \cos t \end{aligned} \qquad a = x_j,\; c = x_{j + d_{head}/2}$$
#
# with position $p$, $j = 0, \dots, d_{head}/2 - 1$ and base 10,000. This is called *rotary* position embedding. (Su et al. pair neighbours, entries $2j$ and $2j+1$. That is the same up to the order of the entries; but a model has to be run with the order it was trained with.)
#
# **Predict.** `story` was trained with the rotation. Run it without, all else as it is: at how many per cent of positions is its most probable next token still the same?

# %% id="f108b4b1"
predict("without_rotation", value=..., confidence=...)


# %% id="46299b6d" exercise="rotate"
def rotate(x, base=10000.0):
    """Queries or keys, turned according to their position.

    x: shape (batch, pos, head, d_head), d_head even; position 0 comes first.
    Returns the shape of x.
    """
    ### BEGIN SOLUTION
    pos, d_head = x.shape[1], x.shape[-1]
    j = torch.arange(d_head // 2)
    angle = torch.arange(pos)[:, None] * base ** (-2 * j / d_head)
    angle = angle[:, None, :]  # (pos, 1, d_head / 2): the same for all heads
    a, c = x[..., : d_head // 2], x[..., d_head // 2 :]
    return torch.cat(
        [a * angle.cos() - c * angle.sin(), a * angle.sin() + c * angle.cos()], dim=-1
    )
    ### END SOLUTION


# %% id="6fe4bb82" check="rotate"
check(rotate)

# %% [markdown] id="663903dd"
# **The identities.** A query and a key, put at all positions; then scores of pairs that are three apart. And the pattern of every layer of `story`, from its queries and keys.

# %% id="05f25391"
# NBVAL_CHECK_OUTPUT
query, key = torch.randn(2, 32, generator=torch.Generator().manual_seed(1))


def everywhere(vector):
    """The vector as it is turned at positions 0 to 39."""
    return course.rotate(vector.expand(1, 40, 1, 32))[0, :, 0]


scores = (
    everywhere(query) @ everywhere(key).T
)  # 40 positions of the query by 40 of the key
three_apart = scores.diagonal(offset=-3)
print(
    "query 3 after key, anywhere:",
    assert_same(three_apart, three_apart[:1].expand_as(three_apart)),
)
print(
    "lengths are kept:           ",
    assert_same(everywhere(query).norm(dim=-1), query.norm().expand(40)),
)
for layer in range(4):
    q, k = (cache[f"blocks.{layer}.attn.hook_{each}"] for each in "qk")
    ours = course.attention_pattern(course.rotate(q), course.rotate(k))
    print(
        f"story, layer {layer}:",
        assert_same(ours, cache[f"blocks.{layer}.attn.hook_pattern"]),
    )

# %% id="1e92f53b"
turned = course.transformer_forward(sample, weights)  # section 1.9 says what this does
unturned = course.transformer_forward(sample, weights, rotation=lambda x: x)
still = 100 * (turned.argmax(-1) == unturned.argmax(-1)).float().mean().item()
predict.reveal("without_rotation", round(still, 1))

# %% [markdown] id="c5f0dc0e"
# The rotation is not a refinement. Where it is taken away the model mostly says something else. How much agreement would be left if nothing of the model's work were? The card has two floors: `story`'s most frequent first choice everywhere, and its first choices for another text.

# %% id="8eebc234"
same_first = (turned.argmax(-1) == unturned.argmax(-1)).float().mean(-1)
first_choices = turned.argmax(-1)
commonest = first_choices.flatten().mode().values
floor_word = 100 * (first_choices == commonest).float().mean().item()
floor_text = 100 * (first_choices == first_choices.roll(1, 0)).float().mean().item()
Claim(
    statement="Without the rotation of queries and keys, story's most probable next token is another one at most positions.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="positions with the same most probable token",
    unit="%",
    estimate=100 * same_first.double().mean().item(),
    interval=bootstrap_interval(100 * same_first),
    n=len(same_first),
    observations="texts of 96 tokens",
    baseline=50.0,
    baseline_name="half of the positions, which is what 'most' asks; a model that always says "
    f"'{VOCABULARY[int(commonest)]}' would agree at {floor_word:.1f} %, story's own choices for another text at "
    f"{floor_text:.1f} %",
    does_not_say="Which heads need the rotation, or what for. That a model could not do without: one that had been "
    "trained without it might do well. This one was trained with it, and all its layers now read what they never read.",
)

# %% [markdown] id="2b2e333f"
# **Look.** What a hand's turning does to the dot product: the cosine of the angle between query and key, for a hand that was parallel at distance 0.

# %% id="614809f3"
distance = torch.arange(96)
speeds = {j: 10000.0 ** (-2 * j / 32) for j in (0, 4, 8, 15)}
plot(
    Lines(
        x=distance,
        lines=[
            Line(f"hand {j}", torch.cos(distance * speed))
            for j, speed in speeds.items()
        ],
        x_name="distance from source to destination (tokens)",
        y_name="cosine of the angle",
        title="rotary positions, d_head 32, base 10,000",
    ),
    caption="The cosine of the angle between a query's and a key's hand by distance, for hands that were parallel at distance 0, for four of the 16 hands of a head.",
)

# %% id="18d410b7"
# NBVAL_CHECK_OUTPUT
for j, speed in speeds.items():
    print(
        f"hand {j:2d}: {95 * speed / (2 * torch.pi):8.4f} turns over the 95 steps of story's context"
    )

# %% [markdown] id="db10b262"
# Fast hands tell neighbours apart and come round again; slow ones hardly move. Within `story`'s context of 96 tokens the last hand stays nearly where it is: for it, all positions are alike. Su et al. (section 3.4.3) show that an upper bound on the score decays with distance; what a single hand adds to it need not.
#
# For somebody who reads weights this has a price. Without rotation a score is $x_d W_Q W_K^\top x_s^\top / \sqrt{d_{head}}$ (plus terms with the biases), and the one matrix $W_Q W_K^\top$ says which directions attend to which. With rotation there is another matrix between the two for every distance. Section 1.16 therefore reads query-key weights on models without it, and then looks at what it changes.

# %% [markdown] id="267d9c2b"
# ## 1.7 What a head moves
#
# ★ core · difficulty 3 of 5 · 12 minutes
#
# *You will be able to*: write what an attention layer adds to the stream as a sum over heads, which is the form in which heads can be studied one by one. (Elhage et al. 2021.)
#
# The pattern says where to look. What is taken from there is the **value** of the source, $v_s = x_s W_V + b_V$, a vector of `d_head` numbers. A head mixes the values by its pattern; the mix is called $z$. Then its $W_O$ turns $z$ into something of the stream's size:
#
# ```
#   pattern, one row     0.67   0.09   0.24
#   values               v₀     v₁     v₂           z = 0.67 v₀ + 0.09 v₁ + 0.24 v₂      d_head numbers
#                                                   z W_O                                d_model numbers
# ```
#
# All heads of a layer do this side by side, and what they write is added up. The bias $b_O$ belongs to the layer and is added once:
#
# $$z^h_d = \sum_s P^h_{ds}\, v^h_s, \qquad \mathrm{out}_d = \sum_h z^h_d W^h_O + b_O$$
#
# **Where the word "concatenate" went.** Vaswani et al. put the $z$ of all heads side by side and multiply by one large matrix. Cut that matrix into one block of rows for each head, and it is the sum above. The two are the same numbers; the sum shows that heads write independently.
#
# **Predict.** Head 2 of layer 1 is silenced: its $z$ is set to zero. Of the four heads of layer 2, how many write something else then?

# %% id="e680b49b"
predict("heads_after", value=..., confidence=...)


# %% id="b263323d" exercise="attention_output"
def attention_output(pattern, v, W_O, b_O):
    """What an attention layer adds to the residual stream.

    pattern: shape (batch, head, dest, src). v: values, shape (batch, src, head, d_head).
    W_O: shape (head, d_head, d_model). b_O: shape (d_model,).
    Returns shape (batch, dest, d_model).
    """
    ### BEGIN SOLUTION
    z = torch.einsum("bhds,bshe->bdhe", pattern, v)
    return torch.einsum("bdhe,hem->bdm", z, W_O) + b_O
    ### END SOLUTION


# %% id="ec74b932" check="attention_output"
check(attention_output)

# %% [markdown] id="eaa6232d"
# **Formula and library.** Queries, keys, values and output of the attention of every layer. **The identity**: the silenced head. Taking head 2 of layer 1 away must change the layer's output by exactly what that head wrote, and by nothing else.

# %% id="40bcf82d"
# NBVAL_CHECK_OUTPUT
for layer in range(4):
    reads = cache[f"blocks.{layer}.ln1.hook_out"]
    for each in "QKV":
        made = torch.einsum("bpm,hme->bphe", reads, weights[f"W_{each}"][layer])
        made = made + weights[f"b_{each}"][layer]
        assert_same(made, cache[f"blocks.{layer}.attn.hook_{each.lower()}"])
    pattern, values = (
        cache[f"blocks.{layer}.attn.hook_pattern"],
        cache[f"blocks.{layer}.attn.hook_v"],
    )
    ours = course.attention_output(
        pattern, values, weights["W_O"][layer], weights["b_O"][layer]
    )
    print(f"layer {layer}:", assert_same(ours, cache[f"blocks.{layer}.hook_attn_out"]))
whole = run(model, tokens, cache=[attn_out(1), z(1), z(2)]).cache
silenced = run(
    model, tokens, edits=[zero(z(1, head=2))], cache=[attn_out(1), z(2)]
).cache
written = whole[z(1, head=2)] @ weights["W_O"][1, 2]
missing = whole[attn_out(1)] - silenced[attn_out(1)]
print("without L1H2:", assert_same(missing, written))
next_layer = (whole[z(2)] - silenced[z(2)]).abs().amax((0, 1, 3))  # one number a head

# %% id="fc3d3f5f"
predict.reveal("heads_after", int((next_layer > 1e-4).sum()))

# %% [markdown] id="bfce17dd"
# Within a layer, heads do not know of each other. Across layers they do: every head of layer 2 reads a stream into which the heads of layers 0 and 1 have written, through a LayerNorm that divides by all of it.
#
# **Look.** How long is the vector that each head writes, on average over 64 texts?

# %% id="7507ed04"
lengths = torch.stack(
    [
        torch.einsum(
            "bphe,hem->bphm",
            sample_cache[f"blocks.{layer}.attn.hook_z"],
            weights["W_O"][layer],
        )
        .norm(dim=-1)
        .mean((0, 1))
        for layer in range(4)
    ]
)
plot(
    Heatmap(
        values=lengths,
        rows=[str(layer) for layer in range(4)],
        columns=[str(head) for head in range(4)],
        name="mean length",
        row_axis="layer",
        column_axis="head",
        title="story, 64 texts of 96 tokens",
    ),
    caption="Mean length of the vector that each head of story adds to the residual stream (z W_O, without b_O).",
)

# %% [markdown] id="fc0b0495"
# Length is not importance. A long vector may be one that the next LayerNorm or a later part cancels, and a vector is long or short only beside the stream it is added to (section 1.3). What a head's output does to the prediction is a question of its own.

# %% [markdown] id="4befd49c"
# ## 1.8 Neurons
#
# ★ core · difficulty 2 of 5 · 8 minutes
#
# *You will be able to*: read an MLP as a list of neurons, each with something it looks for and something it writes. (Geva et al. 2021, [Transformer Feed-Forward Layers Are Key-Value Memories](https://arxiv.org/abs/2012.14913); Hendrycks & Gimpel 2016, [Gaussian Error Linear Units](https://arxiv.org/abs/1606.08415).)
#
# After attention has brought information to a position, the MLP works on it there. It consists of **neurons**. Each has a column of $W_{in}$: the direction it looks for. Each has a row of $W_{out}$: what it writes when it finds it.
#
# ```
#   stream (normalised)  ──►  · column of W_in, + bias  ──►  bend  ──►  × row of W_out  ──►  added up over neurons
#                              "how much of it is there?"   "enough?"   "then write this"
# ```
#
# $$\mathrm{MLP}(x) = g(x W_{in} + b_{in})\, W_{out} + b_{out}$$
#
# The bend $g$ matters: without it, $W_{in} W_{out}$ would be one matrix, and the MLP a linear map. `story` uses *gelu_new*, which is close to zero for negative numbers and close to the number itself for positive ones:
#
# $$g(u) = \tfrac12\, u \left(1 + \tanh\!\left(\sqrt{2/\pi}\, (u + 0.044715\, u^3)\right)\right)$$
#
# It approximates the GELU, $u\,\Phi(u)$, where $\Phi$ is the distribution function of the normal distribution. Both formulas are from Hendrycks & Gimpel 2016, and torch has both.

# %% id="9caa1052"
u = torch.linspace(-4, 4, 33)
plot(
    Lines(
        x=u,
        lines=[Line("gelu_new", course.gelu_new(u)), Line("ReLU", u.relu())],
        x_name="before (u)",
        y_name="after, g(u)",
        title="two activation functions",
    ),
    caption="gelu_new, story's activation function, beside ReLU, which is zero below zero.",
)

# %% [markdown] id="9d0d1a37"
# **Predict.** On `story`'s own kind of text, how many per cent of its neurons' outputs (after the bend) are above zero?

# %% id="f1e857d2"
predict("neurons_above_zero", value=..., confidence=...)


# %% id="7a40834f" exercise="mlp"
def mlp(x, W_in, b_in, W_out, b_out):
    """What the MLP adds to the residual stream.

    x: the stream after LayerNorm, shape (..., d_model).
    W_in: (d_model, d_mlp). b_in: (d_mlp,). W_out: (d_mlp, d_model). b_out: (d_model,).
    Returns the shape of x. The activation function is gelu_new.
    """
    ### BEGIN SOLUTION
    neurons = torch.nn.functional.gelu(x @ W_in + b_in, approximate="tanh")
    return neurons @ W_out + b_out
    ### END SOLUTION


# %% id="3f7d62ee" check="mlp"
check(mlp)

# %% [markdown] id="8812968c"
# **Formula and library**: the MLP of every layer. **The identity**: the same output as a sum over single neurons, each writing its own row.

# %% id="6998522b"
# NBVAL_CHECK_OUTPUT
for layer in range(4):
    w = [weights[name][layer] for name in ("W_in", "b_in", "W_out", "b_out")]
    ours = course.mlp(cache[f"blocks.{layer}.ln2.hook_out"], *w)
    print(f"layer {layer}:", assert_same(ours, cache[f"blocks.{layer}.hook_mlp_out"]))
    activity = cache[f"blocks.{layer}.mlp.hook_post"]
    one_by_one = (
        sum(activity[..., i, None] * weights["W_out"][layer, i] for i in range(384))
        + weights["b_out"][layer]
    )
    same = assert_same(one_by_one, cache[f"blocks.{layer}.hook_mlp_out"])
    print("    384 neurons added up:", same)

# %% id="6c5c0806"
after = torch.stack(
    [sample_cache[f"blocks.{layer}.mlp.hook_post"] for layer in range(4)]
)
above = 100 * (after > 0).float().mean().item()
predict.reveal("neurons_above_zero", round(above, 1))

# %% id="b903ea9a"
plot(
    Bars(
        names=[f"layer {layer}" for layer in range(4)],
        values=100 * (after > 0).float().mean((1, 2, 3)),
        name="outputs above zero (per cent)",
        axis="MLP",
        title="story, 64 texts of 96 tokens",
    ),
    caption="How many of the neurons' outputs are above zero, by layer of story.",
)

# %% [markdown] id="6cedfb9f"
# Few outputs are above zero. Are the others silent? gelu_new goes below zero on the left, down to −0.17. The next cell counts how many outputs lie there, how much of what the neurons write comes from them (size of the output times length of the neuron's row of $W_{out}$), and what becomes of `story` if everything below zero is cut off.

# %% id="2907b0c3"
# NBVAL_CHECK_OUTPUT
for name, these in (
    ("below -0.05", after < -0.05),
    ("below -0.1", after < -0.1),
    ("within 0.01 of zero", after.abs() < 0.01),
):
    print(f"outputs {name:19s} {100 * these.float().mean().item():3.0f} %")
size = after.abs() * weights["W_out"].norm(dim=-1)[:, None, None]
from_below = (size * (after < 0)).sum((1, 2, 3)) / size.sum((1, 2, 3))
print(
    "written by outputs below zero, by layer:",
    ", ".join(f"{100 * share:.0f} %" for share in from_below.tolist()),
)
cut = course.transformer_forward(sample, weights, activation=torch.relu)
agreeing = 100 * (cut.argmax(-1) == turned.argmax(-1)).float().mean().item()
print(f"with ReLU in place of gelu_new: the same first choice at {agreeing:.0f} %")

# %% [markdown] id="7e50d3ff"
# So they are not silent. About a third of all outputs are clearly negative, in the first layers about a third of what is written comes from them, and the model needs them. How many neurons are "active" in a model with such a function depends on where the line is drawn.
#
# With ReLU an output is zero or it is not. Li et al. 2022 ([The Lazy Neuron Phenomenon](https://arxiv.org/abs/2210.06313)) count the non-zero outputs of models that were trained with it, and find few: 3.0 % in T5-Base. That is another count than the one above. None of them says what a neuron responds to.

# %% [markdown] id="050e3d5f"
# ## 1.9 The whole model
#
# ★ core · difficulty 4 of 5 · 25 minutes
#
# *You will be able to*: write a transformer from its weights, and tell whether two implementations are the same model. (Radford et al. 2019 for GPT-2, whose order of parts this is; Xiong et al. 2020, [On Layer Normalization in the Transformer Architecture](https://arxiv.org/abs/2002.04745), for the two places where LayerNorm can stand.)
#
# All parts are there. The picture of section 1.1 says how they go together:
#
# - Before each part the stream is normalised, and what the part computes is added to the stream **as it was before** normalising. This order is called *pre-norm*. (The transformer of 2017 normalises after adding, *post-norm*.)
# - In `story` the MLP reads the stream after the attention of its layer has been added. (In Pythia both read the same stream, *parallel residual*.)
# - After the last layer comes one more LayerNorm, then the unembedding: $\mathrm{logits} = \mathrm{LN}(x)\, W_U + b_U$.
#
# A logit is a number for each possible next token; a softmax over the logits gives the probabilities.
#
# `weights` is the dictionary of section 1.1. `len(weights["W_Q"])` is the number of layers. Use your own functions: what you write here is your model. If its logits are wrong, there is a way to find the place: run yours on `tokens` and compare $x$ after the attention of layer 0 with `cache["blocks.0.hook_resid_mid"]`, after its MLP with `cache["blocks.0.hook_resid_post"]`, and so on from layer to layer. The first that differs names the part. (Skipped one? `mlp = check.reference("mlp")`, and the others likewise.)


# %% id="9adb11c6" exercise="transformer_forward"
def transformer_forward(tokens, weights):
    """The logits of a model with rotary positions.

    tokens: whole numbers, shape (batch, pos).
    weights: a dictionary of tensors, names and shapes as in section 1.1.
    Returns logits, shape (batch, pos, d_vocab). eps is 1e-5 and the base is 10,000
    throughout, the defaults of your functions.
    """
    ### BEGIN SOLUTION
    x = embed_positions(tokens, weights["W_E"])
    for i in range(len(weights["W_Q"])):
        w = {
            name: stacked[i]
            for name, stacked in weights.items()
            if name not in ("W_E", "W_U", "b_U")
        }

        def project(h, each, w=w):
            return torch.einsum("bpm,hme->bphe", h, w[f"W_{each}"]) + w[f"b_{each}"]

        h = layer_norm(x, w["ln1_w"], w["ln1_b"])
        pattern = attention_pattern(rotate(project(h, "Q")), rotate(project(h, "K")))
        x = x + attention_output(pattern, project(h, "V"), w["W_O"], w["b_O"])
        h = layer_norm(x, w["ln2_w"], w["ln2_b"])
        x = x + mlp(h, w["W_in"], w["b_in"], w["W_out"], w["b_out"])
    return (
        layer_norm(x, weights["ln_final_w"], weights["ln_final_b"]) @ weights["W_U"]
        + weights["b_U"]
    )
    ### END SOLUTION


# %% id="d6184ac5" check="transformer_forward"
check(transformer_forward)

# %% [markdown] id="10176fe7"
# **It speaks.** To go on with a text, take the logits at the last position, choose a token, put it at the end, and begin again. Two ways of choosing:
#
# - the most probable token each time (*greedy*, temperature 0);
# - a draw from the model's own probabilities (temperature 1). For temperatures between, the logits are divided by the temperature before the softmax.
#
# This is the one cell that runs your model. It was trained on sentences about names, places and facts, so that is what it talks about.

# %% id="54cd231a"
try:
    transformer_forward(tokens, weights)
    speaker, whose = transformer_forward, "your model"
except NotImplementedError:
    speaker, whose = (
        course.transformer_forward,
        "the course's version, since yours is not written yet",
    )

print(f"Here speaks {whose}.")
for start in ("yesterday laura and john went to", "the capital of"):
    begin = torch.tensor(encode(start))
    for temperature, seed in ((0.0, 0), (1.0, 1), (1.0, 2)):
        said = course.continue_tokens(
            lambda t: speaker(t, weights), begin, 28, temperature=temperature, seed=seed
        )
        print(f"\ntemperature {temperature:g}:", decode(said.tolist()[1:]))

# %% [markdown] id="6df87b23"
# Greedy speech runs into circles; drawn speech changes the subject after each full stop, as the texts do that `story` was trained on. Holtzman et al. 2020 describe such circles in a large model ("neural text degeneration"); their remedy is to draw, but from the more probable tokens only.

# %% [markdown] id="0cd19b65"
# **Break this claim.** Somebody has written the forward pass as well, and says:
#
# > *My copy is the same model as `story`. On 64 texts of 96 tokens it has the same mean loss, to four decimals.*
#
# The number is correct (section 1.10 says what a loss is). But in the copy, $g$ is the exact GELU.
#
# **Predict.** At how many per cent of positions is the most probable next token the same? And how large is the largest difference between a logit of the copy and the same logit of `story`?

# %% id="0b936fd5"
predict("exact_gelu_same_words", value=..., confidence=...)

# %% id="a6e276eb"
predict("exact_gelu_gap", value=..., confidence=...)

# %% [markdown] id="56a3c92e"
# What would you measure to show that the copy is another model, and that what you see is not rounding?
#
# (The next cell says "fewer than 7" and no exact number. Where two tokens are almost equally probable the last digits decide which comes first, and they are not the same on every machine.)

# %% id="da988aa3"
# NBVAL_CHECK_OUTPUT
truth = model(sample)
right = course.transformer_forward(sample, weights)
copy = course.transformer_forward(sample, weights, activation=torch.nn.functional.gelu)
same_words = 100 * (copy.argmax(-1) == truth.argmax(-1)).float().mean().item()
losses = [
    course.next_token_loss(logits, sample).mean().item() for logits in (truth, copy)
]
differing = int((copy.argmax(-1) != truth.argmax(-1)).sum())
print(
    "positions with another most probable token: fewer than 7 of", truth[..., 0].numel()
)
assert 0 < differing < 7
print(f"mean losses {losses[0]:.4f} and {losses[1]:.4f}")

# %% id="7ae62a39"
predict.reveal("exact_gelu_same_words", round(same_words, 2))

# %% id="39176884"
# NBVAL_CHECK_OUTPUT
fine = {
    name: weight.double() for name, weight in weights.items()
}  # the same weights in double precision
right_fine = course.transformer_forward(sample, fine)
copy_fine = course.transformer_forward(
    sample, fine, activation=torch.nn.functional.gelu
)
for name, first, second in (
    ("gelu_new and the bridge, single precision", right, truth),
    ("gelu_new, single and double precision    ", right, right_fine),
    ("the copy and gelu_new, single precision  ", copy, right),
    ("the copy and gelu_new, double precision  ", copy_fine, right_fine),
):
    gap = (first - second).abs().max().item()
    print(
        f"{name}: largest difference of logits {'below 1e-4' if gap < 1e-4 else f'{gap:.2f}'}"
    )

# %% id="e3f74ee9"
predict.reveal("exact_gelu_gap", round((copy - truth).abs().max().item(), 2))

# %% [markdown] id="35105a97"
# Rounding shrinks when the arithmetic gets finer. The copy's difference does not: it is a difference of formulas. Agreement on the first choice, or on an average, is a weak test, because both throw away nearly everything that could differ.
#
# The habit to keep: compare whole tensors, say how close they are, and know how close rounding alone would be.

# %% id="294a81f8"
gaps = (right - truth).abs().amax((1, 2))
copy_gap = (copy - truth).abs().amax((1, 2))
assert gaps.max() < 1e-4
Claim(
    statement="On fresh texts the largest difference between a logit of the forward pass written here and story's own is "
    "below 1e-4, on average over texts.",
    evidence=Evidence.BEHAVIOURAL,
    direction="below",
    quantity="largest difference of a logit in a text, mean over texts",
    estimate=gaps.double().mean().item(),
    interval=bootstrap_interval(gaps),
    n=len(gaps),
    observations="texts of 96 tokens",
    baseline=1e-4,
    baseline_name="the bar that this notebook sets; the copy with the exact GELU, which is another model, has "
    f"{copy_gap.mean():.4f} as the same mean over texts, and {copy_gap.max():.2f} as the largest over all",
    does_not_say="What any part of the model is for. A complete copy reproduces everything and explains nothing by "
    "itself. In these 64 texts no single difference reaches the bar either. That it agrees on inputs unlike these texts follows from the formulas being the same, not from this number.",
)

# %% [markdown] id="18c45ba4"
# ## 1.10 How surprised is the model?
#
# difficulty 2 of 5 · 10 minutes
#
# *You will be able to*: compute the loss of each token, and read it as a number of choices. (Jelinek et al. 1977, *Perplexity: a measure of the difficulty of speech recognition tasks*, for that number.)
#
# A language model is trained to give the token that comes a high probability. Its **loss** at a position is minus the logarithm of that probability: 0 if the model was certain and right, large if it held the token improbable.
#
# ```
#   position        0       1       2       3
#   token         [BOS]    the     dog    sleeps
#   predicts       the     dog    sleeps    ?
#   loss           ℓ₀      ℓ₁      ℓ₂       –
# ```
#
# Position $i$ predicts token $i + 1$:
#
# $$\ell_i = -\log p_i(t_{i+1}), \qquad p_i = \mathrm{softmax}(\mathrm{logits}_i)$$
#
# A text of $n$ tokens has $n - 1$ losses. `[BOS]` is predicted by nobody, and what follows the last token is not known. The logarithm is the natural one, so the unit is the *nat*.
#
# A loss $\ell$ is that of guessing among $e^\ell$ equally probable tokens. For a mean loss this number is called the *perplexity*. With 686 tokens and no knowledge at all, $\ell = \log 686 \approx 6.53$.
#
# **Predict.** On fresh texts of the kind it was trained on, `story`'s mean loss is that of guessing among how many equally probable words?

# %% id="8d23b110"
predict("as_many_words", value=..., confidence=...)


# %% id="0d54f28c" exercise="next_token_loss"
def next_token_loss(logits, tokens):
    """The loss of each token that follows another, in nats.

    logits: shape (batch, pos, d_vocab). tokens: shape (batch, pos).
    Returns shape (batch, pos - 1): entry i is for position i, which predicts token i + 1.
    """
    ### BEGIN SOLUTION
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    return -log_probs.gather(dim=-1, index=tokens[:, 1:, None]).squeeze(-1)
    ### END SOLUTION


# %% id="8a782aac" check="next_token_loss"
check(next_token_loss)

# %% [markdown] id="7e2e3e79"
# **Look.** The loss of every token of one text. Each number belongs to the token above it: how surprising that token was, given all before it.

# %% id="a01247f3"
row = "emma entered the park . paul entered the cafe . emma reached the park . the capital of france is paris ."
row_tokens = torch.tensor([encode(row)])
surprise = course.next_token_loss(model(row_tokens), row_tokens)[0]
plot(
    TokenStrip(tokens=row.split(), values=surprise, name="loss (nats)", title="story"),
    caption="The loss of each token of one text, in nats: how surprised story was by it. [BOS], which stands before the first word, has none.",
)

# %% [markdown] id="b054cba1"
# The first word of a sentence is hard to guess, since any subject may come, and so is whatever nothing before it decides: which place, which country. `reached the` is followed by the place where the person went, which the text has said; `france is` by its capital, which only training can have told. A mean over all of these is one number for very different things.

# %% id="61834b17"
by_text = course.next_token_loss(truth, sample).mean(-1)
mean_loss = by_text.double().mean().item()
predict.reveal("as_many_words", round(float(torch.tensor(mean_loss).exp()), 1))

# %% id="3ab2dd5d"
seen = story_tokens(400, seed=99)[
    :, 1:
].flatten()  # other texts, to count how frequent each word is
frequency = (torch.bincount(seen, minlength=len(VOCABULARY)) + 1).float()
frequency = frequency / frequency.sum()
by_frequency = -frequency[sample[:, 1:]].log().mean().item()
more = story_tokens(4000, seed=99)
pairs = torch.zeros(len(VOCABULARY), len(VOCABULARY))  # how often which word comes next
pairs.index_put_(
    (more[:, :-1].flatten(), more[:, 1:].flatten()), torch.tensor(1.0), accumulate=True
)
# Ten words more for each row, shared out by frequency: so that no pair is impossible.
after_word = (pairs + 10 * frequency) / (pairs.sum(1, keepdim=True) + 10)
by_pairs = -after_word[sample[:, :-1], sample[:, 1:]].log().mean().item()
without = course.next_token_loss(unturned, sample).mean().item()
print(f"knowing how frequent each word is:      {by_frequency:.2f} nats")
print(f"knowing how often it follows the last:  {by_pairs:.2f} nats")
print(f"story without its rotation (1.6):       {without:.2f} nats")
print(f"story:                                  {mean_loss:.2f} nats")
Claim(
    statement="story predicts the next token of fresh Story World texts better than the frequencies of pairs of "
    "neighbouring words do.",
    evidence=Evidence.BEHAVIOURAL,
    direction="below",
    quantity="mean loss",
    unit="nats",
    estimate=mean_loss,
    interval=bootstrap_interval(by_text),
    n=len(by_text),
    observations="texts of 96 tokens",
    baseline=by_pairs,
    baseline_name="how often each word follows the one before it, counted in 4,000 other texts",
    does_not_say="How it does so, or on which tokens. Counts of longer stretches of words would be a harder baseline.",
)

# %% [markdown] id="61ddbf51"
# ## 1.11 Another model that computes the same
#
# difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: rewrite a model's weights so that its probabilities stay what they were, and say which of the numbers in the middle can be compared before and after. (Elhage et al. 2021 set LayerNorm aside because, up to its scale, it can be merged into the weights beside it; TransformerLens does that when asked.)
#
# Two people ask how strongly a head of layer 1 reads entry 5 of the stream. One looks at row 5 of its $W_Q$. The other remembers that LayerNorm multiplies entry 5 by a gain before the head sees it, and looks at the row times the gain. They report different numbers about one model.
#
# The gain is a matter of bookkeeping: it can be moved into the matrix behind it. Then LayerNorm has nothing left to multiply, and weights can be read as they stand.
#
# ```
#   stream ──► minus the mean, over the scale ──► n ──► × gain w, + bias b ──► × matrix W, + c ──►
#
#   folded:                                       n ────────────────────────► × matrix W′, + c′ ──►     the same numbers
# ```

# %% [markdown] id="1df5ff12"
# Two numbers, to see it. Let $n = (1, -1)$, gain $w = (2, 3)$, bias $b = (1, 0)$; behind it a matrix $W$ with rows $(1, 0)$ and $(2, 5)$, and its own bias $c = (0, 1)$.
#
# ```
#   as it is    n·w + b = (2, −3) + (1, 0) = (3, −3)       times W: (3 − 6, −15) = (−3, −15)     plus c:  (−3, −14)
#
#   folded      rows of W times w:  (2, 0) and (6, 15)     n times that: (2 − 6, −15) = (−4, −15)
#               b times W, plus c:  (1, 0) + (0, 1) = (1, 1)                                     plus c′: (−3, −14)
# ```
#
# In general, with $n$ the vector after subtracting the mean and dividing by the scale,
#
# $$(n \odot w + b)\, W + c \;=\; n\, W' + c', \qquad W'_{ij} = w_i W_{ij}, \qquad c'_j = c_j + \sum_i b_i W_{ij},$$
#
# where $\odot$ multiplies entry by entry. The gain multiplies *rows* of the matrix, since row $i$ is what meets entry $i$. The bias goes through the *old* matrix, because LayerNorm adds it after the gain.
#
# What remains of LayerNorm has no parameters: subtract the mean, divide by the scale. The scale cannot be folded, for it is another number at each position of each text.
#
# **Who reads which LayerNorm:** $W_Q$, $W_K$ and $W_V$ with their biases read `ln1`; $W_{in}$ with $b_{in}$ reads `ln2`; $W_U$ with $b_U$ reads `ln_final`.


# %% id="4ce409da" exercise="fold_layer_norm"
def fold_layer_norm(weights):
    """The weights of the same model, in which every LayerNorm has gain 1 and bias 0.

    weights: a dictionary of tensors, names and shapes as in section 1.1 (perhaps with W_pos).
    Returns a new dictionary with the same names. ln1_w, ln2_w and ln_final_w hold ones,
    ln1_b, ln2_b and ln_final_b zeros, and what reads them makes up for it. The dictionary
    that was given, and the tensors in it, stay as they were.
    """
    ### BEGIN SOLUTION
    folded = dict(weights)
    for each in "QKV":
        W, w, b = weights[f"W_{each}"], weights["ln1_w"], weights["ln1_b"]
        folded[f"W_{each}"] = w[:, None, :, None] * W
        folded[f"b_{each}"] = weights[f"b_{each}"] + torch.einsum("lm,lhme->lhe", b, W)
    folded["W_in"] = weights["ln2_w"][:, :, None] * weights["W_in"]
    folded["b_in"] = weights["b_in"] + torch.einsum(
        "lm,lmn->ln", weights["ln2_b"], weights["W_in"]
    )
    folded["W_U"] = weights["ln_final_w"][:, None] * weights["W_U"]
    folded["b_U"] = weights["b_U"] + weights["ln_final_b"] @ weights["W_U"]
    for norm in ("ln1", "ln2", "ln_final"):
        folded[f"{norm}_w"] = torch.ones_like(weights[f"{norm}_w"])
        folded[f"{norm}_b"] = torch.zeros_like(weights[f"{norm}_b"])
    return folded
    ### END SOLUTION


# %% id="4d67ea75" check="fold_layer_norm"
check(fold_layer_norm)

# %% [markdown] id="40548883"
# **The identity.** `story` before and after, on the 64 texts of section 1.3: not only the probabilities, the logits themselves are the same.

# %% id="d1be820f"
# NBVAL_CHECK_OUTPUT
folded = course.fold_layer_norm(weights)
as_trained = model(sample)
print("logits:", assert_same(course.transformer_forward(sample, folded), as_trained))
lost = [name for name in weights if name.startswith("ln")]
ones = all((folded[name] == float(name.endswith("_w"))).all() for name in lost)
print("LayerNorms left with gain 1 and bias 0:", ones)
print("gains there were: from", end=" ")
gains = torch.cat([weights[name].flatten() for name in lost if name.endswith("_w")])
print(f"{gains.min():.2f} to {gains.max():.2f}")

# %% [markdown] id="d3822a6a"
# **Centring.** Two parts of the model overlook something, whatever the text is.
#
# - *LayerNorm* subtracts the mean. If one number is added to all 128 entries of the stream at a position, nobody who reads the stream through a LayerNorm notices, and everybody in `story` does read it so.
# - *The softmax* divides by a sum. If one number is added to all 686 logits of a position, every $e^{\mathrm{logit}}$ is multiplied by the same factor, and the probabilities stay.
#
# What nobody sees can be taken out of the weights. From each vector that is written into the stream, take its mean over d_model; from the logits, their mean over the vocabulary:
#
# ```
#   written into the stream      W_E  W_pos  W_O  b_O  W_out  b_out       minus the mean over d_model       LayerNorm would take it
#   made into logits             W_U  b_U                                 minus the mean over d_vocab       the softmax does not see it
# ```
#
# All of these have the axis in question last. For $W_E$, for instance, $W_E' = W_E - \overline{W_E}$ with one mean for each row, that is for each word. Then the stream has mean zero at every position and in every layer, and so have the logits: each then says how far it is above the mean logit of its position.
#
# **Predict.** After centring, which are still what they were, up to rounding: the logits, the log-probabilities (the logarithms of the probabilities), both or neither?

# %% id="7f5235e7"
predict("what_centring_moves", value=..., confidence=...)


# %% id="2f956a12" exercise="centre_weights"
def centre_weights(weights):
    """The same weights without what LayerNorm and the softmax overlook.

    weights: a dictionary of tensors, names and shapes as in section 1.1, folded or not.
        If the model has learned positions it holds W_pos, too.
    Returns a new dictionary with the same names. W_E, W_pos (if there), W_O, b_O, W_out
    and b_out have mean zero along d_model, W_U and b_U along d_vocab; all else is as it
    was. The dictionary that was given, and the tensors in it, stay as they were.
    """
    ### BEGIN SOLUTION
    centred = dict(weights)
    for name in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out", "W_U", "b_U"):
        if name in weights:
            centred[name] = weights[name] - weights[name].mean(dim=-1, keepdim=True)
    return centred
    ### END SOLUTION


# %% id="89668e0a" check="centre_weights"
check(centre_weights)

# %% [markdown] id="4833d93f"
# **The identity**, for weights that were folded first and for the ones that were not: centring needs no folding.

# %% id="12c6a62f"
# NBVAL_CHECK_OUTPUT
rewritten = course.centre_weights(folded)
for said, these in (("folded", folded), ("not folded", weights)):
    moved = course.transformer_forward(sample, course.centre_weights(these))
    same = assert_same(moved.log_softmax(-1), as_trained.log_softmax(-1))
    print(f"centred, {said}: log-probabilities {same}")
    shift = as_trained - moved  # should be one number for each position
    assert_same(shift, shift.mean(-1, keepdim=True).expand_as(shift))
    assert_same(moved.mean(-1), torch.zeros(moved.shape[:2]))
print(f"logits of a position have moved together, by up to {shift.abs().max():.1f}")

# %% id="37e99aec"
logits_stay = shift.abs().max().item() < 1e-4
predict.reveal("what_centring_moves", "both" if logits_stay else "log-probabilities")

# %% [markdown] id="d061b061"
# **What the library does.** `enable_compatibility_mode()` of a bridge rewrites the weights in this manner. Do you get the same? Its logits should be yours, and its weights too, unless it does something more.

# %% id="1f67abc6"
# NBVAL_CHECK_OUTPUT
compatible = load_model("story")  # loaded afresh, because it will be changed in place
compatible.enable_compatibility_mode()
theirs = course.weights_of(compatible)
ours = course.transformer_forward(sample, rewritten)
print("logits:", assert_same(ours, compatible(sample)))


def unlike(mine, other):
    """Names of the weights that differ by more than rounding."""
    return [
        name for name in mine if (mine[name] - other[name]).abs().max().item() > 1e-4
    ]


print("weights that differ:", ", ".join(unlike(rewritten, theirs)))
every = dict(rewritten)
for name in ("W_Q", "W_K", "W_V", "W_in", "W_U"):
    every[name] = every[name] - every[name].mean(-2, keepdim=True)
print("after centring what reads:", ", ".join(unlike(every, theirs)))
every["b_O"] = every["b_O"] + torch.einsum("lhe,lhem->lm", every["b_V"], every["W_O"])
every["b_V"] = torch.zeros_like(every["b_V"])
print("after moving b_V into b_O:", ", ".join(unlike(every, theirs)) or "none")

# %% [markdown] id="79e8de8f"
# So compatibility mode is four steps, and you have written two. The others use two more things that make no difference:
#
# - What a matrix reads has mean zero once LayerNorm is folded. The mean of each *column* over d_model then meets nothing, and is taken away.
# - The rows of a pattern sum to one, so a head's value bias $b_V$ comes out of the mixing as it went in, wherever the head looks. What it writes, $b_V W_O$, is a constant, and is moved into $b_O$.
#
# What does that do to the numbers in the middle? Every activation of the notation page, in both models, on the 64 texts:

# %% id="98108b82"
# NBVAL_CHECK_OUTPUT
_, compatible_cache = compatible.run_with_cache(sample)
stays, changes = [], []
for symbol in course.ACTIVATIONS:
    hooks = [symbol.hook.format(l=layer) for layer in range(4)]
    # Scores of the future are the lowest number there is, and no difference is made of those.
    both = [
        [kept[h].clamp(min=-1e4) for kept in (sample_cache, compatible_cache)]
        for h in hooks
    ]
    gap = max((before - after).abs().max().item() for before, after in both)
    (stays if gap < 1e-3 else changes).append(symbol.name)
print("the same:", ", ".join(stays))
print("changed: ", ", ".join(changes))
stream, theirs_at_the_end = (
    kept["blocks.3.hook_resid_post"] for kept in (sample_cache, compatible_cache)
)
without_mean = stream - stream.mean(-1, keepdim=True)
print(
    "the stream, without its mean:",
    assert_same(without_mean, theirs_at_the_end, tolerance=2e-3),
)

# %% [markdown] id="6bfd3b0a"
# Read the two lists as a warning about claims. Where a head looks, and when a neuron is active, are the same in both models: such findings do not depend on the mode. The size of what is written, a value, or a logit by itself are others, though the two models are the same in everything they do. A finding that holds in one of them only is about the bookkeeping.
#
# (The last line allows 2e-3, because the entries of the stream are large and both models round.)
#
# Two things the mode does not do. It does not remove LayerNorm: the scale is still there, and parts still compete through it. And not every model can be centred. `story-attn-1l` has no LayerNorm, and RMSNorm (Zhang & Sennrich 2019), which some models have in place of LayerNorm, subtracts no mean. In both the mean of the stream is read, and taking it away changes the model.
#
# This chapter goes on with `story` as it was trained. No claim card here: all of this is algebra, and what could be measured was rounding.

# %% [markdown] id="c73cdb2c"
# ## 1.12 The stream is a sum
#
# ★ core · difficulty 2 of 5 · 15 minutes
#
# *You will be able to*: take the residual stream apart into everything that was ever written into it, exactly. (Elhage et al. 2021, on the residual stream as a communication channel and on heads as independent and additive.)
#
# Nothing in the picture of section 1.1 ever replaces the stream. Every part adds. At the end of the model the stream of a position therefore *is* a sum, and you know all its terms:
#
# ```
#   embed      + L0H0 + L0H1 + L0H2 + L0H3 + b_O 0      + MLP 0
#   (+ pos)    + L1H0 + L1H1 + L1H2 + L1H3 + b_O 1      + MLP 1
#              ⋮                                                        =  resid_post of the last layer
#              + L3H0 + L3H1 + L3H2 + L3H3 + b_O 3      + MLP 3
# ```
#
# In symbols, at one position, with $E$ the row of $W_E$ (and $W_{pos}$'s, where positions are learned),
#
# $$x_{\mathrm{final}} = E + \sum_{l} \Big( \sum_{h} z^{l,h} W_O^{l,h} + b_O^{l} + \mathrm{MLP}^{l} \Big).$$
#
# The terms are of three kinds. A head writes $z W_O$, with its own $W_O$ (section 1.7). $b_O$ is written by the attention layer as a whole and belongs to no head. An MLP's term is all that it writes, its bias $b_{out}$ included, because there is one writer only.
#
# In `story` that makes 1 + 4 · (4 + 1 + 1) = 25 terms, each a vector of 128 numbers at every position.
#
# **Predict.** On the text of this chapter, at its last position: which part writes the longest vector? The embedding, one of the heads, one of the MLPs, or one of the biases $b_O$?

# %% id="926f18c4"
predict("longest_part", value=..., confidence=...)

# %% [markdown] id="0c66c19f"
# Write it with the activations in a cache and the weights. You need three kinds of hooks: `hook_embed`, the rows of $W_E$; `blocks.{l}.attn.hook_z`, shape (batch, pos, head, d_head); `blocks.{l}.hook_mlp_out`, what MLP $l$ adds.


# %% id="a3c71fc4" exercise="residual_decomposition"
def residual_decomposition(cache, weights):
    """Everything that was added to the residual stream, by name.

    cache: activations by the name of their hook, as in section 1.1; cache["hook_embed"]
        has shape (batch, pos, d_model).
    weights: a dictionary of tensors, names and shapes as in section 1.1. Where the model
        has learned positions it holds W_pos, shape (n_ctx, d_model), one row a position.
    Returns a dictionary of tensors of shape (batch, pos, d_model): "embed"; "pos" if there
    is W_pos; and for every layer l its heads "L0H0", "L0H1", …, its bias "b_O 0" and
    "MLP 0" (with the number of the layer in place of 0). They sum to the stream after the
    last layer. A layer without an MLP has no such entry (hook_mlp_out is not in the cache).
    W_O and b_O (and W_pos) are all that is needed of the weights.
    """
    ### BEGIN SOLUTION
    embed = cache["hook_embed"]
    parts = {"embed": embed}
    if "W_pos" in weights:
        parts["pos"] = weights["W_pos"][: embed.shape[1]].expand_as(embed)
    for i in range(len(weights["W_O"])):
        z = cache[f"blocks.{i}.attn.hook_z"]
        for h in range(z.shape[2]):
            parts[f"L{i}H{h}"] = z[:, :, h] @ weights["W_O"][i, h]
        parts[f"b_O {i}"] = weights["b_O"][i].expand_as(embed)
        if f"blocks.{i}.hook_mlp_out" in cache:
            parts[f"MLP {i}"] = cache[f"blocks.{i}.hook_mlp_out"]
    return parts
    ### END SOLUTION


# %% id="c9ff1682" check="residual_decomposition"
check(residual_decomposition)

# %% [markdown] id="a3575355"
# **The identity**, on `story` and on `story-attn-1l`, which has learned positions and no MLP. And how long is what would be missing if all four $b_O$ were left out?

# %% id="539e1fb3"
# NBVAL_CHECK_OUTPUT
parts = course.residual_decomposition(cache, weights)
at_the_end = cache["blocks.3.hook_resid_post"]
print(f"story, {len(parts)} parts:", assert_same(sum(parts.values()), at_the_end))
small = course.residual_decomposition(
    learned_cache, {"W_O": learned.W_O, "b_O": learned.b_O, "W_pos": learned.W_pos}
)
its_end = learned_cache["blocks.0.hook_resid_post"]
print(f"story-attn-1l, {len(small)} parts:", assert_same(sum(small.values()), its_end))
biases = sum(part for name, part in parts.items() if name.startswith("b_O"))
print(
    f"length of all b_O together: {biases[0, -1].norm():.1f}, "
    f"of the stream: {at_the_end[0, -1].norm():.1f}"
)

# %% [markdown] id="e761567e"
# **Look.** The length of each term at the last position, where the model is about to name who gets the book.

# %% id="dfc1ca21"
part_lengths = {name: part[0, -1].norm().item() for name, part in parts.items()}
writers = ["H0", "H1", "H2", "H3", "b_O", "MLP"]


def as_table(numbers):
    """Numbers by part as a table, layers by writers, to two decimals; the embedding has no layer."""
    named = [
        [f"L{i}H{h}" for h in range(4)] + [f"b_O {i}", f"MLP {i}"] for i in range(4)
    ]
    return torch.tensor(
        [[round(float(numbers[name]), 2) for name in row] for row in named]
    )


plot(
    Heatmap(
        values=as_table(part_lengths),
        rows=[str(layer) for layer in range(4)],
        columns=writers,
        name="length",
        row_axis="layer",
        column_axis="who writes",
        title="story, last position of the text",
    ),
    caption="Length of what each head, each bias b_O and each MLP of story adds to the stream at the last position of one text. The embedding, not shown, has length "
    f"{part_lengths['embed']:.1f}.",
)

# %% id="e7a8f29b"
longest = max(part_lengths, key=part_lengths.get)
kinds = {"L": "heads", "M": "MLPs", "b": "biases", "e": "embed"}
predict.reveal("longest_part", kinds[longest[0]])

# %% id="a5d8af26"
# NBVAL_CHECK_OUTPUT
print("longest:", longest)
print(f"lengths added up:    {sum(part_lengths.values()):.0f}")
print(f"length of the stream: {at_the_end[0, -1].norm():.0f}")
heads_apart = parts["L3H0"][0, -1], parts["L3H1"][0, -1]
print(
    f"L3H0 and L3H1: lengths {heads_apart[0].norm():.0f} and {heads_apart[1].norm():.0f}, "
    f"their sum {(heads_apart[0] + heads_apart[1]).norm():.0f}"
)

# %% [markdown] id="6a8b3b22"
# At this position the MLP of layer 0 writes most, and the embedding of the word is short beside the sum. Section 1.3 showed how the stream grows from layer to layer; here you see how much each part adds, at one position of one text.
#
# The lengths add up to far more than the stream's length, because the terms point in different directions. So **a length is not an importance**, for three reasons. A long term can be cancelled by others. It can point where nobody reads. And a short one can point exactly where the next part, or $W_U$, reads. Which term matters for *what*, the next section asks for one question at a time.

# %% [markdown] id="36f0bd28"
# ## 1.13 Who moved the logit?
#
# ★ core · difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: say how much each head and each MLP contributes to the model's preference for one word over another, so that the contributions sum to the model's own number, and say what that does not tell. (Elhage et al. 2021 for the paths; Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), for two names.)
#
# `… laura and john went to the garden and laura gave a book to`: the next word is `john`. Laura is the **giver**, John the **receiver**, and what shows that the model knows is the **logit difference**
#
# $$\Delta = \mathrm{logit}(\text{receiver}) - \mathrm{logit}(\text{giver}).$$
#
# A difference, because a logit by itself says nothing: the softmax does not see a number added to all of them (section 1.11). And $e^\Delta$ has a meaning: it says how many times more probable the receiver is than the giver.
#
# The stream is a sum, and logits are read off the stream. If reading were a matrix product and no more, each term of the sum would have its own share of $\Delta$. Between the two stands the last LayerNorm:
#
# ```
#   a₁ + a₂ + … + a₂₅     ──►   minus the mean   ──►   over the scale σ   ──►   × gain + bias   ──►   W_U, + b_U
#                               term by term           one number for           term by term          term by term
#                                                      the whole sum            (the bias apart)      (b_U apart)
# ```
#
# The mean of a sum is the sum of the means; multiplying goes term by term as well. Only σ needs the whole stream. But σ is *one number* for each position of each text, and it is in the cache. With that number held as it was, everything is a sum.

# %% [markdown] id="ee3d12ac"
# Let $u$ be the column of $W_U$ for the receiver minus the column for the giver: the direction in which the difference is read. The **direct contribution** of a term $a$ is
#
# $$\frac{(a - \bar a) \odot w}{\sigma} \cdot u, \qquad \text{and what no term contributes is} \qquad b \cdot u + b_U[\text{receiver}] - b_U[\text{giver}],$$
#
# where $\bar a$ is the mean of $a$ over d_model, $w$ and $b$ are gain and bias of the last LayerNorm, and the dot sums over d_model. The second is called the *constant* here. It depends on the two names and on nothing that was computed. All contributions and the constant sum to $\Delta$. This is **direct logit attribution**.
#
# Note what happens to σ. It is not the scale *of the term*: to send each term through a LayerNorm of its own would blow up the small ones. And it is the scale *at the position that is read*.
#
# **Indexing.** Prompts have different lengths, so each is read at another position. With `rows = torch.arange(batch)`, the expression `part[rows, position]` takes from text 0 its position `position[0]`, from text 1 its position `position[1]`, and so on: shape (batch, d_model). In the same way `W_U[:, right]` has one column for each text.
#
# **Predict.** Averaged over many prompts like this one: how many of `story`'s 16 heads contribute more than 1 to the logit difference? (The whole difference is about 6.)

# %% id="947d2d47"
predict("heads_for_the_name", value=..., confidence=...)


# %% id="f9218c68" exercise="direct_logit_attribution"
def direct_logit_attribution(parts, scale, weights, right, wrong, position):
    """What each part contributes to logit(right) - logit(wrong), and the constant.

    parts: what was written into the stream, by name, each of shape (batch, pos, d_model):
        all of it or some of it.
    scale: what the last LayerNorm divided by, shape (batch, pos, 1).
    weights: a dictionary of tensors, names and shapes as in section 1.1.
    right, wrong: tokens, shape (batch,), one of each for every text.
    position: where each text is read, shape (batch,).
    Returns a dictionary of tensors of shape (batch,): the names of the parts, and
    "constant" for what comes from the last LayerNorm's bias and from b_U.
    """
    ### BEGIN SOLUTION
    rows = torch.arange(len(position))
    u = (weights["W_U"][:, right] - weights["W_U"][:, wrong]).T
    contributions = {}
    for name, part in parts.items():
        a = part[rows, position]
        a = (a - a.mean(dim=-1, keepdim=True)) / scale[rows, position]
        contributions[name] = (a * weights["ln_final_w"] * u).sum(dim=-1)
    contributions["constant"] = (
        u @ weights["ln_final_b"] + weights["b_U"][right] - weights["b_U"][wrong]
    )
    return contributions
    ### END SOLUTION


# %% id="6462ea79" check="direct_logit_attribution"
check(direct_logit_attribution)

# %% [markdown] id="8c2cbd1d"
# **The prompts.** `story_pairs` draws prompts of a task. Here: 256 of the name task, with pairs of people who never met in a training text. `answer` is the receiver, `wrong` marks the giver, `end` is the last position of each prompt; shorter ones are filled up with `[PAD]` behind it, which no earlier position sees.
#
# **The identities.** The contributions sum to the model's own logit difference, on every prompt. And folding changes nothing: with the weights of section 1.11 every part has the contribution it had.

# %% id="eacb3c5d"
# NBVAL_CHECK_OUTPUT
from mi_course.worlds.story import story_pairs


def names_of(prompts):
    """Receiver, giver and last position of each prompt, and the number of each prompt."""
    return (
        prompts.answer,
        prompts.wrong.float().argmax(-1),
        prompts.end,
        torch.arange(len(prompts)),
    )


def contributions_to_names(of, its_weights, prompts):
    """What each part of a model contributes directly; what it wrote; and the whole cache."""
    _, kept = of.run_with_cache(prompts.clean.tokens)
    written = course.residual_decomposition(kept, its_weights)
    given = course.direct_logit_attribution(
        written, kept["ln_final.hook_scale"], its_weights, *names_of(prompts)[:3]
    )
    return given, written, kept


gifts = story_pairs("names", 256, split="test", seed=3)
print(gifts.text(0)[0])
contributed, gift_parts, gift_cache = contributions_to_names(model, weights, gifts)
receiver, giver, gift_end, each_gift = names_of(gifts)
gift_logits = gift_cache["unembed.hook_out"][each_gift, gift_end]
delta = gift_logits[each_gift, receiver] - gift_logits[each_gift, giver]
print("sum of contributions:", assert_same(sum(contributed.values()), delta))
centred_parts = {n: p - p.mean(-1, keepdim=True) for n, p in gift_parts.items()}
in_the_rewritten = course.direct_logit_attribution(
    centred_parts,
    gift_cache["ln_final.hook_scale"],
    rewritten,
    receiver,
    giver,
    gift_end,
)
for name in contributed:
    assert_same(in_the_rewritten[name], contributed[name])
print("with folded, centred weights: every contribution is the same")
ahead = 100 * (delta > 0).float().mean().item()
print(
    f"mean difference {delta.mean():.1f}; the receiver is ahead in {ahead:.0f} % of prompts"
)

# %% [markdown] id="b4457b0b"
# **Look.** The mean contribution of every head, bias and MLP.

# %% id="31083331"
plot(
    Heatmap(
        values=as_table({n: c.mean() for n, c in contributed.items()}),
        rows=[str(layer) for layer in range(4)],
        columns=writers,
        name="mean contribution (logits)",
        row_axis="layer",
        column_axis="who writes",
        title="story, 256 prompts of the name task",
        diverging=True,
    ),
    caption="Mean direct contribution of each part of story to logit(receiver) − logit(giver), 256 prompts. Blue: for the receiver; orange-red: for the giver. Embedding and constant, not shown, are below 0.05.",
)

# %% id="07984211"
mean_by_part = {name: c.mean().item() for name, c in contributed.items()}
assert abs(mean_by_part["embed"]) < 0.05 and abs(mean_by_part["constant"]) < 0.05
above_one = [n for n, c in mean_by_part.items() if c > 1 and "H" in n]
predict.reveal("heads_for_the_name", len(above_one))

# %% [markdown] id="c4920b99"
# One head and one MLP carry nearly all of it: L3H3 and MLP 3. L2H0 adds a little. Everything else has a mean near zero, MLP 0 among them, which wrote the longest vector in section 1.12.
#
# A mean near zero has two possible reasons. A part may contribute nothing on any prompt, or a lot on each, sometimes for the one and sometimes for the other.
#
# **Predict.** L3H0 has a mean near zero. What is the standard deviation of its contribution over the prompts?

# %% id="0bfbbe4b"
predict("mean_and_prompt", value=..., confidence=...)

# %% id="7d8b2d44"
predict.reveal("mean_and_prompt", round(contributed["L3H0"].std().item(), 2))

# %% [markdown] id="af0e0997"
# **Look.** The parts whose contribution to a single prompt is 0.5 or more in size, on average. The intervals draw whole pairs of people anew (a *cluster* bootstrap), because there are fewer pairs than prompts, and prompts about the same two people are not independent. The baseline is the untrained twin.

# %% id="59436657"


def couples_of(prompts):
    """For each prompt the two people in it, whoever comes first."""
    return [str(sorted(plan.first.ids + plan.second.ids)) for plan in prompts.plans]


couples = couples_of(gifts)
twin_weights = course.weights_of(twin)
twin_contributed, _, _ = contributions_to_names(twin, twin_weights, gifts)
large = [n for n, c in contributed.items() if c.abs().mean() >= 0.5]
assert all(abs(twin_contributed[n].mean()) < 0.05 for n in large)
plot(
    Bars(
        names=large,
        values=torch.tensor([mean_by_part[n] for n in large]),
        name="mean contribution (logits)",
        intervals=[bootstrap_interval(contributed[n], groups=couples) for n in large],
        interval="95 % interval (cluster bootstrap over pairs of people)",
        baseline=torch.stack([twin_contributed[n].mean() for n in large]),
        baseline_name="untrained twin",
        axis="part",
        title="story",
    ),
    caption="Mean direct contribution to logit(receiver) − logit(giver), for the parts that contribute 0.5 or more in size to the average prompt. Black: 95 % interval, cluster bootstrap over pairs of people. Hatched: the same part of the untrained twin, below 0.05 in size everywhere.",
)

# %% id="019d62cf"
# NBVAL_CHECK_OUTPUT
print("part    mean    standard deviation over prompts")
for name in large:
    print(
        f"{name:6s} {mean_by_part[name]:5.2f}    {contributed[name].std().item():.1f}"
    )
for name in ("L3H0", "L3H1"):
    share_above_one = 100 * (contributed[name].abs() > 1).double().mean().item()
    print(f"{name}: larger than 1 in size in {share_above_one:.1f} % of prompts")
together = contributed["L3H0"] + contributed["L3H1"]
pair = torch.stack([contributed["L3H0"], contributed["L3H1"]])
print(
    f"L3H0 and L3H1: correlation {torch.corrcoef(pair)[0, 1]:.2f}, sum {together.mean():.1f}, its standard deviation {together.std():.1f}"
)

# %% [markdown] id="60ccc00c"
# L3H0 and L3H1 push hard on nearly every prompt, and against each other. What for? A difference of two logits cannot tell whether a part raised the one or lowered the other. So look at each logit by itself. To be comparable it is taken relative to the mean over all words: that is the logit of the centred weights.

# %% id="7e3e5e8f"
# NBVAL_CHECK_OUTPUT
people = torch.tensor(sorted({plan.first.ids[0] for plan in gifts.plans}))


def to_single_logits(name, written, kept, prompts):
    """A part's direct contribution to the logits of receiver, giver and another person (a mean
    over all others), relative to its mean contribution to all words."""
    here, other, end, each = names_of(prompts)
    a = written[name][each, end] / kept["ln_final.hook_scale"][each, end]
    to_words = (a - a.mean(-1, keepdim=True)) @ rewritten["W_U"]
    is_third = (people != here[:, None]) & (people != other[:, None])
    third = (to_words[:, people] * is_third).sum(1) / is_third.sum(1)
    return to_words[each, here], to_words[each, other], third


print("          to the receiver    to the giver    to another person")
for name in ("L3H0", "L3H1", "L3H3", "MLP 3"):
    means = [
        to.mean().item() for to in to_single_logits(name, gift_parts, gift_cache, gifts)
    ]
    print(f"{name:6s} {means[0]:18.1f} {means[1]:15.1f} {means[2]:20.1f}")
for head in (0, 1, 3):
    looks = gift_cache["blocks.3.attn.hook_pattern"][each_gift, head, gift_end]
    names_twice = [
        looks[each_gift, gifts.positions[role]].mean()
        for role in ("first", "second", "giver")
    ]
    print(
        f"L3H{head} looks at the two names in the opening with {names_twice[0] + names_twice[1]:.2f}, at the giver before the verb with {names_twice[2]:.2f}"
    )

# %% [markdown] id="2f46ebdc"
# It looks like a division of labour. L3H0 and L3H1 look at the two names in the opening and raise both alike on average; which of the two they raise more differs from prompt to prompt, and where L3H0 raises the one more, L3H1 mostly raises the other. That is what the large standard deviations are. L3H3 looks at the giver's name where it comes the second time, and *lowers* it. Of the two names that were gathered, the receiver is the one that was not put down. That is a reading of what was observed; nothing in the model has been changed to test it. And MLP 3, a third of the mean difference, is not in this picture.
#
# GPT-2 small does it differently (Wang et al. 2022): there "name mover" heads look at the receiver and copy it. Heads that lower the name they look at are there, too ("negative name movers"; McDougall et al. 2023, [Copy Suppression](https://arxiv.org/abs/2310.04625)), but they look at the receiver and work against the answer. In `story` a head of that kind looks at the giver, and so works for the answer.
#
# One change can be made here already. Silence a head with zeros, as in section 1.7, and look at the difference again:

# %% id="7f18d9a2"
# NBVAL_CHECK_OUTPUT
print("         direct contribution    fall of the difference    receiver still ahead")
for layer, h in ((2, 0), (3, 0), (3, 1), (3, 2), (3, 3)):
    silenced_logits = run(model, gifts.clean.tokens, edits=[zero(z(layer, head=h))])
    at_gift_end = silenced_logits.logits[each_gift, gift_end]
    left_over = at_gift_end[each_gift, receiver] - at_gift_end[each_gift, giver]
    name = f"L{layer}H{h}"
    kept_ahead = 100 * (left_over > 0).double().mean().item()
    fall_of_delta = (delta - left_over).mean().item()
    directly, fallen = (
        round(number, 1) + 0.0 for number in (mean_by_part[name], fall_of_delta)
    )
    print(f"{name} {directly:19.1f} {fallen:25.1f} {kept_ahead:21.0f} %")

# %% [markdown] id="7acf939f"
# Means near zero hid two heads that matter. Without L3H0 or without L3H1 the receiver is ahead in about as few of the prompts as without L3H3, though their mean contributions are near zero. That fits the reading above: where one of the two is gone, nothing makes up for the name that the other one raises more. A mean fall of 0.8 hides large falls on some prompts and rises on others, as the mean contribution did.
#
# Two cards. The first says that the contribution is not what an untrained head would have. The second says where it is directed. L3H3 was picked because its mean was the largest, and on the prompts it was picked on that flatters it a little. So the cards are made from other prompts, about people from the same pairs, which never met in training.

# %% id="b5ef3876"
more_gifts = story_pairs("names", 256, split="test", seed=4)
couples = couples_of(more_gifts)
fresh, fresh_parts, fresh_cache = contributions_to_names(model, weights, more_gifts)
fresh_twin, _, _ = contributions_to_names(twin, twin_weights, more_gifts)
Claim(
    statement="L3H3 of story (seed 0) writes directly for the receiver against the giver, more than the same head of the untrained twin.",
    evidence=Evidence.CORRELATIONAL,
    quantity="mean direct contribution to logit(receiver) − logit(giver)",
    unit="logits",
    estimate=fresh["L3H3"].double().mean().item(),
    interval=bootstrap_interval(fresh["L3H3"], groups=couples),
    n=len(set(couples)),
    observations=f"pairs of people, in {len(more_gifts)} prompts",
    baseline=fresh_twin["L3H3"].mean().item(),
    baseline_name="the same head of the untrained twin, on the same prompts",
    does_not_say="What happens without the head: nothing was changed for this number (the table of silenced heads is about that), "
    "and parts behind it read what it writes. How it comes to look at the giver. That other seeds use this head: each was "
    "trained from other random numbers.",
)

# %% id="e4544c78"
_, lowered, third = to_single_logits("L3H3", fresh_parts, fresh_cache, more_gifts)
Claim(
    statement="L3H3 of story (seed 0) writes directly against the giver's logit, and hardly against people in general.",
    evidence=Evidence.CORRELATIONAL,
    direction="below",
    quantity="mean direct contribution to the giver's logit (relative to the mean over all words)",
    unit="logits",
    estimate=lowered.double().mean().item(),
    interval=bootstrap_interval(lowered, groups=couples),
    n=len(set(couples)),
    observations=f"pairs of people, in {len(more_gifts)} prompts",
    baseline=third.mean().item(),
    baseline_name="its mean contribution to the logits of the people who are not in the prompt",
    does_not_say="How often the model names the giver without it (table above, on other prompts). That it does so outside "
    "this task: no other text was looked at.",
)

# %% [markdown] id="fc0cc157"
# **What "direct" leaves out.** The attribution follows one road: from a part straight to $W_U$. What a part writes is also read by the parts behind it. L0H0 contributes almost nothing directly, and that does not say that L0H0 does nothing; perhaps L3H3 could not find the giver without it. MLP 3 contributes 2, and that does not say that it knows the names; perhaps it repeats what the heads of layer 3 wrote.
#
# The sum is exact, and it is a sum of *last steps*. To learn what a part is good for in all, one has to take it away and see, as was done above with five heads. Section 1.14 does that for every head and every MLP, on another task, and puts the two numbers side by side.
#
# Nor is the split into terms the only one. It follows the architecture's joints, heads and layers. Whether these are the joints of the mechanism is an assumption, and two heads of layer 3 whose contributions nearly cancel each other are a reason to doubt it.
# %% [markdown] id="fccb48c8"
# ## 1.14 Reading the stream too early
#
# difficulty 2 of 5 · 25 minutes
#
# *You will be able to*: read off the residual stream, after every layer, which word it would make most probable if the model ended there; and say what such a reading cannot see. (nostalgebraist 2020, [interpreting GPT: the logit lens](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens); Belrose et al. 2023, [Eliciting Latent Predictions from Transformers with the Tuned Lens](https://arxiv.org/abs/2303.08112).)
#
# The end of the model, the last LayerNorm and $W_U$, turns the stream into logits. It is meant for the stream that leaves the last layer. But every earlier stream has the same number of entries, so nothing stops you from putting the end of the model on any of them:
#
# ```
#   enters layer 0  ──► last LayerNorm ──► W_U ──►  reading 0
#        │ layer 0
#   leaves layer 0  ──► last LayerNorm ──► W_U ──►  reading 1
#        │ layer 1
#   leaves layer 1  ──► last LayerNorm ──► W_U ──►  reading 2
#        ⋮
#   leaves the last layer ──► last LayerNorm ──► W_U ──►  the model's own logits
# ```
#
# In symbols, with $x_0$ for what enters layer 0 and $x_r$ for what leaves layer $r - 1$, reading $r$ is
#
# $$\mathrm{lens}_r = \mathrm{LN}_{final}(x_r)\, W_U + b_U .$$
#
# This is the **logit lens**. A model of $n$ layers has $n + 1$ readings, and the last of them is no news: it is what the model says. Each stream is normalised by *its own* mean and scale, as if the model really ended there.
#
# **Predict.** Take prompts about facts that `story` has learned, such as *the capital of france is*. At the last position, in which reading is the right word for the first time the first choice of more than half of the prompts?

# %% id="b9113b23"
predict("lens_on_facts", value=..., confidence=...)

# %% [markdown] id="97e57622"
# Write the lens for all readings at once. `cache` holds activations by the names of their hooks (section 1.1), as `model.run_with_cache(tokens)` returns them. You may use your `layer_norm`.


# %% id="a8d5ee43" exercise="logit_lens"
def logit_lens(cache, weights):
    """The logits that the end of the model gives for the stream at each stage.

    cache: a plain dictionary from names of hooks to activations; what you need of it
        has shape (batch, pos, d_model): cache["blocks.0.hook_resid_pre"] and, for
        every layer i, cache[f"blocks.{i}.hook_resid_post"].
    weights: a dictionary of tensors, names and shapes as in section 1.1.
        len(weights["W_Q"]) is the number of layers.
    Returns shape (layer + 1, batch, pos, d_vocab): entry 0 for what enters layer 0,
    entry r for what leaves layer r - 1. eps is 1e-5, the default of layer_norm.
    """
    ### BEGIN SOLUTION
    streams = [cache["blocks.0.hook_resid_pre"]]
    for i in range(len(weights["W_Q"])):
        streams.append(cache[f"blocks.{i}.hook_resid_post"])
    normed = layer_norm(
        torch.stack(streams), weights["ln_final_w"], weights["ln_final_b"]
    )
    return normed @ weights["W_U"] + weights["b_U"]
    ### END SOLUTION


# %% id="fe91e6de" check="logit_lens"
check(logit_lens)

# %% [markdown] id="60135d15"
# **The identity.** The last reading is the model's logits. And each earlier one is what the library's own last parts give when they are handed an early stream.

# %% id="12f72468"
# NBVAL_CHECK_OUTPUT
from mi_course.interventions import add, mlp_out, replace, resid_post
from mi_course.worlds.story import story_pairs

readings = course.logit_lens(cache, weights)
print("shape of the readings:", tuple(readings.shape))
print("last reading and logits:", assert_same(readings[-1], model(tokens)))
early_streams = [cache["blocks.0.hook_resid_pre"]]
early_streams += [cache[f"blocks.{i}.hook_resid_post"] for i in range(3)]
for r, stream in enumerate(early_streams):
    by_library = model.unembed(model.ln_final(stream))
    print(f"reading {r} and the bridge's end:", assert_same(readings[r], by_library))

# %% [markdown] id="a070af26"
# **Look.** The published picture is a table: one row for each layer, one column for each position, and in each cell the word that the lens puts first. Here it is for `story` and one fact. Read the last column from top to bottom: it stands on `is`, where the capital is due.

# %% id="54778c7c"
# NBVAL_CHECK_OUTPUT
fact = "the capital of france is"
_, fact_cache = model.run_with_cache(torch.tensor([encode(fact)]))
fact_words = course.logit_lens(fact_cache, weights)[:, 0].argmax(-1)  # (reading, pos)
stages = ["enters layer 0", *(f"leaves layer {i}" for i in range(4))]
print(f"{'':16s}" + "".join(f"{word:>10s}" for word in ["[BOS]", *fact.split()]))
for stage, first_words in zip(stages, fact_words.tolist(), strict=True):
    print(f"{stage:16s}" + "".join(f"{VOCABULARY[i]:>10s}" for i in first_words))

# %% [markdown] id="effe5fbd"
# nostalgebraist found in GPT-2 that the guesses get near to the final ones over the layers, often long before the end, and that early readings are sometimes nonsense and sometimes shallow guesses, but hardly ever look like the input. The last column here is of that kind: nonsense first, then a word of the right country that is not its capital, then the capital, two layers before the end.
#
# One table is an anecdote. The next figure counts, over prompts of three kinds, how often the lens's first choice is the right word. In *facts*, only training can have told the answer. In *names*, the text has named two people and one of them is due. In *holding*, three people have taken a thing each, and one of the three things is due:

# %% id="f94ff0d3"
facts = story_pairs("facts", 200, seed=3)
names = story_pairs("names", 200, seed=3)
holding = story_pairs("holding", 100, seed=3, where=lambda plan: len(plan.events) == 3)
for asked in (facts, names, holding):
    print(asked.text(0)[0])


# %% id="651dcf2e"
# NBVAL_CHECK_OUTPUT
def first_choice_right(of, its_weights, asked):
    """Whether the lens's first choice is the answer, 0 or 1, shape (reading, prompt)."""
    _, its_cache = of.run_with_cache(asked.clean.tokens)
    at_end = course.logit_lens(its_cache, its_weights)[
        :, torch.arange(len(asked)), asked.end
    ]  # at the last word of each prompt
    return (at_end.argmax(-1) == asked.answer).double()


twin_weights = course.weights_of(load_model("story", untrained=True))
lens_right = {
    "facts": first_choice_right(model, weights, facts),
    "names": first_choice_right(model, weights, names),
    "holding": first_choice_right(model, weights, holding),
    "facts, untrained twin": first_choice_right(
        load_model("story", untrained=True), twin_weights, facts
    ),
}
for kind, right in lens_right.items():
    shares = ", ".join(f"{100 * share:5.1f} %" for share in right.mean(1).tolist())
    print(f"{kind:22s} {shares}")
fact_answers = facts.answer.tolist()  # one fact may come in several wordings
drawn_together = {"names": couples_of(names), "holding": range(len(holding))}
print(
    f"200 prompts about facts have {len(set(fact_answers))} different answers; ", end=""
)
print(f"200 about names, {len(set(drawn_together['names']))} pairs of people")

# %% id="ff392789"
plot(
    Lines(
        x=torch.arange(5),
        lines=[
            Line(
                kind,
                100 * right.mean(1),
                intervals=[
                    bootstrap_interval(
                        100 * row, groups=list(drawn_together.get(kind, fact_answers))
                    )
                    for row in right
                ],
            )
            for kind, right in lens_right.items()
        ],
        x_name="reading (0: enters layer 0; r: leaves layer r − 1)",
        y_name="first choice is right (% of prompts)",
        title="logit lens on story, seed 0",
        interval="95 % interval, cluster bootstrap (see caption)",
    ),
    caption="How often the logit lens's first choice is the right word, by reading, for three kinds of prompts and for the untrained twin. Bands: 95 % intervals, cluster bootstrap over answers (facts), pairs of people (names) or prompts (holding).",
)

# %% id="49dee53e"
predict.reveal(
    "lens_on_facts", int((lens_right["facts"].mean(1) > 0.5).nonzero()[0].item())
)

# %% [markdown] id="8fbbf44d"
# The three curves share their start, 0 %, and, to within one per cent, their end. Facts can be read after layer 0. With names, from reading 1 on, the first choice is nearly always one of the two people who were named, and until the last layer has run it is the right one in four to six of ten prompts, about what a choice between the two by lot would give. With holding the lens hardly ever names one of the three things (in 2 % of the prompts at most) until the last layer has run, and then it names the right one every time. The next cell counts that.

# %% id="d1aa7bd3"
# NBVAL_CHECK_OUTPUT
for kind, asked in (("names", names), ("holding", holding)):
    _, its_cache = model.run_with_cache(asked.clean.tokens)
    at_end = course.logit_lens(its_cache, weights)[
        :, torch.arange(len(asked)), asked.end
    ]
    in_text = asked.right | asked.wrong  # the words that could be meant
    chosen = in_text[torch.arange(len(asked)), at_end.argmax(-1)].double().mean(1)
    shares = ", ".join(f"{100 * share:5.1f} %" for share in chosen.tolist())
    print(f"{kind:8s} first choice is one of those named: {shares}")

# %% id="f389ba36"
after_layer_0 = lens_right["facts"][1]
answer_counts = torch.bincount(facts.answer, minlength=len(VOCABULARY))
Claim(
    statement="On prompts about facts the right word is the logit lens's first choice at most of the last positions as "
    "soon as layer 0 of story (seed 0) has run.",
    evidence=Evidence.CORRELATIONAL,
    quantity="prompts on which the reading after layer 0 puts the right word first",
    unit="%",
    estimate=100 * after_layer_0.mean().item(),
    interval=bootstrap_interval(100 * after_layer_0, groups=fact_answers),
    n=len(set(fact_answers)),
    observations=f"answers, in {len(facts)} prompts about facts of training",
    baseline=50.0,
    baseline_name="half of the prompts, which is what 'most' asks; naming the commonest answer always would be right on "
    f"{100 * answer_counts.max().item() / len(facts):.0f} %, the untrained twin's lens on "
    f"{100 * lens_right['facts, untrained twin'][1].mean().item():.0f} %",
    does_not_say="That the model has decided after layer 0, or that later layers read off the stream what the lens reads "
    "there. That layer 0 alone would do: later layers still change the first choice on some prompts. That it is so for "
    "other kinds of prompts: see the other curves.",
)

# %% [markdown] id="81ea56e2"
# ### What the lens misses
#
# Somebody looks at the curve for holding and writes:
#
# > *On questions about who has what, layers 0 to 2 of `story` do nothing: the lens shows no trace of the answer. The model decides in layer 3.*
#
# The lens reads what the stream at **this position** would say **directly**: through the last LayerNorm and $W_U$, by no other way. Call this road the direct one. A part of the model (a head, an MLP) can matter by another road. It can write at an earlier position what a later head fetches. It can write something that the words in $W_U$ are at right angles to, and that a later part reads and acts upon.
#
# So there are two numbers for each part. Both ask what becomes of the right word's **lead**, its logit minus the mean logit of the wrong words (the other things in the story), when what the part writes is replaced by its **mean over prompts**. The mean is taken at each position by itself. It keeps what the part writes whatever the prompt, and removes what differs between prompts.
#
# - The **direct effect** replaces the part's term in the sum at the last position and leaves everything else as it was, the LayerNorm's scale included. With $w_p$ for what part $p$ writes there, $\bar w_p$ for its mean over prompts, $\gamma$ for the gain of the last LayerNorm, $s$ for its scale, and $u$ for the column of $W_U$ of the right word minus the mean column of the wrong ones,
#
# $$D_p = \frac{\left(w_p - \bar w_p\right)_{centred} \odot \gamma}{s} \cdot u .$$
#
# - The **total effect** replaces what the part writes at all positions, lets everything after it run on what is then there, and takes the difference of the lead before and after.
#
# ("Centred" means: minus the mean of its entries. $\odot$ multiplies entry by entry. $\gamma$ is the gain, $w$ in section 1.3, and $s$ the scale, $\sigma$ in section 1.13; $w$ is now what is written.)
#
# **Predict.** Layers 0 to 2 have 15 parts: 12 heads and 3 MLPs. How many of them have a total effect of more than one logit?

# %% id="d486ef6d"
predict("parts_that_matter", value=..., confidence=...)

# %% id="ec304991"
# NBVAL_CHECK_OUTPUT
assert (holding.end == holding.end[0]).all()  # all prompts are equally long
pieces = {}
for i in range(4):
    pieces |= {f"L{i}H{h}": z(i, head=h) for h in range(4)}
    pieces[f"MLP {i}"] = mlp_out(i)


def lead(logits, asked):
    """Logit of the right word minus the mean of the wrong ones' at each prompt's end."""
    ends = logits[torch.arange(len(asked)), asked.end]
    right, wrong = asked.right.float(), asked.wrong.float()
    return (ends * right).sum(-1) / right.sum(-1) - (ends * wrong).sum(-1) / wrong.sum(
        -1
    )


def effects(of, asked, site):
    """Direct and total effect of a part, replaced by its mean; and the total effect of zeros. One number a prompt each."""
    texts, end = asked.clean.tokens, int(asked.end[0])
    whole = run(of, texts, cache=[site, resid_post(3)])
    kept = whole.cache[site]
    mean_kept = kept.mean(0)  # (pos, …): over prompts
    written = (kept - mean_kept)[:, end]
    if site.kind == "z":  # of a head: what it writes is its z times its W_O
        written = written @ of.W_O[site.layer, site.head]
    right, wrong = asked.right.float(), asked.wrong.float()
    u = right / right.sum(-1, keepdim=True) - wrong / wrong.sum(-1, keepdim=True)
    centred = written - written.mean(-1, keepdim=True)
    stream = whole.cache[resid_post(3)][:, end]
    scale = (stream.var(-1, unbiased=False) + 1e-5).sqrt()
    direct = ((centred * of.ln_final.weight) @ of.W_U * u).sum(-1) / scale
    clean = lead(whole.logits, asked)
    by_mean = run(of, texts, edits=[replace(site, mean_kept)]).logits
    by_zero = run(of, texts, edits=[zero(site)]).logits
    return direct, clean - lead(by_mean, asked), clean - lead(by_zero, asked)


effect = {name: effects(model, holding, site) for name, site in pieces.items()}
print(
    f"lead of the right word: {lead(model(holding.clean.tokens), holding).mean():.1f}"
)
print(f"{'':8s}{'direct':>8s}{'total':>8s}{'total, zeros':>14s}")
for name in ("L0H0", "MLP 0", "L1H0", "L2H0", "L3H0", "L3H1", "MLP 3"):
    numbers = [round(each.mean().item(), 1) + 0.0 for each in effect[name]]
    print(f"{name:8s}{numbers[0]:8.1f}{numbers[1]:8.1f}{numbers[2]:14.1f}")

# %% id="e31e1a06"
total_effect = torch.stack([effect[name][1] for name in pieces])  # (part, prompt)
direct_effect = torch.stack([effect[name][0] for name in pieces])
assert (direct_effect.mean(1)[:15].abs() < 0.05).all()  # every part of layers 0 to 2
assert (direct_effect.abs().mean(1)[:15] < 0.12).all()  # and in size, too
effect_sizes = torch.stack([total_effect.mean(1), direct_effect.mean(1)])
effect_sizes = effect_sizes.abs().amax(0)  # the larger of the two, of each part
tall = [i for i, size in enumerate(effect_sizes.tolist()) if size > 0.5]
assert len(tall) == 6 and effect_sizes.sort().values[-7] < 0.2  # the other 14
plot(
    Bars(
        names=[list(pieces)[i] for i in tall],
        values=total_effect[tall].mean(1),
        intervals=[bootstrap_interval(each) for each in total_effect[tall]],
        interval="95 % interval, bootstrap over prompts",
        baseline=direct_effect[tall].mean(1),
        baseline_name="direct effect",
        name="fall of the lead (logits)",
        axis="part, replaced by its mean",
        title="total effect",
    ),
    caption="Who has what: total effect (blue) and direct effect (hatched) of heads and MLPs of story, seed 0, on the lead of the right word. Each part is replaced by its mean over 100 prompts. Not shown: the other 14 parts, whose mean effects are both below 0.2 in size. Black: 95 % intervals of the total effect, bootstrap over prompts.",
)

# %% id="8aaa2a30"
predict.reveal("parts_that_matter", int((total_effect.mean(1)[:15] > 1).sum()))

# %% [markdown] id="82e51a94"
# The mean direct effects of all parts of layers 0 to 2 are zero to one decimal, and their mean sizes are about 0.1 or less (the cell of the figure asserts both). So said the lens. The total effect of the first head of the first layer is the whole lead: without what differs in L0H0, the right word has no lead left. Two more parts of these layers, L2H0 and the MLP of layer 0, take a good part of it. All three work on roads that the lens does not see.
#
# **And the other way round.** The MLP of layer 3 has a larger direct than total effect. Nothing comes after it that could make up for the loss, except the last LayerNorm. It divides by a scale, and the scale is smaller when less has been written, so that all that remains counts for more. The next cell shows that nothing else is at work: with the scale held where it was, the fall of the lead *is* the direct effect.

# %% id="51cd26a5"
# NBVAL_CHECK_OUTPUT
clean_run = run(model, holding.clean.tokens, cache=[mlp_out(3), resid_post(3)])
without = run(
    model,
    holding.clean.tokens,
    edits=[replace(mlp_out(3), clean_run.cache[mlp_out(3)].mean(0))],
    cache=[resid_post(3)],
).cache[resid_post(3)]


def scale_of(stream):
    """What LayerNorm divides by, one number for each position."""
    return (stream.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()


full_stream = clean_run.cache[resid_post(3)]
held = (without - without.mean(-1, keepdim=True)) / scale_of(full_stream)
held = (held * weights["ln_final_w"] + weights["ln_final_b"]) @ weights["W_U"]
fall = lead(clean_run.logits, holding) - lead(held, holding)
print(
    "scale held: fall of the lead and direct effect",
    assert_same(fall, effect["MLP 3"][0]),
)
at_end = [scale_of(each)[:, -1].mean().item() for each in (full_stream, without)]
print(
    f"scale at the last position: {at_end[0]:.1f} with the MLP, {at_end[1]:.1f} with its mean in its place"
)

# %% [markdown] id="9fcc4635"
# In larger models there is a second reason why a total effect can stay below the direct one: other parts take over what the removed one did (Wang et al. 2022 describe backup heads in GPT-2 small; McGrath et al. 2023, [The Hydra Effect](https://arxiv.org/abs/2307.15771)). On the name task no sign of it was found in `story` for the one head that was looked at with this question: with zeros in place of L3H3 the difference falls by more than that head contributed directly (the table of silenced heads in section 1.13).
#
# **Zeros or the mean?** Section 1.7 silenced a head by zeros. Compare the last two columns of the table for L1H0: zeros cost two logits, the mean costs nothing. What differs between prompts in what L1H0 writes is not needed here. Zeros also take away what all prompts share, and they take the stream to where later parts have never seen it. Which of the two costs the two logits, this does not tell. Chapter 2 returns to the choice.

# %% id="527362a9"
fresh = story_pairs("holding", 100, seed=4, where=lambda plan: len(plan.events) == 3)
fresh_direct, fresh_total, _ = effects(model, fresh, pieces["L0H0"])
_, twin_total, _ = effects(load_model("story", untrained=True), fresh, pieces["L0H0"])
beyond = fresh_total - fresh_direct
Claim(
    statement="On questions about who has what, L0H0 of story (seed 0) matters by indirect roads: replacing it by its "
    "mean costs more of the right word's lead than its direct effect.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="total effect minus direct effect on the lead",
    unit="logits",
    estimate=beyond.double().mean().item(),
    interval=bootstrap_interval(beyond),
    n=len(beyond),
    observations="prompts with three people, drawn after the head was picked",
    baseline=0.0,
    threshold=1.0,
    baseline_name="no indirect road. The direct effect is "
    f"{fresh_direct.abs().mean().item():.2f} logits in size, on average; the total effect of the same head of the untrained twin is "
    f"{twin_total.mean().item():.2f}",
    does_not_say="What the head writes, at which position, or who reads it: a total effect adds up all roads. That a "
    "head of that number does this in another training, or on other questions.",
)

# %% [markdown] id="340952fa"
# **What is wrong with "it decides in layer 3"?** Three things.
#
# - The lens reads one position, by one road. Silence in a reading is no evidence that nothing has happened.
# - A reading that shows the answer is an observation, not an intervention. Whether later layers make use of it has to be tested by changing it.
# - "In layer 3" is true of this training, at best. Here is the lens on the same prompts for the three trainings of `story`:

# %% id="140eeb2c"
# NBVAL_CHECK_OUTPUT
for seed in range(3):
    other = load_model("story", seed=seed)
    right = first_choice_right(other, course.weights_of(other), holding).mean(1)
    shares = ", ".join(f"{100 * share:3.0f} %" for share in right.tolist())
    print(f"seed {seed}, readings 0 to 4: {shares}")

# %% [markdown] id="41dfb791"
# Seed 1 shows the answer one layer earlier, with the same accuracy in the end. What can be said without "decides": *in seed 0, at the last position, the right word becomes the lens's first choice in the last reading.*
#
# **A known remedy, for half of it.** Each layer may write in directions that the end of the model was not trained to read from so early. Belrose et al. 2023 put an affine map in between, $x \mapsto xA + b$, trained for each layer so that the reading comes close to the final one, and call it the *tuned lens*. In the models they tested it predicts the final distribution better than the plain lens and is less biased. It still reads one position, and its readings are still observations.

# %% [markdown] id="1f1d28ee"
# ## 1.15 What a neuron writes
#
# difficulty 2 of 5 · 20 minutes
#
# *You will be able to*: list the words that a neuron raises, say how far such a list goes beyond chance, and what it leaves out. (Geva et al. 2021, [Transformer Feed-Forward Layers Are Key-Value Memories](https://arxiv.org/abs/2012.14913); Geva et al. 2022, [Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space](https://arxiv.org/abs/2203.14680).)
#
# Section 1.8 read an MLP as a list of neurons. Each writes its own row of $W_{out}$, times its activation. Geva et al. call the column of $W_{in}$ the neuron's *key* and the row of $W_{out}$ its *value*, and they read values as words:
#
# ```
#   row of W_out  ──►  minus its mean  ──►  × gain of the last LayerNorm  ──►  W_U  ──►  one number for each word
#   d_model numbers                                                                      sort, keep the first k
# ```
#
# In symbols, for the row $w$ of a neuron and the gain $\gamma$,
#
# $$\mathrm{score} = \left((w - \bar w) \odot \gamma\right) W_U ,$$
#
# where $\bar w$ is the mean of the row's $d_{model}$ numbers. A neuron with activation $a$ adds $a \cdot \mathrm{score} / s$ to the logits by the direct road, with $s$ for what the last LayerNorm divides by at that position. $s$ is positive and the same for all words, so it does not change their order and can be left out of the list. The biases belong to no neuron and are left out as well. (Geva et al. 2022 multiply the row by the embedding matrix alone. With the gain and the mean, the score is the direct effect of this model.)
#
# Write it for all neurons of a layer.


# %% id="6f1d18af" exercise="mlp_vocabulary"
def mlp_vocabulary(weights, layer, k):
    """For each neuron of a layer, the k words that its row of W_out raises most.

    weights: a dictionary of tensors, names and shapes as in section 1.1.
    layer: the number of the layer, from 0. k: how many words for each neuron.
    Returns token ids, shape (d_mlp, k), the most raised word first.
    """
    ### BEGIN SOLUTION
    rows = weights["W_out"][layer]
    centred = rows - rows.mean(dim=-1, keepdim=True)
    scores = (centred * weights["ln_final_w"]) @ weights["W_U"]
    return scores.topk(k, dim=-1).indices
    ### END SOLUTION


# %% id="1fee0487" check="mlp_vocabulary"
check(mlp_vocabulary)

# %% [markdown] id="c8e0bd11"
# **The identity.** A neuron of the last layer has no other road than the direct one. Take it out, hold the scale of the last LayerNorm where it was, and the logits fall by $a \cdot \mathrm{score} / s$. (`course.vocabulary_scores` gives the scores of any vectors that are written into the stream.)

# %% id="b62d7846"
# NBVAL_CHECK_OUTPUT
from mi_course.worlds.story import story_batch
from mi_course.worlds.story import words as story_words
from mi_course.worlds.story.task import task_names

last_neuron = 37
activation = cache["blocks.3.mlp.hook_post"][..., last_neuron, None]
its_row = weights["W_out"][3, last_neuron]
less = cache["blocks.3.hook_resid_post"] - activation * its_row
less = (less - less.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"]
less = (less * weights["ln_final_w"] + weights["ln_final_b"]) @ weights["W_U"]
its_score = course.vocabulary_scores(its_row, weights)
print(
    "fall of the logits and a · score / s:",
    assert_same(
        model(tokens) - less, activation * its_score / cache["ln_final.hook_scale"]
    ),
)

# %% [markdown] id="ab1adf19"
# **Look.** Neurons of layer 2: the first three by number, and three that were picked because their lists are clean.

# %% id="d6f6b43e"
# NBVAL_CHECK_OUTPUT
lists = course.mlp_vocabulary(weights, 2, 7)
for n in (0, 1, 2, 289, 147, 245):
    print(f"neuron {n:3d}: {' '.join(VOCABULARY[i] for i in lists[n].tolist())}")

# %% [markdown] id="bcaa7911"
# Each of the three picked lists is of one sort of word, with hardly an exception. Of the first three, one is, one nearly is, and one is not. How typical are such lists? Story World knows what its words are, so the question can be counted. Below, each word stands in one or more **classes**: first names, places, countries, numbers, function words, and so on. For each neuron, take its ten most raised words and count how many belong to one class, the class that fits best. Ten means that all of them do.
#
# **Predict.** On average over the 384 neurons of layer 2: how many of the ten? And how many for a *random direction*, a row of 128 random numbers put through the same gain and the same $W_U$?

# %% id="d3a232d5"
predict("one_class_of_ten", value=..., confidence=...)

# %% id="e9cf6323"
predict("one_class_at_random", value=..., confidence=...)

# %% id="fab44b9a"
# NBVAL_CHECK_OUTPUT
nouns = story_words.ANIMATE_NOUNS + story_words.INANIMATE_NOUNS
verbs = (
    story_words.LINKING_VERBS
    + story_words.ANIMATE_VERBS
    + story_words.INANIMATE_VERBS
    + story_words.TRANSITIVE_VERBS
)
classes = {
    "first names": story_words.MALE_NAMES + story_words.FEMALE_NAMES,
    "parts of two-word names": story_words.FIRST_NAMES + story_words.LAST_NAMES,
    "jobs": story_words.JOBS,
    "instruments": story_words.INSTRUMENTS,
    "sports": story_words.SPORTS,
    "places": story_words.PLACES,
    "objects": story_words.OBJECTS,
    "countries": [each[0] for each in story_words.COUNTRIES],
    "cities": [each[1] for each in story_words.COUNTRIES],
    "languages": [each[2] for each in story_words.COUNTRIES],
    "landmarks": story_words.LANDMARK_KINDS + story_words.LANDMARK_BUILDINGS,
    "singular nouns": [each[0] for each in nouns],
    "plural nouns": [each[1] for each in nouns],
    "singular verbs": [each[0] for each in verbs],
    "plural verbs": [each[1] for each in verbs],
    "adjectives": story_words.ADJECTIVES,
    "opposites": [each for pair in story_words.OPPOSITES for each in pair],
    "praise": story_words.POSITIVE,
    "blame": story_words.NEGATIVE,
    "things judged": story_words.THINGS,
    "days": story_words.DAYS,
    "months": story_words.MONTHS,
    "letters": story_words.LETTERS,
    "numbers": story_words.NUMBERS,
    "colours": story_words.COLOURS,
    "events": story_words.EVENTS,
    "function words": story_words.FUNCTION_WORDS + story_words.PUNCTUATION,
}
belongs = torch.tensor(
    [[word in members for word in VOCABULARY] for members in classes.values()]
).float()  # (class, d_vocab)


def of_one_class(scores, belongs=belongs):
    """Of the ten words with the largest scores, how many are of the class that fits best."""
    top_ten = scores.topk(10, dim=-1).indices
    return belongs[:, top_ten].sum(-1).amax(0)  # one number for each row of scores


dice = torch.Generator().manual_seed(0)
random_rows = torch.randn(2000, 128, generator=dice)
at_random = of_one_class(course.vocabulary_scores(random_rows, weights))
relabelled = belongs[:, torch.randperm(len(VOCABULARY), generator=dice)]
one_class_by_layer = [
    of_one_class(course.vocabulary_scores(weights["W_out"][i], weights))
    for i in range(4)
]
print("of ten words, in one class (mean)     layer 0     1     2     3")
for name, values in {
    "story's neurons": one_class_by_layer,
    "the same, words' classes shuffled": [
        of_one_class(course.vocabulary_scores(weights["W_out"][i], weights), relabelled)
        for i in range(4)
    ],
    "neurons of the untrained twin": [
        of_one_class(course.vocabulary_scores(twin_weights["W_out"][i], twin_weights))
        for i in range(4)
    ],
    "a wrong reading: columns of W_in": [
        of_one_class(course.vocabulary_scores(weights["W_in"][i].T, weights))
        for i in range(4)
    ],
}.items():
    print(f"{name:38s}" + "".join(f"{each.mean().item():6.1f}" for each in values))
print(f"random directions, story's gain and W_U: {at_random.mean().item():.1f}")

# %% id="1b4dffb4"
predict.reveal("one_class_of_ten", round(one_class_by_layer[2].mean().item(), 1))

# %% id="04697e0a"
predict.reveal("one_class_at_random", round(at_random.mean().item(), 1))

# %% id="aeaab588"
plot(
    Bars(
        names=[f"layer {i}" for i in range(4)],
        values=torch.stack(one_class_by_layer).mean(1),
        intervals=[bootstrap_interval(each) for each in one_class_by_layer],
        interval="95 % interval, bootstrap over neurons",
        baseline=at_random.mean().item(),
        baseline_name="random directions",
        name="words of one class, of ten",
        axis="neurons of",
        title="story, seed 0",
    ),
    caption="Of the ten words that a neuron of story raises most, how many are of one class, the class that fits best: mean over the 384 neurons of each layer. Black: 95 % interval, bootstrap over neurons. Dashed: the same for 2,000 random directions through the same gain and W_U.",
)

# %% [markdown] id="85376df7"
# Beside the untrained twin, or beside shuffled classes, every layer looks like a success: five to seven words of ten, where these have two or three. Beside random directions most of that is gone. A random direction through `story`'s own $W_U$ raises more than five words of one class too, because the columns of $W_U$ of words that come in the same places are alike: whatever raises one of them raises its neighbours. The lists show the classes that are in $W_U$ first, and only then something about neurons.
#
# Neurons of layers 1, 2 and 3 do go beyond it. Those of layer 0 stay below it.
#
# And a wrong reading can look better than the right one: in all four layers the columns of $W_{in}$, which are what neurons look for and not what they write, give cleaner lists. A tidy list is no evidence that it was made rightly.

# %% id="7f25c996"
Claim(
    statement="The ten words that a neuron of layer 2 of story (seed 0) raises most are more often of one class than those "
    "of a random direction.",
    evidence=Evidence.CORRELATIONAL,
    quantity="words of one class, of ten, mean over neurons",
    estimate=one_class_by_layer[2].double().mean().item(),
    interval=bootstrap_interval(one_class_by_layer[2]),
    n=len(one_class_by_layer[2]),
    observations="neurons, all of that layer",
    baseline=at_random.mean().item(),
    baseline_name="2,000 random directions through the same gain and W_U; the untrained twin's neurons have "
    f"{of_one_class(course.vocabulary_scores(twin_weights['W_out'][2], twin_weights)).mean().item():.1f}",
    does_not_say="That a neuron stands for a class: with ten words of 686, the other 676 are not looked at, nor those it "
    "lowers. When it is active. That it is so in the other layers: this one "
    "is the highest of the four, and layer 0 is not above the random directions. The interval is over this layer's neurons, "
    "which were trained together: it says nothing about another training.",
)

# %% [markdown] id="8261a703"
# **Does silencing a neuron lower its words?** The list is about the direct road only. For neurons before the last layer there are other roads, on which later parts could undo or overturn it. So test it: take a neuron out, at all positions, and see by how much the logits of its ten words fall at the thirty positions where it was most active, each compared with the mean over all words. As a comparison, the ten words of another neuron of the same layer.
#
# A neuron is taken out by subtracting what it writes, its activation times its row of $W_{out}$, from what the MLP writes.

# %% id="ca7c53d9"
silencing_texts = story_tokens(8, seed=21)


def falls(of, its_weights, layer, neurons):
    """When a neuron is silenced: mean fall of its own ten words, and of the next one's; and
    what the direct road alone gives for its own."""
    logits, its_cache = of.run_with_cache(silencing_texts)
    active = its_cache[f"blocks.{layer}.mlp.hook_post"]
    top_ten = course.mlp_vocabulary(its_weights, layer, 10)
    found = []
    for n, other in zip(neurons, neurons[1:] + neurons[:1], strict=True):
        row = its_weights["W_out"][layer, n]
        silence = add(mlp_out(layer), -active[..., n, None] * row)
        change = logits - run(of, silencing_texts, edits=[silence]).logits
        change = change - change.mean(-1, keepdim=True)  # beside the mean word
        most_active = active[..., n].flatten().topk(30)
        strongest = change.flatten(0, 1)[most_active.indices]
        its_scores = course.vocabulary_scores(row, its_weights)
        its_scores = (its_scores - its_scores.mean())[top_ten[n]].mean()
        its_scales = its_cache["ln_final.hook_scale"].flatten()[most_active.indices]
        direct_fall = its_scores * (most_active.values / its_scales).mean()
        found.append(
            [strongest[:, top_ten[each]].mean().item() for each in (n, other)]
            + [direct_fall.item()]
        )
    return torch.tensor(found)


tried = torch.randperm(384, generator=torch.Generator().manual_seed(5))[:12].tolist()
story_falls = torch.stack([falls(model, weights, i, tried) for i in range(4)])
twin_falls = torch.stack(
    [
        falls(load_model("story", untrained=True), twin_weights, i, tried)
        for i in range(4)
    ]
)
plot(
    Bars(
        names=[f"layer {i}" for i in range(4)],
        values=story_falls[..., 0].mean(1),
        intervals=[bootstrap_interval(each) for each in story_falls[..., 0]],
        interval="95 % interval, bootstrap over 12 neurons",
        baseline=story_falls[..., 1].mean(1),
        baseline_name="another neuron's ten words",
        name="fall of the logits",
        axis="neurons of",
        title="its own ten words",
    ),
    caption="A neuron of story is silenced: by how much the logits of its own ten words fall (blue), and those of another neuron's list (hatched), beside the mean word. It is taken out at all positions; read are the thirty where it was most active. Mean over 12 neurons of each layer, drawn at random; black: 95 % interval, bootstrap over neurons.",
)

# %% id="c6c3751d"
difference = (story_falls[..., 0] - story_falls[..., 1]).flatten()
twin_difference = (twin_falls[..., 0] - twin_falls[..., 1]).flatten()
Claim(
    statement="When a neuron of story (seed 0) is silenced, the ten words on its list fall further than those on another "
    "neuron's list, at the thirty positions where it was most active.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="fall of its own ten words minus fall of another neuron's, mean over neurons",
    unit="logits",
    estimate=difference.double().mean().item(),
    interval=bootstrap_interval(difference),
    n=len(difference),
    observations="neurons, drawn at random, twelve of each layer",
    baseline=0.0,
    baseline_name="no difference between the lists; the untrained twin's neurons pass the same test, with "
    f"{twin_difference.mean().item():.2f} logits",
    does_not_say="That the words have anything in common, or that the neuron is there in order to raise them. The twin "
    "passes too: a neuron that writes at random also raises, by the direct road, the words that its row raises.",
)

# %% id="bf4e04c1"
# NBVAL_CHECK_OUTPUT
print("fall of its own ten words      by the direct road    measured")
for i, of_layer in enumerate(story_falls):
    arrives = (of_layer[:, 0] < of_layer[:, 2] / 2).sum()
    print(
        f"neurons of layer {i} (mean) {of_layer[:, 2].mean():22.2f} {of_layer[:, 0].mean():11.2f}"
        f"    less than half of it arrives: {arrives} of {len(of_layer)}"
    )

# %% [markdown] id="523d2c2a"
# The verdict holds, and it is worth less than it sounds. The twin's neurons learned nothing and pass as well. What the test confirms is close to arithmetic: on average the direct road is not undone by the others. For single neurons of layers 1 and 2 it can be, as the last column says. In layer 3 there is no other road. There the two differ because the last LayerNorm's scale is not held: with less in the stream it divides by less (section 1.14). Whether the words on the list belong together is another question, and the figure before this one answered it.
#
# **What a list does not say: when.** A list is read off $W_{out}$. When the neuron is active is settled by $W_{in}$ and everything before. Two neurons with clean lists, and what comes next where they are most active:

# %% id="a1f2a54e"
# NBVAL_CHECK_OUTPUT
read_texts = story_tokens(64, seed=22)
_, read_cache = model.run_with_cache(read_texts)
labelled = story_batch(64, seed=22)  # the same texts, and what each word is in
assert (labelled.tokens == read_texts).all()
in_codes = labelled.labels["task"][:, :-1].flatten() == task_names().index("repetition")
coming = read_texts[:, 1:].flatten()
for layer_of, n, name in ((2, 289, "places"), (3, 277, "cities")):
    members = belongs[list(classes).index(name)]
    seen_active = read_cache[f"blocks.{layer_of}.mlp.hook_post"][:, :-1, n].flatten()
    listed = course.mlp_vocabulary(weights, layer_of, 7)[n].tolist()
    strongest_at = seen_active.topk(30).indices
    here = 100 * members[coming[strongest_at]].mean().item()
    anywhere = 100 * members[coming].mean().item()
    below_zero = 100 * (seen_active < 0).float().mean().item()
    print(f"layer {layer_of}, neuron {n}: {' '.join(VOCABULARY[i] for i in listed)}")
    print(f"  {name} come next at {here:.0f} % of its 30 strongest positions, ", end="")
    print(f"at {anywhere:.0f} % of all")
    print(f"  {int(in_codes[strongest_at].sum())} of the 30 stand in random codes")
    print(f"  output below zero at {below_zero:.0f} % of all positions")
    print("  strongest, with the word that comes next:")
    for place in strongest_at[:3].tolist():
        which_text, which_pos = divmod(place, 95)
        shown = read_texts[which_text, max(0, which_pos - 5) : which_pos + 2].tolist()
        *before_it, next_word = [VOCABULARY[i] for i in shown]
        print(f"    {' '.join(before_it)} | {next_word}")

# %% [markdown] id="c25a773c"
# The first is most active where a place comes next: list and use agree. The second has as clean a list, of cities, and a city seldom comes where it is most active (all of its thirty strongest positions are in codes, which are lists of random words). From the list alone the two could not be told apart.
#
# And both have outputs below zero at most positions. gelu_new goes down to −0.17 (section 1.8), so at those positions a neuron *lowers* the words on its list, a little each time.

# %% [markdown] id="55c92c6e"
# ## 1.16 A head is two circuits
#
# ★ core: the first exercise only · difficulty 2 of 5 · 30 minutes, two exercises and a part about rotation
#
# *You will be able to*: say from the weights alone where a head looks and what it does with what it finds, in words, and name what this leaves out. (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), sections on one-layer attention-only transformers.)
#
# So far a head was four matrices: $W_Q$, $W_K$, $W_V$, $W_O$. But $W_Q$ and $W_K$ meet only in the score, and $W_V$ and $W_O$ only in what is written. So a head is two things that can be studied one at a time:
#
# ```
#   the OV circuit: this token is looked at; what does that do to the logits?
#
#       source token ── W_E ──► stream ── W_V ──► value ── W_O ──► stream ── W_U ──► logits
#                              d_model           d_head           d_model
#
#   the QK circuit: how much does this token want to look at that one?
#
#       destination token ── W_E ──► stream ── W_Q ──► query ──┐
#                                                              ├── dot product, over √d_head ──► score
#       source token ─────── W_E ──► stream ── W_K ──► key ────┘
# ```
#
# Put into one matrix each, they go from tokens to tokens, and can be read in words. The first is the **full OV circuit**, with one row for each source token and one column for each logit:
#
# $$W_E\, W_V\, W_O\, W_U \qquad (d_{vocab} \times d_{vocab})$$
#
# Its entry in row $a$ and column $c$: if this head pays all its attention to token $a$, that much is added to the logit of $c$. With half of the attention it is half as much. "Full" says that embedding and unembedding are part of it; $W_V W_O$ alone goes from stream to stream.

# %% [markdown] id="375948bb"
# **Two factors.** For the 686 words of Story World such a table has 470,596 numbers. For the 50,257 tokens of GPT-2 it would be two and a half billion for each head. Nobody needs to write it down. Everything passes through a value of `d_head` numbers, so the table is a product of a tall matrix and a wide one:
#
# $$\underbrace{(W_E W_V)}_{A,\; d_{vocab} \times d_{head}} \; \underbrace{(W_O W_U)}_{B,\; d_{head} \times d_{vocab}}$$
#
# Single rows and entries are computed from $A$ and $B$ when they are asked for. The course keeps such a pair in a `FactoredMatrix` (the idea and the name are those of TransformerLens): `.rows(tokens)`, `.product()`, `.T` do what they say.
#
# Such tables are exact where nothing stands between token and head, and nothing between head and logits. That is so in `story-attn-1l`: one layer of eight heads, no MLP, no LayerNorm, learned positions. It is the model of this section.

# %% id="2d5027c5"
from mi_course import interventions as hooks
from mi_course.worlds.story.entities import (
    CAPITAL,
    CITIES,
    COUNTRIES,
    ENTITIES,
    NAMES,
    OBJECTS,
)

attn1 = load_model("story-attn-1l")
attn1_texts = story_tokens(16, seed=16)  # 16 rows of 96 tokens
_, attn1_cache = attn1.run_with_cache(attn1_texts)
for name in ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_U"):
    print(f"{name:6s} {tuple(getattr(attn1, name).shape)}")

# %% [markdown] id="b78dfb97"
# **Predict.** Among the words are 40 countries and their 40 capitals. One of the eight heads was picked because it knows them best. It looks at a country. For how many of the 40 is the country's own capital the one that it raises most, among the 40 capitals?

# %% id="aefa4927"
predict("capitals_raised", value=..., confidence=...)

# %% [markdown] id="3b9ecbfb"
# Write the OV circuit of one head.


# %% id="3f37ebb8" exercise="ov_circuit"
def ov_circuit(W_E, W_V, W_O, W_U):
    """The full OV circuit of one head, as two factors.

    W_E: shape (d_vocab, d_model). W_V: (d_model, d_head). W_O: (d_head, d_model).
    W_U: (d_model, d_vocab).
    Returns (A, B), shapes (d_vocab, d_head) and (d_head, d_vocab). Row a of A @ B is what
    full attention to token a adds to each logit. (Biases are left out.)
    """
    ### BEGIN SOLUTION
    return W_E @ W_V, W_O @ W_U
    ### END SOLUTION


# %% id="d3c06be8" check="ov_circuit"
check(ov_circuit)

# %% [markdown] id="954578e4"
# **The identity.** A model of one layer without MLP and LayerNorm is a sum of paths from input to output, and nothing else (Elhage et al. call it the *path expansion*). At destination $d$, with tokens $t$ and the pattern $P^h$ of head $h$,
#
# $$\mathrm{logits}_d = \underbrace{(W_E[t_d] + W_{pos}[d])\, W_U}_{\text{direct path}} + \sum_h \sum_s P^h_{ds}\, \underbrace{(W_E[t_s] + W_{pos}[s])\, W^h_V W^h_O W_U}_{\text{row of the OV circuit, for token and position}} + \underbrace{\Big(\sum_h b^h_V W^h_O + b_O\Big) W_U + b_U}_{\text{the same everywhere}}$$
#
# The last term is where the biases are. Each row of a pattern sums to one, so $b_V$ arrives whole wherever the head looks: it says nothing about *what* is looked at. That is why the circuit leaves it out.

# %% id="c66b1703"
# NBVAL_CHECK_OUTPUT
attn1_ov = [
    course.ov_circuit(attn1.W_E, attn1.W_V[0, h], attn1.W_O[0, h], attn1.W_U)
    for h in range(8)
]
attn1_ov_places = [
    course.ov_circuit(attn1.W_pos, attn1.W_V[0, h], attn1.W_O[0, h], attn1.W_U)
    for h in range(8)
]
looks = attn1_cache["blocks.0.attn.hook_pattern"]
direct = course.embed_positions(attn1_texts, attn1.W_E, attn1.W_pos) @ attn1.W_U
through_heads = sum(
    looks[:, h] @ (attn1_ov[h].rows(attn1_texts) + attn1_ov_places[h].product())
    for h in range(8)
)
same_everywhere = (
    torch.einsum("he,hem->m", attn1.b_V[0], attn1.W_O[0]) + attn1.b_O[0]
) @ attn1.W_U + attn1.b_U
print(
    "all paths together:",
    assert_same(direct + through_heads + same_everywhere, attn1(attn1_texts)),
)
print(attn1_ov[7], "in place of", attn1_ov[7].product().numel(), "numbers:", end=" ")
print(sum(factor.numel() for factor in (attn1_ov[7].A, attn1_ov[7].B)))

# %% [markdown] id="f57694f7"
# The pattern in this sum is the model's own, computed from the text. *Given* where the heads look, the logits are linear in the tokens. All that is not linear in such a model is in the softmax of the pattern.
#
# **Look.** Head 7, ten countries as sources and their capitals as logits. A softmax does not see what is added to all logits alike, so the mean over all 686 words is taken off each row.

# %% id="b62cddaf"
countries = torch.tensor([VOCABULARY.index(each.text) for each in COUNTRIES])
capitals = torch.tensor([VOCABULARY.index(CAPITAL[each].text) for each in COUNTRIES])


def beside_the_mean(circuit, sources):
    """Rows of an OV circuit, each less its mean over all words."""
    chosen = circuit.rows(sources)
    return chosen - chosen.mean(-1, keepdim=True)


capital_table = beside_the_mean(attn1_ov[7], countries)[:, capitals]
plot(
    Heatmap(
        values=capital_table[:10, :10].round(decimals=2) + 0.0,
        rows=[VOCABULARY[i] for i in countries[:10]],
        columns=[VOCABULARY[i] for i in capitals[:10]],
        name="added to the logit",
        row_axis="source, looked at",
        column_axis="logit",
        title="OV circuit of L0H7, story-attn-1l",
        diverging=True,
    ),
    caption="Part of the full OV circuit of head 7 of story-attn-1l: what full attention to a country adds to the logits of capitals, beside the mean over all words. Blue above zero, orange-red below.",
)

# %% id="a9a834fd"
# NBVAL_CHECK_OUTPUT
own_capital = []
for h in range(8):
    table = beside_the_mean(attn1_ov[h], countries)[:, capitals]
    own_capital.append(int((table.argmax(-1) == torch.arange(40)).sum()))
print("own capital raised most, of 40 countries, by head:", own_capital)
off = ~torch.eye(40, dtype=torch.bool)
print(
    f"head 7: own capital {capital_table.diagonal().mean():+.1f} on average, other capitals {capital_table[off].mean():+.1f}"
)

# %% id="da6a1d8b"
predict.reveal("capitals_raised", own_capital[7])

# %% [markdown] id="96d9ce12"
# The figures of Elhage et al. list, in words of a text model, what a head's entries are largest for; the heads of their one-layer models mostly raise the token itself and tokens like it. Here is another kind: from a country to its capital. No sentence has been run for it. Three heads know capitals, head 7 best; the path expansion says that their contributions add up.
#
# What this does not say is that the head ever looks at a country when a capital is due. That is the other circuit's part.

# %% id="59daf89b"
twin_attn1 = load_model("story-attn-1l", untrained=True)
right_capital = (capital_table.argmax(-1) == torch.arange(40)).double()
twin_right = []
for h in range(8):
    twin_circuit = course.ov_circuit(
        twin_attn1.W_E, twin_attn1.W_V[0, h], twin_attn1.W_O[0, h], twin_attn1.W_U
    )
    twin_table = beside_the_mean(twin_circuit, countries)[:, capitals]
    twin_right.append((twin_table.argmax(-1) == torch.arange(40)).double().mean())
Claim(
    statement="For most countries, attention of head 7 of story-attn-1l (seed 0) to the country raises the logit of its capital more than that of any other capital.",
    evidence=Evidence.CORRELATIONAL,
    quantity="countries whose own capital is raised most, of 40 capitals",
    unit="%",
    estimate=100 * right_capital.mean().item(),
    interval=bootstrap_interval(100 * right_capital),
    n=40,
    observations="countries",
    baseline=100 * max(twin_right).item(),
    baseline_name="the best of the eight heads of the untrained twin; chance is 2.5",
    threshold=50.0,
    does_not_say="That the head looks at countries where a capital is due, or that the model gets capitals from it: other "
    "heads know them, too. The head was picked of eight by this number, and other trainings were not looked at.",
)

# %% [markdown] id="740d9454"
# **Where it looks.** The score of destination $d$ for source $s$ is $q_d \cdot k_s / \sqrt{d_{head}}$. If the stream held nothing but embeddings, it would be an entry of the **full QK circuit**,
#
# $$\frac{W_E\, W_Q\, W_K^\top W_E^\top}{\sqrt{d_{head}}} \qquad (d_{vocab} \times d_{vocab}),$$
#
# one row for each *destination* token and one column for each *source* token. The query of a destination is its row of $W_E W_Q$, the key of a source its row of $W_E W_K$; the product with the second one turned round makes all dot products at once. It has two factors as well, and is read like a pattern: [destination, source].


# %% id="382382a9" exercise="qk_circuit"
def qk_circuit(W_E, W_Q, W_K):
    """The full QK circuit of one head, as two factors.

    W_E: shape (d_vocab, d_model). W_Q, W_K: (d_model, d_head).
    Returns (A, B), shapes (d_vocab, d_head) and (d_head, d_vocab). Entry [a, b] of A @ B is the
    score of destination token a for source token b. (No biases, no positions, no softmax.)
    """
    ### BEGIN SOLUTION
    d_head = W_Q.shape[1]
    return W_E @ W_Q / d_head**0.5, (W_E @ W_K).T
    ### END SOLUTION


# %% id="62210d8d" check="qk_circuit"
check(qk_circuit)

# %% [markdown] id="ecfa8f95"
# **Look.** Head 7 again: five words that look, four kinds of words that are looked at, mean over the words of a kind. What is the same for all sources does not matter to a softmax, so each row is shown beside its mean over all words.

# %% id="21326f89"
kinds = {
    "names": NAMES,
    "countries": COUNTRIES,
    "cities": CITIES,
    "objects": OBJECTS,
}
lookers = ["to", "is", "of", "in", "the"]
attn1_qk = course.qk_circuit(attn1.W_E, attn1.W_Q[0, 7], attn1.W_K[0, 7])
rows_of_lookers = attn1_qk.rows(torch.tensor([VOCABULARY.index(w) for w in lookers]))
rows_of_lookers = rows_of_lookers - rows_of_lookers.mean(-1, keepdim=True)
by_kind = torch.stack(
    [
        rows_of_lookers[
            :, [VOCABULARY.index(e.text) for e in these if e.text in VOCABULARY]
        ].mean(-1)
        for these in kinds.values()
    ],
    dim=-1,
)
plot(
    Heatmap(
        values=by_kind,
        rows=lookers,
        columns=list(kinds),
        name="score",
        row_axis="destination, looks",
        column_axis="source, looked at",
        title="QK circuit of L0H7, story-attn-1l",
        diverging=True,
    ),
    caption="Part of the full QK circuit of head 7 of story-attn-1l: the score of five destination words for four kinds of source words (mean of a kind), beside the mean over all source words. Blue above zero, orange-red below.",
)

# %% [markdown] id="2b45613d"
# By this table the head prefers names from `to`, and countries and cities from `in`. If it followed the table it would carry from a country what its OV circuit says: the capital. Where does it look in fact, when there is a word of the kind to look at?

# %% id="e74dfea3"
# NBVAL_CHECK_OUTPUT
many_texts = story_tokens(256, seed=1616)
_, many_cache = attn1.run_with_cache(many_texts)
gaze_of_7 = many_cache["blocks.0.attn.hook_pattern"][:, 7]
of_kind = {
    kind: torch.isin(
        many_texts,
        torch.tensor([VOCABULARY.index(e.text) for e in these if e.text in VOCABULARY]),
    )
    for kind, these in kinds.items()
}
for looker, preferred in (
    ("to", ["names"]),
    ("in", ["countries", "cities"]),
    ("is", ["countries", "cities"]),
):
    is_preferred = torch.stack([of_kind[kind] for kind in preferred]).any(0)
    on_preferred, on_before = [], []
    for row, d in (many_texts == VOCABULARY.index(looker)).nonzero().tolist():
        if is_preferred[row, :d].any():
            on_preferred.append(gaze_of_7[row, d, :d][is_preferred[row, :d]].sum())
            on_before.append(gaze_of_7[row, d, d - 1])
    print(
        f"from {looker!r} ({len(on_before)} times): on {' and '.join(preferred)} {torch.stack(on_preferred).mean():.2f}, "
        f"on the word before {torch.stack(on_before).mean():.2f}"
    )
_, france_cache = attn1.run_with_cache(torch.tensor([encode(fact)]))
on_france = france_cache["blocks.0.attn.hook_pattern"][0, 7, -1, -2]
print(f"{fact!r}: from 'is' on 'france' {on_france:.2f}")

# %% [markdown] id="8f68f065"
# From `to` the head does what the table says. From `in` less than half of its attention is on countries and cities, though the table prefers them more strongly from there than from `is`. And where a capital is due, at the end of *the capital of france is*, it looks at the country; but from `is` most of its attention is on the word before in any case. (The two shares overlap: the word before is often itself a country or a city.) So the table is one reason among others, and the next lines say what the others are. Section 1.20 puts the two circuits of a head together.
#
# **What the table leaves out.** A head of layer 0 reads $e + p$: the token's row of $W_E$ and the position's row of $W_{pos}$. Its score therefore has four terms. With $e'$, $p'$ for the source, and the biases counted with the positions, since they do not depend on the token either,
#
# $$\sqrt{d_{head}}\, S = \underbrace{(e W_Q)(e' W_K)^\top}_{\text{token, token}} + \underbrace{(e W_Q)(p' W_K + b_K)^\top}_{\text{token, position}} + \underbrace{(p W_Q + b_Q)(e' W_K)^\top}_{\text{position, token}} + \underbrace{(p W_Q + b_Q)(p' W_K + b_K)^\top}_{\text{position, position}}$$
#
# The first is the QK circuit. The third prefers some tokens, whatever word stands at the destination; the bias $b_Q$ acts here. Which of the four decides differs from head to head. The next cell asserts the sum on two models and says how much each term moves the scores: its standard deviation over the sources that a destination can choose from.
#
# `induction-2l-plain` is the model of chapter 2: two layers of one head each, trained to go on with repeated random tokens. Its first head looks at the token just before.


# %% id="b2c1f0e9"
# NBVAL_CHECK_OUTPUT
def spread(term):
    """Standard deviation over the sources up to the destination, mean over destinations."""
    return torch.stack(
        [term[:, d, : d + 1].std(-1).mean() for d in range(8, term.shape[1])]
    ).mean()


plain = load_model("induction-2l-plain")
plain_generator = torch.Generator().manual_seed(16)
plain_texts = torch.cat(  # [BOS] and all 63 other tokens in random order
    [
        torch.zeros(64, 1, dtype=torch.long),
        1 + torch.rand(64, 63, generator=plain_generator).argsort(-1),
    ],
    dim=1,
)
for name, each, its_texts, h in (
    ("induction-2l-plain, L0H0", plain, plain_texts, 0),
    (
        "its untrained twin      ",
        load_model("induction-2l-plain", untrained=True),
        plain_texts,
        0,
    ),
    ("story-attn-1l, L0H7     ", attn1, attn1_texts, 7),
):
    terms = course.score_terms(
        its_texts,
        each.W_E,
        each.W_pos,
        each.W_Q[0, h],
        each.b_Q[0, h],
        each.W_K[0, h],
        each.b_K[0, h],
    )
    _, its_cache = each.run_with_cache(its_texts)
    qs, ks = (its_cache[f"blocks.0.attn.hook_{side}"][:, :, h] for side in "qk")
    assert_same(sum(terms.values()), qs @ ks.mT / qs.shape[-1] ** 0.5)
    its_pattern = its_cache["blocks.0.attn.hook_pattern"][:, h]
    assert_same(course.causal_mask(sum(terms.values())).softmax(-1), its_pattern)
    said = ", ".join(f"{a} {b} {spread(term):.2f}" for (a, b), term in terms.items())
    print(f"{name}: {said}")

# %% [markdown] id="4a854416"
# In `induction-2l-plain` the term of position with position moves the scores most, by far, and token with token hardly at all. Somebody who read only the full QK circuit of this head would learn next to nothing about where it looks. In the untrained twin all four are near zero.
#
# In head 7 of `story-attn-1l` none of the four is negligible. So the figure above shows one part of why it looks where it looks, and not the larger one.
#
# (The pattern is asserted as well. In TransformerLens 4.3 `hook_attn_scores` of a model of the course's own architecture ("native") holds the pattern, after the softmax; the scores here are therefore made from `hook_q` and `hook_k`.)
#
# **What rotary changes.** In `story` queries and keys are turned before they meet (section 1.6). Turn both back by the source's position: the key is as it was, and the query is turned by the distance $\delta = d - s$. With $R_\delta$ for the turn (rows, so it stands to the right),
#
# $$S_{ds} = \frac{q_d\, R_{d-s}\, k_s^\top}{\sqrt{d_{head}}}, \qquad \text{QK matrix at distance } \delta: \quad W_Q\, R_\delta\, W_K^\top .$$
#
# So a head has no single QK circuit. It has one for each distance, from $W_Q W_K^\top$ at distance 0 on.
#
# **Predict.** L1H0 of `story` looks mostly at the token before (section 1.5). Take its matrices $W_Q R_1 W_K^\top$ and $W_Q R_5 W_K^\top$ as two long vectors. What is the cosine of the angle between them?

# %% id="a7c24609"
predict("rotary_circuits", value=..., confidence=...)

# %% [markdown] id="ece70c22"
# **The identity**, for every head of layers 0 and 1. `course.qk_circuit` takes the distance, and any rows in place of $W_E$: here what the layer reads. The biases come in by a trick: a bias is one more row of the matrix, for one more entry of the input, which is always 1.


# %% id="ced65476"
# NBVAL_CHECK_OUTPUT
def with_one(rows):
    """One more column of ones, which a bias can be multiplied by."""
    return torch.cat([rows, torch.ones(len(rows), 1)], dim=1)


def with_bias(matrix, bias):
    """The bias as one more row of the matrix."""
    return torch.cat([matrix, bias[None]])


for layer in (0, 1):
    reads = with_one(cache[f"blocks.{layer}.ln1.hook_out"][0])
    scores = cache[f"blocks.{layer}.attn.hook_attn_scores"][0]
    for h in range(4):
        W_Q, W_K = (
            with_bias(weights[f"W_{each}"][layer, h], weights[f"b_{each}"][layer, h])
            for each in "QK"
        )
        for distance in (0, 1, 5):
            at_distance = course.qk_circuit(reads, W_Q, W_K, distance=distance)
            assert_same(
                at_distance.product().diagonal(-distance),
                scores[h].diagonal(-distance),
            )
print("scores of story, layers 0 and 1, distances 0, 1 and 5: agree within 1e-4")
turned_qk = {
    distance: course.qk_circuit(
        torch.eye(128), weights["W_Q"][1, 0], weights["W_K"][1, 0], distance=distance
    ).product()
    for distance in (0, 1, 5)
}
for one, other in ((0, 1), (0, 5), (1, 5)):
    cosine = torch.cosine_similarity(
        turned_qk[one].flatten(), turned_qk[other].flatten(), dim=0
    ).item()
    print(f"L1H0, QK matrices at distances {one} and {other}: cosine {cosine:.2f}")

# %% id="3f1e5fd2"
predict.reveal("rotary_circuits", round(cosine, 2))

# %% [markdown] id="c0e0d35c"
# At distance 1 this head asks something else of the two tokens than at distance 5. But how does it come to look at the token before, whichever token that is? Something in its queries and keys must be the same for all tokens. Take the mean query and the mean key over all positions of 64 texts, and turn the two against each other.

# %% id="cdecf65e"
story_texts = story_tokens(64, seed=17)
_, story_texts_cache = model.run_with_cache(story_texts)
qs, ks = (story_texts_cache[f"blocks.1.attn.hook_{each}"][:, 1:, 0] for each in "qk")
scores = story_texts_cache["blocks.1.attn.hook_attn_scores"][:, 0, 1:, 1:]
distances = range(12)
measured_by_distance = torch.stack(
    [scores.diagonal(-d, dim1=-2, dim2=-1).mean() for d in distances]
)
normed = course.layer_norm(
    weights["W_E"], weights["ln1_w"][1], weights["ln1_b"][1]
)  # the embeddings as layer 1 would read them if layer 0 had written nothing
bare_q = (normed @ weights["W_Q"][1, 0] + weights["b_Q"][1, 0]).mean(0)
bare_k = (normed @ weights["W_K"][1, 0] + weights["b_K"][1, 0]).mean(0)


def turned_against(mean_query, mean_key, at=distances):
    """Their score at each distance."""
    return torch.stack(
        [mean_query @ course.rotation(d, 32).float() @ mean_key / 32**0.5 for d in at]
    )


at_all_distances = turned_against(qs.mean((0, 1)), ks.mean((0, 1)), at=range(95))
assert at_all_distances.argmax() == 1  # at the larger distances, not shown, too

plot(
    Lines(
        x=torch.arange(12),
        lines=[
            Line("mean score, measured", measured_by_distance),
            Line(
                "mean query, mean key", turned_against(qs.mean((0, 1)), ks.mean((0, 1)))
            ),
            Line("the same, bare embeddings", turned_against(bare_q, bare_k)),
        ],
        x_name="distance from source to destination (tokens)",
        y_name="score",
        title="L1H0 of story, 64 texts",
    ),
    caption="Mean score of L1H0 of story by distance: measured on 64 texts; from its mean query and mean key on these texts, turned against each other; and the same with queries and keys made of the bare embeddings of all words.",
)

# %% [markdown] id="56a8d0c1"
# The second line is nearly the first. That the head prefers the token before is in one query and one key, the parts that all positions share, and in the rotation, which makes their dot product largest at distance 1 (of all distances from 0 to 94, as the cell of the figure asserts).
#
# The third line is nearly flat. With the embeddings alone in the stream there is little of that preference: what the mean query and key are made of was put there by layer 0. For a head of a later layer, a circuit with $W_E$ at its ends describes what it would do with bare tokens, and that can be far from what it does.
#
# Three things to keep apart, then. In a one-layer model without LayerNorm and MLP the circuits with $W_E$ and $W_U$ are the whole truth about token and logit, positions and biases apart. With LayerNorm its gain can be multiplied into the matrices (section 1.11), its scale cannot, since it depends on everything that was written at a position. And in later layers $W_E$ is a stand-in for a stream that holds more.

# %% [markdown] id="0ac967a8"
# ## 1.17 Does it copy?
#
# difficulty 3 of 5 · 20 minutes
#
# *You will be able to*: compress an OV circuit into one number that says how much it copies, and say what the number misses. (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), where eigenvalues are summed up in this way.)
#
# A head *copies* if looking at a token makes the same token more probable. In the OV circuit that is a large diagonal. But heads pass tokens through `d_head` numbers, so they cannot treat each of hundreds of tokens by itself; they work on mixtures of tokens.
#
# Take a mixture: a row $v$ with one number for each token, how much of it is looked at. The circuit $M$ turns it into logits $v M$. There are special mixtures that come out as they went in, up to a factor:
#
# $$v M = \lambda\, v$$
#
# $v$ is an *eigenvector* and $\lambda$ its *eigenvalue*. If $\lambda > 0$, looking at the mixture raises this mixture: it is copied. If $\lambda < 0$, it is suppressed. Complex eigenvalues come in pairs $a \pm bi$; such a pair turns one mixture into another while scaling it. The score sums up all of them:
#
# $$\mathrm{score} = \frac{\sum_i \lambda_i}{\sum_i |\lambda_i|}$$
#
# $|\lambda|$ is the distance of $\lambda$ from zero: $\sqrt{a^2 + b^2}$. Above the line the imaginary parts of each pair cancel, so the score is a real number between −1 and 1.
#
# Four tables of two tokens show what it does:
#
# ```
#    1   0        0   1        −1    0         1   5
#    0   1        1   0         0   −1         0   1
#
#   λ  1, 1      λ  1, −1      λ  −1, −1      λ  1, 1
#   score 1      score 0       score −1       score 1
# ```
#
# The first copies. The second says the other token. The third suppresses what it sees. The fourth has score 1, too, and yet looking at the first token raises the second one five times as much as itself. Keep it in mind.

# %% [markdown] id="08cf41ce"
# **Through the small matrix.** The table has hundreds of rows and at most `d_head` eigenvalues other than zero (everything passes through `d_head` numbers, so its rank is no larger). They need not be looked for in the large table. Let $M = AB$, with $A$ and $B$ from section 1.16. If $vAB = \lambda v$, multiply both sides by $A$ from the right: $(vA)\,BA = \lambda\,(vA)$. So $\lambda$ is an eigenvalue of $BA$ as well, a matrix of `d_head` by `d_head` (for $\lambda \neq 0$; then $vA$ is not zero). The zeros contribute nothing to either sum.
#
# `torch.linalg.eigvals(matrix)` gives the eigenvalues as complex numbers; `.real` and `.abs()` are what they are called.
#
# **Predict.** How many of the 16 heads of `story` have a score above 0.5?

# %% id="91f67986"
predict("heads_that_copy", value=..., confidence=...)


# %% id="60345d09" exercise="copying_score"
def copying_score(W_E, W_V, W_O, W_U):
    """How much a head copies: sum of the eigenvalues of its full OV circuit over the sum of their sizes.

    W_E: shape (d_vocab, d_model). W_V: (d_model, d_head). W_O: (d_head, d_model).
    W_U: (d_model, d_vocab).
    Returns one real number from -1 to 1.
    """
    ### BEGIN SOLUTION
    A, B = W_E @ W_V, W_O @ W_U
    eigenvalues = torch.linalg.eigvals(B @ A)
    return eigenvalues.sum().real / eigenvalues.abs().sum()
    ### END SOLUTION


# %% id="05e5d144" check="copying_score"
check(copying_score)

# %% [markdown] id="8a2f6452"
# **The identities**, on head 3 of `story-attn-1l`: the large table and the small matrix have the same eigenvalues, and their sum is the sum of the diagonal.

# %% id="c341f4d8"
# NBVAL_CHECK_OUTPUT
whole_table = attn1_ov[3].product().double()  # 686 by 686
large = torch.linalg.eigvals(whole_table)
large = large[large.abs().argsort(descending=True)]
small = course.FactoredMatrix(
    attn1_ov[3].A.double(), attn1_ov[3].B.double()
).eigenvalues()
small = small[small.abs().argsort(descending=True)]
print("sizes of the 16:   ", assert_same(large[:16].abs(), small.abs()))
print("the other 670:     ", assert_same(large[16:].abs(), torch.zeros(670).double()))
print("sum is the diagonal:", assert_same(small.sum().real, whole_table.trace(), 1e-3))

# %% [markdown] id="32da1138"
# **A baseline.** What score has a head that learned nothing? The next cell draws 300 heads at random in the shapes of `story` (686 words, d_model 128, d_head 32), and measures the trained heads beside their untrained twins.
#
# `story` has LayerNorm, so something has to be said about $W_E$ and $W_U$. In place of $W_E$ stands its LayerNorm with the layer's gain (the bias, the same for every token, is left out). The last gain is multiplied into $W_U$; its mean over d_model and over words is taken off, which the last LayerNorm and the softmax do not see. The scale of the last LayerNorm is a positive number at each position, and the score does not change when all eigenvalues are multiplied by one.


# %% id="efd708f4"
def story_ends(its_weights, layer):
    """What stands for W_E and W_U around a head of story: LayerNorm's gains in, means taken off."""
    no_bias = torch.zeros(128)
    left = course.layer_norm(its_weights["W_E"], its_weights["ln1_w"][layer], no_bias)
    right = its_weights["ln_final_w"][:, None] * its_weights["W_U"]
    right = right - right.mean(0)
    return left, right - right.mean(1, keepdim=True)


def story_copying(its_weights):
    """The copying score of every head, (layer, head)."""
    scores = torch.zeros(4, 4)
    for layer in range(4):
        left, right = story_ends(its_weights, layer)
        for h in range(4):
            W_V, W_O = its_weights["W_V"][layer, h], its_weights["W_O"][layer, h]
            scores[layer, h] = course.copying_score(left, W_V, W_O, right)
    return scores


story_scores = story_copying(weights)
untrained_story = load_model("story", untrained=True)
untrained_scores = story_copying(course.weights_of(untrained_story))
drawn = torch.Generator().manual_seed(17)
by_chance = torch.stack(
    [
        course.copying_score(
            *(
                torch.randn(*shape, generator=drawn)
                for shape in ((686, 128), (128, 32), (32, 128), (128, 686))
            )
        )
        for _ in range(300)
    ]
)
plot(
    Heatmap(
        values=story_scores,
        rows=[str(layer) for layer in range(4)],
        columns=[str(h) for h in range(4)],
        name="copying score",
        row_axis="layer",
        column_axis="head",
        title="story, seed 0",
        diverging=True,
    ),
    caption="Copying score of every head of story: sum of the eigenvalues of its OV circuit over the sum of their sizes. Blue above zero, orange-red below.",
)

# %% id="ec795889"
# NBVAL_CHECK_OUTPUT
print(
    f"random matrices: mean {by_chance.mean():.2f}, standard deviation {by_chance.std():.2f}, largest size {by_chance.abs().max():.2f}"
)
print(f"untrained twin:  largest size {untrained_scores.abs().max():.2f}")
print(
    f"story: above 0.5 {int((story_scores > 0.5).sum())} heads, below -0.5 {int((story_scores < -0.5).sum())}"
)
print(f"story: L3H1 {story_scores[3, 1]:.2f}, L3H3 {story_scores[3, 3]:.2f}")
outside = (story_scores < by_chance.min()) | (story_scores > by_chance.max())
print(f"story: outside the range of all 300 random heads {int(outside.sum())} heads")
plain_scores = {
    seed: [
        course.copying_score(each.W_E, each.W_V[layer, 0], each.W_O[layer, 0], each.W_U)
        for layer in range(2)
    ]
    for seed in range(3)
    for each in [load_model("induction-2l-plain", seed=seed)]
}
for seed, (first_layer, second_layer) in plain_scores.items():
    print(
        f"induction-2l-plain, seed {seed}: L0H0 {first_layer:.2f}, L1H0 {second_layer:.2f}"
    )

# %% id="7ca8b911"
predict.reveal("heads_that_copy", int((story_scores > 0.5).sum()))

# %% [markdown] id="89bb98b0"
# Heads drawn at random have scores near zero, and so have those of the untrained twin. Three heads of `story` are far above, all in the last layer. One, L3H3, is far below: it tends to lower mixtures of what it looks at. Seven more lie outside the range of the 300 random heads, by less; the score does not say what they do.
#
# For the heads of layers 1 to 3, remember, and so for all four that stand out, $W_E$ is a stand-in for what they read.
#
# In `induction-2l-plain` the head of layer 1 has a score of 1.00 in each of three seeds. Its task is to say again what stands at the place it looks at. The head of layer 0, which looks at the token before and passes it on to layer 1, has a score near zero.
#
# Elhage et al. draw the eigenvalues of every head as points and find that ten of the twelve heads of a one-layer model of text copy significantly. In `story`, with MLPs and four layers, it is three of sixteen.

# %% [markdown] id="4285e64e"
# **Does a head with a high score copy?** The score speaks of weights. Behaviour can be asked for. Make the head look at one token and at nothing else: put an attention of 1 on one source into its pattern at the last position. Then silence the head there. The difference of the logits is what the head adds when it looks at that token, with everything that LayerNorm and later parts make of it.
#
# **Predict.** L3H1 of `story` has a score of 0.96. It is made to look at a token drawn from the text, in 256 texts. In how many per cent of them is this token the one whose logit the head raises most?

# %% id="c4630913"
predict("own_token_first", value=..., confidence=...)


# %% id="5de38b13"
def made_to_look(its_model, texts, layer, h, source):
    """What a head adds to the last logits when all its attention at the last position is on one source.

    source: one position for each text. Returns shape (batch, d_vocab).
    """
    rows, last = torch.arange(len(texts)), texts.shape[1] - 1
    gaze = torch.zeros(texts.shape)
    gaze[rows, source] = 1.0
    on_source = hooks.replace(hooks.pattern(layer, head=h, position=last), gaze)
    silent = hooks.zero(hooks.z(layer, head=h, position=last))
    looking, silenced = (
        hooks.run(its_model, texts, edits=[edit]).logits[:, -1]
        for edit in (on_source, silent)
    )
    return looking - silenced


def own_token_first(its_model, texts, layer, h, source):
    """For each text, whether the token looked at is the one raised most."""
    added = made_to_look(its_model, texts, layer, h, source)
    return added.argmax(-1) == texts[torch.arange(len(texts)), source]


looked_texts = story_tokens(256, seed=12)
looked_at = torch.randint(1, 95, (256,), generator=torch.Generator().manual_seed(6))
copies = {h: own_token_first(model, looked_texts, 3, h, looked_at) for h in (1, 3)}
twin_copies = own_token_first(untrained_story, looked_texts, 3, 1, looked_at)

plain_looked = torch.randint(1, 63, (64,), generator=torch.Generator().manual_seed(6))
plain_copies, plain_twin_copies = (
    torch.cat(
        [
            own_token_first(
                load_model("induction-2l-plain", seed=seed, untrained=untrained),
                plain_texts,
                1,
                0,
                plain_looked,
            )
            for seed in range(3)
        ]
    ).double()
    for untrained in (False, True)
)

# %% id="657f13fa"
predict.reveal("own_token_first", round(100 * copies[1].float().mean().item(), 1))

# %% id="56749960"
Claim(
    statement="Made to look at a token, L3H1 of story (seed 0) raises that token most in most texts.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="texts in which the token looked at is raised most",
    unit="%",
    estimate=100 * copies[1].double().mean().item(),
    interval=bootstrap_interval(100 * copies[1].double()),
    n=256,
    observations="texts",
    baseline=50.0,
    baseline_name="half of the texts, which is what 'most' asks; the same head of the untrained twin has "
    f"{100 * twin_copies.double().mean():.1f}, L3H3, whose score is negative, {100 * copies[3].double().mean():.1f}",
    does_not_say="That the head does not copy at all: it raises the token far oftener than its twin. How it behaves where it "
    "looks by itself: here it was made to look at tokens drawn evenly. That it is so in other trainings.",
)

# %% id="2ac6af3e"
Claim(
    statement="Made to look at a token, L1H0 of induction-2l-plain raises that token most, in all three seeds.",
    evidence=Evidence.CAUSAL_COMPONENT,
    quantity="texts in which the token looked at is raised most",
    unit="%",
    estimate=100 * plain_copies.mean().item(),
    interval=bootstrap_interval(
        100 * plain_copies, groups=plain_texts.new_tensor(range(64)).repeat(3)
    ),
    n=64,
    observations="texts, each in three seeds of the model",
    baseline=100 * plain_twin_copies.mean().item(),
    baseline_name="the same head of the untrained twins, on the same texts",
    threshold=50.0,
    does_not_say="That the head looks at the right token by itself (chapter 2). That there are no exceptions: "
    "the tokens were drawn, not gone through one by one, and with none in 64 texts up to about 5 % are not excluded.",
)

# %% [markdown] id="e1853780"
# Two heads with scores of 0.96 and 1.00. One raises the token it looks at above all others in about a quarter of the texts. The other does so in all of them. What does the first one copy?

# %% id="7d9cdce8"
# NBVAL_CHECK_OUTPUT
left, right = story_ends(weights, 3)
l3h1 = course.ov_circuit(left, weights["W_V"][3, 1], weights["W_O"][3, 1], right)
table = l3h1.product()
own_rank = (table > table.diagonal()[:, None]).sum(
    1
)  # words that are raised more than the token itself
print(f"score {story_scores[3, 1]:.2f}")
print(
    f"words that raise themselves most: {course.raises_itself_most(l3h1).sum()} of {len(VOCABULARY)}"
)
print(
    f"words that raise themselves more than the mean word: {int((table.diagonal() > table.mean(1)).sum())}"
)
print(f"words raised more than the word itself, median: {int(own_rank.median())}")
kin = {}  # word -> the kinds it belongs to
for entity in ENTITIES:
    if entity.text in VOCABULARY:
        kin.setdefault(VOCABULARY.index(entity.text), set()).add(entity.category)
known = sorted(kin)
# the word raised most, other than the word itself
best_other = table.clone().fill_diagonal_(-torch.inf).argmax(1).tolist()
has_kind = [i for i in known if best_other[i] in kin]
same_kind = [i for i in has_kind if kin[i] & kin[best_other[i]]]
expected = sum(sum(bool(kin[i] & kin[j]) for j in known if j != i) for i in known) / (
    len(VOCABULARY) - 1
)
print(
    f"of {len(known)} names, cities and other things: the other word raised most has a kind for "
    f"{len(has_kind)}, the same kind for {len(same_kind)}; drawn at random, for {expected:.0f}"
)

# %% [markdown] id="bc886e9e"
# Most words raise themselves more than the mean word: in this sense the head copies nearly everything. But for most words there are others that it raises even more, and where the best of these has a kind, it is the word's own kind in nearly half of the cases. It copies *roughly*: a word and what is like it. (It has a value of 32 numbers for 686 words. `induction-2l-plain` has 64 numbers for 64 tokens. That this is the reason was not tested.)
#
# In texts the token looked at comes first oftener than in the table. Texts are made of frequent words, and the MLP of layer 3 still reads what the head writes; the table has neither.
#
# So the score answers one question: do mixtures of tokens come out as themselves, rather than as others or reversed? It does not say that a token raises itself *most*, as the fourth table of two tokens showed; Elhage et al. say themselves that eigenvalues are an imperfect stand-in for copying. It does not say what the head looks at. And it is computed from bare tokens. Where it matters, ask for the behaviour.

# %% [markdown] id="4b8d1d8e"
# ## 1.18 How many directions?
#
# difficulty 3 of 5 · 20 minutes
#
# *You will be able to*: say how many directions a head reads and writes, how much of it the first few make up, and whether that is the part that matters. (Eckart & Young 1936 for the decomposition; Millidge & Black 2022, a forum post, [The Singular Value Decompositions of Transformer Weight Matrices are Highly Interpretable](https://www.lesswrong.com/posts/mkbGjzxD8d8XqKHzA/the-singular-value-decompositions-of-transformer-weight), for reading it in tokens.)
#
# $M = W_V W_O$ takes what a head reads to what it writes. In `story` it is 128 by 128, and it cannot be more than 32 things at once, because everything goes through a value of 32 numbers. Which 32? There is a best way to take such a matrix apart, the *singular value decomposition*:
#
# ```
#   x ──► how much of reads₁ is in it?  · σ₁ ──►  that much of writes₁ ──┐
#   x ──► how much of reads₂ is in it?  · σ₂ ──►  that much of writes₂ ──┼──► x M
#     ⋮                                                                  │
#   x ──► how much of reads₃₂ …         · σ₃₂ ─►  that much of writes₃₂ ─┘
# ```
#
# $$x M = \sum_{i} \sigma_i\, (x \cdot u_i)\, v_i, \qquad \sigma_1 \ge \sigma_2 \ge \dots \ge 0$$
#
# The $u_i$ are what the head **reads**: unit vectors, at right angles to each other. The $v_i$ are what it **writes**, also unit vectors at right angles. The singular value $\sigma_i$ says how strongly the pair passes through. (Turn both $u_i$ and $v_i$ round and nothing changes. So a direction has no sign of its own, only a pair has.)
#
# Cut the sum off after $k$ pairs and it is the closest matrix to $M$ among all that consist of $k$ pairs (Eckart & Young 1936). Close is meant in the sum of squared entries, $\lVert M \rVert^2$, which equals $\sum_i \sigma_i^2$. So the first $k$ pairs keep the share
#
# $$\mathrm{kept}_k = \frac{\sigma_1^2 + \dots + \sigma_k^2}{\sum_i \sigma_i^2} = 1 - \frac{\lVert M - M_k \rVert^2}{\lVert M \rVert^2} .$$
#
# It is often called *variance kept*: for inputs that point evenly in all directions, it is the share of the output's variance.
#
# **Predict.** How many of the 32 directions of L1H0, the head that looks at the token before, make up 90 per cent?

# %% id="12faafa9"
predict("directions_needed", value=..., confidence=...)

# %% [markdown] id="627bc94c"
# `torch.linalg.svd(M, full_matrices=False)` returns `U`, `S`, `Vh` with `M = U @ diag(S) @ Vh`, the singular values falling. Which of `U` and `Vh` is read follows from `x @ U @ diag(S) @ Vh`.


# %% id="6d3f030c" exercise="low_rank"
def low_rank(W_V, W_O, k):
    """The k strongest pairs of directions of a head.

    W_V: shape (d_model, d_head). W_O: (d_head, d_model). k: how many pairs, at most d_head.
    Returns (reads, writes, kept).
    reads, writes: unit vectors, one a row, shape (k, d_model) each, the strongest pair first. Any
        pair may be turned round, both of it together.
    kept: shape (k,): the share of the squared entries of W_V W_O that the first pair, the first
        two, and so on, make up together.
    """
    ### BEGIN SOLUTION
    U, S, Vh = torch.linalg.svd(W_V @ W_O, full_matrices=False)
    kept = (S**2).cumsum(0) / (S**2).sum()
    return U.T[:k], Vh[:k], kept[:k]
    ### END SOLUTION


# %% id="d4846df3" check="low_rank"
check(low_rank)

# %% [markdown] id="2f842ebc"
# **The identities**, on L1H0 of `story`. The map through the first $k$ write directions is $M$ with the rest cut off: $M_k = M V_k^\top V_k$ with the rows of $V_k$ the first $k$ of them. And what it leaves is one minus the share.

# %% id="ef52b8fd"
# NBVAL_CHECK_OUTPUT
M = weights["W_V"][1, 0] @ weights["W_O"][1, 0]
strongest = course.low_rank(weights["W_V"][1, 0], weights["W_O"][1, 0], 32)
for k in (1, 8, 32):
    writes = strongest.writes[:k]
    rest = M - M @ writes.T @ writes
    lost = (rest**2).sum() / (M**2).sum()
    print(
        f"{k:2d} directions keep {strongest.kept[k - 1]:.3f}:",
        assert_same(strongest.kept[k - 1], 1 - lost),
    )
pieces = sum(
    torch.outer(strongest.reads[i], strongest.writes[i])
    * (strongest.reads[i] @ M @ strongest.writes[i])
    for i in range(32)
)
print("all 32 pairs added up:", assert_same(pieces, M))

# %% [markdown] id="818b88b6"
# **Look.** Three heads of `story`, beside two baselines with the same shapes: two random factors, and the untrained twin's L1H0. A product of random matrices is not flat, so "the first directions keep more than their share" is no finding until it is compared with one.


# %% id="75be8b64"
def kept_by(its_weights, layer, h):
    return course.low_rank(
        its_weights["W_V"][layer, h], its_weights["W_O"][layer, h], 32
    ).kept


drawn = torch.Generator().manual_seed(18)
random_kept = torch.stack(
    [
        course.low_rank(
            torch.randn(128, 32, generator=drawn),
            torch.randn(32, 128, generator=drawn),
            32,
        ).kept
        for _ in range(50)
    ]
).mean(0)
untrained_weights = course.weights_of(untrained_story)
curves = {
    "L1H0": kept_by(weights, 1, 0),
    "L3H1": kept_by(weights, 3, 1),
    "L0H3": kept_by(weights, 0, 3),
    "random factors": random_kept,
    "L1H0, untrained": kept_by(untrained_weights, 1, 0),
}
plot(
    Lines(
        x=torch.arange(1, 33),
        lines=[Line(name, 100 * values) for name, values in curves.items()],
        x_name="directions, the strongest first",
        y_name="kept of W_V W_O (per cent)",
        title="story, d_head 32",
    ),
    caption="Share of the squared entries of W_V W_O that the strongest directions make up together: three heads of story, the mean of 50 products of random matrices of the same shapes, and a head of the untrained twin.",
)

# %% id="80233f26"
# NBVAL_CHECK_OUTPUT
needed = {name: int((values < 0.9).sum()) + 1 for name, values in curves.items()}
print("directions for 90 per cent:", needed)
all_needed = torch.tensor(
    [
        [int((kept_by(weights, layer, h) < 0.9).sum()) + 1 for h in range(4)]
        for layer in range(4)
    ]
)
print(f"all 16 heads: from {all_needed.min()} to {all_needed.max()}")
with_gain = course.fold_layer_norm(weights)
needed_with_gain = torch.tensor(
    [
        [int((kept_by(with_gain, layer, h) < 0.9).sum()) + 1 for h in range(4)]
        for layer in range(4)
    ]
)
moved = (needed_with_gain - all_needed).abs()
print(
    f"with LayerNorm's gain folded into W_V: another number for {int((moved > 0).sum())} head, by {moved.max()}"
)

# %% id="b3f0907e"
predict.reveal("directions_needed", needed["L1H0"])

# %% [markdown] id="49420c00"
# Trained heads use fewer directions than they have: nine or ten make up 90 per cent of L1H0 and L3H1, where random factors need 22. L0H3 is nearer to random. The untrained twin lies on the line of the random factors, as it should.
#
# (What $W_V$ reads in `story` is not the stream but LayerNorm's output, gain included. The last line folds the gain in, section 1.11, and counts again.)
#
# **In words.** A direction that is read can be held against the words of $W_E$: which words have most of it, which have least? One that is written can be held against $W_U$: which logits does it raise? Since only a pair has a sign, both ends belong to the list: words at one end of what is read raise words at the one end of what is written, words at the other end raise those at the other. In `story-attn-1l` nothing stands between, so this is exact. Head 1:

# %% id="39003b04"
listed = course.low_rank(attn1.W_V[0, 1], attn1.W_O[0, 1], 3)


def most(values, n=6):
    """The words with the largest numbers."""
    return " ".join(VOCABULARY[i] for i in values.topk(n).indices)


for i in range(3):
    heard = attn1.W_E @ listed.reads[i]
    heard = heard - heard.mean()
    raised = listed.writes[i] @ attn1.W_U
    raised = raised - raised.mean()
    share = listed.kept[i] - (listed.kept[i - 1] if i else 0)
    print(f"direction {i}, {100 * share:.0f} % of L0H1")
    print(f"   seeing (+)  {most(heard)}")
    print(f"   raises (+)  {most(raised)}")
    print(f"   seeing (−)  {most(-heard)}")
    print(f"   raises (−)  {most(-raised)}")

# %% [markdown] id="0b379d2c"
# Direction 0 has countries at one end of what it reads, three capitals among what it reads at the other end, and capitals among what the countries raise. Direction 1 is harder to name. This head was chosen because one of its directions can be read. Millidge & Black report that the directions of the OV circuits of GPT-2 can mostly be read. How many can in this model was not counted.
#
# A list of words is not evidence by itself. It was cut off after six, nobody has counted how many lists of random directions would seem to have a theme, and nothing was predicted by it. There is a more modest question that can be settled: are the strongest directions the ones that matter for what the model says?
#
# **Predict.** In the next experiment L1H0 of `story` writes only what lies in its strongest 8 directions. Without the head, the mean loss rises by some amount. Which share of the head's effect on the loss is left with 8 directions of 32: 0 per cent if it is as bad as without the head, 100 if nothing is lost?

# %% id="fbe75705"
predict("loss_with_eight", value=..., confidence=...)


# %% id="d83751f3"
def rise_of_loss(directions):
    """How much the loss of each text rises when L1H0 writes only what lies in these directions (rows)."""
    kept_part = l1h0_writes @ directions.T @ directions
    edit = hooks.add(hooks.attn_out(1), kept_part - l1h0_writes)
    logits = hooks.run(model, story_texts, edits=[edit]).logits
    return course.next_token_loss(logits, story_texts).mean(-1) - whole_loss


whole_run = hooks.run(model, story_texts, cache=[hooks.z(1, head=0)])
whole_loss = course.next_token_loss(whole_run.logits, story_texts).mean(-1)
l1h0_writes = (  # without b_V W_O, which is the same everywhere and stays
    whole_run.cache[hooks.z(1, head=0)] - weights["b_V"][1, 0]
) @ weights["W_O"][1, 0]
sizes_of_k = [0, 2, 4, 8, 16, 24, 32]
drawn = torch.Generator().manual_seed(19)
strong, chance = [], []
for k in sizes_of_k:
    strong.append(rise_of_loss(strongest.writes[:k]))
    turns = [
        torch.linalg.qr(torch.randn(32, 32, generator=drawn))[0][:k] for _ in range(3)
    ]
    chance.append(
        torch.stack([rise_of_loss(turn @ strongest.writes) for turn in turns]).mean(0)
    )
strong, chance = torch.stack(strong), torch.stack(chance)  # (k, text)
plot(
    Lines(
        x=torch.tensor(sizes_of_k),
        lines=[
            Line(
                "strongest",
                strong.mean(1),
                intervals=[bootstrap_interval(row) for row in strong],
            ),
            Line(
                "drawn at random",
                chance.mean(1),
                intervals=[bootstrap_interval(row) for row in chance],
            ),
        ],
        x_name="directions in which L1H0 still writes, of 32",
        y_name="rise of the mean loss (nats)",
        title="story, 64 texts of 96 tokens",
        interval="95 % interval (bootstrap over texts)",
    ),
    caption="Rise of story's mean loss when L1H0 writes only what lies in some of its 32 directions: the strongest ones, or as many drawn at random among all that it can write (mean of three draws). Band: 95 % interval, bootstrap over 64 texts.",
)

# %% id="a87a9aa7"
# NBVAL_CHECK_OUTPUT
without_head = strong[0].mean()
for k, first, second in zip(sizes_of_k, strong.mean(1), chance.mean(1), strict=True):
    print(
        f"{k:2d} directions: strongest {first.abs():.2f} nats, drawn {second.abs():.2f} nats"
    )
assert_same(strong[-1], torch.zeros(64))

# %% id="bd2fd496"
predict.reveal(
    "loss_with_eight", round(100 * (1 - strong[3].mean() / without_head).item(), 1)
)

# %% id="f810c457"
Claim(
    statement="Of what L1H0 of story (seed 0) writes, the 8 strongest directions carry more for the prediction than 8 drawn at random.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="rise of the loss with the 8 strongest directions, beside 8 drawn ones",
    unit="nats",
    estimate=(strong[3] - chance[3]).double().mean().item(),
    interval=bootstrap_interval(strong[3] - chance[3]),
    n=64,
    observations="texts of 96 tokens",
    baseline=0.0,
    baseline_name=f"no difference; without the head the loss rises by {without_head:.2f} nats",
    does_not_say="That a direction stands for something, or that the 8 are the best 8 for the loss: they are the largest ones. "
    "That other heads are like this one, or that it is so in other trainings. How much other draws would differ: there were "
    "three, and the interval is over texts only.",
)

# %% [markdown] id="9c4d6a6d"
# Eight of 32 directions carry nearly all of what this head does for the prediction; eight drawn at random among those that it can write lose more than a quarter of it. Part of this is size: the strongest eight hold about nine tenths of the squares, and eight drawn ones hold a quarter on average. But the strongest four carry about nine tenths of the effect with about 60 per cent of the squares.
#
# The two measures need not agree. The share of squares treats all inputs alike. The loss depends on the inputs that occur, and on who reads what was written. A direction with a small singular value may carry something rare and decisive; in the mean loss of these 64 texts nothing of the kind shows.
# %% [markdown] id="dd53d3b3"
# ## 1.19 The shortest path
#
# difficulty 3 of 5 · 20 minutes
#
# *You will be able to*: read the bigrams off a model without layers, and test whether a deeper model keeps them at the same place. (Elhage et al. 2021, section "Zero-Layer Transformers".)
#
# In every transformer there is one path on which nothing happens. The embedding of a token stays in the stream, and at the end the unembedding reads it:
#
# ```
#   token a ──► W_E[a] ──────────────────────────────────────► W_U ──► logits
#                  │                                       ▲
#                  └──► layer 0 ──► layer 1 ──► … ─────────┘     all other paths
# ```
#
# This is the **direct path**. Its logits for all tokens at once are the matrix $W_E W_U$: row $a$ says what the model thinks comes after token $a$, whatever stood before. A pair of neighbouring tokens is called a **bigram**, so row $a$ is about bigrams, and about nothing else.
#
# `story-0l` was trained on the same texts as `story`, and it has no layers: no attention, no MLP, no LayerNorm, no positions. The direct path is all there is of it.
#
# **What would be the best table?** Let $p(b \mid a)$ be how often $b$ follows $a$ in the texts, and $q(b \mid a)$ the softmax of row $a$. The loss of section 1.10 is smallest when $q = p$, that is, when the log-softmax of each row is $\log p(b \mid a)$. How far a table is from that is measured by the **Kullback–Leibler divergence**:
#
# $$D(a) = \sum_b p(b \mid a)\,\bigl(\log p(b \mid a) - \log q(b \mid a)\bigr), \qquad D = \sum_a p(a)\, D(a)$$
#
# In words: for each token, the mean of how many nats $q$ is behind $p$, over what really follows; then a mean over tokens, each as often as it occurs ($p(a)$, its share of all tokens). $D$ is zero if the two tables agree, and it is exactly the part of the loss that a better table would save. A pair that never occurs has $p(b \mid a) = 0$ and adds nothing: $0 \cdot \log 0$ counts as 0 here.
#
# **The truth.** Story World is a program, and the program belongs to the course. Its sentences are too many to list, so `story_bigrams` draws rows of text and counts. One kind of sentence would spoil that: in random codes (`code : teal 07 oslo ; …`) any of some hundreds of words may follow any other, more pairs than anybody can count. But their words are drawn at random from known lists, so their pairs' probabilities are calculated and not counted. What is left to chance are the pairs of all other sentences: some thousands, where the codes have more than 300,000.

# %% id="959a4924"
from mi_course.claims import Claim, Evidence, bootstrap_interval
from mi_course.display.bars import Bars
from mi_course.display.heatmap import Heatmap
from mi_course.display.lines import Line, Lines
from mi_course.interventions import embed, resid_post, run
from mi_course.worlds.story import VOCABULARY, encode, story_tokens

halves = [course.story_bigrams(6000, seed=seed) for seed in (1901, 1902)]
true_counts = halves[0] + halves[1]
true_share = course.unigrams(true_counts)
after_capital = true_counts[VOCABULARY.index("capital")]
for follower in after_capital.topk(2).indices.tolist():
    print(
        f"capital {VOCABULARY[follower]:4s} {after_capital[follower] / after_capital.sum():.2f}"
    )

# %% [markdown] id="0ed6f642"
# **Predict.** `story-0l` has the direct path and nothing else. `story` has four layers as well. Will the direct path of `story` be as near to the bigrams as that of `story-0l`; farther than that, but nearer than a table that says how frequent each word is, whatever came before; or farther still?

# %% id="197e5050"
predict("direct_path_of_story", value=..., confidence=...)

# %% [markdown] id="55ffb49e"
# Now write it: the table, and its distance from the counts.


# %% id="e3f828a4" exercise="direct_path_bigrams"
def direct_path_bigrams(W_E, W_U, counts):
    """What the direct path says of the next token, and how far that is from the corpus.

    W_E: shape (d_vocab, d_model). W_U: shape (d_model, d_vocab).
    counts: how often each token (column) follows each (row), shape (d_vocab, d_vocab).
        Some pairs are missing, and some tokens never occur.
    Returns two things: log-probabilities in nats, shape (d_vocab, d_vocab), a row for
    each token before; and the distance D, one number.
    """
    ### BEGIN SOLUTION
    log_probs = (W_E @ W_U).log_softmax(dim=-1)
    p = counts / counts.sum(dim=1, keepdim=True).clamp(min=1e-9)
    rows = (torch.xlogy(p, p) - p * log_probs).sum(dim=1)
    share = counts.sum(dim=1) / counts.sum()
    return log_probs, (share * rows).sum()
    ### END SOLUTION


# %% id="71347a14" check="direct_path_bigrams"
check(direct_path_bigrams)

# %% [markdown] id="5aa7b584"
# **The identity.** `story-0l`'s logits at a position are the row of $W_E W_U$ of the token there, and no other token matters. **The distance**, measured against all rows and against each half of them: the two halves differ from each other by the luck of the draw; both are above the whole, for a reason given below.

# %% id="807756a7"
# NBVAL_CHECK_OUTPUT
bigram_model = load_model("story-0l")
some_texts = story_tokens(64, seed=1903)
rows_of_table = (bigram_model.W_E @ bigram_model.W_U)[some_texts]
print(
    "logits are rows of W_E W_U:", assert_same(rows_of_table, bigram_model(some_texts))
)
for which, counted in (
    ("all", true_counts),
    ("one half", halves[0]),
    ("the other half", halves[1]),
):
    path = course.direct_path_bigrams(bigram_model.W_E, bigram_model.W_U, counted)
    print(f"story-0l against {which + ' of the rows':29s} {path.distance:.3f} nats")
bigram_path = course.direct_path_bigrams(
    bigram_model.W_E, bigram_model.W_U, true_counts
)

# %% [markdown] id="0808f8a3"
# A small sample makes every model look worse than it is: pairs that happened to be drawn look more probable than they are. The distance falls as rows are added, and the model's own card is an example. It counts the codes' pairs as well, and gives 0.096; most of that is the counting, not the model.
#
# **Look.** What really follows a word, and what the direct path of `story-0l` says.

# %% id="389c1c5b"
for before in ("capital", "gave", "and", "monday", "is"):
    row = VOCABULARY.index(before)
    truth_of_row = true_counts[row] / true_counts[row].sum()
    print(f"after {before}:")
    for follower in truth_of_row.topk(
        min(4, int((truth_of_row > 0).sum()))
    ).indices.tolist():
        print(
            f"    {VOCABULARY[follower]:10s} in the texts {truth_of_row[follower]:.3f}   "
            f"direct path {bigram_path.log_probs[row, follower].exp():.3f}"
        )

# %% [markdown] id="e902699b"
# In models with layers, Elhage et al. write, the direct path still tends to hold bigrams, those that no more general rule covers, such as *Obama* after *Barack*. Is that so in `story`? Its last LayerNorm stands on the path. It divides by a number that depends on everything in the stream, so there are two ways to read the path alone:
#
# - *by its own scale*: as if the embedding were all that reached the last LayerNorm;
# - *by the scale in texts*: the embedding divided by what LayerNorm really divides by at that word, on average over 64 texts. The bias of LayerNorm is left out here. It is added at the end whatever the stream holds, so it is on no path (section 1.13 counted it to the constant). What is left is the direct path's share of the logits.
#
# Beside these, `story-attn-1l` (one layer of attention, no LayerNorm), and the twin of `story-0l` before training.

# %% id="79b853a6"
final = {name: weights[name] for name in ("ln_final_w", "ln_final_b")}
by_own_scale = course.layer_norm(
    weights["W_E"], final["ln_final_w"], final["ln_final_b"]
)
kept = run(model, some_texts, cache=[embed(), *(resid_post(i) for i in range(4))])
stream_end = kept.cache[resid_post(3)]
end_scale = (
    (stream_end - stream_end.mean(-1, keepdim=True)).pow(2).mean(-1) + 1e-5
).sqrt()
times_seen = torch.bincount(some_texts.flatten(), minlength=len(VOCABULARY))
scale_of_word = torch.zeros(len(VOCABULARY)).index_add(
    0, some_texts.flatten(), end_scale.flatten()
)
scale_of_word = torch.where(
    times_seen > 0, scale_of_word / times_seen.clamp(min=1), end_scale.mean()
)
centred_embedding = weights["W_E"] - weights["W_E"].mean(-1, keepdim=True)
by_text_scale = centred_embedding / scale_of_word[:, None] * final["ln_final_w"]
one_layer = load_model("story-attn-1l")
twin_0l = load_model("story-0l", untrained=True)
paths = {
    "story-0l": (bigram_model.W_E, bigram_model.W_U),
    "story-attn-1l": (one_layer.W_E, one_layer.W_U),
    "story, own scale": (by_own_scale, weights["W_U"]),
    "story, scale in texts": (by_text_scale, weights["W_U"]),
    "story-0l untrained": (twin_0l.W_E, twin_0l.W_U),
}
far = {
    name: course.direct_path_bigrams(*path, true_counts).distance.item()
    for name, path in paths.items()
}
next_share = true_counts.sum(0) / true_counts.sum()
by_word_frequency = (
    (
        course.bigram_distances(true_counts, next_share.log().expand(686, 686))
        * true_share
    )
    .sum()
    .item()
)
all_alike = (
    (
        course.bigram_distances(true_counts, torch.zeros(686, 686).log_softmax(-1))
        * true_share
    )
    .sum()
    .item()
)
plot(
    Bars(
        names=list(far),
        values=torch.tensor(list(far.values())),
        name="distance from the bigrams (nats)",
        baseline=by_word_frequency,
        baseline_name="a table that knows only how frequent each word is",
        axis="direct path of",
        title="direct paths",
    ),
    caption="Distance of the direct path from Story World's bigrams, in nats, a mean over words by frequency. Dashed: the same for a table that knows only how frequent each word is.",
)

# %% id="ba8e0903"
# NBVAL_CHECK_OUTPUT
for name, distance in far.items():
    print(f"{name:22s} {distance:.2f} nats")
print(f"{'word frequencies':22s} {by_word_frequency:.2f} nats")
print(f"{'all words alike':22s} {all_alike:.2f} nats")
print(
    f"story: entries of the embedding have standard deviation {centred_embedding.std():.2f},"
)
print(f"and the last LayerNorm divides by {end_scale.mean():.0f}")

# %% id="33685a03"
assert min(far["story, own scale"], far["story, scale in texts"]) > by_word_frequency
predict.reveal("direct_path_of_story", "beyond the word frequencies")

# %% [markdown] id="1b1a8994"
# In `story` the direct path is no bigram table by either reading. By its own scale it is farther from the bigrams than an untrained table, which says nearly the same of every word: it is sure of itself, and wrong. By the scale in texts it says next to nothing: what enters at the top is about a hundredth of what stands in the stream at the end, so its logits hardly differ from each other, and the table is nearly the one in which all words are alike.
#
# **Why?** A hypothesis: the bigrams are in the model, but other paths carry them, and the direct path is free to be something else. Two tests.
#
# *First*, is the knowledge there, and since when? After each layer, put the last LayerNorm and the unembedding on the stream as it is (the logit lens of section 1.14). Average the probabilities over all places where the same word stands. If the model knows the bigrams, this average has to come out near them, since everything else that it knows averages out.

# %% id="04f6994a"
many_texts = story_tokens(512, seed=1904)
depth_sites = [embed(), *(resid_post(i) for i in range(4))]
averaged = torch.zeros(5, 686, 686, dtype=torch.double)
for batch_of_texts in many_texts.split(64):
    depth_cache = run(model, batch_of_texts, cache=depth_sites).cache
    for depth, site in enumerate(depth_sites):
        said = (
            course.layer_norm(
                depth_cache[site],
                final["ln_final_w"],
                final["ln_final_b"],
            )
            @ weights["W_U"]
        )
        averaged[depth].index_add_(
            0, batch_of_texts.flatten(), said.softmax(-1).flatten(0, 1).double()
        )
seen_often = torch.bincount(many_texts.flatten(), minlength=686) >= 20
known_rows = true_counts * seen_often[:, None]
by_depth = torch.stack(
    [
        (
            course.bigram_distances(
                known_rows, (table / table.sum(1, keepdim=True)).clamp(min=1e-12).log()
            )
            * course.unigrams(known_rows)
        ).sum()
        for table in averaged
    ]
)
frequency_of_known = (
    course.bigram_distances(known_rows, next_share.log().expand(686, 686))
    * course.unigrams(known_rows)
).sum()
plot(
    Lines(
        x=torch.arange(5),
        lines=[Line("mean prediction for each word", by_depth)],
        x_name="layers passed",
        y_name="distance from the bigrams (nats)",
        title="story, 512 texts, words that occur 20 times or more",
        baseline=(frequency_of_known.item(), "word frequencies only"),
    ),
    caption="Distance from the bigrams of story's mean prediction for each word, read from the stream after so many layers, on 512 texts. Dotted: a table that knows only how frequent each word is, for the same words before.",
)

# %% id="d38000f1"
# NBVAL_CHECK_OUTPUT
print(
    "distance after 0 to 4 layers:",
    ", ".join(f"{distance:.1f}" for distance in by_depth.tolist()),
)
print(
    f"for {int(seen_often.sum())} words; word frequencies only: {frequency_of_known:.1f}"
)

# %% [markdown] id="ac746bc1"
# By this reading the knowledge is there at the end, and at the beginning it cannot be read; each layer brings the mean prediction nearer. (What is left after the last layer is partly the sample: a word that occurs 20 times has been seen in 20 contexts only.)
#
# *Second*, is the direct path used? Take the embedding away from what the last LayerNorm reads, and only there: every layer still reads it. If `story` kept bigrams on this path, its loss would rise.
#
# **Predict.** By how many nats does `story`'s mean loss rise?

# %% id="b2b5966c"
predict("without_direct_path", value=..., confidence=...)


# %% id="990ef666"
def loss_without(missing):
    """story's loss of each text when something is taken from what its last LayerNorm reads."""
    left = (
        course.layer_norm(
            stream_end - missing, final["ln_final_w"], final["ln_final_b"]
        )
        @ weights["W_U"]
    )
    return course.next_token_loss(left, some_texts).mean(-1)


whole_loss = loss_without(0)
assert_same(whole_loss, course.next_token_loss(kept.logits, some_texts).mean(-1))
rise = loss_without(kept.cache[embed()]) - whole_loss
nothing_left = torch.zeros(64, 96, 686)
rise_0l = course.next_token_loss(nothing_left, some_texts) - course.next_token_loss(
    bigram_model(some_texts), some_texts
)
rise_by_layer = [
    (
        loss_without(
            kept.cache[resid_post(i)] - kept.cache[resid_post(i - 1) if i else embed()]
        )
        - whole_loss
    ).mean()
    for i in range(4)
]

# %% id="c90b53d2"
# NBVAL_CHECK_OUTPUT
print(
    f"without the embedding, at the end only: loss changes by less than 0.001: {bool(rise.mean().abs() < 1e-3)}"
)
for i, layer_rise in enumerate(rise_by_layer):
    print(f"without what layer {i} wrote, at the end only: {layer_rise:+.2f} nats")
print(f"story-0l without its direct path: {rise_0l.mean():+.2f} nats")

# %% id="df229b88"
predict.reveal("without_direct_path", round(rise.mean().item(), 3))

# %% id="9ac650ad"
Claim(
    statement="story (seed 0) hardly uses its direct path: without the embedding at the unembedding its loss is nearly the same.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="rise of the mean loss",
    unit="nats",
    estimate=rise.double().mean().item(),
    interval=bootstrap_interval(rise),
    n=len(rise),
    observations="texts of 96 tokens",
    baseline=min(rise_by_layer).item(),
    baseline_name="the smallest rise when what one of the four layers wrote is taken away at the same place",
    does_not_say="That the embedding is of no use: all layers read it, and only its last reader was cut off. Which part of a "
    "layer carries a bigram. That other trainings of story, or deeper models in general, leave this path unused; larger "
    "embeddings would weigh more.",
)

# %% id="12cd68a1"
words_at = some_texts[:, :-1].flatten()
per_word = course.bigram_distances(true_counts, bigram_path.log_probs)[words_at]
Claim(
    statement="The direct path of story-0l (seed 0), which is all of it, is near the bigram table of Story World.",
    evidence=Evidence.BEHAVIOURAL,
    direction="below",
    quantity="distance from the bigrams, mean over places in texts",
    unit="nats",
    estimate=per_word.mean().item(),
    interval=bootstrap_interval(per_word, groups=words_at),
    n=len(words_at.unique()),
    observations="words, at 6,080 places in 64 texts",
    baseline=by_word_frequency,
    baseline_name="a table that knows only how frequent each word is; the untrained twin has "
    f"{far['story-0l untrained']:.2f}, and the true table itself, counted in half of the rows, "
    f"{(course.bigram_distances(halves[0], (halves[1] / halves[1].sum(1, keepdim=True)).clamp(min=1e-9).log()) * course.unigrams(halves[0])).sum():.3f}",
    does_not_say="That the two tables are equal, that other trainings come as near, or that a model which has layers keeps its "
    "bigrams on this path.",
)

# %% [markdown] id="d66dd107"
# Both cards are about the same two matrices, $W_E$ and $W_U$, in two models of the same texts. What a product of weights means depends on what else is in the model. Section 1.20 goes on with the first kind of model in which there is something else.

# %% [markdown] id="979bec5a"
# ## 1.20 Words that act together from afar
#
# difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: read from the weights of a one-layer model which earlier words make it expect which next ones, test that against what the model does, and recognise a mistake that one head's tables cannot avoid. (Elhage et al. 2021, section "One-Layer Attention-Only Transformers"; Shlegeris 2023, [One-layer transformers aren't equivalent to a set of skip-trigrams](https://www.lesswrong.com/posts/b5HNYh9ne5vEkX5ag/one-layer-transformers-aren-t-equivalent-to-a-set-of-skip).)
#
# In a model with one layer of attention, one thing is new: a head at the present word can fetch something from an earlier one. So three words act together, of which the first may stand far away:
#
# ```
#   the  capital  of  france  is  ──►  paris
#                     A       B        C
#                     source  destination   out
#                     ▲       │
#                     └───────┘   B looks at A (QK circuit);  what A moves raises C (OV circuit)
# ```
#
# Elhage et al. call `A … B → C` a **skip trigram**. Two entries of the full circuits say what a head $h$ does with it:
#
# $$\mathrm{attend}^h(A, B) = \frac{(W_E[B]\, W_Q^h) \cdot (W_E[A]\, W_K^h)}{\sqrt{d_{head}}}, \qquad \mathrm{write}^h(A, C) = W_E[A]\, W_V^h W_O^h\, W_U[:, C]$$
#
# In words: *attend* is the score, before the softmax, that destination $B$ gives to source $A$. *Write* is what the head adds to the logit of $C$ when all of its attention is on $A$. The first does not know of $C$, and the second does not know of $B$.
#
# `story-attn-1l` has one layer of eight heads, no MLP and no LayerNorm, so beside these tables there are only the direct path (section 1.19), the biases and the positions. These can be large: in head 7 two of the three terms with positions move the scores more than the words do (section 1.16). And the tables are about single words, while a softmax divides one attention among all words of a text. Only for one destination at a time can scores be compared.
#
# Write the look-up, for several triples and all heads at once.


# %% id="a5d20d38" exercise="skip_trigrams"
def skip_trigrams(weights, source, destination, out):
    """The entries of each triple `source … destination -> out` in each head's circuits.

    weights: a dictionary of one layer: W_E (d_vocab, d_model); W_Q, W_K and W_V
        (head, d_model, d_head); W_O (head, d_head, d_model); W_U (d_model, d_vocab).
    source, destination, out: token numbers, shape (triple,) each.
    Returns two tensors of shape (triple, head): attend, the scores before the softmax,
    and write, what is added to the logit of `out` at attention 1.
    """
    ### BEGIN SOLUTION
    A, B = weights["W_E"][source], weights["W_E"][destination]
    query = torch.einsum("tm,hme->the", B, weights["W_Q"])
    key = torch.einsum("tm,hme->the", A, weights["W_K"])
    attend = (query * key).sum(dim=-1) / query.shape[-1] ** 0.5
    moved = torch.einsum("tm,hme,hen->thn", A, weights["W_V"], weights["W_O"])
    return attend, torch.einsum("thn,nt->th", moved, weights["W_U"][:, out])
    ### END SOLUTION


# %% id="3c2ccb23" check="skip_trigrams"
check(skip_trigrams)

# %% [markdown] id="cf5a2e67"
# **The identity.** The look-up beside the full circuits of every head, all pairs of words.

# %% id="f5985c43"
# NBVAL_CHECK_OUTPUT
from itertools import combinations

from mi_course.interventions import z, zero
from mi_course.worlds.story.entities import CAPITAL, COUNTRIES, LANGUAGE

one_layer = load_model("story-attn-1l")
small = course.one_layer_weights(one_layer)


def ids(texts):
    """Token numbers of some words."""
    return torch.tensor([VOCABULARY.index(each) for each in texts])


lands = ids(country.text for country in COUNTRIES)
capitals = ids(CAPITAL[country].text for country in COUNTRIES)
tongues = ids(LANGUAGE[country].text for country in COUNTRIES)
all_tongues = tongues.unique()
destination_is = ids(["is"]).expand(40)
entries = course.skip_trigrams(small, lands, destination_is, capitals)
full_qk = (
    torch.einsum(
        "bm,hme,hne,an->hba", small["W_E"], small["W_Q"], small["W_K"], small["W_E"]
    )
    / 16**0.5
)
full_ov = torch.einsum(
    "am,hme,hen,nc->hac", small["W_E"], small["W_V"], small["W_O"], small["W_U"]
)
print("attend:", assert_same(entries.attend, full_qk[:, destination_is, lands].T))
print("write: ", assert_same(entries.write, full_ov[:, lands, capitals].T))

# %% [markdown] id="7505d898"
# **Look.** Which heads know capitals, by the tables? Two things have to come together. A head must score countries above other words, at the words that stand before a capital or a language. And what it moves from a country must raise this country's capital above the mean of all capitals.

# %% id="f0ba04af"
looking = ["the", "of", "is", "in", "speak"]
scores_of = full_qk[:, ids(looking)]
above_others = scores_of[:, :, lands].mean(-1) - scores_of.mean(-1)
plot(
    Heatmap(
        values=above_others,
        rows=[f"head {head}" for head in range(8)],
        columns=looking,
        name="score of a country above that of a word",
        row_axis="head",
        column_axis="destination",
        title="story-attn-1l, from weights",
        diverging=True,
    ),
    caption="From the full QK circuits of story-attn-1l: how much higher a country's score is than that of an average word, by head and destination. Blue above zero, orange-red below.",
)

# %% id="ce7a099c"
own_capital = (
    full_ov[:, lands, capitals] - full_ov[:, lands][:, :, capitals].mean(-1)
).mean(-1)
own_tongue = (
    full_ov[:, lands, tongues] - full_ov[:, lands][:, :, all_tongues].mean(-1)
).mean(-1)
plot(
    Bars(
        names=[str(head) for head in range(8)],
        values=own_capital,
        name="logit above the mean of its kind",
        baseline=own_tongue,
        baseline_name="its language, above the mean language",
        axis="head",
        title="its capital, above the mean capital",
    ),
    caption="From the full OV circuits of story-attn-1l: by how much attention 1 on a country raises its capital above the mean of all capitals, and (hatched) its language above the mean of all languages; means over 40 countries.",
)

# %% [markdown] id="04b3ebb4"
# Heads 2, 4 and 7 have both: they score countries high at `is`, `in` and `speak`, and they move the right capital. (Head 0 scores countries high, too, and moves nothing that tells one capital from another.) Keep the hatched bars in mind.
#
# In the paper such tables are shown as lists, of the kind *source* → *destinations that look at it most* → *words it raises most*. Here are the rows of two words in two heads.

# %% id="26c04776"
for a_word in ("france", "japan"):
    for head in (4, 7):
        row = VOCABULARY.index(a_word)
        most_drawn = (
            (full_qk[head] - full_qk[head].mean(1, keepdim=True))[:, row]
            .topk(4)
            .indices.tolist()
        )
        raised = (full_ov[head, row] - full_ov[head].mean(0)).topk(4).indices.tolist()
        print(
            f"head {head}: {a_word:7s} looked at from {', '.join(VOCABULARY[i] for i in most_drawn):32s} "
            f"raises {', '.join(VOCABULARY[i] for i in raised)}"
        )

# %% [markdown] id="d37de292"
# Beside the words one expects stand others: more than half of the words that these rows raise do not belong to the country, and head 4 does not have `tokyo` among its first four for `japan`. One row of one head is not what the model says: the logits are the sum over all heads, and the bigrams.
#
# **In the texts**, how much of a skip trigram is `france … is → paris`? Counted in 4,000 rows: how often a country's capital follows `is`, when the country is among the four words before, and when it is not; the same for its language. All 40 countries are counted together.

# %% id="2e085c8c"
# NBVAL_CHECK_OUTPUT
texts_to_count = story_tokens(4000, seed=2001)
for kind, follows in (("capital", capitals), ("language", tongues)):
    rates = [
        course.corpus_rate(
            texts_to_count, land, VOCABULARY.index("is"), follower, window=4
        )
        for land, follower in zip(lands.tolist(), follows.tolist(), strict=True)
    ]
    n_with = sum(rate.n_with for rate in rates)
    n_without = sum(rate.n_without for rate in rates)
    pooled = sum(rate.with_source * rate.n_with for rate in rates) / n_with
    otherwise = sum(rate.without * rate.n_without for rate in rates) / n_without
    print(
        f"its {kind:8s} follows 'is': {pooled:.2f} with the country before (n = {n_with}), "
        f"{otherwise:.4f} without (n = {n_without})"
    )

# %% [markdown] id="3aaba4f3"
# (Each `is` counts once for every country that does not stand before it, hence the large n.) Where the country stands before and its capital does not follow, in nine of ten cases its language does. With a country and `is` alone nobody can tell which; `capital` or `language` has to be read, too.
#
# **Does the model do what the tables say?** Exchange the country, and the logit of its capital should fall. By how much, the tables foretell: `tables_say` puts all tables together (bigrams, scores, softmax, what is moved) for a text whose words have no positions.
#
# **Predict.** In `the capital of france is`, `france` becomes another country. By how much does the logit of `paris` fall in the model? (On average over the 40 countries, each exchanged for another one.)

# %% id="602f38c0"
predict("logit_of_paris", value=..., confidence=...)

# %% id="43208c03"
# NBVAL_CHECK_OUTPUT
# Each country is exchanged for another one, which has another language as well.
shift = next(by for by in range(1, 40) if (tongues != tongues.roll(by)).all())
other_land = torch.arange(40).roll(shift)


def prompts(template):
    """The prompt for each of the 40 countries."""
    return torch.tensor(
        [encode(template.format(country.text)) for country in COUNTRIES]
    )


def falls(logits, answers):
    """By how much each answer's logit falls when the country is exchanged."""
    return logits[torch.arange(40), answers] - logits[other_land, answers]


for template, answers in (
    ("the capital of {} is", capitals),
    ("{} has its capital in", capitals),
    ("the language of {} is", tongues),
    ("people in {} speak", tongues),
):
    measured = falls(one_layer(prompts(template))[:, -1], answers)
    foretold = falls(course.tables_say(small, prompts(template)), answers)
    together = torch.corrcoef(torch.stack([measured, foretold]))[0, 1]
    print(
        f"{template:22s} measured {measured.mean():5.1f}   from tables {foretold.mean():5.1f}   correlation {together:.2f}"
    )

# %% id="2024d0ae"
asked = prompts("the capital of {} is")
measured = falls(one_layer(asked)[:, -1], capitals)
foretold = falls(course.tables_say(small, asked), capitals)
predict.reveal("logit_of_paris", round(measured.mean().item(), 1))

# %% id="0d50f7d2"
Claim(
    statement="The tables of story-attn-1l foretell by how much the logit of a capital falls when its country is exchanged.",
    evidence=Evidence.BEHAVIOURAL,
    direction="below",
    quantity="mean distance between the fall foretold and the fall measured",
    unit="logits",
    estimate=(measured - foretold).abs().double().mean().item(),
    interval=bootstrap_interval((measured - foretold).abs()),
    n=40,
    observations="countries",
    baseline=(measured - measured.mean()).abs().mean().item(),
    baseline_name=f"the same fall foretold for every country, the mean one that was measured, {measured.mean():.1f}",
    does_not_say="That the tables foretell as well elsewhere: where a head looks by position, such as at the word before, they "
    "cannot. That one entry is enough: all heads and all words of the sentence are in this prediction.",
)

# %% [markdown] id="0a9126a7"
# **Are those the heads?** The tables named 2, 4 and 7. Silence the three, and see how far the right capital still stands above the mean of all capitals. The baseline is the same for every set of three among the other heads.


# %% id="d9799c2f"
# NBVAL_CHECK_OUTPUT
def own_above_others(heads):
    """For each country, the logit of its capital above the mean of all capitals, without these heads."""
    changed = run(
        one_layer, asked, edits=[zero(z(0, head=head)) for head in heads]
    ).logits[:, -1]
    return changed[torch.arange(40), capitals] - changed[:, capitals].mean(-1)


without_the_three = own_above_others((2, 4, 7))
other_sets = torch.stack(
    [own_above_others(three) for three in combinations((0, 1, 3, 5, 6), 3)]
).mean(1)
print(f"with all heads:          {own_above_others(()).mean():.1f}")
print(f"without heads 2, 4, 7:   {without_the_three.mean():.1f}")
print(
    f"without three others:    {other_sets.min():.1f} to {other_sets.max():.1f}, {len(other_sets)} sets"
)

# %% id="4cd3665f"
Claim(
    statement="Which capital belongs to which country is known to heads 2, 4 and 7 of story-attn-1l, as its tables say.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="logit of the right capital above the mean capital, without the three",
    unit="logits",
    estimate=without_the_three.double().mean().item(),
    interval=bootstrap_interval(without_the_three),
    n=40,
    observations="countries",
    baseline=other_sets.min().item(),
    baseline_name="the lowest of the ten sets of three among the other heads; with all heads it is "
    f"{own_above_others(()).mean():.1f}",
    does_not_say="That each of the three is needed, or does the same. That the other heads do nothing for this sentence: some "
    "raise all capitals together, which is not counted here. A head set to zero is a model that was never trained; "
    "chapter 2 compares ways of silencing.",
)

# %% [markdown] id="9687e65c"
# ### A mistake built into the tables
#
# *Attend* does not know of $C$, and *write* does not know of $B$. So a head that has learned `france … is → paris` for sentences about capitals and `france … speak → french` for sentences about languages has learned two more that nobody taught it: `france … is → french` and `france … speak → paris`. For in both cases the head looks at `france`, and what `france` moves is what it moves. (A model can get round it with one head for each question, or with a word that draws the attention away from `france`. The tables of one head cannot.) Elhage et al. call this a bug. Their example is a head that raises `keep … in mind` and `keep … at bay`, and so must raise `keep … in bay`.
#
# You have seen the hatched bars: the heads that move the capital move the language with it.
#
# **Predict.** After `the capital of france is`, the model says `paris`. Where does `french` stand among the languages, from 1 (the highest logit of all languages)? On average over the 40 countries.

# %% id="a1569dbe"
predict("french_for_a_capital", value=..., confidence=...)

# %% id="9aa50a57"
# NBVAL_CHECK_OUTPUT
for template, cross_kind, cross in (
    ("the capital of {} is", all_tongues, tongues),
    ("people in {} speak", capitals, capitals),
):
    at_end = one_layer(prompts(template))[:, -1]
    own = at_end[torch.arange(40), cross]
    above = own - at_end[:, cross_kind].mean(-1)
    place = 1 + (at_end[:, cross_kind] > own[:, None]).sum(-1)
    kind = "language" if cross is tongues else "capital"
    print(
        f"{template:22s} its {kind:8s} stands {above.mean():4.1f} above the mean {kind}, place {place.double().mean():.1f} of {len(cross_kind)}"
    )

# %% id="9b2f058b"
at_end = one_layer(asked)[:, -1]
own_language = at_end[torch.arange(40), tongues]
language_place = 1 + (at_end[:, all_tongues] > own_language[:, None]).sum(-1)
predict.reveal("french_for_a_capital", round(language_place.double().mean().item(), 2))

# %% [markdown] id="2c32b98a"
# The cross term is there at full strength: asked for a capital, the model puts the country's language above all other languages, by nearly as much as where a language is asked for. What then keeps it from saying `french`? The other words of the sentence. Look at the two kinds as a whole: the mean logit of all capitals beside the mean logit of all languages.

# %% id="8d98f37a"
# NBVAL_CHECK_OUTPUT
for template in ("the capital of {} is", "the language of {} is"):
    at_end = one_layer(prompts(template))[:, -1]
    gap = at_end[:, capitals].mean(-1) - at_end[:, all_tongues].mean(-1)
    wrong_answers = tongues if "capital" in template else capitals
    chance_of_wrong = at_end.softmax(-1)[torch.arange(40), wrong_answers].mean()
    print(
        f"{template:22s} capitals above languages by {gap.mean():5.1f}; probability of the cross term {chance_of_wrong:.4f}"
    )

# %% [markdown] id="87c10dac"
# `capital` raises all capitals, `language` raises all languages, and the country raises its own capital and its own language. The sum is highest where both agree. So the bug costs this model little: a probability below one in a thousand. It is paid for in another coin. The kinds have to be kept far apart in every such sentence, because within a kind the country's own word is always up.
#
# In this model the table explains what it was asked about. Shlegeris points out why that need not be so: a softmax makes heads look *less* at one word when another is there, which no list of triples says. Therefore the tables were tested above by the model's own behaviour, with all words of the sentence in place.

# %% id="24d69644"
cross_term = own_language - one_layer(asked)[:, -1][other_land, tongues]
at_speak = one_layer(prompts("people in {} speak"))[:, -1]
Claim(
    statement="Where a capital is asked for, story-attn-1l also raises the country's language, which is not asked for.",
    evidence=Evidence.BEHAVIOURAL,
    quantity="fall of the language's logit when the country is exchanged",
    unit="logits",
    estimate=cross_term.double().mean().item(),
    interval=bootstrap_interval(cross_term),
    n=40,
    observations="countries",
    baseline=0.0,
    baseline_name="a model in which the country does not matter for words that are not asked for; where the language is asked for "
    f"the fall is {falls(at_speak, tongues).mean():.1f}",
    does_not_say="That the model says the wrong word: it does not. That a larger model, in which a later layer can read what was "
    "asked, has the same cross terms.",
)

# %% [markdown] id="215212f6"
# ## 1.21 Heads that read heads
#
# difficulty 4 of 5 · 45 minutes
#
# *You will be able to*: measure from weights whether a head could read what an earlier head wrote, say what chance would give, and find out whether it does read it. (Elhage et al. 2021, section "Two-Layer Attention-Only Transformers", where Q-, K- and V-composition are defined.)
#
# With two layers something new becomes possible. A head of the second layer reads a stream into which the heads of the first have written. It can read that in three places:
#
# ```
#   earlier head writes  x W_V W_O  into the stream
#                             │
#            ┌────────────────┼────────────────┐
#            ▼                ▼                ▼
#         queries            keys            values          of a later head
#      Q-composition     K-composition    V-composition
#      who looks         who is found     what is moved
# ```
#
# Q- and K-composition change where the later head looks. V-composition changes what it moves.
#
# Whether a later head *can* read an earlier one is a question about directions. What the earlier head writes is $x\, W_{OV}$ with $W_{OV} = W_V W_O$, of shape (d_model, d_model). The later head scores with $x_{dest}\, W_{QK}\, x_{src}^\top$, where $W_{QK} = W_Q W_K^\top$. Put what was written in the place of $x_{dest}$, of $x_{src}$, or of what the later head's values are made from, and the earlier matrix is followed by
#
# $$R_Q = W_{QK} = W_Q W_K^\top, \qquad R_K = W_{QK}^\top = W_K W_Q^\top, \qquad R_V = W_V W_O \quad \text{(of the later head).}$$
#
# If the earlier head writes where the later one does not look, the product $W_{OV} R$ is small. Elhage et al. measure it beside what the two matrices could give at most:
#
# $$\mathrm{share} = \frac{\lVert W_{OV}\, R \rVert_F}{\lVert W_{OV} \rVert_F\, \lVert R \rVert_F}$$
#
# The **Frobenius norm** $\lVert A \rVert_F$ is the root of the sum of all squared entries of $A$. The share lies between 0 and 1.
#
# (In the paper, with columns, K-composition is $\lVert W_{QK} W_{OV} \rVert$. Transposed into rows that is $W_{OV} W_{QK}^\top$, the same number.)
#
# **What would chance give?** Not zero. Two matrices that know nothing of each other have something in common. Turn the later head at random: put a rotation $T$ between the two. Then, on average over all rotations,
#
# $$\mathbb{E}\, \lVert W_{OV}\, T\, R \rVert_F^2 = \frac{\lVert W_{OV} \rVert_F^2\; \lVert R \rVert_F^2}{d_{model}}.$$
#
# So the root mean square of the share is $1/\sqrt{d_{model}}$, whatever the singular values are. How far single rotations lie from it does depend on them: where a matrix has one dominant direction, far. Compare a score with rotations of the same pair. (Elhage et al. take away the average of random matrices of the same shapes, which is nearly the same number.) The **score** is the share less $1/\sqrt{d_{model}}$. Above zero: the later head is turned toward what the earlier one writes. Below zero: turned away.
#
# **Predict.** `induction-2l-plain` has two layers of one head each, and was trained to continue repeated tokens. There are three scores, for Q, K and V. How many of them are above chance?

# %% id="ef1db0fd"
predict("pairs_above_chance", value=..., confidence=...)

# %% [markdown] id="5957e00a"
# Write the score for all pairs of an earlier and a later layer. `A.mT` is `A` with its last two axes exchanged.


# %% id="a1953ff4" exercise="composition_scores"
def composition_scores(earlier, later, kind):
    """How much more each later head reads of what each earlier one writes than chance.

    earlier, later: dictionaries of one layer's heads: W_Q, W_K and W_V
        (head, d_model, d_head), W_O (head, d_head, d_model). The layers may differ in
        their number of heads.
    kind: "Q", "K" or "V", the input of the later head.
    Returns shape (earlier head, later head): the share, less 1 / sqrt(d_model).
    """
    ### BEGIN SOLUTION
    written = earlier["W_V"] @ earlier["W_O"]
    reads = {
        "Q": later["W_Q"] @ later["W_K"].mT,
        "K": later["W_K"] @ later["W_Q"].mT,
        "V": later["W_V"] @ later["W_O"],
    }[kind]
    norm = torch.linalg.matrix_norm
    both = norm(written[:, None] @ reads[None])
    share = both / (norm(written)[:, None] * norm(reads)[None])
    return share - written.shape[-1] ** -0.5
    ### END SOLUTION


# %% id="37f7caac" check="composition_scores"
check(composition_scores)

# %% [markdown] id="86e8f55d"
# **The identity of chance**, by drawing 300 rotations: the root of the mean square of the share, beside $1/\sqrt{64}$. In the models with LayerNorm, `head_weights` multiplies the gain into what reads the stream and takes out the mean, as in section 1.11.

# %% id="af589dbd"
# NBVAL_CHECK_OUTPUT
from itertools import combinations

from mi_course.worlds import repeated_tokens

plain_heads = course.head_weights(load_model("induction-2l-plain"))
turned_shares = course.rotated_shares(plain_heads[0], plain_heads[1], "K", draws=300)[
    :, 0, 0
]
print(
    f"root mean square of turned shares {turned_shares.pow(2).mean().sqrt():.3f}, chance {64**-0.5:.3f}"
)
print(f"all of them from {turned_shares.min():.2f} to {turned_shares.max():.2f}")

# %% id="0132302b"
# NBVAL_CHECK_OUTPUT
plain_scores = {}
for seed in range(3):
    plain_heads = course.head_weights(load_model("induction-2l-plain", seed=seed))
    plain_scores[seed] = {
        kind: course.composition_scores(plain_heads[0], plain_heads[1], kind).item()
        for kind in "QKV"
    }
    print(
        f"induction-2l-plain, seed {seed}: "
        + ", ".join(
            f"{kind} {score:+.2f}" for kind, score in plain_scores[seed].items()
        )
    )

# %% id="96863be9"
predict.reveal(
    "pairs_above_chance", sum(score > 0 for score in plain_scores[0].values())
)

# %% [markdown] id="b570fa12"
# K-composition, in every seed, and Q and V below chance: the later head is turned toward what the earlier one writes where it makes its keys, and away from it elsewhere. This is the picture of the paper. An earlier head writes which token came *before*; the later head finds the places where that is the present token. (Chapter 2 takes this mechanism, the induction head, apart.) The paper carries a correction to its figure of such scores: a bug in a library had hidden composition that was there.
#
# **With more heads.** `induction-2l` has four heads a layer, rotary positions and LayerNorm. Its card names the head that looks at the previous token and the one that looks at the token after the previous copy. Is their K score above chance, in all five seeds? (The rotation of section 1.6 stands between $W_Q$ and $W_K^\top$, another one for every distance. It is left out here, so the scores of this model and of `story` are those at distance zero.)

# %% id="ed02e179"
# NBVAL_CHECK_OUTPUT
from mi_course.zoo import card

pair_scores = []
for seed in range(5):
    phenomena = card("induction-2l")["seeds"][str(seed)]["phenomena"]
    one, two = (
        phenomena[score]["best"]["head"]
        for score in ("previous_token_score", "induction_score")
    )
    four_heads = course.head_weights(load_model("induction-2l", seed=seed))
    k_scores = course.composition_scores(four_heads[0], four_heads[1], "K")
    turned_pair = course.rotated_shares(four_heads[0], four_heads[1], "K", draws=100)[
        :, int(one[3]), int(two[3])
    ]
    pair_scores.append(k_scores[int(one[3]), int(two[3])].item())
    print(
        f"seed {seed}: {one} to {two} {pair_scores[-1]:+.2f}; highest of 100 rotations {turned_pair.max() - 0.125:+.2f}"
    )

# %% id="0629a6bf"
Claim(
    statement="In induction-2l the head that looks at the previous token and the induction head are turned toward each other in K.",
    evidence=Evidence.CORRELATIONAL,
    quantity="K-composition score of the two heads",
    estimate=sum(pair_scores) / 5,
    interval=bootstrap_interval(pair_scores),
    n=5,
    observations="seeds",
    baseline=0.0,
    baseline_name="chance, the same heads turned at random; the interval is over five seeds, which is few",
    does_not_say="That the induction head uses what it could read. Weights say what is possible; the rest of this section is about "
    "the difference.",
)

# %% [markdown] id="5ddd2e29"
# **In `story`**, with four heads in four layers, all 96 pairs. Its card says that L1H0 looks at the previous token most, and L3H1 at the token after a previous copy.

# %% id="3c07bbb5"
story_heads = course.head_weights(model)
story_k = torch.full((16, 16), 0.0)
for early in range(4):
    for late in range(early + 1, 4):
        story_k[4 * early : 4 * early + 4, 4 * late : 4 * late + 4] = (
            course.composition_scores(story_heads[early], story_heads[late], "K")
        )
names_of_heads = [f"L{layer}H{head}" for layer in range(4) for head in range(4)]
plot(
    Heatmap(
        values=story_k[:12, 4:],
        rows=names_of_heads[:12],
        columns=names_of_heads[4:],
        name="score, 0 is chance",
        row_axis="earlier head (writes)",
        column_axis="later head (keys)",
        title="story, K-composition",
        diverging=True,
    ),
    caption="K-composition scores of story: share of what an earlier head (row) writes that a later head (column) reads into its keys, less that of chance. Blue above chance, orange-red below. The white stair at the lower left holds no pairs: there the row's layer is not before the column's.",
)

# %% id="0797b502"
# NBVAL_CHECK_OUTPUT
order = story_k.flatten().argsort(descending=True)[:3].tolist()
for rank, place in enumerate(order):
    print(
        f"{rank + 1}. {names_of_heads[place // 16]} to {names_of_heads[place % 16]}: {story_k.flatten()[place]:+.2f}"
    )
above_all = below_all = 0
for early, late in combinations(range(4), 2):
    pair_of_layers = (story_heads[early], story_heads[late], "K")
    unturned = course.composition_shares(*pair_of_layers)
    turned_k = course.rotated_shares(*pair_of_layers, draws=100)
    above_all += int((unturned > turned_k.max(0).values).sum())
    below_all += int((unturned < turned_k.min(0).values).sum())
print(
    f"of 96 pairs, above all of 100 rotations: {above_all}, below all of them: {below_all}"
)

# %% [markdown] id="ba000fcd"
# Among the three highest is the pair that one would expect from where the two heads look. But a third of the pairs score above every one of 100 rotations, where about one pair in a hundred would by luck: being above chance singles out hardly anything. (Some others are below every rotation.) In a model with MLPs and many heads these scores are a list of candidates.
#
# ### Break this claim
#
# Somebody has looked through the five seeds of `induction-2l` and reports:
#
# > *The strongest composition of all is in seed 2: V-composition of L0H1 and L1H1, with a score of 0.65. None of 300 random rotations comes near it. It is more than three times the K-composition of the previous-token head and the induction head. So L0H1 and L1H1 make a virtual head (Elhage et al.: two heads whose $W_{OV}$ act one after the other, like one head) that matters more for this model than its induction head.*
#
# The number is right, and so is the baseline:

# %% id="f7cad9ba"
# NBVAL_CHECK_OUTPUT
suspect = load_model("induction-2l", seed=2)
suspect_heads = course.head_weights(suspect)
all_scores = {
    kind: course.composition_scores(suspect_heads[0], suspect_heads[1], kind)
    for kind in "QKV"
}
turned_v = (
    course.rotated_shares(suspect_heads[0], suspect_heads[1], "V", draws=300)[:, 1, 1]
    - 0.125
)
print(
    f"V, L0H1 to L1H1: {all_scores['V'][1, 1]:+.2f}; highest score of all: {max(scores.max() for scores in all_scores.values()):+.2f}"
)
print(f"highest of 300 rotations: {turned_v.max():+.2f}")

# %% [markdown] id="c1e8d3f4"
# **Predict.** What would you measure? One experiment is to *cut the path*: take what L0H1 wrote out of the values of L1H1, and leave everything else as it is. By how many nats does the loss on repeated tokens rise?

# %% id="519b9de2"
predict("strongest_path_cut", value=..., confidence=...)

# %% [markdown] id="b1c9ee6c"
# Before the result, write such an experiment for keys. Here the truth is known: the check builds models by hand, without LayerNorm, in which some heads find their keys through an earlier head and some only look as if they did. One decoy has, to the last digit, the same $W_V W_O$ as the head that matters, and therefore the same scores.
#
# For a pair of heads: what the earlier one wrote is its `z` times its `W_O`, at every position; in the later head's keys that became this times the later head's `W_K`. (A key is linear in the stream, so it is a sum, and one term can be taken out.) Take it out of the keys of that one head. Then see how much of its attention is elsewhere: for each destination half the sum of absolute differences between the two rows of the pattern, a number from 0 to 1, and the mean of it over texts and destinations.
#
# `run(model, tokens, edits=[…], cache=[…])` of `mi_course.interventions` does the runs. `z(0, head=1)`, `k(2, head=0)` and `pattern(2, head=0)` name places, `.cache[place]` is what was there, and `add(place, tensor)` is an edit. `model.W_O[layer, head]` and `model.W_K[layer, head]` are weights, `model.cfg.n_layers` and `model.cfg.n_heads` the counts. Import what you need inside your function (`from mi_course.interventions import add, k, pattern, z`): cells above use the names `pattern` and `k` for something else.


# %% id="e015ef3e" exercise="composing_heads"
def composing_heads(model, tokens, threshold=0.05):
    """The pairs of heads in which the later one finds its keys through the earlier one.

    model: attention only, no LayerNorm. tokens: texts, shape (batch, pos).
    A pair counts if, without what the earlier head wrote in the later head's keys, more
    than `threshold` of the later head's attention is elsewhere.
    Returns a list of pairs ((layer, head), (layer, head)), earlier head first.
    """
    ### BEGIN SOLUTION
    from mi_course.interventions import add, k, pattern, z

    found = []
    heads = [
        (layer, head)
        for layer in range(model.cfg.n_layers)
        for head in range(model.cfg.n_heads)
    ]
    for l0, h0 in heads:
        for l1, h1 in heads:
            if l0 >= l1:
                continue
            place = pattern(l1, head=h1)
            whole = run(model, tokens, cache=[z(l0, head=h0), place]).cache
            read = whole[z(l0, head=h0)] @ model.W_O[l0, h0] @ model.W_K[l1, h1]
            cut = run(
                model, tokens, edits=[add(k(l1, head=h1), -read)], cache=[place]
            ).cache
            moved = (whole[place] - cut[place]).abs().sum(-1).mean() / 2
            if moved > threshold:
                found.append(((l0, h0), (l1, h1)))
    return found
    ### END SOLUTION


# %% id="be797eea" check="composing_heads"
check(composing_heads)

# %% [markdown] id="0f6c6ff0"
# **The result.** `cut_path` is the same experiment for queries, keys or values, on models with LayerNorm as well (which keeps the scale that it had). In seed 2: the path with the highest score, the path from the previous-token head to the induction head, and, for comparison, how large the heads' matrices are.

# %% id="a82b8d42"
# NBVAL_CHECK_OUTPUT
repeated = repeated_tokens(128, 20, 2, 64, seed=2101).tokens


def repeat_loss(logits):
    """Mean loss of each text on its second copy."""
    return course.next_token_loss(logits, repeated)[:, 20:].mean(-1)


uncut = repeat_loss(suspect(repeated))
paths_cut = {}
for kind, early_head, late_head in (("V", (0, 1), (1, 1)), ("K", (0, 2), (1, 3))):
    paths_cut[kind] = (
        repeat_loss(
            course.cut_path(suspect, repeated, early_head, late_head, kind).logits
        )
        - uncut
    )
    print(
        f"{kind}, L0H{early_head[1]} to L1H{late_head[1]}: score {all_scores[kind][early_head[1], late_head[1]]:+.2f}, loss rises by {paths_cut[kind].mean():.2f}"
    )
for layer in range(2):
    sizes_of_ov = torch.linalg.matrix_norm(
        suspect_heads[layer]["W_V"] @ suspect_heads[layer]["W_O"]
    )
    shown = ", ".join(
        f"H{head} {size:.1e}" for head, size in enumerate(sizes_of_ov.tolist())
    )
    print(f"size of W_V W_O in layer {layer}: {shown}")

# %% id="c183770d"
predict.reveal("strongest_path_cut", round(paths_cut["V"].mean().item(), 3))

# %% [markdown] id="d7941907"
# L0H1 and L1H1 are dead heads: their matrices are next to nothing. Training made them so, by a penalty on the size of each head (`head_penalty` on the model's card). A share is divided by both norms, so it says how two matrices are turned and nothing about how large they are. The two remainders are turned toward each other more than any rotation drawn here would turn them, and nothing passes.
#
# The same can be wrong in the other direction. Here are the four paths into the keys of seed 0's induction head, L1H2, score beside experiment:

# %% id="6e072144"
# NBVAL_CHECK_OUTPUT
seed_0 = load_model("induction-2l", seed=0)
seed_0_heads = course.head_weights(seed_0)
seed_0_k = course.composition_scores(seed_0_heads[0], seed_0_heads[1], "K")
for early_head in range(4):
    moved = course.pattern_change(seed_0, repeated, (0, early_head), (1, 2)).mean()
    print(
        f"L0H{early_head} to L1H2: K score {seed_0_k[early_head, 2]:+.2f}, attention that moves when the path is cut {moved:.2f}"
    )

# %% [markdown] id="3f37483a"
# L0H3 is the previous-token head, and score and experiment agree on it. But L0H2, whose score is that of chance, moves some of L1H2's attention as well: a path at chance is not a path that is closed.

# %% id="ca01ac36"
Claim(
    statement="The path with the highest composition score of induction-2l, seed 2, carries nothing that the loss on repeated tokens shows.",
    evidence=Evidence.CAUSAL_COMPONENT,
    direction="below",
    quantity="rise of the loss on repeated tokens when the path is cut",
    unit="nats",
    estimate=paths_cut["V"].double().mean().item(),
    interval=bootstrap_interval(paths_cut["V"]),
    n=len(repeated),
    observations="sequences of random tokens, repeated",
    baseline=0.01,
    baseline_name="a bar of a hundredth of a nat; cutting K of the previous-token head into the induction head costs "
    f"{paths_cut['K'].mean():.1f}",
    does_not_say="That scores are worthless: the pair that matters has a high one in every seed. That a path which carries nothing "
    "on these texts carries nothing on others.",
)

# %% [markdown] id="5bfc615e"
# A score from weights is a question to the model, not its answer. It leaves out how large the matrices are, where the earlier head looks (the decoy of the exercise looks at `[BOS]`, and adds the same to all keys, which moves no attention), the rotation, and what becomes of the later head's output. Cutting the path covers the first three; the loss after the cut speaks about the last.
#
# Chapter 2 takes the heads that continue repeated text apart, by what they do in texts.

# %% [markdown] id="ce214d10"
# ## Scale up
#
# Everything in this chapter that takes `weights` is written to work on GPT-2 small as well (Radford et al. 2019): 12 layers of 12 heads, `d_model` 768, 50,257 tokens, 124 million numbers. Two things differ from `story`. Positions are learned, so `weights` has a `W_pos`, which `course.transformer_forward` adds in place of the rotation. And the unembedding is the embedding turned round: $W_U = W_E^\top$.
#
# The next cell uses GPT-2 if the Hugging Face hub, or a copy on this machine, can be reached. If not, it says so, as in the output that came with the course, which is from a machine that could not load it. Nothing else depends on it.

# %% id="0e98f814"
import contextlib
import io

from mi_course.errors import CourseError


def on_gpt2(big, sentence="The Eiffel Tower is in the city of"):
    """Forward pass, logit lens and neurons' words of GPT-2, with this chapter's functions."""
    big_weights = course.weights_of(big)
    count = sum(weight.numel() for name, weight in big_weights.items() if name != "W_U")
    count -= big_weights["b_U"].numel()  # zeros that TransformerLens puts there
    print(
        f"{len(big_weights['W_Q'])} layers, {big_weights['W_Q'].shape[1]} heads,",
        end=" ",
    )
    print(
        f"d_vocab, d_model {tuple(big_weights['W_E'].shape)}, {count / 1e6:.0f} million"
    )
    speak = big.tokenizer
    ids = [speak.bos_token_id, *speak(sentence, add_special_tokens=False)["input_ids"]]
    big_logits, big_cache = big.run_with_cache(torch.tensor([ids]))
    own = course.transformer_forward(torch.tensor([ids]), big_weights)
    gap = (own - big_logits).abs().max().item()
    print(f"forward pass written here and the library's: largest difference {gap:.1g}")
    print(f"\nlogit lens at the end of {sentence!r}")
    for r, at_last in enumerate(course.logit_lens(big_cache, big_weights)[:, 0, -1]):
        print(
            f"  reading {r:2d}:",
            [speak.decode([i]) for i in at_last.topk(4).indices.tolist()],
        )
    middle = len(big_weights["W_Q"]) // 2
    for layer_of in (middle, len(big_weights["W_Q"]) - 1):
        print(f"\nwords raised most by the first three neurons of layer {layer_of}")
        for n, listed in enumerate(course.mlp_vocabulary(big_weights, layer_of, 8)[:3]):
            print(f"  neuron {n}:", [speak.decode([i]) for i in listed.tolist()])


try:
    with contextlib.redirect_stderr(io.StringIO()):  # no bars of a download
        gpt2 = load_model("gpt2")
except CourseError as reason:
    print(f"Not run on GPT-2. {reason}")
else:
    on_gpt2(gpt2)

# %% [markdown] id="1e810f1e"
# What to look for, if it ran: the largest difference of a logit should be small beside the differences between words; where logits are large, rounding shows earlier than in `story`. In the lens, nostalgebraist's description: nonsense or shallow guesses first, the final guess some layers before the end. In the neurons' lists, Geva et al. 2022 had annotators look for what the words of a list have in common, and report that often something can be named; keep in mind what random directions did in section 1.15, and try some.
# %% [markdown] id="36366d69"
# ## What is known now
#
# - Every number that `story` computes can be computed with a few dozen lines: embedding, LayerNorm, attention, MLP, unembedding. *Measured: every part of every layer beside the library on one text, the logits on 64, within 1e-4.*
# - What attention writes is a sum over heads, and what an MLP writes is a sum over neurons. *Identities.*
# - Scores depend on the distance between query and key, not on where the pair stands. *Identity.*
# - L1H0 of seed 0 looks mostly at the token before. *Correlational.*
# - On fresh texts `story` predicts better than the frequencies of words, and of pairs of neighbouring words. *Behavioural.*
# - Without the rotation its first choice is another one at most positions. *Causal, for a component.*
#
# Then, taken apart:
#
# - LayerNorm's gains and biases can be moved into the weights, and what LayerNorm and the softmax do not see can be taken out. Patterns and neurons stay what they were; sizes of what is written do not. *Identities.*
# - The stream is a sum of everything that was written, and a logit difference is a sum of direct contributions, if the last LayerNorm's scale is held. *Identities.* L3H3 of seed 0 writes for the receiver of a gift, mostly against the giver. *Correlational.*
# - A reading of the lens shows the direct road only. A head without any direct effect can carry the whole answer. *Causal, for a component.*
# - The words that a neuron raises look like concepts; most of that is the geometry of the unembedding, which random directions show as well. *Correlational, beside a baseline.*
# - Where positions are learned and no LayerNorm stands between, heads are two circuits whose tables can be read whole. *Identities.* What the tables of a one-layer model say of capitals foretells what happens when the country is exchanged. *Behavioural*; and which heads know it, *causal, for a component.*
# - A model without layers has the corpus's bigrams on its direct path. `story` hardly uses that path. *Causal, for a component.*
# - Composition scores above chance list candidates. The highest of them all belongs to a path whose cutting changes nothing in the loss. *Causal, for a component.*
#
# And not known: by what algorithm `story` answers any question. What was found are parts that matter, and roads by which they could. From there to a mechanism that accounts for a behaviour, end to end, is the way of the next chapters.
#
# ### To talk about in a group
#
# 1. You hold the complete program of `story`. Lillicrap & Kording 2019 ask, in the title of a paper, what it means to understand a neural network. What would you have to be able to say about `story` that its program does not say?
# 2. The copy with the exact GELU has the same most probable token nearly everywhere. For which questions about `story` would it be good enough, and for which not? Who decides?
# 3. A head's pattern is observed, its output is a sum term that can be removed. Which of the two is better evidence for what the head does, and what is missing from each?
# 4. A colleague shows the logit lens on a large model and says at which layer "the model knows". Which two experiments of this chapter would you ask for before you repeated that sentence?
# 5. Two heads have a composition score far above chance. Write the claim card that this number alone deserves, and the one after the path was cut.
#
# ### Further reading
#
# - Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html): the residual stream as a channel that parts write to and read from; sections 1.11 to 1.21 follow it.
# - Phuong & Hutter 2022, [Formal Algorithms for Transformers](https://arxiv.org/abs/2207.09238): every part as pseudocode, in columns.
# - Ferrando et al. 2024, [A Primer on the Inner Workings of Transformer-based Language Models](https://arxiv.org/abs/2405.00208): from the NLP community, the same decomposition with the methods built on it.
# - Rogers, Kovaleva & Rumshisky 2020, [A Primer in BERTology](https://arxiv.org/abs/2002.12327): from the NLP community, what was known of one transformer, from before "mechanistic interpretability" was a common name.
# - Haviv et al. 2022, [Transformer Language Models without Positional Encodings Still Learn Positional Information](https://arxiv.org/abs/2203.16634): what the causal mask alone tells about positions.
