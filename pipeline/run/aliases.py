"""Under which other names an account's records stand, as the person says (answers of the kind `ACCOUNT`)."""

import json

from pipeline.ledger import Ledger

ACCOUNT = "account"  # under the other name: {"is": the account}


def names_of(ledger: Ledger, account: str) -> list[str]:
    """The account's own name, and those that are it too."""
    said = {name: json.loads(content) for name, content in ledger.answers(ACCOUNT).items()}
    return [account, *sorted(name for name, one in said.items() if one is not None and one["is"] == account)]
