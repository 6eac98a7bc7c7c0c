"""Having Advisor compute its recommendations anew, in the subscriptions that somebody names, or in all that are read.

Belongs here: which subscriptions are meant, and what came of each. Asking is ``sources.azure``'s.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.sources.azure.reader import AzureReader


@dataclass(frozen=True)
class Failed:
    """A subscription whose recommendations were not computed anew."""

    subscription_id: str
    name: str
    reason: str
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Refreshed:
    """What came of it."""

    refreshed: tuple[str, ...]
    """Ids of the subscriptions in which it was done."""
    failed: tuple[Failed, ...]

    @property
    def succeeded(self) -> bool:
        """It was done in all of them."""
        return not self.failed


def refresh_advisor(
    config: Config, wanted: Sequence[str] = (), *, progress: Callable[[str], None] | None = None
) -> Refreshed:
    """Have Advisor recommend anew in the ``wanted`` subscriptions (ids or names), or in all that can be seen.

    ``progress`` is told, in words, how many are done. Raises :class:`SettingsError` where no Azure is configured or a
    wanted subscription cannot be seen, and :class:`~finance_ppm.sources.azure.errors.AzureError` where Azure cannot be
    asked at all.
    """
    config.require_azure()
    with AzureReader.of(config) as reader:
        names = reader.subscriptions()
        identities = [_meant(told, names) for told in wanted] or list(names)
        count = len(set(identities))
        told = (lambda done: progress(f"{done:,} of {count:,} subscriptions")) if progress else None
        outcomes = reader.refresh(identities, progress=told)
    return Refreshed(
        refreshed=tuple(sorted(outcome.subscription_id for outcome in outcomes if outcome.reason is None)),
        failed=tuple(
            Failed(outcome.subscription_id, names[outcome.subscription_id], outcome.reason)
            for outcome in sorted(outcomes, key=lambda outcome: names[outcome.subscription_id])
            if outcome.reason is not None
        ),
    )


def _meant(told: str, names: Mapping[str, str]) -> str:
    """The id of the subscription that somebody calls so."""
    wanted = told.strip().lower()
    meant = {identity for identity, name in names.items() if wanted in {identity, name.lower()}}
    if len(meant) == 1:
        return meant.pop()
    if meant:
        raise SettingsError(f"{len(meant)} subscriptions are called {told!r}: name one by its id.")
    raise SettingsError(
        f"No subscription {told!r} can be seen: `finance-ppm azure check` shows which can; name one by its id or name."
    )
