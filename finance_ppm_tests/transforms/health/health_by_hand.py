"""Small portfolios as plain rows, and their health recomputed from them in plain Python.

Shares no code with the product: this is the other side of the comparison. Of the reasons only the names are recomputed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import exp, floor
from random import Random
from typing import Any

import polars as pl

from finance_ppm.contracts import Table
from finance_ppm.contracts.finance import PpmForecast, PpmProjectHealth
from finance_ppm.contracts.gold import DataQualityIssues
from finance_ppm.contracts.silver import NotionProjects, NotionRisks
from finance_ppm.transforms.health import HealthThresholds, project_health
from finance_ppm_tests.engines import Engine

Row = dict[str, Any]
AS_OF = date(2026, 11, 21)
THRESHOLDS = HealthThresholds()
INPUTS: tuple[type[Table], ...] = (NotionProjects, PpmForecast, NotionRisks, DataQualityIssues, PpmProjectHealth)

_EDITED = datetime(2026, 11, 20, tzinfo=UTC)
_PAGE: Row = {"is_archived": False, "created_quarter": "2026-Q1", "synced_at": _EDITED, "issues": []}


@dataclass
class World:
    """What the health of a portfolio is made of, as rows of the five contracts."""

    projects: list[Row] = field(default_factory=list)
    forecast: list[Row] = field(default_factory=list)
    risks: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    snapshots: list[Row] = field(default_factory=list)

    def frames(self) -> list[pl.DataFrame]:
        rows = (self.projects, self.forecast, self.risks, self.findings, self.snapshots)
        return [_typed(table, told) for table, told in zip(INPUTS, rows, strict=True)]

    def shuffled(self, rng: Random) -> "World":
        lists = (self.projects, self.forecast, self.risks, self.findings, self.snapshots)
        return World(*(rng.sample(rows, len(rows)) for rows in lists))


def together(worlds: Iterable[World]) -> World:
    whole = World()
    for world in worlds:
        whole.projects += world.projects
        whole.forecast += world.forecast
        whole.risks += world.risks
        whole.findings += world.findings
        whole.snapshots += world.snapshots
    return whole


def computed(engine: Engine, world: World, thresholds: HealthThresholds = THRESHOLDS) -> dict[str, Row]:
    """What the product says of each project."""
    frames = map(engine.lazy, world.frames())
    health = engine.collect(project_health(*frames, thresholds=thresholds, as_of=AS_OF), PpmProjectHealth)
    return {row["project_id"]: row for row in health.to_dicts()}


def project(
    name: str,
    *,
    currency: str | None = "EUR",
    start: date | None = date(2026, 1, 1),
    end: date | None = date(2026, 12, 31),
    status: str | None = "In Progress",
    is_archived: bool = False,
    total: str | None = "1000.00",
    lines: str = "900.00",
    ac: str | None = "800.00",
    oc: str = "50.00",
    eac: str = "1000.00",
    unspent_planned: str = "0.00",
    run_rate_eac: str | None = None,
    methods_disagree: bool | None = None,
    risks: Sequence[Row] = (),
    findings: Sequence[str] = (),
    scores: Sequence[float | None] = (),
) -> World:
    """One project: by default 89 % of its year and 80 % of its money are over, and nothing is wrong.

    ``ac`` is None where no actual counts; ``findings`` are severities; ``scores`` those of the last days.
    """
    spent, line_total = Decimal(ac or "0.00"), Decimal(lines)
    bac = next((amount for amount in (Decimal(total or "0"), line_total) if amount > 0), None)
    is_late = end is not None and end < AS_OF and status != "Completed"
    money: Row = {
        "line_total": line_total,
        "bac": bac,
        "bac_source": None if bac is None else "budget_total" if Decimal(total or "0") > 0 else "lines",
        "reserve": None if bac is None else bac - line_total,
        "ac": spent,
        "oc": Decimal(oc),
        "available": None if bac is None else bac - spent - Decimal(oc),
        "eac": Decimal(eac),
        "vac": None if bac is None else bac - Decimal(eac),
        "burn": None if ac is None else Decimal("10.00"),
        "run_rate_eac": None if run_rate_eac is None else Decimal(run_rate_eac),
        "methods_disagree": methods_disagree,
        "unspent_planned": Decimal(unspent_planned),
        "days_late": (AS_OF - end).days if end is not None and is_late else None,
    }
    forecast = {"project_id": name, "unit": currency or "XXX", "program_id": "G", **money}
    return World(
        projects=[
            _PAGE
            | {"project_id": name, "name": f"Project {name}", "program_id": "G", "currency": currency, "status": status}
            | {"start_date": start, "end_date": end, "is_archived": is_archived}
        ],
        forecast=[] if is_archived else [forecast],
        risks=[each | {"risk_id": f"{name}-{i}", "project_id": name} for i, each in enumerate(risks)],
        findings=[finding(name, severity) for severity in findings],
        snapshots=[snapshot(name, score, AS_OF - timedelta(days=1 + i)) for i, score in enumerate(scores)],
    )


def risk(severity: str | None, probability: str | None, status: str | None = "Open", **cells: Any) -> Row:
    told = {"title": "Delay", "severity": severity, "probability": probability, "status": status}
    return _PAGE | told | cells


def finding(project_id: str | None, severity: str, table_name: str = "silver/notion_budget_lines") -> Row:
    return {"project_id": project_id, "severity": severity, "table_name": table_name}


def snapshot(project_id: str, score: float | None, day: date) -> Row:
    return {"project_id": project_id, "score": score, "as_of_date": day}


def random_world(rng: Random, size: int = 12) -> World:
    """Projects that stand on and beside every boundary."""
    return together(_random_project(rng, f"p{i:02}") for i in range(size))


def _random_project(rng: Random, name: str) -> World:
    some = rng.choice
    start = None if rng.random() < 0.1 else AS_OF - timedelta(days=some((-9, 0, 23, 24, 25, 49, 364)))
    end = some((None, AS_OF, AS_OF - timedelta(days=1)))
    if start is not None and rng.random() < 0.9:
        end = start + timedelta(days=some((-3, 0, 9, 49, 96, 99, 99, 364, 364)))
    total = some((None, "0.00", "-5.00", "1000.00", "1000.00", "1000.00", "5.00", "123456789012.34"))
    bac = Decimal(total) if total and Decimal(total) > 0 else Decimal("700.00")
    over = some(("-0.3", "-0.01", "0", "0.02", "0.05", "0.0500001", "0.1", "0.10001", "0.07", "0.199", "0.2", "5"))
    spent = some((None, "0", "0.09", "0.1", "0.34", "0.59", "0.6", "0.600001", "0.61", "1", "1.01", "-0.1"))
    return project(
        name,
        currency=some((*["EUR", "USD", "PHP"] * 3, None, "ABC")),
        start=start,
        end=end,
        status=some(("In Progress", "Planning", "Completed", None)),
        is_archived=rng.random() < 0.1,
        total=total,
        lines=some(
            (
                "5.00",
                "5.00",
                "700.00",
                "-1.00",
                "0.00",
                _times(bac, "1.005"),
                _times(bac, "1.1"),
                _times(bac, "1.10001"),
            )
        ),
        ac=None if spent is None else _times(bac, spent),
        oc=some(("0.00", "0.01", _times(bac, "0.4"), _times(bac, "0.41"))),
        eac=_times(bac, str(1 + Decimal(over))),
        unspent_planned=some(("0.00", "0.00", "12.00")),
        run_rate_eac="2000.00",
        methods_disagree=some((None, False, True)),
        risks=[_random_risk(rng) for _ in range(some((0, 1, 1, 2, 3)))],
        findings=[some(("ERROR", "WARN", "WARN", "INFO")) for _ in range(rng.randrange(9))],
        scores=[some((None, 0.0, 40.0, 71.3, 84.9, 100.0)) for _ in range(rng.randrange(6))],
    )


def _random_risk(rng: Random) -> Row:
    return risk(
        rng.choice(("Critical", "High", "Medium", "Low", "Severe", None)),
        rng.choice(("High", "Medium", "Low", "Certain", None)),
        rng.choice(("Open", "Mitigating", "Closed", None)),
        is_archived=rng.random() < 0.2,
    )


def _times(amount: Decimal, factor: str) -> str:
    return str((amount * Decimal(factor)).quantize(Decimal("0.01")))


def recomputed(world: World, thresholds: HealthThresholds = THRESHOLDS) -> dict[str, Row]:
    """What the product should say of each project, without ``rag_reason``."""
    return {
        row["project_id"]: _Standing(row, world, thresholds).row() for row in world.projects if not row["is_archived"]
    }


class _Standing:
    """One project, judged."""

    def __init__(self, row: Row, world: World, thresholds: HealthThresholds) -> None:
        self.project, self.t = row, thresholds
        self.name = row["project_id"]
        self.unit = row["currency"] or "XXX"
        self.money = next(r for r in world.forecast if (r["project_id"], r["unit"]) == (self.name, self.unit))
        self.knows = self.unit in {"EUR", "USD", "PHP"}
        self.bac = self.money["bac"] if self.knows else None
        self.is_idle = self.money["burn"] is None
        self.is_completed = row["status"] == "Completed"
        self.rules: dict[str, list[tuple[str, str]]] = {d: [] for d in ("cost", "schedule", "risk", "data_quality")}
        self.points: dict[str, Fraction | None] = {}
        start, end = row["start_date"], row["end_date"]
        self.has_span = start is not None and end is not None and start <= end
        self.is_reversed = start is not None and end is not None and start > end
        self.days_late = None if self.is_reversed else self.money["days_late"]
        if self.has_span:
            self.duration = (end - start).days + 1
            self.passed = min(max((AS_OF - start).days + 1, 0), self.duration)
        open_risks = [
            r for r in world.risks if r["project_id"] == self.name and r["status"] != "Closed" and not r["is_archived"]
        ]
        self.vac_ratio = None if self.bac is None else Fraction(self.money["vac"]) / Fraction(self.bac)
        self.ahead: Fraction | None = None
        if self.bac is not None and self.has_span and not self.is_idle and not self.is_completed:
            self.ahead = Fraction(self.money["ac"]) / Fraction(self.bac) - Fraction(self.passed, self.duration)
        self.open_risks = len(open_risks)
        self.exposure = sum((self._exposure(r) for r in open_risks), Fraction(0))
        found = [
            f["severity"] for f in world.findings if f["project_id"] == self.name and "gold" not in f["table_name"]
        ]
        self.errors, self.warnings = found.count("ERROR"), found.count("WARN")
        self._cost()
        self._schedule()
        self._risk(any((r["severity"], r["probability"]) == ("Critical", "High") for r in open_risks))
        self._data_quality()
        trend = thresholds.trend
        since = AS_OF - timedelta(days=trend.days)
        self.before = [
            Fraction(str(s["score"]))
            for s in world.snapshots
            if s["project_id"] == self.name and s["score"] is not None and since <= s["as_of_date"] < AS_OF
        ]

    def _exposure(self, row: Row) -> Fraction:
        severity = dict(self.t.risk.severity).get((row["severity"] or "").lower(), self.t.risk.severity.medium)
        probable = dict(self.t.risk.probability).get((row["probability"] or "").lower(), self.t.risk.probability.medium)
        return Fraction(severity) * Fraction(probable)

    def _say(self, dimension: str, name: str, colour: str) -> None:
        self.rules[dimension].append((name, colour))

    def _cost(self) -> None:
        t, money = self.t.cost, self.money
        self.points["cost"] = None
        if money["bac"] is None:
            self._say("cost", "no_budget", "grey")
            if money["ac"] > 0:
                self._say("cost", "unbudgeted_spend", "red")
        if not self.knows:
            self._say("cost", "unknown_currency", "grey")
        if self.is_completed and money["oc"] > 0:
            self._say("cost", "completed_with_commitments", "amber")
        if money["unspent_planned"] > 0:
            self._say("cost", "unspent_planned", "green")
        if self.vac_ratio is None:
            return
        over = -100 * self.vac_ratio
        self.points["cost"] = min(max(100 - 100 * over / Fraction(t.score_0_at), Fraction(0)), Fraction(100))
        if over > t.amber_beyond:
            self._say("cost", *(("far_over_budget", "red") if over > t.red_beyond else ("over_budget", "amber")))
        if money["available"] < 0:
            self._say("cost", "overcommitted", "red")
        excess = -money["reserve"]
        if money["bac_source"] == "budget_total" and excess > t.lines_tolerance:
            share = -100 * Fraction(money["reserve"]) / Fraction(money["bac"])
            if share > t.lines_red_beyond:
                self._say("cost", "lines_far_over_budget", "red")
            elif share > t.lines_amber_beyond:
                self._say("cost", "lines_over_budget", "amber")
        if money["methods_disagree"]:
            self._say("cost", "methods_disagree", "green")

    def _schedule(self) -> None:
        t = self.t.schedule
        self.points["schedule"] = None
        if self.project["start_date"] is None or self.project["end_date"] is None:
            self._say("schedule", "dates_missing", "grey")
        if self.is_reversed:
            self._say("schedule", "dates_reversed", "grey")
        if self.days_late:
            self._say("schedule", "past_end", "red")
        is_early = self.has_span and not self.is_completed
        is_early = is_early and Fraction(100 * self.passed, self.duration) < t.no_actuals_from
        if self.is_idle:
            self._say("schedule", *(("not_started", "green") if is_early else ("no_actuals", "amber")))
        if not self.has_span:
            return
        late = Fraction(100 * (self.days_late or 0), self.duration)
        excess = max(100 * (self.ahead or 0) - Fraction(t.spend_ahead_beyond), Fraction(0))
        self.points["schedule"] = max(100 - Fraction(t.points_per_percent_late) * late - excess, Fraction(0))
        if excess > 0:
            self._say("schedule", "spend_ahead", "amber")

    def _risk(self, has_worst: bool) -> None:
        self.points["risk"] = Fraction(100 * exp(-self.exposure))
        if has_worst:
            self._say("risk", "critical_risk", "red")
        if self.exposure >= self.t.risk.amber_from:
            self._say("risk", "risk_exposure", "amber")

    def _data_quality(self) -> None:
        t = self.t.data_quality
        left = Fraction(100 - self.errors * t.points_per_error - self.warnings * t.points_per_warning)
        self.points["data_quality"] = max(left, Fraction(0))
        if left < t.amber_below:
            self._say("data_quality", "poor_data", "amber")

    def row(self) -> Row:
        shown = {name: None if points is None else _tenth(points) for name, points in self.points.items()}
        weights = {name: weight for name, weight in self.t.weights if shown[name] is not None}
        total = sum(weights.values())
        sums = sum((weight * (shown[name] or Fraction(0)) for name, weight in weights.items()), Fraction(0))
        score = _tenth(sums / total) if total else None
        worst = ("red", "grey", "amber", "green")
        colours = {
            name: min((c for _, c in told), key=worst.index, default="green") for name, told in self.rules.items()
        }
        rag = min(colours.values(), key=worst.index)
        names = {name: colour for told in self.rules.values() for name, colour in told}
        if rag == "green":
            names["on_track"] = "green"
        enough = len(self.before) >= self.t.trend.fewest
        before = _tenth(sum(self.before, Fraction(0)) / len(self.before)) if enough else None
        change = None if before is None or score is None else score - before
        band = self.t.trend.dead_band
        trend = None if change is None else "up" if change > band else "down" if change < -band else "flat"
        return {
            "project_id": self.name,
            "project_name": self.project["name"],
            "program_id": "G",
            "status": self.project["status"],
            "unit": self.unit,
            "score": _float(score),
            "rag": rag,
            "rag_rules": names,
            "coverage": total / 100,
            **{f"{name}_score": _float(points) for name, points in shown.items()},
            **{f"{name}_rag": colour for name, colour in colours.items()},
            "vac_ratio": None if self.vac_ratio is None else round(float(self.vac_ratio), 6),
            "spend_ahead": None if self.ahead is None else round(float(self.ahead), 6),
            "days_late": self.days_late,
            "risk_exposure": float(self.exposure),
            "open_risks": self.open_risks,
            "error_findings": self.errors,
            "warn_findings": self.warnings,
            "trend": trend,
            "score_before": _float(before),
            "as_of_date": AS_OF,
        }


def _tenth(points: Fraction) -> Fraction:
    return Fraction(floor(points * 10 + Fraction(1, 2)), 10)


def _float(points: Fraction | None) -> float | None:
    return None if points is None else float(points)


def _typed(table: type[Table], rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, [row.get(name) for row in rows], column.dtype) for name, column in table.columns().items()]
    )
