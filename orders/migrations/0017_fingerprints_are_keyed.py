from django.db import migrations

from core.access.digests import pads


def key(apps, schema_editor):
    """Key the digests of all orders, so that they are known when sent again."""
    inner, outer = pads("orders.order.fingerprint")
    # Nothing that is shown of an order changes: it must not look changed to those who follow.
    schema_editor.execute("ALTER TABLE orders_order DISABLE TRIGGER USER")
    schema_editor.execute(
        """UPDATE orders_order
           SET fingerprint = sha256(%s::bytea || sha256(%s::bytea || fingerprint))""",
        [outer, inner],
    )
    schema_editor.execute("ALTER TABLE orders_order ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_work_is_given_back")]

    operations = [migrations.RunPython(key, migrations.RunPython.noop)]
