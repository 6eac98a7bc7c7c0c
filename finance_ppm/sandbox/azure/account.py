"""What Resource Manager itself tells: the subscriptions; and tokens, as the sign-in service gives them.

Belongs here: the endpoints that are neither Resource Graph's nor Advisor's.
"""

from urllib.parse import parse_qs

from pydantic import SecretStr

from finance_ppm.sandbox.azure.calls import Answered, Call, Handler
from finance_ppm.sandbox.azure.errors import ArmError

_LASTS_SECONDS = 3599


def list_subscriptions(call: Call) -> Answered:
    """Every subscription that can be seen."""
    estate = call.service.estate
    value = [
        {
            "id": f"/subscriptions/{identity}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": identity,
            "tenantId": estate.tenant_id,
            "displayName": name,
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
        }
        for identity, name in sorted(estate.subscriptions(call.now).items())
    ]
    return Answered({"value": value, "count": {"type": "Total", "value": len(value)}})


def give_token(token: SecretStr) -> Handler:
    """The client-credentials flow: any client with a secret is given the sandbox's token.

    https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow. It serves clients that
    speak plain HTTP; azure-identity takes no authority but one over TLS.
    """

    def respond(call: Call) -> Answered:
        form = {name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            raise _refused(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        if not form.get("client_id") or not form.get("client_secret"):
            raise _refused(401, "invalid_client", "AADSTS7000216: 'client_id' and 'client_secret' are required.")
        lasts = {"expires_in": _LASTS_SECONDS, "ext_expires_in": _LASTS_SECONDS}
        return Answered({"token_type": "Bearer", **lasts, "access_token": token.get_secret_value()})

    return respond


class SignInError(ArmError):
    """A refusal in the sign-in service's own shape."""

    def body(self) -> dict[str, str]:
        """The JSON body of the answer."""
        return {"error": self.code, "error_description": self.message}


def _refused(status: int, code: str, message: str) -> SignInError:
    return SignInError(status, code, message)
