"""Gold of the data's quality: what breaks a rule, and how each rule fared."""

from finance_ppm.assets.gold.computed import computed_asset
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AZURE_SILVER_TABLES, AzureSnapshots
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics
from finance_ppm.contracts.silver import SILVER_TABLES
from finance_ppm.quality.evaluation import findings, metrics

JUDGED: tuple[type[Table], ...] = (
    *SILVER_TABLES,
    *AZURE_SILVER_TABLES,
    NotionRawPages,
    NotionSyncWatermarks,
    AzureSnapshots,
)
"""What the rules look at."""

data_quality_issues = computed_asset(
    DataQualityIssues, made_from=JUDGED, compute=lambda inputs: findings(inputs.portfolio)
)
data_quality_metrics = computed_asset(
    DataQualityMetrics, made_from=JUDGED, compute=lambda inputs: metrics(inputs.portfolio)
)
