"""What the assets are given: the lake, the clock, and a client of each outside system.

Belongs here: construction. They are plain objects rather than Dagster configuration, so that no secret ever
passes through Dagster's run storage or pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.lakehouse.io_manager import LakeIOManager
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.bronze import Progress, Sync, sync_notion
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.sandbox.embedded import reachable
from finance_ppm.settings import Config

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


def default_resources(
    config: Config, *, clock: Clock | None = None, storage: "Storage | None" = None
) -> Mapping[str, Any]:
    """The resources of the real graph, by resource key.

    ``storage`` says how an object store is entered (``dagster_deltalake.AzureConfig`` and its like); without it the
    usual variables of the environment do.
    """
    clock = clock or SystemClock()
    lake = Lake(config.ppm_lakehouse_uri, storage_options=storage.str_dict() if storage else None, clock=clock)
    point_in_time = PointInTime(lake, clock)
    return {
        "clock": clock,
        "lake": lake,
        "lake_io": LakeIOManager(lake, clock, point_in_time),
        "point_in_time": point_in_time,
        "notion": NotionSource(config),
    }
