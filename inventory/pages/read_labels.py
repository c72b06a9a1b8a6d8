"""What the labels say that were read on a page whose form is not sent yet."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

from inventory.commands.goods_in.take_in import ReadLabel
from inventory.queries.barcode_owners import ScannedSku

MOST = 1_000  # labels of one form; further ones are counted without them


def add_label(text: str, sku_id: int, said: ScannedSku) -> str:
    """Return the form's text with one more label, where it says more than the article."""
    if not (said.lot or said.serial or said.expiry):
        return text
    labels = _load(text)
    expiry = said.expiry.isoformat() if said.expiry else None
    labels.append([sku_id, said.lot, said.serial, expiry, said.units])
    return json.dumps(labels[:MOST], separators=(",", ":"))


def has_serial(text: str, sku_id: int, serial: str) -> bool:
    return any(label[0] == sku_id and label[2] == serial for label in _load(text))


def read_labels(text: str, *, sku_ids: Collection[int]) -> list[ReadLabel]:
    """Return the labels of these SKUs; what a person has made of the hidden field is left out."""
    found = []
    for sku_id, lot, serial, expiry, units in _load(text):
        if sku_id in sku_ids:
            day = date.fromisoformat(expiry) if expiry else None
            said = ScannedSku("", "", lot=lot, serial=serial, expiry=day, units=units)
            found.append((sku_id, said, units))
    return found


def _load(text: str) -> list[list[Any]]:
    try:
        labels = json.loads(text or "[]")
        return [label for label in labels if _is_label(label)]
    except (ValueError, TypeError):
        return []


def _is_label(label: Any) -> bool:
    if not (isinstance(label, list) and len(label) == 5):
        return False
    sku_id, lot, serial, expiry, units = label
    texts = all(each is None or (isinstance(each, str) and len(each) <= 20) for each in label[1:4])
    numbers = all(isinstance(each, int) and 0 < each < 10**9 for each in (sku_id, units))
    if not (texts and numbers):
        return False
    if "\x00" in f"{lot}{serial}":
        return False
    if expiry is not None:
        date.fromisoformat(expiry)
    return True
