"""What a choice of the country's rules is for one transaction alone: a gift to the spouse among gifts to others."""

from collections.abc import Iterable, Mapping

from pipeline.gains.answered import not_used
from pipeline.issues import Issue
from pipeline.model import Transaction
from pipeline.rules.base import Rules


def own_rules(
    choices: Mapping[str, Mapping[str, str]], rules: Rules, rows: Iterable[Transaction]
) -> tuple[dict[str, Rules], list[Issue]]:
    """The rules of each transaction that has its own, and a problem for each answer that can't be used; `rows`: the
    transactions that there are."""
    if not choices:
        return {}, []
    known = {t.id for t in rows}
    found: dict[str, Rules] = {}
    issues = []
    for ref, asked in sorted(choices.items()):
        try:
            own = rules.for_one(asked)
        except ValueError as error:
            why = str(error)
        else:
            why = "" if ref in known else "its record is not in the ledger"
            found[ref] = own
        if why:
            again = "take it back: the line with `none` as its Choice"
            issues.append(not_used(ref, f"the choice of {', '.join(asked)}", why, again))
    return found, issues
