"""Lists and pages of the admin that show who customers are, which the security log says."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from core.access.customers import reads_customers
from core.admin.base import ModelAdmin, actor_of
from core.audit.source import release


class ReleasedAdmin(ModelAdmin):
    """`released` says what its rows are: "orders"."""

    released = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)
        if not reads_customers(actor_of(request)):
            return answer
        if (shown := getattr(answer, "context_data", {}).get("cl")) is not None:
            release(self.released, len(shown.result_list))
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        if answer.status_code == 200 and reads_customers(actor_of(request)):
            release(self.released)
        return answer
