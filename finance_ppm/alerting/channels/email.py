"""E-mail, by SMTP: plain text, which every mailbox shows.

What the server says is told by its numbers alone (https://datatracker.ietf.org/doc/html/rfc3463): its words may quote
addresses. 4yz passes by itself, 5yz does not (https://datatracker.ietf.org/doc/html/rfc5321#section-4.2.1).
"""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from pydantic import SecretStr

from finance_ppm.alerting.channels.channel import PATIENCE, NotTakenError
from finance_ppm.alerting.message import Item, Message

SUBJECT = 150
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class Email:
    """Mailboxes that a mail server delivers to."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str | None
    password: SecretStr | None
    sender: str | None
    recipients: tuple[str, ...]

    def send(self, message: Message) -> str | None:
        """Hand the message to the mail server; returns how many of the mailboxes it refused, if not all.

        Raises :class:`~finance_ppm.alerting.channels.channel.NotTakenError`.
        """
        if not self.sender or not self.recipients:
            raise NotTakenError("PPM_ALERT_SMTP_FROM and PPM_ALERT_SMTP_TO are not both set.", for_good=True)
        try:
            with self._server() as server:
                left_out = server.send_message(mail(message, self.sender, self.recipients))
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused("every mailbox (PPM_ALERT_SMTP_TO)", error.recipients) from None
        except smtplib.SMTPAuthenticationError as error:
            raise _answered("the sign-in (PPM_ALERT_SMTP_USER, PPM_ALERT_SMTP_PASSWORD)", error) from None
        except smtplib.SMTPSenderRefused as error:
            raise _answered("the sender (PPM_ALERT_SMTP_FROM)", error) from None
        except smtplib.SMTPResponseException as error:
            raise _answered("the message", error) from None
        except smtplib.SMTPNotSupportedError:
            raise NotTakenError(
                "The mail server offers no STARTTLS, or no sign-in, or no address like that: check PPM_ALERT_SMTP_TLS, "
                "PPM_ALERT_SMTP_USER and PPM_ALERT_SMTP_TO.",
                for_good=True,
            ) from None
        except ssl.SSLError as error:
            raise NotTakenError(
                f"No safe connection to the mail server came about ({type(error).__name__}): check PPM_ALERT_SMTP_TLS, "
                "PPM_ALERT_SMTP_PORT and the server's certificate.",
                for_good=False,
            ) from None
        except (OSError, UnicodeError, smtplib.SMTPException) as error:
            raise NotTakenError(
                f"The mail server was not reached, or broke off ({type(error).__name__}): check PPM_ALERT_SMTP_HOST, "
                "PPM_ALERT_SMTP_PORT and the network.",
                for_good=False,
            ) from None
        if not left_out:
            return None
        return f"{len(left_out)} of {len(self.recipients)} mailboxes were refused: check PPM_ALERT_SMTP_TO."

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        kind = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context) if self.tls == "tls" else None
        # Not as a context of its own, which fails where the goodbye does: by then the mail is taken.
        with closing(kind or smtplib.SMTP(self.host, self.port, timeout=PATIENCE)) as server:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password.get_secret_value() if self.password else "")
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()


def mail(message: Message, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The message as a mail. Its Message-ID is the same at each attempt."""
    found = EmailMessage()
    found["Subject"] = " ".join(message.headline.split())[:SUBJECT]
    found["From"] = sender
    found["To"] = ", ".join(recipients)
    found["Date"] = format_datetime(message.at)
    found["Message-ID"] = f"<{message.message_id}@finance-ppm>"
    found["Auto-Submitted"] = "auto-generated"  # no mailbox answers it by itself: RFC 3834
    parts = [message.introduction, *map(_item, message.shown()), message.rest()]
    found.set_content("\n\n".join(part for part in parts if part) + f"\n\n-- \nMessage {message.message_id}\n")
    return found


def _item(item: Item) -> str:
    links = (f"{link.label}: {link.url}" for link in item.links)
    return "\n".join([item.headline, *item.sentences, *links])


def _answered(what: str, error: smtplib.SMTPResponseException) -> NotTakenError:
    for_good = error.smtp_code >= 500
    remedy = "; mend it, then `finance-ppm alerts resend`" if for_good else ""
    return NotTakenError(
        f"The mail server refused {what}: {_numbers(error.smtp_code, error.smtp_error)}{remedy}.", for_good=for_good
    )


def _refused(what: str, answers: Mapping[str, tuple[int, bytes]]) -> NotTakenError:
    code, words = min(answers.values())
    return _answered(what, smtplib.SMTPResponseException(code, words))


def _numbers(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    enhanced = _ENHANCED.search(text)
    return f"{code} {enhanced.group()}" if enhanced else str(code)
