"""One exchange behind ccxt, made safe: it can only read, it hides no failure, it rounds no number.

    client = open_client(EXCHANGE, credentials, proxy_url)
    page = client.call("privatePostLedgers", {"ofs": 50}, read)    # `read` gets the raw answer, numbers as text

What may leave is the guard's (`importers.guard`). Errors are one known sentence each: the texts of ccxt and requests
hold addresses, signatures and keys, and are never shown nor chained.
"""

import logging
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from importers import exact
from importers.base import AGAIN, FILE, NO_LIST, Answer, Exchange, Params, Refused, Unlike
from importers.guard import NO_DATA, guarded, repeats
from importers.patience import LIMITED, OFFLINE, USUAL, Passing, asked, patiently
from importers.session import Forbidden as Forbidden
from pipeline.proxy import on_this_machine

TIMEOUT = 30_000  # milliseconds
BRIEFLY = 3  # of that, and of the usual tries, one in so many for public data: another exchange has it, too
IMPATIENT = 0.05  # of every pause, with who listens on this machine
WORTH_SAYING = 3  # seconds of a pause
A_MOMENT = 500  # milliseconds by which clocks may differ without harm
GONE = (404, 405, 410)  # statuses of what is not there, now or later

Waiting = Callable[[str], None]
T = TypeVar("T")


class Unreachable(Refused):
    """The exchange did not give what was asked: one sentence that says why and what to do."""


class Absent(Unreachable):
    """What was asked for is no longer there: a market that is gone."""


class Gone(Unreachable):
    """The exchange has no such list, or not any more."""


class Client:
    """An opened exchange. `call` and `call_stable` are all it can do."""

    def __init__(self, exchange: Exchange, api: Any, waiting: Waiting, then: str, part: int, impatient: bool) -> None:
        self.exchange = exchange
        self._api = api
        self._waiting = waiting
        self._then = then
        self._part = part
        self._impatient = impatient
        self._clock_asked = False
        self._kept = {each.method for each in exchange.streams} | {each.method for each in exchange.wallets}
        self._full = api.rateLimit  # between two requests

    def __repr__(self) -> str:
        return f"Client({self.exchange.id})"

    @property
    def key(self) -> str:
        """The apiKey, to find it in an exchange's own list of keys."""
        return str(self._api.apiKey or "")

    def call(self, method: str, params: Params, read: Callable[[Answer], T]) -> T:
        """What `read` makes of the raw answer of one implicit method of ccxt, its numbers as text.

        In place of a method FILE: of the bytes of a file. Tried again, with growing pauses and an end, when the fault
        may pass; an answer that `read` finds Unlike is one of those. Raises Unreachable, without a trace of the error
        behind it: that one's text may hold anything.
        """

        def ask() -> T:
            try:
                return _made(read, self._once(method, dict(params)))
            except Unlike as what:
                raise Passing(str(what)) from None

        return self._patiently(method, ask)

    def call_stable(self, method: str, params: Params, read: Callable[[Answer], T]) -> T:
        """As `call`, but what `read` finds Unlike is the exchange's last word: raises Unlike at once."""
        try:
            return self._patiently(method, lambda: _made(read, self._once(method, dict(params))))
        except Unlike as what:
            unlike = Unlike(*what.args)
        raise unlike

    def _patiently(self, method: str, ask: Callable[[], T]) -> T:
        """`ask`, tried again while a fault may pass."""

        def say(why: str, pause: float) -> None:  # seconds of waiting, no money
            if pause >= WORTH_SAYING:
                self._waiting(f"{self._place(method)}: {why}; tried again in {pause:.0f} s")

        try:
            return patiently(ask, IMPATIENT if self._impatient else 1, say, self._part)
        except Passing as fault:
            failed = self._failed(method, f"{fault.why}; {self._then}")
        raise failed

    def _file(self, address: str) -> bytes:
        try:
            return bytes(self._api.file(address))
        except Forbidden as refused:
            fault = self._failed(FILE, f"{refused}, is not fetched; {self.exchange.gap_help or self._then}")
        raise fault

    def _once(self, method: str, params: Params) -> Answer:
        import ccxt

        if method == FILE:
            return self._file(str(params["address"]))
        answer: Answer = {}
        fault: Exception | None = None
        try:
            answer = getattr(self._api, method)(params)
            if method in self._kept and repeats(self._api, self.exchange.credentials):
                fault = Passing("its answer repeats the key, or what the request was signed with, so it is not kept")
        except Passing as passing:
            fault = Passing(passing.why, passing.pace)
        except ccxt.BaseError as error:
            fault = self._meaning(method, error)
        except (ValueError, TypeError, AttributeError, UnicodeError):  # binascii.Error is a ValueError
            fault = self._failed(method, "the key is not of the form that it gives; copy it again from there")
        finally:
            self._api.last_request_headers = self._api.last_request_body = self._api.last_request_url = None
            self._api.last_http_response = self._api.last_json_response = None
        headers, self._api.last_response_headers = self._api.last_response_headers, None
        if isinstance(fault, Passing):
            fault.asked = asked(headers)
            if fault.pace is LIMITED:
                self._slow_down()
        if fault is not None:
            raise fault
        return answer

    def _set_clock(self) -> bool:
        """Whether requests bear the exchange's own time from now on, asked for once: this machine's was another."""
        if self._clock_asked:
            return False
        self._clock_asked = True
        try:
            told, near = self._told_time(), A_MOMENT if self.exchange.time else 4 * A_MOMENT
        except Exception:  # noqa: BLE001 - what it was asked for first is told
            return False
        ahead = int(self._api.milliseconds()) - told
        if abs(ahead) <= near:
            return False
        self._api.ahead += ahead
        self._api.options.pop("lastNonce", None)  # where times are nonces, the next one was refused, not used
        return True

    def _told_time(self) -> int:
        """The exchange's own time, Unix milliseconds: by its method for that, else to the second by the Date of the
        answer that refused (RFC 9110 section 6.6.1)."""
        if self.exchange.time is not None:
            method, read = self.exchange.time
            return int(read(getattr(self._api, method)({})))
        return int(parsedate_to_datetime(self._api.last_response_headers["Date"]).timestamp() * 1000) + A_MOMENT

    def _slow_down(self) -> None:
        """Keeps to the exchange's own pace from now on; on this machine to a part of it, doubled when told again."""
        full, now = float(self._full), float(self._api.rateLimit)  # milliseconds
        if self._impatient:
            self._api.rateLimit = min(full, 2 * now) if self._api.enableRateLimit else full * IMPATIENT
        self._api.enableRateLimit = True

    def _meaning(self, method: str, error: Exception) -> Exception:
        """What one error means; its text is only searched for the exchange's own codes. Where this machine's clock
        may be the reason, the exchange's is asked for, once."""
        import ccxt
        import requests

        text = _compact(str(error))
        for code, meaning in self.exchange.faults.items():
            if code in text:
                if meaning.clock and self._set_clock():
                    return Passing(meaning.sentence)
                if meaning.passing:
                    return Passing(meaning.sentence, LIMITED if meaning.limited else USUAL)
                if meaning.absent:
                    return Absent(f"{self._place(method)}: {meaning.sentence}")
                if meaning.gone:
                    return self._gone(method, meaning.sentence)
                return self._failed(method, meaning.sentence)
        status = _status(error)
        if status in GONE:
            return self._gone(method, f"{NO_LIST} ({status})")
        if status == 429 or isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
            return Passing("it asks for fewer requests", LIMITED)
        if status == 401 or isinstance(error, ccxt.AuthenticationError):
            told = "it does not take the key; add a new one with `taxsync keys add`"
            return self._failed(method, told if self.key else "it does not give this without a key")
        if isinstance(error.__cause__, requests.TooManyRedirects):
            return self._failed(method, "it sends the request to another address, which is not followed")
        if "CERTIFICATE_VERIFY_FAILED" in str(error.__cause__):
            return self._failed(
                method,
                "its certificate can't be verified, so nothing was sent: a proxy or a virus scanner on the way answers "
                "in its place, or this machine's clock is wrong",
            )
        if host := _unconnected(error.__cause__):
            return Passing(f"no connection to {host} from this machine", OFFLINE)
        if isinstance(error, ccxt.RequestTimeout):
            return Passing("it did not answer in time")
        if status >= 500 or isinstance(error, ccxt.OperationFailed):
            return Passing("it can't be reached, or is under maintenance")
        if status < 400 and re.search(r" (\{\s*\}|\[\s*\])\s*$", text):
            return Passing(NO_DATA)
        return self._failed(
            method,
            "it refuses the request for a reason that taxsync does not know; see there whether the key and the account "
            "are in order",
        )

    def _place(self, method: str) -> str:
        return f"{self.exchange.name} ({_words(method)})"

    def _gone(self, method: str, why: str) -> Gone:
        export = self.exchange.gap_help.rstrip(".") or "import an export of what it had"
        return Gone(f"{self._place(method)}: {why}; a newer taxsync may know where it is now. Until then: {export}")

    def _failed(self, method: str, why: str) -> Unreachable:
        return Unreachable(f"{self._place(method)}: {why}")


def _made(read: Callable[[Answer], T], answer: Answer) -> T:
    """What `read` makes of an answer. Raises Unlike, also where it stumbles over a form that nobody thought of."""
    try:
        return read(answer)
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError):
        raise Unlike("its answer is of a form that taxsync does not know") from None


def _compact(text: str) -> str:
    """An error's text, the exchange's JSON in it written as the entries write their codes: without a space about
    a colon, and with a comma after the last number of an object as after every other."""
    return re.sub(r"(?<=\d)\s*}", ",}", re.sub(r'"\s*:\s*', '":', text))


def _status(error: Exception) -> int:
    """The HTTP status of an answer that ccxt made an error of for what stands in it; 0: a good one, or none."""
    return int(getattr(getattr(error.__context__, "response", None), "status_code", None) or 0)


def _unconnected(cause: BaseException | None) -> str:
    """The host that this machine found no way to (its name is not known, or no network leads there); "" if it did."""
    import requests
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    inner = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    if not isinstance(inner, MaxRetryError) or not isinstance(inner.reason, NewConnectionError):
        return ""
    refused = isinstance(inner.reason.__cause__, ConnectionRefusedError)  # a machine that is there
    return "" if refused else str(getattr(inner.pool, "host", "it"))


def _words(method: str) -> str:
    """The list that was asked for, as the exchange names it: privatePostLedgers -> Ledgers, without a version."""
    return re.sub(r"^[A-Za-z0-9]*?(?:Get|Post)(?:V\d+)?(?=[A-Z])", "", method)


def open_client(
    exchange: Exchange,
    credentials: Mapping[str, str] | None,
    proxy_url: str = "",
    waiting: Waiting = lambda _: None,
    then: str = AGAIN,
) -> Client:
    """The exchange, ready to be read; without credentials only its public market data.

    `proxy_url`: every request goes to it followed by the whole original address. `waiting` gets a
    line before each long pause. `then`: what to do when a fault that might have passed did not.
    """
    import ccxt

    if exchange.id not in ccxt.exchanges:
        raise Refused(f"ccxt does not know '{exchange.id}'; install the newest taxsync")
    _silence("ccxt", "requests", "urllib3")
    loopback, part = on_this_machine(proxy_url), BRIEFLY if credentials is None else 1
    api = guarded(getattr(ccxt, exchange.id), exchange.allow, exchange.files)(
        {
            **(credentials or {}),
            "number": str,
            "timeout": TIMEOUT // part,
            "enableRateLimit": not loopback,  # who listens on this machine says itself when it is too much
            "fetchHistoryCacheSize": 0,
            "proxyUrl": proxy_url or None,
        }
    )
    api.on_json_response = _heard
    return Client(exchange, api, waiting, then, part, loopback)


def _heard(text: str) -> Answer:
    try:
        return exact.heard(text)
    except exact.Odd as odd:
        why = str(odd)
    raise Passing(why)


def known() -> frozenset[str]:
    """Every exchange of the installed ccxt, by its id. Loading ccxt takes most of a second."""
    import ccxt

    return frozenset(ccxt.exchanges)


def plain_class(id: str) -> type[Any]:
    """ccxt's class of a known exchange, unguarded: for `offline`, which lets none of its requests out."""
    import ccxt

    found: type[Any] = getattr(ccxt, id)
    return found


def described(id: str) -> tuple[str, tuple[str, ...]]:
    """What ccxt says of a known exchange: (its name, the credentials that its API signs with)."""
    import ccxt

    plain = getattr(ccxt, id)()
    return str(plain.name), tuple(name for name, needed in plain.requiredCredentials.items() if needed)


def _silence(*libraries: str) -> None:
    """Their loggers write signed addresses, keys and answers; not only at DEBUG: a malformed header is a warning."""
    for name in [*libraries, *logging.root.manager.loggerDict]:
        if name.split(".")[0] in libraries:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
