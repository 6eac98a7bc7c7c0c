"""Where a lake lives: a local folder or an object store, told apart by its address."""

import re
from pathlib import Path

from finance_ppm.lakehouse.errors import LakeUriError

OBJECT_STORES = ("abfss", "abfs", "az", "s3", "s3a", "gs")
_MISREAD = re.compile(r"[#?\[\]=]|%[0-9A-Fa-f]{2}")
"""In a folder's name: taken for parts of an address, for a pattern, or for the value of a partition."""


def normalised(uri: str) -> str:
    """``uri`` without a trailing slash; a local folder as an absolute path, whether it exists or not.

    Raises :class:`LakeUriError` for an address that Delta tables cannot be opened at.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _folder(Path(uri).expanduser().absolute())
    match scheme.lower():
        case "file":
            return _folder(Path("/", rest))
        case "uc":
            raise LakeUriError(
                f"{uri} is a Unity Catalog address, which cannot be opened directly: set PPM_LAKEHOUSE_URI to the "
                "storage location behind it (abfss://, s3:// or gs://) and register the tables there as external."
            )
        case known if known in OBJECT_STORES:
            return uri.rstrip("/")
    raise LakeUriError(
        f"{scheme}:// is no place for a lake: set PPM_LAKEHOUSE_URI to a folder, or to abfss://, s3:// or gs://."
    )


def _folder(path: Path) -> str:
    if found := _MISREAD.search(str(path)):
        raise LakeUriError(
            f"{path} has {found[0]} in its name, which readers of Delta tables take for something else: set "
            "PPM_LAKEHOUSE_URI to a folder without."
        )
    return str(path)


def local_folder(uri: str) -> Path | None:
    """The folder at ``uri``; None for an object store."""
    place = normalised(uri)
    return None if "://" in place else Path(place)
