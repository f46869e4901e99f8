"""Couriers of the one notice there is, "something to collect": by e-mail, and to webhooks. Format: README.md."""

import ssl
from collections.abc import Callable, Mapping
from datetime import datetime

from broker.errors import UnsafeSettings
from broker.notices.mail import Mail
from broker.notices.webhook import Webhooks, resolve
from broker.ports import Courier
from broker.records import EMAIL, WEBHOOK
from broker.settings import Settings, parse_networks
from crypto.keys import SigningKey

__all__ = ["open_couriers"]


def open_couriers(settings: Settings, gateway_key: SigningKey, clock: Callable[[], datetime]) -> Mapping[str, Courier]:
    """Return the couriers of the channels that the area offers; nothing is connected yet.

    Raises UnsafeSettings if a file that the settings name cannot be used.
    """
    couriers: dict[str, Courier] = {}
    if EMAIL in settings.channels:
        couriers[EMAIL] = Mail(settings, _authorities(settings), clock)
    if WEBHOOK in settings.channels:
        networks = parse_networks(settings.webhook_networks)
        couriers[WEBHOOK] = Webhooks(gateway_key, clock, _authorities(settings), networks, resolve)
    return couriers


def _authorities(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.notices_ca is not None:
        try:
            context.load_verify_locations(cafile=settings.notices_ca)
        except OSError:  # an SSLError is one
            raise UnsafeSettings("MARAC_NOTICES_CA is not a file of certificates that can be read") from None
    return context
