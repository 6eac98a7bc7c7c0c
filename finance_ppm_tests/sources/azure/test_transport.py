"""An answer that never ends, and a machine whose environment holds other people's logins."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseTimeoutError
from azure.core.rest import HttpRequest
from starlette.requests import Request
from starlette.responses import Response

from finance_ppm.sources.azure.stopping import AbandonedError, ended_by
from finance_ppm.sources.azure.transport import TransportOfEachThread
from finance_ppm_tests.sandbox.azure.estates import ONE
from finance_ppm_tests.sources.azure.conftest import ConnectionOf, InstantTime, answered, page, serving
from finance_ppm_tests.sources.azure.test_connection import asked, refused

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def dripping(head: bytes, piece: bytes) -> Iterator[str]:
    """An address that answers with the head, and then with the piece again and again, a hundred times a second."""
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(head + b"\r\n")
            while not over.wait(0.01):
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()


DRIPS = {
    "of a length": (b"Content-Length: 1000000\r\n", b" "),
    "in chunks": (b"Transfer-Encoding: chunked\r\n", b"1\r\n \r\n"),
    "to the end of the connection": (b"Connection: close\r\n", b" "),
}


@pytest.mark.parametrize(("told", "piece"), DRIPS.values(), ids=DRIPS.keys())
def test_an_answer_that_drips_is_ended(told: bytes, piece: bytes) -> None:
    clock = InstantTime()

    def later() -> float:
        clock.now += 10
        return clock.now

    transport = TransportOfEachThread(deadline=300, time=later, read_timeout=30)
    with dripping(HEAD + told, piece) as address, transport:
        with pytest.raises(ServiceResponseTimeoutError, match="not whole after 300 seconds"):
            transport.send(HttpRequest("GET", address))
        assert clock.now - 1000 == pytest.approx(320)


def test_it_is_asked_for_again_and_told(connection_of: ConnectionOf) -> None:
    with dripping(HEAD + b"Content-Length: 1000000\r\n", b" ") as address:
        connection = connection_of(address, deadline=0.05)
        error = refused(connection)
    assert error.code == "timeout"
    assert error.retryable
    assert "did not finish its answer for a test" in str(error)
    assert connection.requests_sent == 3


def test_an_answer_that_drips_for_nobody_is_ended() -> None:
    transport = TransportOfEachThread(deadline=300)
    stopped = threading.Event()
    with dripping(HEAD + b"Content-Length: 1000000\r\n", b" ") as address, transport, ended_by(stopped):
        threading.Timer(0.05, stopped.set).start()
        with pytest.raises(AbandonedError):
            transport.send(HttpRequest("GET", address))


@pytest.mark.parametrize("trusted", [True, False])
def test_a_login_of_netrc_does_not_replace_the_token(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password netrc-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen = []

    def handler(request: Request, _: Any) -> Response:
        seen.append(request.headers["authorization"])
        return answered({})

    transport = TransportOfEachThread(deadline=300, use_env_settings=trusted)
    with serving(handler) as address, transport:
        transport.send(HttpRequest("GET", address, headers={"Authorization": "Bearer ours"}))
    assert seen == ["Bearer ours"]


def test_a_proxy_of_the_environment_is_used_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no such host; but the proxy answers, if only that it is none."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    transport = TransportOfEachThread(deadline=300, use_env_settings=True)
    with serving(lambda *_: answered({})) as proxy, transport:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        assert transport.send(HttpRequest("GET", "http://azure.invalid/list")).status_code == 404


def test_certificates_of_the_environment_are_used_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that is not there is an error that names it: so it was looked for."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    transport = TransportOfEachThread(deadline=300, use_env_settings=True)
    with transport, pytest.raises(OSError, match=r"/nowhere/bundle\.pem"):
        transport.send(HttpRequest("GET", "https://127.0.0.1:9/"))


def test_a_connection_is_used_again_after_a_whole_answer(connection_of: ConnectionOf) -> None:
    ports = set()

    def handler(request: Request, _: Any) -> Response:
        ports.add(request.client and request.client.port)
        return answered(page([]))

    with serving(handler) as address, connection_of(address) as connection:
        for _ in range(5):
            asked(connection, ONE)
    assert len(ports) == 1
