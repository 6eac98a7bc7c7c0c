"""Who may ask what: tokens, versions, addresses and ids."""

import httpx
import pytest

from finance_ppm_tests.sandbox.notion.workspaces import V2022, V2025, V2026, asking, headers, uid


def test_without_the_token_nothing_is_told() -> None:
    with asking() as ask:
        for authorization in (None, "Bearer wrong", ask.sandbox.token.get_secret_value()):
            sent = {"Notion-Version": V2022} | ({"Authorization": authorization} if authorization else {})
            answer = httpx.get(f"{ask.sandbox.base_url}/v1/users", headers=sent)
            assert answer.status_code == 401
            body = answer.json()
            assert (body["code"], body["message"]) == ("unauthorized", "API token is invalid.")


def test_the_version_must_be_named_and_known() -> None:
    with asking() as ask:
        sent = headers(ask.sandbox)
        del sent["Notion-Version"]
        missing = httpx.get(f"{ask.sandbox.base_url}/v1/users", headers=sent).json()
        unknown = httpx.get(f"{ask.sandbox.base_url}/v1/users", headers={**sent, "Notion-Version": "2019-01-01"}).json()
    assert (missing["status"], missing["code"]) == (400, "missing_version")
    assert missing["message"] == (
        "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`."
    )
    assert (unknown["status"], unknown["code"]) == (400, "validation_error")
    assert "2019-01-01" in unknown["message"]


@pytest.mark.parametrize(
    ("version", "method", "path"),
    [
        (V2022, "GET", "/v1/invalid"),
        (V2022, "GET", "/"),
        (V2022, "DELETE", "/v1/pages"),
        (V2022, "GET", "/v1/data_sources/{source}"),
        (V2022, "POST", "/v1/data_sources/{source}/query"),
        (V2025, "POST", "/v1/databases/{database}/query"),
        (V2026, "POST", "/v1/databases/{database}/query"),
    ],
)
def test_an_address_the_version_does_not_have_is_invalid(version: str, method: str, path: str) -> None:
    with asking(version=version) as ask:
        ids = {"source": ask.source_id("projects"), "database": ask.sandbox.database_ids["projects"]}
        assert ask.refused(method, path.format(**ids)) == ("invalid_request_url", "Invalid request URL.")


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/v1/pages/{}", "page_id", "page"),
        ("/v1/databases/{}", "database_id", "database"),
        ("/v1/data_sources/{}", "data_source_id", "database"),
        ("/v1/blocks/{}/children", "block_id", "block"),
    ],
)
def test_ids_are_checked_and_what_is_not_there_is_not_found(path: str, name: str, kind: str) -> None:
    with asking(version=V2025) as ask:
        assert ask.refused("GET", path.format("AAA")) == (
            "validation_error",
            f'path failed validation: path.{name} should be a valid uuid, instead was `"AAA"`.',
        )
        # a UUID of no known variant, as recorded
        assert ask.refused("GET", path.format("12345678-1234-1234-1234-123456789abc"))[0] == "validation_error"
        for identifier in (uid("x"), uid("x").replace("-", ""), "0" * 32):
            code, message = ask.refused("GET", path.format(identifier), status=404)
            assert code == "object_not_found"
            assert message.startswith(f"Could not find {kind} with ID: ")
            assert message.count("-") >= 4
            assert "Make sure the relevant pages and databases are shared with your integration" in message
