"""Which open problem a disposal's gain hangs on: that of its units' cost, or of its own price."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from pipeline.issues import Issue
from pipeline.model import Disposal, Rule, Transaction

# Problems whose units cost 0 until they are settled: by the acquisition that they are about, or by account and asset.
OF_AN_ACQUISITION = (
    "unmatched_deposit", "ambiguous_transfer", "transfer_grew", "unknown_basis", "zero_basis", "missing_price",
)  # fmt: skip
OF_A_PLACE = ("missing_acquisition", "negative_balance")


class Blame:
    """Which problem a disposal's gain hangs on."""

    def __init__(
        self, issues: Sequence[Issue], rows: Mapping[str, Transaction], worth: Callable[[str], Decimal | None]
    ) -> None:
        self._rows = rows
        self._unpriced: dict[str, int] = {}
        self._by_ref: dict[str, int] = {}
        self._by_place: dict[tuple[str, str], int] = {}
        for n, issue in enumerate(issues):
            if issue.code == "missing_price":
                self._unpriced.setdefault(issue.ref.partition(".")[0], n)  # of a fee that was a disposal: its row
            if issue.code in OF_A_PLACE:
                self._by_place.setdefault((issue.account, issue.asset), n)
            elif issue.code in OF_AN_ACQUISITION and (issue.code != "missing_price" or worth(issue.ref) is None):
                self._by_ref.setdefault(issue.ref, n)

    def of(self, d: Disposal) -> int | None:
        """The place of that problem among the issues; None: of none."""
        if d.proceeds is None:
            return self._unpriced.get(d.id.partition(".")[0])
        found = self._by_ref.get(d.acquisition_id)
        if found is None and d.rule is Rule.MISSING:
            source = self._rows.get(d.acquisition_id)
            if source is not None and source.sent is not None:  # a move carried them on, or a swap passed it on
                return self._by_place.get((source.account, source.sent.asset))
            return self._by_place.get((d.account, d.asset))
        return found
