"""What is stored about single rows of files: bad ones, and the changes that a dry run found; and
the names of files."""

from core.retention.rules import Rule

PERIOD = "import_rows"

# From the oldest file that still has some: all the others need not be walked.
_WALK = """
SELECT id, created_at, finished_at FROM imports_import
WHERE id > %(after)s AND id >= (SELECT min(file_id) FROM {table}) ORDER BY id LIMIT %(limit)s
"""
_DELETE = "DELETE FROM {table} WHERE file_id = ANY(%(keys)s)"

# The name of a file may be that of a person.
FILE_NAMES = Rule(
    PERIOD,
    walk="""SELECT id, created_at, finished_at FROM imports_import
            WHERE id > %(after)s AND file_name <> '' ORDER BY id LIMIT %(limit)s""",
    delete="UPDATE imports_import SET file_name = '' WHERE id = ANY(%(keys)s)",
)
# A file may have a hundred thousand of them, so a transaction takes those of few files.
BAD_ROWS, CHANGES = (
    Rule(PERIOD, _WALK.format(table=table), _DELETE.format(table=table), batch=10)
    for table in ("imports_badrow", "imports_change")
)
