"""The one writer of the stock pool.

Only this package changes `Stock`, `StockMovement` and `Reservation` rows. Every function runs in
the caller's transaction and locks Stock rows in (SKU, location) order, one statement for any
number of rows. Each balance change carries its movement and its event: `stock.changed`, or for
imports `stock.imported`.

A reservation changes only under the lock of its Stock row, so the holder of the lock sees its
reservations as they are. A caller that writes to orders as well locks those first: orders, then
stock.
"""

from inventory.ledger.breaking import make_room
from inventory.ledger.bulk import CountContext, Figures
from inventory.ledger.counting import (
    CountedRows,
    count_rows,
    open_and_lock_figures,
    preview_query,
)
from inventory.ledger.expiry import expire_due, skus_with_stale_holds
from inventory.ledger.grip import set_grip
from inventory.ledger.in_place import CountedInPlace, count_in_place
from inventory.ledger.posting import post
from inventory.ledger.reservations import (
    close_reservations,
    extend_reservations,
    lock_cart,
    post_reserved,
    reserve,
)
from inventory.ledger.rows import (
    lock_rows,
    lock_skus,
    open_and_lock,
    open_rows,
    set_safety_stock,
)
from inventory.ledger.shapes import (
    BALANCE_LIMIT,
    Balance,
    Broken,
    Entry,
    LiveReservation,
    NewReservation,
    Part,
)

__all__ = [
    "BALANCE_LIMIT",
    "Balance",
    "Broken",
    "CountContext",
    "CountedInPlace",
    "CountedRows",
    "Entry",
    "Figures",
    "LiveReservation",
    "NewReservation",
    "Part",
    "close_reservations",
    "count_in_place",
    "count_rows",
    "expire_due",
    "extend_reservations",
    "lock_cart",
    "lock_rows",
    "lock_skus",
    "make_room",
    "open_and_lock",
    "open_and_lock_figures",
    "open_rows",
    "post",
    "post_reserved",
    "preview_query",
    "reserve",
    "set_grip",
    "set_safety_stock",
    "skus_with_stale_holds",
]
