"""Buildings that hold stock, and channels that demand comes from."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, updated_at
from stores.choices import CAPABILITIES, ChannelKind, LocationKind
from stores.hours import OpeningHours
from stores.walks.layout import Layout


class Location(Visible):
    """A building that holds stock."""

    is_short = True

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=LocationKind.choices)
    timezone = models.CharField(max_length=64)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    address = models.JSONField(default=dict, blank=True)
    ships = models.BooleanField(default=False, help_text="Gives parcels to a carrier")
    pickup = models.BooleanField(default=False, help_text="Customers collect here")
    returns = models.BooleanField(default=True, help_text="Customers bring goods back here")
    same_day = models.BooleanField(default=False, help_text="Delivers on the day of the order")
    priority = models.PositiveIntegerField(default=100, help_text="Lower is asked first")
    # Reserved for capacity planning: no code reads it, no API or page shows it.
    daily_capacity = models.PositiveIntegerField(null=True, blank=True)
    hourly_capacity = models.PositiveIntegerField(null=True, blank=True)
    # {"mon": [["09:00", "18:00"]], …}; empty: always open.
    hours = models.JSONField(default=dict, blank=True)
    # {"2026-12-25": [], "2026-12-24": [["09:00", "13:00"]]}
    exceptions = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = updated_at()

    class Meta:
        ordering = ["code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="location_updated")]
        triggers = [moves()]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="location_on_the_globe",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Those it is tied to; for one tied to channels alone, those which they sell from."""
        if principal.locations is not None:
            return Q(code__in=principal.locations)
        if principal.channels is None:
            return Q()
        mine = Channel.objects.filter(code__in=principal.channels)
        if mine.filter(all_locations=True).exists():
            return Q()
        return Q(pk__in=mine.filter(locations__isnull=False).values("locations"))

    @property
    def capabilities(self) -> list[str]:
        return [name for name in CAPABILITIES if getattr(self, name)]

    @property
    def opening_hours(self) -> OpeningHours:
        return OpeningHours(self.timezone, self.hours, self.exceptions)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Bin(Visible):
    """A place on a shelf; `walk` is its position in walking order."""

    hangs_on = ("location",)

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="bins")
    code = models.CharField(max_length=64)
    walk = models.PositiveIntegerField(default=0)
    # Where it is in a building that has a layout: both or neither.
    aisle = models.PositiveSmallIntegerField(null=True, blank=True)
    metres = models.FloatField(
        null=True, blank=True, help_text="From the front cross aisle into its aisle"
    )

    class Meta:
        ordering = ["location", "walk", "code"]
        constraints = [
            models.UniqueConstraint(fields=["location", "code"], name="bin_once_per_location"),
            models.CheckConstraint(
                condition=Q(aisle__isnull=True, metres__isnull=True)
                | Q(aisle__isnull=False, metres__isnull=False, metres__gte=0),
                name="bin_has_a_whole_spot",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class BuildingLayout(Visible):
    """The aisles of a location, in metres: see `stores.walks.layout.Layout`."""

    hangs_on = ("location",)

    location = models.OneToOneField(Location, on_delete=models.CASCADE, related_name="layout")
    aisle_length = models.FloatField()
    aisle_gap = models.FloatField(help_text="Between the middles of two neighbouring aisles")
    middle = models.FloatField(
        null=True, blank=True, help_text="Of a cross aisle between two blocks, from the front one"
    )
    start_aisle = models.PositiveSmallIntegerField(
        default=0, help_text="Walks begin and end at its front end"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(aisle_length__gt=0, aisle_gap__gt=0)
                & (Q(middle__isnull=True) | Q(middle__gt=0, middle__lt=F("aisle_length"))),
                name="layout_has_room",
            ),
        ]

    def __str__(self) -> str:
        return f"layout of {self.location_id}"

    @property
    def measures(self) -> Layout:
        return Layout(self.aisle_length, self.aisle_gap, self.middle, self.start_aisle)


class Channel(Visible):
    """Where demand comes from, and the locations that it may sell from."""

    is_short = True

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=ChannelKind.choices)
    all_locations = models.BooleanField(default=True)
    locations = models.ManyToManyField(
        Location, blank=True, related_name="channels", help_text="Used unless all may sell"
    )
    ships_without_address = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Takes orders to be sent whose address is not known yet",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = updated_at()

    class Meta:
        ordering = ["code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="channel_updated")]
        triggers = [moves()]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Those it is tied to; for one tied to locations alone, those which sell from them."""
        if principal.channels is not None:
            return Q(code__in=principal.channels)
        if principal.locations is None:
            return Q()
        here = cls.objects.filter(locations__code__in=principal.locations)
        return Q(all_locations=True) | Q(pk__in=here.values("pk"))


def seen_work(principal: Principal, *fields: str) -> Q:
    """Match the work of buildings, such as counts and transfers, which concerns no channel.

    `fields` are foreign keys to locations, one of which must be one that the principal is tied to.
    One tied to channels alone sees none: it would read suppliers and the names of staff.
    """
    if principal.places is None:
        return Q()
    ids = list(Location.objects.filter(code__in=principal.places).values_list("pk", flat=True))
    rule = Q()
    for field in fields:
        rule |= Q((f"{field}__in", ids))
    return rule


class NetworkRevision(models.Model):
    """One row, raised by triggers whenever a location, a channel or a rule about them changes.

    Processes keep the network in memory and read this number with each order, so that a change
    made anywhere is seen by the next order in every process.
    """

    revision = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="network_is_one_row")]
