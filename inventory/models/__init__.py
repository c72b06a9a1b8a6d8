"""The stock pool: catalogue, balances, ledger, reservations, deliveries, transfers."""

from inventory.models.catalogue import Barcode, Product, Sku
from inventory.models.count import (
    Count,
    CountEntry,
    CountLine,
    CountResult,
    Drift,
    LastCount,
)
from inventory.models.delivery import ExpectedDelivery, ExpectedDeliveryLine
from inventory.models.keep_rules import KeepRule, RingFence
from inventory.models.label import LabelRecord
from inventory.models.placement import Placement
from inventory.models.pool import Reservation, ReservationGroup, Stock, StockMovement
from inventory.models.transfer import Transfer, TransferLine, TransferScan

__all__ = [
    "Barcode",
    "Count",
    "CountEntry",
    "CountLine",
    "CountResult",
    "Drift",
    "ExpectedDelivery",
    "ExpectedDeliveryLine",
    "KeepRule",
    "LabelRecord",
    "LastCount",
    "Placement",
    "Product",
    "Reservation",
    "ReservationGroup",
    "RingFence",
    "Sku",
    "Stock",
    "StockMovement",
    "Transfer",
    "TransferLine",
    "TransferScan",
]
