"""Data of people in events."""

from django.db.models import Q, QuerySet

from core.outbox.erasing import rewrite_events
from core.outbox.models import CARTS, Event
from core.people.person import Person
from core.people.register import OWN_DOCUMENT, Column, Kept, Kind, Table, staff


def _events_of(person: Person) -> QuerySet[Event]:
    carts = {subject for subject in person.subjects if subject.startswith(CARTS)}
    of_carts = Q(order="", subject__startswith=CARTS, subject__in=carts)
    return Event.objects.filter(Q(order__in=person.names) | of_carts)


REGISTER = (
    Table(
        "outbox.Event",
        Kept.EVENTS,
        (Column("data", Kind.DOCUMENT, OWN_DOCUMENT), *staff("actor")),
        found="events of the person's orders and carts",
        rows=_events_of,
        shown=("type", "time", "subject"),
        write=rewrite_events,
    ),
)
NO_PEOPLE = {"outbox.Event": ("type", "subject", "order")}
