"""The errors the sandbox answers with, as Azure Resource Manager words them.

Belongs here: one constructor per kind of answer. Nothing here is meant for the user of the product: these travel to the
client as JSON bodies. https://learn.microsoft.com/en-us/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from finance_ppm.sandbox.azure.kql.values import written


class ArmError(Exception):
    """An answer that is not a success: HTTP status, Azure's code, message and details, and headers of its own."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[dict[str, Any]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.details = details
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


class GraphError(Exception):
    """What Resource Graph refuses, told by ``details``; the error around them names the moment and a number."""

    def __init__(
        self,
        *details: dict[str, Any],
        status: int = 400,
        code: str = "BadRequest",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(details[-1]["message"])
        self.details, self.status, self.code, self.headers = details, status, code, headers

    def at(self, moment: datetime, correlation_id: UUID) -> ArmError:
        """The answer."""
        message = (
            f"Please provide below info when asking for support: timestamp = {written(moment)}, "
            f"correlationId = {correlation_id}."
        )
        return ArmError(self.status, self.code, message, self.details, self.headers)


INVALID_QUERY = {
    "code": "InvalidQuery",
    "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
    "error before retrying.",
}
_SIGN_IN = 'Bearer authorization_uri="https://login.microsoftonline.com/{tenant}"'


def no_subscriptions(given: Sequence[str]) -> GraphError:
    """None of the subscriptions asked for is there. https://github.com/Azure/aztfexport/issues/491"""
    message = (
        f"There must be at least one subscription that is eligible to contain resources. Given: '{', '.join(given)}'."
    )
    return GraphError({"code": "NoValidSubscriptionsInQueryRequest", "message": message})


def throttled(retry_after: int | None = None) -> GraphError:
    """Over the quota of queries. https://github.com/Azure/azure-cli-extensions/issues/3325"""
    return GraphError(
        {
            "code": "RateLimiting",
            "message": "Client application has been throttled and should not attempt to repeat the request until an "
            "amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.",
        },
        status=429,
        code="RateLimiting",
        headers={"retry-after": str(retry_after)} if retry_after else None,
    )


def invalid_request(message: str, code: str = "InvalidRequestContent") -> ArmError:
    """400."""
    return ArmError(400, code, message)


def unauthenticated(tenant: str, *, missing: bool) -> ArmError:
    """401: no token, or a wrong one."""
    challenge = _SIGN_IN.format(tenant=tenant)
    if missing:
        message = "Authentication failed. The 'Authorization' header is missing."
        return ArmError(401, "AuthenticationFailed", message, headers={"www-authenticate": challenge})
    message = "The access token is invalid."
    challenge = f'{challenge}, error="invalid_token", error_description="{message}"'
    return ArmError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": challenge})


def subscription_not_found(subscription_id: str) -> ArmError:
    """404."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")


def not_found(what: str) -> ArmError:
    """404."""
    return ArmError(404, "ResourceNotFound", f"{what} was not found.")
