"""The first account of a server, made at its page by whoever can read what the server wrote where it was started.

An empty server has nobody who could say who may administer it, and whoever reaches it first would: over the network, by
way of a proxy that stands before a loopback address, or as another user of the same machine. So the page asks for a
code that the server makes anew at each start and writes to its terminal or log alone. It is good once.
"""

import hmac
import secrets
import threading

from matou.credentials import Secret
from matou.errors import Conflict, Refused
from matou.forge.access import ALL_SCOPES, Identity, MayManageAccount, anybody_there, authorize_account
from matou.forge.accounts.sessions import StartedSession, start_session
from matou.forge.accounts.users import create_user, refuse_while_slowed
from matou.forge.forge import Forge

_CHARACTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that are read as one another."""

_GROUPS, _GROUP_LENGTH = 4, 5
"""98 bits."""


class NotTheFirst(Conflict):
    """There is an account already: it makes the others."""


class WrongCode(Refused):
    """Not the code that this server wrote when it was started."""


class SetupCode:
    """The one of this server; safe to share between threads."""

    def __init__(self) -> None:
        groups = ("".join(secrets.choice(_CHARACTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
        self.code = Secret("-".join(groups))
        self.using = threading.Lock()

    def matches(self, typed: str) -> bool:
        """Whatever stands between its letters and digits."""
        return hmac.compare_digest(_letters(typed), _letters(self.code.reveal()))


def is_first_start(forge: Forge) -> bool:
    """Whether there is no account of a person yet."""
    return not anybody_there(forge)


def setup_code(forge: Forge) -> Secret:
    """For the terminal or log of whoever starts the server, and for nobody else."""
    return forge.memory(SetupCode).code


def make_first_account(
    forge: Forge, typed_code: str, name: str, password: Secret, *, email: str, browser: str, address: str
) -> StartedSession:
    """An administrator, who is signed in.

    Raises:
        NotTheFirst: there is an account, or somebody made one meanwhile.
        WrongCode, TooManyFailures: of the code.
        InvalidName, NameTaken, WeakPassword: as `create_user`.
    """
    code = forge.memory(SetupCode)
    with code.using:
        if anybody_there(forge):
            raise NotTheFirst("there is an account already; its owner makes the others")
        _require_code(forge, code, typed_code, address)
        user = create_user(forge, name, email=email, password=password, admin=True, by=None)
    identity = Identity(user, ALL_SCOPES)
    return start_session(forge, authorize_account(identity, MayManageAccount, user), browser=browser)


def _require_code(forge: Forge, code: SetupCode, typed_code: str, address: str) -> None:
    refuse_while_slowed(forge, "", address)
    if not code.matches(typed_code):
        forge.failures.failed("", address, exists=False, tried=Secret(typed_code), now=forge.now())
        raise WrongCode("this is not the code that the server wrote when it was started")


def _letters(text: str) -> bytes:
    return "".join(character for character in text.lower()[:100] if character.isalnum()).encode()
