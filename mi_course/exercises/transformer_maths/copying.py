"""Does a head copy?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_course import transformer_maths as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.checking.exercise import Tolerance
from mi_course.checking.plain import Odd

QUESTIONS = [
    Question(
        name="heads_that_copy",
        text="How many of story's 16 heads have a copying score above 0.5? (Right if within 1.)",
        low=0,
        high=16,
        unit="heads",
        comes_true=lambda value, outcome: abs(value - outcome) <= 1,
    ),
    Question(
        name="own_token_first",
        text="L3H1 of story is made to look at one token of a text. In how many per cent of 256 texts is this the "
        "token that the head raises most? (Right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
]


def _by_whole_table(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> float:
    """numpy's eigenvalues of the whole token-by-token table, in double precision; most of them are zero."""
    table = np.linalg.multi_dot([each.double().numpy() for each in (W_E, W_V, W_O, W_U)])
    eigenvalues = np.linalg.eigvals(table)
    return float(eigenvalues.sum().real / np.abs(eigenvalues).sum())


def _by_trace(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    small = W_O.double() @ W_U.double() @ W_E.double() @ W_V.double()
    return small.trace() / torch.linalg.eigvals(small).abs().sum()


def _by_parts(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> float:
    values = torch.linalg.eig((W_O @ W_U) @ (W_E @ W_V)).eigenvalues
    real, imaginary = values.real.tolist(), values.imag.tolist()
    return sum(real) / sum((a * a + b * b) ** 0.5 for a, b in zip(real, imaginary, strict=True))


def _by_polynomial(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> np.float64:
    """The eigenvalues as roots of the characteristic polynomial."""
    small = (W_O.double() @ W_U.double() @ W_E.double() @ W_V.double()).numpy()
    roots = np.roots(np.poly(small))
    return np.float64(sum(roots).real / sum(abs(root) for root in roots))


def _by_stream(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    """The same product cut in the stream: d_model by d_model, with zeros more."""
    eigenvalues = torch.linalg.eigvals(W_V @ W_O @ W_U @ W_E)
    return (eigenvalues.sum() / eigenvalues.abs().sum()).real


def _observe(case: Case, output: Any) -> Any:
    """A complex number is no score, though its imaginary part is rounding."""
    if isinstance(output, complex) or (isinstance(output, Tensor | np.ndarray) and "complex" in str(output.dtype)):
        return Odd("a complex number: the score is a real one, take the real part of the sum (.real)")
    return output


def _variant(
    *, table: str = "full", numbers: str = "eigenvalues", top: str = "sum", below: str = "sizes"
) -> Callable[..., Tensor]:
    """The answer with one or two things done otherwise."""

    def answer(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
        matrix = {
            "full": lambda: W_E @ W_V @ W_O @ W_U,
            "stream": lambda: W_V @ W_O,
            "tied": lambda: W_E @ W_V @ W_O @ W_E.T,
            "direct": lambda: W_E @ W_V @ W_O @ W_U + W_E @ W_U,
            "exchanged": lambda: W_U.T @ W_V @ W_O @ W_E.T,
        }[table]().double()
        small = (W_O @ W_U @ W_E @ W_V).double()
        values = {
            "eigenvalues": lambda: torch.linalg.eigvals(matrix),
            "singular values": lambda: torch.linalg.svdvals(matrix).to(torch.complex128),
            "diagonal": lambda: matrix.diagonal().to(torch.complex128),
            "symmetrised": lambda: torch.linalg.eigvalsh((matrix + matrix.T) / 2).to(torch.complex128),
            "triangle": lambda: torch.linalg.eigvalsh(matrix).to(torch.complex128),
            "squares": lambda: torch.linalg.eigvals(matrix) ** 2,
            "triangle of the small": lambda: torch.linalg.eigvalsh(small).to(torch.complex128),
        }[numbers]()
        if top == "own":
            return (matrix.argmax(-1) == torch.arange(len(matrix))).double().mean()
        if top == "share":
            large = values.abs() > 1e-6 * values.abs().max()
            return (values.real[large] > 0).double().mean()
        if top == "directions":
            large = values[values.abs() > 1e-6 * values.abs().max()]
            return (large / large.abs()).real.mean()
        if top == "largest":
            return values[values.abs().argmax()].real / values.abs().max()
        upper = {
            "sum": lambda: values.sum().real,
            "size of the sum": lambda: values.sum().abs(),
            "positive": lambda: values.real.clamp(min=0).sum(),
            "trace": lambda: matrix.trace(),
        }[top]()
        lower = {
            "sizes": lambda: values.abs().sum(),
            "real sizes": lambda: values.real.abs().sum(),
            "size of the sum": lambda: values.sum().abs(),
            "count": lambda: torch.tensor(float(len(values))),
            "nothing": lambda: torch.tensor(1.0),
            "singular values": lambda: torch.linalg.svdvals(matrix).sum(),
            "singular values of the small": lambda: torch.linalg.svdvals(small).sum(),
            "squares": lambda: (values.abs() ** 2).sum().sqrt(),
        }[below]()
        return upper / lower

    return answer


def _cases(draw: Draw) -> list[Case]:
    def case(label: str, d_vocab: int, d_model: int, d_head: int, sign: float) -> Case:
        while True:
            W_E, W_V = draw.normal(f"{d_vocab} {d_model}", mean=0.2), draw.normal(f"{d_model} {d_head}")
            # A part that copies (or, with a minus, does the opposite), so that the score is not about zero.
            W_O, W_U = draw.normal(f"{d_head} {d_model}"), draw.normal(f"{d_model} {d_vocab}")
            W_O = W_O + sign * W_V.T
            W_U = W_U + 0.7 * W_E.T
            score, values = _spectrum(W_E, W_V, W_O, W_U)
            one_sided = abs(score) > 0.95  # then the mistakes about signs and real parts cannot be seen
            turning = values.imag.abs().sum() > 0.2 * values.abs().sum()
            mixed = (values.real > 0).any() and (values.real < 0).any()
            if not one_sided and turning and mixed and score * sign > 0.05:
                return Case(label, (W_E, W_V, W_O, W_U))

    return [
        case("11 tokens, d_model 7, d_head 5; more raised than lowered", 11, 7, 5, 0.4),
        case("9 tokens, d_model 6, d_head 4; more lowered than raised", 9, 6, 4, -0.4),
        case("13 tokens, d_model 8, d_head 3", 13, 8, 3, 0.4),
    ]


def _spectrum(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> tuple[float, Tensor]:
    values = torch.linalg.eigvals((W_O @ W_U @ W_E @ W_V).double())
    return float(values.sum().real / values.abs().sum()), values


copying_score = Exercise(
    name="copying_score",
    chapter="transformer_maths",
    section="1.17",
    title="Does it copy?",
    core=False,
    difficulty=3,
    minutes=12,
    points=3,
    prerequisites=("ov_circuit",),
    hints=(
        "The table W_E W_V W_O W_U has as many rows as there are tokens, and most of its eigenvalues are zero. Which "
        "small matrix has the others?",
        "torch.linalg.eigvals(B @ A), with A = W_E @ W_V and B = W_O @ W_U, gives complex numbers. .abs() of a complex "
        "number is its distance from zero; take it before you sum.",
        "values = torch.linalg.eigvals(W_O @ W_U @ W_E @ W_V); return values.sum().real / values.abs().sum()",
    ),
    reference=helper.copying_score,
    oracle=Oracle("numpy's eigenvalues of the whole table, in double precision", _by_whole_table),
    cases=_cases,
    observe=_observe,
    variant=_variant,
    # Eigenvalues of a matrix that is not symmetric amplify rounding; a right answer in single precision needs the room.
    tolerance=Tolerance(2e-3, 2e-3),
    alternatives={
        "trace of the small matrix": _by_trace,
        "real and imaginary parts, in Python": _by_parts,
        "roots of the characteristic polynomial": _by_polynomial,
        "cut in the stream": _by_stream,
    },
    misconceptions=(
        Misconception(
            "only the real parts below",
            "Below the line you sum the sizes of the real parts. A complex eigenvalue turns what it multiplies as "
            "well as scaling it, and its size is its distance from zero: |λ|, which .abs() of the complex numbers "
            "gives.",
            switches={"below": "real sizes"},
        ),
        Misconception(
            "the size of the sum",
            "You take the absolute value of the sum, so a head that lowers what it looks at gets the same score as "
            "one that raises it. The sum is real: take its real part, with its sign.",
            switches={"top": "size of the sum"},
        ),
        Misconception(
            "sizes after summing",
            "Below the line you take the size of the sum: your score is 1 or −1. Take the size of each eigenvalue and "
            "sum afterwards, so that positive and negative ones do not cancel there.",
            switches={"below": "size of the sum"},
        ),
        Misconception(
            "sizes above the line, too",
            "Above and below the line you sum the same sizes, so your score is 1 for every head. Singular values are "
            "sizes and never negative, and so are absolute values of eigenvalues. Above the line the eigenvalues keep "
            "their signs: sum them as they are and take the real part.",
            switches={"numbers": "singular values"},
        ),
        Misconception(
            "singular values below",
            "You divide by the sum of the singular values (the nuclear norm). That is never less than the sum of |λ|, "
            "and counts what is turned into other tokens. Divide by the sum of the sizes of the eigenvalues.",
            switches={"below": "singular values"},
        ),
        Misconception(
            "the diagonal",
            "You use the diagonal, each token's effect on itself. It has the same sum as the eigenvalues, and other "
            "sizes: a mixture of tokens can copy itself where single tokens do not. Divide by the sum of |λ|.",
            switches={"numbers": "diagonal"},
        ),
        Misconception(
            "the mean of the diagonal",
            "This is the mean of the table's diagonal: by how much looking at a token raises its own logit, on "
            "average. It grows with the weights. The score divides the sum by the sum of |λ| and has no unit.",
            switches={"top": "trace", "below": "count"},
        ),
        Misconception(
            "tokens that raise themselves most",
            "This is the share of tokens that raise themselves most. It is a fair question about a head, and another "
            "one: the score is about mixtures of tokens, by eigenvalues.",
            switches={"top": "own"},
        ),
        Misconception(
            "without embeddings",
            "These are the eigenvalues of W_V W_O, from stream to stream: whether the head writes what it reads, as "
            "vectors. Whether *tokens* are copied depends on W_E and W_U: use the full circuit.",
            switches={"table": "stream"},
        ),
        Misconception(
            "W_E for W_U",
            "Your table is W_E W_V W_O W_Eᵀ: logits read with the embedding. This model has an unembedding of its "
            "own, W_U.",
            switches={"table": "tied"},
        ),
        Misconception(
            "embedding and unembedding exchanged",
            "You have put W_U where tokens come in and W_E where logits come out. Tokens come in through W_E, on the "
            "left.",
            switches={"table": "exchanged"},
        ),
        Misconception(
            "the direct path as well",
            "You added W_E W_U, what a token does to the logits without any head. Asked for is the head alone.",
            switches={"table": "direct"},
        ),
        Misconception(
            "a symmetric matrix instead",
            "You made the table symmetric before taking eigenvalues. The sum stays, the sizes do not: they no longer "
            "say that a mixture comes out as itself. Use eigvals on the matrix as it is.",
            switches={"numbers": "symmetrised"},
        ),
        Misconception(
            "eigvalsh",
            "eigvalsh is for symmetric matrices: it reads one triangle and ignores the other. This table is not "
            "symmetric; use eigvals.",
            switches={"numbers": "triangle"},
        ),
        Misconception(
            "eigvalsh of the small matrix",
            "You use eigvalsh on the small matrix B A. It is for symmetric matrices: it reads one triangle and "
            "ignores the other. B A is not symmetric; use eigvals.",
            switches={"numbers": "triangle of the small"},
        ),
        Misconception(
            "singular values of the small matrix below",
            "You divide by the sum of the singular values of the small matrix. It shares its eigenvalues with the"
            " table, not its singular values. Divide by the sum of the sizes of the eigenvalues, |λ|.",
            switches={"below": "singular values of the small"},
        ),
        Misconception(
            "the share of positive ones",
            "You count the eigenvalues whose real part is positive. A tiny one counts as much as a large one then. "
            "The score weighs each by its size: sum over sum of sizes.",
            switches={"top": "share"},
        ),
        Misconception(
            "the mean direction",
            "You divide each eigenvalue by its own size and average. A tiny one counts as much as a large one then. "
            "Sum first, above and below, and divide once.",
            switches={"top": "directions"},
        ),
        Misconception(
            "only the largest",
            "You look at the largest eigenvalue alone. The score is about all mixtures of tokens that the head lets "
            "through: sum over all of them.",
            switches={"top": "largest"},
        ),
        Misconception(
            "negative ones left out",
            "Above the line you sum only what is positive, so the score cannot fall below zero and does not show what "
            "the head lowers. Sum all real parts, with their signs.",
            switches={"top": "positive"},
        ),
        Misconception(
            "not divided",
            "This is the sum of the eigenvalues. It grows with the weights, so heads cannot be compared by it. Divide "
            "by the sum of their sizes.",
            switches={"below": "nothing"},
        ),
        Misconception(
            "the root of the squares below",
            "You divide by the root of the sum of squares. Then a head with many equal eigenvalues gets more than 1. "
            "Divide by the sum of their sizes.",
            switches={"below": "squares"},
        ),
        Misconception(
            "squared",
            "You square the eigenvalues first, so negative ones count as positive. Sum them as they are.",
            switches={"numbers": "squares"},
        ),
    ),
)

EXERCISES = [copying_score]
