from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations

from orders.models.customer import Words


class Migration(migrations.Migration):
    """pg_trgm comes with PostgreSQL, and the owner of a database may switch it on."""

    atomic = False

    dependencies = [("orders", "0016_work_is_given_back")]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            "customer",
            GinIndex(
                OpClass(Words("name", "email", "phone"), name="gin_trgm_ops"),
                name="customer_words",
            ),
        ),
    ]
