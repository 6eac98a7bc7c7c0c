"""The benchmark of reading Azure looks whether everything arrived, and counts what was asked."""

from pathlib import Path

import polars as pl
import pytest

from finance_ppm.benchmarks.azure_read import arrived, run
from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.azure import AzureResourcesRaw
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.azure import capture_azure
from finance_ppm.sandbox.azure.server import serve_azure
from finance_ppm.sandbox.estate.bulk import bulk_estate
from finance_ppm.settings import Config
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm_tests.pipeline.azure_reads import SIX


@pytest.mark.usefixtures("in_one_process")
def test_each_dataset_is_measured_with_its_rows_and_queries() -> None:
    resources, advisor = run(resources=60, recommendations=45, subscriptions=3)
    assert (resources.measurement.stage, resources.measurement.rows) == ("resources", 60 + 3 + 4)
    assert (advisor.measurement.stage, advisor.measurement.rows) == ("advisor", 45 + 3 + 2)
    assert resources.queries >= 3
    assert resources.floor == resources.queries / 3


def test_a_row_that_did_not_arrive_or_is_not_there_is_an_error(tmp_path: Path) -> None:
    estate, clock = bulk_estate(resources=20, recommendations=0, subscriptions=2), FrozenClock(SIX)
    lake = Lake(str(tmp_path), clock=clock)
    with serve_azure(estate, now=SIX) as azure:
        config = Config.model_validate({name.lower(): value for name, value in azure.environment().items()})
        with AzureReader.of(config) as reader:
            capture_azure(reader, lake, clock, Dataset.RESOURCES)
    whole = arrived(str(tmp_path), Dataset.RESOURCES, estate)
    assert whole == lake.count(AzureResourcesRaw)
    stored = lake.scan(AzureResourcesRaw).collect()
    lake.replace(AzureResourcesRaw, stored[1:])
    with pytest.raises(FinancePpmError, match="did not arrive"):
        arrived(str(tmp_path), Dataset.RESOURCES, estate)
    lake.replace(AzureResourcesRaw, pl.concat([stored, stored[:1].with_columns(resource_id=pl.lit("/strange"))]))
    with pytest.raises(FinancePpmError, match="1 rows arrived that are not there"):
        arrived(str(tmp_path), Dataset.RESOURCES, estate)
