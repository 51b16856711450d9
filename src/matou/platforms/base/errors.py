"""How a platform fails, in kinds that are the same for all; each platform's `errors` says which answer means which."""

from collections.abc import Iterator
from contextlib import contextmanager

from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater
from matou.http.tokens import BadCredential


class CredentialRefused(BadCredential):
    """The platform does not know the token or the password, or it has expired."""


class ActionRefused(Refused):
    """The token is good, and may not do this."""


class PlatformBusy(TryLater):
    """The platform asks us to come again later; `wait` says when, if it told us."""


class RemoteNotFound(NotFound):
    """The platform says that there is no such thing, or that this token may not know of it."""


class AlreadyExists(Conflict):
    """The platform says that it is there already, in use, or no longer what the request took it for."""


class NotOffered(Refused):
    """Something that the platform's API has no words for."""


class KindSwitchedOff(NotOffered):
    """Something that whoever owns a repository does not want to have there."""


class PlatformFailed(MatouError):
    """The platform finds fault with what was asked, or failed in a way that no other kind covers."""


class MadeInPart(TryLater):
    """Something was made at a platform, and what belongs to it could not be said: whoever looks will find it."""


@contextmanager
def made_in_part() -> Iterator[None]:
    """For what is said once something is there: no failure of it may be taken for one that made nothing.

    Raises:
        MadeInPart, BadCredential.
    """
    try:
        yield
    except BadCredential:
        raise
    except MatouError as error:
        wait = error.wait if isinstance(error, TryLater) else None
        raise MadeInPart("it was made, but: {fault}", wait=wait, fault=error.fact) from error
