"""The rings of the guard: a subclass of one ccxt class through which nothing but listed reads can leave.

    api = guarded(ccxt.kraken, EXCHANGE.allow)({"proxyUrl": None, ...})

`fetch2`, through which every method of ccxt goes, lets only what is on the list pass, before anything is signed;
`fetch` sends that one request only, by its method and path and to the host of the section that it is declared in; the
session (`importers.session`) sends what `fetch` let out and nothing else. Unified methods that order or move are
shadowed by name besides.
"""

import contextvars
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

from importers.patience import Passing
from importers.session import Forbidden, fetch_file, let_out, open_session

LONGEST_PAUSE = 120_000  # milliseconds that ccxt may wait between two requests
SECRET, SIGNATURE = 12, 40  # characters of the shortest key, and of a header's signature
NO_DATA = "it answered with something else than data (maintenance, or cut short)"

# Unified methods that order or move something, though an exchange does not say so in its table of abilities.
_ORDERS_OR_MOVES = re.compile(
    r"(cancel|edit|withdraw|transfer|borrow|repay|close_?(all|position)|create_?(\w*orders?|convert|sub_?account|gift))"
    r"(?!\w*request)",
    re.IGNORECASE,
)

# The one request that may leave now: (method, path as declared and filled in, host); None once it has left.
_inside: contextvars.ContextVar[tuple[str, str, str] | None] = contextvars.ContextVar("inside", default=None)

# Unified methods that begin so change something at the exchange.
_CHANGING = (
    "create", "cancel", "edit", "close", "withdraw", "transfer", "borrow", "repay", "set", "signIn", "deposit",
    "addMargin", "reduceMargin", "redeem", "stake", "unstake", "subscribe",
)  # fmt: skip


@cache
def guarded(base: type[Any], allow: frozenset[tuple[str, str, str]], files: tuple[str, ...] = ()) -> type[Any]:
    """A subclass of one ccxt class through which only the requests of `allow` can leave, and those for a file at one
    of the hosts `files`."""
    plain = base()
    hosts = {section: _host(plain, section) for section, _, _ in allow}

    class Guarded(base):  # type: ignore[misc]
        def __init__(self, config: Any = None) -> None:
            settings = config or {}
            self.__dict__["session"] = open_session(settings.get("proxyUrl") or "")
            super().__init__(settings)

        def fetch2(
            self, path: str, api: Any = "public", method: str = "GET", params: Any = None, config: Any = None
        ) -> Any:
            section = api if isinstance(api, str) else ".".join(api)
            if (section, method, path) not in allow:
                raise Forbidden(f"{method} {section}/{path} is not on the list of reads")
            for name in re.findall(r"{([^{}]+)}", path):
                # braces: ccxt would fill in another parameter there, unseen
                if re.search(r"[/?#%\\{}]|\.\.", str((params or {}).get(name, ""))):
                    raise Forbidden(f"{method} {section}/{path} with another path inside")
            config = config or {}
            if self.rateLimit * config.get("cost", 1) > LONGEST_PAUSE:
                config = {**config, "cost": 1}  # a limit by the day, which who asks keeps to; ccxt would wait for hours
            token = _inside.set((method, self.implode_params(path, params or {}), hosts[section]))
            try:
                answer = super().fetch2(path, api, method, params or {}, config)
            finally:
                _inside.reset(token)
            if not isinstance(answer, dict | list):
                raise Passing(NO_DATA)
            return answer

        def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            parts, now = urlsplit(url), _inside.get()
            if now is None or parts.scheme != "https":
                raise Forbidden(f"{method} to {parts.hostname}")
            if (method, parts.hostname) != (now[0], now[2]) or not parts.path.endswith(f"/{now[1]}"):
                raise Forbidden(f"{method} to {parts.hostname}")
            _inside.set(None)
            try:
                with let_out(method, url):
                    return super().fetch(url, method, headers, body)
            except UnicodeEncodeError:  # of a key that no header can hold
                raise
            except (ValueError, TypeError, AttributeError, LookupError):
                raise Passing(NO_DATA) from None  # ccxt stumbles over an answer of a form that it does not expect

        def file(self, address: str) -> bytes:
            """A file that an answer told the address of."""
            return fetch_file(self.session, self.proxyUrl or "", address, files)

        ahead = 0  # milliseconds that this machine's clock is before the exchange's

        def milliseconds(self) -> int:
            return int(super().milliseconds()) - self.ahead

        def seconds(self) -> int:
            return self.milliseconds() // 1000

        def sign(self, path: str, *arguments: Any, **named: Any) -> Any:
            if _inside.get() is None:
                raise Forbidden("nothing is signed but what is on the list of reads")
            return super().sign(path, *arguments, **named)

        def check_conflicting_proxies(self, proxyAgentSet: Any, proxyUrlSet: Any) -> None:
            """ccxt 4.5.76 to 4.5.90 take "no agent" (False) for one that conflicts with proxyUrl."""
            super().check_conflicting_proxies(proxyAgentSet or None, proxyUrlSet)

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "verbose" and value:
                raise Forbidden("verbose output would show keys")
            if name == "session":
                raise Forbidden("the session is the last ring of the guard")
            super().__setattr__(name, value)

        def __reduce_ex__(self, protocol: Any) -> NoReturn:
            raise Forbidden("an object that holds keys is not written anywhere")

    Guarded.__name__ = base.__name__
    _shadow(Guarded)
    return Guarded


def _host(plain: Any, section: str) -> str:
    """The host of one section of an exchange's API, out of ccxt's table of addresses; "" (nothing passes) if none.

    The words of the section lead into the table: Gate's has both of private.spot, Bitget's only spot; where it has
    none of them, the address is under `rest`, as OKX's and Coinbase's, or they are all of one host. `{hostname}`
    stands for the section's own (HTX's contracts have one), else for the exchange's.
    """
    table, word = plain.urls["api"], ""
    while isinstance(table, dict):
        word = next((each for each in (*section.split("."), "rest") if each in table), "")
        if not word:
            break
        table = table[word]
    name = plain.urls.get("hostnames", {}).get(word) or plain.hostname or ""
    hosts = {urlsplit(address.replace("{hostname}", str(name))).hostname or "" for address in _addresses(table)}
    return hosts.pop() if len(hosts) == 1 else ""


def _addresses(table: Any) -> list[str]:
    if isinstance(table, dict):
        return [address for inner in table.values() for address in _addresses(inner)]
    return [table] if isinstance(table, str) else []


def _shadow(cls: type[Any]) -> None:
    def refuse(_self: object, *_arguments: object, **_named: object) -> NoReturn:
        raise Forbidden("taxsync only reads")

    changing = {name for name in cls().has if name.startswith(_CHANGING)}
    changing |= {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in changing}
    for name in dir(cls):
        if (name in changing or _ORDERS_OR_MOVES.match(name)) and callable(getattr(cls, name)):
            setattr(cls, name, refuse)


def repeats(api: Any, credentials: Iterable[str]) -> bool:
    """Whether the last answer holds a part of the key that it was asked for with, or of what signed the request."""
    text = str(api.last_http_response or "")
    text = text.replace("\\/", "/") if "\\/" in text else text
    keys = [line for name in credentials if name != "uid" for line in str(getattr(api, name) or "").splitlines()]
    headers = [str(value).rpartition(" ")[2] for value in (api.last_request_headers or {}).values()]
    signed = re.findall(r"(?i)signature=([^&]+)", f"{api.last_request_url}&{api.last_request_body}")
    found = [key for key in keys if len(key) >= SECRET and not key.isalpha() and not key.startswith("-----")]
    return any(each in text for each in (*found, *(long for long in headers if len(long) >= SIGNATURE), *signed))
