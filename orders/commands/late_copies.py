"""Copies of a person's data that were written after their erasure, by acts that read them before.

A repeat of an order is answered with that order without locking it: the answer may be stored when
the erasure has looked through the stored answers. So an erasure leaves a note, and when every act
has ended that began before the erasure was known to be committed, all is looked through again.
"""

from __future__ import annotations

from django.db import connection, transaction

from core.people.erasing import erase_everywhere, take_turns
from orders.anonymisation import Eraser
from orders.commands.locks import lock_orders
from orders.erased_names import erased_name
from orders.models import Customer, Erasure
from orders.queries.privacy import find_person

# By the clock of the database, as `xact_start`.
_SEE = "UPDATE orders_erasure SET seen_at = clock_timestamp() WHERE seen_at IS NULL"
_RIPE = """
SELECT id FROM orders_erasure e WHERE seen_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < e.seen_at)
ORDER BY id
"""


def clean_late_copies() -> int:
    """Look again for copies of those who were erased; return of how many erasures. Those beside
    which an older act still runs are left to the next round."""
    if not Erasure.objects.exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SEE)
        cursor.execute(_RIPE)
        ripe = [identity for (identity,) in cursor.fetchall()]
    return sum(_clean(identity) for identity in ripe)


@transaction.atomic
def _clean(identity: int) -> bool:
    take_turns()
    note = Erasure.objects.select_for_update(skip_locked=True).filter(pk=identity).first()
    if note is None:  # another process is at it, or has been
        return False
    orders = lock_orders(note.orders)
    customers = list(Customer.objects.filter(pk__in=note.customers))
    person = find_person(customers=customers, orders=list(orders.values()))
    erase_everywhere(person, Eraser(names=person.names, rename=erased_name))
    note.delete()
    return True
