import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0012_transfers_to_the_end")]

    operations = [
        migrations.AlterField(
            model_name="stock",
            name="sku",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="stock",
                to="inventory.sku",
            ),
        ),
        # Half of a page stays free, so that each of its rows can be changed in place once before
        # it is cleaned: else a file that changes every row writes every index of them.
        migrations.RunSQL(
            "ALTER TABLE inventory_stock SET (fillfactor = 50)",
            "ALTER TABLE inventory_stock SET (fillfactor = 70)",
        ),
    ]
