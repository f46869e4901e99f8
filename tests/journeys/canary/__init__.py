"""Canaries in every personal field, and a search of every byte that is left on the disk."""
