"""`marac register list`: who takes part, by the register that this kit last verified; the ids that forms ask for."""

from collections.abc import Sequence
from typing import Annotated

import typer

from agencies.agency import Party
from agencies.kit.terminal import HERE, AsJson, Exit, KitFolder, answer, open_home, stop
from agencies.notes.text import encode_time
from agencies.officer import Officer
from agencies.register import Register


def list_register(
    officers: Annotated[bool, typer.Option("--officers", help="Officers' ids too; they have no names here.")] = False,
    kit: KitFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the agencies and offices that take part, with their ids, as this kit last saw the register.

    Asks nobody and needs no passphrase; marac pull fetches a newer register. Exclusions name agencies and officers by
    these ids.

    Example: marac register list --officers
    """
    held = open_home(kit).trust()
    if held is None:
        stop("this kit has not seen the register yet", "fetch it with: marac pull", Exit.USAGE)
    register = held.verified().register
    members: dict[str, object] = {
        "register": register.number,
        "issued": encode_time(register.issued),
        "parties": [_party(one) for one in register.participants() if isinstance(one, Party)],
    }
    if officers:
        members["officers"] = [_officer(one) for one in register.participants() if isinstance(one, Officer)]
    answer(as_json, members, "\n".join(_lines(register, officers=officers)))


def _party(party: Party) -> dict[str, str]:
    return {"id": party.id, "kind": party.kind, "name": party.name, "status": party.status}


def _officer(officer: Officer) -> dict[str, str]:
    return {"id": officer.id, "agency": officer.agency, "status": officer.status}


def _lines(register: Register, *, officers: bool) -> Sequence[str]:
    """Return what is shown: each id on a line that can be copied whole, and under it what it stands for."""
    lines = [f"Register {register.number} of {register.area}, issued {encode_time(register.issued)}."]
    for one in register.participants():
        if isinstance(one, Party):
            lines += [one.id, f"  {one.name} ({one.kind}, {one.status})"]
        elif officers:
            lines += [one.id, f"  officer of {one.agency} ({one.status})"]
    return lines
