"""The options of `marac init`."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson, WorkFactor


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """What an area is made from; three folders, because three kinds of key belong in three places."""

    area: Annotated[
        str, typer.Argument(metavar="AREA", help="The host name of the gateway, such as marac.cambridgeshire.example.")
    ]
    home: Annotated[Path, typer.Option(metavar="HOME", help="New folder for the gateway: keys, settings, database.")]
    office: Annotated[
        Path | None, typer.Option(metavar="OFFICE", help="New, for the coordinator's office. Default: HOME-office.")
    ] = None
    offline: Annotated[
        Path | None, typer.Option(metavar="OFFLINE", help="New, for what goes into a safe. Default: HOME-offline.")
    ] = None
    prefix: Annotated[str, typer.Option(help="Three capitals that every case reference begins with.")]
    telephone: Annotated[str, typer.Option(help="The coordinator's telephone number, shown with every refusal.")]
    agreement: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The Information Sharing Agreement's document.", exists=True, dir_okay=False),
    ]
    agreement_version: Annotated[str, typer.Option(help="Its version.")] = "1"
    agreement_from: Annotated[
        datetime | None,
        typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="In force from this day. Default: today."),
    ] = None
    agreement_until: Annotated[
        datetime | None,
        typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="In force until this day. Default: open."),
    ] = None
    retention_years: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="Years kept from the last referral.")
    ] = 7
    purposes: Annotated[str, typer.Option(help="What may be shared for, with commas.")] = "referral,safeguarding"
    gateway: Annotated[str, typer.Option(help="Where the coordinator's kit reaches the gateway.")] = (
        "http://127.0.0.1:8443"
    )
    ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates its kit trusts for it; copied into the kit.", exists=True, dir_okay=False
        ),
    ] = None
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="MARAC_DATABASE_URL",
            help="PostgreSQL (asyncpg). Default: a file in HOME.",
            show_default=False,
        ),
    ] = field(default=None, repr=False)
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line protects the gateway's keys in HOME.")
    ] = None
    office_passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="... the keys in OFFICE. Default: as OFFLINE.")
    ] = None
    offline_passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="... the keys in OFFLINE: root, recovery.")
    ] = None
    as_json: AsJson = False
    work_factor: WorkFactor = 18
