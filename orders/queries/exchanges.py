"""What of a return an exchange may still spend."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.models import Return, ReturnLine
from orders.money import format_amount


@dataclass(frozen=True, slots=True)
class Budget:
    """What a return has received and its exchanges have taken; a cancelled unit takes nothing.

    Values are in `currency`, that of the returned order; None without an order: no price is known.
    """

    received: int
    taken: int
    value: Decimal | None
    taken_value: Decimal
    currency: str | None

    @property
    def units_left(self) -> int:
        return max(0, self.received - self.taken)

    @property
    def value_left(self) -> Decimal | None:
        return None if self.value is None else max(Decimal(0), self.value - self.taken_value)

    def covers(self, units: int, value: Decimal) -> bool:
        """Say whether so many units, worth so much, are left."""
        fits = self.value_left is None or value <= self.value_left
        return fits and units <= self.units_left

    def left(self) -> dict[str, Any]:
        return left_document(self.units_left, self.value_left, self.currency)


def left_document(units: int, value: Decimal | None, currency: str | None) -> dict[str, Any]:
    """Compose units and their value, null where no price is known."""
    amount = None if value is None or currency is None else format_amount(value, currency)
    return {"units": units, "value": amount, "currency": currency}


def budget_of(ret: Return, lines: list[ReturnLine] | None = None) -> Budget:
    """Read the budget of a return, whose lines and exchanges may be loaded."""
    mine = list(ret.lines.select_related("order_line")) if lines is None else lines
    goods = [line for order in ret.exchanges.all() for line in order.lines.all()]
    return Budget(
        received=sum(line.received for line in mine),
        taken=sum(line.ordered - line.cancelled for line in goods),
        value=None
        if ret.order is None
        else sum(
            (line.order_line.unit_price * line.received for line in mine if line.order_line),
            Decimal(0),
        ),
        taken_value=sum(
            (line.unit_price * (line.ordered - line.cancelled) for line in goods), Decimal(0)
        ),
        currency=ret.order.currency if ret.order else None,
    )
