from django.db import migrations

import core.database.fields


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_found_by_tracking_number_and_email")]

    operations = [
        migrations.AlterField(
            model_name="sourcingreceipt",
            name="receipt",
            field=core.database.fields.DocumentField(),
        ),
    ]
