"""Finding or making the customers of orders, many at once."""

from __future__ import annotations

from collections.abc import Sequence

from core.database.statements import run
from orders.commands.placing.requests import CustomerRequest

Key = tuple[str | None, str]

# A customer is identified by the shop's id or by e-mail; the other is empty here. Found rows are
# locked, shared by all orders of a customer: their erasure waits for orders that are being placed,
# and an order that waited for an erasure finds the row no more and makes a new customer.
_FIND_OR_MAKE = """
WITH wanted AS (
    SELECT nullif(external_id, '') AS external_id, known_by, email, name, phone
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
        AS w(external_id, known_by, email, name, phone)
), found_by_id AS (
    SELECT id, external_id FROM orders_customer
    WHERE external_id = ANY(ARRAY(SELECT external_id FROM wanted))
    FOR KEY SHARE
), found_by_email AS (
    SELECT id, email FROM orders_customer
    WHERE external_id IS NULL AND email <> ''
      AND email = ANY(ARRAY(SELECT known_by FROM wanted))
    FOR KEY SHARE
), found AS (
    SELECT id, external_id, '' AS known_by FROM found_by_id
    UNION ALL SELECT id, NULL, email FROM found_by_email
), made AS (
    INSERT INTO orders_customer (external_id, email, name, phone)
    SELECT external_id, email, name, phone FROM wanted w
    WHERE NOT EXISTS (
        SELECT FROM found f
        WHERE f.known_by = w.known_by AND f.external_id IS NOT DISTINCT FROM w.external_id
    )
    ORDER BY external_id, known_by
    ON CONFLICT DO NOTHING
    RETURNING id, external_id, CASE WHEN external_id IS NULL THEN email ELSE '' END
)
SELECT * FROM found UNION ALL SELECT * FROM made
"""


def key_of(customer: CustomerRequest) -> Key:
    """Return the key of a customer: the shop's id, else the e-mail in lower case."""
    if customer.external_id:
        return customer.external_id, ""
    return None, customer.email.strip().lower()


def find_or_make(wanted: Sequence[CustomerRequest]) -> dict[Key, int]:
    """Return the id of each known customer, making those that are new.

    Existing rows are locked until the transaction ends against erasing alone: a hundred orders of
    one customer do not queue behind it.
    """
    by_key = {key_of(customer): customer for customer in wanted if customer.is_known}
    found: dict[Key, int] = {}
    while len(found) < len(by_key):
        # In order: two sets that make the same customers never deadlock. Those that
        # another transaction makes concurrently are found when the statement is run again.
        keys = sorted(by_key.keys() - found.keys(), key=str)
        customers = [by_key[key] for key in keys]
        rows = run(
            _FIND_OR_MAKE,
            [
                [external_id or "" for external_id, _ in keys],
                [email for _, email in keys],
                [customer.email.strip().lower() for customer in customers],
                [customer.name for customer in customers],
                [customer.phone for customer in customers],
            ],
        )
        found |= {(external_id, email): identity for identity, external_id, email in rows}
    return found
