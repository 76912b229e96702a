"""The only SQL: schema, migrations, read model, outbox and journal."""
