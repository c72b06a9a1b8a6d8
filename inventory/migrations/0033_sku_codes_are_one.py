import logging

from django.db import migrations, models

import inventory.models.fields
from inventory.sku_codes import sku_key

log = logging.getLogger("inventory.sku_codes")

AT_ONCE = 5_000


def fill(apps, schema_editor):
    """Give each SKU its key. Of codes that are one the first keeps it: later ones are found only
    as they are spelt, and named in the log."""
    Sku = apps.get_model("inventory", "Sku")
    # Nothing that is shown of a SKU changes: it must not look changed to those who follow.
    schema_editor.execute("ALTER TABLE inventory_sku DISABLE TRIGGER USER")
    first = {}
    after = 0
    while rows := list(
        Sku.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "code")[:AT_ONCE]
    ):
        after = rows[-1][0]
        keys = []
        for pk, code in rows:
            key = sku_key(code)
            if key in first:
                log.warning(
                    "the SKU codes %r and %r are one: the second is found only as it is spelt",
                    first[key],
                    code,
                )
            else:
                first[key] = code
                keys.append((pk, key))
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                """UPDATE inventory_sku s SET key = k.key
                   FROM unnest(%s::bigint[], %s::text[]) AS k(id, key) WHERE s.id = k.id""",
                [[pk for pk, _ in keys], [key for _, key in keys]],
            )
    schema_editor.execute("ALTER TABLE inventory_sku ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("inventory", "0032_transfers_carry_a_condition")]

    operations = [
        migrations.AddField(
            model_name="sku",
            name="key",
            field=inventory.models.fields.SkuKeyField(editable=False, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.UniqueConstraint(fields=("key",), name="sku_code_once"),
        ),
        migrations.RemoveIndex(model_name="sku", name="sku_whatever_the_case"),
    ]
