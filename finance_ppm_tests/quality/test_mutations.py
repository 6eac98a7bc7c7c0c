"""What rules are for: figures of gold that are changed in one place, or computed from another silver, break some rule.

Belongs here: kinds of change, drawn by a seed. What each rule finds is ``test_reconciliation``.
"""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from finance_ppm.quality import evaluate, findings
from finance_ppm.quality.rules import RECONCILIATIONS
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.quality.marts import GOLD, Marts, marts_of, with_marts
from finance_ppm_tests.quality.portfolios import BASE, SOUND

SEED = 20261121
ENGINE = PolarsEngine()
Told = dict[str, list[dict[str, Any]]]

NOT_ASKED = {
    "budget_vs_actual": {"fiscal_year", "line_count", "excluded_count"},
    "forecast": {
        *("undated_actual_count", "future_actual_count", "settled_without_actual", "unspent_planned"),
        *("days_late", "eac_low_80", "eac_high_80", "eac_low_90", "eac_high_90", "interval_n"),
    },
    "forecast_monthly": {"fiscal_year"},
    "project_health": {name for name, column in GOLD["project_health"].columns().items() if name != "vac_ratio"},
    "advisor_recs": {"age_days", "snapshot_age_days"},
    "advisor_allocations": {"machines"},
    "advisor_summary": set[str](),
}
"""Figures that no rule compares: counts of lines, what is of a share's state, ranges, and what health alone reckons."""


@cache
def portfolio() -> Told:
    """Seven projects in four currencies and sixty lines, some of them split, archived, undated or of nobody."""
    rng = random.Random(SEED)

    def day() -> date | None:
        return rng.choice([date(2026, rng.randint(1, 12), rng.randint(1, 28)), None])

    def money() -> Decimal:
        return Decimal(rng.randint(1, 20_000_000)).scaleb(-2)

    def named() -> list[str]:
        one = f"P{rng.randrange(7)}"
        return rng.choice([[one], [one], [one], ["P0", "P1"], []])

    currencies = ("USD", "PHP", "EUR", "USD", "PHP", None, "EUR")
    projects: list[dict[str, Any]] = [
        {
            "project_id": f"P{number}",
            "program_id": "GH"[number % 2],
            "name": f"Project {number}",
            "currency": currency,
            "budget_total": money() if number < 5 else None,
        }
        for number, currency in enumerate(currencies)
    ]
    lines = [
        {"budget_line_id": f"L{number}", "project_ids": named(), "amount": money()}
        | {"category": rng.choice(["CapEx", "OpEx", None]), "vendor": rng.choice(["Acme", "Bolt", None])}
        | {"committed_date": day(), "invoice_date": day(), "paid_date": day()}
        | {"actual_amount": rng.choice([money(), None]), "is_archived": number % 10 == 9}
        for number in range(60)
    ]
    other = SOUND["azure_recommendations"]["recommendation_id"].replace("/r", "/s")
    cheap = {"recommendation_id": other, "name": "s", "impact": "Low", "annual_savings": Decimal("60.00")}
    programs = [{"program_id": "H", "name": "Health"}]
    return {
        "programs": programs,
        "projects": projects,
        "budget_lines": lines,
        "azure_recommendations": [{**cheap, "kind": "other", "resource_id": None}],
    }


@cache
def sound() -> tuple[Portfolio, Marts]:
    return marts_of(ENGINE, BASE, portfolio())


def broken(marts: Marts, *changed: str) -> set[str]:
    """The rules that speak of ``marts``, among those that look at what was changed."""
    tables = {GOLD[name] for name in changed}
    rules = [rule for rule in RECONCILIATIONS if tables & {*rule.reads}]
    return set(findings(with_marts(ENGINE, sound()[0], marts), rules)["rule"])


def test_the_portfolio_is_sound() -> None:
    assert broken(sound()[1], *GOLD) == set()


def figures() -> Iterator[tuple[str, str]]:
    """Every figure of gold that rules are to look after, with its table."""
    for table, frame in sound()[1].items():
        for column, dtype in frame.schema.items():
            if dtype.is_numeric() and column not in NOT_ASKED[table]:
                yield table, column


@pytest.mark.parametrize("seed", range(2))
def test_a_figure_that_is_changed_in_one_place_breaks_a_rule(seed: int) -> None:
    """One cent, or one, more; nothing in place of something; the opposite; null."""
    unseen = []
    for table, column in figures():
        rng = random.Random(f"{SEED} {seed} {table} {column}")
        frame, dtype = sound()[1][table], sound()[1][table].schema[column]
        figure, kind = pl.col(column), rng.choice(["more", "nothing", "opposite", "null"])
        rows = frame.with_row_index("row").filter(figure.is_not_null() if kind == "more" else figure != 0)["row"]
        if rows.is_empty():
            continue
        step = pl.lit(Decimal("0.01") if dtype.is_decimal() else 1)
        changed = {"more": figure + step, "nothing": figure - figure, "opposite": -figure, "null": pl.lit(None)}[kind]
        chosen = pl.int_range(pl.len()) == rng.choice(rows.to_list())
        wrong = frame.with_columns(pl.when(chosen).then(changed.cast(dtype)).otherwise(figure).alias(column))
        if not broken({**sound()[1], table: wrong}, table):
            unseen.append((table, column, kind))
    assert unseen == []


@pytest.mark.parametrize("table", GOLD)
def test_rows_that_are_lost_or_doubled_break_a_rule(table: str) -> None:
    rng = random.Random(f"{SEED} {table}")
    frame = sound()[1][table]
    for _ in range(3):
        place = rng.randrange(frame.height)
        row = frame[place : place + 1]
        if table == "budget_vs_actual" and row.select("value", "excluded_value").row(0) == (0, 0):
            continue  # of nothing there may be more or less
        assert broken({**sound()[1], table: frame.filter(pl.int_range(pl.len()) != place)}, table), f"lost: {row}"
        assert broken({**sound()[1], table: pl.concat([frame, row])}, table), f"doubled: {row}"


def lost(told: Told, rng: random.Random) -> None:
    told["budget_lines"].pop(_spent(told, rng))


def doubled(told: Told, rng: random.Random) -> None:
    told["budget_lines"].append({**told["budget_lines"][_spent(told, rng)], "budget_line_id": "again"})


def moved(told: Told, rng: random.Random) -> None:
    line = told["budget_lines"][_spent(told, rng)]
    line["project_ids"] = ["P6" if line["project_ids"] != ["P6"] else "P5"]


def brought_back(told: Told, rng: random.Random) -> None:
    rng.choice([line for line in told["budget_lines"] if line["is_archived"]])["is_archived"] = False


def in_another_currency(told: Told, rng: random.Random) -> None:
    project = rng.choice(told["projects"])
    project["currency"] = "EUR" if project["currency"] != "EUR" else "PHP"


def of_another_total(told: Told, rng: random.Random) -> None:
    rng.choice(told["projects"])["budget_total"] = Decimal("12345.67")


def in_another_program(told: Told, rng: random.Random) -> None:
    project = rng.choice(told["projects"][:5])
    project["program_id"] = "G" if project["program_id"] == "H" else "H"


def in_another_category(told: Told, rng: random.Random) -> None:
    told["budget_lines"][_spent(told, rng)]["category"] = "Travel"


def of_another_vendor(told: Told, rng: random.Random) -> None:
    told["budget_lines"][_spent(told, rng)]["vendor"] = "Coil"


def in_another_month(told: Told, rng: random.Random) -> None:
    told["budget_lines"][_spent(told, rng)]["invoice_date"] = date(2025, 12, 1)


def _spent(told: Told, rng: random.Random) -> int:
    """A live line of one project that spent something."""
    return rng.choice(
        [
            number
            for number, line in enumerate(told["budget_lines"])
            if line["actual_amount"] and not line["is_archived"] and len(line["project_ids"]) == 1
        ]
    )


OTHERWISE: tuple[Callable[[Told, random.Random], None], ...] = (
    *(lost, doubled, moved, brought_back, in_another_currency, of_another_total, in_another_program),
    *(in_another_category, of_another_vendor, in_another_month),
)


@pytest.mark.parametrize("change", OTHERWISE, ids=lambda change: change.__name__)
def test_gold_that_was_computed_from_another_silver_breaks_a_rule(
    change: Callable[[Told, random.Random], None],
) -> None:
    """All of it: then its own tables agree, and only silver tells."""
    told = deepcopy(portfolio())
    change(told, random.Random(f"{SEED} {change.__name__}"))
    _, wrong = marts_of(ENGINE, BASE, told)
    assert broken(wrong, *GOLD)


def of_strangers(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, all of them somebody else's."""
    names = ("dimension_id", "project_id", "recommendation_id", "dimension")
    return frame.with_columns(pl.concat_str(pl.lit("no "), name).alias(name) for name in names if name in frame.columns)


def others() -> Iterator[tuple[str, Portfolio, Marts]]:
    """Gold of which a table, a part or all is gone or somebody else's, and gold beside a silver that is not its own."""
    silver, made = sound()
    cells = made["budget_vs_actual"]
    for change in (pl.DataFrame.clear, of_strangers):
        every = {table: change(frame) for table, frame in made.items()}
        for table in made:
            yield f"{change.__name__}: {table}", silver, {**made, table: every[table]}
        yield f"{change.__name__}: all", silver, every
        yield f"{change.__name__}: all but cells", silver, {**every, "budget_vs_actual": cells}
    for column in ("dimension", "metric_name"):
        for value in cells[column].unique(maintain_order=True):
            yield f"no {value}", silver, {**made, "budget_vs_actual": cells.filter(pl.col(column) != value)}
    for seed in range(3):
        told = deepcopy(portfolio())
        for change_silver in OTHERWISE:
            change_silver(told, random.Random(f"{SEED} {seed} {change_silver.__name__}"))
        wrong = marts_of(ENGINE, BASE, told)[1]
        some = {table: frame.sample(fraction=0.5, seed=seed) for table, frame in wrong.items()}
        yield f"half of another gold: {seed}", silver, some
    nothing = marts_of(ENGINE)[0]
    yield "nothing in silver", nothing, made
    yield "nothing", nothing, {table: frame.clear() for table, frame in made.items()}


def test_no_rule_finds_more_rows_than_it_looks_at() -> None:
    """Also where only one of the sides that a rule compares knows a group."""
    more = [
        (name, fared.rule.name, fared.rows_failing, fared.rows_checked)
        for name, silver, marts in others()
        for fared in evaluate(with_marts(ENGINE, silver, marts), RECONCILIATIONS)
        if fared.rows_failing > fared.rows_checked
    ]
    assert more == []
