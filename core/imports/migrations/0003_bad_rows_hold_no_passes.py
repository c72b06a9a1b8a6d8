from django.db import migrations

SECRET = r"(omni:pickup:[^:\"]*:)[^\s\"]+"


def clean(apps, schema_editor):
    """Cut the passes in bad rows of files that were read before."""
    schema_editor.execute(
        """UPDATE imports_badrow
           SET "row" = regexp_replace("row"::text, %(secret)s, '\\1***', 'gi')::jsonb,
               reason = regexp_replace(reason, %(secret)s, '\\1***', 'gi')
           WHERE "row"::text ~* 'omni:pickup:' OR reason ~* 'omni:pickup:'""",
        {"secret": SECRET},
    )


class Migration(migrations.Migration):
    dependencies = [("imports", "0002_resources_say_when_they_changed")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
