"""The session of an exchange of ccxt, the last ring: nothing leaves it but the one request that was let through.

    session = open_session(proxy_url)
    with let_out("GET", "https://api.kraken.com/0/public/Time"):
        session.request("GET", "https://api.kraken.com/0/public/Time")

Whatever asks requests to send (request, get, post, send) comes through `send`. Certificates are always verified, no
redirect is followed, no proxy taken from the environment or from whoever calls, no answer read without end.
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from importers.patience import Passing
from pipeline.proxy import proxy_address

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


def _as_sent(method: str, url: str, before: str) -> set[tuple[str, str | None]]:
    """A request as it leaves: behind a proxy its address comes after the proxy's, as it is or, if it has a query,
    encoded (ccxt's `url_encoder_for_proxy_url`); requests then writes some characters otherwise."""
    import requests

    addresses = {before + url, before + quote(url, safe="~()*!.'")} if before else {url}
    return {(method, requests.Request(method, address).prepare().url) for address in addresses}
