import django.db.models.deletion
from django.db import migrations, models

# What every order decides by is kept in memory as of the network's revision.
TRIGGER = """
CREATE TRIGGER network_changed AFTER INSERT OR UPDATE OR DELETE ON inventory_keeprule
    FOR EACH STATEMENT EXECUTE FUNCTION stores_raise_revision();
"""

UNDO = """
DROP TRIGGER network_changed ON inventory_keeprule;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0009_conditions_are_read_by_index"),
        ("stores", "0002_network_revision"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeepRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("safety_stock", "Safety stock"), ("ring_fence", "Ring fence")],
                        max_length=16,
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                ("category", models.CharField(blank=True, default="", max_length=100)),
                (
                    "abc_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "A: sells most"),
                            ("B", "B: in between"),
                            ("C", "C: the long tail"),
                        ],
                        default="",
                        max_length=1,
                        verbose_name="ABC class",
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keep_rules",
                        to="stores.channel",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keep_rules",
                        to="stores.location",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keep_rules",
                        to="inventory.sku",
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="keep_rule_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel__isnull", False), ("kind", "ring_fence")),
                            models.Q(("channel__isnull", True), ("kind", "safety_stock")),
                            _connector="OR",
                        ),
                        name="keep_rule_for_a_channel_or_for_none",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at__isnull", True),
                            ("until__isnull", True),
                            ("until__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="keep_rule_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGER, UNDO),
    ]
