"""Barcodes: reading what scanners send, without a database."""

from inventory.barcodes.gtin import item_in_case, normalise_gtin, scale_item
from inventory.barcodes.kept import as_kept
from inventory.barcodes.layouts import as_typed_elsewhere
from inventory.barcodes.other_codes import name_other_code
from inventory.barcodes.reading import other_readings, resolve
from inventory.barcodes.scanned import BarcodeRefused, Scanned
from inventory.barcodes.stored import read_units, stored_form, write_units
from inventory.barcodes.text import MAX_LENGTH, clean

__all__ = [
    "MAX_LENGTH",
    "BarcodeRefused",
    "Scanned",
    "as_kept",
    "as_typed_elsewhere",
    "clean",
    "item_in_case",
    "name_other_code",
    "normalise_gtin",
    "other_readings",
    "read_units",
    "resolve",
    "scale_item",
    "stored_form",
    "write_units",
]
