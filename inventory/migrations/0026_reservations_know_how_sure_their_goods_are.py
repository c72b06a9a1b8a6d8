from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0025_movements_are_dated_in_their_order")]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="grip",
            field=models.SmallIntegerField(
                choices=[(0, "Cart"), (1, "Open"), (2, "Picked"), (3, "Secured")],
                db_default=1,
                default=1,
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="in_hand",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(
            "UPDATE inventory_reservation SET grip = 0 WHERE state = 'held'",
            migrations.RunSQL.noop,
        ),
    ]
