"""HTX's export of trades in Chinese, newest first. See `importers.parsers.htx_files`."""

from importers.exports import LOCAL, export
from importers.parsers.htx_files import trades

_COLUMNS = ("时间", "交易类型", "交易对", "方向", "价格", "数量", "成交额", "手续费")

FORMAT = export(
    "htx_trades_chinese",
    2,
    needs=_COLUMNS,
    date=_COLUMNS[0],
    zone=LOCAL,
    exchange="htx",
    each=trades(*_COLUMNS[1:]),
    newest_first=True,
    exactly=True,
)
