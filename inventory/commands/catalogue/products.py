"""Creating products, with the size guide that their variants share."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from core.access.principal import Principal
from core.audit.record import record
from core.database.fields import same_document
from inventory.models import Product


def put_product(
    *, code: str, name: str, size_guide: dict[str, Any] | None, actor: Principal
) -> Product:
    """Create a product, or replace its values."""
    with transaction.atomic():
        product, created = Product.objects.select_for_update(no_key=True).get_or_create(code=code)
        columns = {"name": name, "size_guide": size_guide}
        changed = [
            field
            for field, value in columns.items()
            if not same_document(getattr(product, field), value)
        ]
        if changed:
            product.name, product.size_guide = name, size_guide
            product.save()
        if "size_guide" in changed:
            # The variants show it, so their versions change.
            product.skus.update(version=F("version") + 1)
        if created or changed:
            record(
                actor=actor,
                action="product.created" if created else "product.changed",
                subject=f"products/{code}",
                changed=changed,
            )
    return product
