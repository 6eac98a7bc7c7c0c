"""Gold of the portfolio: budget against actual, where it will end, and how each project stands."""

from finance_ppm.assets.gold.computed import computed_asset
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.transforms.budget_vs_actual import budget_vs_actual

ppm_budget_vs_actual = computed_asset(
    PpmBudgetVsActual,
    made_from=(NotionPrograms, NotionProjects, NotionBudgetLines),
    compute=lambda inputs: budget_vs_actual(
        inputs.portfolio.programs,
        inputs.portfolio.projects,
        inputs.portfolio.budget_lines,
        as_of=inputs.portfolio.as_of,
    ),
)
