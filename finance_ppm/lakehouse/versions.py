"""A table's log: which versions are kept, when each was made, and which files one version is read from.

Delta's own time travel takes a moment before the first kept version for that version, and says nothing. So moments are
looked up here. Belongs here: reading the log. Does not belong here: changing it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

LOG = "_delta_log"

_NAME = re.compile(r"(\d{20})\.(json|checkpoint\..*parquet)")
"""Commits and checkpoints, https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries"""


@dataclass(frozen=True)
class Version:
    """A version of a table, and when it was made."""

    number: int
    made_at: datetime


@dataclass(frozen=True)
class LogFile:
    """A commit or a checkpoint, by its path within the table's folder."""

    path: str
    version: int
    is_checkpoint: bool


def data_files(delta: DeltaTable) -> pl.DataFrame:
    """The data files of the version ``delta`` stands at: ``path`` within the table's folder, ``size_bytes``,
    ``num_records``, and each partition column as ``partition.<name>``.
    """
    by = [f"partition.{name}" for name in delta.metadata().partition_columns]
    files = pl.DataFrame(delta.get_add_actions(flatten=True))
    if files.is_empty():
        return pl.DataFrame(schema={"path": pl.String, "size_bytes": pl.Int64, "num_records": pl.Int64})
    return files.select(pl.col("path").map_elements(unquote, pl.String), "size_bytes", "num_records", *by)


def log_files(store: "FileSystem") -> list[LogFile]:
    """Commits and checkpoints, oldest first."""
    from pyarrow.fs import FileSelector

    found = [
        LogFile(info.path, int(told[1]), is_checkpoint=told[2] != "json")
        for info in store.get_file_info(FileSelector(LOG))
        if info.is_file and (told := _NAME.fullmatch(info.base_name))
    ]
    return sorted(found, key=lambda file: (file.version, not file.is_checkpoint, file.path))


def segment(store: "FileSystem", version: int) -> list[str]:
    """The files that ``version`` is read from: the newest checkpoint up to it, and the commits since."""
    files = [file for file in log_files(store) if file.version <= version]
    base = max((file.version for file in files if file.is_checkpoint), default=-1)
    return [file.path for file in files if file.version >= base]


def kept_versions(delta: DeltaTable) -> list[Version]:
    """The versions whose commits are still in the log, oldest first.

    Clocks of several machines may disagree, so a version counts as made no earlier than the one before it:
    https://github.com/delta-io/delta/blob/master/PROTOCOL.md#in-commit-timestamps
    """
    versions: list[Version] = []
    for told in reversed(delta.history()):
        moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=told["timestamp"])
        versions.append(Version(told["version"], max([moment, *(before.made_at for before in versions[-1:])])))
    return versions


def version_at(versions: list[Version], moment: datetime) -> Version | None:
    """The version that stood at ``moment``; None where that is before the first."""
    return next((version for version in reversed(versions) if version.made_at <= moment), None)
