"""Ledger Live's "operations history": one row per operation of an account, a token's beside that of its account.

What is sent includes the fee, what is received has none of the person's own; tokens have none of their own: the gas is
a row FEES of the coin. A failed transaction still costs its fee. Times are UTC. The person's accounts are all in one;
what goes from one to the other is two rows of one hash.

Source: LedgerHQ/ledger-live, csvExport.ts and operation.ts (types, what `value` holds; read 2026-11): since 2022 with
Status, since 2020 with the countervalues; "Account id" in the oldest (BittyTax). From memory: what a failed operation's
amount is (not read here).
"""

from collections.abc import Iterator
from functools import partial

from importers.exports import Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from pipeline.model import Label
from pipeline.money import ZERO, parse

# Calls that move nothing but the fee.
_CALLS = frozenset(
    "FEES NONE CREATE REVEAL DELEGATE UNDELEGATE REDELEGATE FREEZE UNFREEZE VOTE BOND UNBOND WITHDRAW_UNBONDED "
    "SET_CONTROLLER NOMINATE CHILL APPROVE OPT_IN OPT_OUT LOCK UNLOCK WITHDRAW REVOKE ACTIVATE REGISTER".split()
)
_REWARDS = frozenset(("REWARD", "REWARD_PAYOUT"))
_STATUS = {"confirmed": False, "": False, "failed": True}


def read(row: Row) -> Iterator[Said]:
    kind, code = row["Operation Type"], row["Currency Ticker"]
    quantity, fee = row.number("Operation Amount"), row.number("Operation Fees")
    told = partial(row.transaction, description=f"{kind} {row['Account Name']}", txhash=row["Operation Hash"])
    if row["Status"].casefold() not in _STATUS:
        raise Unread(f"what Status '{row['Status']}' means is not known")
    if quantity < 0 or fee < 0:
        raise Unread("it has a number below 0")
    if _STATUS[row["Status"].casefold()]:
        yield told(fee=row.of(fee, code))
    elif kind == "IN":
        yield told(received=row.of(quantity, code))
    elif kind in _REWARDS:
        yield told(received=row.of(quantity, code), label=Label.REWARD)
    elif kind == "OUT":
        if quantity < fee:
            raise Unread("its fee is more than what it sends")
        yield told(sent=row.of(quantity - fee, code), fee=row.of(fee, code))
    elif kind in _CALLS:
        if quantity not in (ZERO, fee):
            raise Unread(f"a {kind} that moves more than its fee")
        yield told(fee=row.of(fee, code))
    else:
        raise Unread(f"what the type '{kind}' means is not known")


def passed(row: Cells) -> str:
    """What costs nothing: a failed transaction that somebody else paid for, a call without a fee."""
    kind, fee = row.get("Operation Type", ""), _zero(row.get("Operation Fees", ""))
    if row.get("Status", "").casefold() == "failed" and (fee or kind == "IN" or kind in _REWARDS):
        return "failed"
    return "empty" if kind in _CALLS and fee and _zero(row.get("Operation Amount", "")) else ""


def _zero(text: str) -> bool:
    try:
        return not text or parse(text) == ZERO
    except ValueError:
        return False


FORMAT = export(
    "ledger_live",
    1,
    needs=("Operation Date", "Currency Ticker", "Operation Type", "Operation Amount", "Operation Fees",
           "Operation Hash", "Account Name"),
    one_of=("Account xpub", "Account id"),
    may_have=("Status", "Countervalue Ticker", "Countervalue at Operation Date", "Countervalue at CSV Export"),
    date="Operation Date",
    each=read,
    changing=("Account Name", "Account xpub", "Account id", "Countervalue *"),
    labels=("Status",),
    passed=passed,
)  # fmt: skip
