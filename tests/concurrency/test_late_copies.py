"""Acts that read a person's data before an erasure, and write a copy of it afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from core.idempotency.models import StoredAnswer
from inventory.models import Stock
from orders.commands.late_copies import clean_late_copies
from orders.models import Erasure
from tests.concurrency.test_erasure_races import PERSONAL, body_of, in_thread, place, shop
from tests.concurrency.threads import wait_until_blocked
from tests.conftest import ApiCaller, make_caller
from tests.factories import OrderBody

__all__ = ["shop"]  # a fixture

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SAM = {"name": "Sam Hill", "email": "sam@example.org"}


def words_in_answers() -> list[str]:
    bodies = "".join(StoredAnswer.objects.values_list("body", flat=True))
    return [word for word in PERSONAL if word in bodies]


def repeat_beside_another(api: ApiCaller) -> Any:
    """Send the order again, in one batch with an order that has to wait for its stock."""
    orders = [body_of("first"), OrderBody(external_id="other", customer=SAM)]
    return api.post("orders/batch", {"orders": orders}, key="again")


def test_an_answer_that_was_read_before_an_erasure_and_stored_after_it_is_cleaned() -> None:
    desk = make_caller(["*"])
    first = place(desk, "first")
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            list(Stock.objects.select_for_update())
            repeated = in_thread(pool, lambda: repeat_beside_another(desk))
            wait_until_blocked()
            erasing = in_thread(pool, lambda: desk.post(f"customers/{first.customer}/erase"))
            assert erasing.result(timeout=60).status_code == 200
            assert words_in_answers() == []
            assert in_thread(pool, clean_late_copies).result(timeout=60) == 0  # an older act runs
        told = repeated.result(timeout=60).json()["results"]
    assert [each["status"] for each in told] == [200, 201]
    assert words_in_answers() != []  # else this would show nothing

    assert clean_late_copies() == 1

    assert words_in_answers() == []
    again = repeat_beside_another(desk).json()["results"]
    assert again[0]["order"]["ship_to"] == {"country": "GB"}
    assert again[1] == told[1]
    assert clean_late_copies() == 0
    assert not Erasure.objects.exists()


def test_an_erasure_with_nothing_beside_it_leaves_no_note() -> None:
    desk = make_caller(["*"])
    first = place(desk, "first")
    assert desk.post(f"customers/{first.customer}/erase").status_code == 200
    assert not Erasure.objects.exists()
