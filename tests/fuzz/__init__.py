"""Coverage-guided fuzzing of every parser that takes bytes or text from outside: `python -m tests.fuzz --help`."""
