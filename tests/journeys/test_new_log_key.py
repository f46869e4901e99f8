"""A log key that was stolen is replaced: the root delegates another, and the log goes on under it, with its past."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agencies.kit.export import LogMismatch, verify_export
from broker.errors import LogShortened, UnsafeSettings
from broker.ports import UnitOfWork
from broker.records import LogState
from crypto.errors import BadSignature
from crypto.keys import SigningKey, VerifyKey, generate_signing_key
from crypto.tlog import parse_checkpoint, sign_checkpoint
from tests.journeys.register import renew
from tests.journeys.world import COORDINATOR, SENDER, World


def test_a_gateway_starts_with_the_new_log_key_and_the_log_goes_on_under_it(embedded: World) -> None:
    new, old = _delegated(embedded), embedded.area.log.verify_key
    embedded.stop()
    before = _kept(embedded, old)
    _put_in_place(embedded, new)
    embedded.start()
    embedded.refer(by="health")
    embedded.until(lambda: _is_signed_by(embedded, new.verify_key))
    lines = embedded.export()
    # A day later the old key is believed for nothing any more; the entries under it are proved by the new one's tree.
    believed = embedded.kit(COORDINATOR).refresh().area.log_keys(embedded.clock() + timedelta(days=2))
    assert verify_export(lines, believed, new.name).size > before
    assert any(SENDER in line for line in lines), "what was logged under the old key is there"
    with pytest.raises(LogMismatch):
        verify_export(lines, [old], new.name)
    embedded.stop()
    embedded.start()


def test_a_process_that_runs_since_before_copes_with_what_another_signed_with_the_new_key(embedded: World) -> None:
    new, old = _delegated(embedded), embedded.area.log.verify_key
    size = _kept(embedded, old)
    _keep(embedded, new)
    embedded.refer(by="health")
    embedded.until(lambda: _is_signed_by(embedded, old))
    assert _kept(embedded, old) > size


def test_the_old_log_key_no_longer_starts_and_it_is_said_which_files_belong_there(embedded: World) -> None:
    _delegated(embedded)
    embedded.stop()
    with pytest.raises(UnsafeSettings, match=r"log\.signkey"):
        embedded.start()


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "in the database"])
def test_a_checkpoint_by_a_key_that_was_never_delegated_keeps_it_from_starting(embedded: World, inside: bool) -> None:
    new, stranger = _delegated(embedded), generate_signing_key(embedded.area.log.name)
    embedded.stop()
    if inside:
        embedded.change(lambda uow: _sign_again(uow, embedded.area.log, stranger))
    else:
        _keep(embedded, stranger)
    _put_in_place(embedded, new)
    with pytest.raises(LogShortened, match="not the one already published"):
        embedded.start()


def _delegated(world: World) -> SigningKey:
    """There are entries in the log, and the root delegates another key to it; return that one."""
    world.refer()
    world.logged(event="submit")
    new = generate_signing_key(world.area.log.name)
    renew(world, log=new.verify_key)
    return new


def _put_in_place(world: World, new: SigningKey) -> None:
    """The gateway will start with another log key: its file lies where the old one's was."""
    world.area = replace(world.area, log=new)


def _kept(world: World, key: VerifyKey) -> int:
    """Return the size of the checkpoint outside the database. Raises BadSignature if `key` did not sign it."""
    return parse_checkpoint((world.settings.outside / "checkpoint").read_text(), [key]).size


def _is_signed_by(world: World, key: VerifyKey) -> bool:
    try:
        return _kept(world, key) > 0
    except BadSignature:
        return False


def _keep(world: World, signer: SigningKey) -> None:
    """The checkpoint outside is signed by another, as it stands."""
    file = world.settings.outside / "checkpoint"
    draft = file.with_name("draft")
    draft.write_text(sign_checkpoint(parse_checkpoint(file.read_text(), [world.area.log.verify_key]), signer))
    draft.replace(file)


async def _sign_again(uow: UnitOfWork, old: SigningKey, signer: SigningKey) -> None:
    state = await uow.log.state()
    signed = sign_checkpoint(parse_checkpoint(state.checkpoint or "", [old.verify_key]), signer)
    assert await uow.log.advance(state, LogState(state.size, signed), {})
