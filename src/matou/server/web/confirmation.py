"""What cannot be undone is confirmed by typing what it is done to."""

from matou.errors import Phrase
from matou.server.web.forms import Form

CONFIRM = "confirm"
_DIFFERENT = Phrase("type it exactly as it stands there")


def fault_of_confirmation(form: Form, name: str) -> str:
    """Empty where the name was typed."""
    return "" if form.text(CONFIRM).strip() == name else _DIFFERENT
