"""One exchange behind ccxt, made safe: it can only read, it hides no failure, it rounds no number.

    client = open_client(EXCHANGE, credentials, proxy_url)
    answer = client.call("privatePostLedgers", {"ofs": 50})     # the raw answer, numbers as exact text

Three rings, each of which would do alone: `fetch2`, through which every method of ccxt goes, lets only
what is on the exchange's list pass, before anything is signed; `fetch`, the one place that touches
the network, works only inside of it and only towards the exchange's own hosts; every unified method
that could change something is shadowed. Errors are one known sentence each: the texts of ccxt and
requests hold addresses, signatures and keys, and are never shown nor chained.
"""

import contextvars
import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from importers.base import Exchange, Refused

Answer = dict[str, Any]

TIMEOUT = 30_000  # milliseconds
BODY_LIMIT = 64 * 1024 * 1024  # bytes of one answer
TRIES = 6
LIMIT_TRIES = 10  # against a rate limit, which only time cures

PUBLIC_READS = "public"


class Unreachable(Refused):
    """The exchange did not give what was asked: one sentence that says why and what to do."""


class Forbidden(Exception):
    """Something tried to send a request that is not on the list of reads: a fault of the program."""


class _Passing(Exception):
    """A fault that may be gone at the next try; `why` is for people."""

    def __init__(self, why: str, limited: bool = False) -> None:
        super().__init__(why)
        self.why, self.limited = why, limited


_inside: contextvars.ContextVar[str] = contextvars.ContextVar("inside")

# Unified methods that begin so change something at the exchange.
_CHANGING = (
    "create", "cancel", "edit", "close", "withdraw", "transfer", "borrow", "repay", "set", "signIn", "deposit",
    "addMargin", "reduceMargin", "redeem", "stake", "unstake", "subscribe",
)  # fmt: skip


def guarded(base: type[Any], allow: frozenset[tuple[str, str, str]]) -> type[Any]:
    """A subclass of one ccxt class through which only the requests of `allow` can leave."""
    hosts = _hosts(base().urls["api"])

    class Guarded(base):  # type: ignore[misc]
        def fetch2(
            self, path: str, api: Any = "public", method: str = "GET", params: Any = None, config: Any = None
        ) -> Any:
            section = api if isinstance(api, str) else ".".join(api)
            if (section, method, path) not in allow:
                raise Forbidden(f"{method} {section}/{path} is not on the list of reads")
            for name in re.findall(r"{(\w+)}", path):
                if re.search(r"[/?#%\\]|\.\.", str((params or {}).get(name, ""))):
                    raise Forbidden(f"{method} {section}/{path} with another path inside")
            token = _inside.set(method)
            try:
                answer = super().fetch2(path, api, method, params or {}, config or {})
            finally:
                _inside.reset(token)
            if not isinstance(answer, dict | list):
                raise _Passing("it answered with something else than data (maintenance, or cut short)")
            return answer

        def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            parts = urlsplit(url)
            if _inside.get("") != method or parts.scheme != "https" or parts.hostname not in hosts:
                raise Forbidden(f"{method} to {parts.hostname}")
            return super().fetch(url, method, headers, body)

        def check_conflicting_proxies(self, proxyAgentSet: Any, proxyUrlSet: Any) -> None:
            """ccxt 4.5.76 to 4.5.90 take "no agent" (False) for one that conflicts with proxyUrl."""
            super().check_conflicting_proxies(proxyAgentSet or None, proxyUrlSet)

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "verbose" and value:
                raise Forbidden("verbose output would show keys")
            super().__setattr__(name, value)

        def __reduce_ex__(self, protocol: Any) -> NoReturn:
            raise Forbidden("an object that holds keys is not written anywhere")

    Guarded.__name__ = base.__name__
    _shadow(Guarded)
    return Guarded


def _hosts(api: Any) -> frozenset[str]:
    """The hosts of an exchange's own table of addresses, which may be nested."""
    if isinstance(api, str):
        host = urlsplit(api).hostname
        return frozenset({host} if host else ())
    return frozenset(host for inner in api.values() for host in _hosts(inner))


def _shadow(cls: type[Any]) -> None:
    def refuse(self: object, *_arguments: object, **_named: object) -> NoReturn:
        raise Forbidden("taxsync only reads")

    for name in cls().has:
        if name.startswith(_CHANGING):
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
            for method in {name, snake}:
                if callable(getattr(cls, method, None)):
                    setattr(cls, method, refuse)


class Client:
    """An opened exchange. `call` is all it can do."""

    def __init__(self, exchange: Exchange, api: Any, *, impatient: bool) -> None:
        self.exchange = exchange
        self._api = api
        self._impatient = impatient

    def __repr__(self) -> str:
        return f"Client({self.exchange.id})"

    def call(self, method: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """The raw answer of one implicit method of ccxt, its numbers as text.

        Tried again, with growing pauses and an end, when the fault may pass. Raises Unreachable.
        """
        from tenacity import RetryCallState, Retrying, retry_if_exception_type

        unit = 1 if not self._impatient else 0.05  # seconds of waiting, no money

        def stop(state: RetryCallState) -> bool:
            return state.attempt_number >= (LIMIT_TRIES if _limited(state) else TRIES)

        def wait(state: RetryCallState) -> float:
            longest, first = (60, 4) if _limited(state) else (30, 1)
            return min(longest, first * unit * 2 ** (state.attempt_number - 1))

        try:
            for attempt in Retrying(retry=retry_if_exception_type(_Passing), stop=stop, wait=wait, reraise=True):
                with attempt:
                    return self._once(method, dict(params or {}))
        except _Passing as fault:
            raise self._failed(method, f"{fault.why}; run `taxsync import` again later, it goes on where it stopped")
        raise AssertionError("unreachable")

    def _once(self, method: str, params: dict[str, str | int]) -> Answer:
        import ccxt

        try:
            answer = getattr(self._api, method)(params)
        except Forbidden:
            raise
        except _Passing:
            raise
        except ccxt.BaseError as error:
            self._explain(method, error)
        except (ValueError, TypeError, AttributeError, UnicodeError):  # binascii.Error is a ValueError
            raise self._failed(method, "the stored key is not of the form that it gives; add it again") from None
        finally:
            self._api.last_request_headers = self._api.last_request_body = self._api.last_request_url = None
        if not isinstance(answer, dict):
            raise _Passing("it answered with something else than data")
        return dict(answer)

    def _explain(self, method: str, error: Exception) -> NoReturn:
        """Raises what one error means; its text is only searched for the exchange's own codes."""
        import ccxt

        text = str(error)
        for code, meaning in self.exchange.faults.items():
            if code in text:
                if meaning.passing:
                    raise _Passing(meaning.sentence, limited=meaning.limited) from None
                raise self._failed(method, meaning.sentence) from None
        if isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
            raise _Passing("it asks for fewer requests", limited=True) from None
        if isinstance(error, ccxt.AuthenticationError):
            raise self._failed(method, "it does not take the key; add a new one with `taxsync keys add`") from None
        if isinstance(error, ccxt.RequestTimeout):
            raise _Passing("it did not answer in time") from None
        if isinstance(error, ccxt.OperationFailed):
            raise _Passing("it can't be reached, or is under maintenance") from None
        raise self._failed(method, "it refuses the request for a reason that taxsync does not know") from None

    def _failed(self, method: str, why: str) -> Unreachable:
        return Unreachable(f"{self.exchange.name} ({_words(method)}): {why}")


def _limited(state: Any) -> bool:
    fault = state.outcome.exception() if state.outcome else None
    return isinstance(fault, _Passing) and fault.limited


def _words(method: str) -> str:
    """The list that was asked for, as the exchange names it: privatePostLedgers -> Ledgers."""
    return re.sub(r"^(?:[a-z0-9]*?(?:Get|Post))(?=[A-Z])", "", method) or method


def open_client(exchange: Exchange, credentials: Mapping[str, str] | None, proxy_url: str = "") -> Client:
    """The exchange, ready to be read; without credentials only its public market data.

    `proxy_url`: every request goes to it followed by the whole original address.
    """
    import ccxt

    if exchange.id not in ccxt.exchanges:
        raise Refused(f"ccxt does not know '{exchange.id}'; install the newest taxsync")
    for logger in ("ccxt", "ccxt.base.exchange", "urllib3", "requests"):
        logging.getLogger(logger).setLevel(logging.WARNING)  # at DEBUG they write keys and signatures
    loopback = urlsplit(proxy_url).hostname in ("127.0.0.1", "localhost", "::1")
    api = guarded(getattr(ccxt, exchange.id), exchange.allow)(
        {
            **(credentials or {}),
            "number": str,
            "timeout": TIMEOUT,
            "enableRateLimit": not loopback,  # a test server on this machine says itself when it is too much
            "fetchHistoryCacheSize": 0,
        }
    )
    api.on_json_response = _exact_json
    if proxy_url:
        api.proxyUrl = proxy_url
    api.session.max_redirects = 0  # a redirect would take the key's headers along
    api.session.request = _bounded(api.session.request)
    return Client(exchange, api, impatient=loopback)


def _exact_json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=_int)


def _int(text: str) -> int:
    if len(text) > 40:
        raise ValueError("a number of more than 40 digits")
    return int(text)


def _bounded(request: Callable[..., Any]) -> Callable[..., Any]:
    """The session's request, whose answer's body is read up to a limit."""

    def limited(*arguments: Any, **named: Any) -> Any:
        response = request(*arguments, stream=True, **named)
        body = bytearray()
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > BODY_LIMIT:
                response.close()
                raise _Passing("its answer is larger than any list of records")
        response._content = bytes(body)
        return response

    return limited
