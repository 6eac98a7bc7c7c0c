"""Any sequence of merges equals the same sequence on a dict."""

import tempfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse import Lake
from finance_ppm_tests.lakehouse.tables import NOON, Line, line, lines

IDS = st.sampled_from(["a", "b", "c'", 'd"e', "é🙂"])
ISSUES = st.lists(st.fixed_dictionaries({"rule": st.sampled_from("rs"), "value": st.none() | st.just("")}), max_size=2)
ROWS = st.builds(
    line,
    IDS,
    st.sampled_from(["2026-Q1", "2026-Q2", "it's"]),
    name=st.none() | st.sampled_from(["", "x"]),
    amount=st.none() | st.sampled_from([Decimal("0.10"), Decimal("9999999999999999.99")]),
    issues=ISSUES,
)
STEPS = st.lists(
    st.tuples(st.lists(ROWS, max_size=4, unique_by=lambda row: row["line_id"]), st.sets(IDS, max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_any_sequence_of_merges_equals_a_dict(steps: list[tuple[list[dict[str, Any]], set[str]]]) -> None:
    clock = FrozenClock(NOON)
    model: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder, clock=clock)
        for rows, touched in steps:
            clock.moment += timedelta(minutes=5)
            before, version = dict(model.items()), lake.version(Line)
            for row in rows:
                old = model.get(row["line_id"], {})
                same = all(old.get(name, ...) == value for name, value in row.items())
                model[row["line_id"]] = old if same else {**row, "written_at": clock.now()}
            for key in touched - {row["line_id"] for row in rows}:
                model.pop(key, None)

            written = lake.merge(Line, lines(*rows), pl.Series(sorted(touched), dtype=pl.String))

            stored = {row["line_id"]: row for row in lake.scan(Line).collect().to_dicts()}
            assert stored == model
            assert written.rows == len(model) == lake.scan(Line).select(pl.len()).collect().item()
            assert written.inserted == len(model.keys() - before.keys())
            assert written.deleted == len(before.keys() - model.keys())
            assert written.updated == sum(model[key] != before[key] for key in model.keys() & before.keys())
            assert written.version == lake.version(Line)
            assert written.changed == (written.version != version)
            if version is not None:
                assert written.changed == (model != before)
