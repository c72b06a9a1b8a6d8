"""Request serializers of returns, and the look-up of the codes in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from core.access.principal import Principal
from core.api.fields import MAX_LINES, QuantityField, StrictSerializer, StringField
from core.problems.catalogue import ValidationFailed
from inventory.queries.sku_codes import named_skus
from orders.choices import Disposition, DropOff, Resolution
from orders.commands.returns.dispose_return import DECISIONS
from orders.models import OrderLine
from orders.queries.finding import returnable_orders
from orders.returns_policy import RequestedUnits
from stores.queries.network import Network, Place, Source, current_network


class NamedLine(StrictSerializer):
    """Units of an order line or of a SKU: exactly one of the two is given."""

    line_id = StringField(max_length=64, required=False)
    sku = StringField(max_length=64, required=False)
    quantity = QuantityField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("line_id" in attrs) == ("sku" in attrs):
            raise serializers.ValidationError(
                "Name the goods by line_id or by sku: by one of them.", code="line_id_or_sku"
            )
        return attrs


class AnnouncedLineBody(NamedLine):
    reason = StringField(max_length=64, allow_blank=True)


class DropOffBody(StrictSerializer):
    type = serializers.ChoiceField(DropOff.choices)
    location = StringField(max_length=64, required=False, allow_null=True)


class ReturnBody(StrictSerializer):
    order = StringField(
        max_length=32, required=False, allow_null=True, help_text="Its number; from any channel"
    )
    channel = StringField(max_length=64, help_text="The channel that the return comes through")
    lines = AnnouncedLineBody(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    resolution = serializers.ChoiceField(Resolution.choices)
    drop_off = DropOffBody()


class ReturnedLineBody(NamedLine):
    disposition = serializers.ChoiceField(Disposition.choices)
    lot = StringField(max_length=20, required=False)
    serial = StringField(max_length=20, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "serial" in attrs and attrs["quantity"] != 1:
            raise serializers.ValidationError(
                {"serial": "A serial number is one thing: give its line by itself."},
                code="one_unit",
            )
        return super().validate(attrs)


class ReturnReceiptBody(StrictSerializer):
    location = StringField(max_length=64)
    lines = ReturnedLineBody(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]


class DecisionLineBody(NamedLine):
    location = StringField(max_length=64)
    disposition = serializers.ChoiceField([(str(word), word.label) for word in DECISIONS])


class DecisionsBody(StrictSerializer):
    lines = DecisionLineBody(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]


class ResolutionBody(StrictSerializer):
    resolution = serializers.ChoiceField(
        [(str(word), word.label) for word in Resolution if word != Resolution.EXCHANGE]
    )


@dataclass
class References:
    """Looks up the codes of one body and collects unknown ones, to refuse them all at once."""

    actor: Principal
    network: Network = field(default_factory=current_network)
    errors: list[dict[str, str]] = field(default_factory=list)

    def channel(self, code: str, pointer: str) -> Source | None:
        found = self.network.channels.get(code)
        if found is None or not self.actor.sees_channel(code):
            self.refuse(pointer, f"There is no channel {code}.", "unknown_channel")
        return found

    def location(self, code: str, pointer: str) -> Place | None:
        found = self.network.by_code.get(code)
        if found is None or not self.actor.sees_location(code):
            self.refuse(pointer, f"There is no location {code}.", "unknown_location")
            return None
        return found

    def order_id(self, number: str, pointer: str) -> int | None:
        """Return the id of an order of which the actor may take goods back: in a shop any, for
        they may come back through another channel than they left."""
        orders = returnable_orders(self.actor).filter(number=number)
        identity = orders.values_list("pk", flat=True).first()
        if identity is None:
            self.refuse(pointer, f"There is no order {number}.", "unknown_order")
        return identity

    def sku_ids(self, lines: Sequence[dict[str, Any]], order_id: int | None) -> list[int]:
        """Return the SKU id of each line, named by SKU or by a line of the order. Spells the SKUs
        of the lines as the catalogue does."""
        codes = {line["sku"] for line in lines if "sku" in line}
        by_code = named_skus(codes)
        names = {line["line_id"] for line in lines if "line_id" in line}
        by_line = dict(
            OrderLine.objects.filter(order=order_id, line_id__in=names).values_list(
                "line_id", "sku_id"
            )
            if order_id and names
            else ()
        )
        found = []
        for index, line in enumerate(lines):
            if "sku" in line:
                named = by_code.get(line["sku"])
                identity = named.id if named else None
                error = f"There is no SKU {line['sku']}.", "unknown_sku", "sku"
                if named:
                    line["sku"] = named.code  # as what was sold is spelt
            else:
                identity = by_line.get(line["line_id"])
                error = f"The order has no line {line['line_id']}.", "unknown_line", "line_id"
            if identity is None:
                self.refuse(f"/lines/{index}/{error[2]}", error[0], error[1])
            found.append(identity or 0)
        return found

    def refuse(self, pointer: str, detail: str, code: str) -> None:
        self.errors.append({"pointer": pointer, "detail": detail, "code": code})

    def check(self) -> None:
        """Raise `ValidationFailed` if any code was unknown."""
        if self.errors:
            raise ValidationFailed(self.errors)


def requested_units(line: dict[str, Any], **more: Any) -> RequestedUnits:
    """Return the units that a checked line names."""
    return RequestedUnits(
        quantity=line["quantity"], line_id=line.get("line_id"), sku=line.get("sku"), **more
    )
