"""What every part of the client stands on."""

from matou.platforms.gitcode.api import Asking


class Caller:
    """Calls one API for one token. A repository is named `owner/name` throughout."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
