"""The audit log's sequencer, its start-up check, and what is kept of it outside the database."""
