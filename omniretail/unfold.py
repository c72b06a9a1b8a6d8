"""The admin's theme settings: its sidebar is grouped by work, not by packages."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy


def _page(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return a link to the list of a model, for people who may see it."""
    app, _, name = model.partition("_")

    def may_look(request: HttpRequest) -> bool:
        table = admin.site.get_model_admin(apps.get_model(app, name))
        return table.has_view_permission(request)

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": may_look,
    }


def _view(title: str, icon: str, view: str, model: str) -> dict[str, Any]:
    """Return a link to another page, for people who may see its data."""
    return _page(title, icon, model) | {"link": reverse_lazy(view)}


def _group(title: str, *pages: dict[str, Any], open: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": not open, "items": list(pages)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "OmniRetail",
    "SITE_HEADER": "OmniRetail",
    "SITE_SYMBOL": "inventory_2",
    "SHOW_HISTORY": True,
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            _group(
                "Orders",
                _page("Orders", "receipt_long", "orders_order"),
                _page("Order lines", "list_alt", "orders_orderline"),
                _page("Fulfilments", "local_shipping", "orders_fulfilment"),
                _page("Pick lists", "checklist", "orders_picklist"),
                _page("Scans", "barcode_scanner", "orders_scan"),
                _page("Returns", "assignment_return", "orders_return"),
                _page("Returned goods", "undo", "orders_returnreceiptline"),
                _page("Sourcing receipts", "alt_route", "orders_sourcingreceipt"),
                _page("Customers", "person", "orders_customer"),
                open=True,
            ),
            _group(
                "Stock",
                _page("Stock", "inventory", "inventory_stock"),
                _page("Ledger", "menu_book", "inventory_stockmovement"),
                _view("Look back", "history_toggle_off", "stock-as-of", "inventory_stockmovement"),
                _page("Reservations", "bookmark", "inventory_reservation"),
                _page("Carts", "shopping_cart", "inventory_reservationgroup"),
                _page("Lots and serials", "qr_code_2", "inventory_labelrecord"),
                _page("Deliveries", "pallet", "inventory_expecteddelivery"),
                _page("Transfers", "sync_alt", "inventory_transfer"),
                _page("Keep rules", "shield", "inventory_keeprule"),
                _page("Counts", "fact_check", "inventory_count"),
                _page("Count entries", "edit_note", "inventory_countentry"),
                _page("Drift", "difference", "inventory_drift"),
                _page("Last counts", "event_available", "inventory_lastcount"),
                _page("Ring fences", "fence", "inventory_ringfence"),
                open=True,
            ),
            _group("Files", _page("Imports", "upload_file", "imports_import")),
            _group(
                "Catalogue",
                _page("SKUs", "sell", "inventory_sku"),
                _page("Products", "category", "inventory_product"),
                _page("Barcodes", "barcode", "inventory_barcode"),
            ),
            _group(
                "Network",
                _page("Locations", "store", "stores_location"),
                _page("Bins", "shelves", "stores_bin"),
                _page("Placements", "pin_drop", "inventory_placement"),
                _page("Channels", "hub", "stores_channel"),
            ),
            _group(
                "Access",
                _page("Staff", "badge", "access_user"),
                _page("Groups", "group", "auth_group"),
                _page("API clients", "api", "access_apiclient"),
                _page("API keys", "key", "access_apikey"),
                _page("Security log", "security", "audit_securityrecord")
                | {"permission": "core.admin.security_log.may_read"},
            ),
            _group(
                "Machine room",
                _page("Nightly checks", "verified", "orders_reconciliation"),
                _page("Violations", "report", "orders_violation"),
                _page("Events", "campaign", "outbox_event"),
                _page("Audit", "history", "audit_auditrecord"),
                _page("Stored answers", "replay", "idempotency_storedanswer"),
                _page("Relay", "conveyor_belt", "outbox_relay"),
                _page("Network revision", "tag", "stores_networkrevision"),
            ),
        ],
    },
}
