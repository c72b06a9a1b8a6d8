"""`/transfers`: stock on its way between locations: drafted, dispatched, scanned, received."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import EmptyBody
from core.api.views import ApiView, listed
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.filters import TransferFilters
from inventory.api.scan_body import SCAN_KEY, ScansBody
from inventory.api.transfer_body import (
    TransferAnswer,
    TransferBody,
    TransferDispatchBody,
    TransferReceiptBody,
    TransferScansAnswer,
)
from inventory.commands.transfers.receive_transfer import Arrival
from inventory.commands.transfers.scan_transfer import scan_transfer
from inventory.commands.transfers.transfer import cancel_transfer, draft_transfer
from inventory.queries.lookup import look_up
from inventory.queries.scan import Read
from inventory.queries.sku_codes import SkuName
from inventory.queries.transfers import as_id, transfer_documents, visible_transfers
from inventory.settlement import settlement


class TransfersView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}
    filterset_class = TransferFilters

    @extend_schema(operation_id="list_transfers", responses={200: listed(TransferAnswer)})
    def get(self, request: Request) -> Response:
        """List transfers, the newest first."""
        return self.page(visible_transfers(self.actor), render=transfer_documents)

    @extend_schema(
        operation_id="draft_transfer", request=TransferBody, responses={201: TransferAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Draft a transfer. Nothing moves until it is dispatched."""
        body = self.body(TransferBody)
        if body["from"] == body["to"]:
            raise ValidationFailed.at(
                "/to", "A transfer goes to another location.", "same_location"
            )

        def effect() -> tuple[int, Any]:
            found = look_up(
                actor=self.actor,
                locations={"/from": body["from"], "/to": body["to"]},
                skus={
                    f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])
                },
            )
            units: dict[int, int] = {}
            for line in body["lines"]:
                sku_id = found.skus[line["sku"]].id
                units[sku_id] = units.get(sku_id, 0) + line["quantity"]
            return 201, draft_transfer(
                source_id=found.places[body["from"]].id,
                destination_id=found.places[body["to"]].id,
                units=units,
                condition=body.get("condition") or "",
                actor=self.actor,
            )

        return self.act(effect)


class TransferView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="get_transfer", responses={200: TransferAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show a transfer."""
        found = transfer_documents(visible_transfers(self.actor).filter(pk=as_id(identity)))
        if not found:
            raise NotFound("There is no such transfer.")
        return Response(found[0])


class TransferCancellationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="cancel_transfer", request=EmptyBody, responses={200: TransferAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Cancel a draft."""
        self.body(EmptyBody)
        return self.act(lambda: (200, cancel_transfer(identity=identity, actor=self.actor)))


class TransferScansView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="scan_transfer",
        request=ScansBody,
        responses={200: TransferScansAnswer},
        parameters=[SCAN_KEY],
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Count loaded units while it is a draft, and unloaded ones while it is in transit.

        The stock does not change yet. A batch may be sent again: no scan counts twice.
        """
        reads = [Read(**scan) for scan in self.body(ScansBody)["scans"]]

        def effect() -> tuple[int, Any]:
            transfer, results = scan_transfer(identity=identity, reads=reads, actor=self.actor)
            return 200, {"results": results, "transfer": transfer}

        if "Idempotency-Key" in request.headers:
            return self.act(effect)
        status, answer = retry_conflicts(transaction.atomic(effect))
        return Response(answer, status=status)


class TransferDispatchView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="dispatch_transfer",
        request=TransferDispatchBody,
        responses={200: TransferAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Dispatch the goods from the source: all lines or none, or exactly what was loaded.

        Goods that are promised to a customer leave whole, and their reservations end.
        """
        body = self.body(TransferDispatchBody)
        return self.act(
            lambda: (
                200,
                settlement().dispatch_transfer(identity=identity, actor=self.actor, **body),
            )
        )


class TransferTurnBackView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="turn_back_transfer", request=EmptyBody, responses={200: TransferAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Take what has not arrived in again where it came from: its van turned back.

        Goods that are promised to a customer stay so, in their box.
        """
        self.body(EmptyBody)
        return self.act(
            lambda: (
                200,
                settlement().turn_back_transfer(identity=identity, actor=self.actor),
            )
        )


class TransferReceiptView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_transfer",
        request=TransferReceiptBody,
        responses={200: TransferAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Receive what has arrived, in one or several parts.

        It is reserved for the customer for whom it was sent; the rest fills backorders.
        """
        body = self.body(TransferReceiptBody)

        def effect() -> tuple[int, Any]:
            return 200, settlement().receive_transfer(
                identity=identity,
                arrivals=_arrivals(body["lines"], actor=self.actor),
                close=body["close"],
                accept_surplus=body["accept_surplus"],
                as_scanned=body["as_scanned"],
                actor=self.actor,
            )

        return self.act(effect)


def _arrivals(lines: list[dict[str, Any]], *, actor: Principal) -> list[Arrival]:
    """Sum the lines of one SKU: a repeated line counts again."""
    found = look_up(
        actor=actor,
        locations={},
        skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(lines)},
    )
    units: dict[SkuName, tuple[int, int]] = {}
    for line in lines:
        sku = found.skus[line["sku"]]
        whole, damaged = units.get(sku, (0, 0))
        units[sku] = (whole + line["quantity"], damaged + line.get("damaged", 0))
    return [
        Arrival(sku.id, sku.code, quantity, damaged) for sku, (quantity, damaged) in units.items()
    ]


urlpatterns = [
    path("transfers", TransfersView.as_view()),
    path("transfers/<str:identity>", TransferView.as_view()),
    path("transfers/<str:identity>/scans", TransferScansView.as_view()),
    path("transfers/<str:identity>/cancel", TransferCancellationView.as_view()),
    path("transfers/<str:identity>/dispatch", TransferDispatchView.as_view()),
    path("transfers/<str:identity>/turn-back", TransferTurnBackView.as_view()),
    path("transfers/<str:identity>/receive", TransferReceiptView.as_view()),
]
