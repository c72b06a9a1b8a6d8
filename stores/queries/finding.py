"""Finding the location that an address names."""

from __future__ import annotations

from core.access.principal import Principal
from core.problems.catalogue import NotFound
from stores.models import Location


def find_location(code: str, *, actor: Principal, to_work: bool = False) -> Location:
    """Return a location that the actor sees, or where it may work; raises `NotFound`."""
    location = Location.objects.visible_to(actor).filter(code=code).first()
    if location is None or (to_work and not actor.works_at(code)):
        raise NotFound("There is no such location.")
    return location
