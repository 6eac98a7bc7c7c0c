"""Tables that were written long ago: their files, commits and checkpoints put into the past."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from finance_ppm.contracts import Table
from finance_ppm.lakehouse import Lake


def grow_old(lake: Lake, table: type[Table], age: timedelta) -> None:
    """Put every file and commit of the table so far into the past, as if it had been written then."""
    moment = time.time() - age.total_seconds()
    for path in Path(lake.path(table)).rglob("*"):
        if path.suffix == ".json":
            _commit_at(path, moment)
        if path.is_file():
            os.utime(path, (moment, moment))


def made_at(lake: Lake, table: type[Table], version: int, moment: datetime) -> None:
    """Let a version have been committed at ``moment``."""
    path = Path(lake.path(table), "_delta_log", f"{version:020}.json")
    _commit_at(path, moment.timestamp())
    os.utime(path, (moment.timestamp(),) * 2)


def committed_at(lake: Lake, table: type[Table], version: int) -> datetime:
    """When a version was committed."""
    text = Path(lake.path(table), "_delta_log", f"{version:020}.json").read_text()
    (told,) = (action["commitInfo"] for action in map(json.loads, text.splitlines()) if "commitInfo" in action)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=told["timestamp"])


def _commit_at(path: Path, moment: float) -> None:
    actions = [json.loads(text) for text in path.read_text().splitlines()]
    for action in actions:
        if told := action.get("commitInfo"):
            told["timestamp"] = int(moment * 1000)
        if told := action.get("remove"):
            told["deletionTimestamp"] = int(moment * 1000)
    path.write_text("\n".join(json.dumps(action) for action in actions))
