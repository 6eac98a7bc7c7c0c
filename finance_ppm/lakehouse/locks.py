"""One writer at a time, across processes, for a lake in a local folder.

No write to the lake needs the lock to be correct: each commits against the very version it read, or starts again.
It is for work that must not be started twice at all, such as maintenance (two compactions at once double every
row) or a whole sync. Object stores have no such lock: there a Dagster pool of one keeps writers apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from finance_ppm.lakehouse.errors import LakeBusyError
from finance_ppm.lakehouse.location import local_folder


@contextmanager
def writer_lock(uri: str, name: str, *, patience: timedelta = timedelta(minutes=5)) -> Iterator[None]:
    """Hold the lock ``name`` (a table's ``layer/table``, or any other) of the lake at ``uri``.

    The operating system frees it when the process ends, however it ends. Beyond local folders nothing is locked.

    Raises :class:`LakeBusyError` after waiting ``patience``.
    """
    folder = local_folder(uri)
    if folder is None:
        yield
        return
    path = Path(folder) / ".locks" / f"{name.replace('/', '.')}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=patience.total_seconds())
    try:
        lock.acquire()
    except Timeout:
        raise LakeBusyError(
            f"{name}: another process has been writing for more than {patience.total_seconds():g} seconds "
            f"(it holds {path}); wait for it to end, or end it, and start again."
        ) from None
    try:
        yield
    finally:
        lock.release()
