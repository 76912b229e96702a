"""Alembic's entry point: the connection comes from `database.open_database`, which holds the write lock around it."""

from __future__ import annotations

from alembic import context

from ledger.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
