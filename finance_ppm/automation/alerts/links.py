"""Addresses of Dagster's pages, as its web server knows them, and of the rows behind a finding.

A check: ``/assets/{path}?view=checks&checkDetail={name}``; a run: ``/runs/{id}``; an asset: ``/assets/{path}``; each
part of a path is percent-encoded (dagster-webserver 1.13).
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlencode, urlsplit

from finance_ppm.alerting.alert import Link

_PAGE_ID = re.compile(r"[0-9a-f]{32}$")


def run_link(dagster_url: str, run_id: str) -> Link:
    """The run with its events."""
    return Link("Run", f"{dagster_url}/runs/{quote(run_id, safe='')}")


def table_link(dagster_url: str, path: Iterable[str]) -> Link:
    """The table in the catalogue."""
    return Link("Table", f"{dagster_url}/assets/{_path(path)}")


def check_link(dagster_url: str, path: Iterable[str], check: str) -> Link:
    """The check with its results; those show the failing rows."""
    asked = urlencode({"view": "checks", "checkDetail": check}, quote_via=quote)
    return Link("Check", f"{dagster_url}/assets/{_path(path)}?{asked}")


def row_links(urls: Iterable[str], most: int = 3) -> tuple[Link, ...]:
    """Pages in Notion, by their ids alone: an address as Notion gives it also quotes the page's title."""
    pages = dict.fromkeys(page for url in urls if (page := _by_id(url)))
    return tuple(Link(f"Row {number} in Notion", url) for number, url in enumerate(list(pages)[:most], 1))


def _by_id(url: str) -> str | None:
    parts = urlsplit(url)
    found = _PAGE_ID.search(parts.path.replace("-", "").lower())
    return f"{parts.scheme}://{parts.netloc}/{found.group()}" if found else None


def _path(path: Iterable[str]) -> str:
    return "/".join(quote(part, safe="") for part in path)
