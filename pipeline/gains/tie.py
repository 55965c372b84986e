"""What several sources tell of one account (its API, exports, files) counts once: the stage before all others.

    one = tied(rows, rank, answers)
    one.rows            # each happening once
    one.instead         # the id of a row that counts no more -> the id of the row that counts

A source is what one reader made of the records under one account name. The source of the lowest rank counts (an API,
then exports, then universal files; among equals by name), whenever each was imported; every next one is set against
all that counts so far, and adds what is not there. Two rows are one happening if they move the same assets and

1. bear the exchange's own id, or the same transaction hash, and the same amounts; else
2. the same amounts at the same time (a deposit or withdrawal: within an hour, if nothing else fits); else
3. amounts that are the same as far as the coarser source tells them; or
4. one is the sum of the other source's next fills.

"The same time" is as exact as the coarser source tells it: to the second, the minute or the day. A fee may stand beside
an amount or inside it. Each row is one side of one tie (or of one sum), so that two equal fills stay two.

What counts is completed by what only the other row says: fee, net worth, label, hash, description. A row that is left
over beside one that it might be is an open problem, and counts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.answers import NONE, Answers
from pipeline.gains.pairing import Pairing
from pipeline.gains.telling import Telling, beside, shape
from pipeline.issues import Issue
from pipeline.model import Amount, Transaction
from pipeline.money import ZERO, plain


class Tied(Struct):
    """The rows that count; what stands in place of those that do not; what was tied, and what is in doubt."""

    rows: list[Transaction]
    instead: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


class _Source(Struct, frozen=True, order=True):
    """One source of an account, in the order in which they count. `other`: recorded under another account's name."""

    rank: int
    other: bool
    name: str
    account: str

    @property
    def words(self) -> str:
        what = f"{self.name} files" if self.rank else "the API"
        return f"{what} of {self.account}" if self.other else what


def tied(
    rows: Sequence[Transaction],
    rank: Callable[[str], int],
    answers: Answers = NONE,
) -> Tied:
    """`rows` with each happening once. Of `answers`, those count that name an account otherwise, and those that say of
    two rows that both happened."""
    same, apart = answers.accounts, frozenset(frozenset(pair) for pair, once in answers.repeats.items() if not once)
    seen = {(t.account, t.source) for t in rows}
    several = {name for name, count in Counter(same.get(a, a) for a, _ in seen).items() if count > 1}
    if not several and not same:
        return Tied(list(rows))
    one = Tied([])
    accounts: dict[str, dict[_Source, list[Transaction]]] = defaultdict(lambda: defaultdict(list))
    for t in rows:
        account = same.get(t.account, t.account)
        if account not in several:
            one.rows.append(t if account == t.account else replace(t, account=account))
            continue
        source = _Source(rank(t.source), account != t.account, t.source, t.account)
        accounts[account][source].append(replace(t, account=account) if source.other else t)
    for account, sources in sorted(accounts.items()):
        _tie(one, account, sources, apart)
    return one


def _tie(
    one: Tied, account: str, sources: Mapping[_Source, list[Transaction]], apart: frozenset[frozenset[str]]
) -> None:
    """Adds what the sources of one account tell."""
    kept: list[Transaction] = []  # the rows that count
    told_by: list[_Source] = []
    tellings: list[Telling] = []
    for source in sorted(sources):
        rows, telling = sources[source], Telling.of(sources[source])
        if kept:
            pairing = Pairing(kept, rows, tellings, telling, apart)
            ties = pairing.all()
            pairs = [(rows[b].id, kept[mine[0]].id) for mine, theirs in ties for b in theirs]
            known = {told_by[k].words for mine, _ in ties for k in mine}
            gone = {b for _, theirs in ties for b in theirs}
            left = [b for b in range(len(rows)) if b not in gone]
            one.issues += [_doubt(rows[b], kept[k], source, told_by[k]) for b, k in pairing.doubts(left)]
            if pairs:
                one.instead.update(pairs)
                one.issues.append(_told(account, source, pairs, len(rows), known))
            for mine, theirs in ties:
                _complete(kept, mine, [rows[b] for b in theirs])
            rows = [rows[b] for b in left]
        kept = kept + rows
        told_by += [source] * len(rows)
        tellings += [telling] * len(rows)
    one.rows += kept


# ---- what counts ------------------------------------------------------------------------------


_BESIDES = ("net_worth", "label", "description", "txhash")  # what a row says besides what moved


def _complete(kept: list[Transaction], mine: Sequence[int], theirs: Sequence[Transaction]) -> None:
    """Gives the (first) row that counts what only the other ones say."""
    rows = [kept[k] for k in mine]
    t, said = rows[0], theirs[0]
    if shape(t) != shape(said):  # of the same id, but one tells one side only
        return
    fee = None if any(row.fee for row in rows) else _sum([other.fee for other in theirs])
    if fee is not None and beside(rows, theirs):
        t = replace(t, fee=fee)
    elif fee is not None and len(rows) == 1:
        t = _fee_out_of(t, fee)
    if len(mine) == len(theirs) == 1:
        lacks = {name: getattr(said, name) for name in _BESIDES if not getattr(t, name) and getattr(said, name)}
        t = replace(t, **lacks) if lacks else t
    kept[mine[0]] = t


def _sum(amounts: Sequence[Amount | None]) -> Amount | None:
    """All of them; None where there is none, or they are of several assets."""
    told = [a for a in amounts if a is not None]
    if len({a.asset for a in told}) != 1:
        return None
    return Amount(sum((a.quantity for a in told), ZERO), told[0].asset)


def _fee_out_of(t: Transaction, fee: Amount) -> Transaction:
    """The row with a fee beside its amounts that was in one of them."""
    if t.sent is not None and t.sent.asset == fee.asset and t.sent.quantity > fee.quantity:
        return replace(t, sent=Amount(t.sent.quantity - fee.quantity, fee.asset), fee=fee)
    if t.received is not None and t.received.asset == fee.asset:
        return replace(t, received=Amount(t.received.quantity + fee.quantity, fee.asset), fee=fee)
    return t


# ---- what is told -----------------------------------------------------------------------------


def _told(account: str, source: _Source, pairs: Sequence[tuple[str, str]], total: int, known: set[str]) -> Issue:
    row, counts = min((pair for pair in pairs if pair[0] != pair[1]), default=("ID", "ID"))
    words = {
        "count": str(len(pairs)),
        "total": str(total),
        "what": source.words,
        "source": source.name,
        "other": " and ".join(sorted(known)),
        "row": row,
        "twin": counts,
    }
    return Issue("counted_once", account, ref=f"{account}/{source.words}", details=words)


def _doubt(t: Transaction, counts: Transaction, source: _Source, other: _Source) -> Issue:
    side = t.sent or t.received or t.fee
    assert side is not None
    words = {
        "what": f"{plain(side.quantity)} {side.asset}",
        "first": f"{t.account} ({other.words})",
        "second": f"{t.account} ({source.words})",
        "twin": counts.id,
    }
    return Issue("possible_duplicate", t.account, side.asset, t.at, t.id, details=words)
