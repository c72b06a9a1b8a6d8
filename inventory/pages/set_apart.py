"""The page to set units apart, change their condition, or put them back on sale."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from core.admin.base import actor_of
from core.api.fields import MAX_QUANTITY
from core.problems.catalogue import DomainError
from inventory.choices import Condition, Reason
from inventory.commands.change import StockChange
from inventory.commands.set_apart import AVAILABLE, GONE, Move, move_unavailable
from inventory.models import Stock
from inventory.pages.counts import act
from inventory.pages.transfer_forms import StepForm, words_of
from inventory.queries.available.conditions import conditions_in_words, conditions_of
from inventory.queries.lookup import Spot
from inventory.settlement import settlement

FROM = [(AVAILABLE, "On sale"), *Condition.choices]
TO = [*Condition.choices, (AVAILABLE, "On sale"), *((each, Reason(each).label) for each in GONE)]


class MoveForm(StepForm):
    """How many units, out of which condition and into which."""

    quantity = forms.IntegerField(
        label="Units",
        min_value=1,
        max_value=MAX_QUANTITY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    origin = forms.ChoiceField(label="They are", choices=FROM)
    outcome = forms.ChoiceField(label="From now on they are", choices=TO)
    reference = forms.CharField(
        label="Reference",
        required=False,
        max_length=128,
        help_text="What the ledger keeps with it, such as the number of a note.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "origin" in cleaned and cleaned["origin"] == cleaned.get("outcome"):
            self.add_error("outcome", "They are that already: choose another.")
        return cleaned


def set_apart_page(request: HttpRequest, identity: int) -> HttpResponse:
    """Ask which units of one Stock row to move; move them, or show the refusal."""
    actor = actor_of(request)
    if not (request.user.has_perm("inventory.view_stock") and actor.may("stock:write")):
        raise PermissionDenied
    rows = Stock.objects.visible_to(actor).select_related("sku", "location")
    row = rows.filter(pk=identity).first()
    if row is None or not actor.works_at(row.location.code):
        raise Http404
    back = reverse("admin:inventory_stock_change", args=[row.pk])
    form = MoveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            broken = _move(row, form.cleaned_data, request)
        except DomainError as refusal:
            form.add_error(None, words_of(refusal))
        else:
            more = f" {broken} promised before: they are sourced again." if broken else ""
            messages.success(request, f"The ledger shows it.{more}")
            return HttpResponseRedirect(back)
    kept = conditions_of([(row.sku_id, row.location_id)])[row.sku_id, row.location_id]
    context = {
        **admin.site.each_context(request),
        "title": f"Set apart {row.sku.code} at {row.location.code}",
        "opts": Stock._meta,
        "stock": row,
        "kept": conditions_in_words(kept) if row.unavailable else "",
        "back": back,
        "form": form,
    }
    return TemplateResponse(request, "inventory/stock/set_apart.html", context)


def _move(row: Stock, given: dict[str, Any], request: HttpRequest) -> int:
    """Move as the API does; return how many of the units were promised."""
    spot = Spot(row.sku_id, row.sku.code, row.location_id, row.location.code)
    move = Move(spot, given["quantity"], given["origin"], given["outcome"])

    def change() -> tuple[int, StockChange]:
        done = move_unavailable(moves=[move], reference=given["reference"], actor=actor_of(request))
        return sum(part.quantity for part in done.broken), done

    def effect() -> int:
        return settlement().change_stock(change, waiting_for=[row.sku_id], actor=actor_of(request))

    broken: int = act(effect)
    return broken


urlpatterns = [
    path(
        "stock/<int:identity>/set-apart",
        admin.site.admin_view(set_apart_page),
        name="stock-set-apart",
    ),
]
