"""Where somebody goes on after a form: a page of ours, whatever the form says."""

import re
from typing import Final

# A path with one slash: `//host` and `/\host` are other sites to a browser, which drops control characters as well.
_OURS: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}\Z")


def return_address(requested: str) -> str:
    """The page that was asked for if it is one of ours, else the front page."""
    return requested if _OURS.match(requested) else "/"
