"""Columns of the catalogue."""

from __future__ import annotations

from typing import Any

from django.db import models

from inventory.sku_codes import sku_key


class SkuKeyField(models.TextField):  # type: ignore[type-arg]
    """The key of a row's `code`, written with the row: however it is made, no second code that
    is one with it gets in. Null: of a code that was already there twice."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if add:
            setattr(model_instance, self.attname, sku_key(model_instance.code))
        return super().pre_save(model_instance, add)
