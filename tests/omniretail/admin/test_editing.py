"""What is edited in the admin goes through the commands, and is checked as the API checks it."""

from __future__ import annotations

import pytest
from django.test import Client

from core.audit.models import AuditRecord
from inventory.models import Placement, Product, RingFence, Sku
from stores.models import Bin, Channel, Location
from tests.factories import SkuFactory
from tests.omniretail.admin.admin_helpers import errors_in, form_of, page

pytestmark = pytest.mark.django_db


def test_editing_a_location_goes_through_its_command(staff: Client, day: str) -> None:
    place_ = Location.objects.get(code="S1")
    address = page("change", Location, place_.pk)
    data = form_of(staff, address)
    assert "code" not in data
    hours = '{"mon": [["09:00", "18:00"]]}'
    answer = staff.post(address, data | {"name": "High Street", "hours": hours, "priority": "7"})
    assert answer.status_code == 302, errors_in(answer)
    changed = Location.objects.get(pk=place_.pk)
    assert (changed.name, changed.hours, changed.priority) == (
        "High Street",
        {"mon": [["09:00", "18:00"]]},
        7,
    )
    assert changed.version == place_.version + 1
    record = AuditRecord.objects.get(action="location.changed")
    assert (record.actor, record.subject) == ("manager", "locations/S1")


def test_a_location_is_checked_as_the_api_checks_it(staff: Client, day: str) -> None:
    place_ = Location.objects.get(code="S1")
    address = page("change", Location, place_.pk)
    form = form_of(staff, address)
    for field, value in (
        ("hours", '{"mon": [["18:00", "09:00"]]}'),
        ("hours", '{"someday": []}'),
        ("hours", '["mon"]'),
        ("hours", "{"),
        ("exceptions", '{"2026-02-30": []}'),
        ("timezone", "Europe/Atlantis"),
        ("latitude", ""),
        ("address", '"here"'),
    ):
        answer = staff.post(address, form | {field: value})
        assert list(errors_in(answer)) == [field], (field, value)
    assert Location.objects.get(pk=place_.pk).version == place_.version


def test_a_location_is_opened(staff: Client, day: str) -> None:
    data = form_of(staff, page("add", Location))
    new = {"code": "S9", "name": "New", "kind": "store", "timezone": "Europe/London"}
    assert staff.post(page("add", Location), data | new).status_code == 302
    assert Location.objects.get(code="S9").name == "New"
    answer = staff.post(page("add", Location), data | new | {"code": "a/b"})
    assert list(errors_in(answer)) == ["code"]


def test_barcodes_are_checked_and_normalised(staff: Client, day: str) -> None:
    sku = Sku.objects.get(code="A1")
    other = SkuFactory(code="B1")
    address = page("change", Sku, sku.pk)
    data = form_of(staff, address)
    assert data["barcodes"] == "05012345678900"
    bad = staff.post(address, data | {"barcodes": "5012345678901"})
    assert "5012345678901" in errors_in(bad)["barcodes"][0]
    good = staff.post(address, data | {"barcodes": "96385074\nIN-HOUSE-1", "price": "12.5"})
    assert good.status_code == 302, errors_in(good)
    codes = set(sku.barcodes.values_list("code", flat=True))
    assert codes == {"00000096385074", "IN-HOUSE-1"}
    assert Sku.objects.get(pk=sku.pk).version == sku.version + 1
    theirs = page("change", Sku, other.pk)
    taken = staff.post(theirs, form_of(staff, theirs) | {"barcodes": "IN-HOUSE-1"})
    assert errors_in(taken)["barcodes"] == ["IN-HOUSE-1 belongs to A1"]
    dear = staff.post(theirs, form_of(staff, theirs) | {"price": "-1"})
    assert list(errors_in(dear)) == ["price"]


def test_a_new_size_guide_is_news_of_its_skus(staff: Client, day: str) -> None:
    product, sku = Product.objects.get(), Sku.objects.get(code="A1")
    address = page("change", Product, product.pk)
    assert staff.post(address, form_of(staff, address) | {"size_guide": "[1]"}).status_code == 200
    answer = staff.post(address, form_of(staff, address) | {"size_guide": '{"M": "51 cm"}'})
    assert answer.status_code == 302
    assert Product.objects.get().size_guide == {"M": "51 cm"}
    assert Sku.objects.get(pk=sku.pk).version == sku.version + 1


def test_a_channel_sells_from_some_locations(staff: Client, day: str) -> None:
    channel, shop = Channel.objects.get(), Location.objects.get(code="S1")
    address = page("change", Channel, channel.pk)
    data = form_of(staff, address)
    data.pop("all_locations")
    assert staff.post(address, data | {"locations": [shop.pk]}).status_code == 302
    changed = Channel.objects.get()
    assert (changed.all_locations, list(changed.locations.all())) == (False, [shop])
    assert changed.version == channel.version + 1
    everywhere = {"all_locations": "on", "locations": [shop.pk]}
    assert staff.post(address, data | everywhere).status_code == 302
    assert not Channel.objects.get().locations.exists()


def test_bins_placements_and_fences_are_news_of_what_they_belong_to(
    staff: Client, day: str
) -> None:
    home, sku = Location.objects.get(code="W1"), Sku.objects.get()

    def versions() -> tuple[int, int]:
        return Location.objects.get(pk=home.pk).version, Channel.objects.get().version

    first = versions()
    new = {"location": home.pk, "code": "B-2", "walk": 2}
    assert staff.post(page("add", Bin), new).status_code == 302
    lies = {"sku": sku.pk, "bin": Bin.objects.get(code="B-2").pk}
    assert staff.post(page("add", Placement), lies).status_code == 302
    gone = page("delete", Placement, Placement.objects.get(bin__code="B-2").pk)
    assert staff.post(gone, {"post": "yes"}).status_code == 302
    bulk = {"action": "delete_selected", "post": "yes"}
    bulk |= {"_selected_action": Bin.objects.get(code="B-2").pk}
    assert staff.post(page("changelist", Bin), bulk).status_code == 302
    assert not Bin.objects.filter(code="B-2").exists()
    assert versions() == (first[0] + 4, first[1])
    fence = RingFence.objects.get()
    address = page("change", RingFence, fence.pk)
    assert staff.post(address, {"quantity": 5}).status_code == 302
    assert staff.post(page("delete", RingFence, fence.pk), {"post": "yes"}).status_code == 302
    assert versions() == (first[0] + 4, first[1] + 2)
