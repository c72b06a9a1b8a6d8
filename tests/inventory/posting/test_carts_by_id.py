"""The migration that names carts in the ledger by our id."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Reservation, StockMovement
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, hold_units, stock_up

pytestmark = pytest.mark.django_db
STATEMENTS = import_module("inventory.migrations.0035_ledger_names_carts_by_id").NAME


def test_references_of_carts_leave_the_ledger_and_others_stay() -> None:
    sku, place = SkuFactory(code="A1"), LocationFactory(code="W1")
    stock_up(sku, place, 10)
    until = timezone.now() + timedelta(hours=1)
    cart = hold_units(sku, place, 2, channel=ChannelFactory(), until=until)
    assert set(StockMovement.objects.values_list("reference", flat=True)) == {"test", "cart"}

    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS)

    name = f"reservations/{cart.pk}"
    assert set(StockMovement.objects.values_list("reference", flat=True)) == {"test", name}
    assert Reservation.objects.get().reference == name
    with pytest.raises(Exception, match="Cannot update"):
        StockMovement.objects.update(reference="x")
