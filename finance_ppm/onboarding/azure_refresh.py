"""Having Advisor compute its recommendations anew, in the subscriptions that somebody names, or in all that are read.

Belongs here: which subscriptions are meant, and what came of each. Asking is ``sources.azure``'s.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.sources.azure.reader import AzureReader

UNSEEN = "Azure does not show it: give the identity the Reader role on it, or take it out of AZURE_SUBSCRIPTIONS."


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
        """It was done in all of them, and in one at least."""
        return bool(self.refreshed) and not self.failed


def refresh_advisor(
    config: Config, wanted: Sequence[str] = (), *, progress: Callable[[str], None] | None = None
) -> Refreshed:
    """Have Advisor recommend anew in the ``wanted`` subscriptions (ids or names), or in all that are to be read.

    Of those named in AZURE_SUBSCRIPTIONS, the ones that cannot be seen are among the failed. ``progress`` is told, in
    words, how many are done. Raises :class:`SettingsError` where no Azure is configured or a wanted subscription cannot
    be seen, and :class:`~finance_ppm.sources.azure.errors.AzureError` where Azure cannot be asked at all, or shows no
    subscription and none is named.
    """
    config.require_azure()
    with AzureReader.of(config) as reader:
        names = reader.subscriptions()
        identities = [_meant(told, names) for told in wanted] or list(names)
        unseen = () if wanted else sorted(set(config.azure_subscriptions) - set(names))
        count = len(set(identities))
        told = (lambda done: progress(f"{done:,} of {count:,} subscriptions")) if progress else None
        outcomes = reader.refresh(identities, progress=told)
    failed = [
        Failed(outcome.subscription_id, names[outcome.subscription_id], outcome.reason)
        for outcome in outcomes
        if outcome.reason is not None
    ]
    return Refreshed(
        refreshed=tuple(sorted(outcome.subscription_id for outcome in outcomes if outcome.reason is None)),
        failed=(
            *sorted(failed, key=lambda each: (each.name, each.subscription_id)),
            *(Failed(identity, identity, UNSEEN) for identity in unseen),
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
