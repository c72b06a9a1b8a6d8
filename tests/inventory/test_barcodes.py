from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.barcodes import MAX_LENGTH, BarcodeRefused, Scanned, normalise_gtin, resolve

DATA = Path(__file__).parents[1] / "data" / "barcodes.csv.gz"
GTIN = "09501101530003"
LOT = "AB-123"
EXPIRY = date(2026, 12, 31)


def refusal(payload: str) -> str:
    with pytest.raises(BarcodeRefused) as refused:
        resolve(payload)
    assert refused.value.detail
    return refused.value.reason


def gtin_or_none(code: str) -> str | None:
    try:
        return normalise_gtin(code)
    except BarcodeRefused:
        return None


def verdict(code: str) -> tuple[bool, str, str, str]:
    """(is a GTIN, kind, GTIN-14, GTIN-14 found inside) in the words of the file."""
    gtin = gtin_or_none(code) or ""
    try:
        scanned = resolve(code)
    except BarcodeRefused as refused:
        kind = {"bad_check_digit": "bad_check"}.get(refused.reason, refused.reason)
        return False, kind, gtin, ""
    if scanned.kind == "gs1_128":
        return bool(gtin), "gs1_element_string", gtin, scanned.gtin14 or ""
    assert scanned.gtin14 == gtin
    return bool(gtin), scanned.kind, gtin, ""


def test_every_real_code_gets_its_verdict() -> None:
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 23_186
    wrong = [
        (row, found)
        for row in rows
        if (found := verdict(row["barcode"]))
        != (row["valid"] == "1", row["kind"], row["gtin14"], row["embedded_gtin14"])
    ]
    assert wrong == []
    assert len(Counter(row["kind"] for row in rows)) == 17


@pytest.mark.parametrize(
    "payload",
    [
        f"(01){GTIN}(17)261231(10){LOT}",
        f"(01) {GTIN} (17) 261231 (10) {LOT}",
        f"]C101{GTIN}1726123110{LOT}",
        f"]C101{GTIN}1726123110{LOT}\x1d",
        f"]d201{GTIN}10{LOT}\x1d17261231",
        f"]Q3\x1d01{GTIN}10{LOT}\x1d17261231",
        f"\x1d01{GTIN}17261231\x1d10{LOT}",
        f"]C117261231310300078201{GTIN}10{LOT}",
        f" ]e001{GTIN}1726123110{LOT}\r\n",
    ],
)
def test_gs1_elements(payload: str) -> None:
    weight = "0.782 kg" if "3103" in payload else None
    read = Scanned("gs1_128", gtin14=GTIN, lot=LOT, expiry=EXPIRY, weight=weight)
    assert resolve(payload) == read


def test_gs1_elements_with_a_serial_number() -> None:
    scanned = resolve(f"]C101{GTIN}21S/1\x1d10{LOT}")
    assert (scanned.serial, scanned.lot, scanned.expiry) == ("S/1", LOT, None)


def test_elements_without_symbology_are_known_by_their_gtin() -> None:
    assert resolve(f"01{GTIN}1726123110123") == Scanned(
        "gs1_128", gtin14=GTIN, lot="123", expiry=EXPIRY
    )
    # Cut short in the middle of a date: the goods are known, the date is not.
    assert resolve(f"01{GTIN}1726") == Scanned("gs1_128", gtin14=GTIN)


@pytest.mark.parametrize(
    ("elements", "expiry"),
    [
        ("(17)260200", date(2026, 2, 28)),  # day 00: the last of the month
        ("(17)280200", date(2028, 2, 29)),
        ("(15)261130", date(2026, 11, 30)),
        ("(15)261130(17)261231", EXPIRY),  # use-by outranks best-before
    ],
)
def test_expiry_dates(elements: str, expiry: date) -> None:
    assert resolve(f"(01){GTIN}{elements}").expiry == expiry


@pytest.mark.parametrize(
    ("link", "lot", "serial", "expiry"),
    [
        (f"https://id.gs1.org/01/{GTIN}", None, None, None),
        (f"https://any.host/01/{GTIN}/10/LOT/21/SERIAL?17=261231", "LOT", "SERIAL", EXPIRY),
        (f"HTTP://shop.example:8080/de/p/01/{GTIN}/22/2A/10/L%2F1/?utm=x&15=", "L/1", None, None),
        (f"https://any.host/01/{GTIN}?17=261231&linkType=all#top", None, None, EXPIRY),
        ("https://any.host/01/9501101530003", None, None, None),
    ],
)
def test_digital_links(link: str, lot: str | None, serial: str | None, expiry: date | None) -> None:
    assert resolve(link) == Scanned(
        "digital_link", gtin14=GTIN, lot=lot, serial=serial, expiry=expiry
    )


@pytest.mark.parametrize(
    ("payload", "kind", "gtin14"),
    [
        ("96385074", "gtin8", "00000096385074"),
        ("036000291452", "gtin12", "00036000291452"),
        ("5012345678900", "gtin13", "05012345678900"),
        ("0000096385074", "zero_padded_gtin8", "00000096385074"),
        ("15012345678907", "gtin14", "15012345678907"),
        ("]E05012345678900", "gtin13", "05012345678900"),
        ("  5012345678900\n", "gtin13", "05012345678900"),
        ("5 012345 678900", "gtin13", "05012345678900"),
    ],
)
def test_plain_gtins(payload: str, kind: str, gtin14: str) -> None:
    assert resolve(payload) == Scanned(kind, gtin14=gtin14)


@pytest.mark.parametrize(
    "code", ["SKU-1", "85123A", "a b", "Größe 42", "123-456", "(99)", "(9)1", "MR12345678900"]
)
def test_in_house_codes_stay_as_they_are_printed(code: str) -> None:
    assert resolve(f" {code}\t") == Scanned("in_house", code=code)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("]E0", "empty"),
        ("1" * (MAX_LENGTH + 1), "too_long"),
        ("SK\0U", "control_character"),
        ("SKU\x1b[A", "control_character"),
        ("SKU\x85", "control_character"),
        ("SKU\ud800", "control_character"),
        ("5012345678901", "bad_check_digit"),
        ("12345", "bad_length"),
        ("]C1", "no_gtin"),
        ("]C110LOT", "no_gtin"),
        ("(10)LOT", "no_gtin"),
        ("]C10109501101530004", "bad_check_digit"),
        (f"]C101{GTIN}17261331", "bad_date"),
        (f"(01){GTIN}(17)260230", "bad_date"),
        ("(01)0950110153000", "bad_element"),
        ("]C10109501101", "bad_element"),
        (f"(01){GTIN}(10)a lot", "bad_element"),
        (f"(01){GTIN}(10){'9' * 21}", "bad_element"),
        (f"(01){GTIN}(10)A(10)B", "bad_element"),
        (f"]C101{GTIN}10", "bad_element"),
        (f"(01){GTIN}(511)1", "unknown_identifier"),
        (f"]C101{GTIN}5112", "unknown_identifier"),
        ("A\x1dB", "unknown_identifier"),
        ("https://shop.example/tea", "no_gtin"),
        ("https://shop.example/01/", "no_gtin"),
        ("https://shop.example/01/tea", "not_digits"),
        ("https://shop.example/01/5012345678901", "bad_check_digit"),
        (f"https://shop.example/01/{GTIN}/10", "bad_link"),
        (f"https://shop.example/01/{GTIN}/10/%00", "bad_element"),
        (f"https://shop.example/01/{GTIN}?17=never", "bad_element"),
        ("https://[::1", "bad_link"),
    ],
)
def test_what_says_nothing_is_refused_with_the_reason(payload: str, reason: str) -> None:
    assert refusal(payload) == reason


def test_a_bad_check_digit_is_explained() -> None:
    with pytest.raises(BarcodeRefused, match="5012345678901 is 1; it should be 0"):
        normalise_gtin("5012345678901")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "SKU-1",
        "\u0665\u0660\u0661\u0662\u0663\u0664\u0665\u0666",
        "5012345678900\n",
        " 96385074",
    ],
)
def test_only_bare_digits_are_normalised(code: str) -> None:
    with pytest.raises(BarcodeRefused) as refused:
        normalise_gtin(code)
    assert refused.value.reason == "not_digits"


digits = st.text("0123456789", max_size=14)
gs1_texts = st.lists(
    st.sampled_from(
        [
            "]C1",
            "]d2",
            "01",
            "10",
            "17",
            "21",
            "3103",
            "(01)",
            "(10)",
            GTIN,
            "261231",
            "\x1d",
            "/",
            "https://a.b/01/",
            "?17=",
            "LOT",
            "%",
            "\0",
            " ",
        ]
    ),
    max_size=9,
).map("".join)


@settings(deadline=None)
@given(st.text() | digits | gs1_texts)
def test_any_text_is_read_or_refused(payload: str) -> None:
    try:
        scanned = resolve(payload)
    except BarcodeRefused:
        return
    assert (scanned.gtin14 is None) != (scanned.code is None)
    if scanned.gtin14 is not None:
        assert normalise_gtin(scanned.gtin14) == scanned.gtin14
    # Nothing is read that a database could not keep.
    for text in (scanned.code, scanned.lot, scanned.serial):
        assert text is None or ("\0" not in text and text.encode())


@settings(deadline=None)
@given(st.from_regex("([0-9]{8}|[0-9]{12,14})", fullmatch=True, alphabet="0123456789"))
def test_of_ten_last_digits_one_fits_and_any_single_misread_digit_is_noticed(code: str) -> None:
    (gtin,) = [gtin for last in "0123456789" if (gtin := gtin_or_none(code[:-1] + last))]
    sound = gtin[-len(code) :]
    for at, digit in enumerate(sound):
        misread = sound[:at] + str((int(digit) + 1) % 10) + sound[at + 1 :]
        assert gtin_or_none(misread) is None


@settings(deadline=None)
@given(
    st.text("ABCxyz019-/.", min_size=1, max_size=20),
    st.text("ABCxyz019-/.", min_size=1, max_size=20),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.permutations(["01", "10", "17", "21"]),
)
def test_every_way_of_writing_elements_reads_the_same(
    lot: str, serial: str, expiry: date, order: list[str]
) -> None:
    values = {"01": GTIN, "10": lot, "17": f"{expiry:%y%m%d}", "21": serial}
    expected = Scanned("gs1_128", gtin14=GTIN, lot=lot, serial=serial, expiry=expiry)
    scanned = "".join(key + values[key] + ("\x1d" if key in ("10", "21") else "") for key in order)
    assert resolve(f"]d2{scanned}") == expected
    assert resolve("".join(f"({key}){values[key]}" for key in order)) == expected
