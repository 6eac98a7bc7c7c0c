"""What stands between the settings and a complete read of Azure: each thing looked at, and what to do about it.

Belongs here: looking, without changing anything. What the lake says of earlier reads and of tags is
``azure_lake_health``'s.
"""

from collections.abc import Collection, Iterator, Mapping

from finance_ppm.clock import Clock, SystemClock
from finance_ppm.errors import SettingsError
from finance_ppm.onboarding.azure_lake_health import TITLES, look_at_azure_in_lake
from finance_ppm.onboarding.finding import Finding
from finance_ppm.onboarding.health import Health
from finance_ppm.settings import HOW_TO_CONFIGURE_AZURE, Config
from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.reader import AzureReader
from finance_ppm.sources.azure.rows import Batch, Source

SHOWN = 3
"""Subscriptions that are named where many are meant."""


def examine_azure(config: Config, clock: Clock | None = None) -> Health:
    """Look at the settings, the sign-in, the scope, Resource Graph and Advisor, the time a read takes, and the lake.

    One subscription is read for trial; nothing of it is kept.
    """
    lake = look_at_azure_in_lake(config, clock or SystemClock())
    if not config.reads_azure:
        return Health((Finding("settings", False, HOW_TO_CONFIGURE_AZURE), *lake))
    return Health((*_azure(config), *lake))


def _azure(config: Config) -> Iterator[Finding]:
    try:
        reader = AzureReader.of(config)
    except SettingsError as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding(
        "settings", True, f"{_identity(config)} reads {_scope(config)} at {config.azure_resource_manager_url}."
    )
    with reader:
        try:
            visible = reader.subscriptions()
        except AzureError as error:
            yield Finding("subscriptions", False, str(error))
            return
    yield _subscriptions(config, visible)
    if visible:
        yield from _trial(config, *min(visible.items(), key=lambda item: item[1]))


def _identity(config: Config) -> str:
    if config.azure_access_token:
        return "Whoever AZURE_ACCESS_TOKEN was given to"
    if config.azure_client_secret:
        return f"The service principal {config.azure_client_id}"
    if config.azure_client_id:
        return f"The managed identity {config.azure_client_id}"
    return "Whoever this machine is signed in as"


def _scope(config: Config) -> str:
    parts = []
    if config.azure_subscriptions:
        parts.append(f"the subscriptions named in AZURE_SUBSCRIPTIONS ({len(config.azure_subscriptions):,})")
    if config.azure_management_groups:
        parts.append(f"the management groups {', '.join(config.azure_management_groups)}")
    return " and ".join(parts) or "every subscription that it may see"


def _subscriptions(config: Config, visible: Mapping[str, str]) -> Finding:
    what = "subscriptions"
    if hidden := [identity for identity in config.azure_subscriptions if identity not in visible]:
        told = f"{len(hidden):,} of the {len(config.azure_subscriptions):,} in AZURE_SUBSCRIPTIONS cannot be seen"
        return Finding(
            what, False, f"{told} ({_some(hidden)}): correct them, or give the reader the role Reader on each."
        )
    return Finding(what, True, f"{len(visible):,} can be seen: {_some(sorted(visible.values()))}.")


def _trial(config: Config, identity: str, name: str) -> Iterator[Finding]:
    """Whether one subscription can be read, of each dataset."""
    alone = config.model_copy(update={"azure_subscriptions": (identity,), "azure_management_groups": ()})
    with AzureReader.of(alone) as reader:
        for dataset, title in TITLES.items():
            try:
                yield _tried(title, name, list(reader.snapshot(dataset)))
            except AzureError as error:
                yield Finding(title, False, str(error))


def _tried(title: str, name: str, batches: Collection[Batch]) -> Finding:
    for reason in (outcome.reason for batch in batches for outcome in batch.outcomes if not outcome.complete):
        return Finding(title, False, f"The subscription {name} cannot be read completely: {reason}")
    rows = sum(len(batch.rows) for batch in batches)
    told = f"The subscription {name} was read for trial, {rows:,} row{'' if rows == 1 else 's'}"
    if any(batch.source is Source.ADVISOR for batch in batches):
        return Finding(
            title,
            True,
            f"{told} from Advisor itself: allow Resource Graph to be asked, and large tenants are read faster.",
        )
    return Finding(title, True, f"{told} from Resource Graph.")


def _some(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:SHOWN])
    return f"{shown} and {len(names) - SHOWN:,} more" if len(names) > SHOWN else shown
