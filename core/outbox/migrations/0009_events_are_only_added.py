from django.db import migrations

ONLY_ADDED = """
CREATE TRIGGER rows_are_only_added BEFORE UPDATE OR DELETE ON outbox_event
FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER table_is_not_truncated BEFORE TRUNCATE ON outbox_event
FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Gives events other data, and records that it did. Returns how many.
CREATE FUNCTION outbox_erase(ids bigint[], documents text[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    events jsonb;
    number integer;
BEGIN
    PERFORM set_config('omniretail.append_only', 'off', true);
    WITH changed AS (
        UPDATE outbox_event e SET data = c.data::json
        FROM unnest(ids, documents) AS c(id, data) WHERE e.id = c.id
        RETURNING e.id
    )
    SELECT jsonb_agg(id ORDER BY id), count(*) INTO events, number FROM changed;
    PERFORM set_config('omniretail.append_only', 'on', true);
    IF number > 0 THEN
        INSERT INTO audit_auditrecord (actor, action, subject, data)
        VALUES ('system', 'events.erased', 'events', jsonb_build_object('events', events));
    END IF;
    RETURN number;
END $$;
REVOKE ALL ON FUNCTION outbox_erase FROM PUBLIC;

-- Deletes the events of whole runs, never those of the last seven days nor of the newest run, to
-- which the relay may be adding; returns their ids.
CREATE FUNCTION outbox_delete_runs(runs bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('omniretail.append_only', 'off', true);
    RETURN QUERY WITH gone AS (
        DELETE FROM outbox_run r
        WHERE first_sequence = ANY(runs)
          AND first_sequence < (SELECT max(first_sequence) FROM outbox_run)
          AND NOT EXISTS (
              SELECT FROM outbox_event e
              WHERE e.id >= r.first_id AND e.id < r.first_id + r.length
                AND e.time > statement_timestamp() - interval '7 days')
        RETURNING first_id, first_id + length AS behind
    )
    DELETE FROM outbox_event e USING gone
    WHERE e.id >= gone.first_id AND e.id < gone.behind RETURNING e.id;
    PERFORM set_config('omniretail.append_only', 'on', true);
END $$;
REVOKE ALL ON FUNCTION outbox_delete_runs FROM PUBLIC;
"""
AS_BEFORE = """
DROP FUNCTION outbox_delete_runs(bigint[]);
DROP FUNCTION outbox_erase(bigint[], text[]);
DROP TRIGGER table_is_not_truncated ON outbox_event;
DROP TRIGGER rows_are_only_added ON outbox_event;
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0008_events_of_carts"), ("audit", "0005_records_are_chained")]

    operations = [migrations.RunSQL(ONLY_ADDED, AS_BEFORE)]
