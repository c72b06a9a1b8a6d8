from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0004_partitions_are_guarded"),
    ]

    operations = [
        migrations.AddField(
            model_name="sku",
            name="abc_class",
            field=models.CharField(
                blank=True,
                choices=[("A", "A: sells most"), ("B", "B: in between"), ("C", "C: the long tail")],
                db_default="",
                default="",
                help_text="How much of the turnover it makes: A most of it, C the long tail",
                max_length=1,
                verbose_name="ABC class",
            ),
        ),
        migrations.AddField(
            model_name="sku",
            name="category",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
    ]
