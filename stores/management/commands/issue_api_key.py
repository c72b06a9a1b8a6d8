"""`manage.py issue_api_key NAME --scopes '*'`: the key alone on the last line of stdout."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Collection
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.access.keys import issue_key
from core.access.models import ApiClient
from core.access.principal import SYSTEM
from core.access.scopes import HANDS_OVER, PASS, SCOPES, SETS, clash
from core.audit.models import Outcome
from core.audit.record import record
from stores.models import Channel, Location

NAME_LENGTH = 64
MOST_PER_MINUTE = 1_000_000


class Command(BaseCommand):
    help = "Make an API client (or find it by name) and print a new key for it."
    requires_system_checks: list[str] = []  # they would read every view first

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--scopes", default="", help="comma-separated, or '*'")
        parser.add_argument("--for", dest="set", choices=SETS, help="the scopes of such a system")
        parser.add_argument("--channels", default="", help="comma-separated codes; none: all")
        parser.add_argument("--locations", default="", help="comma-separated codes; none: all")
        parser.add_argument("--per-minute", type=int, help="requests; none: as many as it likes")

    def handle(self, *args: Any, **options: Any) -> None:
        scopes, channels, locations = (
            [part.strip() for part in options[name].replace(" ", ",").split(",") if part.strip()]
            for name in ("scopes", "channels", "locations")
        )
        scopes = list(dict.fromkeys([*scopes, *SETS.get(options["set"], ())]))
        if clash(scopes):
            raise CommandError(
                f"Who hands over never reads the code that releases goods: give {PASS} to a client"
                f" of its own, without {HANDS_OVER} and *."
            )
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown:
            raise CommandError(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(SCOPES)}.")
        _check_codes("channel", channels, Channel.objects.values_list("code", flat=True))
        _check_codes("location", locations, Location.objects.values_list("code", flat=True))
        if not 0 < len(options["name"].strip()) <= NAME_LENGTH:
            raise CommandError(f"A client's name has 1 to {NAME_LENGTH} characters.")
        limit = options["per_minute"]
        if limit is not None and not 0 < limit <= MOST_PER_MINUTE:
            raise CommandError(f"--per-minute is a number from 1 to {MOST_PER_MINUTE}.")
        client, made = ApiClient.objects.get_or_create(
            name=options["name"],
            defaults={
                "scopes": scopes,
                "channels": channels,
                "locations": locations,
                "requests_per_minute": limit,
            },
        )
        if made and not scopes:
            client.delete()
            raise CommandError(
                "A new client needs --scopes, for example --scopes '*', or --for, as in --for till."
            )
        if not made:
            for name, value in (
                ("scopes", scopes),
                ("channels", channels),
                ("locations", locations),
                ("requests_per_minute", limit),
            ):
                if value:
                    setattr(client, name, value)
            client.save()
        record(
            actor=SYSTEM,
            action="api_key.issued",
            subject=f"api_clients/{client.pk}",
            security=Outcome.DONE,
            called=client.name,
            scopes=client.scopes,
            channels=client.channels,
            locations=client.locations,
        )
        self.stdout.write(issue_key(client=client))


def _check_codes(kind: str, codes: Collection[str], known: Collection[str]) -> None:
    """Refuse codes that do not exist: such a key would work and see nothing."""
    unknown = sorted(set(codes) - set(known))
    if unknown:
        there = f"Known: {', '.join(sorted(known))}." if known else f"There is no {kind} yet."
        raise CommandError(f"Unknown {kind}: {', '.join(unknown)}. {there}")
