"""`manage.py reset_second_factor NAME`: for the last administrator, whose phone is lost."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.access.models import User
from core.access.principal import SYSTEM
from core.pages.second_factor import take_away


class Command(BaseCommand):
    help = "Take away a person's second factor and end their sessions; they set up another one."
    requires_system_checks: list[str] = []  # they would read every view first

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user name")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']}.")
        if take_away(user=user, actor=SYSTEM):
            self.stdout.write(f"{user.username} sets up another one at the next sign-in.")
        else:
            self.stdout.write(f"{user.username} had none.")
