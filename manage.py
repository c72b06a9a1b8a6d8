#!/usr/bin/env python
"""Run a management command; the embedded database runs for as long as it needs one."""

from __future__ import annotations

import os
import sys


def main() -> None:
    try:
        from django.core.management import execute_from_command_line

        from core.embedded.use import use_database_for
    except ImportError as error:
        sys.exit(
            f"manage.py: {error}. Run `make run` once, then .venv/bin/python manage.py …, "
            "or install requirements.txt."
        )
    use_database_for(sys.argv)
    if sys.argv[1:2] == ["serve"]:
        # Without the apps: to load and to end them takes seconds of each restart.
        from core.embedded.management.commands.serve import Command

        Command().run_from_argv(sys.argv)
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
