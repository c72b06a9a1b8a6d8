from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from orders.models.customer import Words


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0019_erasures_are_looked_after")]

    operations = [
        AddIndexConcurrently(
            "customer",
            GinIndex(Words("name", "email", "phone"), fastupdate=False, name="customer_words"),
        ),
    ]
