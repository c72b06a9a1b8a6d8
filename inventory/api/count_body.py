"""Request serializers of counts: what to count, and what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from core.access.principal import Principal
from core.api.fields import (
    MAX_ITEMS,
    MAX_QUANTITY,
    CodeField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
    StringField,
)
from core.problems.catalogue import DomainError, ValidationFailed
from inventory.api.fields import PastMomentField
from inventory.commands.counting.count_work import Seen
from inventory.errors import NothingToCount
from inventory.models import Sku
from inventory.models.count import PERCENT_TO_CHECK, UNITS_TO_CHECK
from inventory.queries.available.missing import short_picked
from inventory.queries.barcode_owners import ScannedSku
from inventory.queries.counting.count_choice import (
    LAST_TURN,
    ToCount,
    bins_named,
    lines_of_skus,
    skus_in_bins,
)
from inventory.queries.line_skus import too_many_units
from inventory.queries.lookup import look_up
from inventory.queries.scan import find_all_scanned
from inventory.timestamps import database_now
from stores.models import Bin
from stores.queries.network import Place

MOST_LINES = 5_000  # of one count; more is to be divided into several counts


class SelectBody(StrictSerializer):
    skus = serializers.ListField(
        child=CodeField(), min_length=1, max_length=MAX_ITEMS, required=False
    )
    bins = serializers.ListField(
        child=CodeField(), min_length=1, max_length=MAX_ITEMS, required=False
    )
    short_picked_since = PastMomentField(
        required=False, help_text="What pickers missed since then, not settled yet"
    )

    def validate(self, attrs: Any) -> Any:
        if len(attrs) != 1:
            raise serializers.ValidationError(
                "Choose by one of skus, bins and short_picked_since.", code="choose_one"
            )
        return attrs


class ThresholdBody(StrictSerializer):
    units = StrictIntegerField(
        min_value=1, max_value=MAX_QUANTITY, required=False, default=UNITS_TO_CHECK
    )
    percent = StrictIntegerField(
        min_value=1, max_value=MAX_QUANTITY, required=False, default=PERCENT_TO_CHECK
    )


class CountSelectionBody(StrictSerializer):
    location = CodeField()
    name = StringField(required=False, allow_blank=True, default="", max_length=120)
    select = SelectBody()
    threshold = ThresholdBody(
        required=False, help_text="From which variance a second person must look"
    )


class EntryBody(StrictSerializer):
    entry_id = serializers.UUIDField(help_text="Made by the device: the same id, the same entry")
    sku = CodeField(required=False)
    barcode = StringField(required=False, max_length=512, trim_whitespace=False)
    bin = CodeField(required=False)
    quantity = StrictIntegerField(
        min_value=0,
        max_value=MAX_QUANTITY,
        required=False,
        help_text="Units of a sku; of a barcode how often it is there (1): a case counts whole",
    )
    add = StrictBooleanField(
        required=False, default=False, help_text="These come on top of what was seen there"
    )
    empty = StrictBooleanField(
        required=False, default=False, help_text="Nothing at all lies in this bin"
    )
    at = PastMomentField(required=False, help_text="When it was seen; now, if not said")

    def validate(self, attrs: Any) -> Any:
        if attrs["empty"]:
            if set(attrs) & {"sku", "barcode", "quantity"} or attrs["add"]:
                raise serializers.ValidationError(
                    "An empty bin is all there is to say of it.", code="says_too_much"
                )
            if "bin" not in attrs:
                raise serializers.ValidationError({"bin": "Say which bin."}, code="required")
        elif ("sku" in attrs) == ("barcode" in attrs):
            raise serializers.ValidationError(
                "Say what was seen, by sku or by barcode.", code="choose_one"
            )
        elif "quantity" not in attrs and "barcode" not in attrs:
            raise serializers.ValidationError(
                {"quantity": "Say how many were seen."}, code="required"
            )
        return attrs


class EntriesBody(StrictSerializer):
    entries = serializers.ListField(child=EntryBody(), min_length=1, max_length=MAX_ITEMS)


def chosen_lines(body: dict[str, Any], *, actor: Principal) -> tuple[Place, list[ToCount]]:
    """Return the location and lines that a body asks to count; raise naming unknown codes."""
    select = body["select"]
    found = look_up(
        actor=actor,
        locations={"/location": body["location"]},
        skus={f"/select/skus/{n}": code for n, code in enumerate(select.get("skus", ()))},
    )
    place = found.places[body["location"]]
    if "skus" in select:
        sku_ids = [found.sku_ids[code] for code in select["skus"]]
    elif "bins" in select:
        bins = bins_named(select["bins"], location_id=place.id)
        unknown = [(n, code) for n, code in enumerate(select["bins"]) if code not in bins]
        if unknown:
            raise ValidationFailed(
                [
                    {
                        "pointer": f"/select/bins/{n}",
                        "detail": f"There is no bin {code} here.",
                        "code": "unknown_bin",
                    }
                    for n, code in unknown
                ]
            )
        sku_ids = skus_in_bins(bins.values())
    else:
        since = select["short_picked_since"]
        sku_ids = short_picked(location_id=place.id, since=since, limit=MAX_ITEMS)
        if not sku_ids:
            raise NothingToCount()
    lines = lines_of_skus(sku_ids, location_id=place.id)
    if len(lines) > MOST_LINES:
        raise ValidationFailed.at(
            "/select", f"These are {len(lines)} lines; {MOST_LINES} are a count.", "too_many_lines"
        )
    return place, lines


def seen_by(entries: list[dict[str, Any]], *, location_id: int) -> list[Seen]:
    """Return the entries of a body; raise naming every unknown code."""
    scanned = find_all_scanned({each["barcode"] for each in entries if "barcode" in each})
    skus = dict(
        Sku.objects.filter(
            code__in={each["sku"] for each in entries if "sku" in each}
            | {found.sku for found in scanned.values() if isinstance(found, ScannedSku)}
        ).values_list("code", "pk")
    )
    bins = bins_named({each["bin"] for each in entries if "bin" in each}, location_id=location_id)
    errors = [
        error for n, each in enumerate(entries) for error in _unknown(n, each, scanned, skus, bins)
    ]
    if errors:
        raise ValidationFailed(errors)
    now = database_now()
    return [_seen(each, scanned, skus, bins, now) for each in entries]


def _unknown(
    n: int,
    entry: dict[str, Any],
    scanned: Mapping[str, ScannedSku | DomainError],
    skus: Mapping[str, int],
    bins: Mapping[str, Bin],
) -> Iterator[dict[str, str]]:
    at = f"/entries/{n}"
    refusal = scanned.get(entry.get("barcode", ""))
    if isinstance(refusal, DomainError):
        yield {"pointer": f"{at}/barcode", "detail": refusal.detail, "code": refusal.code}
    elif (units := _units(entry, refusal)) > MAX_QUANTITY:
        yield too_many_units(f"{at}/quantity", units)
    if "sku" in entry and entry["sku"] not in skus:
        detail = f"There is no SKU {entry['sku']}."
        yield {"pointer": f"{at}/sku", "detail": detail, "code": "unknown_sku"}
    if "bin" in entry and entry["bin"] not in bins:
        detail = f"There is no bin {entry['bin']} here."
        yield {"pointer": f"{at}/bin", "detail": detail, "code": "unknown_bin"}


def _units(entry: dict[str, Any], label: ScannedSku | None) -> int:
    """Return the units of an entry: of a barcode, all that its reads stand for."""
    if label is None:
        return int(entry.get("quantity", 0))
    return int(entry.get("quantity", 1)) * label.units


def _seen(
    entry: dict[str, Any],
    scanned: Mapping[str, ScannedSku | DomainError],
    skus: Mapping[str, int],
    bins: Mapping[str, Bin],
    now: datetime,
) -> Seen:
    barcode = scanned.get(entry.get("barcode", ""))
    label = barcode if isinstance(barcode, ScannedSku) else None
    sku = label.sku if label else entry.get("sku")
    shelf = bins.get(entry.get("bin", ""))
    return Seen(
        entry_id=entry["entry_id"],
        at=entry.get("at", now),
        sku_id=None if sku is None else skus[sku],
        bin=shelf.code if shelf else "",
        walk=shelf.walk if shelf else LAST_TURN,
        quantity=_units(entry, label),
        adds=entry["add"],
        label=label,
    )
