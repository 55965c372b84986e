"""Records that no parser understands: open problems, until the person has seen to them and says so."""

import json
from collections.abc import Mapping

from importers.base import RowError
from pipeline.answers import SettledGiven
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.run.answers import SETTLED
from pipeline.run.known import Found, Known


def settled(known: Known, row: int, given: SettledGiven) -> Found:
    """One record, by the id of its open problem. Raises RowError for an id of none."""
    if given.back and known.said(SETTLED, given.record) is not None:
        return Found(SETTLED, given.record, None, row)
    if given.record not in known.unread:
        raise RowError("Record", given.record, "is no record that could not be read; `taxsync check` shows their ids")
    return Found(SETTLED, given.record, None if given.back else {"note": given.note}, row)


def unread(ledger: Ledger) -> list[Issue]:
    """The problems of all such records, settled or not."""
    return [issue for issue in ledger.parsed_issues() if issue.code == "unread_record"]


def notes(ledger: Ledger) -> Mapping[str, str]:
    """What the person said, by the id of the record."""
    said = {key: json.loads(content) for key, content in ledger.answers(SETTLED).items()}
    return {key: content["note"] for key, content in said.items() if content is not None}


def as_said(issue: Issue, note: str) -> Issue:
    """The problem of a record that is settled."""
    details = {"why": issue.details["why"], "note": note}
    return Issue("record_settled", issue.account, issue.asset, issue.at, f"{issue.ref}/settled", details=details)
