"""Answers about rows and accounts that count no more, as answers about those that count in their place."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from pipeline.answers import Answers
from pipeline.gains.position import Position, renamed
from pipeline.model import Allocation

T = TypeVar("T")


def carried(answers: Answers, instead: Mapping[str, str]) -> Answers:
    """`answers` by the ids and accounts that count. Where both rows have been answered for, the answer to the one that
    counts does."""
    if not instead and not answers.accounts:
        return answers

    def ref(id: str) -> str:
        return _ref(id, instead)

    def by_ref(said: Mapping[str, T]) -> dict[str, T]:
        moved = {ref(id): one for id, one in said.items() if ref(id) != id}
        return moved | {id: one for id, one in said.items() if ref(id) == id}

    def account(name: str) -> str:
        return answers.accounts.get(name, name)

    repeats = {(ref(one), ref(other)): once for (one, other), once in answers.repeats.items()}
    copies = {(account(one), account(other)): once for (one, other), once in answers.copies.items()}
    return replace(
        answers,
        labels=by_ref(answers.labels),
        matches=by_ref({id: ref(other) for id, other in answers.matches.items()}),
        openings=tuple(
            replace(lot, account=account(lot.account), arrived_by=ref(lot.arrived_by)) for lot in answers.openings
        ),
        picks={
            id: tuple(replace(pick, acquisition_id=ref(pick.acquisition_id)) for pick in picks)
            for id, picks in by_ref(answers.picks).items()
        },
        allocation=tuple(replace(line, account=account(line.account)) for line in answers.allocation),
        assets={(account(name), code): is_ for (name, code), is_ in answers.assets.items()},
        worthless=by_ref(answers.worthless),
        rules=by_ref(answers.rules),
        repeats={(one, other): once for (one, other), once in repeats.items() if one != other},
        copies={(one, other): once for (one, other), once in copies.items() if one != other},
    )


def dealt(opening: Sequence[Allocation], answers: Answers, instead: Mapping[str, str]) -> Sequence[Allocation]:
    """What a change of lot scope gave to the accounts, likewise."""
    if not instead and not answers.accounts:
        return opening
    return [
        replace(one, account=answers.accounts.get(one.account, one.account),
                acquisition_id=_ref(one.acquisition_id, instead))
        for one in opening
    ]  # fmt: skip


def begun(start: Position | None, answers: Answers, instead: Mapping[str, str]) -> Position | None:
    """The position of a filed year, likewise."""
    if start is None or not (instead or answers.accounts):
        return start
    return renamed(start, lambda id: _ref(id, instead), lambda name: answers.accounts.get(name, name))


def _ref(id: str, instead: Mapping[str, str]) -> str:
    """The id of the row that counts; parts of one (`ID.fee`) go with it."""
    row, dot, part = id.partition(".")
    return f"{instead.get(row, row)}{dot}{part}"
