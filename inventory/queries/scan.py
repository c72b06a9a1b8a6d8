"""Looking up barcodes: from any scanned text to a SKU, one at a time or as a set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.problems.catalogue import DomainError
from inventory.barcodes import (
    BarcodeRefused,
    Scanned,
    as_typed_elsewhere,
    clean,
    item_in_case,
    name_other_code,
    other_readings,
    resolve,
    scale_item,
)
from inventory.errors import BadCheckDigit, BarcodeUnreadable, UnknownBarcode
from inventory.queries.barcode_owners import Label, Owners, Printed, ScannedSku, shown

MOST_UNITS = 1_000_000  # of one read


@dataclass(frozen=True, slots=True)
class Read:
    """One scan of a barcode; the client made the id. `quantity` says how often it was read."""

    scan_id: UUID
    payload: str
    quantity: int = 1
    tote: int | None = None
    at: datetime | None = None


def find_scanned(payload: str) -> ScannedSku:
    """Resolve one scanned or typed text, in at most two queries.

    Raises `UnknownBarcode`, and for a text that is no code of the retailer's `BadCheckDigit` or
    `BarcodeUnreadable`.
    """
    found = find_all_scanned([payload])[payload]
    if isinstance(found, DomainError):
        raise found
    return found


def find_all_scanned(payloads: Collection[str]) -> dict[str, ScannedSku | DomainError]:
    """Resolve scanned or typed texts, in at most two queries where all are known, else in four.

    The retailer's own codes come first: an in-house code or a SKU code may have as
    many digits as a GTIN. An unknown text maps to the refusal that `find_scanned` raises.
    """
    return {
        payload: found if isinstance(found, DomainError) else found.scanned
        for payload, found in _find(payloads, {}).items()
    }


def find_labels(
    payloads: Iterable[str], *, printed: Printed | None = None
) -> dict[str, Label | DomainError]:
    """Resolve payloads by the rules of `find_all_scanned`; barcodes in `printed` as they say."""
    return _find(set(payloads), printed or {})


@dataclass(frozen=True, slots=True)
class _Text:
    """A payload as it was read. `text`: without what scanners put around it."""

    payload: str
    text: str = ""
    scanned: Scanned | None = None
    refused: BarcodeRefused | None = None

    @property
    def readings(self) -> list[Scanned]:
        """The surest first."""
        as_printed = Scanned("in_house", code=self.text)
        return [self.scanned, as_printed] if self.scanned else [as_printed]


def _find(payloads: Collection[str], printed: Printed) -> dict[str, Label | DomainError]:
    texts = {payload: _read(payload) for payload in payloads}
    owners = Owners((reading for text in texts.values() for reading in text.readings), printed)
    found: dict[str, Label | DomainError | None] = {
        payload: owners.first_of(text.readings) for payload, text in texts.items()
    }
    unknown = {payload: texts[payload] for payload, known in found.items() if known is None}
    if unknown:
        found |= _look_further(unknown, printed)
    return {
        payload: _countable(known, texts[payload])
        for payload, known in found.items()
        if known is not None
    }


def _countable(found: Label | DomainError, text: _Text) -> Label | DomainError:
    """Refuse a label that gives no number of pieces."""
    if isinstance(found, DomainError):
        return found
    sku, units = found.scanned.sku, found.scanned.units
    if text.scanned and text.scanned.weight:
        return _by_weight(sku, f"The label of {sku} says {text.scanned.weight}.")
    if units > MOST_UNITS:
        return BarcodeUnreadable(
            f"The label of {sku} says {units:,} units; at most {MOST_UNITS:,} are counted at once.",
            reason="too_many",
            sku=sku,
        )
    return found


def _by_weight(sku: str, said: str) -> BarcodeUnreadable:
    return BarcodeUnreadable(
        f"{said} Goods are kept in pieces here: scan the article's own code, and enter how many.",
        reason="weight",
        sku=sku,
    )


def _read(payload: str) -> _Text:
    try:
        text = clean(payload)
    except BarcodeRefused as refused:
        return _Text(payload, refused=refused)
    try:
        return _Text(payload, text, scanned=resolve(text))
    except BarcodeRefused as refused:
        return _Text(payload, text, refused=refused)


def _look_further(texts: Mapping[str, _Text], printed: Printed) -> dict[str, Label | DomainError]:
    """Find articles under readings that are less sure, or say what is wrong with a text."""
    others = {text.text: other_readings(text.text) for text in texts.values()}
    typed = {
        text.text: [
            *text.readings,
            *(
                reading
                for each in as_typed_elsewhere(text.text)
                for reading in _read(each).readings
            ),
        ]
        for text in texts.values()
    }
    parts = {text.text: _parts_of(text) for text in texts.values()}
    owners = Owners(
        (
            reading
            for readings in (*others.values(), *typed.values(), *parts.values())
            for reading in readings
        ),
        printed,
    )
    return {
        payload: owners.first_of(others[text.text])
        or owners.only_one_of(typed[text.text])
        or _from_label(text, owners)
        or _refusal(text)
        for payload, text in texts.items()
    }


def _parts_of(text: _Text) -> list[Scanned]:
    """Return the articles that a case or the label of a scale would be about."""
    gtin = text.scanned.gtin14 if text.scanned else None
    if gtin is None:
        return []
    item, scale = item_in_case(gtin), scale_item(gtin[1:])
    found = [item] if item else []
    found += [scale[0]] if scale else []
    return [Scanned("gtin14", gtin14=each) for each in found]


def _from_label(text: _Text, owners: Owners) -> Label | DomainError | None:
    """Judge a label whose article is known by another number than the one it bears."""
    inside = owners.first_of(_parts_of(text))
    if inside is None or text.scanned is None or text.scanned.gtin14 is None:
        return None
    sku, scanned = inside.scanned.sku, text.scanned
    if scale := scale_item(text.scanned.gtin14[1:]):
        said = f"The scale's label of {sku} says {scale[1]}, a weight or a price."
        return _by_weight(sku, said)
    if scanned.count:
        return Label(inside.sku_id, shown(scanned, sku, inside.scanned.units))
    return UnknownBarcode(
        f"This is a case of {sku}, and how many are in it is not known: scan one piece, and enter"
        " how many.",
        sku=sku,
    )


def _refusal(text: _Text) -> DomainError:
    if other := name_other_code(text.text or text.payload.strip()):
        reason, words = other
        return BarcodeUnreadable(words, reason=reason)
    if text.refused is None:
        return UnknownBarcode()
    if text.refused.reason == "bad_check_digit":
        return BadCheckDigit(text.refused.detail)
    return BarcodeUnreadable(text.refused.detail, reason=text.refused.reason)
