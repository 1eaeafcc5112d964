"""The zoo's table: stable keys, plain JSON."""

from __future__ import annotations

import json

from mi_course.zoo import card, model_names, seeds, table

KEYS = {
    "name", "kind", "summary", "layers", "heads", "d_model", "context", "vocabulary", "steps", "seeds", "seeds_failed",
    "checkpoints", "bytes", "phenomena", "intact", "problem",
}  # fmt: skip


def test_rows_have_the_documented_keys_and_survive_json():
    rows = table()
    assert json.loads(json.dumps(rows)) == rows
    assert [row["name"] for row in rows] == model_names()
    assert all(row.keys() == KEYS for row in rows)
    assert all(key in table.__doc__ for key in KEYS)
    assert all(row["intact"] and row["problem"] is None for row in rows)


def test_every_phenomenon_has_an_entry_for_each_seed_with_its_baselines():
    for row in table():
        for name, entries in row["phenomena"].items():
            assert [entry["seed"] for entry in entries] == seeds(row["name"])
            for entry in entries:
                measured = card(row["name"])["seeds"][str(entry["seed"])]["phenomena"][name]
                assert entry["value"] == measured.get("best", measured)["value"]
                assert entry["n"] > 0 and entry["baselines"]


def test_all_weights_together_stay_small():
    assert sum(row["bytes"] for row in table()) < 40_000_000
