"""Every kind of file that can be imported."""

from __future__ import annotations

from core.imports.kinds import Kind
from inventory.imports.barcodes import BARCODES
from inventory.imports.counted_kinds import COUNTS, STOCK
from inventory.imports.deliveries import DELIVERIES
from inventory.imports.skus import SKUS
from orders.imports.orders import ORDERS
from stores.imports.hours import HOURS
from stores.imports.locations import LOCATIONS

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (SKUS, BARCODES, LOCATIONS, HOURS, STOCK, COUNTS, DELIVERIES, ORDERS)
}
KIND_NAMES = sorted(KINDS)
