"""Deliveries that suppliers announced to the demo retailer: late, today, half unloaded, later."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.utils import timezone

from core.access.principal import Principal
from inventory.commands.goods_in.expect import Announcement, cancel_delivery, expect_delivery
from inventory.commands.goods_in.receive import Arrived
from inventory.commands.goods_in.take_in import take_in_delivery
from inventory.models import Sku
from omniretail.demo.moves import roomiest
from omniretail.demo.people import person_at, shop
from orders.models import OrderLine
from stores.queries.network import current_network

PALLET = 48  # units of one article


class _Paper(NamedTuple):
    """A delivery note: its name, where and in how many days it is due, and of whom it is."""

    reference: str
    location: str
    days: int | None
    supplier: str


LATE = _Paper("ASN-1001", "W1", -2, "Example Ceramics")
TODAY = _Paper("ASN-1002", "W1", 0, "Placeholder Paper Goods")
AT_THE_SHOP = _Paper("ASN-1003", "S470", 0, "Example Ceramics")
HALF = _Paper("ASN-1004", "W2", 0, "Specimen Toys")
LATER = _Paper("ASN-1005", "W2", 5, "Sample Textiles")
UNDATED = _Paper("ASN-1006", "S163", None, "Specimen Toys")
SHORT = _Paper("ASN-1007", "W1", -3, "Sample Textiles")
OFF = _Paper("ASN-1008", "S302", 1, "Placeholder Paper Goods")


def await_deliveries() -> None:
    """Leave deliveries in each state; one is half unloaded, one was closed with too few."""
    waited_for = OrderLine.objects.filter(backordered__gt=0).values("sku")
    _expect(LATE, list(Sku.objects.filter(pk__in=waited_for).order_by("code")[:4]))
    _expect(TODAY, _at_hand("W1", 3))
    _expect(AT_THE_SHOP, _at_hand("S470", 3), units=12)
    _expect(LATER, _at_hand("W2", 3, skip=3))
    _expect(UNDATED, _at_hand("S163", 2), units=12)
    cancel_delivery(identity=_expect(OFF, _at_hand("S302", 2)), actor=person_at("S302"))
    _unload_half()
    _close_short()


def _unload_half() -> None:
    """Receive one article whole, another in part and some of it damaged; leave the third."""
    goods = _at_hand("W2", 3)
    arrived = {goods[0].pk: Arrived(PALLET), goods[1].pk: Arrived(20, damaged=2)}
    _take_in(_expect(HALF, goods), arrived, actor=person_at("W2"))


def _close_short() -> None:
    """Receive what came, one unit more than announced of one article, and close the delivery."""
    goods = _at_hand("W1", 2, skip=3)
    arrived = {goods[0].pk: Arrived(PALLET + 1), goods[1].pk: Arrived(PALLET - 6)}
    _take_in(_expect(SHORT, goods), arrived, close=True, actor=person_at("W1"))


def _at_hand(location: str, count: int, *, skip: int = 0) -> list[Sku]:
    return [row.sku for row in roomiest(location, count, skip=skip)]


def _expect(paper: _Paper, goods: list[Sku], *, units: int = PALLET) -> str:
    announced = expect_delivery(
        announcement=Announcement(
            location_id=current_network().by_code[paper.location].id,
            reference=paper.reference,
            units={sku.pk: units for sku in goods},
            supplier=paper.supplier,
            expected_at=None if paper.days is None else _in_days(paper.days),
        ),
        actor=shop(),
    )
    return str(announced.delivery_id)


def _in_days(days: int) -> datetime:
    """Return 14:00 local time on the date in so many days, whenever the demo is loaded."""
    zone = current_network().by_code["W1"].hours.zone
    day = timezone.localdate(timezone=zone) + timedelta(days=days)
    return datetime.combine(day, time(14), tzinfo=zone)


def _take_in(
    identity: str, arrived: dict[int, Arrived], *, close: bool = False, actor: Principal
) -> None:
    take_in_delivery(identity=identity, arrived=arrived, close=close, actor=actor)
