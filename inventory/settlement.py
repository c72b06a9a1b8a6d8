"""What stock acts need of whoever made promises on the stock: the one way from here to the orders.

A count, a transfer or a changed rule may break promises or free units that orders wait for. What
follows belongs to the orders, in the same transaction and with orders locked before stock.
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
        """Run a change of stock and settle what follows from it, in one transaction.

        `waiting_for` are the ids of all SKUs that the act touches, `concerning` those of orders
        that it is about. `lock` locks the act's own rows, with all rows of the SKUs it is told.
        """

    def dispatch_transfer(
        self, *, identity: str, as_scanned: bool, actor: Principal
    ) -> dict[str, Any]:
        """Dispatch a transfer, whether its goods are for a shelf or promised; return it."""

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
        """Receive a transfer, for the shelf or for those who wait for it; return it."""

    def skus_waited_for(self, *kinds: Mapping[str, Any]) -> set[int]:
        """Return the ids of SKUs that backorders wait for; only of these kinds (SKU columns)."""

    def fill_backorders(self, *, sku_ids: Collection[int], actor: Principal) -> object:
        """Give what can be promised of these SKUs to the orders that wait, the oldest first."""

    def name_references(
        self, references: Collection[str], *, actor: Principal
    ) -> dict[str, NamedReference]:
        """Return what each of these references of the ledger names, for this actor's eyes."""


@cache
def settlement() -> Settlement:
    """Return the implementation that `settings.STOCK_SETTLEMENT` names."""
    implementation: Settlement = import_string(settings.STOCK_SETTLEMENT)()
    return implementation
