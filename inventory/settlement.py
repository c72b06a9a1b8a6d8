"""What stock acts need from the orders on the stock, as a protocol that `orders` implements.

A count, a transfer or a changed rule may break promises or free units that orders wait for.
The orders are settled in the same transaction, and locked before stock.
Inventory states what it needs; `settings.STOCK_SETTLEMENT` names the class that does it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string

from core.access.principal import Principal
from inventory.commands.change import StockChange
from inventory.commands.transfers.receive_transfer import Arrival

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NamedReference:
    """A resource that a movement refers to: `path` is its place in the API."""

    kind: str
    id: str
    path: str
    model: type[Model]
    pk: int


class Settlement(Protocol):
    def change_stock(
        self,
        act: Callable[[], tuple[T, StockChange]],
        *,
        waiting_for: Collection[int],
        actor: Principal,
        concerning: Iterable[int] = (),
        lock: Callable[[Collection[int]], object] | None = None,
    ) -> T:
        """Run a change of stock and settle the orders that it affects, in one transaction.

        `waiting_for` are the ids of all SKUs that the act touches, `concerning` those of orders
        that it is about. `lock` locks the act's own rows, with all rows of the SKUs it is given.
        """

    def dispatch_transfer(
        self, *, identity: str, as_scanned: bool, actor: Principal
    ) -> dict[str, Any]:
        """Dispatch a transfer, whether its goods are for stock or promised; return it."""

    def turn_back_transfer(self, *, identity: str, actor: Principal) -> dict[str, Any]:
        """Take what has not arrived in again at the source, for stock or promised; return the
        transfer.
        """

    def receive_transfer(
        self,
        *,
        identity: str,
        arrivals: Sequence[Arrival] = (),
        close: bool = False,
        accept_surplus: bool = False,
        as_scanned: bool = False,
        actor: Principal,
    ) -> dict[str, Any]:
        """Receive a transfer, for stock or for waiting customers; return it."""

    def skus_waited_for(self, *kinds: Mapping[str, Any]) -> set[int]:
        """Return the ids of SKUs that backorders wait for; only of these kinds (SKU columns)."""

    def fill_backorders(self, *, sku_ids: Collection[int], actor: Principal) -> object:
        """Reserve available units of these SKUs for the orders that wait, the oldest first."""

    def name_references(
        self, references: Collection[str], *, actor: Principal
    ) -> dict[str, NamedReference]:
        """Return the resource that each of these ledger references names, if this actor may see
        it.
        """


@cache
def settlement() -> Settlement:
    """Return the implementation that `settings.STOCK_SETTLEMENT` names."""
    implementation: Settlement = import_string(settings.STOCK_SETTLEMENT)()
    return implementation
