"""What was read of a barcode, or why it could not be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Scanned:
    """The data in a payload. Either `gtin14` or, for an in-house code, `code` (as printed) is set.

    `kind`: gtin8, gtin8_restricted, gtin12, gtin13, gtin14, zero_padded_gtin8, upca_as_13,
    isbn_issn, coupon_98_99, coupon_upc_5, restricted_2x, restricted_upc_2, restricted_upc_4,
    unassigned_prefix, upc_e, isbn10, gs1_128, digital_link, in_house. `expiry` is the use-by date,
    else the best-before date. `count` is how many of it the label says that there are; `weight`
    what it says that they weigh, with its unit.
    """

    kind: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None
    count: int | None = None
    weight: str | None = None


class BarcodeRefused(ValueError):
    """A payload that cannot be read. `reason` is stable, `detail` is for a person.

    Reasons: empty, too_long, control_character, bad_check_digit, bad_length, not_digits,
    bad_element, unknown_identifier, bad_date, no_gtin, bad_link.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
