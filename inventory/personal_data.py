"""Data of people in the stock pool: references of carts, and who did what to the stock."""

from django.db.models import QuerySet

from core.people.person import Person
from core.people.register import CLEAR, Column, Copies, Kept, Kind, Table, staff
from inventory.models import ReservationGroup

_LEDGER = "the ledger cannot be changed; it says who answers for a movement"


def _carts_of(person: Person) -> QuerySet[ReservationGroup]:
    return ReservationGroup.objects.filter(pk__in=person.keys_of("inventory.ReservationGroup"))


def _staff(model: str, *names: str, kept: Kept = Kept.BOOKS) -> Table:
    return Table(f"inventory.{model}", kept, staff(*names))


REGISTER: tuple[Table | Copies, ...] = (
    Table(
        "inventory.ReservationGroup",
        Kept.CARTS,
        (Column("reference", Kind.REFERENCE, CLEAR),),
        found="carts that became orders of the person, or whose reference is theirs",
        rows=_carts_of,
        shown=("created_at",),
    ),
    _staff("Count", "created_by", "finished_by"),
    _staff("CountLine", "counted_by"),
    _staff("CountEntry", "counted_by", "counter"),
    _staff("CountResult", "approved_by"),
    _staff("LastCount", "actor"),
    _staff("Drift", "actor"),
    _staff("ExpectedDelivery", "created_by"),
    _staff("LabelRecord", "actor"),
    Table("inventory.StockMovement", Kept.BOOKS, staff("actor", because=_LEDGER)),
    _staff("Transfer", "created_by"),
    _staff("TransferScan", "actor", kept=Kept.SCANS),
)
# References of reservations, movements, labels and transfers are ids and numbers of ours, or name
# the paper by which goods moved.
NO_PEOPLE = {
    "inventory.Product": ("code", "name", "size_guide"),
    "inventory.Sku": ("code", "key", "name", "category", "attributes"),
    "inventory.Barcode": ("code",),
    "inventory.Count": ("name",),
    "inventory.CountLine": ("bin",),
    "inventory.LastCount": ("source", "reference"),
    "inventory.Drift": ("source", "reference"),
    "inventory.ExpectedDelivery": ("reference", "supplier"),
    "inventory.KeepRule": ("code", "category", "note"),
    "inventory.LabelRecord": ("lot", "serial", "reference"),
    "inventory.StockMovement": ("reference",),
    "inventory.Reservation": ("reference",),
    "inventory.Transfer": ("reference",),
    "inventory.TransferScan": ("payload", "lot", "serial", "detail"),
}
