"""Finding orders already placed: within a channel the same external id is the same order."""

from __future__ import annotations

from collections.abc import Collection

from core.database.statements import run
from orders.commands.placing.requests import OrderRequest
from orders.erased_names import erased_name
from stores.queries.network import Network, network_at

# Order id, and fingerprint of the body that placed it: empty of one that is erased.
ExistingOrder = tuple[int, bytes]

_READ = """
SELECT coalesce((SELECT revision FROM stores_networkrevision WHERE id = 1), 0), existing.*
FROM (SELECT) AS one
LEFT JOIN (
    SELECT c.code, w.external_id, o.id, o.fingerprint
    FROM unnest(%b::text[], %b::text[], %b::text[]) AS w(channel, external_id, name)
    JOIN stores_channel c ON c.code = w.channel
    JOIN orders_order o ON o.channel_id = c.id AND o.external_id = w.name
) AS existing ON true
"""


def find_existing(
    requests: Collection[OrderRequest],
) -> tuple[Network, dict[tuple[str, str], ExistingOrder]]:
    """Return the present network, and the orders already placed under the requests'
    (channel code, external id)."""
    channels = [request.channel for request in requests]
    given = [request.external_id for request in requests]
    # Each by its own name, and by what is left of it once it is erased.
    names = given + [erased_name(external_id) for external_id in given]
    rows = run(_READ, [channels * 2, given * 2, names])
    return network_at(rows[0][0]), {
        (channel, external_id): (identity, bytes(fingerprint))
        for _, channel, external_id, identity, fingerprint in rows
        if identity is not None
    }
