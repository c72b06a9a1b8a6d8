"""Accounts and clients of the demo are marked, and sessions of a person can be ended at once."""

from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import migrations, models

NAMES = ("admin", "associate", "operative", "agent", "manager")
PASSWORD = "demo"


def mark_demo(apps: Any, schema_editor: Any) -> None:
    """Mark the accounts that a demo made, by their password, and the client beside them."""
    user, client = apps.get_model("access", "User"), apps.get_model("access", "ApiClient")
    known = [
        each.pk
        for each in user.objects.filter(username__in=NAMES, email__endswith="@example.org")
        if check_password(PASSWORD, each.password)
    ]
    if known:
        user.objects.filter(pk__in=known).update(is_demo=True)
        client.objects.filter(name="demo").update(is_demo=True)


class Migration(migrations.Migration):
    dependencies = [("access", "0002_clients_may_have_limits")]

    operations = [
        migrations.AddField("user", "is_demo", models.BooleanField(default=False, editable=False)),
        migrations.AddField(
            "user", "sessions_ended", models.PositiveIntegerField(default=0, editable=False)
        ),
        migrations.AddField(
            "apiclient", "is_demo", models.BooleanField(default=False, editable=False)
        ),
        migrations.RunPython(mark_demo, migrations.RunPython.noop),
    ]
