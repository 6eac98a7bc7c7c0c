"""The sandbox as an ASGI application: its routes, who may call them, and how answers become HTTP.

Belongs here: authorisation, versions, JSON. What the network does (budget, faults, latency) is ``wire``'s.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count
from typing import Final

import msgspec
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from finance_ppm.sandbox.notion import other_handlers, page_handlers, schema_handlers
from finance_ppm.sandbox.notion.calls import Call, Encoded, Handler, Service
from finance_ppm.sandbox.notion.errors import UNDEFINED, ApiError, invalid, invalid_url
from finance_ppm.sandbox.notion.rendering import ENCODER
from finance_ppm.sandbox.notion.schema import deterministic_id
from finance_ppm.sandbox.notion.versions import Version

MAX_PAYLOAD_BYTES: Final = 500_000
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_OLD: Final = frozenset({Version.V2022_06_28})
_NEW: Final = frozenset(Version) - _OLD
_ALL: Final = frozenset(Version)

ENDPOINTS: Final[tuple[tuple[str, str, Handler, frozenset[Version]], ...]] = (
    ("POST", "/v1/databases", schema_handlers.post_database, _ALL),
    ("GET", "/v1/databases/{id}", schema_handlers.get_database, _ALL),
    ("PATCH", "/v1/databases/{id}", schema_handlers.patch_database, _ALL),
    ("POST", "/v1/databases/{id}/query", page_handlers.query_database, _OLD),
    ("POST", "/v1/data_sources", schema_handlers.post_data_source, _NEW),
    ("GET", "/v1/data_sources/{id}", schema_handlers.get_data_source, _NEW),
    ("PATCH", "/v1/data_sources/{id}", schema_handlers.patch_data_source, _NEW),
    ("POST", "/v1/data_sources/{id}/query", page_handlers.query_data_source, _NEW),
    ("POST", "/v1/pages", page_handlers.post_page, _ALL),
    ("GET", "/v1/pages/{id}", page_handlers.get_page, _ALL),
    ("PATCH", "/v1/pages/{id}", page_handlers.patch_page, _ALL),
    ("POST", "/v1/pages/{id}/move", page_handlers.post_move, _ALL),
    ("GET", "/v1/pages/{id}/properties/{property:path}", page_handlers.get_page_property, _ALL),
    ("GET", "/v1/users", other_handlers.list_users, _ALL),
    ("GET", "/v1/users/me", other_handlers.get_me, _ALL),
    ("GET", "/v1/users/{id}", other_handlers.get_user, _ALL),
    ("POST", "/v1/search", other_handlers.search, _ALL),
    ("GET", "/v1/blocks/{id}/children", other_handlers.get_block_children, _ALL),
)


def build_app(service: Service, token: SecretStr, control: list[BaseRoute]) -> Starlette:
    """The API and, beside it, the sandbox's own control routes."""
    front = _Front(service, token)
    routes = [
        Route(path, front.endpoint(handler, versions), methods=[method])
        for method, path, handler, versions in ENDPOINTS
    ]
    unknown = Route("/{rest:path}", front.endpoint(_no_such_endpoint, _ALL), methods=list(_METHODS))
    return Starlette(routes=[*control, *routes, unknown])


_METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


def _no_such_endpoint(_: Call) -> Encoded:
    raise invalid_url()


class _Front:
    """Turns handlers into endpoints: who calls, in which version, with what body; and the answer, whatever it is."""

    def __init__(self, service: Service, token: SecretStr) -> None:
        self._service = service
        self._token = token
        self._numbers = count(1)

    def endpoint(self, handler: Handler, versions: frozenset[Version]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that answers with what ``handler`` gives, in the versions that have it."""

        async def respond(request: Request) -> Response:
            request_id = deterministic_id("request", str(next(self._numbers)))
            body = await request.body()
            try:
                text, status, headers = self._answer(request, body, handler, versions), 200, {}
            except ApiError as error:
                text, status, headers = ENCODER.encode(error.body()), error.status, error.headers
            return Response(
                text[:-1] + b',"request_id":"' + request_id.encode() + b'"}',
                status,
                headers | {"x-notion-request-id": request_id},
                "application/json; charset=utf-8",
            )

        return respond

    def _answer(self, request: Request, body: bytes, handler: Handler, versions: frozenset[Version]) -> bytes:
        if request.headers.get("authorization") != f"Bearer {self._token.get_secret_value()}":
            raise ApiError(401, "unauthorized", "API token is invalid.")
        version = _version(request.headers.get("notion-version"))
        if version not in versions:
            raise invalid_url()
        call = Call(
            self._service,
            version,
            dict(request.path_params),
            request.query_params.multi_items(),
            _json(body),
            str(request.url.replace(query="")).rstrip("?"),
        )
        workspace = self._service.workspace
        with workspace.lock:
            workspace.replay()
            answer = handler(call)
            return answer.text if isinstance(answer, Encoded) else ENCODER.encode(answer)


def _version(told: str | None) -> Version:
    if not told:
        raise ApiError(
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined, instead was "
            "`undefined`.",
        )
    try:
        return Version(told)
    except ValueError:
        known = ", ".join(f'`"{version}"`' for version in Version)
        raise invalid(
            f"Notion-Version header failed validation: Notion-Version header should be one of {known}, instead was "
            f'`"{told}"`.'
        ) from None


def _json(body: bytes) -> object:
    if not body:
        return UNDEFINED
    if len(body) > MAX_PAYLOAD_BYTES:
        raise invalid(f"Request body is too large: {len(body)} bytes, at most {MAX_PAYLOAD_BYTES} are taken.")
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        raise ApiError(400, "invalid_json", "Error parsing JSON body.") from None
