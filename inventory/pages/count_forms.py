"""Forms to start a count and to enter figures."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from core.access.principal import Principal
from core.api.fields import MAX_ITEMS, MAX_QUANTITY
from inventory.queries.barcode_owners import ScannedSku
from stores.models import Location

LATELY = (
    ("", "–"),
    ("1", "since yesterday"),
    ("7", "in the last week"),
    ("30", "in the last month"),
)
LONGEST_WAIT = 365 * 24 * 3600


class StartForm(forms.Form):
    """Where to count, and what: by SKUs, by bins, or SKUs that pickers missed."""

    location = forms.ModelChoiceField(
        Location.objects.none(), to_field_name="code", widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(
        required=False,
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text="For the people who count, such as “Aisle 4”",
    )
    skus = forms.CharField(
        required=False,
        label="SKUs",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One in a line",
    )
    bins = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One in a line. What lies in them is counted in its other bins too.",
    )
    missed = forms.ChoiceField(
        choices=LATELY,
        required=False,
        label="What pickers did not find",
        widget=UnfoldAdminSelectWidget,
        help_text="And what has not been counted since",
    )

    def __init__(self, *args: Any, actor: Principal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Location.objects.visible_to(actor)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        select: dict[str, Any] = {
            name: codes for name in ("skus", "bins") if (codes := _lines(given.get(name, "")))
        }
        if given.get("missed"):
            days = timedelta(days=int(given["missed"]))
            select["short_picked_since"] = timezone.now() - days
        if len(select) != 1:
            raise forms.ValidationError("Choose one: SKUs, bins, or what pickers did not find.")
        if any(isinstance(codes, list) and len(codes) > MAX_ITEMS for codes in select.values()):
            raise forms.ValidationError(f"At most {MAX_ITEMS} in one count.")
        given["select"] = select
        return given


def _lines(text: str) -> list[str]:
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


class EntryForm(forms.Form):
    """One entry: units of a SKU in a bin. Without a SKU, the bin is empty."""

    entry_id = forms.UUIDField(widget=forms.HiddenInput)
    what = forms.CharField(required=False, max_length=512)
    bin = forms.CharField(required=False, max_length=64)
    quantity = forms.IntegerField(required=False, min_value=0, max_value=MAX_QUANTITY)
    adds = forms.BooleanField(required=False, widget=forms.HiddenInput)
    empty = forms.BooleanField(required=False, widget=forms.HiddenInput)
    # Seconds since it was seen: a page waits for a lost connection, and goods move meanwhile.
    waited = forms.FloatField(required=False, min_value=0, max_value=LONGEST_WAIT)

    @property
    def one_by_one(self) -> bool:
        return bool(self.data.get("adds"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("empty"):
            if not given.get("bin"):
                self.add_error("bin", "Say which bin is empty.")
            return given
        if not given.get("what") and "what" not in self.errors:
            self.add_error("what", "Scan or type what you see.")
        if given.get("quantity") is None and "quantity" not in self.errors:
            self.add_error("quantity", "Say how many there are. None: 0.")
        return given

    def as_entry(self) -> dict[str, Any]:
        """Return the form's data as an entry of the API's body."""
        given = self.cleaned_data
        entry = {"entry_id": given["entry_id"], "add": bool(given["adds"])}
        if given["waited"]:
            entry["at"] = timezone.now() - timedelta(seconds=given["waited"])
        if given["bin"]:
            entry["bin"] = given["bin"]
        if given["empty"]:
            return entry | {"add": False}
        return entry | {"barcode": given["what"], "quantity": given["quantity"]}

    def field_of(self, pointer: str) -> str | None:
        """Return the form field of an error's pointer into the entry."""
        name = pointer.rpartition("/")[2]
        return {"barcode": "what", "sku": "what"}.get(name, name if name in self.fields else None)

    def in_words(self, units: int) -> str:
        """Say what was entered, with the units that it came to."""
        given = self.cleaned_data
        if given["empty"]:
            return f"nothing in {given['bin']}"
        where = f" in {given['bin']}" if given["bin"] else ""
        more = "more " if given["adds"] else ""
        reads, case = given["quantity"], ""
        if reads and units != reads:
            case = f" ({ScannedSku('', '', units=units // reads).count(reads)})"
        return f"{units} {more}x {given['what']}{where}{case}"
