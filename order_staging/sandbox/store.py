"""The state file: an account as a JSON document that is replaced as a whole."""

import json
from pathlib import Path

from order_staging.sandbox.state import Account


def load(path: Path) -> Account | None:
    """The account that the file holds, None where there is no file yet."""
    if not path.exists():
        return None
    return Account.from_json(json.loads(path.read_text(encoding="utf-8")))


def save(account: Account, path: Path) -> None:
    """Write the account beside the file and put it in its place in one step."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(account.to_json()), encoding="utf-8")
    draft.replace(path)
