"""An address's three exports of an explorer: what left and what came in one transaction is one trade."""

from decimal import Decimal
from pathlib import Path

from pipeline.ledger import Ledger
from pipeline.model import Label
from pipeline.run.importing import Notes, files
from pipeline.run.project import Choices, init

MINE, DEX = f"0x{'ab' * 20}", f"0x{'cd' * 20}"
SILENT = Notes(lambda _: None, lambda *_: None)
NATIVE = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ $3000/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status",'
    '"ErrCode","Method"\n'
)
INTERNAL = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","ParentTxFrom","ParentTxTo","ParentTxETH_Value",'
    '"From","TxTo","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $3000/Eth",'
    '"Historical $Price/Eth","Status","ErrCode","Type"\n'
)
TOKENS = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx",'
    '"ContractAddress","TokenName","TokenSymbol"\n'
)


def native(hash_: str, out: str, method: str) -> str:
    return f'"{hash_}","1","1675300000","","{MINE}","{DEX}","","0","{out}","1","0.002","3","1600","","","{method}"\n'


def internal(hash_: str, value: str) -> str:
    return (
        f'"{hash_}","1","1675300000","","{MINE}","{DEX}","0","{DEX}","{MINE}","","{value}","0","1","1","0","","call"\n'
    )


def token(hash_: str, ends: tuple[str, str], value: str, symbol: str) -> str:
    return f'"{hash_}","1","1675300000","","{ends[0]}","{ends[1]}","{value}","1","{DEX}","Coin","{symbol}"\n'


IN, OUT = (DEX, MINE), (MINE, DEX)
EXPORTS = {
    "export": NATIVE
    + native("0x01", "1", "Swap Exact ETH For Tokens")
    + native("0x02", "0", "Execute")
    + native("0x03", "0", "Multicall")
    + native("0x04", "0", "Supply")
    + native("0x05", "0", "Swap"),
    "export-internal": INTERNAL + internal("0x01", "0.1") + internal("0x03", "0.5"),
    "export-address-token": TOKENS
    + token("0x01", IN, "1500", "USDC")
    + token("0x02", OUT, "500", "USDC") + token("0x02", IN, "40", "UNI")
    + token("0x03", OUT, "900", "USDC")
    + token("0x04", OUT, "100", "USDC") + token("0x04", IN, "100", "AUSDC")
    + token("0x05", OUT, "1", "USDC") + token("0x05", OUT, "2", "UNI") + token("0x05", IN, "1", "LP"),
}  # fmt: skip


def test_a_swap_over_three_files_is_one_trade_in_whatever_order_they_come(tmp_path: Path) -> None:
    """What a contract gives for a deposit, and pools, stay movements; gas is the fee."""
    found = []
    names = list(EXPORTS)
    for number, order in enumerate((names, names[::-1])):
        folder = tmp_path / str(number)
        init(folder, Choices("de"))
        for name in order:  # one after the other
            path = folder / f"{name}-{MINE}.csv"
            path.write_text(EXPORTS[name])
            assert not files(folder, [path], "", SILENT).failures
        with Ledger.open(folder, create=False) as ledger:
            found.append({t.id: t for t in ledger.transactions()})
            assert {t.account for t in ledger.transactions()} == {MINE}
    assert all(each == found[0] for each in found)
    told = sorted(
        (
            t.txhash,
            *(str(side and f"{side.quantity.normalize():f} {side.asset}") for side in (t.sent, t.received, t.fee)),
        )
        for t in found[0].values()
        if t.label is not Label.COST
    )
    assert told == [
        ("0x01", "0.9 ETH", "1500 USDC", "0.002 ETH"),
        ("0x02", "500 USDC", "40 UNI", "0.002 ETH"),
        ("0x03", "900 USDC", "0.5 ETH", "0.002 ETH"),
        ("0x04", "100 USDC", "None", "None"),
        ("0x04", "None", "100 AUSDC", "None"),
        ("0x05", "1 USDC", "None", "None"),
        ("0x05", "2 UNI", "None", "None"),
        ("0x05", "None", "1 LP", "None"),
    ]
    costs = [t for t in found[0].values() if t.label is Label.COST]
    assert [(t.txhash, t.sent and t.sent.quantity) for t in sorted(costs, key=lambda t: t.txhash)] == [
        ("0x04", Decimal("0.002")),
        ("0x05", Decimal("0.002")),
    ]
