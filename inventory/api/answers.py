"""Response serializers that several stock endpoints share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rest_framework import serializers

from core.access.principal import Principal
from inventory.choices import KeepKind
from inventory.ledger import Balance, Broken
from inventory.queries.lookup import Spot
from inventory.rulebook import Kept
from inventory.settlement import settlement
from inventory.timestamps import as_text


class BalanceAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    unavailable = serializers.IntegerField()
    available = serializers.IntegerField()
    version = serializers.IntegerField()


class KeptAnswer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(KeepKind.choices)
    channel = serializers.CharField(
        allow_null=True, help_text="Whom they are kept for; null: from all, or for one unseen here"
    )
    quantity = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    rule = serializers.CharField(
        allow_null=True,
        help_text="The keep rule; null: the row's own safety stock or fence, or one unseen here",
    )


class BrokenAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    quantity = serializers.IntegerField()
    reference = serializers.CharField(help_text="Whose promise broke: an order or a cart")


def render_balance(spot: Spot, row: Balance) -> dict[str, Any]:
    return {
        "sku": spot.sku,
        "location": spot.location,
        "on_hand": row.on_hand,
        "reserved": row.reserved,
        "unavailable": row.unavailable,
        "available": row.available,
        "version": row.version,
    }


def render_kept(kept: Iterable[Kept], *, actor: Principal) -> list[dict[str, Any]]:
    return [
        {
            "kind": KeepKind.SAFETY_STOCK if level.channel is None else KeepKind.RING_FENCE,
            "channel": level.channel if is_seen else None,
            "quantity": level.quantity,
            "until": as_text(level.until),
            "rule": level.rule if is_seen else None,
        }
        for level in kept
        for is_seen in [level.channel is None or actor.sees_channel(level.channel)]
    ]


def by_pair(balances: Iterable[Balance]) -> dict[tuple[int, int], Balance]:
    return {(row.sku_id, row.location_id): row for row in balances}


def mask_references(
    rows: Sequence[dict[str, Any]], *, actor: Principal
) -> Sequence[dict[str, Any]]:
    """Leave out what a key tied to channels may not read: the `reference` to what it does not see,
    and who was the `actor`. The cells stay, empty."""
    if actor.channels is None:
        return rows
    named = settlement().name_references({row["reference"] for row in rows}, actor=actor)
    return [
        row
        if row["reference"] in named
        else row | {name: "" for name in ("reference", "actor") if name in row}
        for row in rows
    ]


def render_broken(
    broken: Sequence[Broken], spots: Iterable[Spot], *, actor: Principal
) -> Sequence[dict[str, Any]]:
    named: Mapping[tuple[int, int], Spot] = {spot.pair: spot for spot in spots}
    rows = [
        {
            "sku": named[part.sku_id, part.location_id].sku,
            "location": named[part.sku_id, part.location_id].location,
            "quantity": part.quantity,
            "reference": part.reference,
        }
        for part in broken
    ]
    return mask_references(rows, actor=actor)
