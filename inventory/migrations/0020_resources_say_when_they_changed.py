import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models.functions import Now

import core.database.updated_at


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0019_read_without_walking"),
        ("stores", "0003_resources_say_when_they_changed"),
    ]

    operations = [
        # A default that is the same for all rows is not written into them; later ones get the clock.
        *(
            migrations.AddField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(db_default=Now(), editable=False),
            )
            for name in ("count", "expecteddelivery", "keeprule", "sku", "transfer")
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(
                    db_default=core.database.updated_at.WriteTime(), editable=False
                ),
            )
            for name in ("count", "expecteddelivery", "keeprule", "sku", "transfer")
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="count",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="75e06ba6d57f8f784a7df6b75342a26e20fb6747",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_00a35",
                    table="inventory_count",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="7e566803538a2818c5f614382fc46d1c2b009b79",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_f65ad",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_countline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="ca7b080097773139cf83f41b7a7d4715912c48ea",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_670fc",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_countline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="3992794e2b3a968fc2ebd2dafa521c06bad46a48",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_9d31a",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="inventory_countline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countresult",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="af25bd8244198afde24f62f29349aeb6b4cab6b7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_fe456",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_countresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countresult",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="fe34ae744b8f1c68fab88c523fdc26787d884ada",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_db07c",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_countresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="countresult",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_count SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT count_id FROM changed)); RETURN NULL;",
                    hash="a0711fba6acf63bc6fbcd47803049211849bd72f",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_64f80",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="inventory_countresult",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expecteddelivery",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="1192587ee0ac40e43779d5f266522d9f815cc5c2",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_e2cd2",
                    table="inventory_expecteddelivery",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expecteddeliveryline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_expecteddelivery SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT delivery_id FROM changed)); RETURN NULL;",
                    hash="0db57e9cd6c1c1f110f799b84790cf1b7f74587d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_47407",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_expecteddeliveryline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expecteddeliveryline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_expecteddelivery SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT delivery_id FROM changed)); RETURN NULL;",
                    hash="b65571298eb0879d979a62fe33a74f8b07fac816",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_7dd65",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_expecteddeliveryline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expecteddeliveryline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_expecteddelivery SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT delivery_id FROM changed)); RETURN NULL;",
                    hash="11d59df1444dc6270f9c3cfe497c993ba19e8cab",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_a4726",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="inventory_expecteddeliveryline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keeprule",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="bb7548f37dbbe07d682e124769da20576c54f8ce",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_3ea72",
                    table="inventory_keeprule",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sku",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="fb12c1642bdb99e979044ba6884cfa50e670f8a1",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_e3b94",
                    table="inventory_sku",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="7c12b32feb83599a6e0aa399f91cb3d8f93c5b85",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_83a6b",
                    table="inventory_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_transfer SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT transfer_id FROM changed)); RETURN NULL;",
                    hash="3dee9b3f7d2a65fb8f4e26ce1a94aa2e74b23242",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_458ea",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_transferline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_transfer SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT transfer_id FROM changed)); RETURN NULL;",
                    hash="52e1b8292583a75d8dc001c1a1d6588d328e7902",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_4df48",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="inventory_transferline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE inventory_transfer SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT transfer_id FROM changed)); RETURN NULL;",
                    hash="c44051cfe01ee7e0e7aaa6ee59115ed5758e218c",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_b5db9",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="inventory_transferline",
                    when="AFTER",
                ),
            ),
        ),
    ]
