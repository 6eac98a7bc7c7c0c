"""Gold of Azure: each recommendation, each project's share of it, and the sums.

Belongs here: how the tables are put together from the savings rules (``verdicts``), the projects they lead to
(``linking``), their shares (``allocation``) and the sums (``summary``). Does not belong here: any of these.

All three are pure functions of silver as of a day: the inventory (``AzureResources``), the recommendations
(``AzureAdvisorRecommendations``) and the projects (``NotionProjects``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.azure import UNALLOCATED, AzureAdvisorAllocations, AzureAdvisorRecs
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.allocation import allocated
from finance_ppm.transforms.savings.linking import homes_of, linked
from finance_ppm.transforms.savings.machines import machines
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm.transforms.savings.summary import summed
from finance_ppm.transforms.savings.verdicts import judged, placed, right_sized

PORTAL = "https://portal.azure.com/#@/resource"
"""A resource's id after it is the resource's page, in the directory one is signed in to. So does the Azure Developer
CLI link: https://github.com/Azure/azure-dev/blob/main/cli/azd/cmd/util.go"""


def advisor_recs(
    recommendations: Frame, resources: Frame, projects: Frame, *, as_of: date, policy: SavingsPolicy
) -> Frame:
    """The content columns of ``AzureAdvisorRecs``: every recommendation, judged as of the day, with its project."""
    homes = _homes(recommendations, resources, projects, as_of, policy)
    return laid_out(_judged(recommendations, resources, as_of, policy), homes, as_of)


def advisor_allocations(
    recommendations: Frame, resources: Frame, projects: Frame, *, as_of: date, policy: SavingsPolicy
) -> Frame:
    """The content columns of ``AzureAdvisorAllocations``: at least one row for every recommendation."""
    rows = _allocated(recommendations, resources, projects, as_of, policy)
    return rows.with_columns(as_of_date=nw.lit(as_of)).select(content_columns(AzureAdvisorAllocations))


def advisor_summary(
    recommendations: Frame, resources: Frame, projects: Frame, *, as_of: date, policy: SavingsPolicy
) -> Frame:
    """The content columns of ``AdvisorSummary``."""
    return summed(_allocated(recommendations, resources, projects, as_of, policy), as_of)


def _allocated(recommendations: Frame, resources: Frame, projects: Frame, as_of: date, policy: SavingsPolicy) -> Frame:
    return allocated(
        _judged(recommendations, resources, as_of, policy), _homes(recommendations, resources, projects, as_of, policy)
    )


def _judged(recommendations: Frame, resources: Frame, as_of: date, policy: SavingsPolicy) -> Frame:
    names = resources.group_by("subscription_id").agg(nw.col("subscription_name").max())
    return judged(recommendations, resources, as_of=as_of, policy=policy).join(names, on="subscription_id", how="left")


def _homes(recommendations: Frame, resources: Frame, projects: Frame, as_of: date, policy: SavingsPolicy) -> Frame:
    sized = right_sized(recommendations, as_of=as_of, policy=policy)
    covering = placed(recommendations, as_of=as_of, policy=policy)
    return homes_of(covering, linked(resources, projects), machines(resources), sized, projects)


def laid_out(judged: Frame, homes: Frame, as_of: date) -> Frame:
    """Judged recommendations as a reader of ``AzureAdvisorRecs`` sees them, each with its project of ``homes``."""
    resource = nw.col("resource_id").str.replace_all(" ", "%20", literal=True)
    return (
        judged.join(_only_homes(homes), on="recommendation_id", how="left")
        .with_columns(
            age_days=_days_before(as_of, "first_seen"),
            snapshot_age_days=_days_before(as_of, "snapshot_on"),
            portal_url=nw.concat_str([nw.lit(PORTAL), resource]),
            as_of_date=nw.lit(as_of),
        )
        .select(content_columns(AzureAdvisorRecs))
    )


def _only_homes(homes: Frame) -> Frame:
    """For each recommendation what leads to its projects; and its project, where that is one, with all of it."""
    project = nw.col("project_id")
    is_one = (project == nw.col("last")) & (project != UNALLOCATED)
    return (
        homes.group_by("recommendation_id")
        .agg(project.min(), nw.col("project_name", "project_link").max(), last=project.max())
        .select(
            "recommendation_id",
            "project_link",
            project_id=nw.when(is_one).then(project),
            project_name=nw.when(is_one).then(nw.col("project_name")),
        )
    )


def _days_before(as_of: date, column: str) -> nw.Expr:
    """Whole days from the column's day to ``as_of``.

    Days of the calendar are counted, as ``date.toordinal`` does: each engine has a type of its own for the difference
    of two dates.
    """
    day = nw.col(column)
    years = day.dt.year().cast(nw.Int64) - 1
    ordinal = years * 365 + years // 4 - years // 100 + years // 400 + day.dt.ordinal_day().cast(nw.Int64)
    return (nw.lit(as_of.toordinal(), nw.Int64) - ordinal).cast(nw.Int32)
