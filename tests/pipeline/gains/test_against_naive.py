"""The engine against a second one that shares nothing with it: every unit is an object of its own, a method
is a sort, a share is a fraction. Both read the same random stories; lots, figures and holdings must agree.

The second engine follows the words of the contract and of the rules, not the code: by instant, what comes
before what goes; within a row the sent side leaves, the received side arrives, the fee leaves. Units that were picked
go before the method's; an account may have a method of its own from a day on.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.answers import Answers, Pick
from pipeline.gains.derive import Basis, derive
from pipeline.model import Amount, Label, Result, Transaction
from pipeline.rules.base import Scope
from tests.ledgers import ACCOUNTS, NEW_YEAR, basis

STEP = Decimal("0.0001")  # the one size of unit
NEARLY = Fraction(1, 10**15)
START = datetime(2024, 11, 3, 3, 30, tzinfo=NEW_YEAR.tzinfo)


# ---- a story, and its rows for the engine -----------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """One thing that happens; `units` of `asset` in `account`, for or worth `cents`. `fee` in money
    is in cents, in an asset in units. `to` and `minutes`: where and how much later a move arrives."""

    kind: str
    at: datetime
    account: str
    asset: str
    units: int
    cents: int
    fee: int = 0
    fee_in: str = ""
    other: str = ""
    other_units: int = 0
    to: str = ""
    minutes: int = 0


def units(count: int, asset: str) -> Amount:
    return Amount(count * STEP, asset)


def money(cents: int) -> Amount:
    return Amount(Decimal(cents).scaleb(-2), "USD")


def rows(story: Sequence[Happening]) -> list[Transaction]:
    listed = []
    for n, h in enumerate(story):
        what = units(h.units, h.asset)
        fee = None if not h.fee else money(h.fee) if h.fee_in == "USD" else units(h.fee, h.fee_in)
        one = Transaction(f"{n:02}", h.at, h.account, fee=fee, position=2 * n, source="story")
        if h.kind == "buy":
            listed.append(replace(one, sent=money(h.cents), received=what))
        elif h.kind == "sell":
            listed.append(replace(one, sent=what, received=money(h.cents)))
        elif h.kind == "swap":
            listed.append(replace(one, sent=what, received=units(h.other_units, h.other), net_worth=money(h.cents)))
        elif h.kind == "reward":
            listed.append(replace(one, received=what, net_worth=money(h.cents), label=Label.REWARD))
        elif h.kind == "gift":
            listed.append(replace(one, sent=what, net_worth=money(h.cents), label=Label.GIFT))
        else:
            listed.append(replace(one, sent=what, net_worth=money(h.cents), txhash=f"0x{n}"))
            arrives = h.at + timedelta(minutes=h.minutes)
            into = Transaction(f"{n:02}in", arrives, h.to, received=what, txhash=f"0x{n}", position=2 * n + 1)
            listed.append(into)
    return listed


@st.composite
def stories(draw: st.DrawFn) -> list[Happening]:
    """Up to fourteen happenings in up to three accounts, often several in one minute; a move has its minute for
    itself."""
    at, apart = START, False
    places = ACCOUNTS[: draw(st.integers(1, len(ACCOUNTS)))]
    story = []
    kinds = ("buy", "buy", "buy", "reward", "sell", "sell", "swap", "gift", "move", "move")
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=14)):
        gap = draw(st.sampled_from((0, 0, 7, 60 * 24 * 9, 60 * 24 * 50)))
        if draw(st.integers(0, 9)) == 0:
            at = max(at, NEW_YEAR - timedelta(minutes=10))
        at += timedelta(minutes=gap or (kind == "move" or apart))
        apart = kind == "move"
        account = draw(st.sampled_from(places))
        asset, other = draw(st.sampled_from((("BTC", "ETH"), ("ETH", "BTC"))))
        fees = {"buy": ("", "USD", asset), "sell": ("", "USD", asset), "swap": ("", "USD", asset, other)}
        fee_in = draw(st.sampled_from(fees.get(kind, ("", asset))))
        count = draw(st.integers(1, 12))
        story.append(
            Happening(
                kind,
                at,
                account,
                asset,
                count,
                draw(st.sampled_from((700, 700 * count, 333, 1250))),
                draw(st.integers(1, 9)) if fee_in else 0,
                fee_in,
                other,
                draw(st.integers(1, 12)) if kind == "swap" else 0,
                draw(st.sampled_from([a for a in ACCOUNTS if a != account])),
                draw(st.sampled_from((0, 7, 30, 60 * 24 * 9))),
            )
        )
    return story


Picked = Mapping[str, Sequence[tuple[str, int]]]  # what leaves -> units of which lots, as (lot, units)


@st.composite
def with_picks(draw: st.DrawFn) -> tuple[list[Happening], Picked]:
    """A story, and for every row and fee some lots of its asset, wherever and whenever they came; also for what is no
    disposal at all, and now and then lots of anything."""
    story = draw(stories())
    came: dict[str, list[str]] = defaultdict(list)
    for n, h in enumerate(story):
        if h.kind in ("buy", "reward", "swap"):
            came[h.other if h.kind == "swap" else h.asset].append(f"{n:02}")
    picked: dict[str, list[tuple[str, int]]] = {}
    for n, h in enumerate(story):
        for ref, asset in ((f"{n:02}", h.asset), (f"{n:02}.fee", h.fee_in)):
            lots = st.sampled_from(came[asset] or ["13"]) if draw(st.integers(0, 9)) else st.sampled_from(("00", "05"))
            picked[ref] = draw(st.lists(st.tuples(lots, st.integers(1, 9)), max_size=3))
    return story, {ref: takes for ref, takes in picked.items() if takes}


DAYS = st.sampled_from((date(2024, 11, 4), date(2024, 11, 20), date(2025, 1, 1), date(2025, 1, 12)))
KEPT_APART = ("fifo", "lifo", "hifo", "lofo")
OWN = st.lists(
    st.tuples(st.sampled_from((ACCOUNTS[0], *ACCOUNTS)), DAYS, st.sampled_from(KEPT_APART)), min_size=1, max_size=6
).map(
    lambda own: tuple(
        sorted({(account, day): (account, day, m) for account, day, m in own}.values(), key=lambda o: o[1])
    )
)


# ---- the second engine ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """One unit: the lot it is of, when that was acquired, and what it cost."""

    lot: str
    when: tuple[datetime, int]
    cost: Fraction


Part = tuple[str, str]  # disposal, lot
Sums = tuple[Fraction, Fraction, Fraction]  # units, proceeds, cost
NOTHING: Sums = (Fraction(0), Fraction(0), Fraction(0))
EARLIER: Callable[[Unit], tuple[datetime, int]] = lambda u: u.when  # noqa: E731
ORDERS: dict[str, Callable[[list[Unit]], list[Unit]]] = {
    "fifo": lambda pot: sorted(pot, key=EARLIER),
    "lifo": lambda pot: sorted(pot, key=EARLIER, reverse=True),
    "hifo": lambda pot: sorted(sorted(pot, key=EARLIER), key=lambda u: u.cost, reverse=True),
    "lofo": lambda pot: sorted(sorted(pot, key=EARLIER), key=lambda u: u.cost),
    "average": lambda pot: [Unit("", u.when, sum((u.cost for u in pot), Fraction(0)) / len(pot)) for u in pot],
}


class Naive:
    """Plain lists of units. `scope`: "account", "global", or "us" (global until 2025). `own`: from which instant on an
    account has which method. `unused`: how many of the units that were picked for something it did not take."""

    def __init__(
        self, method: str, scope: str, own: Sequence[tuple[str, datetime, str]] = (), picked: Picked | None = None
    ) -> None:  # fmt: skip
        self.method, self.apart, self.dealt = method, scope == "account", scope != "us"
        self.own, self.picked = own, picked or {}
        self.unused = Counter({(ref, lot): n for ref in self.picked for lot, n in self.total(ref).items()})
        self.withheld = scope == "us"
        self.pots: dict[tuple[str, str], list[Unit]] = defaultdict(list)
        self.held: dict[str, Counter[str]] = defaultdict(Counter)
        self.places: dict[str, list[str]] = defaultdict(list)  # where an asset was, the first place first
        self.parts: dict[Part, Sums] = {}

    def pot(self, account: str, asset: str) -> list[Unit]:
        return self.pots[account if self.apart else "", asset]

    def come(self, account: str, asset: str, new: Iterable[Unit]) -> None:
        added = list(new)
        self.pot(account, asset).extend(added)
        self.hold(account, asset, len(added))

    def hold(self, account: str, asset: str, count: int) -> None:
        self.held[asset][account] += count
        if account not in self.places[asset]:
            self.places[asset].append(account)

    def total(self, ref: str) -> Counter[str]:
        counted: Counter[str] = Counter()
        for lot, n in self.picked.get(ref, ()):
            counted[lot] += n
        return counted

    def method_of(self, account: str, at: datetime) -> str:
        own = [method for other, since, method in self.own if self.apart and other == account and at >= since]
        return own[-1] if own else self.method

    def pick(self, ref: str, at: datetime, account: str, asset: str, count: int, of: str = "") -> list[Unit]:
        """Takes out up to `count` units: those of the lot `of`, then those that were picked, then by the method."""
        self.held[asset][account] -= count
        pot = self.pot(account, asset)
        wishes = [of] * count if of else []
        wishes += [lot for lot, n in self.picked.get(ref, ()) for _ in range(n)]
        first: list[Unit] = []
        for n, lot in enumerate(wishes):
            found = next((u for u in pot if u.lot == lot), None)
            if found is not None and len(first) < count:
                pot.remove(found)
                first.append(found)
                if not of or n >= count:
                    self.unused[ref, lot] -= 1
        order = ORDERS[self.method_of(account, at)](pot) if pot else []
        pot[:] = order[count - len(first) :]
        return first + order[: count - len(first)]

    def leave(
        self, ref: str, at: datetime, account: str, asset: str, count: int, proceeds: Fraction | None, of: str = ""
    ) -> None:
        taken = self.pick(ref, at, account, asset, count, of)
        lacking = count - len(taken)
        self.held[asset][account] += lacking  # they must have been there
        taken += [Unit("", (START, 0), Fraction(0))] * lacking
        for u in taken:
            n, p, c = self.parts.get((ref, u.lot), NOTHING)
            self.parts[ref, u.lot] = (n + 1, p + (u.cost if proceeds is None else proceeds / count), c + u.cost)

    def deal(self) -> None:
        """2025: each unit, the oldest first, to the first account that holds more than it was given."""
        pots, self.pots, self.apart, self.dealt = self.pots, defaultdict(list), True, True
        for (_, asset), pot in pots.items():
            for u in sorted(pot, key=EARLIER):
                open_to = (a for a in self.places[asset] if self.held[asset][a] > len(self.pots[a, asset]))
                self.pots[next(open_to), asset].append(u)

    def run(self, story: Sequence[Happening]) -> None:
        steps: list[tuple[datetime, int, int, Callable[[], None]]] = []
        for n, h in enumerate(story):
            steps.append((h.at, 0, n, lambda n=n, h=h: self.acquisition(n, h)))  # type: ignore[misc]
            steps.append((h.at, 1, n, lambda n=n, h=h: self.leaving(n, h)))  # type: ignore[misc]
            if h.kind == "move":
                late = (h.at + timedelta(minutes=h.minutes), 0 if h.minutes else 2, n)
                steps.append((*late, lambda n=n, h=h: self.arrival(n, h)))  # type: ignore[misc]
        for at, _, _, step in sorted(steps, key=lambda s: s[:3]):
            if at >= NEW_YEAR and not self.dealt:
                self.deal()
            step()
        if not self.dealt:
            self.deal()

    def acquisition(self, n: int, h: Happening) -> None:
        bought = h.kind in ("buy", "reward")
        if bought or h.kind == "swap":
            count, asset = (h.units, h.asset) if bought else (h.other_units, h.other)
            cost = Fraction(h.cents, 100) + (fee_value(h) if bought else 0)
            self.come(h.account, asset, [Unit(f"{n:02}", (h.at, n), cost / count)] * count)

    def leaving(self, n: int, h: Happening) -> None:
        ref = f"{n:02}"
        if h.kind in ("sell", "swap"):
            self.leave(ref, h.at, h.account, h.asset, h.units, Fraction(h.cents, 100) - fee_value(h))
        elif h.kind == "gift":
            self.leave(ref, h.at, h.account, h.asset, h.units, None)
        elif h.kind == "move":
            gone = self.pick(ref if self.apart else "", h.at, h.account, h.asset, h.units)
            gone += [Unit(ref, (h.at, n), Fraction(0))] * (h.units - len(gone))
            if self.apart:
                self.come(f"in transit {ref}", h.asset, gone)
            else:
                self.pot("", h.asset).extend(u for u in gone if u.lot != ref)
                self.hold(f"in transit {ref}", h.asset, h.units)
        if h.fee and h.fee_in != "USD":
            of = ref if self.withheld and h.kind == "swap" and h.fee_in == h.other and h.at >= NEW_YEAR else ""
            self.leave(f"{ref}.fee", h.at, h.account, h.fee_in, h.fee, fee_value(h), of)

    def arrival(self, n: int, h: Happening) -> None:
        transit = f"in transit {n:02}"
        self.held[h.asset][transit] -= h.units
        if self.apart:
            came = self.pots.pop((transit, h.asset), [])
            missing = h.units - len(came)
            self.come(h.to, h.asset, came + [Unit(f"{n:02}", (h.at, n), Fraction(0))] * missing)
        else:
            self.hold(h.to, h.asset, h.units)


def fee_value(h: Happening) -> Fraction:
    """A fee in an asset of the row has the row's own price."""
    if h.fee_in in ("", "USD"):
        return Fraction(h.fee, 100)
    return Fraction(h.cents, 100) * h.fee / (h.units if h.fee_in == h.asset else h.other_units)


# ---- the comparison ---------------------------------------------------------------------------------


def parts_of(result: Result, method: str) -> dict[Part, Sums]:
    sums: dict[Part, Sums] = {}
    for d in result.disposals:
        assert d.proceeds is not None
        key = (d.id, "" if method == "average" else d.acquisition_id)
        n, p, c = sums.get(key, NOTHING)
        sums[key] = (n + Fraction(d.quantity) / Fraction(STEP), p + Fraction(d.proceeds), c + Fraction(d.cost_basis))
    return sums


def held_by(result: Result) -> dict[tuple[str, str, str], tuple[int, Fraction]]:
    sums: dict[tuple[str, str, str], tuple[int, Fraction]] = defaultdict(lambda: (0, Fraction(0)))
    for lot in result.lots:
        n, c = sums[lot.account, lot.asset, lot.acquisition_id]
        assert lot.quantity % STEP == 0
        sums[lot.account, lot.asset, lot.acquisition_id] = (n + int(lot.quantity / STEP), c + Fraction(lot.cost_basis))
    return dict(sums)


def naively_held(naive: Naive) -> dict[tuple[str, str, str], tuple[int, Fraction]]:
    sums: dict[tuple[str, str, str], tuple[int, Fraction]] = defaultdict(lambda: (0, Fraction(0)))
    for (account, asset), pot in naive.pots.items():
        shown = "in transit" if account.startswith("in transit") else account
        for u in pot:
            lot = "" if naive.method == "average" else u.lot
            n, c = sums[shown, asset, lot]
            sums[shown, asset, lot] = (n + 1, c + u.cost)
    return dict(sums)


def agree(story: Sequence[Happening], by: Basis, scope: str, picked: Picked | None = None) -> None:
    asked = {ref: tuple(Pick(lot, n * STEP, START) for lot, n in takes) for ref, takes in (picked or {}).items()}
    result = derive(rows(story), [], by, answers=Answers(picks=asked))
    own = [(account, datetime.combine(day, time(), by.zone), method) for account, day, method in by.own]
    naive = Naive(by.method, scope, own, picked)
    naive.run(story)
    unused: Counter[tuple[str, str]] = Counter()
    for issue in result.issues:
        if issue.code == "pick_not_used":
            count = Decimal(issue.details["quantity"].split()[0]) / STEP
            unused[issue.ref, issue.details["acquisition"]] += int(count)
    assert unused == +naive.unused
    figures = parts_of(result, by.method)
    # a disposal may take units of "" twice: of the pool, and of nothing
    assert figures.keys() == naive.parts.keys()
    for key, (n, proceeds, cost) in naive.parts.items():
        # an average splits a unit whose cost is not known from the others
        assert abs(figures[key][0] - n) < NEARLY, key
        assert abs(figures[key][1] - proceeds) < NEARLY and abs(figures[key][2] - cost) < NEARLY, key
    held, expected = held_by(result), naively_held(naive)
    assert {k: n for k, (n, _) in held.items()} == {k: n for k, (n, _) in expected.items()}
    assert all(abs(held[k][1] - cost) < NEARLY for k, (_, cost) in expected.items())


@given(stories(), st.sampled_from(sorted(ORDERS)), st.sampled_from((Scope.ACCOUNT, Scope.GLOBAL)))
def test_a_second_engine_comes_to_the_same_lots_and_figures(story: list[Happening], method: str, scope: Scope) -> None:
    agree(story, basis("generic", method, scope), scope.value)


@given(stories(), st.sampled_from(("fifo", "lifo", "hifo", "lofo")))
def test_a_second_engine_deals_out_the_same_lots_in_2025(story: list[Happening], method: str) -> None:
    agree(story, basis("us", method), "us")


@given(with_picks(), OWN, st.sampled_from(KEPT_APART), st.sampled_from((Scope.ACCOUNT, Scope.GLOBAL)))
def test_a_second_engine_takes_the_same_picked_units_and_follows_each_accounts_own_method(
    drawn: tuple[list[Happening], Picked], own: tuple[tuple[str, date, str], ...], method: str, scope: Scope
) -> None:
    story, picked = drawn
    agree(story, replace(basis("generic", method, scope), own=own), scope.value, picked)


@given(with_picks(), OWN, st.sampled_from(KEPT_APART))
def test_a_second_engine_picks_the_same_units_on_both_sides_of_2025(
    drawn: tuple[list[Happening], Picked], own: tuple[tuple[str, date, str], ...], method: str
) -> None:
    story, picked = drawn
    agree(story, replace(basis("us", method), own=own), "us", picked)
