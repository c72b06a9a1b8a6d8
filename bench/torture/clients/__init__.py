"""The kinds of clients, and how often each has a turn."""

from __future__ import annotations

from torture.clients.adjusting import Adjusting
from torture.clients.base import Kind
from torture.clients.cancelling import Cancelling
from torture.clients.carts import Carts
from torture.clients.counting import Counting
from torture.clients.erasing import Erasing
from torture.clients.files import Files
from torture.clients.handing_over import HandingOver
from torture.clients.observing import Observing
from torture.clients.ordering import Ordering
from torture.clients.picking import Picking
from torture.clients.reading import Reading
from torture.clients.receiving import Receiving
from torture.clients.rejecting import Rejecting
from torture.clients.replaying import Replaying
from torture.clients.returning import Returning
from torture.clients.tills import Tills
from torture.clients.transferring import Transferring

WEIGHTS: dict[type[Kind], int] = {
    Ordering: 16,
    Carts: 10,
    Tills: 14,
    Picking: 8,
    HandingOver: 14,
    Cancelling: 5,
    Rejecting: 3,
    Returning: 5,
    Adjusting: 4,
    Counting: 4,
    Transferring: 5,
    Receiving: 5,
    Files: 2,
    Erasing: 1,
    Replaying: 6,
    Reading: 8,
    Observing: 4,
}
