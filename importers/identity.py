"""What a row of a file is, and what it says: its identity and its content, as text, whatever way it is written.

ids = Identities()                          # of one file
moved = moved_of(said)
ids.of("Kraken", "", content_of(moved, said), moved)        # "9f86d081884c7d659a2feaa0c55ad015#1"
"""

import hashlib

from importers.base import RowError
from pipeline.model import Said


def moved_of(said: Said) -> str:
    """What moved when: what a row is, whatever is said of it. Ids are made of it: its form is for ever."""
    at, sent, sent_in, received, received_in, fee, fee_in = said[:7]
    moved = str(at).replace(".000000", "")  # as `isoformat` has it
    if sent is not None:
        moved = f"{moved}\nsent {sent} {sent_in}"
    if received is not None:
        moved = f"{moved}\nreceived {received} {received_in}"
    return moved if fee is None else f"{moved}\nfee {fee} {fee_in}"


def content_of(moved: str, said: Said) -> str:
    """What a row says, however it is written: 1.0 is 1, btc is BTC, 14:05Z is 16:05+02:00.

    Only what is there is named, so that a column added to the layout one day changes no digest of
    the rows without it. Columns the layout doesn't know are left out: a user may add one.
    """
    worth, worth_in, label, description, txhash = said[7:]
    if worth is not None:
        moved = f"{moved}\nworth {worth} {worth_in}"
    if label:
        moved = f"{moved}\nlabel {label}"
    if txhash:
        moved = f"{moved}\nhash {txhash}"
    return f"{moved}\ntext {description}" if description else moved  # the last one: only it may hold a line end


class Identities:
    """The ids of a file's rows. Holds two 64-bit numbers per row: a million rows stay under 150 MB."""

    def __init__(self) -> None:
        self._contents: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def of_export(self, account: str, given: str, content: str, moved: str) -> str | None:
        """The same of a row that is not ours, whose id may be one of several rows: the next has "#2"."""
        if not given:
            return self.of(account, "", content, moved)
        number, place = hash(content), 1
        while (before := self._contents.setdefault(hash((account, given, place)), number)) is not number:
            if before == number:
                return None
            place += 1
        return given if place == 1 else f"{given}#{place}"

    def of(self, account: str, given: str, content: str, moved: str) -> str | None:
        """The source_id of the next row; None when the row with this ID was there before, with the same content."""
        if not given:
            digest = hashlib.sha256(f"{account}\x1f{moved}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
            number = int(digest[:16], 16)
            count = self._counts.get(number, 0) + 1
            self._counts[number] = count
            return f"{digest}#{count}"
        number = hash(content)  # seeded anew in each run: nobody makes two contents meet
        first = self._contents.setdefault(hash((account, given)), number)
        if first is number:
            return given
        if first == number:
            return None
        raise RowError(
            "ID", given, "stands above with another content; an ID is unique within its account: give another"
        )
