"""A lake in which three years of the sandbox's story were captured, month end by month end, as a sync would have.

Belongs here: making it. Silver and gold are computed from its bronze when they are asked for (``replay``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import HttpUrl

from finance_ppm.backtest.replay import Past, month_ends, silver_of
from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.bronze import sync_notion
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.sandbox.portfolio.timeline import MONTHS_BEHIND, months_after
from finance_ppm.settings import Config

ANCHOR = date(2026, 11, 1)
"""The story's last day: always the same, so that the same arguments give the same figures."""
EVENING = time(18, 0, tzinfo=UTC)
READ = ("programs", "projects", "budget_lines")
"""The databases that the forecast is made from."""


def days_of(months: int) -> list[date]:
    """The story's last ``months`` month ends, and its last day."""
    return [*month_ends(months_after(ANCHOR, -min(months, MONTHS_BEHIND)), ANCHOR), ANCHOR]


@contextmanager
def told(*, pages: int, seed: int, months: int, captured: Callable[[str], None]) -> Iterator[Past]:
    """The last ``months`` of a story of ``pages`` pages, in a lake that goes when the context ends.

    ``captured`` is told each day that was.
    """
    history = portfolio(anchor=ANCHOR, pages=pages, seed=seed)
    days = days_of(months)
    clock = FrozenClock(datetime.combine(days[0], EVENING))
    with (
        TemporaryDirectory(prefix="finance-ppm-backtest-") as folder,
        serve_notion(history, now=clock.now()) as sandbox,
    ):
        config = _config(sandbox, Path(folder))
        lake = Lake(config.ppm_lakehouse_uri, clock=clock)
        for day in days:
            clock.moment = datetime.combine(day, EVENING)
            sandbox.set_clock(clock.moment)
            for database in sync_notion(config, lake, clock, only=READ).databases:
                if database.error is not None:
                    raise database.error
            captured(f"captured {day}")
        clock.moment += timedelta(days=1)  # so that the last day is past as well, and rebuilt as the others are
        yield Past(silver_of(PointInTime(lake, clock)), tuple(days[:-1]), ANCHOR)


def _config(sandbox: NotionSandbox, folder: Path) -> Config:
    """Settings that lead to the sandbox and into ``folder``, whatever else is configured here."""
    ids = {f"notion_{name}_db_id": identity for name, identity in sandbox.database_ids.items()}
    return Config.model_validate(
        {
            "notion_token": sandbox.token,
            "notion_base_url": HttpUrl(sandbox.base_url),
            "notion_requests_per_minute": 6000,
            "ppm_notion_mapping": folder / "no-mapping.yaml",
            "ppm_lakehouse_uri": str(folder / "lake"),
            "dagster_home": folder / "dagster",
            **ids,
        }
    )
