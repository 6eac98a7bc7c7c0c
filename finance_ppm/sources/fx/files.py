"""A file of rates, of whichever kind: what it is shows in its content, not in its name.

Belongs here: telling the kinds apart, and unpacking. What is in them is read by ``ecb_csv``, ``ecb_xml``, ``own_csv``.
"""

import io
import lzma
import struct
import zipfile
import zlib

from finance_ppm.sources.fx.csv_rows import lines_of
from finance_ppm.sources.fx.ecb_csv import is_ecb_header, parse_ecb_csv
from finance_ppm.sources.fx.ecb_xml import parse_ecb_xml
from finance_ppm.sources.fx.errors import damaged, not_rates, too_large, web_page
from finance_ppm.sources.fx.own_csv import is_own_header, parse_own_csv
from finance_ppm.sources.fx.rows import Parsed, UnsoundError

LIMIT = 64 * 2**20
"""Bytes that a file may hold, unpacked as well: ten times the whole history as XML."""

_ZIP = b"PK"
_PAGE = (b"<!doctype html", b"<html")


def parse_file(content: bytes, *, about: str, limit: int = LIMIT) -> Parsed:
    """The rates in a file: a zip that holds one, XML, or CSV. ``about`` is how messages name it.

    Raises :class:`~finance_ppm.sources.fx.errors.FxError` where it is no file of rates, or has not one sound row.
    """
    if len(content) > limit:
        raise too_large(limit, about=about)
    if content.startswith(_ZIP):
        content = _unzipped(content, about, limit)
    parsed = _parsed(content, about)
    if parsed.newest is None:
        why = f"not one of its rates is sound: {parsed.refused[0]}" if parsed.refused else "it has none"
        raise not_rates(why, about=about)
    return parsed


def _parsed(content: bytes, about: str) -> Parsed:
    begin = content[:2_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"<"):
        if any(sign in begin.lower() for sign in _PAGE):
            raise web_page(about)
        return parse_ecb_xml(content.lstrip(), about=about)
    lines = lines_of(content)
    first = next(lines, None)
    if first is None:
        raise damaged("it is empty", about=about)
    try:
        header = first.cells()
    except UnsoundError as error:
        raise not_rates(str(error), about=about) from None
    if is_own_header(header):
        return parse_own_csv(header, lines)
    if is_ecb_header(header):
        return parse_ecb_csv(header, lines)
    raise not_rates(f"it begins with {', '.join(header)[:60]!r}", about=about)


def _unzipped(content: bytes, about: str, limit: int) -> bytes:
    """The one file in a zip; never more of it than ``limit``, whatever its directory says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".xml"))]
            names = [name for name in names if not name.startswith("__MACOSX/")]
            if len(names) != 1:
                raise not_rates(f"a zip with {len(names)} files of .csv or .xml in it, not one", about=about)
            with archive.open(names[0]) as held:
                unpacked = held.read(limit + 1)
    except (RuntimeError, NotImplementedError) as error:  # a password, or a method of compression of its own
        raise not_rates(str(error), about=about) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, struct.error, lzma.LZMAError) as error:
        raise damaged(str(error) or "the zip ends too early", about=about) from None
    if len(unpacked) > limit:
        raise too_large(limit, about=about)
    return unpacked
