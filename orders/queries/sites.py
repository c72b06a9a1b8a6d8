"""The locations of a channel as input of sourcing."""

from __future__ import annotations

from orders.sourcing import Site
from stores.queries.network import Network, Source

_sites: dict[int, tuple[Network, dict[str, Site]]] = {}


def sites_of(network: Network, source: Source) -> dict[str, Site]:
    """Return the locations that a channel may sell from, as sites."""
    cached = _sites.get(source.id)
    if cached is None or cached[0] is not network:
        sites = {
            place.code: Site(
                code=place.code,
                kind=place.kind,
                priority=place.priority,
                latitude=place.latitude,
                longitude=place.longitude,
                ships=place.ships,
                pickup=place.pickup,
                same_day=place.same_day,
            )
            for place in map(network.places.__getitem__, source.location_ids)
        }
        cached = _sites[source.id] = (network, sites)
    return cached[1]
