"""The three roles of the database.

The owner owns the database, and is used for nothing but setting up the other two. `migrate` owns
the tables and functions, and migrates. `run` is what web, workers and beat are: it reads and
writes rows, and may not change tables, nor what is append-only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Roles:
    migrate: str
    run: str


# Of the embedded server, whose first start makes the owner a superuser.
OWNER = "omniretail"
EMBEDDED = Roles(migrate="omniretail_migrate", run="omniretail_run")
