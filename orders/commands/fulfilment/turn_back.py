"""A van that turns back with goods for a shop: for stock, or for a customer who waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.access.principal import Principal
from core.database.bulk_insert import take_ids
from core.problems.catalogue import NotFound
from inventory.commands.change import StockChange
from inventory.commands.transfers.transfer import lock_transfer
from inventory.commands.transfers.turn_back import turn_back_transfer
from inventory.ledger import NewReservation
from inventory.ledger import lock_skus as lock_all_rows
from inventory.models import TransferLine
from inventory.queries.transfers import as_id, sku_ids_of
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import lines_of, publish_fulfilments, save_step
from orders.commands.fulfilment.set_aside import note_to_put_back
from orders.commands.fulfilment.ship_to_store import draft_transfer_to_store
from orders.commands.settling.change_stock import change_stock
from orders.errors import IllegalTransition
from orders.models import Fulfilment, FulfilmentLine
from orders.queries.fulfilments import workable_fulfilments
from orders.transitions import fulfilment_actions, next_fulfilment_state


def turn_back(*, code: str, actor: Principal) -> Fulfilment:
    """Take a box in again that was on its way to a shop: it is packed where it came from."""
    seen = workable_fulfilments(actor).filter(code=code).first()
    if seen is None:
        raise NotFound("There is no such fulfilment.")
    next_fulfilment_state(seen.life_cycle, seen.state, "turn-back")
    turn_back_goods(identity=str(seen.transfer_id), actor=actor)
    seen.refresh_from_db()
    return seen


def turn_back_goods(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Take what is still on its way in again at the source of a transfer; return the transfer.

    Goods for a customer stay promised. Raises `IllegalTransition` when a part of those has arrived
    in the shop: receive it and close the transfer instead.
    """

    def act() -> tuple[dict[str, Any], StockChange]:
        waiting = Fulfilment.objects.filter(
            transfer=as_id(identity), state=FulfilmentState.IN_TRANSIT
        ).select_related("order", "location", "source")
        fulfilment = waiting.select_for_update(of=("self",), no_key=True).first()
        if fulfilment is None:
            document, more = turn_back_transfer(identity=identity, actor=actor)
            return document, StockChange(more=more)
        return _turn_back_box(fulfilment, identity, actor=actor), StockChange()

    def lock(skus: Any) -> None:
        """Lock the transfer before stock, as an act does that concerns no order."""
        lock_transfer(identity, actor, at="source")
        lock_all_rows(skus)

    orders = Fulfilment.objects.filter(transfer=as_id(identity)).values_list("order_id", flat=True)
    return change_stock(
        act, waiting_for=sku_ids_of(identity), concerning=orders, lock=lock, actor=actor
    )


def _turn_back_box(fulfilment: Fulfilment, identity: str, *, actor: Principal) -> dict[str, Any]:
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "turn-back")
    lines = [line for line in lines_of(fulfilment) if line.quantity]
    if any(line.arrived for line in lines):
        raise IllegalTransition(
            "A part of it has arrived in the shop: receive it there, and close the transfer.",
            state=fulfilment.state,
            allowed_actions=[
                action
                for action in fulfilment_actions(fulfilment.life_cycle, fulfilment.state)
                if action != "turn-back"
            ],
        )
    unwanted = _unwanted(lines, identity)
    note_to_put_back(fulfilment, unwanted, location_id=fulfilment.building.pk)
    ids = take_ids(inventory_reservation=len(lines))["inventory_reservation"]
    for line, reservation_id in zip(lines, ids, strict=True):
        line.reservation_id = reservation_id
    FulfilmentLine.objects.bulk_update(lines, ["reservation"])
    fulfilment.state = state
    draft_transfer_to_store(fulfilment, lines, actor=actor)
    save_step(fulfilment, "state", "transfer")
    publish_fulfilments("fulfilment.turned_back", [fulfilment], actor=actor)
    document, _ = turn_back_transfer(
        identity=identity,
        reservations=[
            NewReservation(
                reservation_id=line.reservation_id,
                sku_id=line.order_line.sku_id,
                location_id=fulfilment.building.pk,
                quantity=line.quantity,
                fenced=0,
                reference=fulfilment.order.number,
            )
            for line in lines
        ],
        to_put_back=unwanted,
        actor=actor,
    )
    return document


def _unwanted(lines: Sequence[FulfilmentLine], identity: str) -> dict[int, int]:
    """Return the units by SKU id that were cancelled while they were on their way."""
    left = {
        line.sku_id: line.on_its_way
        for line in TransferLine.objects.filter(transfer=as_id(identity))
    }
    for line in lines:
        left[line.order_line.sku_id] -= line.quantity
    return {sku_id: units for sku_id, units in left.items() if units > 0}
