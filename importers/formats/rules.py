"""The file of rules: `Transaction ID, Rule, Choice[, Note]`: what a choice of a country's rules is for one transaction.

Rule and Choice: a name and a value of `[rules]` in taxsync.toml, such as `gifts` and `to-spouse`; Choice `none`: the
transaction follows `[rules]` again.
"""

from collections.abc import Mapping

from importers.base import Format, RowError
from importers.formats.labels import needed_id, note
from pipeline.answers import RuleGiven

COLUMNS = ("Transaction ID", "Rule", "Choice", "Note")
BACK = "none"


def row(cells: Mapping[str, str]) -> RuleGiven:
    """What one row says of one transaction."""
    name, choice = (cells.get(column, "").strip().casefold() for column in ("Rule", "Choice"))
    for column, text in (("Rule", name), ("Choice", choice)):
        if not text:
            raise RowError(column, "", "is empty; fill it in: the summary lists the rules with their choices")
    ref = needed_id("Transaction ID", cells)
    return RuleGiven(ref, name, "" if choice == BACK else choice, note(cells))


FORMAT = Format(
    name="rules", version=1, header=frozenset(COLUMNS[:3]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
