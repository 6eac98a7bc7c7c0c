"""Reads exchange rates from where the settings say.

Belongs here: which file there is to read, and reading it again where that may help. Which of them has to be read is
decided by who knows what is stored.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol, Self

from finance_ppm.settings import Config
from finance_ppm.sources.fx.download import Downloads
from finance_ppm.sources.fx.errors import FxError
from finance_ppm.sources.fx.files import LIMIT, parse_file
from finance_ppm.sources.fx.place import DAY, HISTORY, Web, place_of, shown
from finance_ppm.sources.fx.retry import retrying
from finance_ppm.sources.fx.rows import Parsed


class File(NamedTuple):
    """A file that was read."""

    source: str
    """Its address, without login and query; or its name."""
    content: Parsed


class RatesReader(AbstractContextManager["RatesReader"], Protocol):
    """Reads the files of one place. A context manager.

    Every read raises :class:`FxError` where there is no sound file of rates; what may be cured by it was tried several
    times by then.
    """

    @property
    def requests(self) -> int:
        """Requests sent so far, repeated ones and redirects included."""
        ...

    @property
    def folder(self) -> str | None:
        """What the ``source`` of its files begins with, where the newest day lies beside the history, in a file of its
        own; else None.
        """
        ...

    def newest_day(self) -> File:
        """The newest day, where there is a ``folder``; else everything there is."""
        ...

    def history(self) -> File:
        """Everything there is."""
        ...


def rates_reader(config: Config) -> RatesReader | None:
    """A reader of what ``PPM_FX_RATES`` names; None where it is ``none``.

    Raises :class:`~finance_ppm.errors.SettingsError` for an address of a kind that is not read.
    """
    place = place_of(config.ppm_fx_rates)
    if place is None:
        return None
    return WebRates(place) if isinstance(place, Web) else LocalRates(place)


class LocalRates(RatesReader):
    """A file of this machine, read whole each time."""

    requests = 0
    folder = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def __exit__(self, *exception: object) -> None:
        """Nothing stays open."""

    def newest_day(self) -> File:
        """The whole file."""
        return self.history()

    def history(self) -> File:
        """The whole file."""
        try:
            with self._path.open("rb") as file:
                content = file.read(LIMIT + 1)
        except OSError as error:
            raise FxError(
                f"PPM_FX_RATES names {self._path}, which cannot be read ({error.strerror or error}): name a file that "
                "you may read, or an address."
            ) from error
        return File(self._path.name, parse_file(content, about=str(self._path)))


class WebRates(RatesReader):
    """A file, or a folder of them, at an address."""

    def __init__(
        self, place: Web, *, downloads: Downloads | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._place = place
        self._downloads = downloads or Downloads(place.url)
        self._sleep = sleep
        self._random = Random(0)  # noqa: S311 - spreads requests out, keeps no secret

    def __enter__(self) -> Self:
        self._downloads.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._downloads.__exit__(*exception)

    @property
    def requests(self) -> int:
        """Requests sent so far, repeated ones and redirects included."""
        return self._downloads.requests

    @property
    def folder(self) -> str | None:
        """The folder's address, if it is that of one."""
        return shown(self._place.file("")) if self._place.is_folder else None

    def newest_day(self) -> File:
        """The newest day of a folder; else the file."""
        return self._fetched(DAY)

    def history(self) -> File:
        """The history of a folder; else the file."""
        return self._fetched(HISTORY)

    def _fetched(self, name: str) -> File:
        url = self._place.file(name) if self._place.is_folder else self._place.url
        about = shown(url)

        def attempt() -> Parsed:
            return parse_file(self._downloads.fetch(url, about=about), about=about)

        return File(about, retrying(self._sleep, self._random)(attempt))
