"""The page on which people count a delivery in."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from core.access.principal import Principal
from core.admin.base import actor_of
from core.api.fields import MAX_ITEMS, MAX_QUANTITY
from core.idempotency.answers import Answer, IdempotencyKey
from core.idempotency.errors import KeyMismatch
from core.idempotency.execute import execute_once
from core.problems.catalogue import DomainError
from inventory.barcodes import MAX_LENGTH
from inventory.commands.goods_in.expect import cancel_delivery
from inventory.commands.goods_in.receive import Arrived
from inventory.commands.goods_in.take_in import take_in_delivery
from inventory.models import ExpectedDelivery, ExpectedDeliveryLine, Sku
from inventory.pages.read_labels import add_label, has_serial, read_labels
from inventory.queries.deliveries import visible_deliveries
from inventory.queries.scan import find_scanned
from inventory.queries.transfers import as_id
from inventory.transitions import delivery_actions

_FIELD = re.compile(r"arrived-([0-9]{1,18})\Z")
_TOKEN = re.compile(r"[0-9a-f]{32}\Z")


class ReceiveForm(forms.Form):
    """How many units of each SKU have arrived, and how many of these are damaged."""

    act = forms.CharField(required=False, widget=forms.HiddenInput)
    labels = forms.CharField(required=False, widget=forms.HiddenInput)
    scan = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_LENGTH,
        label="Scan or type a barcode or SKU",
        help_text="Each scan counts one unit or one case, also of goods that were not announced.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "data-next": ""}),
    )

    def __init__(self, data: Any, *, skus: Sequence[Sku]) -> None:
        super().__init__(data, initial={"act": uuid.uuid4().hex}, auto_id="receive-%s")
        self.skus = skus
        for sku in skus:
            for name, words in (("arrived", "Arriving now"), ("damaged", "Of these damaged")):
                self.fields[f"{name}-{sku.pk}"] = forms.IntegerField(
                    required=False,
                    min_value=0,
                    max_value=MAX_QUANTITY,
                    widget=forms.NumberInput(
                        attrs={"inputmode": "numeric", "aria-label": f"{words}: {sku.code}"}
                    ),
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for sku in self.skus:
            if (cleaned.get(f"damaged-{sku.pk}") or 0) > (cleaned.get(f"arrived-{sku.pk}") or 0):
                self.add_error(
                    f"damaged-{sku.pk}", "No more can be damaged than arrive now: count them too."
                )
        return cleaned

    def arrived(self) -> dict[int, Arrived]:
        """Return what has arrived, by SKU id."""
        return {
            sku.pk: Arrived(units, self.cleaned_data[f"damaged-{sku.pk}"] or 0)
            for sku in self.skus
            if (units := self.cleaned_data[f"arrived-{sku.pk}"] or 0)
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the page; `line` is None for goods that were not announced."""

    sku: Sku
    line: ExpectedDeliveryLine | None
    arrived: Any
    damaged: Any


def receive_page(
    request: HttpRequest, identity: str, *, admin_site: Any, opts: Any
) -> HttpResponse:
    """Show a delivery to receive; count a scan, receive goods, close it or cancel it."""
    actor = actor_of(request)
    delivery = visible_deliveries(actor).filter(pk=as_id(identity)).first()
    if delivery is None:
        raise Http404
    data = request.POST.copy() if request.method == "POST" else None
    said, refused = "", ""
    if data is not None and data.get("do") == "scan":
        said, refused = _count_scan(data)
    skus = _skus_on(delivery, data or {})
    form = ReceiveForm(data, skus=skus)
    if data is not None and data.get("do") != "scan" and form.is_valid():
        refused = _act(delivery, form, do=str(data.get("do")), actor=actor)
        if not refused:
            messages.success(request, _told(form, do=str(data.get("do"))))
            page = reverse("admin:inventory_expecteddelivery_change", args=[delivery.pk])
            return HttpResponseRedirect(page)
        # The refusal answers this form's key; the next submission gets a new key.
        data["act"] = uuid.uuid4().hex
    context = {
        **admin_site.each_context(request),
        "title": f"Receive {delivery.reference}",
        "opts": opts,
        "original": delivery,
        "delivery": delivery,
        "form": form,
        "rows": _rows(delivery, form),
        "said": said,
        "refused": refused,
        "may": delivery_actions(delivery.state),
    }
    return TemplateResponse(request, "inventory/deliveries/receive.html", context)


def _count_scan(data: QueryDict) -> tuple[str, str]:
    """Count a scan, of a case all that is in it; return a message, or the reason of a refusal."""
    payload = str(data.get("scan", ""))
    if not payload.strip():
        return "", "Scan or type a code to count it. To book the numbers, press Take these in."
    try:
        found = find_scanned(payload[:MAX_LENGTH].replace("\x00", ""))
    except DomainError as error:
        return "", (
            f"{payload.strip()[:64]}: {error.detail} Check the label, or give the barcode to its "
            "SKU in the catalogue first."
        )
    sku = Sku.objects.get(code=found.sku)
    read = str(data.get("labels") or "")
    if found.serial and has_serial(read, sku.pk, found.serial):
        return "", f"Serial number {found.serial} was read already: it is one thing."
    field = f"arrived-{sku.pk}"
    so_far = str(data.get(field) or "0").strip()
    if not (so_far.isascii() and so_far.isdecimal() and len(so_far) < 8):
        return "", f"Put the number of {sku.code} right first."
    data[field] = str(int(so_far) + found.units)
    data["scan"] = ""
    data["labels"] = add_label(read, sku.pk, found)
    case = f"{found.count(1)}, " if found.units > 1 else ""
    return f"{sku.code}, {sku.name}: {case}{data[field]} arriving now.", ""


def _skus_on(delivery: ExpectedDelivery, data: Mapping[str, Any]) -> list[Sku]:
    """Return the SKUs of the page: the delivery's, then others that were scanned."""
    announced = [line.sku for line in delivery.lines.all()]
    named = {int(match[1]) for name in data if (match := _FIELD.match(name))}
    others = named - {sku.pk for sku in announced}
    return [*announced, *Sku.objects.filter(pk__in=sorted(others)[:MAX_ITEMS]).order_by("code")]


def _rows(delivery: ExpectedDelivery, form: ReceiveForm) -> list[Row]:
    lines = {line.sku_id: line for line in delivery.lines.all()}
    return [
        Row(sku, lines.get(sku.pk), form[f"arrived-{sku.pk}"], form[f"damaged-{sku.pk}"])
        for sku in form.skus
    ]


def _act(delivery: ExpectedDelivery, form: ReceiveForm, *, do: str, actor: Principal) -> str:
    """Run the button's action, once for each form however often it is sent; return a refusal's
    reason.
    """
    arrived, identity = form.arrived(), str(delivery.pk)
    if do == "receive" and not arrived:
        return "Say what has arrived: scan it, or type the numbers."

    def effect() -> tuple[int, Any]:
        if do == "cancel":
            cancel_delivery(identity=identity, actor=actor)
        else:
            take_in_delivery(
                identity=identity,
                arrived=arrived,
                close=do == "close",
                labels=read_labels(form.cleaned_data["labels"], sku_ids=arrived),
                actor=actor,
            )
        return 200, {}

    try:
        answer = execute_once(_idempotency_key(identity, form, do, arrived, actor), effect)
    except KeyMismatch:
        return "This form was sent already. Look what was counted in before you send more."
    except DomainError as error:
        return error.detail
    return _refusal(answer)


def _idempotency_key(
    identity: str, form: ReceiveForm, do: str, arrived: Mapping[int, Arrived], actor: Principal
) -> IdempotencyKey:
    token = form.cleaned_data["act"]
    key = token if _TOKEN.match(token) else uuid.uuid4().hex
    content: list[Any] = [form.cleaned_data["labels"]] if form.cleaned_data["labels"] else []
    content += [identity, do, sorted((sku, a.units, a.damaged) for sku, a in arrived.items())]
    return IdempotencyKey(
        actor.id, f"receive-{key}", hashlib.sha256(json.dumps(content).encode()).digest()
    )


def _refusal(answer: Answer) -> str:
    return str(json.loads(answer.body)["detail"]) if answer.status >= 400 else ""


def _told(form: ReceiveForm, *, do: str) -> str:
    if do == "cancel":
        return "The delivery was called off."
    arrived = form.arrived()
    units = sum(goods.units for goods in arrived.values())
    damaged = sum(goods.damaged for goods in arrived.values())
    told = [f"{units} units came in" + (f", {damaged} of them damaged." if damaged else ".")]
    closed = ["The delivery is closed."] if do == "close" else []
    return " ".join((told if units else []) + closed)
