"""A small world to run the whole pipeline in: a sandbox Notion, an empty lake, a frozen clock, and the real graph.

Belongs here: building it, and asking it questions. Does not belong here: expectations.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from pydantic import HttpUrl

from finance_ppm.automation.run_log import TO_STEPS
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import ALL_TABLES, Table, full_name, stamp_columns
from finance_ppm.definitions import build_defs
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.resources import default_resources
from finance_ppm.sandbox.azure.estate import Estate
from finance_ppm.sandbox.azure.server import AzureSandbox, serve_azure
from finance_ppm.sandbox.notion.history import Change, Database, Edit, History
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion
from finance_ppm.sandbox.portfolio import portfolio
from finance_ppm.sandbox.rates.server import RatesSandbox, serve_rates
from finance_ppm.settings import Config

MONDAY = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
"""When most tests take place."""


@dataclass
class World:
    """Everything outside the graph, and ways to run it. Every run uses the one instance."""

    sandbox: NotionSandbox
    config: Config
    clock: FrozenClock
    lake: Lake
    instance: dg.DagsterInstance
    overrides: dict[str, Any] = field(default_factory=dict)
    azure: AzureSandbox | None = None
    rates: RatesSandbox | None = None

    def defs(self) -> dg.Definitions:
        """The real graph with this world's clock, lake and Notion."""
        return build_defs({**default_resources(self.config, clock=self.clock), **self.overrides})

    def run(
        self,
        day: date | None = None,
        *,
        only: Collection[str] | None = None,
        run_config: Mapping[str, Any] | None = None,
        raise_on_error: bool = True,
    ) -> dg.ExecuteInProcessResult:
        """Materialise every table for ``day`` (today), or those named ``layer/table`` or by their layer."""
        job = self.defs().resolve_implicit_global_asset_job_def()
        wanted = [table for table in ALL_TABLES if only is None or {full_name(table), table.info.layer} & set(only)]
        return job.execute_in_process(
            run_config={**TO_STEPS, **(run_config or {})},
            instance=self.instance,
            partition_key=(day or self.clock.today()).isoformat(),
            asset_selection=[table_key(table) for table in wanted],
            raise_on_error=raise_on_error,
        )

    def go_to(self, moment: datetime) -> None:
        """All clocks forward: the pipeline's and the sandboxes'."""
        self.clock.moment = moment
        self.sandbox.set_clock(moment)
        if self.azure is not None:
            self.azure.set_clock(moment)
        if self.rates is not None:
            self.rates.set_clock(moment)

    def edit(self, database: str, page_id: str, change: Change = Change.UPDATE, **properties: Any) -> None:
        """One edit in Notion now: ``Amount={"number": Decimal("1.00")}``; write underscores for blanks."""
        named = {name.replace("_", " "): value for name, value in properties.items()}
        self.sandbox.edit(Edit(self.clock.now(), database, page_id, change, named))

    def rows(self, table: type[Table]) -> pl.DataFrame:
        """A table's rows without their stamps, in order of their key."""
        return self.lake.scan(table).drop(stamp_columns(table)).collect().sort(table.primary_key())

    def versions(self, *layers: str) -> dict[str, int | None]:
        """Delta versions of the tables, of these layers or of all."""
        return {
            full_name(table): self.lake.version(table)
            for table in ALL_TABLES
            if not layers or table.info.layer.value in layers
        }


def table_key(table: type[Table]) -> dg.AssetKey:
    """The table's asset key."""
    return dg.AssetKey(full_name(table).split("/"))


@contextmanager
def world(
    folder: Path,
    history: History | None = None,
    *,
    now: datetime = MONDAY,
    pages: int = 120,
    dirty: bool = True,
    cloud: Estate | None = None,
    with_rates: bool = False,
) -> Iterator[World]:
    """A world with this history in it, or with a small portfolio; with an Azure, where ``cloud`` is one; and with
    exchange rates where they are asked for.
    """
    history = history or portfolio(anchor=now.date(), pages=pages, seed=11, dirty=dirty)
    clock = FrozenClock(now)
    with ExitStack() as stack:
        sandbox = stack.enter_context(serve_notion(history, now=now))
        azure = stack.enter_context(serve_azure(cloud, now=now)) if cloud is not None else None
        instance = stack.enter_context(dg.DagsterInstance.ephemeral())
        rates = stack.enter_context(serve_rates(now=now, since=date(2024, 1, 1))) if with_rates else None
        config = config_for(sandbox, folder, azure, rates)
        lake = Lake(config.ppm_lakehouse_uri, clock=clock)
        yield World(sandbox, config, clock, lake, instance, azure=azure, rates=rates)


def config_for(
    sandbox: NotionSandbox, folder: Path, azure: AzureSandbox | None = None, rates: RatesSandbox | None = None
) -> Config:
    """Settings that lead to the sandboxes, and to a lake in ``folder``."""
    ids: dict[str, Any] = {f"notion_{name}_db_id": identity for name, identity in sandbox.database_ids.items()}
    if azure is not None:
        ids |= {"azure_resource_manager_url": HttpUrl(azure.base_url), "azure_access_token": azure.token}
    return Config(
        notion_token=sandbox.token,
        notion_base_url=HttpUrl(sandbox.base_url),
        notion_requests_per_minute=6000,
        ppm_lakehouse_uri=str(folder / "lake"),
        dagster_home=folder / "dagster",
        ppm_fx_rates=rates.folder if rates is not None else "none",
        **ids,
    )


def number(amount: str) -> dict[str, Any]:
    """A number property's value."""
    return {"number": Decimal(amount)}


def title(text: str) -> dict[str, Any]:
    """A title property's value."""
    return {"title": [{"text": {"content": text}}]}


def relation(*page_ids: str) -> dict[str, Any]:
    """A relation property's value."""
    return {"relation": [{"id": page_id} for page_id in page_ids]}


def day(text: str) -> dict[str, Any]:
    """A date property's value."""
    return {"date": {"start": text}}


def choice(name: str) -> dict[str, Any]:
    """A select property's value."""
    return {"select": {"name": name}}


def databases() -> tuple[Database, ...]:
    """The five databases as the portfolio has them."""
    return portfolio(anchor=MONDAY.date(), pages=50).databases
