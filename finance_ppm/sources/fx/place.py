"""What ``PPM_FX_RATES`` names: a folder of the European Central Bank's files, a file, or nothing at all.

Belongs here: reading the setting. Nothing is opened here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from finance_ppm.errors import SettingsError

OFF = "none"
"""The word that turns the reading of rates off. An empty setting means the default."""

HISTORY = "eurofxref-hist.zip"
"""Every day since 1999."""
DAY = "eurofxref-daily.xml"
"""The newest day."""

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_FILES = (".csv", ".zip", ".xml")


@dataclass(frozen=True)
class Web:
    """An http(s) address: that of a file, or of a folder that holds ``HISTORY`` and ``DAY``."""

    url: str
    is_folder: bool

    def file(self, name: str) -> str:
        """The address of a file in the folder."""
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


def place_of(setting: str) -> Web | Path | None:
    """The address or the file that the setting names; None where it turns reading off.

    Of a folder of this machine the file is ``HISTORY``.

    Raises :class:`~finance_ppm.errors.SettingsError` for an address that is neither http nor https, or is none at all.
    """
    told = setting.strip()
    if told.lower() == OFF:
        return None
    scheme = _ADDRESS.match(told)
    if scheme is None:
        path = Path(told).expanduser()
        return path / HISTORY if path.is_dir() else path
    if scheme[1].lower() not in {"http", "https"}:
        raise SettingsError(
            f"PPM_FX_RATES begins with {scheme[1]}://, and exchange rates are read over http or https, or from a file "
            f"of this machine: name one of them, or the word {OFF}."
        )
    try:
        parts = urlsplit(told)
        whole = parts.hostname is not None and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise SettingsError("PPM_FX_RATES begins as an address and is none: correct its host or its port.")
    return Web(told, not parts.path.lower().endswith(_FILES))


def shown(url: str) -> str:
    """The address as it may be read by everybody: without a login, and without a query, which may hold a signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
