"""Buildings, channels and bins hold no data of people."""

from core.people.register import Copies, Table

REGISTER: tuple[Table | Copies, ...] = ()
NO_PEOPLE = {
    "stores.Location": ("code", "name", "timezone", "address", "hours", "exceptions"),
    "stores.Bin": ("code",),
    "stores.Channel": ("code", "name"),
}
