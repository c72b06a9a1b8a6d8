"""Ending a return: when all units are settled, by closing it, or by cancelling it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from orders.choices import ReturnState
from orders.commands.locks import lock_orders
from orders.errors import IllegalTransition
from orders.models import Return
from orders.queries.returns import return_document
from orders.transitions import CANCEL, next_return_state


def lock_return(identity: int) -> Return:
    """Lock a return after its order."""
    return lock_with_waiting(identity, waiting_for=())[0]


def lock_with_waiting(
    identity: int, *, waiting_for: Collection[int]
) -> tuple[Return, frozenset[int]]:
    """Lock a return after its order and the orders that wait for these SKUs, which may go on sale;
    return it with the ids of these orders."""
    order_id = Return.objects.values_list("order_id", flat=True).get(pk=identity)
    locked = lock_orders({order_id} if order_id else (), waiting_for=waiting_for)
    rows = Return.objects.select_for_update(of=("self",), no_key=True).select_related("order")
    return rows.get(pk=identity), frozenset(locked)


def return_event(type: str, ret: Return, actor: Principal) -> OutboxEvent:
    """Return an event whose data is the return's present document."""
    document = return_document(ret.pk)
    return OutboxEvent(
        type, f"returns/{ret.pk}", document, order=document["order"] or "", actor=actor.name
    )


def finish_if_done(ret: Return, document: dict[str, Any], *, actor: Principal) -> list[OutboxEvent]:
    """Close a locked return when every unit has come or is missing and none is in inspection.

    `document` is the return's present one. Returns the event to publish, or none.
    """
    waits = any(line["quantity"] > line["received"] + line["missing"] for line in document["lines"])
    if waits or "close" not in document["allowed_actions"]:
        return []
    return [_end(ret, "close", actor)]


def close_return(*, return_id: int, actor: Principal) -> Return:
    """Close a return; units that have not come may be announced again.

    Raises `IllegalTransition` when nothing has come yet (cancel it) or units are in inspection.
    """
    ret = lock_return(return_id)
    next_return_state(ret.state, "close")
    allowed = return_document(ret.pk)["allowed_actions"]
    if "close" not in allowed:
        raise IllegalTransition(
            "Units of this return wait in inspection: decide on them first.",
            state=ret.state,
            allowed_actions=allowed,
        )
    publish(_end(ret, "close", actor))
    return ret


def cancel_return(*, return_id: int, actor: Principal) -> Return:
    """Cancel a return before anything has come. Raises `IllegalTransition`."""
    ret = lock_return(return_id)
    publish(_end(ret, CANCEL, actor))
    return ret


def _end(ret: Return, action: str, actor: Principal) -> OutboxEvent:
    ret.state = ReturnState(next_return_state(ret.state, action))
    ret.closed_at = timezone.now()
    ret.save(update_fields=["state", "closed_at"])
    return return_event("return.closed", ret, actor)
