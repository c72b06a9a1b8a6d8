"""Looking up the codes of a request, with all unknown codes named at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.access.principal import Principal
from core.problems.catalogue import ValidationFailed
from inventory.queries.sku_codes import SkuName, named_skus
from stores.queries.network import Network, Place, Source, current_network

Pointed = Mapping[str, str]  # a JSON pointer into the body -> the code at that place


@dataclass(frozen=True, slots=True)
class Spot:
    """A SKU at a location: one Stock row, by ids and by codes."""

    sku_id: int
    sku: str
    location_id: int
    location: str

    @property
    def pair(self) -> tuple[int, int]:
        return self.sku_id, self.location_id


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that codes name: SKUs by the code that was asked for, however it was spelt."""

    skus: Mapping[str, SkuName]
    places: dict[str, Place]
    channels: dict[str, Source]

    def spot(self, sku: str, location: str) -> Spot:
        found = self.skus[sku]
        return Spot(found.id, found.code, self.places[location].id, location)


def look_up(
    *,
    actor: Principal,
    skus: Pointed,
    locations: Pointed,
    channels: Pointed | None = None,
    sees: Callable[[str], bool] | None = None,
) -> Found:
    """Find the rows that codes name; those that the actor may not see count as unknown.

    `sees` says which locations exist for what is asked: those where the actor works, unless given.
    Raises `ValidationFailed` naming every unknown code at its pointer.
    """
    found = named_skus(skus.values())
    return find_among(
        current_network(),
        found,
        actor=actor,
        skus=skus,
        locations=locations,
        channels=channels,
        sees=sees,
    )


def find_among(
    network: Network,
    named: Mapping[str, SkuName],
    *,
    actor: Principal,
    skus: Pointed,
    locations: Pointed,
    channels: Pointed | None = None,
    sees: Callable[[str], bool] | None = None,
) -> Found:
    """Do as `look_up` does, with the SKUs by their codes and the network already read."""
    sees = sees or actor.works_at
    places = {
        code: network.by_code[code]
        for code in set(locations.values())
        if code in network.by_code and sees(code)
    }
    sources = {
        code: network.channels[code]
        for code in set((channels or {}).values())
        if code in network.channels and actor.sees_channel(code)
    }
    errors = [
        {"pointer": pointer, "detail": f"There is no {name} {code}.", "code": f"unknown_{kind}"}
        for kind, name, asked, known in (
            ("channel", "channel", channels or {}, sources),
            ("location", "location", locations, places),
            ("sku", "SKU", skus, named),
        )
        for pointer, code in asked.items()
        if code not in known
    ]
    if errors:
        raise ValidationFailed(errors)
    return Found(named, places, sources)


def find_spots(lines: list[dict[str, str]], *, actor: Principal) -> list[Spot]:
    """Return the Stock rows that the `sku` and `location` of a body's `lines` name."""
    found = look_up(
        actor=actor,
        skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(lines)},
        locations={
            f"/lines/{index}/location": line["location"] for index, line in enumerate(lines)
        },
    )
    return [found.spot(line["sku"], line["location"]) for line in lines]
