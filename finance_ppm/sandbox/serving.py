"""Serving an ASGI application on loopback, from a thread of its own.

Belongs here: sockets and the web server's life. What is served is the sandboxes' own.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


@contextmanager
def listening(port: int) -> Iterator[tuple[socket.socket, str]]:
    """A listening socket on loopback and its address; ``port`` 0 takes a free one."""
    # Named, because asyncio sends answers without delay only where it knows that the protocol is TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)  # clients may connect before the server's loop runs
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def running(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an ASGI application on a listening socket until the context ends.

    A request's ``scope["state"]["transport"]`` is its connection, so that the application can drop it.
    """
    config = uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])), name="sandbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class _Protocol(H11Protocol):
    """Hands its transport to the application, so that a fault can drop the connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent's
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
