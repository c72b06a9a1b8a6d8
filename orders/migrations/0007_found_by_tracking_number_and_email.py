from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_no_statistics_of_documents")]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(
                    ("external_id__isnull", False), models.Q(("email", ""), _negated=True)
                ),
                fields=["email"],
                name="customer_known_email",
            ),
        ),
        migrations.AddIndex(
            model_name="fulfilment",
            index=models.Index(
                condition=models.Q(("tracking_number", ""), _negated=True),
                fields=["tracking_number"],
                name="fulfilment_tracked",
            ),
        ),
    ]
