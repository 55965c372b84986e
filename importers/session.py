"""The session of an exchange of ccxt, the last ring: nothing leaves it but the one request that was let through.

    session = open_session(proxy_url)
    with let_out("GET", "https://api.kraken.com/0/public/Time"):
        session.request("GET", "https://api.kraken.com/0/public/Time")

Whatever asks requests to send (request, get, post, send) comes through `send`. `fetch_file` is for what an exchange
gives as a file: from the hosts that are allowed for that, without a header of the key. Certificates are always
verified, no redirect is followed, no cookie kept, no proxy is taken from the environment or from whoever calls, and no
answer is read without end: not of its bytes, nor of its lines, nor of its time.
"""

import contextvars
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

from importers.base import shown
from importers.deadline import Late, within
from importers.patience import Passing
from pipeline.proxy import proxy_address

TIMEOUT = 60  # seconds without a byte of a file
WHOLE = 4  # times as long a whole answer may take as one byte of it
BODY_LIMIT = 32 << 20  # bytes of one answer; the longest, the list of all symbols of an exchange, has some five million
ERROR_LIMIT = 1 << 20  # of one that says what is wrong
LINE_LIMIT = 1 << 16  # bytes of one line about an answer: of its status, a header, the size of a chunk

# The one request that may leave now: (method, original address); None once it has left.
_let_out: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("let_out", default=None)


class Forbidden(Exception):
    """Something tried to send a request that is not on the list of reads: a fault of the program."""


@contextmanager
def let_out(method: str, url: str) -> Iterator[None]:
    """Inside, one request of this method to this address may leave, once."""
    token = _let_out.set((method, url))
    try:
        yield
    finally:
        _let_out.reset(token)


def open_session(proxy_url: str = "") -> Any:
    """A session of requests, with this proxy for good ("": none). Raises Forbidden for one that may not see keys."""
    import requests

    try:
        before = proxy_address(proxy_url) if proxy_url else ""
    except ValueError:
        raise Forbidden("keys go over https, or to this machine") from None

    class Session(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False
            self.answering: Any = None  # the socket of the answer that is waited for
            self.way = _way(lambda sock: setattr(self, "answering", sock))

        def mount(self, prefix: str | bytes, adapter: Any) -> None:
            """There is one way out, `way`."""

        def get_adapter(self, *_arguments: Any, **_named: Any) -> NoReturn:
            raise Forbidden("there is one way out")

        def close(self) -> None:
            self.way.close()

        def send(self, request: Any, **named: Any) -> Any:
            now = _let_out.get()
            if now is None or (request.method, request.url) not in _as_sent(now[0], now[1], before):
                raise Forbidden(f"{request.method} to {urlsplit(str(request.url)).hostname} past the guard")
            _let_out.set(None)
            self.answering, seconds = None, named.get("timeout") or TIMEOUT

            def ask() -> Any:
                return _whole(self.way.send(request, stream=True, timeout=seconds, verify=True, proxies={}))

            def cut() -> None:
                with suppress(OSError, AttributeError):  # not connected yet, or not any more
                    self.answering.shutdown(2)  # both ways

            try:
                return within(WHOLE * seconds, ask, cut)
            except Late:
                raise requests.Timeout("no end of the answer") from None
            except requests.exceptions.InvalidHeader:
                raise Passing("its answer is of two lengths") from None

    return Session()


def _way(noted: Callable[[Any], None]) -> Any:
    """The adapter that sends. `noted` gets the socket of each answer before it is read, of which no line is longer than
    LINE_LIMIT."""
    from requests.adapters import HTTPAdapter
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ProtocolError

    class Lines(io.BufferedReader):
        def readline(self, size: int | None = -1) -> bytes:
            bounded = size is not None and size >= 0
            line = super().readline(size if bounded else LINE_LIMIT)
            if not bounded and len(line) >= LINE_LIMIT:
                raise ProtocolError("a line without end")
            return line

    def watched(pool: Any) -> Any:
        class Response(pool.ConnectionCls.response_class):  # type: ignore[misc]
            def __init__(self, sock: Any, *arguments: Any, **named: Any) -> None:
                super().__init__(sock, *arguments, **named)
                noted(sock)
                before: Any = self.fp
                before.close()
                self.fp: Any = Lines(sock.makefile("rb", buffering=0))

        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            response_class = Response

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    way = HTTPAdapter()
    way.poolmanager.pool_classes_by_scheme = {
        "http": watched(HTTPConnectionPool), "https": watched(HTTPSConnectionPool)
    }  # fmt: skip
    return way


def _whole(response: Any) -> Any:
    """An answer with its body. Raises Passing for one that is no answer of an exchange, TooManyRedirects for one that
    sends elsewhere."""
    import requests

    if response.is_redirect:  # it would take the key's headers along
        response.close()
        raise requests.TooManyRedirects("a redirect", response=response)
    if "," in response.headers.get("Content-Encoding", ""):  # each multiplies what the one before may unpack
        response.close()
        raise Passing("its answer is packed more than once")
    body, limit = bytearray(), BODY_LIMIT if response.status_code < 400 else ERROR_LIMIT
    try:
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > limit:
                response.close()
                raise Passing("its answer is larger than any list of records")
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise Passing("its answer is broken off, or wrongly packed") from None
    response._content = bytes(body)
    return response


def fetch_file(session: Any, before: str, address: str, hosts: tuple[str, ...], timeout: int = TIMEOUT) -> bytes:
    """The file at an address that an exchange told, over https whatever it says, from one of `hosts` (patterns).

    `before`: the proxy of the session; `timeout`: seconds without a byte. Raises Forbidden for another host, Passing
    while it can't be had.
    """
    import requests

    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or parts.netloc != host or not any(fnmatchcase(host, h) for h in hosts):
        raise Forbidden(f"a file at {shown(host) or 'no address'}, which is not on the list of hosts")
    url = urlunsplit(parts._replace(scheme="https"))
    fault = None
    try:
        with let_out("GET", url):
            response = session.get(behind(before, url), timeout=timeout)
        if response.status_code == 200:
            return bytes(response.content)
        fault = Passing(f"its file can't be fetched ({response.status_code})")
    except requests.RequestException:  # its text holds the address, which whoever has it may fetch, too
        fault = Passing("its file can't be fetched")
    raise fault


def behind(before: str, url: str) -> str:
    """An address as it is asked for: after the proxy's ("": there is none), encoded if it has a query (as ccxt's
    `url_encoder_for_proxy_url` does)."""
    return before + (quote(url, safe="~()*!.'") if "?" in url else url) if before else url


def _as_sent(method: str, url: str, before: str) -> set[tuple[str, str | None]]:
    """A request as it leaves: behind a proxy as it is, or encoded; requests then writes some characters otherwise."""
    import requests

    addresses = {before + url, before + quote(url, safe="~()*!.'")} if before else {url}
    return {(method, requests.Request(method, address).prepare().url) for address in addresses}
