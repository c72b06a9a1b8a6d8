"""Start the embedded database for the tests, before Django reads its settings.

Each run has test databases of its own, so that two runs in one checkout do not meet. With
DATABASE_URL the tests run there instead. OMNIRETAIL_TEST_DATABASE fixes the name, which
`--reuse-db` needs.
"""

from __future__ import annotations

import atexit
import gc
import os
import re

import django
import psycopg
import pytest
from django.conf import settings

from core.embedded import data_dir
from core.embedded.connection import is_database_embedded
from core.embedded.processes import is_alive
from core.embedded.use import Use
from core.roles.names import OWNER

# Processes of pytest-xdist inherit the environment that the first one sets.
IS_FIRST_PROCESS = "PYTEST_XDIST_WORKER" not in os.environ


def start_embedded_database() -> None:
    if IS_FIRST_PROCESS:
        os.environ["DATA_DIR"] = str(data_dir() / "test")
        os.environ.setdefault("OMNIRETAIL_TEST_DATABASE", f"test_omniretail_{os.getpid()}")
    use = Use(data_dir(), durable=False)
    use.begin()
    atexit.register(use.end)
    if IS_FIRST_PROCESS:
        drop_databases_of_dead_runs(use)


def drop_databases_of_dead_runs(use: Use) -> None:
    with psycopg.connect(use.postgres.address("postgres"), autocommit=True) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
        for name in names:
            run = re.match(r"test_omniretail_(\d+)", name)
            if run and not is_alive(int(run.group(1))):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


if settings.configured and IS_FIRST_PROCESS:
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests choose their own DATA_DIR.")
os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
if is_database_embedded():
    start_embedded_database()
# The tests make databases and change what the service may not; what stands for the service takes
# on its role (tests/roles.py).
if is_database_embedded():
    settings.DATABASES["default"]["USER"] = OWNER
settings.MIGRATE_DATABASE = None
# A hash that is meant to be slow costs a quarter of a second at each account that a test makes.
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    *settings.PASSWORD_HASHERS,
]
# Look for static files when they are asked for: each test's client would list them all first.
settings.WHITENOISE_AUTOREFRESH = True
# Here, not later: conftest files of the packages import models.
django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: some always wait for a server, a browser, a lock."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays for good: the service and all tests of it.

    It looked through these again and again: up to a quarter of the CPU of tests of orders.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
