"""Numbers as people and spreadsheets write them in a file. Pure.

What could be meant in two ways stays as it is, so that validation refuses it: `1,000` is one or a
thousand.
"""

from __future__ import annotations

import re
import unicodedata

_SIGNS = "€$£¥₹₽₺₩"
_MONEY = rf"(?:[{_SIGNS}]|[A-Z]{{3}})?"
_CURRENCY = re.compile(rf"{_MONEY}\s*(.*?)\s*{_MONEY}", re.DOTALL)
_GROUP = {",": ".", ".": ","}
_WHOLE = re.compile(r"([0-9]+)(?:\.(?:0|00|0{4,}))?")


def plain(text: str) -> str:
    """Return a cell without what spreadsheets leave: spaces of all kinds, an apostrophe before a
    number, a plus; digits of full width as 0 to 9."""
    return unicodedata.normalize("NFKC", text).strip().removeprefix("'").removeprefix("+")


def whole(text: str) -> str:
    """Return whole units as digits, where they are that: `10.0000`, `1.0`, ` 8 `, `+4`."""
    found = _WHOLE.fullmatch(plain(text))
    return found[1] if found else text


def amount(text: str) -> str:
    """Return money with a point before its decimals and nothing else, where it is clear: `19,99`,
    `1.234,99`, `£4,250.00`, `12'345.00`, `1 234,50 EUR`."""
    found = _CURRENCY.fullmatch(plain(text))
    number = re.sub(r"(?<=\d)[ '](?=\d{3})", "", found[1] if found else text)
    marks = [mark for mark in number if mark in ",."]
    if not marks:
        return number if number.isdecimal() else text
    last, others = marks[-1], marks[:-1]
    whole_part, _, decimals = number.rpartition(last)
    if last in others or any(mark == last for mark in others):
        return text  # 1.234.567: no decimals, or a mistake
    if len(decimals) == 3 and not others and last == ",":
        return text  # 1,234
    groups = whole_part.split(_GROUP[last])
    if len(groups) > 1 and any(len(group) != 3 for group in groups[1:]):
        return text
    digits = "".join(groups) or "0"
    if not (digits.isdecimal() and (decimals.isdecimal() or not decimals)):
        return text
    return f"{digits}.{decimals}" if decimals else digits
