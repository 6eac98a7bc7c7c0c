"""A plain webhook: JSON for a program, signed where a secret is configured.

Headers and signature follow Standard Webhooks (https://www.standardwebhooks.com): a receiver tells a message that comes
twice by its ``webhook-id``. A program is sent every alert: there is no "and 37 more".
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Any

from pydantic import SecretStr

from finance_ppm.alerting.channels.channel import NotTakenError
from finance_ppm.alerting.channels.post import post
from finance_ppm.alerting.message import Item, Message
from finance_ppm.clock import Clock

PREFIX = "whsec_"


@dataclass(frozen=True)
class Webhook:
    """A program that listens."""

    url: SecretStr
    secret: SecretStr | None
    clock: Clock

    def send(self, message: Message) -> None:
        """Post the message. Raises :class:`~finance_ppm.alerting.channels.channel.NotTakenError`."""
        body = json.dumps(webhook_payload(message)).encode()
        headers = {"webhook-id": message.message_id, "webhook-timestamp": str(int(self.clock.now().timestamp()))}
        if self.secret is not None:
            headers["webhook-signature"] = signature(self.secret, headers, body)
        post("The webhook", "PPM_ALERT_WEBHOOK", self.url, body, headers)


def webhook_payload(message: Message) -> dict[str, Any]:
    """The message as a program reads it."""
    return {
        "type": "alerts" if message.items else "test",
        "id": message.message_id,
        "timestamp": _moment(message.at),
        "data": {"headline": message.headline, "alerts": [_item(item) for item in message.items]},
    }


def signature(secret: SecretStr, headers: Mapping[str, str], body: bytes) -> str:
    """HMAC-SHA256 of id, time and body. The key is what follows ``whsec_``, in base64; else the secret as it is."""
    told = secret.get_secret_value()
    try:
        key = b64decode(told.removeprefix(PREFIX), validate=True) if told.startswith(PREFIX) else told.encode()
    except NotBase64:
        raise NotTakenError(
            f"PPM_ALERT_WEBHOOK_SECRET begins with {PREFIX}, and what follows is not base64: copy it again.",
            for_good=True,
        ) from None
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    return f"v1,{b64encode(digest(key, signed, sha256)).decode()}"


def _item(item: Item) -> dict[str, Any]:
    alert = item.alert
    return {
        "event": item.event,
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "subject": alert.subject,
        "severity": alert.severity,
        "title": alert.title,
        "detail": alert.detail,
        "remedy": alert.remedy,
        "tables": alert.tables,
        "run_id": alert.run_id,
        "started_at": _moment(alert.started_at),
        "ended_at": _moment(alert.ended_at),
        "outcome": alert.outcome,
        "links": [{"label": link.label, "url": link.url} for link in alert.links],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
