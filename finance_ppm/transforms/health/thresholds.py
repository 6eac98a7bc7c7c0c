"""The thresholds of project health: every number that makes a score or a colour, in one place.

Belongs here: the numbers, what each means, and which of them go together. Does not belong here: the file a finance team
writes its own in (``finance_ppm.health_thresholds``), and how the numbers are used (``scores``, ``conditions``).
"""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
"""Of a budget or of a project's time: 10 is ten percent."""

Points = Annotated[Decimal, Field(ge=0, le=100, decimal_places=1)]
"""Of a score, which has 100."""

Likelihood = Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)]

Weight = Annotated[int, Field(ge=0, le=100)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def _rising(self, *names: str) -> Self:
        """Raise ``ValueError`` where one of the thresholds is below the one before it."""
        for lower, higher in pairwise(names):
            if getattr(self, higher) < getattr(self, lower):
                raise ValueError(
                    f"{higher} is {getattr(self, higher)}, below {lower} ({getattr(self, lower)}); make it no less"
                )
        return self


class Weights(_Section):
    """What each dimension adds to the score; together 100. What cannot be scored is left out (see `coverage`)."""

    cost: Weight = 45
    schedule: Weight = 20
    risk: Weight = 25
    data_quality: Weight = 10

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = self.cost + self.schedule + self.risk + self.data_quality
        if total != 100:
            raise ValueError(f"the four weights add up to {total}; make it 100")
        return self


class CostThresholds(_Section):
    """The budget against what the project is forecast to cost. Red as well where available is below 0."""

    score_0_at: Annotated[Percent, Field(gt=0)] = Field(
        Decimal(20), description="Percent over budget at which the score is 0; it is 100 where the budget holds."
    )
    amber_beyond: Percent = Field(Decimal(5), description="Amber where the forecast is more percent over budget.")
    red_beyond: Percent = Field(Decimal(10), description="Red where it is more than this.")
    lines_tolerance: Annotated[Decimal, Field(ge=0, lt=10**16, decimal_places=2)] = Field(
        Decimal("1.00"),
        description="Budget lines may exceed Budget Total by this amount, in the project's currency,",
    )
    lines_amber_beyond: Percent = Field(
        Decimal("0.5"), description="or by this percent of it, whichever is more; amber beyond both,"
    )
    lines_red_beyond: Percent = Field(Decimal(10), description="and red beyond this percent.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._rising("amber_beyond", "red_beyond")
        return self._rising("lines_amber_beyond", "lines_red_beyond")


class ScheduleThresholds(_Section):
    """Time that has passed against the end date, and against what is spent. Red past the end date."""

    points_per_percent_late: Points = Field(
        Decimal(2), description="Points that each percent of the project's duration costs by which it is late."
    )
    spend_ahead_beyond: Percent = Field(
        Decimal(10),
        description="Amber where the percent spent is more points than this above the percent of time that has passed; "
        "what is above it costs a point each.",
    )
    no_actuals_from: Percent = Field(
        Decimal(25), description="Amber where nothing is spent once this percent of the time has passed."
    )


class Severities(_Section):
    """How bad a risk is, 0 to 1. A severity that is missing or not known counts as medium."""

    low: Likelihood = Decimal("0.2")
    medium: Likelihood = Decimal("0.5")
    high: Likelihood = Decimal("0.8")
    critical: Likelihood = Decimal(1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        return self._rising("low", "medium", "high", "critical")


class Probabilities(_Section):
    """How probable a risk is, 0 to 1. A probability that is missing or not known counts as medium."""

    low: Likelihood = Decimal("0.1")
    medium: Likelihood = Decimal("0.5")
    high: Likelihood = Decimal("0.9")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        return self._rising("low", "medium", "high")


class RiskThresholds(_Section):
    """The open risks: their exposure is the sum of severity times probability. Red with one critical and high."""

    severity: Severities = Severities()
    probability: Probabilities = Probabilities()
    amber_from: Annotated[Decimal, Field(gt=0, le=1000, decimal_places=4)] = Field(
        Decimal("0.5"), description="Amber from this exposure on: one critical risk of medium probability."
    )


class DataQualityThresholds(_Section):
    """What the rules found on the project and its lines, risks and actions. Never red: bad data are no bad project."""

    points_per_error: Points = Field(Decimal(15), description="Points that each finding of severity ERROR costs.")
    points_per_warning: Points = Field(Decimal(5), description="Points that each finding of severity WARN costs.")
    amber_below: Points = Field(Decimal(70), description="Amber where fewer points are left.")


class TrendThresholds(_Section):
    """The score against the mean of earlier days."""

    dead_band: Points = Field(Decimal(3), description="Up or down where the score differs by more points than this.")
    days: Annotated[int, Field(ge=1, le=3660)] = Field(92, description="Days of snapshots that are looked back on.")
    fewest: Annotated[int, Field(ge=1, le=3660)] = Field(
        3, description="Of fewer snapshots than this nothing is said of a trend."
    )

    @model_validator(mode="after")
    def _can_be_had(self) -> Self:
        if self.fewest > self.days:
            raise ValueError(
                f"fewest is {self.fewest}, above days ({self.days}), so that there never is a trend; make it no more"
            )
        return self


class HealthThresholds(_Section):
    """Every threshold of `gold/ppm_project_health`. A project stands as its worst dimension does."""

    weights: Weights = Weights()
    cost: CostThresholds = CostThresholds()
    schedule: ScheduleThresholds = ScheduleThresholds()
    risk: RiskThresholds = RiskThresholds()
    data_quality: DataQualityThresholds = DataQualityThresholds()
    trend: TrendThresholds = TrendThresholds()
