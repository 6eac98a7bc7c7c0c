"""The errors the sandbox answers with, worded as Notion words them.

Belongs here: one constructor per kind of answer. Nothing here is meant for the user of the product: these
travel to the client as JSON bodies. https://developers.notion.com/reference/status-codes
"""

from typing import Any, Final

import msgspec

UNDEFINED: Final = object()
"""A value that is not in the request at all."""


class ApiError(Exception):
    """An answer that is not a success: HTTP status, Notion's code and message."""

    def __init__(
        self, status: int, code: str, message: str, *, additional: dict[str, Any] | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.additional = additional
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer, but for its request id."""
        body: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.additional is not None:
            body["additional_data"] = self.additional
        return body

    @property
    def headers(self) -> dict[str, str]:
        """Headers beyond the usual ones: whole seconds to wait, where there is a wait."""
        return {"retry-after": str(self.retry_after)} if self.retry_after else {}


def invalid(message: str, **additional: Any) -> ApiError:
    """400 ``validation_error``."""
    return ApiError(400, "validation_error", message, additional=additional or None)


def invalid_value(path: str, should: str, value: Any = UNDEFINED) -> ApiError:
    """400 ``validation_error`` about one value of the request: ``path`` such as ``body.page_size``."""
    part = path.split(".", 1)[0]
    shown = "undefined" if value is UNDEFINED else _shown(value)
    return invalid(f"{part} failed validation: {path} should be {should}, instead was `{shown}`.")


def not_found(kind: str, identifier: str, integration_id: str) -> ApiError:
    """404 ``object_not_found``: it does not exist, or is not shared with the integration."""
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identifier}. Make sure the relevant pages and databases are shared with "
        'your integration "Sandbox".',
        additional={"integration_id": integration_id},
    )


def unknown_property(name: str) -> ApiError:
    """400 ``validation_error`` about a property that neither a name nor an id finds."""
    return invalid(f"Could not find property with name or id: {name}")


def invalid_url() -> ApiError:
    """400 ``invalid_request_url``: no such endpoint in this version."""
    return ApiError(400, "invalid_request_url", "Invalid request URL.")


def rate_limited(retry_after: int, reason: str = "public_api_request_rate_limit") -> ApiError:
    """429 with the seconds to wait. https://developers.notion.com/reference/request-limits"""
    return ApiError(
        429,
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
        additional={"retry_after": str(retry_after), "rate_limit_reason": reason},
        retry_after=retry_after,
    )


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= 100 else f"{text[:100]}..."
