"""Slack, Microsoft Teams and the plain webhook, against a web server that answers as theirs do."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import RedirectResponse

from finance_ppm.alerting.alert import Severity
from finance_ppm.alerting.channels import post
from finance_ppm.alerting.channels.channel import Channel, NotTakenError
from finance_ppm.alerting.channels.slack import Slack, slack_payload
from finance_ppm.alerting.channels.teams import Teams, teams_body
from finance_ppm.alerting.channels.webhook import Webhook
from finance_ppm.alerting.message import Message
from finance_ppm.clock import FrozenClock
from finance_ppm_tests.alerting.alerts import NOW, alert, message
from finance_ppm_tests.alerting.receivers import SECRET_PATH, WebReceiver, web_receiver

SIGNING = SecretStr("whsec_" + b64encode(b"a key of thirty-two bytes, or so").decode())

CHANNELS: dict[str, Callable[[str], Channel]] = {
    "slack": lambda url: Slack(SecretStr(url)),
    "teams": lambda url: Teams(SecretStr(url)),
    "webhook": lambda url: Webhook(SecretStr(url), None, FrozenClock(NOW)),
}
every_channel = pytest.mark.parametrize("channel", CHANNELS.values(), ids=CHANNELS)


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


def refusal(channel: Channel, told: Message | None = None) -> NotTakenError:
    with pytest.raises(NotTakenError) as error:
        channel.send(told or message(alert()))
    said = f"{error.value} {error.value.__cause__}"
    assert not any(part in said for part in SECRET_PATH.split("/")), said
    return error.value


@every_channel
def test_what_goes_wrong_and_how_it_ends_is_told(web: WebReceiver, channel: Callable[[str], Channel]) -> None:
    channel(web.url).send(message(alert(1), alert(2, ended=True)))
    (post,) = web.posts
    assert post.headers["content-type"] == "application/json"
    text = json.dumps(post.json)
    for part in ("rule", "1 rows: amounts are positive.", "Correct the rows.", "checkDetail=rule", "0123456789abcdef"):
        assert part in text.replace("\\\\", "")


@every_channel
def test_a_test_says_that_it_is_one(web: WebReceiver, channel: Callable[[str], Channel]) -> None:
    channel(web.url).send(message())
    assert "test" in web.posts[0].body.decode()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422])
def test_some_answers_are_for_good(web: WebReceiver, status: int) -> None:
    web.says(status, f"<p>/services/{SECRET_PATH} is not here</p>")
    error = refusal(Slack(SecretStr(web.url)))
    assert error.for_good
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_some_answers_pass(web: WebReceiver, status: int) -> None:
    web.says(status)
    assert not refusal(Slack(SecretStr(web.url))).for_good


@every_channel
def test_every_channel_tells_them_apart(web: WebReceiver, channel: Callable[[str], Channel]) -> None:
    web.says(410)
    assert refusal(channel(web.url)).for_good
    web.says(502)
    assert not refusal(channel(web.url)).for_good


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("90", timedelta(seconds=90)), ("Wed, 21 Oct 2026 07:28:00 GMT", timedelta()), ("999999", post.LONGEST_WAIT)],
)
def test_a_receiver_may_ask_for_time(web: WebReceiver, asked: str, wait: timedelta) -> None:
    web.says(429, Retry_After=asked)
    assert refusal(Slack(SecretStr(web.url))).wait == wait


@every_channel
def test_nobody_is_followed_elsewhere(web: WebReceiver, channel: Callable[[str], Channel]) -> None:
    """What leads elsewhere may lead anywhere, and the message with it."""
    web.answer = lambda post: RedirectResponse(f"{web.base_url}/elsewhere?from={post.path}", 307)
    assert refusal(channel(web.url)).for_good
    assert [each.path for each in web.posts] == [f"/services/{SECRET_PATH}"]


@every_channel
def test_nobody_listens(channel: Callable[[str], Channel]) -> None:
    error = refusal(channel(f"http://127.0.0.1:9/services/{SECRET_PATH}"))
    assert not error.for_good
    assert "not reached" in str(error)


@pytest.mark.parametrize("address", ["https://", "http://[::1", "gopher://x/y", "http://exa mple\x00/"])
def test_an_address_that_is_none(address: str) -> None:
    refusal(Slack(SecretStr(address + SECRET_PATH)))


def test_no_answer_comes(web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    web.before = partial(done.wait, 5)
    monkeypatch.setattr(post, "PATIENCE", 0.05)
    error = refusal(Slack(SecretStr(web.url)))
    done.set()
    assert not error.for_good
    assert "did not answer" in str(error)


def test_slack_says_why_in_a_word(web: WebReceiver) -> None:
    web.says(404, "no_service")
    assert "404 no_service" in str(refusal(Slack(SecretStr(web.url))))
    web.says(410, "channel_is_archived")
    assert "410 channel_is_archived" in str(refusal(Slack(SecretStr(web.url))))


def sections(payload: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in payload["blocks"] if block["type"] == "section"]


def test_nothing_in_a_title_calls_everybody_in_slack() -> None:
    payload = slack_payload(message(alert(title="<!channel> & <https://evil.example|here>")))
    assert "<!channel>" not in json.dumps(payload["blocks"][1:]) + payload["text"]
    assert "&lt;!channel&gt; &amp;" in payload["text"]


def test_slack_is_shown_twenty_and_told_of_the_rest() -> None:
    payload = slack_payload(message(*(alert(number) for number in range(200))))
    assert len(payload["blocks"]) <= 50
    assert payload["text"] == "Finance PPM: 200 alerts began"
    assert sections(payload)[-1].startswith("And 180 more")
    assert all(len(text) <= 3000 for text in sections(payload))


def test_a_long_text_is_cut_for_people() -> None:
    payload = slack_payload(message(alert(title="ä" * 5000)))
    assert len(payload["blocks"][0]["text"]["text"]) <= 150
    assert all(len(text) <= 3000 for text in sections(payload))


def test_teams_takes_an_adaptive_card() -> None:
    told = json.loads(teams_body(message(alert())))
    assert told["type"] == "message"
    (attachment,) = told["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"


def test_a_card_is_never_too_large_for_teams() -> None:
    body = teams_body(message(*(alert(number, title="'\"\\*_[](" * 300) for number in range(300))))
    assert len(body) <= 24_000
    assert "more: " in body.decode()


def test_nothing_in_a_title_is_a_link_in_teams() -> None:
    assert "[here](https" not in teams_body(message(alert(title="[here](https://evil.example)"))).decode()


def test_a_program_is_told_of_every_alert(web: WebReceiver) -> None:
    Webhook(SecretStr(web.url), None, FrozenClock(NOW)).send(message(*(alert(number) for number in range(1000))))
    told = web.posts[0].json
    assert told["type"] == "alerts"
    assert len(told["data"]["alerts"]) == 1000
    first = told["data"]["alerts"][0]
    assert first["event"] == "started"
    assert first["severity"] == Severity.ERROR
    assert first["started_at"] == "2026-06-15T09:30:00Z"
    assert first["ended_at"] is None


def test_a_post_is_signed_as_standard_webhooks_says(web: WebReceiver) -> None:
    """Verified as a receiver would: HMAC-SHA256 of ``id.timestamp.body`` with the decoded key."""
    Webhook(SecretStr(web.url), SIGNING, FrozenClock(NOW)).send(message(alert()))
    (sent,) = web.posts
    identity, moment = sent.headers["webhook-id"], sent.headers["webhook-timestamp"]
    assert identity == "0123456789abcdef"
    assert moment == str(int(NOW.timestamp()))
    key = b64decode(SIGNING.get_secret_value().removeprefix("whsec_"))
    expected = b64encode(digest(key, f"{identity}.{moment}.".encode() + sent.body, sha256)).decode()
    assert sent.headers["webhook-signature"] == f"v1,{expected}"


def test_a_secret_that_is_no_key_is_told(web: WebReceiver) -> None:
    error = refusal(Webhook(SecretStr(web.url), SecretStr("whsec_?"), FrozenClock(NOW)))
    assert "PPM_ALERT_WEBHOOK_SECRET" in str(error)
    assert web.posts == []
