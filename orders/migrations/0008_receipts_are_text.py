from django.db import migrations

import omniretail.document_field


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_found_by_tracking_number_and_email")]

    operations = [
        migrations.AlterField(
            model_name="sourcingreceipt",
            name="receipt",
            field=omniretail.document_field.DocumentField(),
        ),
    ]
