"""Bytes in, bytes out: sealed files, signed notes, the log's tree. No I/O, no clock, no logging; see README.md."""
