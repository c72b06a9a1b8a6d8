"""`/stock/counts`: starting, entering, submitting and reviewing counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import MAX_ITEMS, EmptyBody, StrictSerializer
from core.api.views import ApiView, listed
from core.problems.catalogue import NotFound
from inventory.api.count_answers import CountSessionAnswer, CountSummaryAnswer, EntriesAnswer
from inventory.api.count_body import CountSelectionBody, EntriesBody, chosen_lines, seen_by
from inventory.api.fields import SkuField
from inventory.api.filters import CountFilters
from inventory.commands.counting.count_review import approve_count
from inventory.commands.counting.count_work import (
    Threshold,
    cancel_count,
    enter_counts,
    lock_count,
    recount,
    start_count,
    submit_count,
)
from inventory.queries.counting.counts import (
    count_document,
    count_summaries,
    visible_counts,
    with_progress,
)
from inventory.queries.lookup import look_up
from inventory.queries.transfers import as_id


class CountedSkuBody(StrictSerializer):
    sku = SkuField()


class SkuLinesBody(StrictSerializer):
    lines = serializers.ListField(child=CountedSkuBody(), min_length=1, max_length=MAX_ITEMS)


class ApprovalBody(StrictSerializer):
    lines = serializers.ListField(
        child=CountedSkuBody(),
        min_length=1,
        max_length=MAX_ITEMS,
        required=False,
        help_text="Not given: all that need it",
    )


class CountsView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}
    filterset_class = CountFilters

    @extend_schema(operation_id="list_counts", responses={200: listed(CountSummaryAnswer)})
    def get(self, request: Request) -> Response:
        """List counts, the newest first."""
        return self.page(with_progress(visible_counts(self.actor)), render=count_summaries)

    @extend_schema(
        operation_id="start_count",
        request=CountSelectionBody,
        responses={201: CountSessionAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Start a blind count of SKUs, of bins, or of what pickers missed since a time."""
        body = self.body(CountSelectionBody)

        def effect() -> tuple[int, Any]:
            place, lines = chosen_lines(body, actor=self.actor)
            count = start_count(
                place=place,
                name=body["name"],
                lines=lines,
                threshold=Threshold(**body.get("threshold", {})),
                actor=self.actor,
            )
            return 201, count_document(count)

        return self.act(effect)


class CountView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="get_count", responses={200: CountSessionAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show a count. While it is open, it does not show the recorded figures."""
        count = visible_counts(self.actor).filter(pk=as_id(identity)).first()
        if count is None:
            raise NotFound("There is no such count.")
        return Response(count_document(count))


class CountEntriesView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(operation_id="enter_counts", request=EntriesBody, responses={200: EntriesAnswer})
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Enter counted figures; several people may send several requests.

        The same `entry_id` again is the same entry. A figure replaces an earlier one for the same
        SKU in the same bin; with `add` it is added to it, such as one scan. A SKU's figures
        in several bins are summed. `empty` says that nothing lies in a bin.
        """
        body = self.body(EntriesBody)

        def effect() -> tuple[int, Any]:
            count = lock_count(identity=identity, actor=self.actor)
            seen = seen_by(body["entries"], location_id=count.location_id)
            fresh = enter_counts(identity=identity, seen=seen, actor=self.actor)
            return 200, {
                "entries": [
                    {
                        "entry_id": str(each.entry_id),
                        "verdict": "accepted" if is_new else "duplicate",
                    }
                    for each, is_new in zip(seen, fresh, strict=True)
                ],
                "count": count_document(count),
            }

        return self.act(effect)


class CountSubmissionView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="submit_count", request=EmptyBody, responses={200: CountSessionAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Submit the count: from now on `review` compares it with the record."""
        self.body(EmptyBody)
        return self.act(
            lambda: (200, count_document(submit_count(identity=identity, actor=self.actor)))
        )


class CountApprovalView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="approve_count", request=ApprovalBody, responses={200: CountSessionAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Approve large variances, as a person who has counted none of them."""
        body = self.body(ApprovalBody)

        def effect() -> tuple[int, Any]:
            sku_ids = _ids_of(body["lines"], self.actor) if "lines" in body else None
            count = approve_count(identity=identity, sku_ids=sku_ids, actor=self.actor)
            return 200, count_document(count)

        return self.act(effect)


class RecountView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="recount", request=SkuLinesBody, responses={200: CountSessionAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Withdraw the figures of these SKUs, and open the count again."""
        body = self.body(SkuLinesBody)

        def effect() -> tuple[int, Any]:
            sku_ids = _ids_of(body["lines"], self.actor)
            count = recount(identity=identity, sku_ids=sku_ids, actor=self.actor)
            return 200, count_document(count)

        return self.act(effect)


class CountCancellationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="cancel_count", request=EmptyBody, responses={200: CountSessionAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Cancel the count; the stock does not change."""
        self.body(EmptyBody)
        return self.act(
            lambda: (200, count_document(cancel_count(identity=identity, actor=self.actor)))
        )


def _ids_of(lines: list[dict[str, str]], actor: Principal) -> list[int]:
    found = look_up(
        actor=actor,
        locations={},
        skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(lines)},
    )
    return list(dict.fromkeys(sku.id for sku in found.skus.values()))


urlpatterns = [
    path("stock/counts", CountsView.as_view()),
    path("stock/counts/<digits:identity>", CountView.as_view()),
    path("stock/counts/<digits:identity>/entries", CountEntriesView.as_view()),
    path("stock/counts/<digits:identity>/submit", CountSubmissionView.as_view()),
    path("stock/counts/<digits:identity>/approve", CountApprovalView.as_view()),
    path("stock/counts/<digits:identity>/recount", RecountView.as_view()),
    path("stock/counts/<digits:identity>/cancel", CountCancellationView.as_view()),
]
