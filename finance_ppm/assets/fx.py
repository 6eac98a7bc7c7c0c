"""The bronze asset of exchange rates.

Belongs here: how a capture looks in Dagster. The capture writes its table itself, under its lock: no output passes
through the IO manager.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.bronze import Metadata
from finance_ppm.assets.spec import DAYS, ONE_DAY_A_RUN, key, spec
from finance_ppm.clock import Clock
from finance_ppm.contracts.fx import FxRates
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.io_manager import written_metadata
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.pipeline.fx import Captured
from finance_ppm.resources import RatesSource

RATES = key(FxRates)
NOT_READ = "not read"
"""Metadata: the reason why the rates could not be read."""
REFUSED_SHOWN = 50


@dg.multi_asset(specs=[spec(FxRates)], partitions_def=DAYS, backfill_policy=ONE_DAY_A_RUN, pool="fx_capture")
def fx_capture(
    context: dg.AssetExecutionContext,
    rates: dg.ResourceParam[RatesSource],
    lake: dg.ResourceParam[Lake],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.MaterializeResult[None]]:
    """Today's partition asks for rates: for all there are at first, then for what is new or corrected. A past one
    reports how many rates there are of the day.

    Rates that cannot be read stop nothing: gold is made with those that are known, each with its age;
    ``rates_arrived`` ends such a run red.
    """
    day = date.fromisoformat(context.partition_key)
    captured: Captured | None = None
    more: Metadata = {}
    if day == clock.today():
        try:
            captured = rates.capture(lake, clock)
        except FinancePpmError as error:
            more[NOT_READ] = dg.MetadataValue.text(str(error))
        else:
            more |= _report(captured)
    of_the_day = lake.scan(FxRates).filter(pl.col("rate_date") == day).select(pl.col("currency").n_unique())
    more["currencies with a rate of the day"] = dg.MetadataValue.int(of_the_day.collect().item())
    written = captured.written if captured else None
    told = written or Written(0, 0, 0, lake.count(FxRates), lake.version(FxRates), changed=False)
    yield dg.MaterializeResult(
        asset_key=RATES,
        metadata={**written_metadata(told, lake.path(FxRates)), **more},
        data_version=dg.DataVersion(lake.content_version(FxRates)),
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "rates_arrived",
            asset=RATES,
            description="Exchange rates could be read when they were last asked for. Where they could not, the run "
            "ends red; gold is made all the same, with the rates that are known.",
        )
    ],
    name="rates_arrived",
)
def rates_arrived(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """A step of its own, because a step that fails stops everything that waits for it."""
    event = context.instance.get_latest_materialization_event(RATES)
    told = event.asset_materialization.metadata.get(NOT_READ) if event and event.asset_materialization else None
    reason = str(told.value) if told else None
    metadata = {NOT_READ: reason} if reason else {}
    yield dg.AssetCheckResult(asset_key=RATES, check_name="rates_arrived", passed=not reason, metadata=metadata)
    if reason:
        raise dg.Failure(f"No exchange rates were read. {reason}", allow_retries=False)


def _report(captured: Captured | None) -> Metadata:
    if captured is None:
        return {"not asked because": dg.MetadataValue.text("PPM_FX_RATES is none.")}
    found: Metadata = {
        "read from": dg.MetadataValue.text(", ".join(captured.sources)),
        "requests": dg.MetadataValue.int(captured.requests),
        "rates read": dg.MetadataValue.int(captured.read),
        "withdrawn": dg.MetadataValue.int(captured.withdrawn),
        "newest day": dg.MetadataValue.text(str(captured.newest)),
        "refused": dg.MetadataValue.int(len(captured.refused)),
    }
    if captured.refused:
        found["refused rows"] = dg.MetadataValue.table(
            [dg.TableRecord({"where": row.where, "why": row.reason}) for row in captured.refused[:REFUSED_SHOWN]]
        )
    return found
