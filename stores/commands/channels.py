"""Opening and changing channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from stores.models import Channel, Location


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of a channel. `locations` are those that it may sell from, None for all."""

    name: str
    kind: str
    locations: Sequence[Location] | None = None
    ships_without_address: bool = False


def put_channel(
    *,
    code: str,
    facts: ChannelFacts,
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[Channel, bool]:
    """Open a channel, or replace what is known of it; return it and whether it is new.

    `expect` is called with the version found (None: new) under the row's lock and raises to
    refuse. A replacement that changes nothing keeps the version.
    """
    columns = {
        "name": facts.name,
        "kind": facts.kind,
        "all_locations": facts.locations is None,
        "ships_without_address": facts.ships_without_address,
    }
    locations = facts.locations or ()
    wanted = {location.pk for location in locations}
    with transaction.atomic():
        channel, created = Channel.objects.select_for_update(no_key=True).get_or_create(
            code=code, defaults=columns
        )
        expect(None if created else channel.version)
        changed = [field for field, value in columns.items() if getattr(channel, field) != value]
        if wanted != set(channel.locations.values_list("pk", flat=True)):
            channel.locations.set(locations)
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
