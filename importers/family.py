"""Layouts whose rows are kept as those of one of them, and read together: an address's exports of an explorer.

    FORMAT = joined(export("etherscan_transactions", ...), etherscan_tokens.FORMAT, finish=etherscan.swapped)

Which of the files came first makes no difference: all rows of an account are read anew when one is new.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from importers.base import Format
from pipeline.model import Parsed, RawRecord, Transaction
from pipeline.money import exact

Finish = Callable[[Mapping[str, list[Transaction]]], list[Transaction]]


def joined(first: Format, *others: Format, finish: Finish) -> Format:
    """`first`, which reads the rows of the others too, that are kept as its own (`kept_as`): each by its own layout,
    and then what all of them say, by layout, with `finish`."""
    layouts = {layout.name: layout for layout in (first, *others)}

    def read(records: Iterable[RawRecord]) -> Parsed:
        parsed, kept = Parsed(), dict[str, list[RawRecord]]()
        for record in records:
            kept.setdefault(record.stream, []).append(record)
        said = dict[str, list[Transaction]]()
        for name, layout in layouts.items():
            assert layout.parse is not None
            one = layout.parse(kept.get(name, ()))
            said[name] = one.transactions
            parsed.issues.extend(one.issues)
        with exact():
            parsed.transactions.extend(finish(said))
        return parsed

    return replace(first, parse=read)
