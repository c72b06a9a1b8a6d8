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
        allow_null=True, help_text="The keep rule; null: the row's own safety stock or fence"
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
            "channel": level.channel
            if level.channel is not None and actor.sees_channel(level.channel)
            else None,
            "quantity": level.quantity,
            "until": as_text(level.until),
            "rule": level.rule,
        }
        for level in kept
    ]


def by_pair(balances: Iterable[Balance]) -> dict[tuple[int, int], Balance]:
    return {(row.sku_id, row.location_id): row for row in balances}


def render_broken(broken: Sequence[Broken], spots: Iterable[Spot]) -> list[dict[str, Any]]:
    named: Mapping[tuple[int, int], Spot] = {spot.pair: spot for spot in spots}
    return [
        {
            "sku": named[part.sku_id, part.location_id].sku,
            "location": named[part.sku_id, part.location_id].location,
            "quantity": part.quantity,
            "reference": part.reference,
        }
        for part in broken
    ]
