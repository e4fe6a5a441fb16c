"""Alembic's entry: runs the versions on the connection that `sql.migrate` hands over."""

from alembic import context

from sql.migrate import VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(connection=connection, **VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
