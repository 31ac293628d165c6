from pathlib import Path

from order_staging.sandbox import Sandbox
from tests.unit.sandbox.sandbox_asking import Asker

CUSTOMER = "dropdown_mkr542p2"


async def test_an_account_in_a_file_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    ask = Asker(Sandbox(path=path, key_column="text_key"))
    await ask.item("\N{T-SHIRT}", {CUSTOMER: {"labels": ["A"]}, "text_key": "k"})
    await ask.subitem(ask.sandbox.items()[0].id)
    again = Sandbox(path=path)
    assert again.items() == ask.sandbox.items()
    assert again.subitems() == ask.sandbox.subitems()
    assert again.labels(CUSTOMER) == {1: "A"}
    await Asker(again).item("Another")
    assert len({item.id for item in again.items()}) == 2
