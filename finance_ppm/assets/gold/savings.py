"""Gold of Azure: recommendations with their verdicts, whose they are, and what they add up to."""

from datetime import date
from typing import Protocol

import dagster as dg

from finance_ppm.assets.gold.computed import computed_asset
from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import (
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
)
from finance_ppm.contracts.silver import NotionProjects
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.gold import advisor_allocations, advisor_recs, advisor_summary
from finance_ppm.transforms.savings.policy import SavingsPolicy


class Advised(Protocol):
    """Computes a table from the recommendations, the inventory and the projects."""

    def __call__(
        self, recommendations: Frame, resources: Frame, projects: Frame, *, as_of: date, policy: SavingsPolicy
    ) -> Frame:
        """The table's rows."""
        ...


def _advisor_asset(table: type[Table], compute: Advised) -> dg.AssetsDefinition:
    return computed_asset(
        table,
        made_from=(AzureAdvisorRecommendations, AzureResources, NotionProjects),
        compute=lambda inputs: compute(
            inputs.portfolio.azure_recommendations,
            inputs.portfolio.azure_resources,
            inputs.portfolio.projects,
            as_of=inputs.portfolio.as_of,
            policy=inputs.parameters.savings,
        ),
    )


azure_advisor_recs = _advisor_asset(AzureAdvisorRecs, advisor_recs)
azure_advisor_allocations = _advisor_asset(AzureAdvisorAllocations, advisor_allocations)
advisor_summary_by_dimension = _advisor_asset(AdvisorSummary, advisor_summary)
