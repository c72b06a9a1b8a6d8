"""Base of the endpoints whose documents may say something of a customer."""

from __future__ import annotations

from typing import Any

from core.access.customers import reads_customers
from core.api.views import ApiView
from core.audit.source import release
from orders.masking import names_people, released


class PersonalView(ApiView):
    """An endpoint that answers with documents of orders: masked without `customers:read`.

    An answer is masked before it is stored: under its Idempotency-Key it is repeated as it was.
    What is read whole goes into the security log, by how many of `releases`.
    """

    releases = "orders"

    def released(self, document: Any) -> Any:
        if self.request.method == "OPTIONS":  # asked by anyone, and says nothing of an order
            return document
        if self.request.method == "GET" and reads_customers(self.actor):
            rows = document.get("results", [document]) if isinstance(document, dict) else [document]
            release(self.releases, sum(map(names_people, rows)))
        return released(document, actor=self.actor)
