"""What people say of a repository: its name, what it is for, where it is at home, and who may see it."""

from dataclasses import dataclass

from matou.errors import Invalid
from matou.model.names import InvalidName
from matou.model.platform import Visibility

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000
LONGEST_HOMEPAGE = 2000


class InvalidText(Invalid):
    """A description, or an address, that a repository cannot have."""


@dataclass(frozen=True, slots=True)
class RepositoryMetadata:
    """What a repository is, besides where it stands; valid on construction.

    Attributes:
        name: what people call it; empty for the last part of its path.
        homepage: an http or https URL, or empty.

    Raises:
        InvalidName: the name is too long, or holds what nobody can see or a slash.
        InvalidText: the description is too long, or the home page is no such URL.
    """

    name: str = ""
    description: str = ""
    homepage: str = ""
    visibility: Visibility = Visibility.PRIVATE

    def __post_init__(self) -> None:
        if self.name:
            require_display_name(self.name)
        require_description(self.description)
        require_homepage(self.homepage)


def require_display_name(name: str) -> str:
    """Raises InvalidName."""
    is_text = name.isprintable() and name.strip(". ") != "" and not set(name) & set("/\\")
    if not is_text or len(name) > LONGEST_NAME:
        raise InvalidName("{name} cannot be the name of a repository", name=repr(name)[:100])
    return name


def require_description(description: str) -> str:
    """Raises InvalidText."""
    if len(description) > LONGEST_DESCRIPTION or "\0" in description:
        raise InvalidText("a description has at most {longest} characters", longest=LONGEST_DESCRIPTION)
    return description


def require_homepage(homepage: str) -> str:
    """Raises InvalidText. What is shown as a link must not be able to be a program."""
    is_link = homepage.startswith(("http://", "https://")) and homepage.isprintable() and " " not in homepage
    if homepage and not (is_link and len(homepage) <= LONGEST_HOMEPAGE):
        raise InvalidText("{homepage} is not an http or https URL", homepage=repr(homepage)[:100])
    return homepage
