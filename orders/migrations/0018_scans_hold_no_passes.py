from django.db import migrations

from inventory.barcodes import as_kept


def clean(apps, schema_editor):
    """Keep of old scans that name no article what is kept of new ones."""
    Scan = apps.get_model("orders", "Scan")
    unknown = Scan.objects.filter(sku=None).only("scan_id", "payload")
    changed = []
    for scan in unknown.iterator(chunk_size=5_000):
        kept = as_kept(scan.payload)
        if kept != scan.payload:
            scan.payload = kept
            changed.append(scan)
    Scan.objects.bulk_update(changed, ["payload"], batch_size=1_000)


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_fingerprints_are_keyed")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
