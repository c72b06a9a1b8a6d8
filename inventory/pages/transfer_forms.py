"""Forms of transfers: draft, dispatch, receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.access.principal import Principal
from core.api.fields import MAX_QUANTITY
from core.problems.catalogue import DomainError
from inventory.choices import TRANSFERABLE
from inventory.models import Sku, TransferLine
from inventory.queries.barcode_owners import ScannedSku
from inventory.queries.scan import find_all_scanned
from stores.models import Location

MOST_LINES = 500


class StepForm(forms.Form):
    """A form of the step page, which shows its fields one under another."""

    def asked(self) -> list[Any]:
        return [self[name] for name in self.fields]


class DraftForm(StepForm):
    """Source, destination and goods: one SKU or barcode a line, with its units."""

    source = forms.ModelChoiceField(Location.objects.none(), label="From")
    destination = forms.ModelChoiceField(Location.objects.none(), label="To")
    goods = forms.CharField(
        label="Goods",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="One line each: a SKU or barcode, a space, how many. A barcode alone is one; the "
        "barcode of a case is all that is in it.",
    )

    condition = forms.ChoiceField(
        choices=[("", "For sale"), *((each.value, each.label) for each in TRANSFERABLE)],
        required=False,
        label="Condition",
        help_text="Goods that are not for sale arrive as they left.",
    )

    def __init__(self, *args: Any, actor: Principal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = Location.objects.visible_to(actor).order_by("code")
        for name in ("source", "destination"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = seen

    def clean_goods(self) -> dict[int, int]:
        """Return units by SKU id; a repeated SKU is summed."""
        rows = [row.split() for row in self.cleaned_data["goods"].splitlines() if row.strip()]
        if len(rows) > MOST_LINES:
            raise ValidationError(f"Name at most {MOST_LINES} lines in one transfer.")
        scanned = find_all_scanned({row[0] for row in rows})
        wrong, wanted = [], []
        for row in rows:
            found = scanned[row[0]]
            units = row[1] if len(row) > 1 else "1"
            if not isinstance(found, ScannedSku):
                wrong.append(f"Nothing is called {row[0]}: check the SKU or scan again.")
            elif len(row) > 2 or not _is_units(units):
                wrong.append(f"Write whole units after {row[0]}, from 1 to {MAX_QUANTITY:,}.")
            else:
                wanted.append((found.sku, int(units) * found.units))
        if wrong:
            raise ValidationError(wrong)
        ids = dict(
            Sku.objects.filter(code__in=[sku for sku, _ in wanted]).values_list("code", "pk")
        )
        goods: dict[int, int] = {}
        for sku, number in wanted:
            goods[ids[sku]] = goods.get(ids[sku], 0) + number
        if any(number > MAX_QUANTITY for number in goods.values()):
            raise ValidationError(f"At most {MAX_QUANTITY:,} units of one SKU travel together.")
        return goods

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source = cleaned.get("source")
        if source is not None and source == cleaned.get("destination"):
            self.add_error("destination", "A transfer goes to another location: choose one.")
        return cleaned


class DispatchForm(StepForm):
    """Whether all of the draft leaves, or the scanned units."""

    as_scanned = forms.BooleanField(
        required=False,
        label="Only what was scanned has left",
        help_text="The rest of the draft stays behind, and its lines show it.",
    )


class ReceiptForm(StepForm):
    """The received units of each line, and how many of them are damaged."""

    close = forms.BooleanField(
        required=False,
        label="Nothing more will come",
        help_text="What is still missing is written off as lost on the way.",
    )
    accept_surplus = forms.BooleanField(
        required=False,
        label="Take in more than was sent",
        help_text="Count twice before: the difference is written down with its own reason.",
    )

    def __init__(self, *args: Any, lines: Sequence[TransferLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            sku = line.sku.code
            came = line.unloaded or line.on_its_way
            self.fields[f"came_{line.pk}"] = _units(f"Units of {sku} that have come", came)
            self.fields[f"damaged_{line.pk}"] = _units(f"Units of {sku} that are damaged", 0)

    def rows(self) -> list[tuple[TransferLine, Any, Any]]:
        """Return each line with its two fields, for the table."""
        return [(line, self[f"came_{line.pk}"], self[f"damaged_{line.pk}"]) for line in self.lines]

    def asked(self) -> list[Any]:
        return [self["close"], self["accept_surplus"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        arrivals = []
        for line in self.lines:
            came = cleaned.get(f"came_{line.pk}") or 0
            damaged = cleaned.get(f"damaged_{line.pk}") or 0
            if damaged > came:
                self.add_error(f"damaged_{line.pk}", "No more can be damaged than has come.")
            if came:
                arrivals.append((line.sku_id, line.sku.code, came, damaged))
        if not arrivals and not cleaned.get("close") and not self.errors:
            self.add_error(None, "Say what has come, or that nothing more will.")
        cleaned["arrivals"] = arrivals
        return cleaned


def words_of(refusal: DomainError) -> str:
    """Describe a refusal in a sentence or two, with the goods that it concerns."""
    lines = refusal.data.get("lines") or []
    named = "; ".join(
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in line.items())
        for line in lines
    )
    said = refusal.detail or refusal.title
    return f"{said} {named}".strip()


def _units(label: str, proposed: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MAX_QUANTITY,
        initial=proposed,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "aria-label": label}),
    )


def _is_units(text: str) -> bool:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_QUANTITY))
    return is_number and 1 <= int(text) <= MAX_QUANTITY
