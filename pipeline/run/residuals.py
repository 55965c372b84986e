"""Balances as the exchanges say them against the ledger's: what is left over, its value, and what it may come from.

The difference itself, and the time in which it came about, are found by the core (`gains.checks`). Here it gets a
value, where any price of the asset is known, and the likely causes, out of what else is known to be wrong.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.checks import changes, differs, digits, told
from pipeline.issues import Issue
from pipeline.model import DOUBTFUL, NO_MARKET, Balance, Price, Transaction, is_fiat
from pipeline.money import ZERO, exact, exact_text, parse
from pipeline.run.coverage import TELLING_LOST

CODE = "balance_differs"
SHOWN = 3  # causes of one difference
# Each cause once more for a person, by the code of what is known to be missing.
_KNOWN = {
    "not_fetched": "a list that was never fetched",
    "stored_in_part": "a list that is not fetched to its end",
    "not_updated": "a list that could not be fetched in the last run",
    "short_history": "history that the API does not give",
    "market_gone": "trades in a market that is gone",
    "not_supported": "margin, futures, loans or bots, which are not computed",
}


class Residual(Struct, frozen=True):
    """What an exchange reports of one asset beyond the ledger (negative: less). `value`: its size in the reporting
    currency (None: no price is known). It came about after `after` (None: before the first report) until `until`."""

    account: str
    asset: str
    difference: Decimal
    value: Decimal | None
    after: datetime | None
    until: datetime
    causes: tuple[str, ...]


def explained(
    issues: Sequence[Issue], rows: Sequence[Transaction], prices: Sequence[Price], currency: str
) -> list[Issue]:
    """`issues`, with the differences among them valued, given their likely causes, and the dearest first."""
    found = []
    with exact():
        for issue in issues:
            if issue.code == CODE:
                value = _value(abs(_difference(issue)), issue.asset, prices, currency, issue.at)
                causes = _causes(issue, issues, rows)
                stake = "" if value is None else exact_text(value)
                told = {"likely": f"; likely: {'; or '.join(causes)}", "causes": "\n".join(causes)}
                found.append(replace(issue, at_stake=stake, details=issue.details | told))
    found.sort(key=lambda i: Decimal(i.at_stake or 0), reverse=True)
    ranked = iter(found)
    return [next(ranked) if issue.code == CODE else issue for issue in issues]


def residuals(issues: Sequence[Issue]) -> list[Residual]:
    """The differences among explained issues, as data."""
    return [
        Residual(
            account=i.account,
            asset=i.asset,
            difference=_difference(i),
            value=Decimal(i.at_stake) if i.at_stake else None,
            after=datetime.fromisoformat(i.details["after"]) if i.details["after"] else None,
            until=datetime.fromisoformat(i.details["until"]),
            causes=tuple(i.details["causes"].split("\n")),
        )
        for i in issues
        if i.code == CODE
    ]


def without_price(issues: Sequence[Issue]) -> set[tuple[str, datetime]]:
    """(asset, when) of the differences that no price is known for."""
    return {(i.asset, i.at) for i in issues if i.code == CODE and not i.at_stake and i.at is not None}


def _difference(issue: Issue) -> Decimal:
    return parse(issue.details["reported"]) - parse(issue.details["computed"])


def _value(
    quantity: Decimal, asset: str, prices: Sequence[Price], currency: str, at: datetime | None
) -> Decimal | None:
    """At the price of the day nearest to the report: this ranks differences, and is no figure of a report."""
    if asset == currency:
        return quantity
    real = (p for p in prices if not p.source.startswith((DOUBTFUL, NO_MARKET)))
    known = [p for p in real if (p.asset, p.currency) == (asset, currency)]
    if not known or at is None:
        return None
    return quantity * min(known, key=lambda p: abs(_days(p) - at.toordinal())).price


def _days(price: Price) -> int:
    when = price.day if price.at is None else price.at
    assert when is not None
    return when.toordinal()


# ---- causes -----------------------------------------------------------------------------------


def _causes(issue: Issue, issues: Sequence[Issue], rows: Sequence[Transaction]) -> list[str]:
    """What a difference may come from, what is known of this very account first."""
    less = _difference(issue) < ZERO
    found = [*_of_rows(issue, rows), *_of_issues(issue, issues)]
    if less:
        guesses = ["a fee taken in kind", "a withdrawal, a sale or a sweep of dust that no list shows"]
        if is_fiat(issue.asset):
            guesses = ["a fee or a withdrawal to a bank that no list shows"]
    else:
        guesses = ["a staking reward, an airdrop or a deposit that no list shows"]
        if is_fiat(issue.asset):
            guesses = ["a deposit from a bank or a sale that no list shows"]
    guesses.append("a wallet that the key doesn't see" if less else "a conversion that no list shows")
    return [*found, *guesses][:SHOWN]


def _of_rows(issue: Issue, rows: Sequence[Transaction]) -> list[str]:
    """A row whose amount or fee is just what is left over, in the time in which it came about."""
    difference, details = _difference(issue), issue.details
    after = datetime.fromisoformat(details["after"]) if details["after"] else None
    until = datetime.fromisoformat(details["until"])
    for t in rows:
        if t.account != issue.account or t.at > until or (after is not None and t.at <= after):
            continue
        place = f"of {t.at:%Y-%m-%d} ({t.id})"
        if t.fee is not None and t.fee.asset == issue.asset and t.fee.quantity == abs(difference):
            once = "was not taken, or is in its amount already" if difference > ZERO else "was taken twice"
            return [f"the fee {place}, which {once}"]
        if (issue.asset, -difference) in changes(t):
            return [f"the row {place}, which is of just this size and may be there twice or not have been done"]
    return []


def _of_issues(issue: Issue, issues: Sequence[Issue]) -> list[str]:
    own = [i for i in issues if i.account == issue.account]
    less = _difference(issue) < ZERO
    wallets = [i.details for i in own if less and i.code == "wallet_not_read" and i.details["wallet"]]
    unread = sum(i.code == "unread_record" and i.asset in ("", issue.asset) for i in own)
    found = [f"the {told['wallet']} wallet, which could not be read ({told['why']})" for told in wallets]
    found += [f"{unread} record{'s' * (unread != 1)} that could not be read"] if unread else []
    codes = {i.code for i in own}
    if any(i.code == "list_not_given" and i.details["loss"] == TELLING_LOST for i in own):
        found.append("a list that the exchange does not give")
    found += [words for code, words in _KNOWN.items() if code in codes]
    found += [f"{i.details['place']}, which are not read from its API" for i in own if i.code == "moved_elsewhere"]
    return [*found, *(f"{i.details['what']}, which are not read from its API" for i in own if i.code == "not_read")]


# ---- side by side -----------------------------------------------------------------------------


class Holding(Struct, frozen=True):
    """Units of one asset in one account: by the records, and by the exchange (None: it wasn't asked), both as of when
    it was asked. `agrees`: what differs is below the last digit that the exchange shows."""

    account: str
    asset: str
    computed: Decimal
    reported: Decimal | None
    agrees: bool = False


def _computed(rows: Sequence[Transaction], asked: Mapping[str, datetime]) -> dict[tuple[str, str], Decimal]:
    """What is there of each asset in each account by the rows until it was `asked`: all of them, where it never was."""
    held: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for t in rows:
        account = t.account
        if account in asked and t.at > asked[account]:
            continue
        here = held[account]
        if (received := t.received) is not None:
            here[received.asset] += received.quantity
        if (sent := t.sent) is not None:
            here[sent.asset] -= sent.quantity
        if (fee := t.fee) is not None:
            here[fee.asset] -= fee.quantity
    return {(account, asset): quantity for account, here in held.items() for asset, quantity in here.items()}


def holdings(rows: Sequence[Transaction], reported: Sequence[Balance]) -> tuple[list[Holding], dict[str, datetime]]:
    """Every balance that is not zero on both sides, and when each exchange was last asked."""
    reports = told(reported)
    asked = {account: max(instants) for account, instants in reports.items()}
    with exact():
        computed = _computed(rows, asked)
        newest = {(account, asset): q for account, at in asked.items() for asset, q in reports[account][at].items()}
        keys = {key for key, quantity in computed.items() if quantity} | newest.keys()
        found = []
        for account, asset in sorted(keys):
            have = computed.get((account, asset), ZERO)
            want = newest.get((account, asset), ZERO) if account in asked else None
            agrees = want is not None and not differs(want, have, digits(reports[account], asset))
            found.append(Holding(account, asset, have, want, agrees))
    return found, asked
