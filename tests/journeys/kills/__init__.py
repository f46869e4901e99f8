"""The broker and the kit killed and frozen between every pair of durable steps, and what must be true afterwards."""
