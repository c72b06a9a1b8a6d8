"""Nightly checks are kept, with what they found."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(db_index=True)),
                ("finished_at", models.DateTimeField()),
                (
                    "rows_checked",
                    models.PositiveBigIntegerField(help_text="Stock rows, each with its ledger"),
                ),
                ("violation_count", models.PositiveBigIntegerField()),
                ("asked_by", models.CharField(max_length=150)),
            ],
            options={
                "verbose_name": "check",
                "verbose_name_plural": "checks",
            },
        ),
        migrations.CreateModel(
            name="Violation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("law", models.CharField(max_length=64)),
                ("sku", models.CharField(blank=True, max_length=64)),
                ("location", models.CharField(blank=True, max_length=64)),
                ("subject", models.TextField()),
                ("expected", models.BigIntegerField()),
                ("found", models.BigIntegerField()),
                ("is_new", models.BooleanField()),
                (
                    "reconciliation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="violations",
                        to="orders.reconciliation",
                    ),
                ),
            ],
        ),
    ]
