"""The session of an exchange of ccxt, the last ring: nothing leaves it but the one request that was let through.

    session = open_session(proxy_url)
    with let_out("GET", "https://api.kraken.com/0/public/Time"):
        session.request("GET", "https://api.kraken.com/0/public/Time")

Whatever asks requests to send (request, get, post, send) comes through `send`. `fetch_file` is for what an exchange
gives as a file: from the hosts that are allowed for that, without a header of the key. Certificates are always
verified, no redirect is followed, no proxy is taken from the environment or from whoever calls, and no answer is read
without end.
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

from importers.base import shown
from importers.patience import Passing
from pipeline.proxy import proxy_address

TIMEOUT = 60  # seconds without a byte of a file
BODY_LIMIT = 64 * 1024 * 1024  # bytes of one answer

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
    from requests.adapters import HTTPAdapter

    try:
        before = proxy_address(proxy_url) if proxy_url else ""
    except ValueError:
        raise Forbidden("keys go over https, or to this machine") from None

    class Session(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False
            self.way = HTTPAdapter()

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
            response = self.way.send(request, stream=True, timeout=named.get("timeout"), verify=True, proxies={})
            if response.is_redirect:  # it would take the key's headers along
                response.close()
                raise requests.TooManyRedirects("a redirect", response=response)
            body = bytearray()
            for chunk in response.iter_content(1 << 16):
                body += chunk
                if len(body) > BODY_LIMIT:
                    response.close()
                    raise Passing("its answer is larger than any list of records")
            response._content = bytes(body)
            return response

    return Session()


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
