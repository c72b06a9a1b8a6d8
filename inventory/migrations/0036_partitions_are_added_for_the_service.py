from django.db import migrations

# The role that runs the service may not make tables: this function may, for it.
DEFINER = """
ALTER FUNCTION inventory_add_ledger_partition(bigint)
    SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION inventory_add_ledger_partition FROM PUBLIC;
"""
INVOKER = """
GRANT EXECUTE ON FUNCTION inventory_add_ledger_partition TO PUBLIC;
ALTER FUNCTION inventory_add_ledger_partition(bigint) SECURITY INVOKER RESET ALL;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0035_ledger_names_carts_by_id")]

    operations = [migrations.RunSQL(DEFINER, INVOKER)]
