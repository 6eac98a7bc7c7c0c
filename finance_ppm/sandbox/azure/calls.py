"""A request as its handler sees it, and what the handler gives back.

Belongs here: the shape of calls, and the state all handlers share.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from finance_ppm.sandbox.azure.answers import Shelf
from finance_ppm.sandbox.azure.errors import invalid_request
from finance_ppm.sandbox.azure.written import WrittenEstate
from finance_ppm.sandbox.clock import SandboxClock


@dataclass
class Service:
    """What is served. ``subscription_limit`` is how many subscriptions a query of the whole tenant reaches."""

    estate: WrittenEstate
    clock: SandboxClock
    subscription_limit: int = 10_000
    skips: bool = True
    """Whether ``$skip`` overrides the place of a ``$skipToken``, as Azure documents it."""
    shelf: Shelf = field(default_factory=Shelf)
    operations: dict[str, int] = field(default_factory=dict)
    """Running refreshes of Advisor: how often each was asked for."""


@dataclass(frozen=True)
class Call:
    """A request. ``now`` is the moment at which it is answered, the same throughout."""

    service: Service
    now: datetime
    number: UUID
    """Another for every request."""
    base_url: str
    url_path: str
    path: Mapping[str, str]
    """The named parts of the path."""
    query: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded; an empty object for none. Raises ArmError for what is no JSON."""
        try:
            return msgspec.json.decode(self.body or b"{}")
        except msgspec.DecodeError as error:
            raise invalid_request(f"The request content was invalid: '{error}'.") from None


@dataclass(frozen=True)
class Answered:
    """An answer: ``body`` is encoded unless it is bytes; None is no body at all."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answered]
