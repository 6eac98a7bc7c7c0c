"""A backup: a copy of every table at one version, in a folder that is a lake itself, with a manifest beside it.

A destination holds one folder for each backup. Data files never change, so one that an earlier backup has is linked,
not copied, once its bytes are seen to be what they were; a backup that was cut short is gone on with. Nobody has to
wait: a version stays what it is while others write.

Belongs here: copying out. Does not belong here: holding a copy against its manifest, or putting it back (``recovery``).
See docs/decisions/maintenance.md.
"""

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import ALL_TABLES, Table, full_name
from finance_ppm.contracts.bronze import Erasures
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.lakehouse.damage import damage_told, reason
from finance_ppm.lakehouse.delta import open_delta
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.location import local_folder
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.lakehouse.maintenance import stored_tables
from finance_ppm.lakehouse.versions import data_files, segment

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
UNFINISHED = "unfinished"
PART = ".part"
CHUNK = 2**20


class BackupError(FinancePpmError):
    """A backup could not be made."""


class CopiedFile(msgspec.Struct, frozen=True):
    """A file of a backup, by its path within the table's folder."""

    path: str
    size: int
    sha256: str


class CopiedTable(msgspec.Struct, frozen=True):
    """A table of a backup: the version that was copied, and all its files."""

    name: str
    version: int
    rows: int
    files: list[CopiedFile]


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. It is written last: a folder without one is no backup."""

    lake: str
    begun_at: datetime
    """The moment it is a copy of: every table's version was noted within milliseconds."""
    finished_at: datetime
    tables: list[CopiedTable]


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made."""

    folder: Path
    tables: int
    rows: int
    files_copied: int
    files_linked: int
    """Files that an earlier backup, or an attempt that was cut short, already had."""
    bytes_copied: int
    damaged: tuple[Path, ...] = ()
    """Files of the newest earlier backup that are no longer what was copied; in this one they are copied anew."""


@dataclass(frozen=True)
class _Plan:
    """One table at one version: what is to be copied, the log last."""

    table: type[Table]
    version: int
    data: dict[str, int]
    log: list[str]


def backup_folders(destination: Path) -> list[Path]:
    """Where in ``destination`` the backups are that were completed, whether they can be read or not."""
    folders = (path.parent for path in destination.glob(f"*/{MANIFEST}"))
    return sorted(folder for folder in folders if folder.name != UNFINISHED)


def complete_backups(destination: Path) -> list[tuple[Path, Manifest]]:
    """The backups in ``destination``, oldest first. One whose manifest cannot be read is warned of, and left out."""
    found = []
    for folder in backup_folders(destination):
        try:
            found.append((folder, read_manifest(folder)))
        except BackupError as error:
            _log.warning("%s It is left out.", error)
    return sorted(found, key=lambda backup: backup[1].begun_at)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of one backup.

    Raises :class:`BackupError` where it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (msgspec.DecodeError, OSError) as error:
        raise BackupError(
            f"{folder / MANIFEST} is no manifest of a backup ({error}): move its folder away, and name another backup."
        ) from error


def back_up(
    lake: Lake,
    clock: Clock,
    destination: str,
    *,
    tables: Iterable[type[Table]] = ALL_TABLES,
    progress: Callable[[str], None] | None = None,
) -> BackedUp:
    """Copy every table there is, each at one version, into a new folder in ``destination``.

    ``progress`` is told the name of each table that is copied. Raises :class:`BackupError`, and
    :class:`~finance_ppm.lakehouse.damage.DamagedTableError` where the lake itself cannot be read; what was copied is
    used when it is tried again.
    """
    place = destination_folder(lake, destination)
    with told(place):
        place.mkdir(parents=True, exist_ok=True)
    with told(place), writer_lock(str(place), "backup"):
        earlier = complete_backups(place)
        if earlier and earlier[-1][1].lake != lake.uri:
            raise BackupError(
                f"{place} holds backups of another lake, {earlier[-1][1].lake}: name another folder for those of "
                f"{lake.uri}."
            )
        begun, erasures = clock.now(), _erasures(lake)
        copying = _Copying(place / UNFINISHED, earlier)
        # What is derived is looked at first, so that no table knows of what the copy of its source lacks: gold, silver,
        # how far a source was read, and last of all what was read.
        plans = [_plan(lake, table) for table in reversed(stored_tables(lake, tables))]
        if not plans:
            raise BackupError(
                f"There is no table in {lake.uri}, so there is nothing to back up: check PPM_LAKEHOUSE_URI."
            )
        copying.require_space(plans)
        copied = []
        for plan in plans:
            copied.append(copying.copy(lake, plan))
            if progress:
                progress(full_name(plan.table))
        if _erasures(lake) != erasures:
            raise _disturbed("a page was forgotten", lake)
        manifest = Manifest(lake.uri, begun, clock.now(), copied)
        folder = copying.complete(manifest, place / f"{begun:%Y-%m-%dT%H%M%S.%fZ}")
    return BackedUp(
        folder,
        len(copied),
        sum(table.rows for table in copied),
        copying.files_copied,
        copying.files_linked,
        copying.bytes_copied,
        tuple(copying.damaged),
    )


def destination_folder(lake: Lake, destination: str) -> Path:
    """The folder that backups of ``lake`` are to lie in.

    Raises :class:`~finance_ppm.errors.SettingsError` for none, for an object store, for a place within the lake, by
    whatever link it is reached, and for one in which the lake lies where an unfinished backup would.
    """
    if not destination.strip():
        raise SettingsError("The folder for backups has no name: name one, best on another disk than the lake's.")
    place, source = local_folder(destination), local_folder(lake.uri)
    if place is None:
        raise SettingsError(f"{destination} is no folder: name one, and copy it to an object store from there.")
    if source is None:
        return place
    real, lake_folder = place.resolve(), source.resolve()
    if real.is_relative_to(lake_folder):
        raise SettingsError(f"{place} lies within the lake: name a folder elsewhere, best on another disk.")
    if lake_folder.is_relative_to((real / UNFINISHED).resolve()):
        raise SettingsError(
            f"The lake lies in {real / UNFINISHED}, where a backup in {place} is made and overwritten: name a folder "
            "elsewhere, best on another disk."
        )
    return place


def rows_of(folder: Path) -> tuple[int, int] | None:
    """Version and rows of the Delta table in ``folder``, as its files tell; None where there is none."""
    delta = open_delta(str(folder), {})
    if delta is None:
        return None
    return delta.version(), int(pl.scan_delta(delta).select(pl.len()).collect().item())


class _Copying:
    """Fills the folder of a backup that is not finished yet."""

    def __init__(self, folder: Path, earlier: list[tuple[Path, Manifest]]) -> None:
        self.files_copied = self.files_linked = self.bytes_copied = 0
        self.damaged: list[Path] = []
        self._folder = folder
        self._known: dict[str, tuple[Path, CopiedFile]] = {
            f"{table.name}/{file.path}": (place / table.name / file.path, file)
            for place, manifest in earlier[-1:]
            for table in manifest.tables
            for file in table.files
        }

    def require_space(self, plans: list[_Plan]) -> None:
        """Raise :class:`BackupError` where the disk cannot hold what is to be copied."""
        wanted = sum(
            size
            for plan in plans
            for path, size in plan.data.items()
            if f"{full_name(plan.table)}/{path}" not in self._known
            and not (self._folder / full_name(plan.table) / path).exists()
        )
        free = shutil.disk_usage(self._folder.parent).free
        if wanted > free:
            raise BackupError(
                f"{self._folder.parent} has {free / 1e6:,.0f} MB left and the backup needs {wanted / 1e6:,.0f} MB: "
                "free some space, or name another folder."
            )

    def copy(self, lake: Lake, plan: _Plan) -> CopiedTable:
        """Copy one table, its log last, and see that it can be read."""
        name = full_name(plan.table)
        folder, store = self._folder / name, lake.files(plan.table)
        try:
            files = [self._data_file(store, name, path, size) for path, size in plan.data.items()]
            shutil.rmtree(folder / "_delta_log", ignore_errors=True)
            files += [self._copied(store, folder, path) for path in plan.log]
        except FileNotFoundError as error:
            raise _disturbed("files were removed", lake) from error
        wanted = {folder / file.path for file in files}
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
            path.unlink()
        with damage_told(plan.table):  # the copy is what the lake has, byte by byte
            found = rows_of(folder)
        if found is None or found[0] != plan.version:
            raise BackupError(f"{name}: the copy of version {plan.version} in {folder} cannot be read: report this.")
        return CopiedTable(name, plan.version, found[1], files)

    def complete(self, manifest: Manifest, folder: Path) -> Path:
        """Name the folder a backup."""
        kept = {self._folder / table.name for table in manifest.tables}
        for path in [path for path in self._folder.glob("*/*") if path not in kept]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        part = self._folder / f"{MANIFEST}{PART}"
        part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        part.rename(self._folder / MANIFEST)
        return self._folder.rename(folder)

    def _data_file(self, store: "FileSystem", name: str, path: str, size: int) -> CopiedFile:
        target, known = self._folder / name / path, self._known.get(f"{name}/{path}")
        if known is None:
            if target.is_file() and (digest := _sha256(target)) == _sha256_of(store, path):  # an earlier attempt's
                self.files_linked += 1
                return CopiedFile(path, size, digest)
            return self._copied(store, self._folder / name, path)
        source, file = known
        if source.is_file() and _sha256(source) == file.sha256:
            if _linked(source, target):
                self.files_linked += 1
                return file
        else:
            self.damaged.append(source)
        copied = self._copied(store, self._folder / name, path)
        if copied.sha256 != file.sha256:
            raise BackupError(
                f"{name}: {path} in the lake is not what it was when it was copied to {source}, and data files never "
                "change: see that the disk is sound, and put a backup back that is whole, or move that one away."
            )
        return copied

    def _copied(self, store: "FileSystem", folder: Path, path: str) -> CopiedFile:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part, digest, size = target.with_name(f"{target.name}{PART}"), hashlib.sha256(), 0
        with store.open_input_stream(path) as stream, part.open("wb") as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        self.files_copied += 1
        self.bytes_copied += size
        return CopiedFile(path, size, digest.hexdigest())


def _plan(lake: Lake, table: type[Table]) -> _Plan:
    with damage_told(table):
        delta = lake.delta(table)
        assert delta is not None
        files = data_files(delta)
    return _Plan(
        table,
        delta.version(),
        dict(zip(files["path"], files["size_bytes"], strict=True)),
        segment(lake.files(table), delta.version()),
    )


def _erasures(lake: Lake) -> set[tuple[object, ...]]:
    """The erasures there were: one is written down before it begins, and again when it is complete."""
    with damage_told(Erasures):
        return set(lake.scan(Erasures).select("page_id", "requested_at", "forgotten_at").collect().iter_rows())


def _linked(source: Path, target: Path) -> bool:
    """Whether ``target`` now is another name of ``source``; not every disk has those."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(source, target)
    except OSError:
        return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of(store: "FileSystem", path: str) -> str:
    digest = hashlib.sha256()
    with store.open_input_stream(path) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _disturbed(what: str, lake: Lake) -> BackupError:
    return BackupError(
        f"While {lake.uri} was copied {what}, so the copy is of no single moment: back it up again, which copies only "
        "what is missing."
    )


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Say in a sentence what the operating system says in a word."""
    try:
        yield
    except OSError as error:
        remedy = "free some space" if error.errno == errno.ENOSPC else "put that right"
        raise BackupError(
            f"{error.filename or place} cannot be read or written ({error.strerror or reason(error)}): {remedy}, and "
            "try again."
        ) from error
