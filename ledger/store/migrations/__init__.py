"""How the database comes from one shape to the next (Alembic)."""
