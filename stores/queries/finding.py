"""Finding the location that an address names."""

from __future__ import annotations

from collections.abc import Callable

from core.access.principal import Principal
from core.problems.catalogue import NotFound
from stores.models import Location


def find_location(code: str, *, actor: Principal, to_work: bool = False) -> Location:
    """Return a location that the actor sees, or where it may work; raises `NotFound`."""
    location = Location.objects.visible_to(actor).filter(code=code).first()
    if location is None or (to_work and not actor.works_at(code)):
        raise NotFound("There is no such location.")
    return location


def visible_places(actor: Principal) -> Callable[[str], bool]:
    """Return what says of a code whether the actor sees that location."""
    if not actor.is_tied:
        return actor.sees_location
    return set(Location.objects.visible_to(actor).values_list("code", flat=True)).__contains__
