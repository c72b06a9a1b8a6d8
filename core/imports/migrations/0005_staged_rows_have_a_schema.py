from django.db import migrations

# The role that runs the service may make tables there, and nowhere else.
MOVE = """
CREATE SCHEMA IF NOT EXISTS staging;
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
                                          AND relname ~ '^imports_(file|work)_[0-9]+$'
                                          AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA staging', one);
    END LOOP;
END $$;
"""
MOVE_BACK = """
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'staging'::regnamespace
                                          AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA public', one);
    END LOOP;
END $$;
DROP SCHEMA staging;
"""


class Migration(migrations.Migration):
    dependencies = [("imports", "0004_names_of_files_are_found")]

    operations = [migrations.RunSQL(MOVE, MOVE_BACK)]
