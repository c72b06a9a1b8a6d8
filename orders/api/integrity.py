"""`/integrity`: the laws of the pool and of the orders on it, checked now."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.permissions import refuse_tied
from core.api.fields import StrictSerializer
from core.api.views import ApiView
from inventory.queries.integrity import POOL_LAWS, SHOWN, check_laws
from inventory.timestamps import as_text
from orders.queries.integrity import ORDER_LAWS


class ViolationAnswer(serializers.Serializer[Any]):
    law = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    location = serializers.CharField(allow_null=True)
    subject = serializers.CharField(help_text="Which balance, movement, reservation or order line")
    expected = serializers.IntegerField()
    found = serializers.IntegerField()


class IntegrityAnswer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    checked_at = serializers.DateTimeField()
    rows_checked = serializers.IntegerField(help_text="Stock rows; their whole ledger is read")
    violation_count = serializers.IntegerField()
    violations = ViolationAnswer(many=True, help_text=f"At most {SHOWN}")


class NoQuery(StrictSerializer):
    """Takes no parameters; any is refused."""


class IntegrityView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="check_integrity", responses={200: IntegrityAnswer})
    def get(self, request: Request) -> Response:
        """Check every law over every row, in one snapshot."""
        self.query(NoQuery)
        refuse_tied(self.actor)
        report = check_laws([*POOL_LAWS, *ORDER_LAWS])
        return Response(
            {
                "ok": report.count == 0,
                "checked_at": as_text(report.checked_at),
                "rows_checked": report.rows_checked,
                "violation_count": report.count,
                "violations": report.violations,
            }
        )


urlpatterns = [path("integrity", IntegrityView.as_view())]
