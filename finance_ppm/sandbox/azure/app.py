"""The sandbox as an ASGI application: its routes, who may call them, and how answers become HTTP.

Belongs here: authorisation, versions, JSON. What the network does (quota, faults, latency) is ``wire``'s.
"""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from finance_ppm.sandbox.azure import account, advisor, graph
from finance_ppm.sandbox.azure.answers import ENCODER
from finance_ppm.sandbox.azure.calls import Answered, Call, Handler, Service
from finance_ppm.sandbox.azure.errors import ArmError, GraphError, invalid_request, unauthenticated

_SUBSCRIPTION: Final = "/subscriptions/{subscription}"
_GROUP: Final = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_ADVISOR: Final = "/providers/Microsoft.Advisor"
_RECOMMENDATION: Final = f"/{{resource:path}}{_ADVISOR}/recommendations/{{recommendation}}"
_SUPPRESSION: Final = f"{_RECOMMENDATION}/suppressions/{{name}}"

ENDPOINTS: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("POST", "/providers/Microsoft.ResourceGraph/resources", graph.post_resources),
    ("GET", "/subscriptions", account.list_subscriptions),
    ("GET", f"{_SUBSCRIPTION}{_ADVISOR}/recommendations", advisor.list_recommendations),
    ("GET", f"{_SUBSCRIPTION}{_ADVISOR}/suppressions", advisor.list_suppressions),
    ("GET", f"{_SUBSCRIPTION}{_ADVISOR}/configurations", advisor.list_configurations),
    ("PUT", f"{_SUBSCRIPTION}{_ADVISOR}/configurations/{{name}}", advisor.put_configuration),
    ("GET", f"{_GROUP}{_ADVISOR}/configurations", advisor.list_configurations),
    ("PUT", f"{_GROUP}{_ADVISOR}/configurations/{{name}}", advisor.put_configuration),
    ("POST", f"{_SUBSCRIPTION}{_ADVISOR}/generateRecommendations", advisor.generate),
    ("GET", f"{_SUBSCRIPTION}{_ADVISOR}/generateRecommendations/{{operation}}", advisor.generate_status),
    ("GET", _SUPPRESSION, advisor.get_suppression),
    ("PUT", _SUPPRESSION, advisor.put_suppression),
    ("DELETE", _SUPPRESSION, advisor.delete_suppression),
    ("GET", _RECOMMENDATION, advisor.get_recommendation),
)
_METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")


def build_app(service: Service, token: SecretStr, control: list[BaseRoute]) -> Starlette:
    """The API and, beside it, the sandbox's own control routes."""
    front = _Front(service, token)
    give_token = front.endpoint(account.give_token(token), open_to_all=True)
    sign_in = Route("/{tenant}/oauth2/v2.0/token", give_token, methods=["POST"])
    routes = [Route(path, front.endpoint(handler), methods=[method]) for method, path, handler in ENDPOINTS]
    unknown = Route("/{rest:path}", front.endpoint(_no_such_resource), methods=list(_METHODS))
    return Starlette(routes=[*control, sign_in, *routes, unknown])


def _no_such_resource(call: Call) -> Answered:
    raise ArmError(404, "InvalidResourceType", f"The resource type could not be found at '{call.url_path}'.")


class _Front:
    """Turns handlers into endpoints: who calls, with what body; and the answer, whatever it is."""

    def __init__(self, service: Service, token: SecretStr) -> None:
        self._service = service
        self._token = token
        self._numbers = count(1)

    def endpoint(self, handler: Handler, *, open_to_all: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that answers with what ``handler`` gives; ``open_to_all`` asks for no token and no version."""

        async def respond(request: Request) -> Response:
            number = uuid5(NAMESPACE_URL, f"request {next(self._numbers)}")
            call = self._call(request, number, await request.body())
            try:
                if not open_to_all:
                    self._admit(request)
                answered = handler(call)
            except GraphError as error:
                answered = _refusal(error.at(call.now, number))
            except ArmError as error:
                answered = _refusal(error)
            return _response(answered, number, _limits(request))

        return respond

    def _admit(self, request: Request) -> None:
        given = request.headers.get("authorization")
        if given != f"Bearer {self._token.get_secret_value()}":
            raise unauthenticated(self._service.estate.tenant_id, missing=given is None)
        if not request.query_params.get("api-version"):
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise invalid_request(message, "MissingApiVersionParameter")

    def _call(self, request: Request, number: UUID, body: bytes) -> Call:
        return Call(
            self._service,
            self._service.clock.now(),
            number,
            str(request.base_url).rstrip("/"),
            request.url.path,
            dict(request.path_params),
            dict(request.query_params),
            body,
        )


def _refusal(error: ArmError) -> Answered:
    return Answered(error.body(), error.status, error.headers)


def _limits(request: Request) -> dict[str, str]:
    """What Resource Manager says is left of its own limits; nothing here counts against them."""
    if "subscription" not in request.path_params:
        return {}
    kind = "writes" if request.method == "POST" else "resource-requests"
    return {f"x-ms-ratelimit-remaining-subscription-{kind}": "1199" if kind == "writes" else "599"}


def _response(answered: Answered, number: UUID, limits: dict[str, str]) -> Response:
    headers = {**answered.headers, **limits, "x-ms-request-id": str(number), "x-ms-correlation-request-id": str(number)}
    if answered.body is None:
        return Response(status_code=answered.status, headers=headers)
    text = answered.body if isinstance(answered.body, bytes) else ENCODER.encode(answered.body)
    return Response(text, answered.status, headers, "application/json; charset=utf-8")
