"""The gateway as a process: TLS, its log, and how it stops."""

import asyncio
import json
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agencies.kit.signing import RequestSigner
from agencies.names import AreaName
from tests.agencies.made_area import AREA, HOUSING, NOW, OFFICER, fixed_key
from tests.gateway.house import a_house

ROOT = Path(__file__).parents[2]


def make_certificate(home: Path) -> None:
    """Write a certificate for 127.0.0.1 and its key, for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a made-up gateway")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (home / "tls.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (home / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


async def until_listening(stdout: asyncio.StreamReader) -> list[dict[str, object]]:
    logged: list[dict[str, object]] = []
    while not logged or logged[-1]["event"] != "listening":
        logged.append(json.loads(await stdout.readline()))
    return logged


async def logged_until_it_ended(
    home: Path, program: Sequence[str], harm: Callable[[int], AbstractContextManager[object]]
) -> list[tuple[str, object]]:
    """Return event and error type of what a gateway logs from when `harm` is done to its port until it has failed."""
    make_certificate(home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, str(home), str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await until_listening(process.stdout)
        with harm(port):
            rest, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    return [(line["event"], line.get("error_type")) for line in map(json.loads, rest.splitlines())]


async def test_it_serves_with_tls_logs_json_and_stops_when_told(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.serving", str(tmp_path), str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        await until_listening(process.stdout)
        context = ssl.create_default_context(cafile=tmp_path / "tls.crt")
        async with httpx2.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=context) as client:
            answer = await client.get("/readyz")
            signer = RequestSigner(AreaName(AREA), fixed_key(HOUSING), None, lambda: NOW)
            register = await client.get("/v1/register", auth=signer)
        assert (answer.status_code, register.status_code) == (200, 200)
        process.send_signal(signal.SIGTERM)
        rest, errors = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, errors) == (0, b"")
    logged = [json.loads(line) for line in rest.splitlines()]
    assert [line["event"] for line in logged] == ["request", "request", "stopping"]
    assert logged[1]["agency"] == HOUSING


async def test_the_kits_own_signatures_are_accepted(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house, httpx2.AsyncClient(base_url=house.address) as client:
        for officer in (None, fixed_key(OFFICER)):
            signer = RequestSigner(AreaName(AREA), fixed_key(HOUSING), officer, house.clock)
            named = {"marac-officer": OFFICER} if officer else {}
            register = await client.get("/v1/register?unread=1", auth=signer, headers=named)
            headers = {"content-type": "application/json", "idempotency-key": "0199f2b1-5c1e-7c52-9d52-0a6f3b1f6a11"}
            lease = await client.post(
                "/v1/inbox/lease", content=b'{"limit":1,"wait_s":0}', auth=signer, headers=headers | named
            )
            assert (register.status_code, lease.status_code) == (200, 200)


async def test_a_gateway_in_this_loop_says_where_it_listens_and_frees_the_port(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house, httpx2.AsyncClient() as client:
        assert (await client.get(f"{house.address}/livez")).status_code == 200
    async with httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"{house.address}/livez")
