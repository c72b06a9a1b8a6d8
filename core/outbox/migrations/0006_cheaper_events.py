import uuid

from django.db import migrations, models

# An event's id must differ from every other's; nobody may draw a secret from it. PostgreSQL opens
# the system's source of randomness for each `gen_random_uuid`, which takes 3 µs here instead of 0.7.
EVENT_ID = """
CREATE FUNCTION outbox_event_id() RETURNS uuid LANGUAGE sql VOLATILE
RETURN md5(random()::text || random()::text)::uuid
"""
WITHOUT_STATISTICS = ["data", "event_id"]


class Migration(migrations.Migration):
    dependencies = [("outbox", "0005_events_are_kept_as_they_are")]

    operations = [
        migrations.RunSQL(EVENT_ID, "DROP FUNCTION outbox_event_id"),
        migrations.AlterField(
            model_name="event",
            name="event_id",
            field=models.UUIDField(
                db_default=models.Func(function="outbox_event_id"),
                default=uuid.uuid4,
                editable=False,
            ),
        ),
        *(
            # Nothing is searched by these, and `ANALYZE` unpacks every document that it samples.
            migrations.RunSQL(
                f"ALTER TABLE outbox_event ALTER COLUMN {column} SET STATISTICS 0",
                f"ALTER TABLE outbox_event ALTER COLUMN {column} SET STATISTICS -1",
            )
            for column in WITHOUT_STATISTICS
        ),
    ]
