"""`GET /metrics`: figures for Prometheus, of all web processes together.

Guarded by a scope rather than by an address of its own: the service has one port, and keys can be
issued, rotated and revoked already. Figures of the database are read at each request.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from prometheus_client import REGISTRY as OF_THIS_PROCESS
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from core.api.views import ApiView
from core.database.statements import run, run_named
from core.metrics.figures import Figures

_CONNECTIONS = """
SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""


_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class DatabaseFigures(Collector):
    """Figures read at each request: work that waits for the worker or that it has missed,
    connections by what they do, and deadlocks."""

    def collect(self) -> Iterator[Metric]:
        for name_of in settings.FIGURES:
            figures: Figures = import_string(name_of)
            (row,) = run_named(figures.statement)
            for name, about in figures.about.items():
                yield GaugeMetricFamily(f"omniretail_{name}", about, value=row[name])
        with connection.cursor() as cursor:
            cursor.execute(_CONNECTIONS)
            states = cursor.fetchall()
        connections = GaugeMetricFamily(
            "omniretail_database_connections",
            "Connections of web, worker and beat to the database, by state",
            labels=["state"],
        )
        for state, count in states:
            connections.add_metric([state], count)
        yield connections
        ((deadlocks,),) = run(_DEADLOCKS)
        yield CounterMetricFamily(
            "omniretail_database_deadlocks",
            "Transactions that the database ended because they waited for one another",
            value=deadlocks,
        )


class Plain(JSONRenderer):
    """Renders text for a client that accepts only text; a refusal is still a problem document."""

    media_type = "text/plain"
    format = "txt"


class MetricsView(ApiView):
    scopes = {"GET": "metrics:read"}
    renderer_classes = [JSONRenderer, Plain]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Answer in Prometheus' text format."""
        registries = [CollectorRegistry()]
        registries[0].register(DatabaseFigures())
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            MultiProcessCollector(registries[0])
        else:
            registries.append(OF_THIS_PROCESS)
        text = b"".join(map(generate_latest, registries))
        return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


urlpatterns = [path("metrics", MetricsView.as_view())]
