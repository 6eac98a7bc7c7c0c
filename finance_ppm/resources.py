"""What the assets are given: the lake, the clock, and a client of each outside system.

Belongs here: construction. They are plain objects rather than Dagster configuration, so that no secret ever
passes through Dagster's run storage or pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from finance_ppm.alerting.receivers import Alerting
from finance_ppm.clock import Clock, SystemClock
from finance_ppm.lakehouse.io_manager import LakeIOManager
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.parameters import Parameters
from finance_ppm.pipeline.azure import Capture, capture_azure
from finance_ppm.pipeline.bronze import Progress, Sync, sync_notion
from finance_ppm.pipeline.fx import Captured, capture_rates
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.sandbox.embedded import reachable
from finance_ppm.settings import Config
from finance_ppm.sources.azure.rows import Dataset

if TYPE_CHECKING:
    from dagster_deltalake import AzureConfig, GcsConfig, LocalConfig, S3Config

    Storage = AzureConfig | GcsConfig | LocalConfig | S3Config


@dataclass(frozen=True)
class NotionSource:
    """The configured Notion databases, the real ones or a sandbox's: only the base URL and the token differ."""

    config: Config

    def sync(
        self,
        lake: Lake,
        clock: Clock,
        *,
        full: bool = False,
        only: Sequence[str] | None = None,
        accept_deletions: bool = False,
        progress: Progress | None = None,
    ) -> Sync:
        """Read the databases into bronze. See :func:`finance_ppm.pipeline.bronze.sync_notion`."""
        with reachable(self.config, clock.now()):
            return sync_notion(
                self.config, lake, clock, full=full, only=only, accept_deletions=accept_deletions, progress=progress
            )


@dataclass(frozen=True)
class AzureSource:
    """The configured Azure, the real one or a sandbox's: only the address and the credentials differ."""

    config: Config

    def capture(
        self,
        lake: Lake,
        clock: Clock,
        dataset: Dataset,
        *,
        day: date | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> Capture:
        """Read a dataset into bronze as the day's snapshot. See :func:`finance_ppm.pipeline.azure.capture_azure`."""
        from finance_ppm.sources.azure.reader import AzureReader

        told = partial(progress, dataset.value) if progress else None
        with reachable(self.config, clock.now()), AzureReader.of(self.config) as reader:
            return capture_azure(reader, lake, clock, dataset, day=day, progress=told)


@dataclass(frozen=True)
class RatesSource:
    """Where exchange rates are read: the European Central Bank, a sandbox, or a file."""

    config: Config

    def capture(self, lake: Lake, clock: Clock) -> Captured | None:
        """Read rates into bronze; None where none are to be read. See :func:`finance_ppm.pipeline.fx.capture_rates`."""
        from finance_ppm.sources.fx.reader import rates_reader

        reader = rates_reader(self.config)
        if reader is None:
            return None
        with reachable(self.config, clock.now()), reader:
            return capture_rates(lake, clock, reader)


def default_resources(
    config: Config, *, clock: Clock | None = None, storage: "Storage | None" = None
) -> Mapping[str, Any]:
    """The resources of the real graph, by resource key.

    ``storage`` says how an object store is entered (``dagster_deltalake.AzureConfig`` and its like); without it the
    usual variables of the environment do.
    """
    clock = clock or SystemClock()
    lake = Lake(config.ppm_lakehouse_uri, storage_options=storage.str_dict() if storage else None, clock=clock)
    point_in_time = PointInTime(lake, clock, project_tag=config.ppm_azure_project_tag)
    return {
        "clock": clock,
        "lake": lake,
        "lake_io": LakeIOManager(lake, clock, point_in_time),
        "point_in_time": point_in_time,
        "notion": NotionSource(config),
        "azure": AzureSource(config),
        "rates": RatesSource(config),
        "alerting": Alerting(config),
        "parameters": Parameters.of(config),
    }
