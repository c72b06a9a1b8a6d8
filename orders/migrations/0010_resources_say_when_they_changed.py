import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models.functions import Now

import core.database.updated_at


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0020_resources_say_when_they_changed"),
        ("orders", "0009_read_without_walking"),
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
            for name in ("fulfilment", "order", "picklist", "return")
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(
                    db_default=core.database.updated_at.WriteTime(), editable=False
                ),
            )
            for name in ("fulfilment", "order", "picklist", "return")
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fulfilment",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="eaf41396fe23af42d3907052c0173552c91a41f0",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_6999b",
                    table="orders_fulfilment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fulfilment",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_order SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT order_id FROM changed)); UPDATE orders_picklist SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT p.pick_list_id FROM orders_fulfilmentline l\n                    JOIN orders_picklistline p ON p.fulfilment_line_id = l.id\n                    WHERE l.fulfilment_id = ANY(ARRAY(SELECT id FROM changed)))); RETURN NULL;",
                    hash="95702b6620abe75ff4e97d3f2bb3f606ceabdd98",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_1422a",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_fulfilment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fulfilmentline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_fulfilment SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT fulfilment_id FROM changed)); RETURN NULL;",
                    hash="1b0331da12d317fe0582c43622d44809ef9be50b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_3a2d5",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_fulfilmentline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="fd2d6758e0010f5bd6d80906640a55c89de18b70",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_e2416",
                    table="orders_order",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_exchanged",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.exchange_of_id IS NOT NULL)",
                    func="UPDATE orders_return SET updated_at = clock_timestamp()\n                        WHERE id = NEW.exchange_of_id; RETURN NULL;",
                    hash="fc9c4768e170cfd6c9fa25550908c564da4eaef0",
                    operation="INSERT",
                    pgid="pgtrigger_touches_exchanged_30c63",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_order SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT order_id FROM changed)); RETURN NULL;",
                    hash="6a3012869360e4470033b6ea1b87b9a757f1a7ce",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_061f3",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_orderline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="picklist",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="d9b626d530339e6cd8a9f74f0cbef88518b54ee4",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_52a87",
                    table="orders_picklist",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="picklistline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_picklist SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT pick_list_id FROM changed)); RETURN NULL;",
                    hash="d28342e2bcea40905c1a8f75bc3d9cd6097b3a1c",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_8cde5",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_picklistline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="picklistline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_picklist SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT pick_list_id FROM changed)); RETURN NULL;",
                    hash="2ed1677a3a4cd9da8f6e050b9c47f285be0d13e4",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_9fb0a",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_picklistline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="picklistline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_picklist SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT pick_list_id FROM changed)); RETURN NULL;",
                    hash="d74b2f8b92a33d40b922c7e07b6c466df8bd8595",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_2fe0e",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="orders_picklistline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="return",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="e87882654fb346dcfee93159bef9035d1172da95",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_52c24",
                    table="orders_return",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM changed)); RETURN NULL;",
                    hash="12d35f46c27b404973a390abd712fc1d060a3735",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_1a543",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_returnline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM changed)); RETURN NULL;",
                    hash="ba232a4a37cae364dc66fcca215c7d8107f7a404",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_29ae8",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_returnline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM changed)); RETURN NULL;",
                    hash="ef366d6708edeb5cf313c2244ba23dbd0a0fcb57",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_fa4b3",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="orders_returnline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnreceiptline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM orders_returnline\n                             WHERE id = ANY(ARRAY(SELECT line_id FROM changed)))); RETURN NULL;",
                    hash="1acdb3729620dfd8c2da844d794fe2370d517bd4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_touches_inserted_c6632",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_returnreceiptline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnreceiptline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM orders_returnline\n                             WHERE id = ANY(ARRAY(SELECT line_id FROM changed)))); RETURN NULL;",
                    hash="598c4374ebaa170680da88cd8658cbf152b910c3",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_touches_updated_8afd0",
                    referencing="REFERENCING NEW TABLE AS changed ",
                    table="orders_returnreceiptline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnreceiptline",
            trigger=pgtrigger.compiler.Trigger(
                name="touches_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="UPDATE orders_return SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY(SELECT ret_id FROM orders_returnline\n                             WHERE id = ANY(ARRAY(SELECT line_id FROM changed)))); RETURN NULL;",
                    hash="596637826bdc9ee21753a710219323025d345d9a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_touches_deleted_84023",
                    referencing="REFERENCING OLD TABLE AS changed ",
                    table="orders_returnreceiptline",
                    when="AFTER",
                ),
            ),
        ),
    ]
