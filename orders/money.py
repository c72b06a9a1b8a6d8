"""Money: amounts in the exponent of their currency (ISO 4217)."""

from __future__ import annotations

from decimal import Decimal

# Currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_HUNDREDTHS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
""".split()
CURRENCIES: dict[str, int] = {**dict.fromkeys(_HUNDREDTHS, 2), **_EXPONENTS}


def exponent(currency: str) -> int:
    """Return how many decimals the currency has. Raises KeyError for an unknown one."""
    return CURRENCIES[currency]


def in_exponent(amount: Decimal, currency: str) -> Decimal | None:
    """Return an amount with no more decimals than its currency has; None where it would change."""
    most = exponent(currency)
    if -int(amount.as_tuple().exponent) <= most:
        return amount
    shortened = round(amount, most)
    return shortened if shortened == amount else None


def format_amount(amount: Decimal | int, currency: str) -> str:
    """Write an amount as the contract does: `"19.99"`, and `"1999"` for yen."""
    return f"{Decimal(amount):.{exponent(currency)}f}"
