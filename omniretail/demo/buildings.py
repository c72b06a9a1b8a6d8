"""The demo's buildings, channels, catalogue and shelves."""

from __future__ import annotations

from django.utils import timezone

from core.access.principal import SYSTEM
from inventory.commands.catalogue.catalogue import as_kept
from inventory.commands.catalogue.placements import replace_placements
from inventory.models import Barcode, Product, Sku
from omniretail.demo.extract import Branch, branches, goods
from stores.choices import ChannelKind, LocationKind
from stores.commands.channels import ChannelFacts, put_channel
from stores.commands.layouts import put_layout
from stores.commands.locations import BinFacts, LocationFacts, put_location, replace_bins
from stores.models import Location
from stores.walks.layout import Layout, Spot

ALL_DAY = {day: [["06:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
WAREHOUSES = {
    "W1": ("Warehouse Daventry", "Daventry", "NN11", 52.2577, -1.1649),
    "W2": ("Warehouse Wakefield", "Wakefield", "WF1", 53.6833, -1.4977),
}
SAME_DAY = ("S470", "S369")  # a courier collects in the afternoon

AISLES, BINS_OF_AISLE = 12, 13  # of a warehouse
SHELVES = 40  # of a shop

# Dimensions are invented.
SIZE_GUIDES = {
    "CHILDRENS-APRON": {
        "unit": "cm",
        "columns": ["size", "length", "width"],
        "rows": [["3 to 5 years", 48, 36], ["6 to 8 years", 56, 42]],
    },
    "JUMBO-BAG": {
        "unit": "cm",
        "columns": ["size", "height", "width", "depth"],
        "rows": [["one size", 43, 45, 24]],
    },
    "LUNCH-BAG": {
        "unit": "cm",
        "columns": ["size", "height", "width", "depth"],
        "rows": [["one size", 21, 23, 12]],
    },
    "HOT-WATER-BOTTLE": {
        "unit": "cm",
        "columns": ["size", "height", "width", "litres"],
        "rows": [["one size", 33, 20, 2]],
    },
}


def open_buildings() -> None:
    """Create the shops and the warehouses."""
    for branch in branches():
        put_location(code=branch.code, facts=_shop(branch), actor=SYSTEM)
    for code, (name, town, postcode, latitude, longitude) in WAREHOUSES.items():
        facts = LocationFacts(
            name=name,
            kind=LocationKind.WAREHOUSE,
            timezone="Europe/London",
            capabilities=("ships", "returns"),
            latitude=latitude,
            longitude=longitude,
            address={"city": town, "postal_code": postcode, "country": "GB"},
            priority=10,
            hours=ALL_DAY,
            exceptions=_holidays(),
        )
        put_location(code=code, facts=facts, actor=SYSTEM)


def _holidays() -> dict[str, list[list[str]]]:
    """Return this and the next Christmas as days on which everything is closed."""
    year = timezone.now().year
    return {f"{each}-12-{day}": [] for each in (year, year + 1) for day in (25, 26)}


def _shop(branch: Branch) -> LocationFacts:
    able = {
        "ships": branch.ships,
        "pickup": branch.pickup,
        "returns": True,
        "same_day": branch.code in SAME_DAY,
    }
    return LocationFacts(
        name=branch.name,
        kind=LocationKind.STORE,
        timezone="Europe/London",
        capabilities=tuple(name for name, can in able.items() if can),
        latitude=branch.latitude,
        longitude=branch.longitude,
        address={"line1": branch.address, "postal_code": branch.postcode, "country": "GB"},
        priority=50,
        hours=branch.hours,
        exceptions=_holidays(),
    )


def open_channels() -> None:
    """Create the sales channels."""
    shops = list(Location.objects.filter(kind=LocationKind.STORE))
    warehouses = list(Location.objects.filter(kind=LocationKind.WAREHOUSE))
    for code, name, kind, locations in (
        ("web", "Web shop", ChannelKind.WEB, None),
        ("pos", "Tills", ChannelKind.POS, shops),
        ("call_centre", "Call centre", ChannelKind.CALL_CENTRE, None),
        ("marketplace", "Marketplace", ChannelKind.MARKETPLACE, warehouses),
    ):
        facts = ChannelFacts(name=name, kind=kind, locations=locations)
        put_channel(code=code, facts=facts, actor=SYSTEM)


def fill_catalogue() -> None:
    """Put every article into the catalogue, with its barcode and a code for its shelf label."""
    codes = {good.product for good in goods() if good.product}
    Product.objects.bulk_create(
        Product(code=code, name=_title(code), size_guide=SIZE_GUIDES.get(code))
        for code in sorted(codes)
    )
    products = {product.code: product for product in Product.objects.all()}
    Sku.objects.bulk_create(
        Sku(
            code=good.sku,
            name=good.name,
            product=products.get(good.product or ""),
            attributes={"design": good.design} if good.design else {},
            price=good.price,
        )
        for good in goods()
    )
    skus = dict(Sku.objects.values_list("code", "pk"))
    Barcode.objects.bulk_create(
        Barcode(code=code, sku_id=skus[good.sku])
        for good in goods()
        for code in as_kept([good.barcode, f"SHELF-{good.sku}"])
    )


def _title(product: str) -> str:
    return product.replace("-", " ").capitalize()


def lay_out_shelves() -> None:
    """Number the bins of each building in walking order, and give every SKU a bin."""
    skus = list(Sku.objects.order_by("code").values_list("pk", flat=True))
    for location in Location.objects.order_by("code"):
        plan = _warehouse() if location.kind == LocationKind.WAREHOUSE else _shelves()
        bins, _ = replace_bins(location=location, bins=plan)
        in_order = [bins[each.code].pk for each in plan]
        replace_placements(
            location=location,
            pairs=[(sku, in_order[position % len(in_order)]) for position, sku in enumerate(skus)],
        )
        if location.kind == LocationKind.WAREHOUSE:
            _measure(location, {code: each.pk for code, each in bins.items()})


def _warehouse() -> list[BinFacts]:
    """Order the bins up one aisle and down the next."""
    bins = []
    for aisle in range(AISLES):
        for step in range(BINS_OF_AISLE):
            bay = step if aisle % 2 == 0 else BINS_OF_AISLE - 1 - step
            code = f"{chr(ord('A') + aisle)}-{bay + 1:02}"
            bins.append(BinFacts(code, walk=aisle * BINS_OF_AISLE + step))
    return bins


def _measure(location: Location, bins: dict[str, int]) -> None:
    """Say where a warehouse's bins are: 1.5 m into their aisle, then one every 2.5 m."""
    layout = Layout(aisle_length=1.5 + 2.5 * BINS_OF_AISLE, aisle_gap=4.0)
    spots = {
        pk: Spot(ord(code[0]) - ord("A"), 1.5 + 2.5 * (int(code[2:]) - 1))
        for code, pk in bins.items()
    }
    put_layout(location=location, layout=layout, spots=spots, actor=SYSTEM)


def _shelves() -> list[BinFacts]:
    return [BinFacts(f"SHELF-{number:02}", walk=number) for number in range(1, SHELVES + 1)]
