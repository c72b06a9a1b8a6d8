"""Settling orders when stock changes: implements inventory's `Settlement` by commands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from core.access.principal import Principal
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.transfers.receive_transfer import Arrival
from inventory.settlement import NamedReference, Settlement
from orders.commands.fulfilment import arrivals as arriving
from orders.commands.fulfilment import ship_to_store, turn_back
from orders.commands.settling import backorders
from orders.commands.settling.change_stock import change_stock
from orders.queries import references as named

T = TypeVar("T")


class OrderSettlement(Settlement):
    def change_stock(
        self,
        act: Callable[[], tuple[T, StockChange]],
        *,
        waiting_for: Collection[int],
        actor: Principal,
        concerning: Iterable[int] = (),
        lock: Callable[[Collection[int]], object] | None = None,
    ) -> T:
        return change_stock(
            act,
            waiting_for=waiting_for,
            actor=actor,
            concerning=concerning,
            lock=lock or ledger.lock_skus,
        )

    def dispatch_transfer(
        self, *, identity: str, as_scanned: bool, actor: Principal
    ) -> dict[str, Any]:
        return ship_to_store.dispatch_goods(identity=identity, as_scanned=as_scanned, actor=actor)

    def turn_back_transfer(self, *, identity: str, actor: Principal) -> dict[str, Any]:
        return turn_back.turn_back_goods(identity=identity, actor=actor)

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
        return arriving.receive_goods(
            identity=identity,
            arrivals=arrivals,
            close=close,
            accept_surplus=accept_surplus,
            as_scanned=as_scanned,
            actor=actor,
        )

    def skus_waited_for(self, *kinds: Mapping[str, Any]) -> set[int]:
        return backorders.skus_waited_for(*kinds)

    def fill_backorders(self, *, sku_ids: Collection[int], actor: Principal) -> None:
        backorders.fill_backorders(sku_ids=sku_ids, actor=actor)

    def name_references(
        self, references: Collection[str], *, actor: Principal
    ) -> dict[str, NamedReference]:
        return named.name_references(references, actor=actor)
