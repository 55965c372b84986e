"""What was looked up and is no price, as open problems: a price far from its neighbours, an asset without a market.

Takes the problems of `assess` and what it valued, gives the problems: those of a missing price say what was found, with
a line of a price file that takes it after all; an airdrop that counts as nothing is listed.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from pipeline.gains.answered import AS_SAID
from pipeline.gains.value import PriceBook
from pipeline.issues import Issue
from pipeline.model import DOUBTFUL, NO_MARKET, Transaction, Valued
from pipeline.money import plain


def told(issues: Iterable[Issue], valued: Sequence[Valued], prices: PriceBook) -> list[Issue]:
    """`issues`, with what is doubtful said in them, and one for each airdrop without a market."""
    return [*(_doubtful(issue, prices) for issue in issues), *_worthless(valued, prices.currency)]


def _doubtful(issue: Issue, prices: PriceBook) -> Issue:
    if issue.code != "missing_price" or issue.at is None:
        return issue
    found = prices.set_aside(issue.asset, issue.at, DOUBTFUL)
    if found is None:
        return issue
    source, price = found.source.removeprefix(DOUBTFUL), plain(found.price)
    hint = f" ({source} is {price} {found.currency}, far from what it was before and after, and not used"
    if found.currency != prices.currency:
        return replace(issue, details=issue.details | {"hint": f"{hint})"})
    return replace(issue, details=issue.details | {"hint": f"{hint}; if it is right, import the line)", "price": price})


def _worthless(valued: Iterable[Valued], currency: str) -> Iterator[Issue]:
    for v in valued:
        t = v.event
        if v.basis.startswith(NO_MARKET) and isinstance(t, Transaction) and t.received is not None:
            words = {
                "quantity": plain(t.received.quantity),
                "why": v.basis.removeprefix(NO_MARKET),
                "currency": currency,
            }
            if v.basis.startswith(f"{NO_MARKET}{AS_SAID}"):
                words["before"] = f"take that back, `taxsync label {t.id} none`, and "
            yield Issue("worthless_airdrop", t.account, t.received.asset, t.at, t.id, details=words)
