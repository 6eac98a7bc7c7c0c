"""Forecasts that take no thought, to be beaten: each goes by nothing but what a project cost in the months before.

Belongs here: the methods. Does not belong here: ours (``transforms.forecast``), nor what each is worth (``scores``).
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec

Method = Callable[[Sequence[Decimal], int], list[Decimal]]
"""From the cost of each month so far, the last one last, to that of so many months to come."""

OURS = "this forecast"
NAIVE, RUN_RATE, NOTHING, AUTO_ETS = "as last month", "run rate", "nothing at all", "AutoETS"
HOW_TO_GET_AUTO_ETS = "pip install 'finance-ppm[forecasting]'"

_CENT = Decimal("0.01")
_RUN_RATE_MONTHS = 3
_FEWEST_FOR_ETS = 7
"""statsforecast refuses to choose a model for fewer observations: it has more parameters than they can tell."""


def as_last_month(costs: Sequence[Decimal], months: int) -> list[Decimal]:
    """Every month as the last one was."""
    return [costs[-1] if costs else Decimal(0)] * months


def run_rate(costs: Sequence[Decimal], months: int) -> list[Decimal]:
    """Every month as the mean of the last three."""
    return [_rounded(sum(costs[-_RUN_RATE_MONTHS:], Decimal(0)) / _RUN_RATE_MONTHS)] * months


def nothing(_: Sequence[Decimal], months: int) -> list[Decimal]:
    """Nothing in any month: on lumpy invoices a trap for whoever goes by absolute errors."""
    return [Decimal(0)] * months


def auto_ets(costs: Sequence[Decimal], months: int) -> list[Decimal]:
    """The exponential smoothing that fits the months so far best, by its corrected information criterion; with fewer
    than seven months as last month.

    https://nixtlaverse.nixtla.io/statsforecast/docs/models/autoets.html. A project is too short for seasons.
    """
    if len(costs) < _FEWEST_FOR_ETS:
        return as_last_month(costs, months)
    import numpy as np
    from statsforecast.models import AutoETS

    with np.errstate(all="ignore"):  # it tries models that fit exactly, and leaves those aside
        found = AutoETS(season_length=1).forecast(y=np.array([float(cost) for cost in costs]), h=months)["mean"]
    return [_rounded(Decimal(float(value))) for value in found]


def methods() -> dict[str, Method]:
    """The methods there are on this machine, by name; AutoETS only where statsforecast is installed."""
    found: dict[str, Method] = {NAIVE: as_last_month, RUN_RATE: run_rate, NOTHING: nothing}
    return found | ({AUTO_ETS: auto_ets} if find_spec("statsforecast") else {})


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
