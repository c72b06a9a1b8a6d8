"""Who is acting: an API client or a member of staff, the same for the API and for pages."""

from __future__ import annotations

from dataclasses import dataclass

from core.access.scopes import includes


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated actor.

    `channels` and `locations` are the codes that it is tied to; `None` means all.
    """

    id: str  # "client:7" or "user:3": the owner of idempotency keys
    name: str  # what the ledger and the timeline say
    scopes: frozenset[str]
    channels: frozenset[str] | None = None
    locations: frozenset[str] | None = None
    requests_per_minute: int | None = None

    # DRF asks its `request.user` this.
    is_authenticated: bool = True

    def may(self, scope: str) -> bool:
        return includes(self.scopes, scope)

    @property
    def is_staff(self) -> bool:
        """Say whether a person is signed in, and no API key used."""
        return self.id.startswith("user:")

    @property
    def supervises(self) -> bool:
        """Say whether this person may work on what is another's."""
        return self.is_staff and self.may("*")

    @property
    def is_tied(self) -> bool:
        """Say whether it sees less than all, be it by channels or by locations."""
        return self.channels is not None or self.locations is not None

    def sees_channel(self, code: str) -> bool:
        return self.channels is None or code in self.channels

    def sees_location(self, code: str) -> bool:
        return self.locations is None or code in self.locations

    def sees_stock_at(self, code: str) -> bool:
        """Say whether it may know what a location has: people sell what another shop has."""
        return self.is_staff or self.sees_location(code)

    @property
    def places(self) -> frozenset[str] | None:
        """The locations at whose work it takes part, None for all: none for one that is tied to
        channels alone."""
        return self.locations if self.channels is None else self.locations or frozenset()

    def works_at(self, code: str) -> bool:
        return self.places is None or code in self.places


SYSTEM = Principal(id="system", name="system", scopes=frozenset({"*"}))
