"""Chapter 1, transformer maths: the forward pass of a decoder-only transformer, part by part.

Vectors are rows and a matrix is multiplied from the right, as in TransformerLens: a query is `x @ W_Q + b_Q`. Elhage et
al. 2021, "A Mathematical Framework for Transformer Circuits", write columns; their product W_O W_V is W_V @ W_O here.
The names of axes, weights and hook points are in `notation`.
"""

from __future__ import annotations

from mi_course.transformer_maths.attention import attention_output, attention_pattern, causal_mask
from mi_course.transformer_maths.attribution import direct_logit_attribution
from mi_course.transformer_maths.bigrams import (
    DirectPath,
    bigram_distances,
    direct_path_bigrams,
    story_bigrams,
    unigrams,
)
from mi_course.transformer_maths.circuits import ov_circuit, qk_circuit, rotation, score_terms
from mi_course.transformer_maths.composition import (
    composing_heads,
    composition_scores,
    composition_shares,
    cut_path,
    head_weights,
    pattern_change,
    rotated_shares,
)
from mi_course.transformer_maths.copying import copying_score, raises_itself_most
from mi_course.transformer_maths.decomposition import residual_decomposition
from mi_course.transformer_maths.factored import FactoredMatrix
from mi_course.transformer_maths.folding import centre_weights, fold_layer_norm
from mi_course.transformer_maths.forward import Weights, transformer_forward, weights_of
from mi_course.transformer_maths.generation import continue_tokens
from mi_course.transformer_maths.lens import logit_lens
from mi_course.transformer_maths.loss import next_token_loss
from mi_course.transformer_maths.low_rank import LowRank, low_rank
from mi_course.transformer_maths.mlp import gelu_new, mlp
from mi_course.transformer_maths.norm import layer_norm
from mi_course.transformer_maths.notation import ACTIVATIONS, AXES, WEIGHTS, Symbol, axis_sizes, shape_of
from mi_course.transformer_maths.positions import embed_positions, rotate
from mi_course.transformer_maths.skip_trigrams import (
    CorpusRate,
    SkipTrigrams,
    corpus_rate,
    one_layer_weights,
    skip_trigrams,
    tables_say,
)
from mi_course.transformer_maths.vocabulary import mlp_vocabulary, vocabulary_scores

__all__ = [
    "ACTIVATIONS",
    "AXES",
    "WEIGHTS",
    "CorpusRate",
    "DirectPath",
    "FactoredMatrix",
    "LowRank",
    "SkipTrigrams",
    "Symbol",
    "Weights",
    "attention_output",
    "attention_pattern",
    "axis_sizes",
    "bigram_distances",
    "causal_mask",
    "centre_weights",
    "composing_heads",
    "composition_scores",
    "composition_shares",
    "continue_tokens",
    "copying_score",
    "corpus_rate",
    "cut_path",
    "direct_logit_attribution",
    "direct_path_bigrams",
    "embed_positions",
    "fold_layer_norm",
    "gelu_new",
    "head_weights",
    "layer_norm",
    "logit_lens",
    "low_rank",
    "mlp",
    "mlp_vocabulary",
    "next_token_loss",
    "one_layer_weights",
    "ov_circuit",
    "pattern_change",
    "qk_circuit",
    "raises_itself_most",
    "residual_decomposition",
    "rotate",
    "rotated_shares",
    "rotation",
    "score_terms",
    "shape_of",
    "skip_trigrams",
    "story_bigrams",
    "tables_say",
    "transformer_forward",
    "unigrams",
    "vocabulary_scores",
    "weights_of",
]
