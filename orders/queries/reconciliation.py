"""Laws of the nightly check beyond `/integrity`, and the meaning of each law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.queries.integrity import POOL_LAWS, Law
from orders.models import Reconciliation
from orders.models.fulfilment import UNFINISHED
from orders.queries.integrity import ORDER_LAWS

HOUR = 3  # UTC, at which a night's check is due

_MOVING = ", ".join(f"'{state}'" for state in UNFINISHED if state != "ready")

# Sweeps and staff end these in time. Overdue rows are no wrong figures, but block someone's work.
STALE_LAWS = (
    Law(
        "holds_end_in_time",
        """SELECT sku_id, location_id, 'hold ' || id || ' of ' || reference, 0::bigint,
                  quantity::bigint
           FROM inventory_reservation
           WHERE state = 'held' AND expires_at < statement_timestamp() - interval '1 hour'""",
    ),
    Law(
        "pickups_expire_in_time",
        """SELECT l.sku_id, f.location_id, 'fulfilment ' || f.code || ', line ' || l.line_id,
                  0::bigint, (o.quantity - o.fulfilled)::bigint
           FROM orders_fulfilment f
           JOIN orders_fulfilmentline o ON o.fulfilment_id = f.id
           JOIN orders_orderline l ON l.id = o.order_line_id
           WHERE f.state = 'ready' AND o.quantity > o.fulfilled
             AND f.pickup_expires_at < statement_timestamp() - interval '1 day'""",
    ),
    Law(
        "fulfilments_move_on",
        f"""SELECT l.sku_id, f.location_id, 'fulfilment ' || f.code || ', line ' || l.line_id,
                   0::bigint, (o.quantity - o.fulfilled)::bigint
            FROM orders_fulfilment f
            JOIN orders_fulfilmentline o ON o.fulfilment_id = f.id
            JOIN orders_orderline l ON l.id = o.order_line_id
            WHERE f.state IN ({_MOVING}) AND o.quantity > o.fulfilled
              AND coalesce((f.promise ->> 'ready_by')::timestamptz,
                           (f.promise ->> 'deliver_by')::timestamptz,
                           f.created_at + interval '7 days')
                  < statement_timestamp() - interval '3 days'""",
    ),
    Law(
        "events_are_relayed",
        """SELECT NULL::bigint, NULL::bigint, what, expected, found FROM (
               SELECT 'events that wait for a place', 0::bigint, count(*)
               FROM outbox_event
               WHERE id > coalesce((SELECT last_id FROM outbox_relay WHERE id = 1), 0)
                 AND time < statement_timestamp() - interval '1 hour'
               UNION ALL
               SELECT 'events with a place', count(*),
                      (SELECT coalesce(sum(length), 0) FROM outbox_run)::bigint
               FROM outbox_event
               WHERE id <= coalesce((SELECT last_id FROM outbox_relay WHERE id = 1), 0)
           ) AS relayed(what, expected, found)
           WHERE expected <> found""",
    ),
)

# A customer without a shop's id and an e-mail has been erased: none is made without one of them. So
# has the person of an order whose own external id is replaced.
_OF_ERASED = """
    FROM orders_order d LEFT JOIN orders_customer c ON d.customer_id = c.id
    {} WHERE (c.external_id IS NULL AND c.email = '' OR d.external_id LIKE 'erased:%')
"""
_WITH_ADDRESS = r'"ship_to": *\{ *(?!\}|"country": *"[^"]*" *\})'

PRIVACY_LAWS = (
    Law(
        "erased_customers_stay_erased",
        f"""SELECT NULL::bigint, NULL::bigint, what, 0::bigint, 1::bigint FROM (
                SELECT 'customer ' || id
                FROM orders_customer
                WHERE external_id IS NULL AND email = '' AND (name <> '' OR phone <> '')
                UNION ALL
                SELECT 'order ' || d.number {_OF_ERASED.format("")}
                  AND (d.note <> '' OR (d.ship_to - 'country') <> '{{}}'
                       OR d.payment_reference <> '' OR d.external_id NOT LIKE 'erased:%')
                UNION ALL
                SELECT 'event ' || e.id || ' of order ' || d.number
                {_OF_ERASED.format('JOIN outbox_event e ON e."order" = d.number')}
                  AND e.data::text ~ '{_WITH_ADDRESS}'
            ) AS kept(what)""",
    ),
)

AUDIT_LAWS = (
    Law(
        "audit_is_as_it_was_written",
        """SELECT NULL::bigint, NULL::bigint, 'audit record ' || record || ' ' || why,
                  0::bigint, 1::bigint FROM audit_breaks('1 hour')""",
    ),
)

NIGHTLY_LAWS = (*POOL_LAWS, *ORDER_LAWS, *STALE_LAWS, *PRIVACY_LAWS, *AUDIT_LAWS)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A law in a sentence, and the remedy for a violation."""

    says: str
    to_do: str


_LEDGER = (
    "Look back at this SKU and location: the first movement that does not follow from the one "
    "before says when. Look for that moment in Audit and in the log of the database. Do not write "
    "into the tables; take a backup and report it. If only the shelf is in doubt, count it."
)
_STEP = (
    "Open the order: its timeline says which step it was. Do not write into the tables; take a "
    "backup and report it with the order's number."
)
_MEANINGS = {
    "balance_is_the_sum_of_its_movements": Meaning(
        "A balance is the sum of its movements in the ledger.", _LEDGER
    ),
    "movement_follows_the_one_before": Meaning(
        "Each movement goes on from what the one before it left.", _LEDGER
    ),
    "balance_is_what_the_last_movement_left": Meaning(
        "A balance is what its last movement left.", _LEDGER
    ),
    "reserved_is_the_sum_of_live_claims": Meaning(
        "What is reserved is what carts and orders hold, and nothing else.",
        "Compare the reservations of this SKU and location with its stock. Take a backup, then "
        "report both.",
    ),
    "transfer_moves_what_it_says": Meaning(
        "A transfer has moved what its lines say.",
        "Open the transfer and its ledger. If the goods are on the shelf, a count puts the number "
        "right; report the transfer either way.",
    ),
    "records_follow_in_time": Meaning(
        "Each movement of a SKU at a location was recorded after the one before it.",
        "Looking back at this SKU and location is wrong between these two times; its balances are "
        "right. Find what wrote the later one, other than the service, and report it.",
    ),
    "clock_is_not_behind_the_records": Meaning(
        "No movement is dated ahead of the database's clock.",
        "The clock was set back, or was wrong and is right again: see that the server keeps its "
        "time (NTP). Looking back and late counts are uncertain between the two times; this ends "
        "when the clock has passed them. Count again what was counted late in between.",
    ),
    "file_changes_a_row_once": Meaning(
        "A file changes each SKU at a location once.",
        "What was sold while the file was applied may be back on the record. Count this SKU now, "
        "then report it with the number of the import.",
    ),
    "file_changes_no_more_rows_than_it_has": Meaning(
        "A file changes no more rows than it has.",
        "Some of its rows were applied twice: count what it changed while people were selling, "
        "then report it with the number of the import.",
    ),
    "never_oversold": Meaning(
        "No more is promised than is in stock.",
        "Count this SKU now: what was promised beyond the shelf is sourced elsewhere. "
        "Then report it.",
    ),
    "ledger_has_its_partitions": Meaning(
        "Each movement is in a partition of the ledger that was prepared for it.",
        "The task that prepares them has not run for long: look whether the worker lives. Goods "
        "are sold on; the task puts the movements in order when it runs.",
    ),
    "guards_stand": Meaning(
        "The database itself refuses balances without movements, and changes of the ledger.",
        "A constraint or trigger is missing, most likely since a restore in parts: restore whole.",
    ),
    "audit_is_as_it_was_written": Meaning(
        "No audit record was changed, removed or inserted since it was written.",
        "Take a backup before anything else. `manage.py verify_audit` names the first record; "
        "compare it with an older backup, and ask who had access to the database as its owner. "
        "Where it says not sealed, look whether the worker lives.",
    ),
    "what_must_leave_is_claimed": Meaning(
        "What a location has yet to hand over is reserved there, and nothing else is.",
        _STEP,
    ),
    "holds_end_in_time": Meaning(
        "A cart's hold ends when its time is over.",
        "The sweep has not run for an hour: look whether the worker lives. No goods are kept "
        "from sale by it: the next buyer of them ends the hold.",
    ),
    "pickups_expire_in_time": Meaning(
        "A pickup that was not collected in time goes back on sale.",
        "The sweep has not run for a day: look whether the worker lives, or expire the pickup.",
    ),
    "fulfilments_move_on": Meaning(
        "No work lies three days beyond what the customer was promised.",
        "Ask the location: pick it, or reject it so that another location sends it.",
    ),
    "erased_customers_stay_erased": Meaning(
        "Nothing personal is stored of a customer who was erased.",
        "Erase the customer again, or of a guest the order: it says which one. Report it with the "
        "order's number.",
    ),
    "events_are_relayed": Meaning(
        "Events get their number within moments.",
        "The relay has not run for an hour: look whether the worker lives. Reading the feed "
        "relays too.",
    ),
}


LAWS = tuple(_MEANINGS)


def meaning_of(law: str) -> Meaning:
    """Return the meaning of a law; its name where no text exists."""
    words = law.replace("_", " ").capitalize() + "."
    return _MEANINGS.get(law, Meaning(words, _STEP))


def last_due(now: datetime) -> datetime:
    """Return the hour of the last night's check."""
    due = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return due if due <= now else due - timedelta(days=1)


def last_reconciliation() -> Reconciliation | None:
    return Reconciliation.objects.order_by("-id").first()
