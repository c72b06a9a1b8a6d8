"""What the references of the ledger stand for: orders, transfers, returns.

The stock pool keeps a reference as text, and clients write what they like into theirs: only what is
there, and may be seen, has a name.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Model

from core.access.principal import Principal
from inventory.models import Transfer
from inventory.settlement import NamedReference
from orders.models import Order, Return

LONGEST_ID = 18  # digits that a bigint surely holds


# How the ledger writes them: the word before the slash, what it is, and where the API has it.
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
