"""Whose work a pick list is: taking it, and handing it on."""

from __future__ import annotations

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import ValidationFailed
from orders.commands.picking.pick_lists import lock_pick_list
from orders.errors import OtherPersonsList
from orders.models import PickList
from orders.transitions import next_pick_list_state


def person_of(actor: Principal, named: str = "") -> str:
    """Return who works: a member of staff as themself, a client of the API for who it names.

    Empty: a client that names none, and may work on every list. Raises `ValidationFailed` when a
    member of staff names another person.
    """
    if not actor.is_staff:
        return named
    if named not in ("", actor.name):
        raise ValidationFailed.at("/person", "You are signed in, and work as yourself.", "not_you")
    return actor.name


def check_person(pick_list: PickList, *, person: str, actor: Principal) -> None:
    """Raise `OtherPersonsList` unless the list is the person's, not taken yet, or none is named.

    Supervisors work on every list.
    """
    is_theirs = pick_list.person in ("", person)
    if person and not is_theirs and not actor.supervises:
        raise OtherPersonsList(
            f"This list is {pick_list.person}'s. It can be handed on to you.",
            person=pick_list.person,
        )


def take_pick_list(pick_list: PickList, *, person: str, actor: Principal) -> None:
    """Give a locked list to the person who works on it first. Raises `OtherPersonsList`."""
    check_person(pick_list, person=person, actor=actor)
    if person and not pick_list.person:
        pick_list.person = person
        pick_list.save(update_fields=["person"])


def assign_pick_list(*, identity: int, person: str, actor: Principal) -> PickList:
    """Hand a list on to a person, or to none (empty). To whom it belongs already: no change.

    Members of staff hand on what is theirs or not taken, supervisors any.
    """
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    if pick_list.person == person:
        return pick_list
    check_person(pick_list, person=person_of(actor), actor=actor)
    pick_list.state = next_pick_list_state(pick_list.state, "assign")
    before, pick_list.person = pick_list.person, person
    pick_list.save(update_fields=["person"])
    record(
        actor=actor,
        action="pick_list.assigned",
        subject=f"pick-lists/{pick_list.pk}",
        before=before,
        after=person,
    )
    return pick_list
