"""What a principal sees: one rule a model, written beside the model, read through everywhere."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from core.access.principal import Principal

NOTHING = Q(pk__in=())


class VisibleQuerySet(models.QuerySet["V"]):
    """Rows of a model that has a rule."""

    def visible_to(self, principal: Principal) -> Self:
        """Return those of the rows that concern what a principal is tied to; all, if to nothing."""
        return self.filter(self.model.visibility(principal))


class Visible(models.Model):
    """Base of models whose rows concern locations, channels or people.

    `hangs_on` names the foreign keys whose rows decide; all of them must be seen. Where that is
    not the rule, `visibility` is overridden. `is_short` says that the table has few rows: what
    hangs on it is filtered by their ids, and planned by how many rows those have.
    """

    hangs_on: ClassVar[tuple[str, ...]] = ()
    is_short: ClassVar[bool] = False

    objects = VisibleQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Return what matches the rows that a principal sees: an empty `Q` where it sees all."""
        rule = Q()
        for field in cls.hangs_on:
            rule &= through(field, cls, principal)
        return rule


V = TypeVar("V", bound=Visible)


def through(field: str, model: type[Visible], principal: Principal) -> Q:
    """Match the rows of `model` whose foreign key `field` is a row that the principal sees."""
    other = model._meta.get_field(field).related_model
    assert isinstance(other, type)
    assert issubclass(other, Visible)
    rule = other.visibility(principal)
    if not rule:
        return rule
    seen = other.objects.filter(rule).values("pk")
    return Q((f"{field}__in", [row["pk"] for row in seen] if other.is_short else seen))


def untied(principal: Principal) -> Q:
    """Match all for a principal that is tied to nothing, else nothing."""
    return NOTHING if principal.is_tied else Q()
