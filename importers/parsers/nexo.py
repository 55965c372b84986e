"""What Nexo's exports mean: one row per movement, with its type, and in its details whether it was approved.

EURX, GBPX and USDX are Nexo's way to write money in an account. A movement of money has several rows, of which one
counts: `Exchange Deposited On` and `Withdraw Exchanged`; what a card paid is told so, too, or is on credit.
Coins sold to repay a loan are spent at the value that Nexo gives; the loan itself, its interest included, is not read.

Sources: the converters BittyTax and rotki, and rows that people show (2020 to 2025). From memory: that a fee, of which
the newest exports have a column, is on top.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.exports import Row, Said
from importers.layout import Cells
from importers.parsers.build import LOANS, Unread
from importers.parsers.moved import moved
from pipeline.model import Amount, Label
from pipeline.money import ZERO

_CODES = {
    "BNBN": "BNB", "EURX": "EUR", "GBPX": "GBP", "LUNA2": "LUNA", "NEXOBEP2": "NEXO", "NEXOBNB": "NEXO",
    "NEXONEXO": "NEXO", "USDTERC": "USDT", "USDX": "USD",
}  # fmt: skip
_LABELS = {
    "interest": Label.INTEREST,
    "fixedterminterest": Label.INTEREST,
    "interestadditional": Label.INTEREST,
    "dividend": Label.INCOME,
    "bonus": Label.INCOME,
    "referralbonus": Label.INCOME,
    "cashback": Label.CASHBACK,
    "exchangecashback": Label.CASHBACK,
}
_CAME = frozenset(("deposit", "exchangedepositedon", "topupcrypto", "transferfromprowallet"))
_WENT = frozenset(("withdrawal", "withdrawexchanged", "transfertoprowallet"))
_REPAID = frozenset(("manualsellorder", "liquidation"))  # a sale of coins; what it repays has rows of its own
_LOANS = frozenset(
    "withdrawalcredit loanwithdrawal exchangecollateral exchangecredit exchangeliquidation assimilation".split()
)
_INTERNAL = frozenset(
    "deposittoexchange exchangetowithdraw creditcardfiatxexchangetowithdraw lockingtermdeposit unlockingtermdeposit "
    "transferin transferout".split()
)
_NO_BALANCE = frozenset("creditcardstatus nexocardpurchase repayment manualrepayment".split())
_PAIR = re.compile(r"-(\d+(?:\.\d+)?) / \+(\d+(?:\.\d+)?)", re.ASCII)
_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{64}", re.ASCII)

Side = tuple[Decimal, str]


def passed(row: Cells) -> str:
    """Rejected and pending rows, moves within Nexo, and rows that are told by others or change no balance."""
    said = row.get("Details", "").partition(" / ")[0].casefold()
    if said == "rejected":
        return "failed"
    if said == "pending":
        return "pending"
    kind = _kind(row.get("Type", ""))
    return "internal" if kind in _INTERNAL else "no change of a balance" if kind in _NO_BALANCE else ""


def _kind(text: str) -> str:
    return text.replace(" ", "").casefold()


def _code(code: str) -> str:
    return _CODES.get(code, code)


def with_both(row: Row) -> Iterable[Said]:
    """A row with an input and an output."""
    given = (row.number("Input Amount"), _code(row["Input Currency"]))
    got = (row.number("Output Amount"), _code(row["Output Currency"]))
    fee = row.amount("Fee", _code(row["Fee Currency"])) if row.number("Fee") else None
    yield from _read(row, given, got, fee)


def with_one(row: Row) -> Iterable[Said]:
    """A row with one amount, an exchange as "-1 / +2" of "BTC/ETH"."""
    if _kind(row["Type"]) == "exchange":
        amounts, codes = _PAIR.fullmatch(row["Amount"]), row["Currency"].split("/")
        if amounts is None or len(codes) != 2:
            raise Unread("it does not say what was given for what")
        given, got = (-Decimal(amounts[1]), _code(codes[0])), (Decimal(amounts[2]), _code(codes[1]))
    else:
        given = got = (row.number("Amount"), _code(row["Currency"]))
    yield from _read(row, given, got, None)


def _read(row: Row, given: Side, got: Side, fee: Amount | None) -> Iterator[Said]:
    kind, words = _kind(row["Type"]), row["Type"]
    said, _, about = row["Details"].partition(" / ")
    if about and said.casefold() not in ("approved", "processed"):
        raise Unread(f"what '{said}' means is not known")
    txhash = about if _HASH.fullmatch(about) else ""
    quantity, code = got if got[0] and got[1] else given
    if kind == "exchange":
        if given[0] >= ZERO or got[0] <= ZERO:
            raise Unread("it does not say what was given for what")
        yield row.transaction(sent=row.of(-given[0], given[1]), received=row.of(*got), fee=fee, description=words)
    elif kind in _LABELS:
        if min(given[0], got[0]) < ZERO:
            raise Unread("interest of a loan, or interest that was given for another coin", LOANS)
        airdropped = Label.AIRDROP if "airdrop" in about.casefold() else _LABELS[kind]
        yield moved(row, quantity, code, airdropped, fee=fee, description=words)
    elif kind in _CAME:
        if "credit" in about.casefold():
            raise Unread("a loan that was paid out in coins", LOANS)
        label = Label.AIRDROP if "airdrop" in about.casefold() else None
        yield moved(row, abs(quantity), code, label, fee=fee, description=words, txhash=txhash)
    elif kind in _WENT:
        yield moved(row, -abs(given[0]), given[1], fee=fee, description=words, txhash=txhash)
    elif kind == "withdrawalfee":
        yield moved(row, -abs(given[0]), given[1], Label.COST, description=words)
    elif kind in _REPAID:
        worth = row.size("USD Equivalent", "USD")
        sent = row.of(abs(given[0]), given[1])
        yield row.transaction(sent=sent, fee=fee, label=Label.SPEND, net_worth=worth, description=about or words)
    else:
        raise Unread(f"type {words} is not known", LOANS if kind in _LOANS else "")
