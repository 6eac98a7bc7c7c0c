"""E-mail, against a mail server on loopback."""

import datetime
import ssl
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from finance_ppm.alerting.channels.channel import NotTakenError
from finance_ppm.alerting.channels.email import Email
from finance_ppm_tests.alerting.alerts import alert, message
from finance_ppm_tests.alerting.receivers import MailReceiver, mail_receiver

PASSWORD = "s3cret/pass word"


@pytest.fixture
def server() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


def email(server: MailReceiver) -> Email:
    return Email("127.0.0.1", server.port, "none", None, None, "ppm@example.com", ("a@example.com", "b@example.com"))


def refusal(channel: Email) -> NotTakenError:
    with pytest.raises(NotTakenError) as error:
        channel.send(message(alert()))
    assert not any(part in str(error.value) for part in (PASSWORD, "example.com"))
    return error.value


def test_a_mail_says_what_is_wrong_and_where_to_look(server: MailReceiver) -> None:
    assert email(server).send(message(alert(title="Zeilen fehlen: Köln"))) is None
    (mail,) = server.mails
    assert mail.recipients == ["a@example.com", "b@example.com"]
    assert mail.content["Subject"] == "ERROR: Zeilen fehlen: Köln"
    assert mail.content["Message-ID"] == "<0123456789abcdef@finance-ppm>"
    assert mail.content["Auto-Submitted"] == "auto-generated"
    text = mail.content.get_content()
    assert "What to do: Correct the rows." in text
    assert "checkDetail=rule" in text


def test_many_alerts_are_one_mail(server: MailReceiver) -> None:
    email(server).send(message(*(alert(number) for number in range(57))))
    (mail,) = server.mails
    assert mail.content["Subject"] == "Finance PPM: 57 alerts began"
    assert "And 37 more" in mail.content.get_content()


def test_a_title_of_two_lines_makes_no_header_of_its_own(server: MailReceiver) -> None:
    email(server).send(message(alert(title="wrong\r\nBcc: everybody@example.com\r\n\r\nhello")))
    (mail,) = server.mails
    assert mail.content["Bcc"] is None
    assert mail.recipients == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    ("command", "reply", "for_good", "told"),
    [
        ("MAIL", "550 5.7.1 ppm@example.com may not send", True, "550 5.7.1"),
        ("RCPT", "550 5.1.1 <a@example.com> unknown", True, "550 5.1.1"),
        ("RCPT", "450 4.2.0 greylisted", False, "450 4.2.0"),
        ("(content)", "554 5.7.1 spam", True, "554 5.7.1"),
        ("(content)", "451 4.3.0 later", False, "451"),
        ("DATA", "421 4.7.0 too many", False, "421"),
        ("EHLO", "(hangs up)", False, "broke off"),
        ("MAIL", "(hangs up)", False, "broke off"),
    ],
)
def test_what_the_server_refuses(server: MailReceiver, command: str, reply: str, for_good: bool, told: str) -> None:
    server.replies[command] = reply
    error = refusal(email(server))
    assert error.for_good is for_good
    assert told in str(error)
    assert server.mails == []


@pytest.mark.parametrize("reply", ["421 4.3.2 going down", "250 well", "500 what?", "(hangs up)"])
def test_a_server_without_manners_has_taken_the_mail_all_the_same(server: MailReceiver, reply: str) -> None:
    """Else the same mail would be sent to it every hour, for ever."""
    server.replies["QUIT"] = reply
    email(server).send(message(alert()))
    assert len(server.mails) == 1


def test_one_mailbox_that_is_refused_keeps_none_from_the_others(server: MailReceiver) -> None:
    server.replies["RCPT b@example.com"] = "550 5.1.1 unknown"
    note = email(server).send(message(alert()))
    assert note == "1 of 2 mailboxes were refused: check PPM_ALERT_SMTP_TO."
    assert server.mails[0].recipients == ["a@example.com"]


def test_one_signs_in_where_the_server_asks_for_it(server: MailReceiver) -> None:
    server.users["me"] = PASSWORD
    channel = replace(email(server), user="me", password=SecretStr(PASSWORD))
    channel.send(message(alert()))
    assert len(server.mails) == 1
    error = refusal(replace(channel, password=SecretStr(PASSWORD + "x")))
    assert error.for_good
    assert "535 5.7.8" in str(error)


def test_a_server_without_starttls_is_sent_no_password(server: MailReceiver) -> None:
    server.users["me"] = PASSWORD
    error = refusal(replace(email(server), tls="starttls", user="me", password=SecretStr(PASSWORD)))
    assert error.for_good
    assert "PPM_ALERT_SMTP_TLS" in str(error)


def test_nobody_listens(server: MailReceiver) -> None:
    error = refusal(replace(email(server), port=9))
    assert not error.for_good
    assert "PPM_ALERT_SMTP_HOST" in str(error)


@pytest.mark.parametrize("missing", [{"sender": None}, {"recipients": ()}])
def test_without_sender_or_mailbox_nothing_is_sent(server: MailReceiver, missing: dict[str, object]) -> None:
    channel = Email(**{**vars(email(server)), **missing})
    assert refusal(channel).for_good
    assert server.mails == []


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """One for 127.0.0.1, which this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*private))
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


def test_with_starttls_the_mail_is_encrypted(certificate: ssl.SSLContext) -> None:
    with mail_receiver(certificate) as server:
        server.users["me"] = PASSWORD
        replace(email(server), tls="starttls", user="me", password=SecretStr(PASSWORD)).send(message(alert()))
        assert server.mails[0].safe


def test_a_server_that_nobody_vouches_for_is_sent_nothing(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with mail_receiver(certificate) as server:
        error = refusal(replace(email(server), tls="starttls"))
        assert "certificate" in str(error)
        assert server.mails == []
