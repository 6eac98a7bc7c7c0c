"""What every channel is."""

from datetime import timedelta
from typing import Protocol

from finance_ppm.alerting.message import Message
from finance_ppm.errors import FinancePpmError

PATIENCE = 10.0
"""Seconds to wait for a receiver's next word."""


class NotTakenError(FinancePpmError):
    """The receiver did not take a message. The sentence holds no address, password or word of the receiver's own."""

    def __init__(self, reason: str, *, for_good: bool, wait: timedelta = timedelta()) -> None:
        super().__init__(reason)
        self.for_good = for_good
        """Whether the receiver would not take it another time either."""
        self.wait = wait
        """How long the receiver asked to be left alone."""


class Channel(Protocol):
    """A way to one receiver."""

    def send(self, message: Message) -> str | None:
        """Have the receiver take the message; returns what it did not take of it, if that is not all.

        Raises :class:`NotTakenError`.
        """
        ...
