from django.db import migrations, models
from django.db.models.functions import Now

# What is in the feed keeps its number; what waited for one is numbered now, by its id.
CARRY_OVER = """
WITH numbered AS (
    SELECT id, row_number() OVER (ORDER BY sequence NULLS LAST, id)
               + (SELECT coalesce(min(sequence), 1) - 1 FROM outbox_event) AS sequence
    FROM outbox_event
), islands AS (
    SELECT id, sequence, id = lag(id, 1, -1) OVER (ORDER BY sequence) + 1 AS goes_on FROM numbered
), grouped AS (
    SELECT id, sequence, count(*) FILTER (WHERE NOT goes_on) OVER (ORDER BY sequence) AS run
    FROM islands
)
INSERT INTO outbox_run (first_sequence, first_id, length)
SELECT min(sequence), min(id), count(*) FROM grouped GROUP BY run;

UPDATE outbox_relay SET
    last_sequence = greatest(last_sequence, coalesce(
        (SELECT max(first_sequence + length) - 1 FROM outbox_run), 0)),
    last_id = coalesce((SELECT max(id) FROM outbox_event), 0);
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_subject_holds_two_codes")]

    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                ("first_sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first_id", models.BigIntegerField()),
                ("length", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("length__gt", 0)), name="run_of_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                ("first_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_id", models.BigIntegerField()),
                ("seen_at", models.DateTimeField(db_default=Now())),
                ("horizon", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.AddField("Relay", "last_id", models.BigIntegerField(default=0)),
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        migrations.RemoveIndex("Event", "event_unsent"),
        migrations.RemoveConstraint("Event", "event_sequence_once"),
        migrations.RemoveField("Event", "sequence"),
    ]
