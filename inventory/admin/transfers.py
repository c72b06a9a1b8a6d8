"""Transfers in the admin: the list, and a page for each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from core.admin.base import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    Searched,
    actor_of,
    at,
    link,
)
from core.problems.catalogue import DomainError
from inventory.admin.links import skus_named
from inventory.choices import TransferState
from inventory.commands.transfers.receive_transfer import Arrival
from inventory.commands.transfers.transfer import cancel_transfer, draft_transfer
from inventory.models import Transfer, TransferLine, TransferScan
from inventory.pages.transfer_forms import DispatchForm, DraftForm, ReceiptForm, StepForm, words_of
from inventory.settlement import settlement
from inventory.transitions import transfer_actions

# Which end of the transfer a step is taken at.
END = {"dispatch": "source", "cancel": "source", "receive": "destination"}


class TransferLineInline(ReadOnlyInline):
    model = TransferLine
    fields = (
        "sku", "quantity", "loaded", "left_behind", "received", "unloaded", "surplus", "damaged",
        "lost",
    )  # fmt: skip
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku").order_by("pk")


class TransferScanInline(ReadOnlyInline):
    model = TransferScan
    fields = ("payload", "quantity", "verdict", "scanned_at", "actor")
    verbose_name_plural = "Scans"
    show_change_link = False


@admin.register(Transfer)
class TransferAdmin(Searched, ReadOnlyAdmin):
    list_display = ("name", "source", "destination", "stage", "arrived", "whom", "left", "moves")
    list_filter = ("state", "source", "destination")
    list_select_related = ("source", "destination")
    search_help_text = "Transfer, fulfilment or SKU"
    ordering = ("-id",)
    inlines = (TransferLineInline, TransferScanInline)
    readonly_fields = ("moves",)
    actions_list = ("draft",)
    actions_detail = ("dispatch_goods", "receive_goods", "cancel_draft")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        lines = TransferLine.objects.filter(transfer=OuterRef("pk")).order_by().values("transfer")

        def summed(units: Any) -> Subquery:
            return Subquery(lines.annotate(n=Sum(units)).values("n"), output_field=IntegerField())

        answer: QuerySet[Any] = rows.annotate(
            units=summed(F("quantity")), units_in=summed(F("received") + F("lost"))
        )
        return answer

    def find(self, word: str) -> Q:
        condition = Q(reference=word) | Q(
            pk__in=TransferLine.objects.filter(sku__in=skus_named(word)).values("transfer")
        )
        if word.isascii() and word.isdecimal() and len(word) < 19:
            condition |= Q(pk=int(word))
        return condition

    @display(description="Transfer", ordering="id")
    def name(self, transfer: Transfer) -> str:
        return str(transfer.pk)

    @display(
        description="State",
        ordering="state",
        label={
            TransferState.DRAFT.label: "info",
            TransferState.IN_TRANSIT.label: "warning",
            TransferState.RECEIVED.label: "success",
            TransferState.CANCELLED.label: "danger",
        },
    )
    def stage(self, transfer: Transfer) -> str:
        return str(TransferState(transfer.state).label)

    @display(description="Settled")
    def arrived(self, transfer: Any) -> str:
        return f"{transfer.units_in or 0} of {transfer.units or 0} units"

    @display(description="For")
    def whom(self, transfer: Transfer) -> SafeString | str:
        if not transfer.reference:
            return "stock"
        return link(transfer.reference, "orders_fulfilment", q=transfer.reference)

    @display(description="Left", ordering="dispatched_at")
    def left(self, transfer: Transfer) -> str:
        return at(transfer.dispatched_at)

    @display(description="Ledger")
    def moves(self, transfer: Transfer) -> SafeString:
        return link("Ledger", "inventory_stockmovement", q=f"transfers/{transfer.pk}")

    def has_draft_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).may("stock:write")

    def has_dispatch_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "dispatch")

    def has_receive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "receive")

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, "cancel")

    def _may(self, request: HttpRequest, object_id: Any, step: str) -> bool:
        """Say whether a person of this role may take this step now."""
        transfer = self.get_object(request, str(object_id))
        return (
            actor_of(request).may("stock:write")
            and step in transfer_actions(transfer.state)
            and not (step == "cancel" and transfer.reference)
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer the steps that are taken at a place of this person's."""
        transfer = self.get_object(request, str(object_id))
        steps = super().get_actions_detail(request, object_id)
        return [step for step in steps if _is_at_end(request, transfer, step.path)]

    @action(description="New transfer", url_path="new", icon="add", permissions=["draft"])
    def draft(self, request: HttpRequest) -> HttpResponse:
        """Draft a transfer."""
        form = DraftForm(_sent(request), actor=actor_of(request))

        def write() -> str:
            given = form.cleaned_data
            drafted = draft_transfer(
                source_id=given["source"].pk,
                destination_id=given["destination"].pk,
                units=given["goods"],
                condition=given["condition"],
                actor=actor_of(request),
            )
            return str(drafted["id"])

        return self._page(
            request, form, write, title="New transfer", button="Write it down",
            said="The draft is written. Nothing has moved yet: dispatch it when the goods leave.",
        )  # fmt: skip

    @action(
        description="Dispatch", url_path="dispatch", icon="local_shipping", permissions=["dispatch"]
    )
    def dispatch_goods(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Dispatch the goods."""
        transfer = self._transfer(request, object_id, "dispatch")
        form = DispatchForm(_sent(request))

        def leave() -> str:
            settlement().dispatch_transfer(
                identity=str(transfer.pk),
                as_scanned=form.cleaned_data["as_scanned"],
                actor=actor_of(request),
            )
            return str(transfer.pk)

        return self._page(
            request, form, leave, transfer=transfer, title=f"Dispatch transfer {transfer.pk}",
            button="The goods have left", said="The goods are on their way.",
        )  # fmt: skip

    @action(
        description="Receive", url_path="receive", icon="move_to_inbox", permissions=["receive"]
    )
    def receive_goods(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Receive what has arrived, line by line."""
        transfer = self._transfer(request, object_id, "receive")
        form = ReceiptForm(_sent(request), lines=_lines(transfer))

        def take_in() -> str:
            given = form.cleaned_data
            settlement().receive_transfer(
                identity=str(transfer.pk),
                arrivals=[Arrival(*each) for each in given["arrivals"]],
                close=given["close"],
                accept_surplus=given["accept_surplus"],
                actor=actor_of(request),
            )
            return str(transfer.pk)

        return self._page(
            request, form, take_in, transfer=transfer, title=f"Receive transfer {transfer.pk}",
            button="It has arrived", said="What has arrived is in the stock.",
        )  # fmt: skip

    @action(description="Cancel", url_path="cancel", icon="cancel", permissions=["cancel"])
    def cancel_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel a draft."""
        transfer = self._transfer(request, object_id, "cancel")

        def give_up() -> str:
            cancel_transfer(identity=str(transfer.pk), actor=actor_of(request))
            return str(transfer.pk)

        return self._page(
            request, StepForm(_sent(request)), give_up, transfer=transfer,
            title=f"Cancel transfer {transfer.pk}", button="Cancel it", said="It is cancelled.",
        )  # fmt: skip

    def _transfer(self, request: HttpRequest, object_id: str, step: str) -> Transfer:
        transfer: Transfer = self.get_object(request, object_id)
        if not _is_at_end(request, transfer, step):
            raise Http404
        return transfer

    def _page(
        self,
        request: HttpRequest,
        form: StepForm,
        act: Callable[[], str],
        *,
        title: str,
        button: str,
        said: str,
        transfer: Transfer | None = None,
    ) -> HttpResponse:
        """Show a step's form; when it is submitted, take the step, or show the refusal."""
        if form.is_valid():
            try:
                with transaction.atomic():
                    identity = act()
            except DomainError as refusal:
                form.add_error(None, words_of(refusal))
            else:
                messages.success(request, said)
                return HttpResponseRedirect(
                    reverse("admin:inventory_transfer_change", args=[identity])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": transfer,
            "transfer": transfer,
            "lines": _lines(transfer) if transfer else [],
            "form": form,
            "button": button,
        }
        return TemplateResponse(request, "inventory/transfer_step.html", context)


def _is_at_end(request: HttpRequest, transfer: Transfer, step: str) -> bool:
    """Say whether a person works at the end of the transfer at which a step is taken."""
    return actor_of(request).works_at(getattr(transfer, END[step]).code)


def _sent(request: HttpRequest) -> Any:
    """Return the submitted form data, which may be empty."""
    return request.POST if request.method == "POST" else None


def _lines(transfer: Transfer) -> list[TransferLine]:
    return list(transfer.lines.select_related("sku").order_by("pk"))
