"""The configured lake's own month ends, as far back as bronze goes.

Belongs here: finding them. What they are asked is the same as of any other lake (``replay``).
"""

from finance_ppm.backtest.replay import Past, month_ends, silver_of
from finance_ppm.clock import Clock
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.point_in_time import PointInTime, first_capture
from finance_ppm.settings import Config


class NothingToJudgeError(FinancePpmError):
    """The lake is too young for a forecast to have come true."""


def captured(config: Config, clock: Clock) -> Past:
    """The month ends since the lake's first capture. Raises :class:`NothingToJudgeError` where a forecast of none has a
    month that is over since.
    """
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    first, today = first_capture(lake), clock.today()
    ends = month_ends(first.date(), today) if first else []
    if len(ends) < 2:
        since = f"since {first.date()}" if first else "never"
        raise NothingToJudgeError(
            f"{lake.uri} was captured {since}: a forecast can be judged from the second month end on. Try "
            "`finance-ppm backtest` without --lake, which tells a story of three years."
        )
    return Past(silver_of(PointInTime(lake, clock, project_tag=config.ppm_azure_project_tag)), tuple(ends), today)
