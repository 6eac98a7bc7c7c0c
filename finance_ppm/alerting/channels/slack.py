"""Slack, by an incoming webhook.

Blocks and their limits: https://docs.slack.dev/reference/block-kit/blocks (50 in a message, 3000 signs in a section,
150 in a header). The signs that mean something in Slack's text: https://docs.slack.dev/messaging/formatting-message-text.
"""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from finance_ppm.alerting.alert import Link
from finance_ppm.alerting.channels.post import post
from finance_ppm.alerting.message import Item, Message, shortened

HEADER = 150
SECTION = 3000


@dataclass(frozen=True)
class Slack:
    """A channel of Slack's."""

    url: SecretStr

    def send(self, message: Message) -> None:
        """Post the message. Raises :class:`~finance_ppm.alerting.channels.channel.NotTakenError`."""
        post("Slack", "PPM_ALERT_SLACK_WEBHOOK", self.url, json.dumps(slack_payload(message)).encode())


def slack_payload(message: Message) -> dict[str, Any]:
    """The message as Slack's webhooks take it."""
    alone = len(message.items) == 1
    parts = [_section(_item(item, alone=alone)) for item in message.shown()]
    parts += [_section(escaped(text)) for text in (message.introduction, message.rest()) if text]
    header = {"type": "header", "text": {"type": "plain_text", "text": shortened(message.headline, HEADER)}}
    footer = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Message {message.message_id}"}]}
    return {
        "text": escaped(message.headline),  # for notifications, and where blocks are not shown
        "blocks": [header, *parts, footer],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """The text without what Slack would take for a link, a mention or a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _item(item: Item, *, alone: bool) -> str:
    head = [] if alone else [f"*{escaped(item.headline)}*"]
    text = "\n".join([*head, *map(escaped, item.sentences)])
    links: list[str] = []
    for link in map(_link, item.links):
        if len(text) + sum(map(len, links)) + len(link) + 3 * len(links) < SECTION:  # a link is whole, or not there
            links.append(link)
    return "\n".join([text, " · ".join(links)]) if links else text


def _link(link: Link) -> str:
    url = link.url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C").replace(" ", "%20")
    return f"<{url}|{escaped(link.label)}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION]}}
