"""Asking the sandbox as somebody with curl would."""

from collections.abc import Mapping
from typing import cast

import httpx2

from gateway.sandbox.guide import Guide

WITHIN_S = 60


def ask(sandbox: Guide, path: str, **fields: str) -> httpx2.Response:
    return httpx2.get(f"{sandbox.url}{path}", headers=fields, timeout=WITHIN_S, trust_env=False)


def tell(sandbox: Guide, path: str, body: bytes = b"") -> httpx2.Response:
    return httpx2.post(f"{sandbox.url}{path}", content=body, timeout=WITHIN_S, trust_env=False)


def provoke(sandbox: Guide, code: str) -> Mapping[str, object]:
    answer = tell(sandbox, f"/sandbox/errors/{code}")
    assert answer.status_code == 200, answer.text
    return cast("Mapping[str, object]", answer.json())


def steps_of(shown: Mapping[str, object]) -> list[Mapping[str, dict[str, object]]]:
    return cast("list[Mapping[str, dict[str, object]]]", shown["steps"])
