"""Fill the shop: `python -m oscar_site.fill PRODUCTS RACES UNITS`."""

from __future__ import annotations

import sys

import django

django.setup()

from oscar.core.loading import get_model  # noqa: E402  (there are models only now)

PLENTY = 1_000_000


def main(products: int, races: int, units: int) -> None:
    """Open K0, K1, … with plenty of stock, and RACE-0, RACE-1, … with so many units."""
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="GB", printable_name="United Kingdom", name="UNITED KINGDOM"
    )
    kind = get_model("catalogue", "ProductClass").objects.create(name="Item")
    partner = get_model("partner", "Partner").objects.create(name="Warehouse")
    stocked = {f"K{number}": PLENTY for number in range(products)}
    stocked |= {f"RACE-{number}": units for number in range(races)}
    product, stock_record = get_model("catalogue", "Product"), get_model("partner", "StockRecord")
    made = product.objects.bulk_create(
        [product(upc=sku, title=sku, slug=sku.lower(), product_class=kind) for sku in stocked],
        batch_size=1_000,
    )
    stock_record.objects.bulk_create(
        [
            stock_record(
                product=each,
                partner=partner,
                partner_sku=each.upc,
                price="9.99",
                num_in_stock=stocked[each.upc],
            )
            for each in made
        ],
        batch_size=1_000,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
