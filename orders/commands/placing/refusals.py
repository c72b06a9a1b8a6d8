"""What an order is refused for before any goods are looked for."""

from __future__ import annotations

from decimal import Decimal

from core.access.principal import Principal
from core.problems.catalogue import ValidationFailed
from orders.choices import FulfilmentType, Resolution
from orders.commands.placing.plan_units import ChannelAvailability
from orders.commands.placing.requests import OrderRequest
from orders.errors import ExchangeExceedsReturn
from orders.models import Return
from orders.queries.exchanges import budget_of, left_document
from stores.queries.network import Network, Source

SENT = (FulfilmentType.SHIP, FulfilmentType.SAME_DAY)
ADDRESS = ("line1", "city", "postal_code", "latitude")  # one of them, beside name and country


def unknown_places(
    request: OrderRequest, *, network: Network, actor: Principal
) -> ValidationFailed | None:
    """Return the refusal of an order whose channel, locations or return do not exist for this
    actor.
    """
    errors = []
    if request.channel not in network.channels or not actor.sees_channel(request.channel):
        errors.append(
            {
                "pointer": "/channel",
                "detail": f"There is no channel {request.channel}.",
                "code": "unknown_channel",
            }
        )
    errors += [
        {
            "pointer": f"/lines/{position}/fulfilment/location",
            "detail": f"There is no location {line.location}.",
            "code": "unknown_location",
        }
        for position, line in enumerate(request.lines)
        if line.location is not None
        and (line.location not in network.by_code or not actor.sees_location(line.location))
    ]
    if request.exchange_of is not None and not _is_exchange(request.exchange_of, actor):
        errors.append(
            {
                "pointer": "/exchange_of",
                "detail": f"No return {request.exchange_of} asks for an exchange.",
                "code": "unknown_return",
            }
        )
    return ValidationFailed(errors) if errors else None


def _is_exchange(return_id: str, actor: Principal) -> bool:
    """Say whether a return that the actor sees is one whose customer wants other goods instead."""
    if not (return_id.isdecimal() and return_id.isascii() and len(return_id) < 19):
        return False
    seen = Return.objects.visible_to(actor)
    return seen.filter(pk=int(return_id), resolution=Resolution.EXCHANGE).exists()


def missing_address(request: OrderRequest, source: Source) -> ValidationFailed | None:
    """Return the refusal of an order to be sent that does not say where to."""
    if source.ships_without_address or not any(line.type in SENT for line in request.lines):
        return None
    if any((request.ship_to or {}).get(part) not in (None, "") for part in ADDRESS):
        return None
    return ValidationFailed.at(
        "/ship_to",
        "Goods are to be sent: say where to. A channel with `ships_without_address` may leave"
        " it out.",
        "address_required",
    )


def refuse_excess(request: OrderRequest) -> None:
    """Refuse an exchange of more than its return, whose row is locked, has left to give.

    Raises `ExchangeExceedsReturn`, and `ValidationFailed` for another currency than was paid in.
    """
    ret = Return.objects.select_related("order").get(pk=int(request.exchange_of or ""))
    budget = budget_of(ret)
    if budget.currency not in (None, request.currency):
        raise ValidationFailed.at(
            "/currency",
            f"Return {ret.pk} was paid for in {budget.currency}.",
            "other_currency",
        )
    units = sum(line.quantity for line in request.lines)
    value = sum((line.unit_price * line.quantity for line in request.lines), Decimal(0))
    if not budget.covers(units, value):
        raise ExchangeExceedsReturn(
            left=budget.left(), requested=left_document(units, value, request.currency)
        )


def unknown_skus(
    request: OrderRequest, availability: ChannelAvailability
) -> ValidationFailed | None:
    """Return the refusal of an order with SKUs that are not in the catalogue."""
    errors = [
        {
            "pointer": f"/lines/{position}/sku",
            "detail": f"There is no SKU {line.sku}.",
            "code": "unknown_sku",
        }
        for position, line in enumerate(request.lines)
        if line.sku not in availability.snapshot.sku_ids
    ]
    return ValidationFailed(errors) if errors else None
