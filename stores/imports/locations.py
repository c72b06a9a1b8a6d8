"""Files of locations: a building a row, as `PUT /locations/{code}` takes it."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from core.api.fields import CodeField
from core.imports.findings import Effect, RowError
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.rows import (
    Group,
    Row,
    RowsRefused,
    apply_each,
    body_of,
    decimal_number,
    prepare_rows,
    whole_number,
)
from stores.api.locations import LocationBody, render_location
from stores.choices import LocationKind
from stores.commands.locations import LocationFacts, put_location
from stores.models import Location

TEXTS = ("name", "kind", "timezone")
DEGREES = ("latitude", "longitude")
NUMBERS = ("priority",)
# Capabilities of a new location when the file names none: without any it could sell nothing.
USUALLY: dict[str, tuple[str, ...]] = {
    LocationKind.STORE: ("ships", "pickup", "returns"),
    LocationKind.WAREHOUSE: ("ships", "returns"),
}


def _apply(chunk: Chunk) -> Progress:
    return apply_each(chunk, lambda group: _put(group, chunk.actor))


def _put(group: Group, actor: Principal) -> list[Effect]:
    (row,) = group
    code = find_code(row, actor)
    existing = Location.objects.filter(code=code).first()
    before = _facts(existing) if existing else None
    wanted = _body(row, before or {})
    facts = dict(body_of(LocationBody, wanted))
    location, _ = put_location(
        code=code,
        facts=LocationFacts(**facts | {"capabilities": tuple(facts["capabilities"])}),
        actor=actor,
    )
    after = _facts(location)
    return [] if before == after else [Effect(row.line, f"locations/{code}", before, after)]


def _facts(location: Location) -> dict[str, Any]:
    """Return what the API shows of a building, but for when it last changed."""
    return {
        name: value for name, value in render_location(location).items() if name != "updated_at"
    }


def find_code(row: Row, actor: Principal, column: str = "code") -> str:
    """Return the code of the building that a row is about, if the actor may see it."""
    code = CodeField().run_validation(row.cells.get(column, ""))
    if not actor.sees_location(code):
        raise RowsRefused(
            [RowError(row.line, column, "unknown_location", f"There is no location {code}.")]
        )
    answer: str = code
    return answer


def _body(row: Row, stored: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the body of the API; columns that the file lacks keep their stored values."""
    body = {name: value for name, value in stored.items() if name != "code"}
    body |= {name: row.cells[name] for name in TEXTS if name in row.cells}
    for name in DEGREES:
        if name in row.cells:
            body[name] = decimal_number(row.cells[name]) if row.given(name) else None
    for name in NUMBERS:
        if given := row.given(name):
            body[name] = whole_number(given)
    if "capabilities" in row.cells:
        able = row.cells["capabilities"].split("|")
        body["capabilities"] = [each.strip() for each in able if each.strip()]
    body.setdefault("capabilities", list(USUALLY.get(str(body.get("kind")), ())))
    return body


LOCATIONS = Kind(
    name="locations",
    scope="network:write",
    columns={"code": True, **dict.fromkeys(TEXTS, True)}
    | dict.fromkeys((*DEGREES, "capabilities", *NUMBERS), False),
    prepare=lambda file: prepare_rows(file, key=("code",)),
    apply=_apply,
    describes="Buildings, by code. Columns that are not there leave what is known as it is.",
)
