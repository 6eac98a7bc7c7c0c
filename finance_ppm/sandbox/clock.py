"""The sandbox's clock: it stands still or runs on, and can be put forward."""

from datetime import UTC, date, datetime

from finance_ppm.clock import SystemClock


class SandboxClock:
    """Starts at ``moment`` (aware). With ``moving`` it runs on with the machine's clock, else it stands."""

    def __init__(self, moment: datetime, *, moving: bool = False) -> None:
        self._machine = SystemClock()
        self._moving = moving
        self._put(moment)

    def _put(self, moment: datetime) -> None:
        self._moment = _aware(moment)
        self._since = self._machine.now()

    def now(self) -> datetime:
        """The present moment in the sandbox, aware and in UTC."""
        return self._moment + (self._machine.now() - self._since) if self._moving else self._moment

    def today(self) -> date:
        """The day of that moment, in UTC."""
        return self.now().date()

    def put_forward(self, moment: datetime) -> None:
        """Put the clock at ``moment``. Raises ValueError when that lies before the present: history is never undone."""
        if _aware(moment) < self.now():
            raise ValueError(f"The sandbox's clock stands at {self.now().isoformat()} and only goes forward.")
        self._put(moment)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"A clock needs an aware time; {moment.isoformat()} has no time zone.")
    return moment.astimezone(UTC)
