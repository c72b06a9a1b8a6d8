"""What every kind of client has: its connection, the shop, the books."""

from __future__ import annotations

from typing import Any

from torture.client import Act, Client
from torture.world import World


class Kind:
    """One kind of client. `turn` does one thing, of several requests perhaps."""

    def __init__(self, client: Client, world: World) -> None:
        self.client, self.world, self.books = client, world, world.books

    def turn(self) -> None:
        raise NotImplementedError

    def some(self, things: Any) -> Any:
        """Choose one of these, None when there are none."""
        found = list(things)
        return self.client.chance.choice(found) if found else None

    def units(self, most: int) -> int:
        return self.client.chance.randint(1, most)

    def lucky(self, of_a_hundred: int) -> bool:
        return self.client.lucky(of_a_hundred)

    def find(self, path: str, **query: Any) -> dict[str, Any] | None:
        """Return one resource of a list, as it is now."""
        page = self.client.look(path, limit=40, **query)
        return self.some(page["results"]) if page else None

    def book_reference(self, act: Act, reference: str) -> bool:
        """Say whether an act was done; a refused one must have left nothing under its reference."""
        if act.status and not act.is_done:
            self.books.refuse_reference(reference, act)
        return act.is_done
