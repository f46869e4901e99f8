"""What a person reads when a command fails: the fact, the next step, the exit code."""

from broker.errors import BrokerError, Refused
from crypto.errors import BadSignature, CryptoError, NotForYou, SelfTestFailed, Tampered
from gateway.commands.outcome import Exit, Stopped, add_notes, complain, locate

_CRYPTO_NEXT: tuple[tuple[type[CryptoError], str], ...] = (
    (NotForYou, "check which key file you gave"),
    (BadSignature, "do not use what you received; ask its sender to send it again, and tell the coordinator"),
    (Tampered, "do not use the file; fetch it again, and tell the coordinator if it happens twice"),
    (SelfTestFailed, "use another machine, or install marac anew: nothing sealed or opened here could be relied on"),
    (CryptoError, "check that it is the right file and that nothing was lost in copying"),
)
# What an operator does; the catalogue of errors speaks to agencies.
_OPERATOR_NEXT = {
    "unsafe-settings": "correct the setting in marac.env or in the environment",
    "store-unavailable": "check that the database runs, and address, user and password in MARAC_DATABASE_URL",
    "queue-unavailable": "check that RabbitMQ runs, and address, user and password in MARAC_AMQP_URL",
    "clock-unsafe": "set the clocks of gateway, worker and database right (NTP) and restart them; if they are right and"
    " the area was silent for half a year, give --yes-the-clock-is-right",
    "too-much-due": "look at them (marac retention preview) and at the clock; if both are right, give --yes-so-many",
    "log-shortened": "start nothing: restore the newest backup, and tell the area's data protection lead",
}


def explain(fault: Exception) -> Exit:
    """Tell the person what happened and what to do next, on standard error; return the exit code."""
    code = _explain(fault)
    add_notes(fault)
    return code


def _explain(fault: Exception) -> Exit:
    if isinstance(fault, Stopped):
        complain(str(fault), fault.next_step)
        return fault.code
    if isinstance(fault, BrokerError):
        return _explain_broker(fault)
    if isinstance(fault, CryptoError):
        complain(f"a check failed: {fault}", next(step for kind, step in _CRYPTO_NEXT if isinstance(fault, kind)))
        return Exit.CHECK_FAILED
    if isinstance(fault, OSError) and fault.filename:
        complain(f"{fault.filename}: {fault.strerror}", "check the path, and who may read and write there")
        return Exit.FAILED
    return _explain_kit(fault)


def _explain_broker(fault: BrokerError) -> Exit:
    from gateway.errors import CATALOGUE, code_of

    code = code_of(fault)
    meaning = CATALOGUE[code]
    complain(f"{str(fault) or meaning.title} ({code})", _OPERATOR_NEXT.get(code, meaning.help))
    return Exit.REFUSED if isinstance(fault, Refused) else Exit.FAILED


def _explain_kit(fault: Exception) -> Exit:
    from gateway.commands.kit_faults import KIT_FAULTS, explain_form, explain_problem

    for kind, code, next_step in KIT_FAULTS:
        if isinstance(fault, kind):
            complain(str(fault), next_step)
            return code
    answered = explain_form(fault) or explain_problem(fault)
    if answered is not None:
        return answered
    # The fault's own message may hold content: only where it happened is shown.
    complain(f"something unexpected happened ({locate(fault)})", "run it again; if it stays, report this line")
    return Exit.INTERNAL
