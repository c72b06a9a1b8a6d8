"""Clients keep what they could do, by scopes that are narrower now.

All but one: who may hand goods over reads no pickup codes any more.
"""

from typing import Any

from django.db import migrations

WAS = {
    "stock:read": "availability:read",
    "stock:write": "reservations:write",
    "catalogue:write": "network:write",
    "orders:read": "pickup:pass",
}


def narrow(apps: Any, schema_editor: Any) -> None:
    clients = apps.get_model("access", "ApiClient")
    for client in clients.objects.exclude(scopes__contains=["*"]):
        more = [new for old, new in WAS.items() if old in client.scopes]
        if "fulfilment:write" in client.scopes:
            more = [scope for scope in more if scope != "pickup:pass"]
        client.scopes = list(dict.fromkeys([*client.scopes, *more]))
        client.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("access", "0003_demo_accounts_and_ended_sessions")]

    operations = [migrations.RunPython(narrow, migrations.RunPython.noop)]
