"""Turning what an exchange has not spent into a refund."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import OperationalError

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import OutboxEvent, publish
from orders.choices import Resolution
from orders.commands.locks import lock_orders, lock_unlocked
from orders.commands.returns.finish_return import lock_return
from orders.errors import IllegalTransition
from orders.models import Order, Return
from orders.money import format_amount
from orders.queries.exchanges import Budget, budget_of
from orders.queries.returns import return_document
from orders.transitions import RESOLVE, next_return_state

REASON = "not exchanged"


def change_resolution(*, return_id: int, resolution: Resolution, actor: Principal) -> Return:
    """Give money, or credit, for what has come and no exchange has taken; and for what comes.

    A repeat changes nothing. Raises `IllegalTransition` for a return that asks for no exchange, or
    is cancelled.
    """
    ret = _lock_with_exchanges(return_id)
    if ret.resolution == resolution:
        return ret
    next_return_state(ret.state, RESOLVE)
    if ret.resolution != Resolution.EXCHANGE:
        raise IllegalTransition(
            f"This return is for a {ret.get_resolution_display().lower()}: only an exchange is "
            "turned into something else.",
            state=ret.state,
            allowed_actions=return_document(ret.pk)["allowed_actions"],
        )
    ret.resolution = resolution
    ret.save(update_fields=["resolution"])
    budget = budget_of(ret)
    record(
        actor=actor,
        action="return.resolution_changed",
        subject=f"returns/{ret.pk}",
        resolution=resolution,
        left=budget.left(),
    )
    if budget.units_left or budget.value_left:
        publish(_refund(ret, budget, actor))
    return ret


def _lock_with_exchanges(identity: int) -> Return:
    """Lock a return after its order and its exchanges: what one of these gives back by a
    cancellation is refunded either here or there."""

    def exchanges() -> set[int]:
        return set(Order.objects.filter(exchange_of=identity).values_list("pk", flat=True))

    owner = Return.objects.values_list("order_id", flat=True).get(pk=identity)
    known = exchanges()
    lock_orders({*known, owner} if owner else known)
    ret = lock_return(identity)
    if not lock_unlocked(exchanges() - known):  # placed a moment ago
        raise OperationalError("an exchange of this return is just being changed")
    return ret


def _refund(ret: Return, budget: Budget, actor: Principal) -> OutboxEvent:
    """Return the event that requests what is left. Exchanges have taken from the first lines."""
    taken, taken_value, lines = budget.taken, budget.taken_value, list[dict[str, Any]]()
    currency = budget.currency or ""
    for line in ret.lines.select_related("sku", "order_line").order_by("pk"):
        units = max(0, line.received - taken)
        taken -= line.received - units
        if line.order_line is None:
            lines += [{"sku": line.sku.code, "quantity": units}] if units else []
            continue
        worth = line.order_line.unit_price * line.received
        amount = max(Decimal(0), worth - taken_value)
        taken_value -= worth - amount
        if units or amount:
            lines.append(
                {
                    "line_id": line.order_line.line_id,
                    "quantity": units,
                    "amount": format_amount(amount, currency),
                }
            )
    data: dict[str, Any] = {
        "order": ret.order.number if ret.order else None,
        "amount": budget.left()["value"],
        "currency": budget.currency,
        "reason": REASON,
        "lines": lines,
        "return": str(ret.pk),
        "resolution": ret.resolution,
    }
    if ret.order:
        data["payment_reference"] = ret.order.payment_reference
    return OutboxEvent(
        "refund.requested",
        f"returns/{ret.pk}",
        data,
        order=ret.order.number if ret.order else "",
        actor=actor.name,
    )
