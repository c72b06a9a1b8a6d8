"""The one writer of the stock pool.

Only this package changes `Stock`, `StockMovement` and `Reservation` rows. Every function runs in
the caller's transaction and locks Stock rows in (SKU, location) order, one statement for any
number of rows. Each balance change carries its movement and its `stock.changed` event.

A claim changes only under the lock of its Stock row, so whoever holds the row sees its claims as
they are. A caller that writes to orders as well locks those first: orders, then stock.
"""

from inventory.ledger.breaking import make_room
from inventory.ledger.claims import (
    close_claims,
    extend_claims,
    lock_cart,
    post_claimed,
    reserve,
)
from inventory.ledger.expiry import expire_due
from inventory.ledger.posting import post
from inventory.ledger.rows import lock_rows, lock_skus, open_rows, set_safety_stock
from inventory.ledger.shapes import BALANCE_LIMIT, Balance, Broken, Claim, Entry, LiveClaim, Part

__all__ = [
    "BALANCE_LIMIT",
    "Balance",
    "Broken",
    "Claim",
    "Entry",
    "LiveClaim",
    "Part",
    "close_claims",
    "expire_due",
    "extend_claims",
    "lock_cart",
    "lock_rows",
    "lock_skus",
    "make_room",
    "open_rows",
    "post",
    "post_claimed",
    "reserve",
    "set_safety_stock",
]
