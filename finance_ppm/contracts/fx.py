"""Exchange rates: what was published, as it was published."""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, stamp


class FxRates(Table):
    """The rate of one currency to the euro on one day, appended when it is new or differs from its newest version."""

    info = TableInfo(
        layer=Layer.BRONZE,
        name="fx_rates",
        write=Write.LOG,
        freshness=Freshness(warn=timedelta(hours=24), fail=timedelta(hours=96)),
        owner="team:data-platform",
    )

    currency = dy.String(primary_key=True, description="ISO 4217 code of the currency that is quoted.")
    rate_date = dy.Date(primary_key=True, description="The day the rate is of.")
    captured_at = dy.Datetime(primary_key=True, time_zone="UTC", description="When this version was read.")
    rate = dy.Decimal(
        28,
        12,
        nullable=True,
        description="Units of the currency for one euro; null where a rate that was published before was withdrawn.",
    )
    source = dy.String(description="Where it was read: the address or the file's name.")
    ingestion_timestamp = dy.Datetime(
        alias="_ingestion_timestamp", time_zone="UTC", description="When the row was written.", metadata=stamp()
    )


FX_TABLES: tuple[type[Table], ...] = (FxRates,)
