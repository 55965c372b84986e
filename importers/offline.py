"""ccxt's unified methods without a network: what they would ask for, and what they make of an answer.

    need = asks(api, "fetch_my_trades", "BTC/USD", 1600000000000, 100)      # a Need: section, method, path, parameters
    found = reads(api, need, answer, "fetch_my_trades", "BTC/USD")          # ccxt's own structures

Every request of an exchange of ccxt goes through `fetch2`. Here it is answered from what was given, or ends the call
with the request that it wants; nothing is signed and nothing sent. Who reads an exchange then makes that request
himself, through the guard, and gives the answer back.
"""

from collections.abc import Iterator, Mapping
from threading import RLock
from typing import Any, NoReturn

from msgspec import Struct, field

from importers.base import Answer, Params, Unlike
from importers.client import Forbidden, plain_class

# Has the form of every kind of credential, and opens nothing.
_MADE_UP = {"apiKey": "k" * 32, "secret": "c2VjcmV0" * 8, "password": "p", "uid": "1", "login": "l", "token": "t"}


Listed = tuple[str, str, str]  # section, method, path


class Need(Struct, frozen=True):
    """One request: where it is declared, by ccxt's words, and what is asked."""

    section: str
    method: str
    path: str
    params: Params = field(default_factory=dict)

    @property
    def listed(self) -> Listed:
        """As a list of what may leave has it."""
        return self.section, self.method, self.path


class _Needed(Exception):
    def __init__(self, need: Need) -> None:
        super().__init__(need.path)
        self.need = need


def offline(id: str) -> Any:
    """An exchange of ccxt that only answers from `given`, each answer once."""
    base: Any = plain_class(id)

    class Offline(base):  # type: ignore[misc]
        given: dict[Listed, Answer]
        loaded = False  # whether its markets are those of the exchange
        most: dict[str, int]  # of each list, the most records that one answer had
        onward: set[str]  # the lists that were seen to give their oldest records first

        def fetch2(
            self, path: str, api: Any = "public", method: str = "GET", params: Any = None, _config: Any = None
        ) -> Answer:
            need = Need(_section(api), method, path, dict(params or {}))
            if need.listed not in self.given:
                raise _Needed(need)
            return self.given.pop(need.listed)

        def fetch(self, *_arguments: Any, **_named: Any) -> NoReturn:
            raise Forbidden("nothing is sent from here")

        def load_markets(self, *_arguments: Any, **_named: Any) -> Any:
            return self.markets

    api = Offline({**_MADE_UP, "number": str, "enableRateLimit": False})
    api.given, api.most, api.onward = {}, {}, set()
    api.one = RLock()  # two accounts at one exchange may be read at the same time
    return api


def _run(api: Any, given: Mapping[Listed, Answer], unified: str, *arguments: Any) -> Any:
    """What a unified method gives with these answers. Raises _Needed, and whatever ccxt raises."""
    with api.one:
        api.given = dict(given)
        return getattr(api, unified)(*arguments)


def sample(api: Any) -> str:
    """Puts one made-up spot market in, so that what needs markets can be tried; gives its symbol."""
    spot = {"id": "AAABBB", "symbol": "AAA/BBB", "base": "AAA", "quote": "BBB", "baseId": "AAA", "quoteId": "BBB",
            "type": "spot", "spot": True, "active": True, "margin": False, "swap": False, "future": False,
            "option": False, "contract": False}  # fmt: skip
    api.set_markets(
        [api.safe_market_structure(spot)],
        {code: {"id": code, "code": code, "precision": None} for code in ("AAA", "BBB")},
    )
    return "AAA/BBB"


def asks(api: Any, unified: str, *arguments: Any) -> Need | None:
    """The first request that a unified method wants; None: it can't be called so."""
    try:
        _run(api, {}, unified, *arguments)
    except _Needed as wanted:
        return wanted.need
    except Exception:  # noqa: BLE001  # whatever ccxt stumbles over or refuses: it asks for nothing
        return None
    return None


def alone(api: Any, need: Need, unified: str, *arguments: Any) -> bool:
    """Whether a request is the only one of a unified method, as far as that shows with an empty answer."""
    empties: tuple[Answer, ...] = ({}, [])
    for empty in empties:
        try:
            _run(api, {need.listed: empty}, unified, *arguments)
        except _Needed:
            return False
        except Exception:  # noqa: BLE001, S112  # the empty answer
            continue
    return True


def reads(api: Any, need: Need, answer: Answer, unified: str, *arguments: Any) -> Any:
    """What a unified method makes of the answer to its only request. Raises Unlike."""
    try:
        return _run(api, {need.listed: answer}, unified, *arguments)
    except _Needed as another:
        raise Unlike(f"its answer makes ccxt ask for {another.need.path}, too") from None
    except Exception:  # noqa: BLE001  # ccxt stumbles over an answer of a form that it does not expect
        raise Unlike("its answer is of another form than ccxt knows") from None


def implicit(api: Any, need: Need) -> str:
    """The name of ccxt's implicit method for a request; "" if it has none."""
    for cls in type(api).__mro__:
        for name, entry in vars(cls).items():
            declared = (getattr(entry, "path", None), getattr(entry, "method", None))
            if declared == (need.path, need.method) and "_" not in name and _section(entry.api) == need.section:
                return name
    return ""


def _section(api: Any) -> str:
    return api if isinstance(api, str) else ".".join(api)


def public(api: Any) -> frozenset[Listed]:
    """The requests without a key by which ccxt learns an exchange's markets, as far as that can be told without
    their answers: empty ones are given, until it stumbles over them."""
    found: set[Listed] = set()
    given: dict[Listed, Answer] = {}
    for _ in range(12):
        try:
            _run(api, given, "fetch_markets")
        except _Needed as wanted:
            if wanted.need.method != "GET" or wanted.need.listed in given or not implicit(api, wanted.need):
                break
            found.add(wanted.need.listed)
            given[wanted.need.listed] = {}
        except Exception:  # noqa: BLE001  # the empty answer
            break
        else:
            break
    return frozenset(found)


def markets(api: Any, ask: Any) -> None:
    """Loads the markets through `ask`, which takes a Need and gives the answer."""
    given: dict[Listed, Answer] = {}
    for _ in range(12):
        try:
            listed = _run(api, given, "fetch_markets")
        except _Needed as wanted:
            given[wanted.need.listed] = ask(wanted.need)
            continue
        except Exception:  # noqa: BLE001  # ccxt stumbles over an answer of a form that it does not expect
            raise Unlike("its list of markets is of another form than ccxt knows") from None
        with api.one:
            api.set_markets(listed)
        return
    raise Unlike("its list of markets takes too many requests")


def rows(answer: Answer, depth: int = 4) -> int:
    """How many records an answer has: those of the longest list in it. Raises Unlike where there is no list: an
    error is no empty page."""
    lengths = list(_lists(answer, depth))
    if not lengths:
        raise Unlike("its answer has no list")
    return max(lengths)


def _lists(answer: Answer, depth: int) -> Iterator[int]:
    if isinstance(answer, list):
        yield len(answer)
    elif isinstance(answer, Mapping) and depth:
        for each in answer.values():
            yield from _lists(each, depth - 1)
