"""What the web processes count. Each writes files of its own, which `/metrics` adds up.

The supervisor makes the folder and names it in `PROMETHEUS_MULTIPROC_DIR`; without it (containers,
tests, the worker, commands) a process counts for itself alone.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

# `door` is `endpoint` by the name that it had before: goes with the release after the next.
REQUESTS = Counter(
    "omniretail_requests",
    "Requests answered, by endpoint and status",
    ["method", "endpoint", "status", "door"],
)
SECONDS = Histogram(
    "omniretail_request_seconds",
    "Seconds from a request's first look to its answer, by endpoint",
    ["method", "endpoint", "door"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
ORDERS_PLACED = Counter("omniretail_orders_placed", "Orders placed and committed")
_SIZES = (1, 2, 4, 8, 16, 32, 64)
GROUP_COMMIT_SIZE = Histogram(
    "omniretail_group_commit_size", "Requests that were committed as one set", buckets=_SIZES
)
# The name that it had before: goes with the release after the next.
PLACED_TOGETHER = Histogram(
    "omniretail_placed_together", "Deprecated: omniretail_group_commit_size", buckets=_SIZES
)
REFUSED = Counter("omniretail_refused", "Requests refused because there were too many", ["reason"])
SECURITY_LEFT_OUT = Counter(
    "omniretail_security_records_left_out", "Refusals counted and not recorded: there were too many"
)
