"""Robinhood's list of coins sent and received ("crypto_account_transfers.csv"), the network's fee on top.

Sources: header and rows as BittyTax (2024) and RLEAPP (2026) have them, whose samples copy real layouts. From memory:
the states besides "succeeded".
"""

from collections.abc import Iterable

from importers.base import shown
from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    kind, code = row["transfer_type"].casefold(), row["currency_code"]
    moved, fee = row.amount("amount", code), row.amount("network_fee", code)
    if kind not in ("deposit", "withdrawal"):
        raise Unread(f"what the transfer type '{shown(row['transfer_type'])}' means is not known")
    out = kind == "withdrawal"
    yield row.transaction(
        sent=moved if out else None,
        received=None if out else moved,
        fee=fee if out else None,
        description=f"{kind} {row['network']}".strip(),
        txhash=row["blockchain_txn_id"],
    )


FORMAT = export(
    "robinhood_transfers",
    1,
    needs=("id", "created_at", "currency_code", "transfer_type", "amount", "network", "network_fee", "state",
           "to_address", "blockchain_txn_id"),
    may_have=("withdrawal_submitted_timestamp", "native_network_fee", "usd_amount_at_request",
              "fiat_amount_at_request", "address_tag", "blockchain_txn_state"),
    date="created_at",
    each=read,
    id=("id",),
    changing=("state", "blockchain_txn_state", "blockchain_txn_id", "withdrawal_submitted_timestamp"),
    status=Status.of("state", ["succeeded"], failed=["failed", "rejected"], cancelled=["canceled", "cancelled"],
                     pending=["pending", "submitted", "processing"]),
)  # fmt: skip
