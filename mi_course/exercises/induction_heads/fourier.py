"""2.10: which frequencies a table round a circle is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mi_course import induction_heads as helper
from mi_course.checking import Case, Draw, Exercise, Misconception, Oracle, Question
from mi_course.exercises.induction_heads.sum_tables import embedding_of, orthonormal_waves

QUESTIONS = [
    Question(
        name="frequencies_agree",
        text="Three frequencies carry the embedding of seed 0. In how many of the other four shipped seeds are the key "
        "frequencies the same?",
        kind=int,
        low=0,
        high=4,
    ),
]


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


def _frequencies_of_rows(table: Tensor, threshold: float = 0.1) -> list[int]:
    """A transform along the columns, of which every frequency is added up: a power for each row, the first left out."""
    power = torch.fft.rfft(table.double()).abs().square().sum(1)[1:]
    return (1 + (power / power.sum() > threshold).nonzero()[:, 0]).tolist()


def _planted_table(
    draw: Draw, p: int, d: int, powers: dict[int, tuple[float, float]], scale: float, mean: float
) -> Tensor:
    """A table whose power at each frequency, cosine and sine, is known; the constant has `mean` times their sum."""
    basis = orthonormal_waves(p)
    rows = F.normalize(draw.normal(f"{p} {d}", dtype=torch.float64), dim=1)
    weight = torch.zeros(p, dtype=torch.float64)
    weight[0] = mean * sum(map(sum, powers.values()))
    for k, (cosine, sine) in powers.items():
        weight[2 * k - 1], weight[2 * k] = cosine, sine
        if cosine == sine:  # one wave, shifted so that its cosine and its sine cancel when they are added
            rows[2 * k] = -rows[2 * k - 1]
    return (scale * basis.T @ (weight.sqrt()[:, None] * rows)).float()


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
    table[:, :-1] = orthonormal_waves(5)[2 * weak - 1 : 2 * weak + 1].T @ waves
    table[:, -1] = math.sqrt(0.72) * (
        0.6 * orthonormal_waves(5)[2 * strong - 1] + 0.8 * orthonormal_waves(5)[2 * strong]
    )
    return table.float()


def _frequencies_cases(draw: Draw) -> list[Case]:
    def planted(p: int, weak: int) -> dict[int, tuple[float, float]]:
        """Shares .30 (cosine only), .29 (sine only), .18 (half each), .12, and weak ones; the last frequency is key."""
        ks = [p // 2, *draw.sample(range(1, p // 2), 3 + weak)]
        strong = draw.sample([(0.3, 0.0), (0.0, 0.29), (0.09, 0.09)], 3)
        rest = [(0.09 / weak, 0.0) if i % 2 else (0.0, 0.09 / weak) for i in range(weak)]
        return dict(zip(ks, [*strong, (0.08, 0.04), *rest], strict=True))

    embedding = embedding_of(draw.integer(0, 4))
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

EXERCISES = [key_frequencies]
