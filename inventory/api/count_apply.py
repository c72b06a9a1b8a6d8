"""Applying counts: `/stock/counts/apply` in one request, or a submitted count."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access.principal import Principal
from core.api.fields import MAX_ITEMS, CodeField, EmptyBody, StrictIntegerField, StrictSerializer
from core.api.views import ApiView
from inventory import ledger
from inventory.api.answers import (
    BalanceAnswer,
    BrokenAnswer,
    by_pair,
    render_balance,
    render_broken,
)
from inventory.api.count_answers import CountSessionAnswer
from inventory.api.fields import MomentField, ReferenceField, SkuField, refuse_duplicates
from inventory.commands.change import StockChange
from inventory.commands.counting.apply import apply_finished_count
from inventory.commands.counting.count import (
    COUNT_REASONS,
    MOST_COUNTED,
    AppliedCount,
    Occasion,
    apply_count,
)
from inventory.models import Count
from inventory.queries.counting.counts import count_document
from inventory.queries.counting.findings import Counted
from inventory.queries.lookup import Spot, find_spots
from inventory.settlement import settlement
from inventory.timestamps import as_text

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # an earlier time means a wrong clock


class CountLineBody(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    on_hand = StrictIntegerField(min_value=0, max_value=MOST_COUNTED)
    expected = StrictIntegerField(
        min_value=0,
        max_value=MOST_COUNTED,
        required=False,
        allow_null=True,
        default=None,
        help_text="What the counter's record said; refused when the record was another",
    )


class CountBody(StrictSerializer):
    reason = serializers.ChoiceField(
        [str(reason) for reason in COUNT_REASONS],
        error_messages={"invalid_choice": "Choose a reason: " + ", ".join(COUNT_REASONS) + "."},
    )
    reference = ReferenceField(required=False, allow_blank=True, default="")
    as_of = MomentField(
        required=False,
        allow_null=True,
        default=None,
        help_text="When it was counted; now, if not said",
    )
    lines = serializers.ListField(child=CountLineBody(), min_length=1, max_length=MAX_ITEMS)

    def validate_as_of(self, value: datetime | None) -> datetime | None:
        if value is not None and not EARLIEST <= value <= timezone.now():
            raise serializers.ValidationError(
                "A count was taken in the past, and after 2000.", code="not_in_the_past"
            )
        return value


class CountLineAnswer(BalanceAnswer):
    counted = serializers.IntegerField()
    variance = serializers.IntegerField(help_text="By how much on_hand was put right")
    superseded = serializers.BooleanField(help_text="A later count stands; this changed nothing")


class CountAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    reason = serializers.CharField()
    reference = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    lines = CountLineAnswer(many=True)
    broken = BrokenAnswer(many=True)


class CountsView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(operation_id="apply_count", request=CountBody, responses={200: CountAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Correct on_hand to the counted figures.

        A count sent late gives in `as_of` the time it was taken: later movements stay. Units that
        are unavailable stay so, those that a picker reported missing included, unless fewer remain
        than that: record by an adjustment what happened to them. Where fewer remain than were
        promised, the least sure promises break and are sourced again; `broken` lists them. The
        balances are those before that.
        """
        body = self.body(CountBody)
        refuse_duplicates(body["lines"])

        def effect() -> tuple[int, Any]:
            spots = find_spots(body["lines"], actor=self.actor)
            counts = [
                Counted(spot, line["on_hand"], line["expected"], at=body["as_of"])
                for spot, line in zip(spots, body["lines"], strict=True)
            ]

            def count() -> tuple[dict[str, Any], StockChange]:
                occasion = Occasion.at_once(reason=body["reason"], reference=body["reference"])
                applied = apply_count(counts=counts, occasion=occasion, actor=self.actor)
                return _render(body, spots, applied, self.actor), applied.change

            return 200, settlement().change_stock(
                count,
                waiting_for={spot.sku_id for spot in spots},
                actor=self.actor,
                lock=partial(ledger.open_and_lock, [spot.pair for spot in spots]),
            )

        return self.act(effect)


def _render(
    body: dict[str, Any], spots: list[Spot], applied: AppliedCount, actor: Principal
) -> dict[str, Any]:
    rows = by_pair(applied.change.balances)
    return {
        "id": applied.id,
        "reason": body["reason"],
        "reference": body["reference"],
        "as_of": as_text(body["as_of"]),
        "lines": [
            render_balance(finding.counted.spot, rows[finding.counted.spot.pair])
            | {
                "counted": finding.counted.on_hand,
                "variance": finding.variance,
                "superseded": finding.superseded,
            }
            for finding in applied.findings
        ],
        "broken": render_broken(applied.change.broken, spots, actor=actor),
    }


class FinishedCountAnswer(CountSessionAnswer):
    broken = BrokenAnswer(many=True, help_text="Promises that the stock cannot keep")


class CountApplicationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="apply_finished_count", request=EmptyBody, responses={200: FinishedCountAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Apply a count in review, each line compared with the record at its own time.

        Movements after a line was counted stay, and SKUs that were not counted stay as they
        are. Where fewer remain than were promised, the least sure promises break and are sourced
        again.
        """
        self.body(EmptyBody)

        def effect() -> tuple[int, Any]:
            applied = apply_finished_count(identity=identity, actor=self.actor)
            spots = [finding.counted.spot for finding in applied.findings]
            count = Count.objects.get(pk=applied.id)
            return 200, {
                **count_document(count),
                "broken": render_broken(applied.change.broken, spots, actor=self.actor),
            }

        return self.act(effect)


urlpatterns = [
    path("stock/counts/apply", CountsView.as_view()),
    path("stock/counts/<digits:identity>/apply", CountApplicationView.as_view()),
]
