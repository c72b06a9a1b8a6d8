"""Opening and changing channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from stores.models import Channel, Location


def put_channel(
    *,
    code: str,
    name: str,
    kind: str,
    locations: Sequence[Location] | None,
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[Channel, bool]:
    """Open a channel, or replace what is known of it; return it and whether it is new.

    `locations` are those that it may sell from, None for all of them. `expect` is called with the
    version found (None: new) under the row's lock and raises to refuse. A replacement that
    changes nothing keeps the version.
    """
    columns = {"name": name, "kind": kind, "all_locations": locations is None}
    wanted = {location.pk for location in locations or ()}
    with transaction.atomic():
        channel, created = Channel.objects.select_for_update(no_key=True).get_or_create(
            code=code, defaults=columns
        )
        expect(None if created else channel.version)
        changed = [field for field, value in columns.items() if getattr(channel, field) != value]
        if wanted != set(channel.locations.values_list("pk", flat=True)):
            channel.locations.set(locations or ())
            changed.append("locations")
        if changed and not created:
            for field, value in columns.items():
                setattr(channel, field, value)
            raise_version(channel)
        if created or changed:
            record(
                actor=actor,
                action="channel.opened" if created else "channel.changed",
                subject=f"channels/{code}",
                changed=changed,
            )
    return channel, created


def raise_version(channel: Channel) -> None:
    """Save a channel, whose row is locked, under its next version."""
    channel.version += 1
    channel.save()
