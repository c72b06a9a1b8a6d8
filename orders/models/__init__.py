"""Orders, their fulfilment, picking, and returns."""

from orders.models.customer import Customer
from orders.models.erasure import Erasure
from orders.models.fulfilment import Fulfilment, FulfilmentLine, UnitsToPutBack
from orders.models.order import Order, OrderLine, SourcingReceipt
from orders.models.picking import PickList, PickListLine, Scan
from orders.models.reconciliation import Reconciliation, Violation
from orders.models.returns import Return, ReturnLine, ReturnReceiptLine

__all__ = [
    "Customer",
    "Erasure",
    "Fulfilment",
    "FulfilmentLine",
    "Order",
    "OrderLine",
    "PickList",
    "PickListLine",
    "Reconciliation",
    "Return",
    "ReturnLine",
    "ReturnReceiptLine",
    "Scan",
    "SourcingReceipt",
    "UnitsToPutBack",
    "Violation",
]
