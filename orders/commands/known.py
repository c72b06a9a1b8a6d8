"""Orders that a channel has placed before: the same external id is the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omniretail.statements import numbers, run
from orders.commands.requests import OrderRequest

Known = tuple[int, bytes]  # order id, fingerprint of the body that placed it


def find_known(
    requests: Sequence[OrderRequest], channel_ids: Mapping[str, int]
) -> dict[tuple[str, str], Known]:
    """Return the orders already placed under these (channel code, external id) pairs."""
    codes = {identity: code for code, identity in channel_ids.items()}
    rows = run(
        """SELECT o.channel_id, o.external_id, o.id, o.fingerprint
           FROM unnest(%s::bigint[], %b::text[]) AS w(channel_id, external_id)
           JOIN orders_order o USING (channel_id, external_id)""",
        [
            numbers(channel_ids[request.channel] for request in requests),
            [request.external_id for request in requests],
        ],
    )
    return {
        (codes[channel_id], external_id): (identity, bytes(fingerprint))
        for channel_id, external_id, identity, fingerprint in rows
    }
