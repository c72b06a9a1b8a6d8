"""What the admin's pages of orders and customers share: people are found by those who may."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.access.customers import reads_customers
from core.access.scopes import READS_CUSTOMERS
from core.admin.base import Personal, Searched, actor_of
from orders.queries.finding import is_email


class PeopleSearched(Searched, Personal):
    """A table of personal data that is searched by e-mail too, by those who may read it."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if is_email(search_term) and not reads_customers(actor_of(request)):
            refused = f"Searching by e-mail needs the scope {READS_CUSTOMERS}."
            self.message_user(request, refused, messages.ERROR)
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)
