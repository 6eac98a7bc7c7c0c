"""What the lake says: can it be written, when was each database read last, what went wrong, what is unfinished?

Belongs here: looking, without changing anything. Notion itself is looked at in ``health``.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from deltalake.exceptions import DeltaError

from finance_ppm.clock import Clock
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.onboarding.finding import Finding
from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.pipeline.watermarks import Watermark, stored_watermarks
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.settings import Config


def look_at_lake(config: Config, clock: Clock) -> tuple[dict[str, Watermark], list[Finding]]:
    """The state of each database's reads, by its name, and what there is to say of it and of the lake."""
    try:
        lake = Lake(config.ppm_lakehouse_uri, clock=clock)
        folder = local_folder(lake.uri)
        found = [_writable(Path(folder))] if folder is not None else []
        if not all(finding.well for finding in found):
            return {}, found
        stored = stored_watermarks(lake)
    except (FinancePpmError, DeltaError, OSError) as error:
        return {}, [Finding("lake", False, f"{config.ppm_lakehouse_uri} cannot be read: {error}")]
    read = [stored[name] for name, identity in config.database_ids.items() if _is_of(stored.get(name), identity)]
    if not read:
        return stored, [
            *found,
            Finding("last read", True, f"Nothing was synced into {lake.uri} yet: run `notion-sync sync`."),
        ]
    return stored, [*found, *(finding for state in read for finding in _reads(state, clock))]


def _is_of(state: Watermark | None, identity: str) -> bool:
    return state is not None and state.database_id == identity


def _reads(state: Watermark, clock: Clock) -> Iterator[Finding]:
    """What became of the reads of one database."""
    name = state.database_name
    yield _last_read(state, clock)
    if state.last_error:
        when = f" ({state.last_attempt_at:%Y-%m-%d %H:%M} UTC)" if state.last_attempt_at else ""
        yield Finding(
            f"last attempt on {name}",
            False,
            f"It failed{when}: {state.last_error} Then `notion-sync sync` takes it up again.",
        )
    begun = Unfinished.from_json(state.unfinished)
    if begun is not None:
        yield Finding(
            f"unfinished read of {name}",
            True,
            f"{begun.pages:,} pages of the read begun {begun.started_at:%Y-%m-%d %H:%M} UTC are in the lake; the next "
            "`notion-sync sync` goes on from there.",
        )
    if state.sweep_note:
        yield Finding(f"deletions in {name}", False, state.sweep_note)


def _last_read(state: Watermark, clock: Clock) -> Finding:
    what = f"last read of {state.database_name}"
    if state.last_read_at is None:
        return Finding(what, False, "It was never read to its end: run `notion-sync sync`.")
    recent = clock.now() - state.last_read_at < timedelta(hours=THRESHOLDS.read_within_hours)
    remedy = (
        ""
        if recent
        else f" That is more than {THRESHOLDS.read_within_hours} hours ago: is the sync running? `notion-sync sync` "
        "does it now."
    )
    return Finding(what, recent, f"{state.last_read_at:%Y-%m-%d %H:%M} UTC.{remedy}")


def _writable(folder: Path) -> Finding:
    """Whether the lake's folder can be written, or made where it is not there yet. Nothing is made."""
    present = next(path for path in (folder, *folder.parents) if path.exists())
    if present.is_dir() and os.access(present, os.W_OK):
        return Finding("lake", True, f"{folder} can be written.")
    return Finding("lake", False, f"{folder} cannot be written ({present} refuses): set PPM_LAKEHOUSE_URI elsewhere.")
