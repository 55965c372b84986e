"""Which codes are government money."""

# ISO 4217 codes of the money that exchanges keep. Codes that a traded token bears as well (MNT is
# Mantle, BOB, SOS, TOP, ...) are left out: a token taken for money would lose its gains silently.
FIAT = frozenset(
    (
        "AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK DOP EGP EUR GBP GEL GHS GTQ HKD HRK HUF IDR ILS "
        "INR ISK JOD JPY KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB "
        "TND TRY TWD TZS UAH UGX USD UYU VND XAF XOF ZAR"
    ).split()
)
# ISO 4217: those whose smallest unit is not a hundredth; decimals that amounts are written with.
_DECIMALS = {
    **dict.fromkeys("CLP ISK JPY KRW UGX VND XAF XOF".split(), 0),
    **dict.fromkeys("BHD JOD KWD OMR TND".split(), 3),
}


def decimals_of(currency: str) -> int:
    """With how many decimals amounts in a currency are written."""
    return _DECIMALS.get(currency, 2)


def is_fiat(asset: str) -> bool:
    """Whether `asset` is government money; stablecoins are assets like any other."""
    return asset in FIAT
