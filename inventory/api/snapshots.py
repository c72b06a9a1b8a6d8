"""`/stock/snapshots`: the figures of a system that owns the count."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access.principal import Principal
from core.api.fields import (
    MAX_ITEMS,
    CodeField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)
from core.api.views import ApiView
from inventory import ledger
from inventory.api.answers import BrokenAnswer, by_pair, render_broken
from inventory.api.drift import SourceField, StepAnswer, render_movements
from inventory.api.fields import PastMomentField, SkuField, refuse_duplicates
from inventory.commands.change import StockChange
from inventory.commands.counting.count import (
    BY_PEOPLE,
    MOST_COUNTED,
    AppliedCount,
    Occasion,
    apply_count,
    refuse_too_early,
)
from inventory.queries.counting.drift import WindowMovements, explain_figures
from inventory.queries.counting.findings import Counted, Finding, look
from inventory.queries.counting.last_counts import last_counts
from inventory.queries.lookup import find_spots
from inventory.settlement import settlement
from inventory.timestamps import as_text


class SnapshotLineBody(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    on_hand = StrictIntegerField(min_value=0, max_value=MOST_COUNTED)


class SnapshotBody(StrictSerializer):
    source = SourceField(  # type: ignore[assignment]
        help_text="Whose figures these are: `erp`"
    )
    as_of = PastMomentField(help_text="The moment at which the figures were true")
    lines = serializers.ListField(child=SnapshotLineBody(), min_length=1, max_length=MAX_ITEMS)
    dry_run = StrictBooleanField(
        required=False, default=False, help_text="Only say what has drifted; change nothing"
    )

    def validate_source(self, value: str) -> str:
        if value == BY_PEOPLE:
            raise serializers.ValidationError(
                "This is the name of what people count. Take another.", code="reserved_source"
            )
        return value


class SnapshotLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    reported = serializers.IntegerField()
    expected = serializers.IntegerField(help_text="What the record was at that moment")
    drift = serializers.IntegerField(help_text="reported - expected")
    on_hand = serializers.IntegerField(help_text="What the record is now")
    superseded = serializers.BooleanField(help_text="A later figure stands; this changed nothing")
    movements = StepAnswer(
        many=True,
        help_text="What moved since, and where there is drift since the figure before",
    )
    movements_left_out = serializers.IntegerField(help_text="How many older ones there are")


class SnapshotAnswer(serializers.Serializer[Any]):
    id = serializers.CharField(allow_null=True, help_text="null of a dry run")
    source = serializers.CharField()  # type: ignore[assignment]
    as_of = serializers.DateTimeField()
    dry_run = serializers.BooleanField()
    lines = SnapshotLineAnswer(many=True)
    broken = BrokenAnswer(many=True, help_text="Promises that the stock cannot keep")


class SnapshotsView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="take_snapshot", request=SnapshotBody, responses={200: SnapshotAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Correct on_hand to the figures of a system that owns the count.

        They are compared with the record of `as_of`, and later movements stay, so that
        no movement is counted twice. The same snapshot again changes nothing; one that is older
        than a later count is superseded.
        """
        body = self.body(SnapshotBody)
        refuse_duplicates(body["lines"])

        def effect() -> tuple[int, Any]:
            spots = find_spots(body["lines"], actor=self.actor)
            figures = [
                Counted(spot, line["on_hand"], at=body["as_of"])
                for spot, line in zip(spots, body["lines"], strict=True)
            ]
            before = last_counts([spot.pair for spot in spots])
            previous = {pair: row.at for pair, row in before.items()}
            if body["dry_run"]:
                found = look(figures)
                refuse_too_early(found)
                on_hand = [finding.on_hand for finding in found]
                explained = explain_figures(found, previous)
                return 200, _render(body, found, on_hand, explained, self.actor)

            def take() -> tuple[AppliedCount, StockChange]:
                applied = apply_count(counts=figures, occasion=_occasion(body), actor=self.actor)
                return applied, applied.change

            applied = settlement().change_stock(
                take,
                waiting_for={spot.sku_id for spot in spots},
                actor=self.actor,
                lock=partial(ledger.open_and_lock, [spot.pair for spot in spots]),
            )
            now = by_pair(applied.change.balances)
            answer = _render(
                body,
                applied.findings,
                [now[spot.pair].on_hand for spot in spots],
                explain_figures(applied.findings, previous),
                self.actor,
            )
            broken = render_broken(applied.change.broken, spots, actor=self.actor)
            return 200, {**answer, "id": applied.id, "broken": broken}

        return self.act(effect)


def _occasion(body: dict[str, Any]) -> Occasion:
    source, as_of = body["source"], as_text(body["as_of"])
    return Occasion(
        id=str(uuid.uuid4()),
        cause=f"a snapshot of {source}",
        reference=f"snapshots/{source}/{as_of}",
        source=source,
    )


def _render(
    body: dict[str, Any],
    findings: Sequence[Finding],
    on_hand: Sequence[int],
    explained: Sequence[WindowMovements],
    actor: Principal,
) -> dict[str, Any]:
    return {
        "id": None,
        "source": body["source"],
        "as_of": as_text(body["as_of"]),
        "dry_run": body["dry_run"],
        "lines": [
            {
                "sku": finding.counted.spot.sku,
                "location": finding.counted.spot.location,
                "reported": finding.counted.on_hand,
                "expected": finding.recorded,
                "drift": finding.counted.on_hand - finding.recorded,
                "on_hand": units,
                "superseded": finding.superseded,
                "movements": render_movements(moved, actor=actor),
                "movements_left_out": moved.left_out,
            }
            for finding, units, moved in zip(findings, on_hand, explained, strict=True)
        ],
        "broken": [],
    }


urlpatterns = [path("stock/snapshots", SnapshotsView.as_view())]
