"""Whether an address that a person gave for the server of an import leads to it, as far as it can be told from here."""

from datetime import timedelta
from typing import Final

from matou.errors import Invalid, MatouError, Phrase
from matou.http.request import TransferLimits
from matou.http.responses import ConnectionFailed, UntrustedServer
from matou.http.session import Session

PATIENCE: Final = TransferLimits(connect=timedelta(seconds=10), idle=timedelta(seconds=10), total=timedelta(seconds=20))

_LONGEST_BYTES: Final = 1024


class LeadsElsewhere(Invalid):
    """Something else answers at the address by which the target is to reach us."""


def require_leads_here(session: Session, url: str, path: str, text: str, *, listens_at: str) -> MatouError | None:
    """What stood in the way where nobody answered: a router may lead others here and not ourselves.

    Args:
        path: where our own server says `text`, and no other does.
        listens_at: the address itself, for people.

    Raises LeadsElsewhere.
    """
    try:
        answer = session.request("GET", f"{url}{path}", repeatable=False, limit_bytes=_LONGEST_BYTES, limits=PATIENCE)
    except (ConnectionFailed, UntrustedServer) as fault:
        return fault
    except MatouError as fault:
        raise _elsewhere(url, fault.fact, listens_at) from fault
    if answer.body != text.encode():
        raise _elsewhere(url, Phrase("it says what this machine does not"), listens_at)
    return None


def _elsewhere(url: str, reason: Phrase, listens_at: str) -> LeadsElsewhere:
    return LeadsElsewhere(
        "{url} does not lead to this machine, something else answers there: {reason}; nothing was made",
        url=url,
        reason=reason,
        address=listens_at,
        advice="give with --public-url what leads to {address}, and with --serve-at ADDRESS:PORT a port that stays",
    )
