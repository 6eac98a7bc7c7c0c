"""When two captures of a page are the same page: a hash of what people and formulas put there.

Belongs here: which parts of a page change by themselves. They are told by the shape of what holds them, never by a
key alone: a property may bear any name.
"""

import hashlib
from typing import Any

from finance_ppm.sources.notion.json_text import canonical, parse


def content_hash(payload: str) -> str:
    """SHA-256 (hex) of the page ``payload`` (JSON text) without what changes by itself.

    Left out: the answer's request id, the signature and expiry of files that Notion hosts, avatars of users.
    Numbers count by their digits: 1.0 and 1 differ. Raises ``msgspec.DecodeError`` for what is not JSON.
    """
    return hash_of_page(parse(payload))


def hash_of_page(page: Any) -> str:
    """:func:`content_hash` of a page already parsed by :func:`~finance_ppm.sources.notion.json_text.parse`."""
    if isinstance(page, dict):
        page = {key: value for key, value in page.items() if key != "request_id"}
    lasting = _lasting(page) if isinstance(page, dict | list) else page
    return hashlib.sha256(canonical(lasting)).hexdigest()


def _lasting(node: Any) -> Any:
    """``node``, a list or an object, without what changes by itself."""
    if isinstance(node, list):
        return [_lasting(item) if isinstance(item, dict | list) else item for item in node]
    if node.get("object") == "user":
        node = {key: value for key, value in node.items() if key != "avatar_url"}
    elif isinstance(node.get("expiry_time"), str) and isinstance(node.get("url"), str):
        node = {**node, "url": _unsigned(node["url"]), "expiry_time": None}
    elif node.get("type") == "custom_emoji" and isinstance(emoji := node.get("custom_emoji"), dict):
        node = {**node, "custom_emoji": {**emoji, "url": _unsigned(str(emoji.get("url")))}}
    # Most values are words and numbers: to look at them here spares a call for each.
    return {key: _lasting(value) if isinstance(value, dict | list) else value for key, value in node.items()}


def _unsigned(url: str) -> str:
    return url.partition("?")[0]
