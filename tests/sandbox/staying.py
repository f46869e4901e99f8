"""The sandbox as a process of its own, for the tests that end it: `python -m tests.sandbox.staying PORT`."""

import sys

from rich.console import Console

from gateway.sandbox.stay import claim, leave, stay


def main(port: int) -> None:
    """What `marac demo --keep` does after the story."""
    place = claim(None, port)
    try:
        stay(place, Console())
    finally:
        leave(place)


if __name__ == "__main__":
    main(int(sys.argv[1]))
