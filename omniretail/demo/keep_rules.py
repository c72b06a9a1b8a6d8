"""Keep rules of the demo retailer."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from inventory.choices import AbcClass, KeepKind
from inventory.commands.keep_from_sale.change_rule import change_keep_rule
from inventory.commands.keep_from_sale.keep_rules import KeepFacts, put_keep_rule
from omniretail.demo.moves import roomiest
from omniretail.demo.people import shop
from stores.queries.network import current_network

FRIDAY = 4


def keep_by_rule() -> None:
    """Keep units for walk-in customers, some for the site until Friday, some of a category."""
    network = current_network()
    warehouse = network.by_code["W1"]
    _put(
        "walk-ins",
        KeepFacts(
            kind=KeepKind.SAFETY_STOCK,
            quantity=3,
            abc_class=AbcClass.A,
            location_id=network.by_code["S470"].id,
            note="What sells best stays for people who walk in.",
        ),
    )
    _put(
        "weekend-offer",
        KeepFacts(
            kind=KeepKind.RING_FENCE,
            quantity=10,
            channel_id=network.channels["web"].id,
            sku_id=roomiest("W1", 1)[0].sku_id,
            location_id=warehouse.id,
            until=_next_friday(),
            note="The offer of the week on the site, until Friday at six.",
        ),
    )
    _put(
        "bags-for-tills",
        KeepFacts(
            kind=KeepKind.RING_FENCE,
            quantity=2,
            channel_id=network.channels["pos"].id,
            category="Bags",
            abc_class=AbcClass.B,
            note="A few of the bags that sell now and then, for the tills of every shop.",
        ),
    )


def _put(code: str, facts: KeepFacts) -> None:
    actor = shop()
    change_keep_rule(
        lambda: put_keep_rule(code=code, facts=facts, actor=actor), code=code, actor=actor
    )


def _next_friday() -> datetime:
    """Return 18:00 of this Friday, or of the next when that is past."""
    zone = current_network().by_code["W1"].hours.zone
    now = timezone.now().astimezone(zone)
    day = now.date() + timedelta(days=(FRIDAY - now.weekday()) % 7)
    evening = datetime.combine(day, time(18), tzinfo=zone)
    return evening if evening > now else evening + timedelta(days=7)
