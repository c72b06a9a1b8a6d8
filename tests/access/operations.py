"""Whose object each operation of the API touches, with a call of it.

Names in braces are those of one side of the world (`world.py`): what belongs to the one who asks,
or to others. An operation that is not declared here fails `test_matrix.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Of(Enum):
    """What an operation touches."""

    ONE = "one object, named by its address: another's does not exist"
    LISTED = "many: others' are left out"
    NAMED = "what its body or its query names: others' codes are unknown"
    ALL = "what is for all alike, such as the catalogue"
    POOL = "the whole pool or network: for those alone who are tied to nothing"


@dataclass(frozen=True)
class Operation:
    """One operation: the scope that it needs, what it touches, and a call.

    `of_buildings`: the work of locations, of which one tied to channels alone sees none.
    `shown_to_people`: stock that people sell from, wherever it is.
    `found_in_shops`: what a shop that takes returns finds although it is another's.
    `refuses_places`: never for one tied to locations.
    `any_channel`: a shop may ask what any channel has, and is told of its own stock.
    `by_people`: for those alone who are signed in; no key does it.
    `also`: another scope that it needs.
    `at`: statuses that are another's answer, where they are not the usual ones.
    """

    scope: str | None
    of: Of
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    of_buildings: bool = False
    shown_to_people: bool = False
    found_in_shops: bool = False
    refuses_places: bool = False
    any_channel: bool = False
    by_people: bool = False
    also: str = ""
    at: frozenset[int] | None = None


UNITS = [{"sku": "T1", "quantity": 1}]
LINE = [{"line_id": "1", "quantity": 1}]
AT = {"sku": "T1", "location": "{loc}"}
SCAN = {"scans": [{"scan_id": "3f0d1c5e-6f8f-4f43-9a53-8f6d3a2f7b11", "payload": "IN-T1"}]}
ORDER = {
    "channel": "{channel}",
    "external_id": "{mark}-new",
    "currency": "GBP",
    "lines": [
        {
            "line_id": "1",
            "sku": "T1",
            "quantity": 1,
            "unit_price": "5.00",
            "fulfilment": {"type": "pickup", "location": "{loc}"},
        }
    ],
}
LOCATION = {
    "name": "{mark} house",
    "kind": "store",
    "timezone": "Europe/London",
    "capabilities": ["ships", "pickup", "returns"],
}
CHANNEL = {"name": "{mark} site", "kind": "web", "locations": ["{loc}", "{loc2}"]}
BINS = {"bins": [{"code": "{bin}", "walk": 1, "skus": ["T1"]}, {"code": "{bin}-2", "walk": 2}]}
PROOF = {"code": "000000"}


def one(scope: str, path: str, body: Any = None, **more: Any) -> Operation:
    return Operation(scope, Of.ONE, path, body, **more)


def listed(scope: str | None, path: str, **more: Any) -> Operation:
    return Operation(scope, Of.LISTED, path, **more)


def named(scope: str, path: str, body: Any = None, **more: Any) -> Operation:
    return Operation(scope, Of.NAMED, path, body, **more)


def step(action: str, body: Any = None, *, of: str = "ship") -> Operation:
    return one("fulfilment:write", f"fulfilments/{{{of}}}/{action}", {} if body is None else body)


def on_list(action: str, body: Any = None) -> Operation:
    return one("fulfilment:write", f"pick-lists/{{list}}/{action}", {} if body is None else body)


def on_return(action: str, body: Any = None, **more: Any) -> Operation:
    return one("returns:write", f"returns/{{ret}}/{action}", {} if body is None else body, **more)


def on_stock(path: str, body: Any) -> Operation:
    return named("stock:write", path, body, of_buildings=True)


def on_count(action: str, body: Any = None) -> Operation:
    path = f"stock/counts/{{count}}/{action}"
    return one("stock:write", path, {} if body is None else body, of_buildings=True)


def on_transfer(action: str, body: Any = None) -> Operation:
    path = f"transfers/{{transfer}}/{action}"
    return one("stock:write", path, {} if body is None else body, of_buildings=True)


def in_building(scope: str, path: str, **more: Any) -> Operation:
    return one(scope, path, of_buildings=True, **more)


def work(path: str, **more: Any) -> Operation:
    return listed("stock:read", path, of_buildings=True, **more)


OPERATIONS: dict[str, Operation] = {
    # the network and the catalogue
    "list_locations": listed("catalogue:read", "locations"),
    "get_location": one("catalogue:read", "locations/{loc}"),
    "put_location": Operation("network:write", Of.POOL, "locations/{loc}", LOCATION),
    "print_bin_labels": one("catalogue:read", "locations/{loc}/bin-labels"),
    "get_bins": one("catalogue:read", "locations/{loc}/bins"),
    "put_bins": in_building("catalogue:write", "locations/{loc}/bins", body=BINS),
    "get_layout": one("catalogue:read", "locations/{loc}/layout"),
    "put_layout": in_building(
        "catalogue:write", "locations/{loc}/layout", body={"aisles": None, "bins": []}
    ),
    "list_placements": one("catalogue:read", "locations/{loc}/placements"),
    "add_placement": in_building(
        "catalogue:write", "locations/{loc}/placements/add", body={"sku": "T1", "bin": "{bin}-2"}
    ),
    "move_placement": in_building(
        "catalogue:write",
        "locations/{loc}/placements/move",
        body={"sku": "T1", "from_bin": "{bin}", "to_bin": "{bin}-2"},
    ),
    "remove_placement": in_building(
        "catalogue:write", "locations/{loc}/placements/remove", body={"sku": "T1", "bin": "{bin}"}
    ),
    "evacuate_location": in_building("fulfilment:write", "locations/{loc}/evacuate", body={}),
    "list_channels": listed("catalogue:read", "channels"),
    "get_channel": one("catalogue:read", "channels/{channel}"),
    "put_channel": one("network:write", "channels/{channel}", CHANNEL, refuses_places=True),
    "export_availability": one("availability:read", "channels/{channel}/availability.csv"),
    "list_skus": Operation("catalogue:read", Of.ALL, "skus"),
    "get_sku": Operation("catalogue:read", Of.ALL, "skus/T1"),
    "put_sku": Operation("catalogue:write", Of.ALL, "skus/T1", {"name": "T", "barcodes": []}),
    "scan": one("catalogue:read", "scan/omni:bin:{loc}/{bin}"),
    "scan_by_body": one("catalogue:read", "scan", {"payload": "omni:bin:{loc}/{bin}"}),
    "scan_by_query": one("catalogue:read", "scan", query={"payload": "omni:bin:{loc}/{bin}"}),
    "list_keep_rules": listed("catalogue:read", "keep-rules"),
    "get_keep_rule": one("catalogue:read", "keep-rules/{rule}"),
    "put_keep_rule": one(
        "catalogue:write",
        "keep-rules/{rule}",
        AT | {"kind": "ring_fence", "channel": "{channel}", "quantity": 2},
        at=frozenset({400, 404}),
    ),
    "remove_keep_rule": one("catalogue:write", "keep-rules/{rule}"),
    # what can be sold
    "query_availability": named(
        "availability:read",
        "availability/query",
        {"channel": "{channel}", "lines": UNITS},
        any_channel=True,
    ),
    "get_product_availability": named(
        "availability:read",
        "products/P1/availability",
        query={"channel": "{channel}"},
        any_channel=True,
    ),
    "reserve_stock": named(
        "reservations:write",
        "reservations",
        {
            "channel": "{channel}",
            "reference": "c",
            "ttl_seconds": 60,
            "lines": [AT | {"quantity": 1}],
        },
    ),
    "get_reservation": one("reservations:write", "reservations/{cart}"),
    "extend_reservation": one(
        "reservations:write", "reservations/{cart}/extend", {"ttl_seconds": 60}
    ),
    "release_reservation": one("reservations:write", "reservations/{cart}/release", {}),
    # stock
    "list_stock": listed("stock:read", "stock", shown_to_people=True),
    "export_stock": listed("stock:read", "exports/stock.csv", shown_to_people=True),
    "list_movements": listed("stock:read", "stock/movements"),
    "export_movements": listed("stock:read", "exports/movements.csv"),
    "stock_as_of": named("stock:read", "stock/as-of", query=AT | {"at": "2100-01-01T00:00:00Z"}),
    "list_drift": work("stock/drift"),
    "list_unavailable": listed("stock:read", "stock/unavailable"),
    "adjust_stock": on_stock(
        "stock/adjustments", {"reason": "found", "lines": [AT | {"on_hand_delta": 1}]}
    ),
    "move_unavailable": on_stock(
        "stock/unavailable",
        {"lines": [AT | {"quantity": 1, "from": "available", "to": "damaged"}]},
    ),
    "set_safety_stock": on_stock("stock/safety-stock", {"lines": [AT | {"safety_stock": 1}]}),
    "apply_count": on_stock(
        "stock/counts/apply", {"reason": "cycle_count", "lines": [AT | {"on_hand": 40}]}
    ),
    "take_snapshot": on_stock(
        "stock/snapshots",
        {"source": "erp", "as_of": "{now}", "lines": [AT | {"on_hand": 40}]},
    ),
    "receive_goods": on_stock("receipts", {"location": "{loc}", "reference": "r", "lines": UNITS}),
    "list_counts": work("stock/counts"),
    "start_count": on_stock("stock/counts", {"location": "{loc}", "select": {"skus": ["T1"]}}),
    "get_count": in_building("stock:read", "stock/counts/{count}"),
    "enter_counts": on_count(
        "entries",
        {"entries": [{"entry_id": SCAN["scans"][0]["scan_id"], "sku": "T1", "quantity": 5}]},
    ),
    "submit_count": on_count("submit"),
    "approve_count": on_count("approve", {"lines": [{"sku": "T1"}]}),
    "recount": on_count("recount", {"lines": [{"sku": "T1"}]}),
    "apply_finished_count": on_count("apply"),
    "cancel_count": on_count("cancel"),
    "list_deliveries": work("deliveries"),
    "expect_delivery": on_stock(
        "deliveries", {"location": "{loc}", "reference": "d", "lines": UNITS}
    ),
    "get_delivery": in_building("stock:read", "deliveries/{delivery}"),
    "cancel_delivery": in_building("stock:write", "deliveries/{delivery}/cancel", body={}),
    "receive_delivery": in_building(
        "stock:write", "deliveries/{delivery}/receipts", body={"lines": UNITS}
    ),
    "list_transfers": work("transfers"),
    "draft_transfer": on_stock("transfers", {"from": "{loc}", "to": "{loc2}", "lines": UNITS}),
    "get_transfer": in_building("stock:read", "transfers/{transfer}"),
    "scan_transfer": on_transfer("scans", SCAN),
    "dispatch_transfer": on_transfer("dispatch"),
    "receive_transfer": on_transfer("receive", {"lines": UNITS}),
    "turn_back_transfer": on_transfer("turn-back"),
    "cancel_transfer": on_transfer("cancel"),
    "get_lot": one("orders:read", "lots/{mark}LOT"),
    "get_serial": one("orders:read", "serials/{mark}SER"),
    "check_integrity": Operation("stock:read", Of.POOL, "integrity"),
    # orders
    "list_orders": listed("orders:read", "orders"),
    "place_order": named("orders:write", "orders", ORDER),
    "place_orders": named("orders:write", "orders/batch", {"orders": [ORDER]}),
    "quote_sourcing": named("orders:read", "sourcing/quote", ORDER),
    "get_order": one("orders:read", "orders/{order}", found_in_shops=True),
    "get_order_timeline": one("orders:read", "orders/{order}/timeline"),
    "get_order_sourcing": one("orders:read", "orders/{order}/sourcing"),
    "cancel_order": one("orders:write", "orders/{order}/cancellations", {"reason": "x"}),
    "export_orders": listed("orders:read", "exports/orders.csv"),
    "read_events": listed("orders:read", "events"),
    "list_customers": listed("customers:read", "customers"),
    "get_customer": one("customers:read", "customers/{customer}"),
    "erase_person": one(
        "customers:privacy", "customers/erase", {"order": "{order}"}, refuses_places=True
    ),
    "export_customer": one(
        "customers:privacy",
        "customers/{customer}/export",
        refuses_places=True,
        also="customers:read",
    ),
    "erase_customer": one(
        "customers:privacy", "customers/{customer}/erase", {}, refuses_places=True
    ),
    # fulfilment
    "list_fulfilments": listed("orders:read", "fulfilments"),
    "get_fulfilment": one("orders:read", "fulfilments/{ship}"),
    "accept_fulfilment": step("accept"),
    "reject_fulfilment": step("reject"),
    "pick_fulfilment": step("pick", {"lines": LINE}),
    "pack_fulfilment": step("pack"),
    "unpack_fulfilment": step("unpack"),
    "put_back_fulfilment": step("put-back"),
    "ship_fulfilment": step("ship", {"carrier": "c", "tracking_number": "t"}),
    "deliver_fulfilment": step("deliver"),
    "lose_fulfilment": step("lost"),
    "find_fulfilment": step("found"),
    "return_fulfilment": step("returning"),
    "turn_back_fulfilment": step("turn-back"),
    "cancel_fulfilment": step("cancel", {"reason": "x"}),
    "ready_fulfilment": step("ready", of="pickup"),
    "get_parcel_label": one("fulfilment:write", "fulfilments/{packing}/label"),
    "confirm_identity": one(
        "pickup:identity",
        "fulfilments/{pickup}/confirm-identity",
        {"document": "passport"},
        by_people=True,
        at=frozenset({403, 404}),
    ),
    "collect_fulfilment": step("collect", PROOF, of="pickup"),
    "expire_fulfilment": step("expire", of="pickup"),
    "extend_fulfilment": step("extend", {"days": 1}, of="pickup"),
    "move_fulfilment": step("move", {"location": "{loc2}"}, of="pickup"),
    "get_pickup_pass": one("pickup:pass", "fulfilments/{pickup}/pickup-pass"),
    "hand_over": named(
        "fulfilment:write",
        "hand-overs",
        {"location": "{loc}", "fulfilments": ["{pickup}"]} | PROOF,
    ),
    "list_pick_lists": listed("orders:read", "pick-lists"),
    "start_pick_list": named("fulfilment:write", "pick-lists", {"location": "{loc}"}),
    "start_wave": named("fulfilment:write", "pick-lists/waves", {"location": "{loc}"}),
    "get_pick_list": one("orders:read", "pick-lists/{list}"),
    "scan_picks": on_list("scans", SCAN),
    "undo_pick_scan": on_list(f"scans/{SCAN['scans'][0]['scan_id']}/undo"),
    "short_pick": on_list("lines/{line}/short", {"found": 0, "everywhere": True}),
    "undo_short_pick": on_list("lines/{line}/short/undo"),
    "complete_pick_list": on_list("complete"),
    "abandon_pick_list": on_list("abandon"),
    "assign_pick_list": on_list("assign", {"person": "ada"}),
    # returns
    "list_returns": listed("orders:read", "returns"),
    "request_return": named(
        "returns:write",
        "returns",
        {
            "order": "{sold}",
            "channel": "{channel}",
            "lines": [{"line_id": "1", "quantity": 1, "reason": "size"}],
            "resolution": "refund",
            "drop_off": {"type": "store", "location": "{loc}"},
        },
    ),
    "get_return": one("orders:read", "returns/{ret}"),
    "get_return_label": one("orders:read", "returns/{parcel}/label"),
    "receive_return": on_return(
        "receipts",
        {"location": "{loc}", "lines": [LINE[0] | {"disposition": "restock"}]},
        at=frozenset({400, 404}),
    ),
    "dispose_return": on_return(
        "dispositions", {"lines": [LINE[0] | {"location": "{loc}", "disposition": "restock"}]}
    ),
    "change_return_resolution": on_return("resolution", {"resolution": "refund"}),
    "close_return": on_return("close"),
    "cancel_return": on_return("cancel"),
    # files
    "list_imports": listed(None, "imports"),
    "import_file": Operation(None, Of.ALL, "imports"),
    "get_import": Operation(None, Of.ONE, "imports/{file}"),
    "list_import_errors": Operation(None, Of.ONE, "imports/{file}/errors"),
    "list_import_changes": Operation(None, Of.ONE, "imports/{file}/changes"),
}
