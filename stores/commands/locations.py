"""Opening and changing locations, with their bins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from stores.choices import CAPABILITIES
from stores.models import Bin, Location


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """All that is known of a building. Coordinates in degrees, both or neither."""

    name: str
    kind: str
    timezone: str
    capabilities: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None
    address: dict[str, Any] = field(default_factory=dict)
    priority: int = 100
    hours: dict[str, Any] = field(default_factory=dict)
    exceptions: dict[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        columns = asdict(self)
        able = columns.pop("capabilities")
        return columns | {name: name in able for name in CAPABILITIES}


def put_location(
    *,
    code: str,
    facts: LocationFacts,
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[Location, bool]:
    """Open a location, or replace what is known of it; return it and whether it is new.

    `expect` is called with the version found (None: new) under the row's lock and raises to refuse.
    A replacement that changes nothing keeps the version.
    """
    columns = facts.columns()
    with transaction.atomic():
        location, created = Location.objects.select_for_update(no_key=True).get_or_create(
            code=code, defaults=columns
        )
        expect(None if created else location.version)
        changed = [name for name, value in columns.items() if getattr(location, name) != value]
        if not created and not changed:
            return location, False
        if not created:
            for name in changed:
                setattr(location, name, columns[name])
            location.version += 1
            location.save(update_fields=[*changed, "version"])
        record(
            actor=actor,
            action="location.opened" if created else "location.changed",
            subject=f"locations/{code}",
            changed=changed,
        )
    return location, created


@dataclass(frozen=True, slots=True)
class BinFacts:
    """A place on a shelf and its position in walking order."""

    code: str
    walk: int


def replace_bins(
    *,
    location: Location,
    bins: Sequence[BinFacts],
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[dict[str, Bin], bool]:
    """Make the bins of a location these and no others; return them by code, and if any changed.

    `location` comes back locked, its version as `expect` has seen it. A bin that stays keeps
    its row. Codes must be distinct.
    """
    with transaction.atomic():
        # Two concurrent replacements must not mix their bins.
        location.refresh_from_db(from_queryset=Location.objects.select_for_update(no_key=True))
        expect(location.version)
        there = dict(location.bins.values_list("code", "walk"))
        wanted = {each.code: each.walk for each in bins}
        location.bins.filter(code__in=there.keys() - wanted.keys()).delete()
        Bin.objects.bulk_create(
            [
                Bin(location=location, code=code, walk=walk)
                for code, walk in sorted(wanted.items())
                if there.get(code) != walk
            ],
            update_conflicts=True,
            unique_fields=["location", "code"],
            update_fields=["walk"],
        )
        return {each.code: each for each in location.bins.all()}, there != wanted


def note_new_plan(*, location: Location, actor: Principal) -> None:
    """Raise the version of a location, whose row is locked, and record its new bins."""
    location.version += 1
    location.save(update_fields=["version"])
    record(
        actor=actor,
        action="location.bins_replaced",
        subject=f"locations/{location.code}",
        bins=location.bins.count(),
    )
