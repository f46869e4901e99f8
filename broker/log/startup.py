"""Is the log in the database the one whose checkpoints were already shown, and no shorter? Asked at start-up."""

from collections.abc import Sequence

from broker.errors import LogShortened
from broker.log.tiles import with_tiles
from broker.ports import Log
from crypto.errors import CryptoError
from crypto.keys import VerifyKey
from crypto.merkle import verify_consistency
from crypto.tlog import Checkpoint, consistency_proof, parse_checkpoint


async def check_log(log: Log, outside: str | None, log_keys: Sequence[VerifyKey], origin: str) -> None:
    """Return only if the log in the database continues the one that the checkpoint `outside` it shows.

        outside   the newest signed checkpoint kept outside the database; None before the first
        log_keys  every key that the root ever delegated to the log: the newest checkpoint was signed before a new
                  key came, and a stolen key must not keep the gateway from starting with another

    Raises LogShortened if the database's log is shorter, of another origin, signed by none of `log_keys`, or
    another log.
    """
    try:
        here = await _newest(log, log_keys, origin)
        if outside is not None:
            await _continues(log, _ours(outside, log_keys, origin), here)
    except CryptoError:
        raise LogShortened("the log in the database is not the one already published") from None


async def _continues(log: Log, there: Checkpoint, here: Checkpoint | None) -> None:
    if here is None or here.size < there.size:
        raise LogShortened("the log in the database is shorter than a checkpoint already published")
    proof = await with_tiles(log, lambda read: consistency_proof(there.size, here.size, read))
    verify_consistency(there.size, there.root, here.size, here.root, proof)


async def _newest(log: Log, log_keys: Sequence[VerifyKey], origin: str) -> Checkpoint | None:
    state = await log.state()
    if state.checkpoint is None:
        return None
    newest = _ours(state.checkpoint, log_keys, origin)
    if newest.size != state.size:
        raise LogShortened("the log in the database is not as long as its checkpoint says")
    return newest


def _ours(signed: str, log_keys: Sequence[VerifyKey], origin: str) -> Checkpoint:
    checkpoint = parse_checkpoint(signed, log_keys)
    if checkpoint.origin != origin:
        raise LogShortened("the log has another origin")
    return checkpoint
