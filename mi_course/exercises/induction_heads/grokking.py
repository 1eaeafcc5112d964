"""A rule found late: the frequencies of a circle of numbers, and the losses that keep or remove them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.models import trained

QUESTIONS = [
    Question(
        name="restricted_first",
        text="At step 1,400 of seed 1 the held-out sums are still mostly wrong. With everything but three frequencies "
        "taken out of the logits, which share of all sums comes right there? "
        "(Right if within 10.)",
        kind=float,
        low=0,
        high=100,
        unit="per cent",
        comes_true=lambda value, outcome: abs(value - outcome) <= 10,
    ),
    Question(
        name="frequencies_agree",
        text="Three frequencies carry the embedding of seed 0. In how many of the other four shipped seeds are the key "
        "frequencies the same?",
        kind=int,
        low=0,
        high=4,
    ),
]

NAME, P = "modular-addition", 53


@cache
def _embedding(seed: int) -> Tensor:
    return trained(NAME, seed).W_E[:P].detach().clone()


@cache
def _model_logits(seed: int) -> tuple[Tensor, Tensor, list[int]]:
    """The logits of a shipped model for every sum, which sums it was trained on, and its key frequencies."""
    data = helper.sums_of(NAME, seed)
    return helper.sum_logits(trained(NAME, seed), data), data.train.view(P, P), helper.key_frequencies(_embedding(seed))


# --- key_frequencies --------------------------------------------------------------------------------------------------


def _frequencies_by_fft(table: Tensor, threshold: float = 0.1) -> list[int]:
    """numpy's fast Fourier transform down the rows."""
    power = (np.abs(np.fft.rfft(table.detach().double().numpy(), axis=0)) ** 2).sum(1)[1:]
    return [int(k) + 1 for k in np.flatnonzero(power / power.sum() > threshold)]


def _frequencies_by_loops(table: Tensor, threshold: float = 0.1) -> tuple[int, ...]:
    p, d = table.shape
    rows = table.tolist()
    power = {}
    for k in range(1, (p - 1) // 2 + 1):
        power[k] = 0.0
        for column in range(d):
            for wave in (math.cos, math.sin):
                along = sum(wave(2 * math.pi * k * n / p) * rows[n][column] for n in range(p))
                power[k] += along**2
    total = sum(power.values())
    return tuple(sorted((k for k in power if power[k] > threshold * total), key=lambda k: -power[k]))


def _frequencies_by_complex_numbers(table: Tensor, threshold: float = 0.1) -> Tensor:
    p = len(table)
    k = torch.arange(1, p // 2 + 1)
    turns = torch.outer(k, torch.arange(p)) / p
    around = torch.polar(torch.ones_like(turns), 2 * torch.pi * turns)
    power = (around @ table.float().to(around.dtype)).abs().square().mean(1)
    return k[power > threshold * power.sum()]


def _frequencies_of_distances(table: Tensor, threshold: float = 0.1) -> set[int]:
    """From the products of rows: the power at k is the Fourier transform of how alike numbers n apart are."""
    table = (table - table.mean(0)).double()
    alike = table @ table.T
    p = len(table)
    n = torch.arange(p)
    by_distance = torch.stack([alike[n, (n + gap) % p].sum() for gap in range(p)])
    power = torch.fft.fft(by_distance).real[1 : (p + 1) // 2]
    return set((1 + torch.nonzero(power / power.sum() > threshold).flatten()).tolist())


_PARTS = {"cos": ("both", "apart"), "sin": ("both", "apart")}


def _frequencies_variant(
    *,
    parts: str = "both",
    constant: str = "out",
    measure: str = "power",
    share: str = "of all",
    names: str = "half",
    axis: int = 0,
    limit: str = "given",
    turn: float = 2 * math.pi,
    rows: str = "all",
    first_columns: int | None = None,
) -> Callable[..., list[int]]:
    """The answer with one or two things done otherwise."""

    def answer(table: Tensor, threshold: float = 0.1) -> list[int]:
        table = table.detach().double()
        table = table[:, :first_columns]
        table = table if axis == 0 else table.T
        table = table[:-1] if rows == "last dropped" else table
        p = len(table)
        half = (p - 1) // 2 if axis == 0 else p // 2  # of an even number of columns torch.fft has the last one, too
        most = {"both": p - 1, "cut": half - 1}.get(names, half)
        if most == 0:
            return []
        k = torch.arange(0 if constant != "out" else 1, most + 1).double()
        angle = turn / p * torch.outer(k, torch.arange(p).double())
        along = {"cos": angle.cos() @ table, "sin": angle.sin() @ table}
        along["added"] = along["cos"] + along["sin"]
        chosen = [along[part] for part in ("cos", "sin", "added") if parts in (part, *_PARTS.get(part, ()))]
        size = torch.stack(
            [each.sum(1).pow(2) if measure == "columns added" else each.pow(2).sum(1) for each in chosen]
        )
        if measure == "each column":
            columns = torch.stack([each.pow(2) for each in chosen]).sum(0)
            size = columns.T
        elif parts != "apart":
            size = size.sum(0, keepdim=True)
        if measure == "mean over columns":
            by_column = torch.stack([each.pow(2) for each in chosen]).sum(0)
            size = (by_column / by_column.sum(0)).mean(1)[None]
        size = size.sqrt() if measure == "amplitude" else size
        least = 0.1 if limit == "0.1" else threshold
        whole = {
            "of all": size.sum(),
            "of both halves": 2 * size.sum(),
            "of the length": (table - table.mean(0)).square().sum(),
            "of the length with the mean": p / 2 * table.square().sum(),
            "of the largest": size.max(),
            "of the mean": size.mean(),
            "none": 1.0,
        }[share]
        if measure == "each column":
            whole = size.sum(1, keepdim=True)
        shares = size / whole
        above = (shares > least).any(0)
        if limit == "at least":
            above = (shares >= least).any(0)
        if limit == "rounded":
            above = ((100 * shares).round() / 100 > least).any(0)
        if limit == "strongest":
            above = size.sum(0) == size.sum(0).max()
        if limit == "one at least":
            above = above | (size.sum(0) == size.sum(0).max())
        if limit == "three":
            above = size.sum(0) >= size.sum(0).sort().values[-min(3, len(k))]
        if names == "a mask":
            return above.tolist()
        found = [int(each) for each in k[above]]
        if constant == "in the total":
            found = [each for each in found if each]
        return [each - 1 for each in found] if names == "from zero" else found

    return answer


def _planted_table(
    draw: Draw, p: int, d: int, powers: dict[int, tuple[float, float]], scale: float, mean: float
) -> Tensor:
    """A table whose power at each frequency, cosine and sine, is known; the constant has `mean` times their sum."""
    basis = _basis(p)
    rows = F.normalize(draw.normal(f"{p} {d}", dtype=torch.float64), dim=1)
    weight = torch.zeros(p, dtype=torch.float64)
    weight[0] = mean * sum(map(sum, powers.values()))
    for k, (cosine, sine) in powers.items():
        weight[2 * k - 1], weight[2 * k] = cosine, sine
        if cosine == sine:  # one wave, shifted so that its cosine and its sine cancel when they are added
            rows[2 * k] = -rows[2 * k - 1]
    return (scale * basis.T @ (weight.sqrt()[:, None] * rows)).float()


def _frequencies_of_rows(table: Tensor, threshold: float = 0.1) -> list[int]:
    """A transform along the columns, of which every frequency is added up: a power for each row, the first left out."""
    power = torch.fft.rfft(table.double()).abs().square().sum(1)[1:]
    return (1 + (power / power.sum() > threshold).nonzero()[:, 0]).tolist()


def _spike_in_the_last_row() -> Tensor:
    """Half of the power in one wave, the other half in the last number alone, which is every frequency alike."""
    table = torch.zeros(7, 3)
    table[:, 0] = (2 * math.pi * torch.arange(7) / 7).cos()
    table[-1, 1:] = torch.tensor([2.1, 2.8])
    return table


def _strong_in_the_last_column(draw: Draw) -> Tensor:
    """A share of .72 in the last of 41 columns, and of .28 at the other frequency in all other columns."""
    strong, weak = draw.sample([1, 2], 2)
    waves = F.normalize(draw.normal("2 41", dtype=torch.float64)[:, :-1], dim=1) * math.sqrt(0.14)
    table = torch.zeros(5, 41, dtype=torch.float64)
    table[:, :-1] = _basis(5)[2 * weak - 1 : 2 * weak + 1].T @ waves
    table[:, -1] = math.sqrt(0.72) * (0.6 * _basis(5)[2 * strong - 1] + 0.8 * _basis(5)[2 * strong])
    return table.float()


def _basis(p: int) -> Tensor:
    """Orthonormal waves, by QR: another way to them than the helper's."""
    n = torch.arange(p).double()
    waves = [torch.ones(p).double()]
    for k in range(1, p // 2 + 1):
        waves += [(2 * math.pi * k * n / p).cos(), (2 * math.pi * k * n / p).sin()]
    q, r = torch.linalg.qr(torch.stack(waves, dim=1))
    return (q * r.diagonal().sign()).T


def _frequencies_cases(draw: Draw) -> list[Case]:
    def planted(p: int, weak: int) -> dict[int, tuple[float, float]]:
        """Shares .30 (cosine only), .29 (sine only), .18 (half each), .12, and weak ones; the last frequency is key."""
        ks = [p // 2, *draw.sample(range(1, p // 2), 3 + weak)]
        strong = draw.sample([(0.3, 0.0), (0.0, 0.29), (0.09, 0.09)], 3)
        rest = [(0.09 / weak, 0.0) if i % 2 else (0.0, 0.09 / weak) for i in range(weak)]
        return dict(zip(ks, [*strong, (0.08, 0.04), *rest], strict=True))

    embedding = _embedding(draw.integer(0, 4))
    even = dict(zip(draw.sample([1, 2, 3], 3), [(0.36, 0.0), (0.0, 0.33), (0.155, 0.155)], strict=True))
    sizes = draw.sample([5, 7, 9], 3)
    near = [(0.3, 0.3), (0.1002, 0.1002), (0.0, 0.1496), (0.05, 0.0)]
    near_threshold = dict(zip(draw.sample(range(1, 15), 4), near, strict=True))
    return [
        Case("13 numbers", (_planted_table(draw, 13, sizes[0], planted(13, 2), 5.0, 0.1), 0.14)),
        Case("11 numbers, small, mean far from zero", (_planted_table(draw, 11, sizes[1], planted(11, 1), 0.1, 4.0),)),
        Case("23 numbers, half a share asked", (_planted_table(draw, 23, 3, planted(23, 6), 2.0, 1.0), 0.25)),
        Case(
            "17 numbers, one frequency above the rest",
            (
                _planted_table(
                    draw, 17, 1, dict(zip(draw.sample(range(1, 9), 2), [(0.7, 0.0), (0.0, 0.3)], strict=True)), 1.0, 0.5
                ),
                0.4,
            ),
        ),
        Case("the embedding of a shipped model", (embedding, 0.1)),
        Case("7 numbers, no frequency above the threshold", (_planted_table(draw, 7, 5, even, 1.0, 0.2), 0.5)),
        Case("19 numbers, low threshold", (_planted_table(draw, 19, sizes[2], planted(19, 3), 1.0, 0.3), 0.05)),
        Case("29 numbers, a share just above", (_planted_table(draw, 29, 3, near_threshold, 1.0, 0.2), 0.2)),
        Case("5 numbers, 41 columns", (_strong_in_the_last_column(draw), 0.6)),
        Case("7 numbers, a high last row", (_spike_in_the_last_row(), 0.2)),
        # One frequency has everything, in whole numbers that no rounding lifts above the threshold.
        Case("3 numbers, a share equal to the threshold", (torch.tensor([[225.0], [0.0], [0.0]]), 1.0)),
    ]


def _observe_frequencies(case: Case, found: Any) -> Any:
    """The frequencies in order, whatever they came in; a mask as a list; what is neither is left as it is."""
    if isinstance(found, (Tensor, np.ndarray)) and found.dtype in (torch.bool, np.dtype(bool)) and found.ndim == 1:
        return found.tolist()
    if isinstance(found, (Tensor, np.ndarray)) and found.dtype not in (torch.bool, np.dtype(bool)):
        found = found.reshape(-1).tolist() if found.ndim == 1 or (found.ndim == 2 and 1 in found.shape) else found
    if isinstance(found, (list, tuple, set)):
        items = [x.item() if isinstance(x, Tensor) and x.numel() == 1 else x for x in found]
        if all(isinstance(x, (int, float)) and not isinstance(x, bool) and float(x).is_integer() for x in items):
            return sorted(int(x) for x in items)
    return found


key_frequencies = Exercise(
    name="key_frequencies",
    chapter="induction_heads",
    section="2.10",
    title="Which frequencies?",
    core=False,
    difficulty=3,
    minutes=15,
    points=3,
    hints=(
        "A wave of k rounds can be shifted: a cosine alone sees one shift, a sine the other. What do you add up so "
        "that the shift no longer matters?",
        "n = torch.arange(p); angle = 2 * torch.pi * k * n / p; table.T @ angle.cos() is what each column has along "
        "the cosine. The power at k is the sum of its squares over columns, plus the same for the sine.",
        "power = [((angle(k).cos() @ table) ** 2).sum() + ((angle(k).sin() @ table) ** 2).sum() for k in range(1, (p "
        "- 1) // 2 + 1)]; divide by their sum, and return the k (not the index, which is k − 1) whose share is above "
        "the threshold.",
    ),
    reference=helper.key_frequencies,
    oracle=Oracle("numpy.fft.rfft down the rows", _frequencies_by_fft),
    cases=_frequencies_cases,
    observe=_observe_frequencies,
    variant=_frequencies_variant,
    alternatives={
        "loops and the math module": _frequencies_by_loops,
        "complex numbers": _frequencies_by_complex_numbers,
        "the products of rows": _frequencies_of_distances,
        "numpy's fft": _frequencies_by_fft,
    },
    misconceptions=(
        Misconception(
            "cosine without sine",
            "You take the power along the cosines only. That sees a wave that is high at the number 0 and is blind to "
            "the same wave a quarter turn on, which is a sine. Add the power along both.",
            switches={"parts": "cos"},
        ),
        Misconception(
            "sine without cosine",
            "You take the power along the sines only. A wave that is high at the number 0 is a cosine, and you do not "
            "see it. Add the power along both.",
            switches={"parts": "sin"},
        ),
        Misconception(
            "cosine and sine by themselves",
            "You ask of each single wave, cosine or sine, whether it is above the threshold. How the power of a "
            "frequency is divided between the two is a matter of where counting begins: add the two first.",
            switches={"parts": "apart"},
        ),
        Misconception(
            "k apart from p − k",
            "You count k and p − k as two frequencies. On p whole numbers cos(2πkn/p) and cos(2π(p − k)n/p) are the "
            "same numbers, so each frequency stands twice, with half of its share. There are (p − 1)/2 frequencies.",
            switches={"names": "both"},
        ),
        Misconception(
            "the constant among the frequencies",
            "You count frequency 0, the mean of each column, which is the same for every number and so tells none "
            "from another. It is left out, of the list and of the total.",
            switches={"constant": "a frequency"},
        ),
        Misconception(
            "the constant in the total",
            "The mean of the columns is in the total by which you divide, so all shares are too small when it is far "
            "from zero. The shares are of the power of the frequencies 1 to (p − 1)/2 only.",
            switches={"constant": "in the total"},
        ),
        Misconception(
            "amplitude instead of power",
            "Your shares are of amplitudes, the roots of the powers. Amplitudes of different waves do not add up to "
            "anything; powers do: they sum to the squared length of the table without its mean. Leave out the root.",
            switches={"measure": "amplitude"},
        ),
        Misconception(
            "columns added before squaring",
            "You add up the columns and then square. What one column has along a wave can then be cancelled by "
            "another. Square first, then add.",
            switches={"measure": "columns added"},
        ),
        Misconception(
            "cosine and sine added before squaring",
            "You add what lies along the cosine and along the sine and then square. That is the power along one "
            "wave, an eighth of a round from each, and it is blind to a wave a quarter of a round from that one. "
            "Square each, then add.",
            switches={"parts": "added"},
        ),
        Misconception(
            "each column by itself",
            "You name a frequency when it is above the threshold in any one column. A column that hardly varies can "
            "have a favourite, too. Add the powers of all columns first, and take shares then.",
            switches={"measure": "each column"},
        ),
        Misconception(
            "only the strongest",
            "You return the strongest frequency alone. Asked for is every frequency above the threshold.",
            switches={"limit": "strongest"},
        ),
        Misconception(
            "a share of the largest",
            "You divide by the power of the strongest frequency. The threshold is a share of the power of all "
            "frequencies together: divide by the sum.",
            switches={"share": "of the largest"},
        ),
        Misconception(
            "the length without p/2",
            "You divide by the squared length of the table; the powers add up to p/2 times that, since a wave over p "
            "numbers has the squared length p/2. Divide by the sum of the powers.",
            _frequencies_variant(share="of the length"),
        ),
        Misconception(
            "the length with the mean in it",
            "You divide by p/2 times the squared length of the table as it is, with the mean of its columns in it. The "
            "powers of the frequencies from 1 on add up to p/2 times the squared length without that mean.",
            _frequencies_variant(share="of the length with the mean"),
        ),
        Misconception(
            "shares halved",
            "Your total is over all of a full transform, in which each power stands twice, at k and at p − k, while "
            "you ask of one of the two whether it is above the threshold. Each share is half of what it should be: add "
            "up the frequencies 1 to (p − 1)/2 only.",
            _frequencies_variant(share="of both halves"),
        ),
        Misconception(
            "one at least",
            "You return the strongest frequency even where none is above the threshold. Then the list is empty: the "
            "table has no key frequency by this measure.",
            _frequencies_variant(limit="one at least"),
        ),
        Misconception(
            "no share at all",
            "You compare the power itself with the threshold, so a table in other units has other frequencies. "
            "Divide by the sum over frequencies first.",
            switches={"share": "none"},
        ),
        Misconception(
            "along the columns",
            "Your waves run along the columns of the table (the last axis, which torch.fft takes unless told "
            "otherwise). The circle is that of the numbers, which are the rows: axis 0.",
            switches={"axis": 1},
        ),
        Misconception(
            "counted from zero",
            "These are the places in the list of powers. The first of them belongs to frequency 1: add one.",
            switches={"names": "from zero"},
        ),
        Misconception(
            "the last frequency is left out",
            "Your frequencies end at (p − 3)/2: range leaves out its end. The last one is (p − 1)/2.",
            switches={"names": "cut"},
        ),
        Misconception(
            "the threshold is always a tenth",
            "Your threshold is 0.1 whatever was asked for. Use the argument.",
            switches={"limit": "0.1"},
        ),
        Misconception(
            "always three",
            "You return the three strongest frequencies, however strong they are. Some tables have more above the "
            "threshold, some fewer: count those.",
            switches={"limit": "three"},
        ),
        Misconception(
            "half a round",
            "Your angle is πkn/p, half a round at a time, so odd waves do not close on the circle: what comes after "
            "p − 1 is 0 again. k rounds are 2πkn/p.",
            switches={"turn": math.pi},
        ),
        Misconception(
            "one power for each row",
            "Your transform runs along the columns (the last axis, which torch.fft takes unless told otherwise), and "
            "then you add its frequencies up. That is a power for each row, and these are the numbers of rows. The "
            "circle is that of the rows: dim=0, and the sum runs over columns.",
            _frequencies_of_rows,
        ),
        Misconception(
            "shares averaged over columns",
            "You take shares within each column and average them, so a column that hardly varies counts as much as "
            "one that varies a lot. Add the powers of all columns first, and take shares then.",
            _frequencies_variant(measure="mean over columns"),
        ),
        Misconception(
            "true or false",
            "You return for each frequency whether it is above the threshold. Asked for are the frequencies "
            "themselves, as whole numbers: the first place of your list belongs to frequency 1.",
            _frequencies_variant(names="a mask"),
        ),
        Misconception(
            "a multiple of the mean",
            "You divide by the mean power, so a share of 1 is that of an average frequency. The threshold is a share "
            "of the power of all frequencies together: divide by the sum.",
            _frequencies_variant(share="of the mean"),
        ),
        Misconception(
            "a row is missing",
            "You leave out the last row of the table, and on a circle with one number fewer its waves no longer "
            "close. Every row belongs to a number here; the row for `=` is not in this table.",
            _frequencies_variant(rows="last dropped"),
        ),
        Misconception(
            "the first column alone",
            "You look at the first column only. A frequency may live in any of them: add up the powers of all columns.",
            _frequencies_variant(first_columns=1),
        ),
        Misconception(
            "shares rounded",
            "You round the shares before you compare them, so one just above the threshold is lost. Compare them as "
            "they are.",
            _frequencies_variant(limit="rounded"),
        ),
        Misconception(
            "as much as the threshold",
            "You also name a frequency whose share is exactly the threshold (>=). Asked for is more than that (>).",
            _frequencies_variant(limit="at least"),
        ),
    ),
)


# --- restricted_loss and excluded_loss --------------------------------------------------------------------------------


def _answers(p: int) -> Tensor:
    number = torch.arange(p)
    return (number[:, None] + number) % p


def _kept_by_fft(logits: Tensor, frequencies: Any, constant: bool) -> np.ndarray:
    """numpy's two-dimensional transform: waves of a + b stand where both frequencies are k, or both p − k."""
    p = len(logits)
    spectrum = np.fft.fft2(logits.detach().double().numpy(), axes=(0, 1))
    kept = np.zeros_like(spectrum)
    if constant:
        kept[0, 0] = spectrum[0, 0]
    for k in map(int, frequencies):
        kept[k, k], kept[p - k, p - k] = spectrum[k, k], spectrum[p - k, p - k]
    return np.fft.ifft2(kept, axes=(0, 1)).real


def _losses_in_numpy(logits: np.ndarray) -> np.ndarray:
    p = len(logits)
    top = logits.max(-1)
    total = top + np.log(np.exp(logits - top[..., None]).sum(-1))
    a, b = np.mgrid[:p, :p]
    return total - logits[a, b, (a + b) % p]


def _restricted_by_fft(logits: Tensor, frequencies: Any) -> float:
    return float(_losses_in_numpy(_kept_by_fft(logits, frequencies, True)).mean())


def _excluded_by_fft(logits: Tensor, frequencies: Any, train: Tensor) -> float:
    left = logits.detach().double().numpy() - _kept_by_fft(logits, frequencies, False)
    return float(_losses_in_numpy(left)[train.numpy()].mean())


def _by_sum(logits: Tensor, frequencies: Any) -> Tensor:
    """The waves kept: the mean over the pairs of each sum, then a transform of one dimension."""
    p = len(logits)
    answers = _answers(p)
    by_sum = torch.stack([logits[answers == s].mean(0) for s in range(p)])
    spectrum = torch.fft.rfft(by_sum, dim=0)
    mask = torch.zeros(len(spectrum), dtype=torch.bool)
    mask[list(frequencies)] = True
    return torch.fft.irfft(spectrum * mask[:, None], n=p, dim=0)[answers]


def _restricted_by_sums(logits: Tensor, frequencies: Any) -> Tensor:
    kept = _by_sum(logits, frequencies) + logits.mean(dim=(0, 1), keepdim=True)
    return F.cross_entropy(kept.flatten(0, 1), _answers(len(logits)).flatten())


def _excluded_by_sums(logits: Tensor, frequencies: Any, train: Tensor) -> Tensor:
    left = logits - _by_sum(logits, frequencies)
    return F.cross_entropy(left[train], _answers(len(logits))[train])


def _design(p: int, frequencies: Any, dtype: torch.dtype, constant: bool) -> Tensor:
    pair_sum = (torch.arange(p)[:, None] + torch.arange(p)).flatten().to(dtype)
    columns = [torch.ones(p * p, dtype=dtype)] if constant else []
    for k in frequencies:
        columns += [torch.cos(2 * math.pi * k * pair_sum / p), torch.sin(2 * math.pi * k * pair_sum / p)]
    return torch.stack(columns, dim=1)


def _restricted_by_least_squares(logits: Tensor, frequencies: Any) -> float:
    p = len(logits)
    flat = logits.reshape(p * p, p).double()
    waves = _design(p, frequencies, torch.float64, True)
    kept = waves @ torch.linalg.lstsq(waves, flat).solution
    return F.nll_loss(kept.log_softmax(1), _answers(p).flatten()).item()


def _excluded_by_least_squares(logits: Tensor, frequencies: Any, train: Tensor) -> float:
    p = len(logits)
    flat = logits.reshape(p * p, p).double()
    waves = _design(p, frequencies, torch.float64, False)
    left = flat - waves @ torch.linalg.lstsq(waves, flat).solution
    return F.cross_entropy(left[train.flatten()], _answers(p).flatten()[train.flatten()]).item()


def _restricted_by_loop(logits: Tensor, frequencies: Any) -> Tensor:
    p = logits.shape[0]
    a, b = torch.arange(p)[:, None], torch.arange(p)[None, :]
    kept = logits.mean((0, 1)).expand(p, p, p).clone()
    for k in frequencies:
        for wave in (torch.cos(2 * torch.pi * k * (a + b) / p), torch.sin(2 * torch.pi * k * (a + b) / p)):
            wave = (wave / wave.norm()).to(logits.dtype)
            kept += wave[..., None] * (wave[..., None] * logits).sum((0, 1))
    probability = kept.double().softmax(-1)[a, b, (a + b) % p]
    return -probability.log().mean()


def _excluded_by_loop(logits: Tensor, frequencies: Any, train: Tensor) -> Tensor:
    p = logits.shape[0]
    a, b = torch.arange(p)[:, None], torch.arange(p)[None, :]
    left = logits.clone()
    for k in frequencies:
        for wave in (torch.cos(2 * torch.pi * k * (a + b) / p), torch.sin(2 * torch.pi * k * (a + b) / p)):
            left = left - 2 / p**2 * wave[..., None] * torch.einsum("ab,abc->c", wave, left)
    losses = left.logsumexp(-1) - left[a, b, (a + b) % p]
    return (losses * train).sum() / train.sum()


def _wave_set(p: int, frequencies: Any, waves: str) -> Tensor:
    """The waves over (a, b) that a (wrong) answer keeps, in rows of p² entries, each of length 1."""
    n = torch.arange(p).double()
    if waves == "mask":
        used = torch.cat([_basis(p)[:1], *(_basis(p)[2 * k - 1 : 2 * k + 1] for k in frequencies)])
        return torch.einsum("ia,jb->ijab", used, used).reshape(len(used) ** 2, -1)[1:]
    rows = []
    for k in range(1, p // 2 + 1) if waves == "every" else frequencies:
        angle = 2 * math.pi * (k - 1 if waves == "from zero" else k) / (P if waves == "global p" else p) * n
        angle = angle / 2 if waves == "half a round" else angle
        cosine, sine = angle.cos(), angle.sin()
        plus = [
            torch.outer(cosine, cosine) - torch.outer(sine, sine),
            torch.outer(sine, cosine) + torch.outer(cosine, sine),
        ]
        minus = [
            torch.outer(cosine, cosine) + torch.outer(sine, sine),
            torch.outer(sine, cosine) - torch.outer(cosine, sine),
        ]
        one = torch.ones(p).double()
        single = [torch.outer(w, one) for w in (cosine, sine)] + [torch.outer(one, w) for w in (cosine, sine)]
        rows += {
            "cos": plus[:1],
            "sin": plus[1:],
            "products": plus + minus,
            "difference": minus,
            "single": single,
        }.get(waves, plus)
    if waves == "global p":
        return torch.stack([row.flatten() for row in rows]) * math.sqrt(2) / P
    return torch.stack([F.normalize(row.flatten(), dim=0) for row in rows])


def _loss_variant(
    *,
    removes: bool,
    waves: str = "sum",
    size: float | str = 1.0,
    constant: str = "as asked",
    over: str = "as asked",
    score: str = "nats",
    swap: bool = False,
    seen: str = "all",
    each: str = "together",
) -> Callable[..., Tensor]:
    """Restricted or (`removes`) excluded loss with one or two things done otherwise."""

    def answer(logits: Tensor, frequencies: Any, train: Tensor | None = None) -> Tensor:
        p = len(logits)
        logits = logits.detach().double()
        sums = torch.ones(p, p, dtype=torch.bool) if train is None else train
        if each == "apart":
            return torch.stack([one_way(logits, [k], train) for k in frequencies]).mean()
        frequencies = {"first": list(frequencies)[:1], "last": list(frequencies)[-1:]}.get(each, frequencies)
        mean = logits.mean((0, 1))
        if waves == "answers":
            spectrum = torch.fft.rfft(logits, dim=-1)
            mask = torch.zeros(spectrum.shape[-1], dtype=torch.bool)
            mask[list(frequencies)] = True
            kept = torch.fft.irfft(spectrum * mask, n=p, dim=-1)
        else:
            rows = _wave_set(p, frequencies, waves)
            flat = logits.flatten(0, 1) * (sums.flatten()[:, None] if seen == "train" else 1)
            factor = {"not divided": p**2 / 2, "once": p / math.sqrt(2)}.get(size) or float(size)
            kept = (factor * rows.T @ (rows @ flat)).view(p, p, p)
            if seen == "least squares":
                mask = sums.flatten()
                fitted = torch.linalg.lstsq(rows.T[mask], flat[mask], driver="gelsd").solution
                kept = (rows.T @ fitted).view(p, p, p)
        away = removes != swap
        if away:
            changed = logits - kept - (mean if constant == "other" else 0)
        else:
            changed = kept + {"other": 0, "original": logits}.get(constant, mean)
        if score == "twice":
            changed = changed.softmax(-1)
        right = _answers(p)
        if score == "a minus b":
            right = (torch.arange(p)[:, None] - torch.arange(p)) % p
        log_probs = (changed if score == "logits" else changed.log_softmax(-1)).gather(-1, right[..., None])[..., 0]
        if score == "axis 1":
            log_probs = -F.cross_entropy(changed, right, reduction="none")
        if score == "log of softmax":
            log_probs = changed.float().softmax(-1).gather(-1, right[..., None])[..., 0].log()
        if score.startswith("added "):
            log_probs = (log_probs.exp() + float(score.removeprefix("added "))).log()
        if score == "most probable":
            log_probs = changed.log_softmax(-1).amax(-1)
        if over == "zeros":
            log_probs = log_probs * sums
        chosen = {"everything": torch.ones_like(sums), "zeros": torch.ones_like(sums), "held out": ~sums}.get(
            over, sums
        )
        picked = log_probs[chosen]
        return {
            "minus probability": lambda: -picked.exp().mean(),
            "difference": lambda: _log_probs(logits)[chosen].mean() - picked.mean(),
            "sum": lambda: -picked.sum(),
            "bits": lambda: -picked.mean() / math.log(2),
            "sign": lambda: picked.mean(),
            "probability": lambda: -picked.exp().mean().log(),
            "right": lambda: (changed.argmax(-1) == _answers(p))[chosen].double().mean(),
        }.get(score, lambda: -picked.mean())()

    def one_way(logits: Tensor, frequencies: Any, train: Tensor | None) -> Tensor:
        return _loss_variant(removes=removes)(logits, frequencies, train)

    return answer


def _log_probs(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, _answers(len(logits))[..., None])[..., 0]


def _restricted_variant(**switches: Any) -> Callable[..., Tensor]:
    return _loss_variant(removes=False, **switches)


def _excluded_variant(**switches: Any) -> Callable[..., Tensor]:
    return _loss_variant(removes=True, **switches)


def _shared_mistakes(variant: Callable[..., Any], right: str) -> tuple[Misconception, ...]:
    """Mistakes in waves and losses that are the same in both exercises."""
    return (
        Misconception(
            "half a round",
            "Your angle is πk(a + b)/p, so a wave of odd k does not close on the circle. k rounds are 2πk(a + b)/p.",
            variant(waves="half a round"),
        ),
        Misconception(
            "the answers are on the last axis",
            "F.cross_entropy takes axis 1 of a table with three axes for the answers. That is b here; the answers are "
            f"the last axis. Hand over a table with two axes: {right}.",
            variant(score="axis 1"),
        ),
        Misconception(
            "no logarithm",
            "This is minus the mean probability of the right answers. A loss is made of logarithms of probabilities: "
            "take the logarithm of each, and the mean last.",
            variant(score="minus probability"),
        ),
        Misconception(
            "the logarithm of zero",
            "Where the right answer is very improbable, exp or softmax in single precision gives 0 or infinity, and "
            "so does the loss. log_softmax, or F.cross_entropy, takes softmax and logarithm in one step and stays "
            "finite.",
            variant(score="log of softmax"),
        ),
        *(
            Misconception(
                f"{added} is added",
                f"You add {added} before the logarithm, so no pair can lose more than {-math.log(float(added)):.1f} "
                "nats. That hides the pairs that are most wrong. log_softmax, or F.cross_entropy, needs no such help.",
                variant(score=f"added {added}"),
            )
            for added in ("1e-10", "1e-8", "1e-9", "1e-12")
        ),
    )


def _planted_logits(draw: Draw, p: int, strength: float) -> Tensor:
    """A rule on every frequency, waves of a − b and of a alone, a mean for each answer, and noise."""
    n = torch.arange(p).double()
    a, b, c = n[:, None, None], n[None, :, None], n[None, None, :]
    logits = draw.normal(f"{p} {p} {p}", dtype=torch.float64) + draw.normal(f"1 1 {p}", sd=1.5, dtype=torch.float64)
    for k in range(1, p // 2 + 1):
        w, shift = 2 * math.pi * k / p, draw.normal(f"4 1 1 {p}", sd=0.7, dtype=torch.float64)
        logits = logits + strength * (w * (a + b - c)).cos() + shift[0] * (w * (a + b)).sin() + shift[1] * (w * a).cos()
        logits = logits + shift[2] * (w * (a - b)).cos() + shift[3] * (w * (a - b)).sin()
    return logits.float()


def _one_answer_dominates(draw: Draw) -> tuple[Tensor, list[int]]:
    """Logits where a wrong answer is about e^150 times as probable as the right one, whichever of two waves is left.

    Its wave is highest at the sum 0 and lowest at the sum to which it is right: where exp of a logit is too
    large for single precision, it is a wrong answer's, and the right one's probability comes out as zero.
    """
    logits, ks = _planted_logits(draw, 7, 1.5), draw.sample([1, 2, 3], 2)
    pair_sum = torch.arange(7)[:, None] + torch.arange(7)
    for k in ks:
        logits[..., draw.choice([3, 4]) * pow(k, -1, 7) % 7] += 150 * (2 * math.pi * k / 7 * pair_sum).cos()
    return logits, ks[:1]


def _loss_cases(draw: Draw) -> list[tuple[str, Tensor, list[int], Tensor]]:
    def mask(p: int) -> Tensor:
        chosen = torch.rand(p, p, generator=draw.generator) < 0.4
        chosen[0, 1], chosen[1, 0] = True, False
        return chosen

    model, train, keys = _model_logits(draw.integer(0, 4))
    far, far_keys, far_train = *_one_answer_dominates(draw), mask(7)
    far_train[0, 0] = True
    return [
        ("7 numbers, two frequencies", _planted_logits(draw, 7, 1.5), draw.sample([1, 2, 3], 2), mask(7)),
        ("11 numbers, one frequency", _planted_logits(draw, 11, 2.0), [draw.integer(2, 5)], mask(11)),
        ("5 numbers, all frequencies", _planted_logits(draw, 5, 0.5), [1, 2], mask(5)),
        ("a shipped model, one of its key frequencies", model, [draw.choice(keys)], train),
        ("7 numbers, a wrong answer far above the others", far, far_keys, far_train),
    ]


restricted_loss = Exercise(
    name="restricted_loss",
    chapter="induction_heads",
    section="2.10",
    title="Nothing but a few waves",
    core=False,
    difficulty=4,
    minutes=20,
    points=4,
    prerequisites=("key_frequencies",),
    hints=(
        "Three steps: what of the logits lies along a few waves; put only that, and their mean, back together; take "
        "the loss of the result. Each answer c has its own table logits[:, :, c], and all are treated alike.",
        "pair_sum = torch.arange(p)[:, None] + torch.arange(p); wave = (2 * torch.pi * k * pair_sum / p).cos(); "
        "divide it by wave.norm(). (wave[..., None] * logits).sum((0, 1)) is how much of it each answer has.",
        "kept = logits.mean((0, 1)) + the sum over waves (cosine and sine of each frequency) of wave[..., None] * how "
        "much of it each answer has. Then F.cross_entropy(kept.flatten(0, 1), (pair_sum % p).flatten()).",
    ),
    reference=helper.restricted_loss,
    oracle=Oracle("numpy.fft.fft2 over both numbers, with all other entries set to zero", _restricted_by_fft),
    cases=lambda draw: [Case(label, (logits, keys)) for label, logits, keys, _ in _loss_cases(draw)],
    variant=_restricted_variant,
    alternatives={
        "the mean over each sum, then torch.fft": _restricted_by_sums,
        "least squares on the waves": _restricted_by_least_squares,
        "a loop over unit waves": _restricted_by_loop,
        "numpy's fft2": _restricted_by_fft,
    },
    misconceptions=(
        Misconception(
            "cosine without sine",
            "You keep cos(w(a + b)) and drop the sine. The rule cos(w(a + b − c)) is cos(w(a + b)) cos(wc) + sin(w(a "
            "+ b)) sin(wc): with the cosine alone the answers c and p − c cannot be told apart.",
            switches={"waves": "cos"},
        ),
        Misconception(
            "sine without cosine",
            "You keep sin(w(a + b)) and drop the cosine. Both are needed for a wave with any shift.",
            switches={"waves": "sin"},
        ),
        Misconception(
            "the mean is lost",
            "You keep the waves and lose the mean of each answer's logit over all pairs (the constant). It differs "
            "from answer to answer, so the softmax sees it: add logits.mean((0, 1)), one number for each answer c. Or "
            "you add a mean that is the same for every answer, which softmax does not see.",
            switches={"constant": "other"},
        ),
        Misconception(
            "all products of the frequency",
            "You keep all four products of cosine and sine of wa and of wb. They hold the waves of a − b as well, "
            "which say nothing about the sum. Keep cos(w(a + b)) and sin(w(a + b)) only: two directions a frequency.",
            switches={"waves": "products"},
        ),
        Misconception(
            "everything at these frequencies",
            "You keep whatever has one of these frequencies, or none, in each of the two numbers, as a mask on rows "
            "and on columns of a two-dimensional transform does. That includes waves of a alone, of a − b, and "
            "products of two different frequencies. Keep the waves of a + b only.",
            switches={"waves": "mask"},
        ),
        Misconception(
            "the difference of the numbers",
            "Your waves are of a − b. The answer depends on a + b.",
            switches={"waves": "difference"},
        ),
        Misconception(
            "waves of one number at a time",
            "You keep cos and sin of wa and of wb, each by itself. No sum of these two is a function of a + b alone: "
            "keep cos(w(a + b)) and sin(w(a + b)).",
            switches={"waves": "single"},
        ),
        Misconception(
            "every wave of the sum",
            "You keep every frequency of a + b, as a mean over the pairs of each sum does. That is the best function "
            "of the sum. Asked for is the part at the given frequencies.",
            switches={"waves": "every"},
        ),
        Misconception(
            "waves over the answers",
            "Your waves run along the last axis, the answers. Kept or dropped is how the logits vary with the pair "
            "(a, b), for each answer by itself.",
            switches={"waves": "answers"},
        ),
        Misconception(
            "the frequency is one too low",
            "Your waves make one round fewer than asked for. Frequency k means cos(2πk(a + b)/p); if you look it up "
            "in a list, its place is not its frequency.",
            switches={"waves": "from zero"},
        ),
        Misconception(
            "the waves are kept out",
            "You remove these waves and keep the rest. That is the excluded loss. The restricted loss keeps them, "
            "and the mean, and drops the rest.",
            switches={"swap": True},
        ),
        Misconception(
            "not divided by the wave's length",
            "You multiply by a wave twice, once to measure and once to put back, without dividing by its squared "
            "length, which is p²/2. What you keep is p²/2 times too large.",
            switches={"size": "not divided"},
        ),
        Misconception(
            "divided by the length once",
            "You divide by the length of the wave once. The wave stands there twice, once to measure how much there "
            "is of it and once to put that back, so divide by its length each time, or make it one unit long first.",
            switches={"size": "once"},
        ),
        Misconception(
            "only the first frequency",
            "You keep the waves of the first frequency given and drop the others. Is there a return inside the loop? "
            "Keep those of all frequencies in the list, added up.",
            switches={"each": "first"},
        ),
        Misconception(
            "only the last frequency",
            "You keep the waves of the last frequency given and drop the others. Does each round of your loop write "
            "over what the round before has kept? Add it up.",
            _restricted_variant(each="last"),
        ),
        Misconception(
            "softmax twice",
            "You take a softmax and hand the result to a cross-entropy, which takes another. F.cross_entropy wants "
            "logits.",
            _restricted_variant(score="twice"),
        ),
        Misconception(
            "no softmax",
            "You average the logits of the right answers. A logit becomes a log-probability only by log_softmax over "
            "the answers.",
            _restricted_variant(score="logits"),
        ),
        Misconception(
            "the answer a − b",
            "You score the answer (a − b) mod p. These models add: the right answer is (a + b) mod p.",
            _restricted_variant(score="a minus b"),
        ),
        Misconception(
            "p from the notebook",
            "Your waves are made with p = 53, the shipped models' size, whatever the table's. Take p from logits: "
            "len(logits).",
            _restricted_variant(waves="global p"),
        ),
        Misconception(
            "one frequency at a time",
            "You take the loss for each frequency by itself and average the losses. The answer stands out because the "
            "waves of several frequencies add up: add the waves, then take one loss.",
            switches={"each": "apart"},
        ),
        Misconception(
            "on top of the logits",
            "You add the waves to the logits they were taken from, so nothing is dropped and the waves count twice. "
            "Add them to the mean of each answer's logit only.",
            switches={"constant": "original"},
        ),
        Misconception(
            "the most probable answer",
            "You score the answer that the logits hold most probable. That says how sure they are. Score the right "
            "answer, (a + b) mod p.",
            switches={"score": "most probable"},
        ),
        Misconception(
            "half of each wave",
            "You keep half of each wave. Do you divide by p²? The squared length of a cosine or sine over all pairs is "
            "p²/2, since its square is one half on average. Or, with an FFT, do you keep the entry [k, k] without "
            "[−k, −k]? A wave has half of itself in each.",
            switches={"size": 0.5},
        ),
        Misconception(
            "a sum over pairs",
            "You add the losses of all pairs up. A loss is the mean over pairs, so that tables of different size can "
            "be compared.",
            switches={"score": "sum"},
        ),
        Misconception(
            "bits",
            "Your logarithm has base 2. Losses are in nats here: the natural logarithm.",
            switches={"score": "bits"},
        ),
        Misconception(
            "the sign",
            "This is a mean log-probability, which is negative. The loss is minus that.",
            switches={"score": "sign"},
        ),
        Misconception(
            "the mean before the logarithm",
            "You average the probabilities of the right answers and take the logarithm then. The loss is the mean of "
            "the logarithms, in which one pair that is certain and wrong weighs heavily.",
            switches={"score": "probability"},
        ),
        *_shared_mistakes(_restricted_variant, "F.cross_entropy(kept.flatten(0, 1), (pair_sum % p).flatten())"),
        Misconception(
            "nothing is dropped",
            "This is the loss of the logits as they are. Keep the mean of each answer's logit and the waves of the "
            "frequencies asked for, and drop the rest.",
            lambda logits, frequencies: -_log_probs(logits.double()).mean(),
        ),
        Misconception(
            "accuracy",
            "You return the share of pairs that come right. Asked for is the loss, which says how sure the logits "
            "are as well, and which moves before any pair changes sides.",
            switches={"score": "right"},
        ),
    ),
)


excluded_loss = Exercise(
    name="excluded_loss",
    chapter="induction_heads",
    section="2.10",
    title="All but a few waves",
    core=False,
    difficulty=3,
    minutes=8,
    points=2,
    prerequisites=("restricted_loss",),
    hints=(
        "The other half of what restricted_loss takes apart: subtract instead of keep. What happens to the mean now?",
        "The mean of each answer's logit is no wave of these frequencies, so it stays: left = logits − (what lies "
        "along the waves). The waves are fitted on all pairs; only the loss is taken over the trained ones.",
        "F.cross_entropy(left[train], (pair_sum % p)[train]): a mask of shape (p, p) picks rows of left, shape (sum, "
        "p).",
    ),
    reference=helper.excluded_loss,
    oracle=Oracle("numpy.fft.fft2 over both numbers, with these entries set to zero", _excluded_by_fft),
    cases=lambda draw: [Case(label, (logits, keys, train)) for label, logits, keys, train in _loss_cases(draw)],
    variant=_excluded_variant,
    alternatives={
        "the mean over each sum, then torch.fft": _excluded_by_sums,
        "least squares on the waves": _excluded_by_least_squares,
        "one wave after the other": _excluded_by_loop,
        "numpy's fft2": _excluded_by_fft,
    },
    misconceptions=(
        Misconception(
            "over all pairs",
            "Your mean is over all pairs. The excluded loss asks what is left of the *trained* sums when the rule is "
            "taken away, so that what was learned by heart can show: losses[train].mean().",
            switches={"over": "everything"},
        ),
        Misconception(
            "over the held-out pairs",
            "Your mean is over the sums that training did not see. Nobody could know these by heart. Asked for are "
            "the trained ones.",
            switches={"over": "held out"},
        ),
        Misconception(
            "waves fitted on the trained pairs",
            "You sum over trained pairs only, or set the held-out logits to zero, when you measure the waves. On a "
            "part of the pairs waves are not orthogonal, and one measures pieces of others. Fit on all pairs, take "
            "the loss on the trained ones.",
            switches={"seen": "train"},
        ),
        Misconception(
            "the waves are kept",
            "You keep these waves and drop the rest: the restricted loss, on the trained sums. Here they are removed "
            "and all else stays.",
            switches={"swap": True},
        ),
        Misconception(
            "the mean is removed as well",
            "You also take away the mean of each answer's logit. It is no wave of the frequencies asked for: it stays.",
            switches={"constant": "other"},
        ),
        Misconception(
            "only the cosine is removed",
            "You remove cos(w(a + b)) and leave the sine, which is half of the rule. Remove both.",
            switches={"waves": "cos"},
        ),
        Misconception(
            "only the sine is removed",
            "You remove sin(w(a + b)) and leave the cosine, which is half of the rule. Remove both.",
            switches={"waves": "sin"},
        ),
        Misconception(
            "all products are removed",
            "You remove all four products of cosine and sine of wa and of wb, and with them the waves of a − b. "
            "Remove cos(w(a + b)) and sin(w(a + b)) only.",
            switches={"waves": "products"},
        ),
        Misconception(
            "the difference of the numbers",
            "The waves you remove are of a − b. The rule is about a + b.",
            switches={"waves": "difference"},
        ),
        Misconception(
            "every wave of the sum is removed",
            "You remove every frequency of a + b. Asked for is to remove those given; the others stay, since the "
            "claim is that the rule lives in these few.",
            switches={"waves": "every"},
        ),
        Misconception(
            "waves over the answers are removed",
            "Your waves run along the last axis, the answers. Removed is how the logits vary with the pair (a, b), "
            "for each answer by itself.",
            switches={"waves": "answers"},
        ),
        Misconception(
            "half of each wave is removed",
            "Half of each wave stays. Do you divide by p²? The squared length of a wave over all pairs is p²/2. Or, "
            "with an FFT, do you set the entry [k, k] to zero and not [−k, −k]? A wave has half of itself in each.",
            switches={"size": 0.5},
        ),
        Misconception(
            "more than the wave is removed",
            "You subtract without dividing by the wave's squared length, p²/2, and so put p²/2 − 1 times the wave in "
            "with the opposite sign.",
            switches={"size": "not divided"},
        ),
        Misconception(
            "a sum over pairs",
            "You add the losses up. A loss is the mean over the trained pairs.",
            switches={"score": "sum"},
        ),
        Misconception(
            "bits for nats",
            "Your logarithm has base 2, so this is in bits. Losses are in nats: the natural logarithm.",
            switches={"score": "bits"},
        ),
        Misconception(
            "the sign is turned",
            "This is the mean log-probability of the right answers. The loss is minus that, and positive.",
            switches={"score": "sign"},
        ),
        Misconception(
            "how much is lost",
            "You return by how much the loss grows when the waves go. Asked for is the loss itself, without the waves.",
            switches={"score": "difference"},
        ),
        Misconception(
            "zeros for the held-out pairs",
            "You set the losses of held-out pairs to zero and divide by the number of all pairs. Divide by the "
            "number of trained ones: losses[train].mean().",
            switches={"over": "zeros"},
        ),
        Misconception(
            "least squares on the trained pairs",
            "You fit the waves to the trained pairs alone, by least squares. That takes away more than lies along "
            "them over the whole table: where only some pairs count, other things look like these waves. Fit on all "
            "pairs.",
            switches={"seen": "least squares"},
        ),
        Misconception(
            "divided by the wave's length once",
            "You divide by the length of the wave once, though the wave stands there twice: once to measure, once to "
            "subtract. Make it one unit long first.",
            switches={"size": "once"},
        ),
        Misconception(
            "the waves are doubled",
            "You add the waves once more, where they should be taken away: minus, not plus.",
            switches={"size": -1.0},
        ),
        Misconception(
            "only the first frequency is removed",
            "You remove the waves of the first frequency and leave those of the others, which still carry the rule. "
            "Is there a return inside the loop?",
            switches={"each": "first"},
        ),
        Misconception(
            "only the last frequency is removed",
            "You remove the waves of the last frequency and leave those of the others. Does each round of your loop "
            "begin with the logits as they were? Go on with what the round before has left.",
            _excluded_variant(each="last"),
        ),
        Misconception(
            "softmax twice",
            "You hand a softmax to a cross-entropy, which takes a softmax of its own. Give it logits.",
            _excluded_variant(score="twice"),
        ),
        Misconception(
            "no softmax",
            "You average the logits of the right answers; the loss is made of log-probabilities: log_softmax over the "
            "answers, or F.cross_entropy.",
            _excluded_variant(score="logits"),
        ),
        Misconception(
            "the answer a − b",
            "You score the answer (a − b) mod p. The right answer to a sum is (a + b) mod p.",
            _excluded_variant(score="a minus b"),
        ),
        Misconception(
            "p from the notebook",
            "You remove waves made with p = 53, the shipped models' size, whatever the size of the table. Its p is "
            "len(logits).",
            _excluded_variant(waves="global p"),
        ),
        Misconception(
            "one frequency removed at a time",
            "You remove each frequency by itself and average the losses. The others can then stand in for the one "
            "that is gone. Remove all of them together and take one loss.",
            switches={"each": "apart"},
        ),
        *_shared_mistakes(_excluded_variant, "F.cross_entropy(left[train], (pair_sum % p)[train])"),
        Misconception(
            "nothing is removed",
            "This is the loss of the trained sums with the logits as they are. Take away what lies along the waves of "
            "the frequencies asked for first.",
            _excluded_variant(size=0.0),
        ),
        Misconception(
            "the mean comes before the logarithm",
            "You average the probabilities of the right answers over the trained pairs and take the logarithm then. "
            "Take the logarithm of each, and the mean last.",
            _excluded_variant(score="probability"),
        ),
        Misconception(
            "accuracy",
            "You return the share of trained sums that come right. Asked for is the loss.",
            switches={"score": "right"},
        ),
    ),
)

EXERCISES = [key_frequencies, restricted_loss, excluded_loss]
