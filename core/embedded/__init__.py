"""PostgreSQL and a broker that come with the service, for machines that have neither.

Settings call the functions below; `manage.py`, the tests and `serve` start servers.
"""

from __future__ import annotations

from core.embedded.connection import broker_url, database, migrate_database
from core.embedded.places import data_dir

__all__ = ["broker_url", "data_dir", "database", "migrate_database"]
