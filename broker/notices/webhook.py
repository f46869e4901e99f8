"""Notices to webhooks: a fixed body, signed by the gateway's key. Format: README.md."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx2
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest

from agencies.addresses import Webhook, parse_webhook
from broker.errors import NoticeNotDelivered
from crypto.draw import draw_nonce
from crypto.errors import Malformed
from crypto.keys import SigningKey

BODY: Final = b'{"something_to_collect":true}'
# Nothing here names the area, the gateway or what it is for.
LABEL: Final = "notice"
TAG: Final = "notice/v1"
COVERED: Final = ("@method", "@authority", "@path", "content-type", "content-digest")
TIMEOUT_S: Final = 10.0
_IN_ALL_S: Final = 20.0

Networks = Sequence[IPv4Network | IPv6Network]
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
# Each wraps an IPv4 address, which a relay would connect to: IPv4-compatible, NAT64 (both prefixes), Teredo, 6to4.
_WRAPPED: Final = tuple(
    ip_network(text) for text in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)


def is_allowed(address: Address, networks: Networks) -> bool:
    """Claim that a notice may be sent to this address: one of the public internet, or of a network the area names.

    Not loopback, link-local, private or multicast addresses: an agency names the host, and the gateway stands where
    agencies do not reach.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_allowed(address.ipv4_mapped, networks)
    if any(address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast and not any(address in wrapped for wrapped in _WRAPPED)


@dataclass(frozen=True, slots=True)
class _Signable:
    """What RFC 9421 reads of a request; the authority is the host that was named, not the address connected to."""

    method: str
    url: str
    headers: httpx2.Headers


class Webhooks:
    """Posts the notice to webhooks; see ports.Courier.

    networks  private ones where webhooks may be all the same
    resolve   says which addresses a host has: asked once for each notice
    """

    def __init__(
        self,
        key: SigningKey,
        clock: Callable[[], datetime],
        authorities: ssl.SSLContext,
        networks: Networks,
        resolve: Resolve,
    ) -> None:
        self._key = key
        self._clock = clock
        self._authorities = authorities
        self._networks = networks
        self._resolve = resolve

    async def send(self, address: str) -> None:
        """Return once the webhook has answered that it took the notice; its answer is not read.

        Raises NoticeNotDelivered.
        """
        try:
            async with asyncio.timeout(_IN_ALL_S):
                status = await self._post(parse_webhook(address))
        except Malformed:
            fault = "address"
        except (TimeoutError, OSError):
            fault = "unreachable"
        except httpx2.HTTPError as error:
            fault = "insecure" if _is_about_tls(error) else "unreachable"
        else:
            if 200 <= status < 300:
                return
            fault = "refused"
        raise NoticeNotDelivered(fault)

    async def _post(self, webhook: Webhook) -> int:
        target = await self._checked(webhook)
        # A client for each: what one webhook answers, cookies say, reaches no other. No proxy of the environment's.
        async with httpx2.AsyncClient(
            verify=self._authorities, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        ) as client:
            # To the address that was checked, and no other: a name may mean something else a moment later.
            host = f"[{target}]" if target.version == 6 else str(target)
            request = client.build_request(
                "POST",
                f"https://{host}:{webhook.port}{webhook.path}",
                content=BODY,
                headers=self._fields(webhook),
                extensions={"sni_hostname": webhook.host},
            )
            response = await client.send(request, stream=True)
            await response.aclose()
            return response.status_code

    async def _checked(self, webhook: Webhook) -> Address:
        """Return an address of the host that a notice may go to. Raises NoticeNotDelivered, OSError."""
        addresses = [ip_address(text) for text in await self._resolve(webhook.host, webhook.port)]
        if not addresses or not all(is_allowed(address, self._networks) for address in addresses):
            raise NoticeNotDelivered("address")
        return addresses[0]

    def _fields(self, webhook: Webhook) -> Mapping[str, str]:
        fields = httpx2.Headers({
            "host": webhook.authority,
            "content-type": "application/json",
            "content-digest": ContentDigest.create(BODY),
            "user-agent": TAG,
        })  # fmt: skip
        message = _Signable("POST", f"https://{webhook.authority}{webhook.path}", fields)
        signer = HTTPMessageSigner(signature_algorithm=ED25519)
        prepared = signer.prepare(
            message,
            # The key's hash as in its vkey, without its name: the receiver knows which gateway it is of.
            key_id=self._key.verify_key.keyid.rpartition("+")[2],
            created=self._clock(),
            nonce=draw_nonce(),
            label=LABEL,
            tag=TAG,
            covered_component_ids=COVERED,
            use_existing_digest=True,
        )
        signer.apply(message, prepared, self._key.sign(prepared.signature_base))
        return fields


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that a host has now. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found if "%" not in str(where[0])]  # with a zone it is link-local


def _is_about_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
