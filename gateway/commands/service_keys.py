"""The gateway's, the log's and the index key as they rest in the area's folder, opened for a service to run."""

from agencies.kit import keyfile
from broker.settings import Settings
from broker.wiring import ServiceKeys
from gateway.commands import passphrase
from gateway.commands.founding import GATEWAY_KEY, INDEX_KEY, LOG_KEY


def open_service_keys(settings: Settings) -> ServiceKeys:
    """Return the keys that a service holds, opened with MARAC_PASSPHRASE_FILE's passphrase, or a typed one.

    Raises WrongPassphrase, OpenToOthers; Stopped if there is no file and nobody to ask.
    """
    opened = passphrase.recall("the gateway's keys", settings.passphrase_file, "MARAC_PASSPHRASE_FILE in marac.env")
    return ServiceKeys(
        gateway=keyfile.load_signing_key(settings.home / GATEWAY_KEY, opened),
        log=keyfile.load_signing_key(settings.home / LOG_KEY, opened),
        index=keyfile.load_index_key(settings.home / INDEX_KEY, opened),
    )
