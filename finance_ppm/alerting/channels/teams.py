"""Microsoft Teams, by a webhook of the Workflows app ("Post to a channel when a webhook request is received").

The connectors of Office 365 are retired, and with them the message cards: Workflows take Adaptive Cards, in a message
of up to 28 KB. https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using,
https://learn.microsoft.com/connectors/teams/
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from finance_ppm.alerting.alert import Link
from finance_ppm.alerting.channels.post import post
from finance_ppm.alerting.message import SHOWN, Item, Message

LARGEST = 24_000
"""Bytes of a message: something is left for what Teams adds."""

_MARKDOWN = re.compile(r"([\\`*_\[\]()#~>|!-])")


@dataclass(frozen=True)
class Teams:
    """A channel or chat of Microsoft Teams."""

    url: SecretStr

    def send(self, message: Message) -> None:
        """Post the message. Raises :class:`~finance_ppm.alerting.channels.channel.NotTakenError`."""
        post("Microsoft Teams", "PPM_ALERT_TEAMS_WEBHOOK", self.url, teams_body(message))


def teams_body(message: Message) -> bytes:
    """The message as Workflows take it, with as many alerts shown as there is room for."""
    for most in range(SHOWN, 0, -1):
        body = json.dumps(_payload(message, most)).encode()
        if len(body) <= LARGEST:
            return body
    return json.dumps(_payload(message, 0)).encode()


def escaped(text: str) -> str:
    """The text without what a card would take for Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


def _payload(message: Message, most: int) -> dict[str, Any]:
    body = [_text(escaped(message.headline), size="Large", weight="Bolder")]
    for item in message.shown(most):
        body += _item(item, alone=len(message.items) == 1)
    body += [_text(escaped(text)) for text in (message.introduction, message.rest(most)) if text]
    body.append(_text(f"Message {message.message_id}", isSubtle=True, size="Small"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _item(item: Item, *, alone: bool) -> list[dict[str, Any]]:
    head = [] if alone else [_text(escaped(item.headline), weight="Bolder", separator=True)]
    links = " · ".join(map(_link, item.links))
    told = [_text(escaped(sentence), spacing="None") for sentence in item.sentences]
    return [*head, *told, *([_text(links, spacing="None")] if links else [])]


def _link(link: Link) -> str:
    url = link.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{escaped(link.label)}]({url})"


def _text(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **looks}
