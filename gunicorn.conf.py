"""The web server, the same under `serve` and in a container."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

bind = os.environ.get("GUNICORN_BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "core.server.worker.ProblemWorker"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# Orders that arrive together are placed together: that takes threads to wait in.
threads = 20
# Queue little: a caller that is turned away may retry, one that is forgotten may not.
backlog = 256
keepalive = 15
# The longest that gunicorn offers: an address carries a scanned text, a cursor, filters.
limit_request_line = 8190
timeout = 60
graceful_timeout = 20
control_socket_disable = True
max_requests = 0
os.environ.setdefault("OMNIRETAIL_ROLE", "web")
# What the web processes count, each in files of its own; see core/metrics/counters.py.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="omniretail-metrics-")


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
