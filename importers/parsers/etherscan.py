"""The exports of Etherscan and of the explorers made like it (BscScan, PolygonScan, Arbiscan, Snowtrace, ...).

The coin is told by the columns ("Value_IN(ETH)"). Whose file it is says its name ("export-0x....csv"), else the
address that all rows of a file have in common. Times are Unix seconds. A failed transaction moves nothing, and costs
its fee. The three exports (transactions, internal ones, token transfers) are of one account, the address in their
names, and are read together, whichever came first: what left and what came in rows of one hash is one trade, where the
transaction's Method says so ("Swap Exact Tokens For ETH", "Execute") and one asset left and another one came. What a
contract gives for a deposit looks the same but for the Method, and stays two movements.

Source: headers and their years as BittyTax and other public readers have them, for Etherscan, BscScan, PolygonScan and
Arbiscan (2026-11): "Txhash" until 2023, "Transaction Hash" since. From memory: the words of Status.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from importers.exports import Row, Said, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from pipeline.model import Amount, Label, Transaction
from pipeline.money import ZERO

HASHES = ("Txhash", "Transaction Hash")
ADDRESS = re.compile(r"0x[0-9a-f]{40}", re.IGNORECASE | re.ASCII)
CHANGING = (
    "CurrentValue*", "Historical $Price/*", "TxnFee(USD)", "USDValueDayOfTx", "PrivateNote", "Method", "Blockno",
    "DateTime*",
)  # fmt: skip
RENAMED = {"Txhash": "Transaction Hash", "Value": "TokenValue"}
MORE = re.compile(r"(Value_IN|Value_OUT|TxnFee)\((\w+)\)|CurrentValue.*|Historical \$Price/\w+", re.ASCII)

_COIN = re.compile(r"Value_(?:IN|OUT)\((\w+)\)", re.ASCII)
_SWAPS = re.compile("swap|exchange|execute|multicall|trade|fill|buy|sell", re.IGNORECASE)  # Methods of an exchange
_FAILED = re.compile(r"error|fail", re.IGNORECASE)


def same_address(text: str) -> str:
    """One writing of an address: those that begin with 0x are the same in small letters and capitals."""
    return text.casefold() if text.startswith("0x") else text


def native(rows: list[Row]) -> Iterable[Said]:
    """Transactions of the chain's own coin."""
    return _each(rows, "To", _native)


def internal(rows: list[Row]) -> Iterable[Said]:
    """What contracts sent of the coin; its fee stands in the transaction itself."""
    return _each(rows, "TxTo", _internal)


def tokens(rows: list[Row]) -> Iterable[Said]:
    """Transfers of tokens, named by their symbols."""
    return _each(rows, "To", _token)


def failed_internal(row: Cells) -> str:
    return "failed" if row.get("Status") == "1" else ""


def empty_token(row: Cells) -> str:
    return "empty" if (row.get("TokenValue") or row.get("Value") or "0") == "0" else ""


Reader = Callable[[Row, str], Iterable[Said]]


def _each(rows: list[Row], to: str, read: Reader) -> Iterator[Said]:
    owners = _owners(rows, to)
    yield from grouped(
        rows, lambda row: row.record.source_id, lambda group: read(group[0], owners.get(group[0].record.source_id, ""))
    )


def _native(row: Row, owner: str) -> Iterator[Said]:
    out, into = _way(row, owner, "To")
    code = _coin(row)
    status, fee = row["Status"], row.amount(f"TxnFee({code})", code)
    if status and not _FAILED.search(status):
        raise Unread(f"what Status '{status}' means is not known")
    came, went = row.amount(f"Value_IN({code})", code), row.amount(f"Value_OUT({code})", code)
    if status or (out and into):  # it failed, or went to itself
        came = went = None
    if (came is not None and not into) or (went is not None and not out):
        raise Unread("its addresses and its columns tell of different ways")
    words = f"failed {row['Method']}".strip() if status else row["Method"]
    yield from _moved(row, went, came, fee if out else None, words)


def _internal(row: Row, owner: str) -> Iterator[Said]:
    out, into = _way(row, owner, "TxTo")
    code = _coin(row)
    if row["Status"] != "0":
        raise Unread(f"what Status '{row['Status']}' means is not known")
    came, went = row.amount(f"Value_IN({code})", code), row.amount(f"Value_OUT({code})", code)
    if (came is not None and not into) or (went is not None and not out):
        raise Unread("its addresses and its columns tell of different ways")
    yield from _moved(row, went, came, None, f"internal {row['Type']}".strip())


def _token(row: Row, owner: str) -> Iterator[Said]:
    out, into = _way(row, owner, "To")
    symbol = row["TokenSymbol"]
    units = row.amount("TokenValue" if row["TokenValue"] else "Value", symbol)
    went, came = units if out and not into else None, units if into and not out else None
    yield from _moved(row, went, came, None, f"{row['TokenName']} {row['ContractAddress']}".strip())


def _moved(row: Row, went: Amount | None, came: Amount | None, fee: Amount | None, words: str) -> Iterator[Transaction]:
    """Nothing for a row that moves nothing of this address: a call of another's, 0 units."""
    if went is not None or came is not None or fee is not None:
        yield row.transaction(sent=went, received=came, fee=fee, description=words, txhash=_hash(row))


def _hash(row: Row) -> str:
    return row[HASHES[0]] or row[HASHES[1]]


def _coin(row: Row) -> str:
    found = {match[1] for match in map(_COIN.fullmatch, row.cells) if match}
    if len(found) != 1:
        raise Unread("its columns do not name one coin")
    return found.pop()


# ---- swaps --------------------------------------------------------------------------------------


def swapped(said: Mapping[str, list[Transaction]]) -> list[Transaction]:
    """What the three exports say together, by layout: a swap is one trade, with the gas as its fee."""
    found, by_hash = list[Transaction](), dict[str, list[Transaction]]()
    methods = {t.txhash: t.description for t in said.get("etherscan_transactions", ())}
    for transaction in sorted((t for some in said.values() for t in some), key=lambda t: (t.at, t.id)):
        of_swap = _SWAPS.search(methods.get(transaction.txhash, ""))
        (by_hash.setdefault(transaction.txhash, []) if of_swap else found).append(transaction)
    for rows in by_hash.values():
        found += _trade(rows) or rows
    return found


def _trade(rows: list[Transaction]) -> list[Transaction]:
    """The trade that rows of one hash are; [] where they are none."""
    costs = [t for t in rows if t.label is Label.COST]  # gas, where the transaction moved none of the coin
    moved = [t for t in rows if t.label is None]
    net, gas = dict[str, Decimal](), dict[str, Decimal]()
    for t in moved:
        for side, sign in ((t.received, 1), (t.sent, -1)):
            if side is not None:
                net[side.asset] = net.get(side.asset, ZERO) + sign * side.quantity
    for fee in [t.fee for t in moved] + [t.sent for t in costs]:
        if fee is not None:
            gas[fee.asset] = gas.get(fee.asset, ZERO) + fee.quantity
    given, got = [a for a in net if net[a] < ZERO], [a for a in net if net[a] > ZERO]
    if len(given) != 1 or len(got) != 1 or len(gas) > 1 or len({t.account for t in rows}) > 1:
        return []
    first = min(moved, key=lambda t: (t.sent is None or t.sent.asset != given[0], t.id))
    words = " ".join(dict.fromkeys(t.description for t in (*costs, *moved) if t.description))
    return [
        replace(
            first,
            sent=Amount(-net[given[0]], given[0]),
            received=Amount(net[got[0]], got[0]),
            fee=next((Amount(quantity, asset) for asset, quantity in gas.items()), None),
            description=words,
        )
    ]


# ---- whose file it is ---------------------------------------------------------------------------


def _way(row: Row, owner: str, to: str) -> tuple[bool, bool]:
    """Whether the owner's address is the one it came from, and the one it went to."""
    if not owner:
        raise Unread("which address is yours can't be told; let the file's name have it (export-0x....csv)")
    ends = owner == same_address(row["From"]), owner in (same_address(row[to]), same_address(row["ContractAddress"]))
    if not any(ends):
        raise Unread(f"the address of the file's name, {owner}, is in none of its columns")
    return ends


def _owners(rows: list[Row], to: str) -> Mapping[str, str]:
    """The person's address for each row (its source_id); none where it can't be told."""
    files: dict[str, list[Row]] = {}
    for row in rows:
        if not row.named and _ends(row, to):
            files.setdefault(row.record.origin.rpartition(" row ")[0], []).append(row)
    shared = {name: set.intersection(*(_ends(row, to) for row in some)) for name, some in files.items()}
    sure = {ends.copy().pop() for ends in shared.values() if len(ends) == 1}
    sure |= {same_address(row.named) for row in rows if row.named}
    found = {row.record.source_id: same_address(row.named) for row in rows if row.named}
    for name, some in files.items():
        ends = shared[name] if len(shared[name]) == 1 else shared[name] & sure
        if len(ends) == 1:
            found |= dict.fromkeys((row.record.source_id for row in some), min(ends))
    return found


def _ends(row: Row, to: str) -> set[str]:
    return {same_address(row["From"]), same_address(row[to])} - {""}
