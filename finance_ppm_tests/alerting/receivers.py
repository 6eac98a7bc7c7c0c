"""Receivers on loopback that keep what they are sent, and answer as they are told: a web server and a mail server."""

import json
import socketserver
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from finance_ppm.sandbox.serving import listening, running

SECRET_PATH = "T0SECRET1/B0SECRET2/xYz7SecretOfTheWebhook"


@dataclass(frozen=True)
class Post:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebReceiver:
    """Takes every post, unless it is told to answer otherwise."""

    base_url: str
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Post], Response] = lambda _: Response("ok")
    before: Callable[[], object] = lambda: None
    """Called once a post has arrived, before it is answered."""

    @property
    def url(self) -> str:
        return f"{self.base_url}/services/{SECRET_PATH}"

    def says(self, status: int, text: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: Response(text, status, named)

    def takes_it(self) -> None:
        self.answer = lambda _: Response("ok")


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """Served until the context ends."""
    with listening(0) as (listener, url):
        receiver = WebReceiver(url)

        async def take(request: Request) -> Response:
            post = Post(request.url.path, dict(request.headers), await request.body())
            receiver.posts.append(post)
            await run_in_threadpool(receiver.before)
            return receiver.answer(post)

        with running(Starlette(routes=[Route("/{rest:path}", take, methods=["POST", "GET"])]), listener):
            yield receiver


@dataclass(frozen=True)
class Mail:
    """What was mailed, and to whom."""

    sender: str
    recipients: list[str]
    content: EmailMessage
    safe: bool
    """Whether the connection was encrypted."""


@dataclass
class MailReceiver:
    """A mail server that takes every mail, unless it is told to answer otherwise."""

    port: int
    mails: list[Mail] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    """Who may sign in; without any, nobody need."""
    replies: dict[str, str] = field(default_factory=dict)
    """Command, or command and address, to what is replied in place of the usual."""
    context: ssl.SSLContext | None = None
    """With it, STARTTLS is offered."""
    slow: float = 0.0
    """Seconds before it greets."""


class _Session(socketserver.StreamRequestHandler):
    receiver: MailReceiver

    def handle(self) -> None:
        time.sleep(self.receiver.slow)
        self.safe, self.sender, self.recipients = False, "", list[str]()
        self.reply("220 loopback")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            command = verb.upper()
            address = rest.partition("<")[2].partition(">")[0]
            told = self.receiver.replies.get(f"{command} {address}") or self.receiver.replies.get(command)
            if told == "(hangs up)":
                return
            if told:
                self.reply(told)
            elif not self.act(command, rest, address):
                return

    def act(self, command: str, rest: str, address: str) -> bool:
        match command:
            case "EHLO":
                offers = ["loopback", "AUTH PLAIN"] if self.receiver.users else ["loopback"]
                offers += ["STARTTLS"] if self.receiver.context and not self.safe else []
                for offer in offers[:-1]:
                    self.reply(f"250-{offer}")
                self.reply(f"250 {offers[-1]}")
            case "STARTTLS":
                assert self.receiver.context is not None
                self.reply("220 go on")
                self.connection = self.receiver.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                self.safe = True
            case "AUTH":
                _, user, password = b64decode(rest.rsplit(maxsplit=1)[-1]).decode().split("\0")
                known = self.receiver.users.get(user) == password
                self.reply("235 welcome" if known else "535 5.7.8 not you")
            case "MAIL":
                self.sender, self.recipients = address, []
                self.reply("250 well")
            case "RCPT":
                self.recipients.append(address)
                self.reply("250 well")
            case "DATA":
                self.reply("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                told = self.receiver.replies.get("(content)", "250 taken")
                if told.startswith("250"):
                    parsed = message_from_bytes(content, policy=policy.default)
                    self.receiver.mails.append(Mail(self.sender, self.recipients, parsed, self.safe))
                self.reply(told)
            case "QUIT":
                self.reply("221 bye")
                return False
            case _:
                self.reply("250 well")
        return True

    def reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()


@contextmanager
def mail_receiver(context: ssl.SSLContext | None = None) -> Iterator[MailReceiver]:
    """Served until the context ends."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is none of ours."""

    session = type("Session", (_Session,), {})
    with Server(("127.0.0.1", 0), session) as server:
        receiver = MailReceiver(server.server_address[1], context=context)
        session.receiver = receiver  # type: ignore[attr-defined]  # of the class just made
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
