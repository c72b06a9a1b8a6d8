"""Processes of the service that start at once, as copies of one that has loaded it.

Loading takes a process 1.5 s of CPU, and the races start some sixty. The process that is copied
has no connection and no thread: what the copies share of it is never written.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connections

from core.embedded.connection import is_database_embedded
from core.roles.names import EMBEDDED

ROOT = Path(__file__).resolve().parents[2]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.concurrency.preloaded"])


def service_processes() -> ForkServerContext:
    """Return what starts processes of the service that work on the test's database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url_of_tests())
        patch.setenv("PYTHONPATH", str(ROOT))
        forkserver.ensure_running()
    return _context


def url_of_tests() -> str:
    """Return the URL of the test's database.

    With a lock_timeout of a minute: a busy machine may stand still for ten seconds.
    """
    settings = connections["default"].settings_dict
    user = EMBEDDED.run if is_database_embedded() else settings["USER"]
    url = (
        f"postgresql://{user}@/{settings['NAME']}"
        f"?host={quote(str(settings['HOST']), safe='')}&port={settings['PORT']}"
        f"&options={quote('-c lock_timeout=60000', safe='')}"
    )
    if settings["PASSWORD"]:
        url = url.replace("@", f":{quote(settings['PASSWORD'], safe='')}@", 1)
    return url
