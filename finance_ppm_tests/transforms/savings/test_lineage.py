"""What the contracts of Azure's gold declare as inputs is all that can change a column: one input column at a time."""

from functools import cache

import polars as pl
import pytest

from finance_ppm.contracts import Table, full_name, lineage
from finance_ppm.contracts.azure import AzureAdvisorRecommendations, AzureResources
from finance_ppm.contracts.silver import NotionProjects
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.transforms.altered import Change, changed_columns, changes_of
from finance_ppm_tests.transforms.savings.projects_by_hand import AS_OF, many_estates
from finance_ppm_tests.transforms.savings.test_gold import TABLES

INPUTS: tuple[type[Table], ...] = (AzureAdvisorRecommendations, AzureResources, NotionProjects)
USUAL, STRICT = SavingsPolicy(), SavingsPolicy(fresh_only=True, untracked_only=True)
ONLY_STRICT = ("last_updated", "seen_at", "tracked")
"""What matters by these choices alone."""
IDENTITY = "recommendation_id"
"""Whose change changes everything that is told of the row."""

Frames = tuple[pl.DataFrame, ...]


@cache
def some_frames() -> Frames:
    return many_estates(40, seed=11).frames()


def made_of(frames: Frames, policy: SavingsPolicy) -> dict[type[Table], pl.DataFrame]:
    engine = PolarsEngine()
    return {
        table: engine.collect(compute(*map(engine.lazy, frames), as_of=AS_OF, policy=policy), table)
        for table, compute in TABLES.items()
    }


@cache
def before(policy: SavingsPolicy) -> dict[type[Table], pl.DataFrame]:
    return made_of(some_frames(), policy)


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        pytest.param(table, name, change, id=f"{table.__name__}.{name}-{change.__name__}")
        for table in INPUTS
        for name, column in table.columns().items()
        if name != IDENTITY
        for change in changes_of(column)
    ],
)
def test_an_input_column_changes_only_outputs_that_declare_it(table: type[Table], column: str, change: Change) -> None:
    policy = STRICT if column in ONLY_STRICT else USUAL
    frames, place = some_frames(), INPUTS.index(table)
    altered = frames[place].with_columns(change(frames[place][column]).alias(column))
    later = made_of(tuple(altered if i == place else frame for i, frame in enumerate(frames)), policy)
    for made, earlier in before(policy).items():
        inputs = lineage(made).items()
        declared = {name for name, sources in inputs if f"{full_name(table)}.{column}" in sources}
        assert changed_columns(made, earlier, later[made]) <= declared, full_name(made)
