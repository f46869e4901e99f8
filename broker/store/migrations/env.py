"""What Alembic runs: the migrations, in the transaction of whoever called."""

from alembic import context

from broker.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
