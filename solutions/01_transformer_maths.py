# %% [markdown] id="6760e493"
# # 1 · Transformer maths
#
# A language model reads a text and says, at every position, how probable each word is as the next one. What happens between the words that go in and the probabilities that come out is arithmetic: products of matrices, means, and a handful of curved functions, each given by a formula.
#
# In this chapter you write all of it. At the end of this first part a model that you have written goes on with a story. Its weights are those of `story`, a model that was trained for this course, and its numbers agree with the library's to four decimals.
#
# The chapter's later sections (in preparation) take the same arithmetic apart, to see what each piece contributes.
#
# | | |
# |---|---|
# | Models | `story`: four layers of four attention heads, with MLPs. For one comparison `story-attn-1l`: one layer, no MLP, learned positions |
# | Data | Story World, a small synthetic English: names, places, facts, lists; one token a word |
# | Time | about two and a half hours for this part; the exercises marked ★ (core) take about 95 minutes |
# | You need | Python with PyTorch tensors: indexing, broadcasting, matrix products. No knowledge of transformers |
# | Read along | Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html); Phuong & Hutter 2022, [Formal Algorithms for Transformers](https://arxiv.org/abs/2207.09238); Vaswani et al. 2017, [Attention Is All You Need](https://arxiv.org/abs/1706.03762) |

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
# Four results here say something about the model that no algebra settles, and they have claim cards: where one head looks, what becomes of the output without rotation, how closely two implementations agree, and how well `story` predicts.

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
# Before most results you are asked what you expect. Run the notebook cell by cell: a prediction can be changed until its result has been shown, and no longer after that, so "Run All" uses up all of them.
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
# Two consequences for everything later. A vector of length one, added in layer 0, is a large change there and a small one at the end. And what a part writes reaches the logits divided by a number that depends on *everything else* that was written at that position. The sections on contributions to the logits (in preparation) have to deal with that.

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
# For somebody who reads weights this has a price. Without rotation a score is $x_d W_Q W_K^\top x_s^\top / \sqrt{d_{head}}$ (plus terms with the biases), and the one matrix $W_Q W_K^\top$ says which directions attend to which. With rotation there is another matrix between the two for every distance. The sections on circuits (in preparation) therefore read query-key weights on a model without it.

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
# **The truth.** Story World is a program, and its program is ours. Its sentences are too many to list, so `story_bigrams` draws rows of text and counts. One kind of sentence would spoil that: in random codes (`code : teal 07 oslo ; …`) any of some hundreds of words may follow any other, more pairs than anybody can count. But their words are drawn at random from known lists, so their pairs' probabilities are calculated and not counted. What is left to chance are about 7,000 pairs.

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
# **The identity.** `story-0l`'s logits at a position are the row of $W_E W_U$ of the token there, and no other token matters. **The distance**, measured against all rows and against each half of them: the three numbers differ only by the luck of the draw.

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
# - *by the scale in texts*: the embedding divided by what LayerNorm really divides by at that word, on average over 64 texts. This is the direct path's true share of the logits.
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
by_text_scale = (
    centred_embedding / scale_of_word[:, None] * final["ln_final_w"]
    + final["ln_final_b"]
)
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
print(
    f"story: entries of the embedding have standard deviation {centred_embedding.std():.2f},"
)
print(f"and the last LayerNorm divides by {end_scale.mean():.0f}")

# %% id="33685a03"
assert min(far["story, own scale"], far["story, scale in texts"]) > by_word_frequency
predict.reveal("direct_path_of_story", "beyond the word frequencies")

# %% [markdown] id="1b1a8994"
# In `story` the direct path is no bigram table by either reading. By its own scale it is farther from the bigrams than an untrained table, which says nearly the same of every word: it is sure of itself, and wrong. By the scale in texts it says next to nothing: what enters at the top is about a hundredth of what stands in the stream at the end, so its logits hardly differ from each other.
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
plot(
    Lines(
        x=torch.arange(5),
        lines=[Line("mean prediction for each word", by_depth)],
        x_name="layers passed",
        y_name="distance from the bigrams (nats)",
        title="story, 512 texts, words that occur 20 times or more",
        baseline=(by_word_frequency, "word frequencies only"),
    ),
    caption="Distance from the bigrams of story's mean prediction for each word, read from the stream after so many layers, on 512 texts. Dotted: a table that knows only how frequent each word is.",
)

# %% id="d38000f1"
# NBVAL_CHECK_OUTPUT
print(
    "distance after 0 to 4 layers:",
    ", ".join(f"{distance:.1f}" for distance in by_depth.tolist()),
)

# %% [markdown] id="ac746bc1"
# The knowledge is there at the end and not at the beginning; each layer brings the mean prediction nearer. (What is left after the last layer is partly the sample: a word that occurs 20 times has been seen in 20 contexts only.)
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
for i, by_layer in enumerate(rise_by_layer):
    print(f"without what layer {i} wrote, at the end only: {by_layer:+.2f} nats")
print(f"story-0l without its direct path: {rise_0l.mean():+.2f} nats")

# %% id="df229b88"
predict.reveal("without_direct_path", round(rise.mean().item(), 3))

# %% id="9ac650ad"
Claim(
    statement="story hardly uses its direct path: without the embedding at the unembedding its loss is nearly the same.",
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
    "layer carries a bigram. That deeper models in general leave this path unused; larger embeddings would weigh more.",
)

# %% id="12cd68a1"
words_at = some_texts[:, :-1].flatten()
per_word = course.bigram_distances(true_counts, bigram_path.log_probs)[words_at]
Claim(
    statement="The direct path of story-0l, which is all of it, is near the bigram table of Story World.",
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
    does_not_say="That the two tables are equal, or that a model which has layers keeps its bigrams on this path.",
)

# %% [markdown] id="d66dd107"
# Both cards are about the same two matrices, $W_E$ and $W_U$, in two models of the same texts. What a product of weights means depends on what else is in the model. Section 1.20 goes on with the first kind of model in which there is something else.

# %% [markdown] id="979bec5a"
# ## 1.20 Words that act together from afar
#
# difficulty 3 of 5 · 25 minutes
#
# *You will be able to*: read from the weights of a one-layer model which earlier words make it expect which next ones, test that against what the model does, and recognise a mistake that such a model cannot avoid. (Elhage et al. 2021, section "One-Layer Attention-Only Transformers"; Shlegeris 2023, [One-layer transformers aren't equivalent to a set of skip-trigrams](https://www.lesswrong.com/posts/b5HNYh9ne5vEkX5ag/one-layer-transformers-aren-t-equivalent-to-a-set-of-skip).)
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
# `story-attn-1l` has one layer of eight heads, no MLP and no LayerNorm, so these tables hold nearly everything. They leave out the biases and the positions (words alone have no place), and they are about single words, while a softmax divides one attention among all words of a text. Only for one destination at a time can scores be compared.
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
# **Look.** Which heads know capitals, by the tables? Two things have to come together. A head must score countries above other words, at the words that stand before a capital or a language. And what it moves from a country must raise this country's capital above other capitals.

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
        name="logit above others of its kind",
        baseline=own_tongue,
        baseline_name="its language, above other languages",
        axis="head",
        title="its capital, above other capitals",
    ),
    caption="From the full OV circuits of story-attn-1l: by how much attention 1 on a country raises its capital above the other capitals, and (hatched) its language above the other languages; means over 40 countries.",
)

# %% [markdown] id="04b3ebb4"
# Heads 2, 4 and 7 have both: they score countries high at `is`, `in` and `speak`, and they move the right capital. (Head 0 scores countries high, too, and moves nothing that tells one capital from another.) Keep the hatched bars in mind.
#
# In the paper such tables are shown as lists, of the kind *source* → *destinations that look at it most* → *words it raises most*. Here is one row of ours.

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
# Beside the words one expects stand others; `thursday` hardly ever follows a country. One row of one head is not what the model says: the logits are the sum over all heads, and the bigrams.
#
# **In the texts**, how much of a skip trigram is `france … is → paris`? Counted in 4,000 rows: how often `paris` follows `is`, when `france` is among the four words before, and when it is not.

# %% id="2e085c8c"
# NBVAL_CHECK_OUTPUT
texts_to_count = story_tokens(4000, seed=2001)
france, is_, paris = ids(["france", "is", "paris"]).tolist()
rate = course.corpus_rate(texts_to_count, france, is_, paris, window=4)
print(f"with france before: {rate.with_source:.2f}   without: {rate.without:.4f}")

# %% [markdown] id="3aaba4f3"
# Most of the other times the language was asked for. With a country and `is` alone nobody can tell which; `capital` or `language` has to be read, too.
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
wrong_pair = (
    course.tables_say(small, asked)[torch.arange(40).roll(shift + 1), capitals]
    - course.tables_say(small, asked)[torch.arange(40).roll(shift + 2), capitals]
)
predict.reveal("logit_of_paris", round(measured.mean().item(), 1))

# %% id="0d50f7d2"
Claim(
    statement="The tables of story-attn-1l foretell by how much the logit of a capital falls when its country is exchanged.",
    evidence=Evidence.BEHAVIOURAL,
    direction="below",
    quantity="mean distance between the fall foretold and the fall measured",
    unit="(logit)",
    estimate=(measured - foretold).abs().double().mean().item(),
    interval=bootstrap_interval((measured - foretold).abs()),
    n=40,
    observations="countries",
    baseline=(measured - wrong_pair).abs().mean().item(),
    baseline_name=f"the tables asked about an exchange of two other countries; the fall itself is {measured.mean():.1f} on average",
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
    unit="(logit)",
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
# ### A mistake that cannot be avoided
#
# *Attend* does not know of $C$, and *write* does not know of $B$. So a head that has learned `france … is → paris` for sentences about capitals and `france … speak → french` for sentences about languages has learned two more that nobody taught it: `france … is → french` and `france … speak → paris`. For in both cases the head looks at `france`, and what `france` moves is what it moves. Elhage et al. call this a bug. Their example is a head that raises `keep … in mind` and `keep … at bay`, and so must raise `keep … in bay`.
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
# `capital` raises all capitals, `language` raises all languages, and the country raises its own capital and its own language. The sum is highest where both agree. So the bug costs this model little: a probability below one in a thousand. It is paid for in another coin. The kinds have to be kept far apart in every such sentence, because within a kind the country's own word is always up. Elhage et al. leave open what such bugs cost.
#
# In this model the table explains what it was asked about. Shlegeris points out why that need not be so: a softmax makes heads look *less* at one word when another is there, which no list of triples says. Therefore the tables were tested above by the model's own behaviour, with all words of the sentence in place.

# %% id="24d69644"
cross_term = own_language - one_layer(asked)[:, -1][other_land, tongues]
at_speak = one_layer(prompts("people in {} speak"))[:, -1]
Claim(
    statement="Where a capital is asked for, story-attn-1l also raises the country's language, which is not asked for.",
    evidence=Evidence.BEHAVIOURAL,
    quantity="fall of the language's logit when the country is exchanged",
    unit="(logit)",
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
# So the share at random is about $1/\sqrt{d_{model}}$, whatever the heads' singular values are. (Elhage et al. take away the average of random matrices of the same shapes, which is nearly the same number.) The **score** is the share less that. Above zero: the later head is turned toward what the earlier one writes. Below zero: turned away.
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
    caption="K-composition scores of story: share of what an earlier head (row) writes that a later head (column) reads into its keys, less that of chance. Blue above chance, orange-red below; pairs that are not in order of layers are 0.",
)

# %% id="0797b502"
# NBVAL_CHECK_OUTPUT
order = story_k.flatten().argsort(descending=True)[:3].tolist()
for rank, place in enumerate(order):
    print(
        f"{rank + 1}. {names_of_heads[place // 16]} to {names_of_heads[place % 16]}: {story_k.flatten()[place]:+.2f}"
    )

# %% [markdown] id="ba000fcd"
# Among the three highest is the pair that one would expect from where the two heads look. Most scores are near chance. In a model with MLPs and many heads these scores are a list of candidates.
#
# ### Break this claim
#
# Somebody has looked through the five seeds of `induction-2l` and reports:
#
# > *The strongest composition of all is in seed 2: V-composition of L0H1 and L1H1, with a score of 0.65. None of 300 random rotations comes near it. It is more than three times the K-composition of the previous-token head and the induction head. So L0H1 and L1H1 make a virtual head that matters more for this model than its induction head.*
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
# `run(model, tokens, edits=[…], cache=[…])` of `mi_course.interventions` does the runs. `z(0, head=1)`, `k(2, head=0)` and `pattern(2, head=0)` name places, `.cache[place]` is what was there, and `add(place, tensor)` is an edit. `model.W_O[layer, head]` and `model.W_K[layer, head]` are weights, `model.cfg.n_layers` and `model.cfg.n_heads` the counts. Import what you need inside your function (`from mi_course.interventions import add, k, pattern, z`): a cell above uses the name `pattern` for something else.


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
        f"H{head} {size:.4f}" for head, size in enumerate(sizes_of_ov.tolist())
    )
    print(f"size of W_V W_O in layer {layer}: {shown}")

# %% id="c183770d"
predict.reveal("strongest_path_cut", round(paths_cut["V"].mean().item(), 3))

# %% [markdown] id="d7941907"
# L0H1 and L1H1 are dead heads: training with a penalty on each head has made their matrices next to nothing. A share is divided by both norms, so it says how two matrices are turned and nothing about how large they are. The two remainders are turned toward each other more than any rotation drawn here would turn them, and nothing passes.
#
# The same can be wrong in the other direction. Here are all pairs of seed 0, score beside experiment:

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
    statement="The path with the highest composition score of induction-2l, seed 2, carries nothing.",
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
# A score from weights is a question to the model, not its answer. It leaves out three things: how large the matrices are, where the earlier head looks (the decoy of the exercise looks at `[BOS]`, and adds the same to all keys, which moves no attention), and what happens to the later head's output. Each needs an experiment of its own, and cutting the path covers the first two.
#
# Chapter 2 uses both functions on the heads that continue repeated text.

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
# And not known: why any of this makes good predictions; which head or neuron matters for what; whether a number in the middle means anything.
#
# ### In preparation
#
# The next sections of this chapter use the same arithmetic in the other direction, to take the model apart:
#
# - folding LayerNorm into the weights and centring them, and what TransformerLens' compatibility mode changes;
# - the residual stream as a sum of everything that was written, and the contribution of each part to a logit;
# - the logit lens, and what it misses; what the neurons of an MLP write to the vocabulary;
# - heads as two circuits, query-key and output-value, and when a head copies;
# - the direct path from embedding to unembedding beside the true bigrams of Story World; skip trigrams; composition of heads beside a random baseline; low rank;
# - scale up: the same functions on GPT-2 small, where it can be loaded.
#
# ### To talk about in a group
#
# 1. You hold the complete program of `story`. Lillicrap & Kording 2019 ask, in the title of a paper, what it means to understand a neural network. What would you have to be able to say about `story` that its program does not say?
# 2. The copy with the exact GELU has the same most probable token nearly everywhere. For which questions about `story` would it be good enough, and for which not? Who decides?
# 3. A head's pattern is observed, its output is a sum term that can be removed. Which of the two is better evidence for what the head does, and what is missing from each?
#
# ### Further reading
#
# - Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html): the residual stream as a channel that parts write to and read from; the chapter's later sections follow it.
# - Phuong & Hutter 2022, [Formal Algorithms for Transformers](https://arxiv.org/abs/2207.09238): every part as pseudocode, in columns.
# - Ferrando et al. 2024, [A Primer on the Inner Workings of Transformer-based Language Models](https://arxiv.org/abs/2405.00208): from the NLP community, the same decomposition with the methods built on it.
# - Rogers, Kovaleva & Rumshisky 2020, [A Primer in BERTology](https://arxiv.org/abs/2002.12327): from the NLP community, what was known of one transformer, from before "mechanistic interpretability" was a common name.
# - Haviv et al. 2022, [Transformer Language Models without Positional Encodings Still Learn Positional Information](https://arxiv.org/abs/2203.16634): what the causal mask alone tells about positions.
