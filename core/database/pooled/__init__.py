"""A Django database engine: PostgreSQL with a pool that outlives a database restart."""
