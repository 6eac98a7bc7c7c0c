"""Where a lake lives: a local folder or an object store, told apart by its address."""

from pathlib import Path

from finance_ppm.lakehouse.errors import LakeUriError

OBJECT_STORES = ("abfss", "abfs", "az", "s3", "s3a", "gs")


def normalised(uri: str) -> str:
    """``uri`` without a trailing slash; a local folder as an absolute path, whether it exists or not.

    Raises :class:`LakeUriError` for an address that Delta tables cannot be opened at.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return str(Path(uri).expanduser().absolute())
    match scheme.lower():
        case "file":
            return str(Path("/", rest))
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


def local_folder(uri: str) -> Path | None:
    """The folder at ``uri``; None for an object store."""
    place = normalised(uri)
    return None if "://" in place else Path(place)
