"""Audit records are only added, and chained: a change, a removal and an insertion show."""

import django.contrib.postgres.functions
from django.db import migrations, models

# The second wall, against the owner of the tables too. Functions of the database that may change
# what is append-only switch it off for themselves.
APPEND_ONLY = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('omniretail.append_only', true) IS DISTINCT FROM 'off' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW WHEN 'DELETE' THEN OLD END;
END $$;

CREATE TRIGGER rows_are_only_added BEFORE UPDATE OR DELETE ON audit_auditrecord
FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER table_is_not_truncated BEFORE TRUNCATE ON audit_auditrecord
FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER rows_are_only_added BEFORE UPDATE OR DELETE ON audit_seal
FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER table_is_not_truncated BEFORE TRUNCATE ON audit_seal
FOR EACH STATEMENT EXECUTE FUNCTION append_only();
"""
NOT_APPEND_ONLY = "DROP FUNCTION append_only() CASCADE"

# Writers do not wait for each other: records are chained after they are committed, in the order in
# which they are found. One that commits late follows later ones.
CHAIN = """
-- Of all columns, the salt among them. One that is added to the table when there are seals must be
-- left out here, else every record is found changed.
CREATE FUNCTION audit_digest(one audit_auditrecord) RETURNS bytea LANGUAGE sql STABLE
SET timezone = 'UTC' AS $$
    SELECT sha256(convert_to(to_jsonb(one)::text, 'UTF8'))
$$;

CREATE FUNCTION audit_head(
    head_before bytea, number bigint, record bigint, digest bytea, sealed_at timestamptz
) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(head_before || int8send(number) || int8send(record) || digest
                  || int8send((extract(epoch FROM sealed_at) * 1000000)::bigint))
$$;

-- Seals up to `at_once` records; returns how many. Those that commit late are found among the
-- newest `look_back` ids; null: among all.
CREATE FUNCTION audit_seal_new(look_back bigint, at_once integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last audit_seal;
    one record;
    made integer := 0;
    now timestamptz;
BEGIN
    LOCK TABLE audit_seal IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO last FROM audit_seal ORDER BY number DESC LIMIT 1;
    last.number := coalesce(last.number, 0);
    last.head := coalesce(last.head, '');
    now := greatest(clock_timestamp(), last.sealed_at);  -- a clock may be set back
    FOR one IN
        SELECT r.id, audit_digest(r) AS digest FROM audit_auditrecord r
        WHERE r.id > coalesce((SELECT max(record) FROM audit_seal) - look_back, -1::bigint << 63)
          AND NOT EXISTS (SELECT FROM audit_seal WHERE record = r.id)
        ORDER BY r.id LIMIT at_once
    LOOP
        last.number := last.number + 1;
        last.head := audit_head(last.head, last.number, one.id, one.digest, now);
        INSERT INTO audit_seal (number, record, digest, head, sealed_at)
        VALUES (last.number, one.id, one.digest, last.head, now);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION audit_seal_new FROM PUBLIC;

-- The newest digest of each record that was erased, as its erasure says.
CREATE FUNCTION audit_erasures() RETURNS TABLE (record text, digest text, erasure bigint)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (told.key) told.key, told.value, r.id
    FROM audit_auditrecord r
    CROSS JOIN LATERAL jsonb_each_text(
        CASE jsonb_typeof(r.data -> 'records') WHEN 'object' THEN r.data -> 'records' END) AS told
    WHERE r.action = 'audit.erased'
    ORDER BY told.key, r.id DESC
$$;

-- The records of the security log whose time was over, as the audit says.
CREATE FUNCTION audit_expired() RETURNS TABLE (record bigint) LANGUAGE sql STABLE AS $$
    SELECT told.id::bigint
    FROM audit_auditrecord r
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(r.data -> 'records') WHEN 'array' THEN r.data -> 'records' END) AS told(id)
    WHERE r.action = 'audit.expired'
$$;

-- What does not hold, in the order of the chain. A transaction is over within `late`: what appears
-- later, below ids that were sealed before, was inserted behind.
CREATE FUNCTION audit_breaks(late interval)
RETURNS TABLE (number bigint, record bigint, why text) LANGUAGE sql STABLE AS $$
    WITH chain AS (
        SELECT s.*, lag(s.number, 1, 0::bigint) OVER w AS number_before,
               lag(s.head, 1, ''::bytea) OVER w AS head_before,
               max(s.record) OVER (ORDER BY s.sealed_at RANGE BETWEEN UNBOUNDED PRECEDING
                                                                  AND late PRECEDING) AS highest
        FROM audit_seal s WINDOW w AS (ORDER BY s.number)
    ), checked AS (
        SELECT c.number, c.record, CASE
            WHEN c.number <> c.number_before + 1 THEN 'its seal does not follow: seals were removed'
            WHEN c.head <> audit_head(c.head_before, c.number, c.record, c.digest, c.sealed_at)
                THEN 'its seal was changed'
            WHEN r.id IS NULL THEN CASE WHEN x.record IS NULL THEN 'removed' END
            WHEN encode(audit_digest(r), 'hex') <> coalesce(e.digest, encode(c.digest, 'hex'))
                THEN 'changed'
            WHEN c.record < c.highest THEN 'inserted behind'
            END AS why
        FROM chain c
        LEFT JOIN audit_auditrecord r ON r.id = c.record
        LEFT JOIN audit_erasures() e ON e.record = c.record::text
        LEFT JOIN (SELECT DISTINCT record FROM audit_expired()) x ON x.record = c.record
    )
    SELECT * FROM checked WHERE why IS NOT NULL
    UNION ALL
    SELECT NULL, r.id, 'not sealed' FROM audit_auditrecord r
    WHERE r.at < clock_timestamp() - late
      AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.record = r.id)
    ORDER BY 1, 2
$$;
"""
NO_CHAIN = """
DROP FUNCTION audit_breaks(interval);
DROP FUNCTION audit_expired();
DROP FUNCTION audit_erasures();
DROP FUNCTION audit_seal_new(bigint, integer);
DROP FUNCTION audit_head(bytea, bigint, bigint, bytea, timestamptz);
DROP FUNCTION audit_digest(audit_auditrecord);
"""

# What is erased gets another salt, and its new digest stands in the record of the erasure.
ERASING = """
-- Gives records another reason or other data, null: the same. Returns how many.
CREATE FUNCTION audit_erase(ids bigint[], reasons text[], documents text[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    records jsonb;
    number integer;
BEGIN
    PERFORM set_config('omniretail.append_only', 'off', true);
    WITH changed AS (
        UPDATE audit_auditrecord r
        SET reason = coalesce(c.reason, r.reason), data = coalesce(c.data::jsonb, r.data),
            salt = gen_random_uuid()
        FROM unnest(ids, reasons, documents) AS c(id, reason, data)
        WHERE r.id = c.id AND r.action NOT IN ('audit.erased', 'audit.expired', 'events.erased')
        RETURNING r.id, audit_digest(r) AS digest
    )
    SELECT jsonb_object_agg(id, encode(digest, 'hex')), count(*) INTO records, number FROM changed;
    PERFORM set_config('omniretail.append_only', 'on', true);
    IF number > 0 THEN
        INSERT INTO audit_auditrecord (actor, action, subject, data)
        VALUES ('system', 'audit.erased', 'audit', jsonb_build_object('records', records));
    END IF;
    RETURN number;
END $$;
REVOKE ALL ON FUNCTION audit_erase FROM PUBLIC;

-- Deletes these records of the security log, but none of the last thirty days; returns how many.
CREATE FUNCTION audit_expire(ids bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    records jsonb;
    number integer;
BEGIN
    PERFORM set_config('omniretail.append_only', 'off', true);
    WITH gone AS (
        DELETE FROM audit_auditrecord
        WHERE id = ANY(ids) AND kind = 'security' AND at < now() - interval '30 days'
        RETURNING id
    )
    SELECT jsonb_agg(id), count(*) INTO records, number FROM gone;
    PERFORM set_config('omniretail.append_only', 'on', true);
    IF number > 0 THEN
        INSERT INTO audit_auditrecord (actor, action, subject, data)
        VALUES ('system', 'audit.expired', 'audit', jsonb_build_object('records', records));
    END IF;
    RETURN number;
END $$;
REVOKE ALL ON FUNCTION audit_expire FROM PUBLIC;
"""
NO_ERASING = """
DROP FUNCTION audit_expire(bigint[]);
DROP FUNCTION audit_erase(bigint[], text[], text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_security_records_by_time")]

    operations = [
        migrations.AddField(
            model_name="auditrecord",
            name="salt",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False
            ),
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("record", models.BigIntegerField(unique=True)),
                ("digest", models.BinaryField()),
                ("head", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(CHAIN, NO_CHAIN),
        migrations.RunSQL(ERASING, NO_ERASING),
    ]
