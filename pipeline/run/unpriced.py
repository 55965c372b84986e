"""What exchanges were asked for and do not have: not asked for again for a while, and what has no market at all.

Kept beside the cursors, one text for each exchange and currency: it is no fact about the taxpayer, is in no digest and
does not grow without end.
"""

import json
from collections.abc import Iterable
from datetime import date, timedelta

from importers.quotes.candles import Found, Want
from pipeline.ledger import Ledger

AGAIN_AFTER = timedelta(days=30)
_PLACE = ("", "prices")  # account and source of the cursors
_MARKET = "market"  # in place of a day: there is no market for the asset


class Unpriced:
    """What is known not to be there, on the UTC day `today`, for prices in `currency`."""

    def __init__(self, ledger: Ledger, currency: str, today: date) -> None:
        self._ledger, self._currency, self._today = ledger, currency, today
        # exchange -> asset -> the taxpayer's day (or _MARKET) -> when it was asked
        self._asked: dict[str, dict[str, dict[str, str]]] = {}
        for stream, text in ledger.cursors(*_PLACE).items():
            exchange, _, of = stream.partition(" ")
            if of == currency:
                self._asked[exchange] = json.loads(text)

    def known(self, exchange: str, want: Want) -> bool:
        """Whether an exchange said of late that it does not have this."""
        days = self._asked.get(exchange, {}).get(want.asset, {})
        return any(self._of_late(days.get(when, "")) for when in (_MARKET, str(want.day)))

    def no_market(self, exchanges: Iterable[str], asset: str) -> bool:
        """Whether every one of these said of late that it has no market for the asset."""
        return all(self._of_late(self._asked.get(e, {}).get(asset, {}).get(_MARKET, "")) for e in exchanges)

    def learn(self, found: Found) -> None:
        """Keeps what a look-up did not find."""
        today = str(self._today)
        for exchange, wants in found.missed.items():
            assets = self._asked.setdefault(exchange, {})
            for want in wants:
                when = _MARKET if want.asset in found.absent[exchange] else str(want.day)
                assets.setdefault(want.asset, {})[when] = today
        for exchange in found.missed:
            late = {a: {w: on for w, on in d.items() if self._of_late(on)} for a, d in self._asked[exchange].items()}
            text = json.dumps({asset: days for asset, days in late.items() if days}, sort_keys=True)
            self._ledger.set_cursor(*_PLACE, f"{exchange} {self._currency}", text)

    def _of_late(self, asked: str) -> bool:
        return bool(asked) and self._today - date.fromisoformat(asked) < AGAIN_AFTER
