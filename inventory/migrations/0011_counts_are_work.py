import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0010_keep_rules"),
        ("stores", "0002_network_revision"),
    ]

    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Being counted"),
                            ("review", "In review"),
                            ("applied", "Applied"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("threshold_units", models.PositiveIntegerField(default=10)),
                ("threshold_percent", models.PositiveIntegerField(default=20)),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("finished_by", models.CharField(blank=True, max_length=150)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counts",
                        to="stores.location",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CountLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bin", models.CharField(blank=True, max_length=64)),
                ("walk", models.PositiveIntegerField(default=0)),
                ("counted", models.PositiveIntegerField(blank=True, null=True)),
                ("counted_by", models.CharField(blank=True, max_length=150)),
                ("counted_from", models.DateTimeField(blank=True, null=True)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "count",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="inventory.count",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
            ],
            options={
                "ordering": ["walk", "bin", "sku"],
            },
        ),
        migrations.CreateModel(
            name="CountEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry_id", models.UUIDField()),
                ("quantity", models.PositiveIntegerField()),
                ("adds", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("counted_by", models.CharField(max_length=150)),
                ("counter", models.CharField(max_length=64)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                ("voided", models.BooleanField(default=False)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="inventory.countline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "count entries",
            },
        ),
        migrations.CreateModel(
            name="CountResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("approved_variance", models.IntegerField(blank=True, null=True)),
                ("approved_by", models.CharField(blank=True, max_length=150)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("recorded", models.IntegerField(blank=True, null=True)),
                ("variance", models.IntegerField(blank=True, null=True)),
                ("superseded", models.BooleanField(default=False)),
                (
                    "count",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="inventory.count",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Drift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=32)),
                ("reference", models.CharField(blank=True, max_length=128)),
                ("reported", models.PositiveIntegerField()),
                ("expected", models.IntegerField()),
                ("drift", models.IntegerField()),
                ("as_of", models.DateTimeField()),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("actor", models.CharField(max_length=150)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.location",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "drift",
            },
        ),
        migrations.CreateModel(
            name="LastCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("counted", models.PositiveIntegerField()),
                ("source", models.CharField(max_length=32)),
                ("reference", models.CharField(blank=True, max_length=128)),
                ("actor", models.CharField(max_length=150)),
                (
                    "location",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.location",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="count",
            index=models.Index(fields=["location", "state"], name="count_at_location"),
        ),
        migrations.AddConstraint(
            model_name="countline",
            constraint=models.UniqueConstraint(
                fields=("count", "sku", "bin"), name="count_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="countentry",
            constraint=models.UniqueConstraint(
                fields=("entry_id", "line"), name="count_entry_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="countresult",
            constraint=models.UniqueConstraint(fields=("count", "sku"), name="count_result_once"),
        ),
        migrations.AddConstraint(
            model_name="drift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "drift",
                        django.db.models.expressions.CombinedExpression(
                            models.F("reported"), "-", models.F("expected")
                        ),
                    ),
                    models.Q(("drift", 0), _negated=True),
                ),
                name="drift_is_a_difference",
            ),
        ),
        migrations.AddConstraint(
            model_name="lastcount",
            constraint=models.UniqueConstraint(fields=("sku", "location"), name="last_count_once"),
        ),
    ]
