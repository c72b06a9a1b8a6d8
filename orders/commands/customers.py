"""Finding or making the customers of orders, many at once."""

from __future__ import annotations

from collections.abc import Sequence

from omniretail.rows import Table, insert_rows
from omniretail.statements import run
from orders.commands.requests import CustomerRequest

Key = tuple[str | None, str]

CUSTOMERS = Table.of(
    "orders_customer",
    on_conflict="ON CONFLICT DO NOTHING",
    external_id="text",
    email="text",
    name="text",
    phone="text",
)


def key_of(customer: CustomerRequest) -> Key:
    """Return what a customer is known by: the shop's id, else the e-mail in lower case."""
    if customer.external_id:
        return customer.external_id, ""
    return None, customer.email.strip().lower()


def find_or_make(wanted: Sequence[CustomerRequest]) -> dict[Key, int]:
    """Return the id of each known customer, making those that are new.

    Existing rows are not locked: a hundred orders of one customer must not queue behind it.
    """
    by_key = {key_of(customer): customer for customer in wanted if customer.is_known}
    if not by_key:
        return {}
    found = _find(by_key)
    missing = [by_key[key] for key in sorted(by_key.keys() - found.keys(), key=str)]
    if missing:
        insert_rows(
            (
                CUSTOMERS,
                [
                    {
                        "external_id": customer.external_id,
                        "email": customer.email.strip().lower(),
                        "name": customer.name,
                        "phone": customer.phone,
                    }
                    for customer in missing
                ],
            )
        )
        found = _find(by_key)
    return found


def _find(by_key: dict[Key, CustomerRequest]) -> dict[Key, int]:
    rows = run(
        """SELECT id, external_id, email FROM orders_customer WHERE external_id = ANY(%b::text[])
           UNION ALL
           SELECT id, external_id, email FROM orders_customer
           WHERE external_id IS NULL AND email <> '' AND email = ANY(%b::text[])""",
        [
            [external_id for external_id, _ in by_key if external_id],
            [email for external_id, email in by_key if not external_id],
        ],
    )
    return {
        (external_id, "" if external_id else email): identity
        for identity, external_id, email in rows
    }
