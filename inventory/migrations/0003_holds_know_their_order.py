from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_balances_follow_the_ledger"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservationgroup",
            name="ordered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
