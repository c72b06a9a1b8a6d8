"""Letting a customer collect at another shop."""

from __future__ import annotations

from django.utils import timezone

from core.access.principal import Principal
from core.problems.catalogue import ValidationFailed
from orders.choices import FulfilmentType
from orders.commands.fulfilment.common import (
    grip_goods,
    lines_of,
    lock_visible,
    publish_fulfilments,
    save_step,
)
from orders.commands.fulfilment.unpack import PACKED, take_apart
from orders.commands.placing.promises import promise_for
from orders.errors import PartlyHandedOver
from orders.models import Fulfilment, FulfilmentLine, OrderLine
from orders.transitions import MOVE, next_fulfilment_state
from stores.models import Location
from stores.queries.network import Place, current_network


def move_pickup(*, code: str, location: str, actor: Principal) -> Fulfilment:
    """Let the customer collect at another shop, for which a new time is promised.

    Goods that are not there are sent to it from where they are; what is already packed or waits is
    opened for that. Units of the order's lines that are sourced again later go to that shop too.
    Raises `PartlyHandedOver` once the customer has some of it.
    """
    fulfilment = lock_visible(code=code, actor=actor)
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, MOVE)
    lines = lines_of(fulfilment)
    shop = find_shop(fulfilment, location)
    if any(line.fulfilled for line in lines):
        raise PartlyHandedOver()
    goods_at, before = fulfilment.goods_at, fulfilment.location
    is_there = goods_at.pk == shop.id
    network = current_network()
    fulfilment.promise = promise_for(
        type=FulfilmentType.PICKUP,
        place=shop,
        destination=None,
        at=timezone.now(),
        source=None if is_there else network.places[goods_at.pk],
    )
    fulfilment.location = Location.objects.get(pk=shop.id)
    fulfilment.source = None if is_there else goods_at
    fulfilment.state = state
    fulfilment.wrong_codes = 0
    take_apart(fulfilment)
    for line in lines:
        line.arrived = 0
    FulfilmentLine.objects.bulk_update(lines, ["arrived"])
    OrderLine.objects.filter(pk__in=[line.order_line_id for line in lines]).update(location=shop.id)
    save_step(fulfilment, "state", "location", "source", "promise", "wrong_codes", *PACKED)
    publish_fulfilments(
        "fulfilment.moved", [fulfilment], actor=actor, moved_from={fulfilment.pk: before.code}
    )
    grip_goods(lines)
    return fulfilment


def find_shop(fulfilment: Fulfilment, code: str | None, *, pointer: str = "/location") -> Place:
    """Return the shop to which a pickup may move; `ValidationFailed` names why it may not."""
    network = current_network()
    shop = network.by_code.get(code or "")
    sells_from = network.channels[fulfilment.order.channel.code].location_ids
    if shop is None or shop.id not in sells_from:
        raise ValidationFailed.at(
            pointer,
            f"The order's channel has no location {code}.",
            "unknown_location",
        )
    if not shop.pickup:
        raise ValidationFailed.at(pointer, f"Customers do not collect at {code}.", "no_pickup")
    if shop.id == fulfilment.location_id:
        raise ValidationFailed.at(pointer, f"It is collected at {code}.", "same_location")
    return shop
