"""Figures beyond their thresholds, and sources that were not read for too long: what the lake alone says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

from finance_ppm.automation.alerts.episodes import Survey
from finance_ppm.automation.alerts.metrics import Figures, survey_metrics
from finance_ppm.automation.alerts.sources import survey_sources
from finance_ppm.automation.alerts.thresholds import Threshold
from finance_ppm.contracts.alerts import Alerts
from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import DataQualityMetrics
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import Config

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
DIRT: dict[str, Any] = {"name": "dirt", "table": "gold/data_quality_metrics", "column": "rows_failing", "above": 10}


ISSUES: dict[str, Any] = {"table": "gold/data_quality_issues", "column": None, "take": "count"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def metrics(lake: Lake, **failing: int) -> None:
    rows = [
        {
            "rule": rule,
            "description": "?",
            "severity": "WARN",
            "table_name": "silver/lines",
            "owner": "me",
            "rows_checked": 100,
            "rows_failing": count,
            "passed": count == 0,
            "as_of_date": NOW.date(),
        }
        for rule, count in failing.items()
    ]
    lake.replace(DataQualityMetrics, pl.DataFrame(rows).with_columns(computed_at=NOW))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read from the folder one is in, and a demo leaves some there."""
    monkeypatch.chdir(tmp_path)


def config(folder: Path) -> Config:
    return Config(ppm_alert_thresholds=folder / "alerts.yaml")


def watch(lake: Lake, folder: Path, *entries: Mapping[str, Any], figures: Figures | None = None) -> Survey:
    (folder / "alerts.yaml").write_text(yaml.safe_dump({"thresholds": list(entries)}))
    return survey_metrics(lake, figures or Figures(), config(folder), "http://dagster", NOW)


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**DIRT, **changes}.items() if value is not None}


def active(survey: Survey) -> set[str]:
    return {condition.subject for condition in survey.active}


def test_a_figure_beyond_its_threshold_is_told(lake: Lake, tmp_path: Path) -> None:
    """Three rules are broken by 5, 7 and 0 of 100 rows: sum 12, mean 4, largest 7, smallest 0."""
    metrics(lake, line_vendor_missing=5, risk_severity_missing=7, months_add_up=0)
    for changes, crossed in (
        ({}, True),
        ({"above": 12}, False),
        ({"above": 11.5}, True),
        ({"where": {"rule": "line_vendor_missing"}}, False),
        ({"where": {"rule": ["line_vendor_missing", "risk_severity_missing"]}}, True),
        ({"where": {"passed": True}}, False),
        ({"where": {"passed": False}}, True),
        ({"where": {"rows_checked": 100}}, True),
        ({"where": {"as_of_date": "2026-06-15"}}, True),
        ({"where": {"as_of_date": NOW.date()}}, True),
        ({"take": "max"}, False),
        ({"take": "mean", "above": 3.9}, True),
        ({"take": "count", "column": None, "above": 2}, True),
        ({"take": "count", "column": None, "where": {"severity": "ERROR"}, "above": None, "below": 1}, True),
        ({"take": "min", "above": None, "below": 1}, True),
        ({"take": "min", "above": None, "below": 0}, False),
    ):
        survey = watch(lake, tmp_path, changed(**changes))
        assert active(survey) == ({"threshold dirt"} if crossed else set()), changes
        assert ("threshold dirt" in survey.well) is not crossed, changes


def test_rows_of_a_day_are_those_of_its_moments_in_utc(lake: Lake, tmp_path: Path) -> None:
    """A moment on the day before or after is none of the day's."""
    midnight = datetime(2026, 6, 15, tzinfo=UTC)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=23, minutes=59)]
    told = {
        "kind": "metric",
        "subject": "s",
        "severity": "WARN",
        "title": "t",
        "detail": "d",
        "tables": [],
        "links": [],
    }
    nothing = dict.fromkeys(Alerts.column_names())
    rows = [{**nothing, **told, "alert_id": str(at), "started_at": at, "written_at": at} for at in moments]
    lake.merge(Alerts, pl.DataFrame(rows, schema=Alerts.create_empty().schema))
    entry = {"name": "n", "table": "gold/alerts", "take": "count"}
    for day, rows_of_it in ((date(2026, 6, 14), 1), ("2026-06-15", 2), (date(2026, 6, 16), 0)):
        for count in (rows_of_it - 1, rows_of_it):
            survey = watch(lake, tmp_path, {**entry, "above": count, "where": {"started_at": day}})
            assert active(survey) == ({"threshold n"} if rows_of_it > count else set()), (day, count)


def test_the_figure_of_a_rule_that_was_not_asked_is_unclear(lake: Lake, tmp_path: Path) -> None:
    """Its alert stays as it is: it neither ends now nor begins anew once the rule is asked again."""
    of_rule = {"rule": "months_add_up"}
    for changes in (
        {"where": of_rule, "above": 0},
        {"where": {**of_rule, "passed": False}, "above": 0, "take": "count", "column": None},
        {"where": {**of_rule, "passed": True}, "above": None, "below": 1, "take": "count", "column": None},
    ):
        metrics(lake, months_add_up=3, line_vendor_missing=0)
        assert active(watch(lake, tmp_path, changed(**changes))) == {"threshold dirt"}
        metrics(lake, line_vendor_missing=0)
        survey = watch(lake, tmp_path, changed(**changes))
        assert (not survey.active, set(survey.unclear)) == (True, {"threshold dirt"}), changes
        assert "threshold dirt" not in survey.well


def test_what_no_row_is_like_any_more_is_over(lake: Lake, tmp_path: Path) -> None:
    """Every rule was asked and passes: there is none left that fails."""
    failing = changed(where={"severity": "WARN", "passed": False}, above=0)
    metrics(lake, line_vendor_missing=3)
    assert active(watch(lake, tmp_path, failing)) == {"threshold dirt"}
    metrics(lake, line_vendor_missing=0)
    survey = watch(lake, tmp_path, failing)
    assert not survey.active
    assert "threshold dirt" not in survey.unclear


def test_a_figure_that_there_is_none_of_is_neither_well_nor_wrong(lake: Lake, tmp_path: Path) -> None:
    assert "threshold dirt" not in active(watch(lake, tmp_path, DIRT)) | watch(lake, tmp_path, DIRT).well
    metrics(lake, a=5)
    survey = watch(lake, tmp_path, changed(where={"rule": "vendors_add_up"}))
    assert "threshold dirt" not in active(survey) | survey.well


def test_a_figure_is_computed_again_where_its_table_changed_and_only_there(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []
    of = Threshold.of

    def counted(self: Threshold, rows: pl.LazyFrame) -> Decimal | None:
        computed.append(self.name)
        return of(self, rows)

    monkeypatch.setattr(Threshold, "of", counted)
    figures = Figures()
    for failing, crossed in ((20, True), (20, True), (5, False)):
        metrics(lake, a=failing)
        assert bool(watch(lake, tmp_path, DIRT, figures=figures).active) is crossed
    assert len(computed) == 2


def test_two_thresholds_of_one_name_are_told(lake: Lake, tmp_path: Path) -> None:
    (condition,) = watch(lake, tmp_path, DIRT, DIRT).active
    assert "two thresholds are named dirt" in condition.detail


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"table": "gold/data_quality_metric"}, "there is no table gold/data_quality_metric; did you mean gold/data_"),
        ({"column": "rule"}, "column is to name a column of numbers"),
        ({"where": {"colour": "red"}}, "has no column colour to choose rows by; name one of rule, description, "),
        ({"where": {"rul": "a"}}, "has no column rul to choose rows by; did you mean rule?"),
        ({"where": {"rule": []}}, "(thresholds > dirt > where > rule): write a value, or a list of some."),
        ({"where": {"rule": None}}, "write a value, or a list of some."),
        ({"where": {"rule": {"is": "a"}}}, "write a value, or a list of some."),
        ({"where": {"rule": 3}}, "where > rule): rule is never 3; write a text, in quotes"),
        ({"where": {"rows_failing": "many"}}, "rows_failing is never 'many'; write a whole number"),
        ({"where": {"rows_failing": [1, True]}}, "rows_failing is never true; write a whole number"),
        ({"where": {"rows_failing": 10**40}}, "write a number of at most 18 digits"),
        ({"where": {"passed": "yes"}}, "passed is never 'yes'; write true or false"),
        ({"where": {"as_of_date": "June"}}, "as_of_date is never 'June'; write a day (2026-11-01)"),
        ({"where": {"as_of_date": 20260615}}, "write a day (2026-11-01)"),
        ({"where": {"severity": "warn"}}, "ERROR, WARN or INFO, and never warn; did you mean WARN?"),
        ({"where": {"severity": ["WARN", "EROR"]}}, "ERROR, WARN or INFO, and never EROR; did you mean ERROR?"),
        ({"where": {"rows_failing": 1.5}}, "where > rows_failing): rows_failing is never 1.5; write a whole number"),
        (
            {"where": {"rule": "no_such"}},
            "where > rule): there is no rule no_such; `finance-ppm rules` lists them all.",
        ),
        ({"where": {"rule": ["months_add_up", "month_add_up"]}}, "no rule month_add_up; did you mean months_add_up?"),
        ({"where": {"rule": "Months_add_up"}}, "there is no rule Months_add_up; did you mean months_add_up?"),
        ({**ISSUES, "where": {"rule": "no_such"}}, "there is no rule no_such"),
        (
            {**ISSUES, "where": {"rule": "months_add_up"}},
            "what months_add_up finds in gold is not in gold/data_quality_is",
        ),
        (
            {"table": "gold/ppm_budget_vs_actual", "column": "value", "where": {"line_count": 1.5}},
            "line_count is never 1.",
        ),
        ({"above": "1,000"}, "above): 1,000 is read as a text; write 1000, or a text in quotes."),
        ({"above": 10**19}, "write a number of at most 18 digits"),
        ({"above": "1e99999"}, "write a number of at most 18 digits"),
        ({"above": "many"}, "write a number"),
        ({"name": "two\nlines"}, "write a name on one line"),
        ({"name": " "}, "write a name on one line"),
        ({"above": None}, "one of above and below"),
        ({"below": 3}, "one of above and below"),
        ({"colour": "red"}, "(thresholds > dirt > colour): colour is nothing that is known here; did you mean column?"),
        ({"severity": "GRAVE"}, "(thresholds > dirt > severity): write INFO, WARN or ERROR."),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_nothing_is_said_of_what_it_asked_for(
    lake: Lake, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    survey = watch(lake, tmp_path, changed(**changes))
    (condition,) = survey.active
    assert condition.subject == f"file {tmp_path / 'alerts.yaml'}"
    assert told in condition.detail
    assert "metric" not in survey.covers
    assert "?." not in condition.detail


@pytest.mark.parametrize("above", [1.5, "1.5"])
def test_a_threshold_of_whole_numbers_may_lie_between_two(lake: Lake, tmp_path: Path, above: float | str) -> None:
    metrics(lake, line_vendor_missing=2)
    assert active(watch(lake, tmp_path, changed(above=above))) == {"threshold dirt"}


OWN = """
rules:
  - {name: mine, table: silver/notion_risks, severity: WARN, asks: A., remedy: B., must: {status: {present: true}}}
  - {name: of_gold, table: gold/ppm_forecast, severity: WARN, asks: A., remedy: B., must: {bac: {at_most: 5}}}
  - {name: mistaken, table: silver/notion_risks}
"""


@pytest.mark.parametrize(
    ("rule", "changes", "told"),
    [
        ("mine", {}, None),
        ("of_gold", {}, None),
        ("mistaken", {}, None),
        ("mined", {}, "there is no rule mined; did you mean mine?"),
        ("mine", ISSUES, None),
        ("mistaken", ISSUES, None),
        (
            "of_gold",
            ISSUES,
            "what of_gold finds in gold is not in gold/data_quality_issues; watch its rows_failing in gold/",
        ),
    ],
)
def test_rules_of_a_teams_own_may_be_watched(
    lake: Lake, tmp_path: Path, rule: str, changes: dict[str, Any], told: str | None
) -> None:
    """Those too that cannot be asked at the moment: mended, they are there again."""
    (tmp_path / "rules.yaml").write_text(OWN)
    (tmp_path / "alerts.yaml").write_text(
        yaml.safe_dump({"thresholds": [changed(**{**changes, "where": {"rule": rule}})]})
    )
    settings = Config(ppm_alert_thresholds=tmp_path / "alerts.yaml", ppm_rules=tmp_path / "rules.yaml")
    found = [condition.detail for condition in survey_metrics(lake, Figures(), settings, "", NOW).active]
    assert [told in detail for detail in found if told] == ([True] if told else [])
    assert bool(found) is bool(told)


def test_where_a_teams_own_rules_cannot_be_read_any_name_may_be_one_of_them(lake: Lake, tmp_path: Path) -> None:
    """That they cannot be read is told by a check."""
    (tmp_path / "rules.yaml").write_text("rules: [")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump({"thresholds": [changed(where={"rule": "mine"})]}))
    for path in (tmp_path / "rules.yaml", tmp_path / "none.yaml"):
        settings = Config(ppm_alert_thresholds=tmp_path / "alerts.yaml", ppm_rules=path)
        assert survey_metrics(lake, Figures(), settings, "", NOW).active == ()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("above: 1,000", "above): 1,000 is read as 1 and 000; write 1000; a list needs a blank behind each comma."),
        ("above:1000", "above:1000): above:1000 is read as one word; write a blank behind the colon: `above: 1000`."),
        ("above: 5, where: {fiscal_year: [1,000]}", "fiscal_year > 1): 1,000 is read as 1 and 000"),
    ],
)
def test_numbers_with_commas_and_colons_without_blanks_are_told(
    lake: Lake, tmp_path: Path, entry: str, told: str
) -> None:
    text = f"thresholds:\n  - {{name: n, table: gold/ppm_budget_vs_actual, column: value, {entry}}}\n"
    (tmp_path / "alerts.yaml").write_text(text)
    (condition,) = survey_metrics(lake, Figures(), config(tmp_path), "", NOW).active
    assert "alerts.yaml, line 2 (" in condition.detail
    assert told in condition.detail


BAD_DAY = b"thresholds:\n  - {name: n, table: gold/alerts, take: count, above: 5, where: {started_at: 2026-02-30}}"


@pytest.mark.parametrize(
    "content",
    [b"thresholds: [", b"\xff\xfe", b"- a", b"thresholds: 3", BAD_DAY, b"thresholds: " + b"[" * 3000, b"{}\n---\n{}"],
)
def test_a_file_that_is_none_is_told(lake: Lake, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alerts.yaml").write_bytes(content)
    assert len(survey_metrics(lake, Figures(), config(tmp_path), "", NOW).active) == 1


@pytest.mark.parametrize("content", [b"", b"thresholds: []", b"thresholds:\n#  - name: n", b"# nothing yet"])
def test_without_thresholds_nothing_is_watched(lake: Lake, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alerts.yaml").write_bytes(content)
    assert survey_metrics(lake, Figures(), config(tmp_path), "", NOW).active == ()


# --- sources --------------------------------------------------------------------------------------

PROJECTS = "1429989f-e8ac-4eff-bc8f-57f56486db54"
RISKS = "2429989f-e8ac-4eff-bc8f-57f56486db54"


def late(lake: Lake, now: datetime, **config: Any) -> set[str]:
    return active(survey_sources(lake, Config(ppm_fx_rates=config.pop("ppm_fx_rates", "none"), **config), now))


def read(lake: Lake, at: datetime | None, identity: str = PROJECTS) -> None:
    empty = dict.fromkeys(NotionSyncWatermarks.column_names())
    row = {"database_id": identity, "database_name": "projects", "property_ids": "{}"}
    schema = NotionSyncWatermarks.create_empty().schema
    lake.merge(
        NotionSyncWatermarks,
        pl.DataFrame([{**empty, **row, "last_read_at": at, "last_attempt_at": NOW}], schema=schema),
    )


def test_a_database_that_is_not_read_for_a_day_is_late(lake: Lake) -> None:
    read(lake, NOW)
    assert late(lake, NOW + timedelta(hours=24), notion_projects_db_id=PROJECTS) == set()
    day = NOW + timedelta(hours=24, seconds=1)
    assert late(lake, day, notion_projects_db_id=PROJECTS) == {"source Notion projects"}
    assert late(lake, day, notion_projects_db_id=RISKS) == set(), "of another database nothing is known"
    assert late(lake, day) == set(), "what is not configured is not read"


def test_a_database_that_was_tried_and_never_read_is_late(lake: Lake) -> None:
    assert late(lake, NOW, notion_projects_db_id=PROJECTS) == set()
    read(lake, None)
    assert late(lake, NOW, notion_projects_db_id=PROJECTS) == {"source Notion projects"}


def test_what_is_read_once_a_day_is_not_late_at_the_same_hour_of_the_next(lake: Lake) -> None:
    """A read that is not complete is none."""
    tenant = "72f988bf-0000-0000-0000-00000000d011"
    assert late(lake, NOW, azure_tenant_id=tenant) == set()
    mark: dict[str, Any] = dict.fromkeys(AzureSnapshots.column_names())
    mark |= {"dataset": "resources", "subscription_id": "x", "complete": True, "row_count": 1}
    mark |= {"captured_on": NOW.date(), "captured_at": NOW}
    tomorrow = NOW + timedelta(days=1)
    later = mark | {"complete": False, "captured_on": tomorrow.date(), "captured_at": tomorrow}
    lake.merge(AzureSnapshots, pl.DataFrame([mark, later], schema=AzureSnapshots.create_empty().schema))
    assert late(lake, NOW + timedelta(hours=27), azure_tenant_id=tenant) == set()
    assert late(lake, NOW + timedelta(hours=28), azure_tenant_id=tenant) == {"source Azure resources"}
    assert late(lake, NOW + timedelta(hours=28)) == set()


def test_rates_are_late_once_they_are_stale_and_a_file_of_ones_own_never_is(lake: Lake) -> None:
    rate = {"currency": "USD", "rate_date": NOW.date(), "captured_at": NOW, "rate": None, "source": "x"}
    published = "https://rates.example/eurofxref"
    assert late(lake, NOW, ppm_fx_rates=published) == set()
    lake.append(FxRates, pl.DataFrame([rate], schema_overrides={"rate": pl.Decimal(28, 12)}))
    assert late(lake, NOW + timedelta(days=7), ppm_fx_rates=published) == set()
    assert late(lake, NOW + timedelta(days=8), ppm_fx_rates=published) == {"source exchange rates"}
    assert late(lake, NOW + timedelta(days=8), ppm_fx_rates=f" {published.upper()}") == {"source exchange rates"}
    assert late(lake, NOW + timedelta(days=8), ppm_fx_rates="rates.csv") == set()


def test_a_file_that_is_named_and_not_there_is_told(lake: Lake, tmp_path: Path) -> None:
    (condition,) = survey_metrics(lake, Figures(), Config(ppm_alert_thresholds=tmp_path / "mine.yaml"), "", NOW).active
    assert "mine.yaml does not exist" in condition.detail
    assert survey_metrics(lake, Figures(), Config(), "", NOW).active == ()
