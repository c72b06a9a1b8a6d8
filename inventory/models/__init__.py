"""The stock pool: catalogue, balances, ledger, claims, transfers."""

from inventory.models.catalogue import Barcode, Product, Sku
from inventory.models.pool import Reservation, ReservationGroup, Stock, StockMovement
from inventory.models.shelf import Placement, RingFence
from inventory.models.transfer import Transfer, TransferLine

__all__ = [
    "Barcode",
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
]
