"""Resolving references of the ledger to orders, transfers and returns.

The stock pool stores references as text, and clients choose theirs freely: only resources that
exist, and that the actor may see, are resolved.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.statements import written_out
from inventory.models import Transfer
from inventory.settlement import NamedReference
from orders.models import Order, Return

LONGEST_ID = 18  # digits that a bigint surely holds


# Forms of references: the word before the slash, the kind, and the path in the API.
_NUMBERED: dict[str, tuple[str, type[Visible], str]] = {
    "transfers": ("transfer", Transfer, "transfers"),
    "return": ("return", Return, "returns"),
}


def name_references(references: Collection[str], *, actor: Principal) -> dict[str, NamedReference]:
    """Return what each of these references names, in one query a kind that occurs."""
    orders = Order.objects.visible_to(actor).filter(number__in=set(references))
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
            seen = model.objects.visible_to(actor).filter(pk__in=asked)
            for pk in seen.values_list("pk", flat=True):
                named[asked[pk]] = NamedReference(kind, str(pk), f"{folder}/{pk}", model, pk)
    return named


def readable_references(actor: Principal) -> str:
    """Return a query of all references that `name_references` would resolve."""
    numbers = Order.objects.visible_to(actor).annotate(text=F("number")).values("text")
    queries: list[QuerySet[Any, Any]] = [numbers]
    for word, (_, model, _) in _NUMBERED.items():
        name = Concat(Value(f"{word}/"), Cast("pk", CharField()), output_field=CharField())
        queries.append(model.objects.visible_to(actor).annotate(text=name).values("text"))
    return " UNION ALL ".join(f"({written_out(rows, of='text')})" for rows in queries)
