"""The sandbox as a server on this machine: takes requests the way ccxt's `proxyUrl` sends them.

    with Sandbox(records) as sandbox:
        client = open_client(EXCHANGE, records.credentials, sandbox.proxy_url)

A path is the whole original address, as it is or percent-encoded; only the exchange's own hosts are
there. Every request is kept in `requests`, without anything secret. `faults` may spoil answers; the
exchange has then done its part already, as after a real loss on the way back.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from importers.sandbox.call import Call
from importers.sandbox.kraken import Counter, Kraken, Records

# The sandbox's clock stands still just after the demo's last tax year.
NOW = datetime(2026, 1, 1, 6, tzinfo=UTC)


class Request(Struct, frozen=True):
    """One request that came in: `number` counts from 1; `params` without nonce, key and signature."""

    number: int
    method: str
    path: str
    params: dict[str, str]

    @property
    def name(self) -> str:
        """What was asked for: Ledgers, OHLC, ..."""
        return self.path.rsplit("/", 1)[-1]


class Fault(Struct, frozen=True):
    """What goes wrong with one answer. `body` takes the right one and gives what is sent in its place.

    `announced`: the length of the right body is told, whatever is sent. `drop`: nothing is sent at all.
    """

    status: int = 200
    body: Callable[[bytes], bytes] = bytes
    content_type: str = "application/json"
    location: str = ""
    announced: bool = False
    drop: bool = False
    delay: float = 0  # seconds
    headers: tuple[tuple[str, str], ...] = ()


def _page(text: str) -> Callable[[bytes], bytes]:
    return lambda _: f"<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>".encode()


def _says(text: str) -> Callable[[bytes], bytes]:
    return lambda _: text.encode()


def _half(right: bytes) -> bytes:
    return right[: len(right) // 2]


BAD_GATEWAY = Fault(502, _page("502 Bad Gateway"), "text/html")
GATEWAY_TIMEOUT = Fault(504, _page("504 Gateway Time-out"), "text/html")
BROKEN_JSON = Fault(body=lambda right: right.replace(b":", b"=", 3))
CUT_JSON = Fault(body=_half)
CUT_OFF = Fault(body=_half, announced=True)
EMPTY = Fault(body=_says(""))
EMPTY_OBJECT = Fault(body=_says("{}"))
NULL = Fault(body=_says("null"))
HTML = Fault(body=_page("Down for maintenance"), content_type="text/html")
DROPPED = Fault(drop=True)
UNAVAILABLE = Fault(body=_says('{"error":["EService:Unavailable"]}'))
BUSY = Fault(body=_says('{"error":["EService:Busy"]}'))
RATE_LIMIT = Fault(body=_says('{"error":["EAPI:Rate limit exceeded"]}'))


def slow(seconds: float) -> Fault:
    """The right answer, late."""
    return Fault(delay=seconds)


def redirect(location: str) -> Fault:
    """Sends the client elsewhere, where its key's headers must not follow."""
    return Fault(302, _says(""), location=location)


class Reply(Struct, frozen=True):
    """An answer that is not a plain 200: `headers` beside the usual ones."""

    body: str | bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Spoken(Protocol):
    """One exchange's protocol over one account: what answers at `hosts`; `forbidden` lists what tried to change
    something."""

    hosts: frozenset[str]
    forbidden: list[str]

    def answer(self, call: Call) -> "str | Reply": ...


class Public(Protocol):
    """Market data of other exchanges: `speaks` tells which requests they are for."""

    def speaks(self, host: str, path: str) -> bool: ...

    def answer(self, host: str, call: Call) -> Reply: ...


# (number of the request from 1, its path at the exchange) -> what goes wrong with it, if anything
Faults = Callable[[int, str], Fault | None]


class Sandbox:
    """The running server; `forbidden` lists what tried to change something and what went to another host."""

    def __init__(
        self,
        records: "Records | Spoken",
        *,
        now: datetime = NOW,
        faults: Faults | None = None,
        counter: Counter | None = None,
        markets: Public | None = None,
    ) -> None:
        self._markets = markets
        self.records = records if isinstance(records, Records) else Records()  # Kraken's, which may grow meanwhile
        self.faults = faults
        self.requests: list[Request] = []
        self._exchange: Spoken = Kraken(records, now, counter) if isinstance(records, Records) else records
        self._strangers: list[str] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def forbidden(self) -> list[str]:
        """Must be empty at the end of every test."""
        return self._exchange.forbidden + self._strangers

    @property
    def clock(self) -> Callable[[], float]:
        """Gives Unix seconds."""
        found: Callable[[], float] = getattr(self._exchange, "clock", time.time)
        return found

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> "Sandbox":
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        # the first look at "stop" comes soon: a test would otherwise wait half a second for it
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, method: str, address: str, headers: dict[str, str], body: str) -> tuple[bytes, Fault | None]:
        """The right answer to one request, and what is to go wrong with it."""
        parts = urlsplit(address)
        with self._lock:
            number = len(self.requests) + 1
            public = self._markets if method == "GET" and self._markets else None
            if public is not None and not public.speaks(parts.netloc, parts.path):
                public = None
            if parts.scheme != "https" or (public is None and parts.netloc not in self._exchange.hosts):
                self.requests.append(Request(number, method, f"{parts.scheme}://{parts.netloc}{parts.path}", {}))
                self._strangers.append(f"{method} {parts.netloc}")
                return b"", Fault(502, _page("no such host"), "text/html")
            call = Call(method, parts.path, parts.query, headers, body)
            self.requests.append(Request(number, method, parts.path, call.params))
            answer = public.answer(parts.netloc, call) if public else self._exchange.answer(call)
            fault = self.faults(number, parts.path) if self.faults else None
            if isinstance(answer, Reply):
                fault = fault or Fault(answer.status, headers=answer.headers)
                return answer.body if isinstance(answer.body, bytes) else answer.body.encode(), fault
            return answer.encode(), fault

    def wait(self, seconds: float) -> None:
        """Lets an answer be late, but no longer than the sandbox lives."""
        self._stopped.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that did not wait
            super().handle_error(request, client_address)


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The Date of an answer: by the exchange's clock, where it has one of its own."""
            return super().date_time_string(sandbox.clock() if timestamp is None else timestamp)

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            right, fault = sandbox.respond(self.command, original_address(self.path), headers, body)
            self._send(right, fault or Fault())

        def _send(self, right: bytes, fault: Fault) -> None:
            if fault.delay:
                sandbox.wait(fault.delay)
            if fault.drop:
                self.close_connection = True
                return
            sent = fault.body(right)
            self.send_response(fault.status)
            self.send_header("Content-Type", fault.content_type)
            self.send_header("Content-Length", str(len(right if fault.announced else sent)))
            for name, value in fault.headers:
                self.send_header(name, value)
            if fault.location:
                self.send_header("Location", fault.location)
            self.end_headers()
            self.wfile.write(sent)

    return Handler


def original_address(path: str) -> str:
    """The address behind the proxy: appended as it is, or percent-encoded where it has a query."""
    address = path.removeprefix("/")
    return address if "://" in address.split("?", 1)[0] else unquote(address)
