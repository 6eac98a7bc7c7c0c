"""The bronze asset of exchange rates.

Belongs here: how a capture looks in Dagster. The capture writes its table itself, under its lock: no output passes
through the IO manager.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from finance_ppm.assets.arrival import NOT_READ, arrived
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
            more[NOT_READ] = dg.MetadataValue.json({"rates": str(error)})
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


rates_arrived = arrived(
    "rates_arrived",
    of=RATES,
    description="Exchange rates could be read when they were last asked for. Where they could not, the run ends red; "
    "gold is made all the same, with the rates that are known.",
    told=lambda not_read: f"No exchange rates were read. {' '.join(not_read.values())}",
)


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
