"""Backups held against their manifests, and put back into an empty lake.

Belongs here: reading a backup. Does not belong here: making one (``backup``), nor one table's earlier moment
(``restoring``), for which no backup is needed within 30 days.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl

from finance_ppm.contracts import full_name
from finance_ppm.contracts.bronze import Erasures
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.backup import (
    CHUNK,
    MANIFEST,
    BackupError,
    CopiedFile,
    CopiedTable,
    Manifest,
    backup_folders,
    complete_backups,
    read_manifest,
    rows_of,
    told,
)
from finance_ppm.lakehouse.damage import DAMAGES, reason
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.lakehouse.locks import writer_lock

LOCKS = ".locks"


@dataclass(frozen=True)
class Verified:
    """What a look at a backup found."""

    folder: Path
    manifest: Manifest
    problems: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether the backup is what its manifest says."""
        return not self.problems


def backup_at(source: str) -> tuple[Path, Manifest]:
    """The backup at ``source``: itself, or the newest in it.

    Raises :class:`~finance_ppm.errors.SettingsError` where there is none.
    """
    place = local_folder(source)
    if place is not None and (place / MANIFEST).is_file():
        return place, read_manifest(place)
    found = complete_backups(place) if place else []
    if not found:
        raise SettingsError(
            f"There is no backup in {source}: name the folder that `finance-ppm backup create` was given, or one in it."
        )
    return found[-1]


def verify(source: str, progress: Callable[[str], None] | None = None) -> Verified:
    """Read every file of a backup again, and hold it and each table's rows against the manifest.

    Raises what :func:`backup_at` raises.
    """
    folder, manifest = backup_at(source)
    problems: list[str] = []
    for table in manifest.tables:
        problems += _problems(folder, table)
        if progress:
            progress(table.name)
    return Verified(folder, manifest, tuple(problems))


def put_back(
    lake: Lake,
    source: str,
    progress: Callable[[str], None] | None = None,
    *,
    before_it_appears: Callable[[Path], None] = lambda _: None,
) -> Verified:
    """Copy a backup into a lake that holds nothing, every byte held against the manifest.

    The lake is there when all of it is; killed before, there is none. ``before_it_appears`` is given the folder that
    will be the lake, for what nobody may find in it. Raises :class:`~finance_ppm.lakehouse.backup.BackupError` where
    the lake is not empty, or is no longer, or the backup is damaged, :class:`~finance_ppm.errors.SettingsError` where
    the lake is no folder, and :class:`~finance_ppm.lakehouse.errors.LakeBusyError` where somebody else is at it.
    """
    folder, manifest = backup_at(source)
    place = local_folder(lake.uri)
    if place is None:
        raise SettingsError(
            f"{lake.uri} is an object store: verify the backup, and copy the folders in {folder} there with the "
            "store's own tool; they are a lake as they are."
        )
    place = place.resolve()  # what a link leads to is replaced, not the link
    with _nobody_at(place):
        _require_empty(place)
    if place.is_mount():
        raise SettingsError(
            f"{place} is where a disk is mounted, and the lake is to appear there as a whole: set PPM_LAKEHOUSE_URI to "
            f"a folder on it, such as {place / 'lake'}."
        )
    growing = place.with_name(f"{place.name}.restoring")
    if folder.resolve().is_relative_to(growing):
        raise SettingsError(
            f"{folder} lies in {growing}, where the lake is put together and what lies there is overwritten: move it "
            "elsewhere, and put it back from there."
        )
    with told(growing), writer_lock(str(growing), "backup", patience=timedelta()):
        for left in [path for path in growing.iterdir() if path.name != LOCKS]:
            shutil.rmtree(left)
        for table in manifest.tables:
            _copy_back(folder / table.name, table, growing / table.name)
            if progress:
                progress(table.name)
        before_it_appears(growing)
        with _nobody_at(place):
            _require_empty(place)  # copying takes a while: a run may have begun to write
            if place.exists():
                shutil.rmtree(place / LOCKS, ignore_errors=True)
                place.rmdir()
            growing.rename(place)
    return Verified(folder, manifest, ())


def _require_empty(place: Path) -> None:
    if place.exists() and any(path.name != LOCKS for path in place.iterdir()):
        raise BackupError(
            f"{place} is not empty, and a backup is put back into an empty lake only: stop what writes to it and move "
            "what is there away, or set PPM_LAKEHOUSE_URI to another place."
        )


@contextmanager
def _nobody_at(place: Path) -> Iterator[None]:
    """Hold every lock there is in an empty lake: a sync that has not written yet holds one, and would go on in another
    lake than it began with.
    """
    with ExitStack() as held:
        for lock in sorted((place / LOCKS).glob("*.lock")):
            held.enter_context(writer_lock(str(place), lock.stem, patience=timedelta()))
        yield


def forgotten_since(source: str) -> list[str]:
    """Ids of pages that are still in this backup, and that later ones beside it know to be forgotten, or that were
    being forgotten when it was made.

    Raises what :func:`backup_at` raises, and :class:`~finance_ppm.lakehouse.backup.BackupError` where a backup does not
    tell, since then a page might come back.
    """
    folder, manifest = backup_at(source)
    earlier = {place for place, other in complete_backups(folder.parent) if other.begun_at <= manifest.begun_at}
    later = [place for place in backup_folders(folder.parent) if place not in earlier]  # of one without a date as well
    complete = pl.col("forgotten_at").is_not_null()
    known, there = (_erasures(places, complete) for places in (later, [folder]))
    return sorted((known - there) | _erasures([folder], ~complete))


def _erasures(backups: list[Path], which: pl.Expr) -> set[str]:
    """The pages that these erasures are of."""
    return {page_id for backup in backups for page_id in _erased(backup, which)}


def _erased(backup: Path, which: pl.Expr) -> list[str]:
    try:
        return Lake(str(backup)).scan(Erasures).filter(which).select("page_id").collect()["page_id"].to_list()
    except DAMAGES as error:
        raise BackupError(
            f"{backup} does not tell which pages were forgotten, as its {full_name(Erasures)} is damaged "
            f"({reason(error)}): move that backup away, and forget by hand what was forgotten until then."
        ) from error


def _problems(folder: Path, table: CopiedTable) -> list[str]:
    problems = []
    for file in table.files:
        path = folder / table.name / file.path
        if not path.is_file():
            problems.append(f"{table.name}: {file.path} is missing.")
        else:
            with path.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                    problems.append(f"{table.name}: {file.path} is not what was copied.")
    if problems:
        return problems
    try:
        found = rows_of(folder / table.name)
    except DAMAGES as error:
        return [f"{table.name}: what was copied cannot be read ({reason(error)})."]
    if found != (table.version, table.rows):
        there = f"version {found[0]} with {found[1]:,} rows" if found else "no table"
        return [f"{table.name}: there is {there}, not version {table.version} with {table.rows:,} rows."]
    return []


def _copy_back(source: Path, table: CopiedTable, target: Path) -> None:
    for file in table.files:
        digest = hashlib.sha256()
        (target / file.path).parent.mkdir(parents=True, exist_ok=True)
        try:
            reading = (source / file.path).open("rb")
        except FileNotFoundError as error:
            raise _damaged(table, file, "is missing") from error
        with reading, (target / file.path).open("wb") as writing:
            while chunk := reading.read(CHUNK):
                digest.update(chunk)
                writing.write(chunk)
        if digest.hexdigest() != file.sha256:
            raise _damaged(table, file, "is not what was copied")


def _damaged(table: CopiedTable, file: CopiedFile, what: str) -> BackupError:
    return BackupError(
        f"{table.name}: {file.path} {what}, so the backup is damaged and the lake stays empty: put another one back; "
        "`finance-ppm backup verify` tells which are whole."
    )
