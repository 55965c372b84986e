"""A server on this machine that answers every request with the same bytes, whatever they are.

    with Wire(answered(b"<html>")) as wire:
        client = open_client(EXCHANGE, credentials, wire.url)

What it sends is a function of the connection, so that an answer may be cut, drip, or have no end.
"""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from typing import Any

Send = Callable[[Callable[[bytes], object]], object]  # gets what puts bytes on the wire
MEGABYTE = 1 << 20


def head(status: int = 200, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} Made up", *lines, "", "")).encode()


def answered(body: bytes, status: int = 200, *lines: str) -> Send:
    """An answer of a right length."""
    return lambda put: put(head(status, f"Content-Length: {len(body)}", *lines) + body)


def endless(begin: bytes, pieces: Iterator[bytes] | Callable[[], Iterator[bytes]]) -> Send:
    """What begins so and goes on until nobody listens."""

    def send(put: Callable[[bytes], object]) -> None:
        put(begin)
        for piece in pieces() if callable(pieces) else pieces:
            put(piece)

    return send


def chunks(piece: bytes) -> Iterator[bytes]:
    """The piece again and again, as chunks."""
    return repeat(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")


class Wire:
    """The running server; `headers` are those of the requests that came."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.headers: list[dict[str, str]] = []
        self.stopped = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.headers.append(dict(self.headers))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.close_connection = True

                def put(piece: bytes) -> None:
                    if outer.stopped.is_set():
                        raise ConnectionAbortedError
                    self.wfile.write(piece)

                outer.send(put)

            do_POST = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not listen to the end
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def drip(self, begin: bytes, drop: bytes, pause: float) -> Send:
        """A drop each so many seconds, for ever."""

        def drops() -> Iterator[bytes]:
            while not self.stopped.wait(pause):
                yield drop

        return endless(begin, drops)

    def __enter__(self) -> "Wire":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def bomb(layers: int = 1, size: int = 1 << 30) -> bytes:
    """Zeros that were packed so many times: a gigabyte in a megabyte, or in a thousand bytes."""
    packed = gzip.compress(bytes(MEGABYTE), 9) * (size // MEGABYTE)  # members one after the other
    for _ in range(layers - 1):
        packed = gzip.compress(packed, 9)
    return packed


PACKED = "Content-Encoding: gzip"
OPEN = head(200, "Content-Type: application/json", "Transfer-Encoding: chunked")
JSON = b'{"error":[],"result":"'

# What takes more memory or time than any answer, where nothing bounds it.
GIGABYTES: dict[str, Send] = {
    "chunks without end": endless(OPEN, lambda: chunks(b" " * MEGABYTE)),
    "a string of 300 MB": endless(
        head(200, f"Content-Length: {300 * MEGABYTE + len(JSON)}") + JSON, lambda: repeat(b"x" * MEGABYTE, 300)
    ),
    "a length of a petabyte": endless(head(200, "Content-Length: 1125899906842624"), lambda: repeat(b" " * MEGABYTE)),
    "no length and no end": endless(head(200), lambda: repeat(b" " * MEGABYTE)),
    "a gzip bomb": lambda put: put(head(200, PACKED) + bomb()),
    "a gzip bomb in a gzip bomb": lambda put: put(head(200, "Content-Encoding: gzip, gzip") + bomb(2, 1 << 33)),
    "a chunk's size without end": endless(OPEN, lambda: repeat(b"0" * MEGABYTE)),
    "a header without end": endless(b"HTTP/1.1 200 OK\r\nX: ", lambda: repeat(b"x" * MEGABYTE)),
    "headers without end": endless(b"HTTP/1.1 200 OK\r\n", lambda: repeat(b"X: 1\r\n" * 10_000)),
    "trailers without end": endless(OPEN + b"2\r\n{}\r\n0\r\n", lambda: repeat(b"X: 1\r\n" * 10_000)),
    "a status without end": endless(b"HTTP/1.1 ", lambda: repeat(b"2" * MEGABYTE)),
    "31 MB of wide letters": answered(JSON + "🙂".encode() + b"x" * (31 * MEGABYTE) + b'"}'),
    "ten million objects": answered(b"[" + b"{}," * (10 * MEGABYTE) + b"{}]"),
    "as many values as are taken": answered(b"[[" + b'"abcdef",' * 1_990_000 + b"0]]"),
    "an error of 60 MB": answered(b'{"error":["E' + b"x " * (30 * MEGABYTE) + b'"]}', 400),
}
