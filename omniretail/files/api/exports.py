"""`/exports`: balances, the ledger and orders as files of any length."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from core.api.csv_export import CsvRenderer, stream_csv
from core.api.fields import StrictSerializer
from core.api.views import ApiView
from inventory.api.fields import MomentField
from inventory.queries.export import movements_export, stock_export
from orders.queries.export import orders_export
from orders.queries.references import readable_references

LAST_ID = 2**63 - 1


class StockExportQuery(StrictSerializer):
    sku = serializers.CharField(required=False, max_length=64)
    location = serializers.CharField(required=False, max_length=64)


class MovementsExportQuery(StockExportQuery):
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=LAST_ID, help_text="The last id that you have"
    )
    reference = serializers.CharField(required=False, max_length=128, trim_whitespace=False)


class OrdersExportQuery(StrictSerializer):
    placed_after = MomentField(required=False)
    channel = serializers.CharField(required=False, max_length=64)


class ExportView(ApiView):
    """An endpoint that answers with a file. Refusals are problem documents as everywhere."""

    renderer_classes = [CsvRenderer, JSONRenderer]


class StockExportView(ExportView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="export_stock",
        parameters=[StockExportQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download the balances of every SKU at every location."""
        asked = self.query(StockExportQuery)
        return stream_csv(*stock_export(self.actor, **asked), file_name="stock.csv")


class MovementsExportView(ExportView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="export_movements",
        parameters=[MovementsExportQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download the ledger, the oldest movement first."""
        asked = self.query(MovementsExportQuery)
        if self.actor.channels is not None:
            asked |= {"readable": readable_references(self.actor)}
        return stream_csv(*movements_export(self.actor, **asked), file_name="movements.csv")


class OrdersExportView(ExportView):
    scopes = {"GET": "orders:read"}

    @extend_schema(
        operation_id="export_orders",
        parameters=[OrdersExportQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download orders, a line a row, the oldest first."""
        asked = self.query(OrdersExportQuery)
        return stream_csv(*orders_export(self.actor, **asked), file_name="orders.csv")


urlpatterns = [
    path("exports/stock.csv", StockExportView.as_view()),
    path("exports/movements.csv", MovementsExportView.as_view()),
    path("exports/orders.csv", OrdersExportView.as_view()),
]
