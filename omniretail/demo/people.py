"""Staff and customers of the demo retailer, all invented."""

from __future__ import annotations

from core.access.keys import issue_key
from core.access.models import ApiClient, User
from core.access.principal import Principal
from core.access.scopes import ROLES
from orders.commands.placing.requests import CustomerRequest

CLIENT = "demo"
ADMIN = "admin"
PASSWORD = "demo"

# Name, role, locations; none: everywhere.
STAFF: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("associate", "associate", ("S470",)),
    ("operative", "operative", ("W1",)),
    ("agent", "agent", ()),
    ("manager", "manager", ()),
)

FIRST_NAMES = ("Alex", "Robin", "Sam", "Charlie", "Jamie", "Casey", "Morgan", "Drew", "Kit", "Lee")
LAST_NAMES = ("Sample", "Example", "Specimen", "Placeholder", "Dummy", "Fictitious", "Testcase")
# Town, outward postcode; all are in the gazetteer, so that parcels have a distance.
TOWNS = (
    ("London", "SW1A"), ("Leeds", "LS1"), ("York", "YO1"), ("Norwich", "NR1"), ("Exeter", "EX1"),
    ("Bath", "BA1"), ("Oxford", "OX1"), ("Cambridge", "CB1"), ("Derby", "DE1"),
    ("Leicester", "LE1"), ("Sheffield", "S1"), ("Hull", "HU1"), ("Carlisle", "CA1"),
    ("Swansea", "SA1"), ("Aberdeen", "AB10"), ("Inverness", "IV1"), ("Belfast", "BT1"),
    ("Plymouth", "PL1"), ("Ipswich", "IP1"), ("Brighton", "BN1"), ("Preston", "PR1"),
    ("Stirling", "FK8"), ("Dundee", "DD1"), ("Manchester", "M1"), ("Birmingham", "B1"),
)  # fmt: skip


def hire() -> None:
    """Create the accounts of staff, and the API client of the shop's systems.

    An existing account keeps its password.
    """
    there = set(User.objects.values_list("username", flat=True))
    if ADMIN not in there:
        User.objects.create_superuser(ADMIN, f"{ADMIN}@example.org", PASSWORD, is_demo=True)
    for name, role, locations in STAFF:
        if name not in there:
            User.objects.create_user(
                name,
                f"{name}@example.org",
                PASSWORD,
                role=role,
                locations=list(locations),
                is_staff=True,
                is_demo=True,
            )
    ApiClient.objects.get_or_create(name=CLIENT, defaults={"scopes": ["*"], "is_demo": True})


def shop() -> Principal:
    """Return the actor of the shop's systems: its site, its tills, its call centre."""
    return ApiClient.objects.get(name=CLIENT).principal()


def person_at(location: str) -> Principal:
    """Return the actor that works at a location: a member of staff where there is one."""
    for name, _, locations in STAFF:
        if location in locations:
            return User.objects.get(username=name).principal()
    return Principal(
        id=f"demo:{location}",
        name=f"floor.{location.lower()}",
        scopes=ROLES["associate"][1],
        locations=frozenset({location}),
    )


def first_key() -> str:
    """Issue a key for the shop's client; it is shown only once."""
    return issue_key(client=ApiClient.objects.get(name=CLIENT))


def customer(number: str, invoice: str) -> CustomerRequest:
    """Return the customer with the shop's number; an invoice without one is a guest's."""
    if not number:
        return CustomerRequest(name="Guest", email=f"guest.{invoice}@example.org")
    seed = int(number)
    first, last = FIRST_NAMES[seed % 10], LAST_NAMES[seed // 10 % 7]
    return CustomerRequest(
        external_id=number,
        name=f"{first} {last}",
        email=f"{first}.{last}.{number}@example.org".lower(),
        phone=f"01632 960{seed % 1000:03}",  # a number reserved for fiction
    )


def address(seed: int, name: str) -> dict[str, str]:
    """Return an address in a real town and an invented street."""
    town, outward = TOWNS[seed % len(TOWNS)]
    return {
        "name": name,
        "line1": f"{seed % 98 + 1} Example Street",
        "city": town,
        "postal_code": outward,
        "country": "GB",
    }
