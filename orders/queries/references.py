"""Resolving references of the ledger to orders, transfers and returns.

The stock pool stores references as text, and clients choose theirs freely: only resources that
exist, and that the actor may see, are resolved.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Model

from core.access.principal import Principal
from inventory.models import Transfer
from inventory.settlement import NamedReference
from orders.models import Order, Return

LONGEST_ID = 18  # digits that a bigint surely holds


# Forms of references: the word before the slash, the kind, and the path in the API.
_NUMBERED: dict[str, tuple[str, type[Model], str]] = {
    "transfers": ("transfer", Transfer, "transfers"),
    "return": ("return", Return, "returns"),
}


def name_references(references: Collection[str], *, actor: Principal) -> dict[str, NamedReference]:
    """Return what each of these references names, in one query a kind that occurs."""
    orders = Order.objects.filter(number__in=set(references))
    if actor.channels is not None:
        orders = orders.filter(channel__code__in=actor.channels)
    named = {
        number: NamedReference("order", number, f"orders/{number}", Order, pk)
        for number, pk in orders.values_list("number", "pk")
    }
    for word, (kind, model, folder) in _NUMBERED.items():
        asked = {
            int(rest): reference
            for reference in references
            for head, _, rest in [reference.partition("/")]
            if head == word and rest.isascii() and rest.isdigit() and len(rest) <= LONGEST_ID
        }
        if asked:
            for pk in model._default_manager.filter(pk__in=asked).values_list("pk", flat=True):
                named[asked[pk]] = NamedReference(kind, str(pk), f"{folder}/{pk}", model, pk)
    return named
