"""What a project has that is saved only when somebody asks for it: built packages, and cases by which people test."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from matou.model.metadata.base import JsonObject, MetadataValue, PersonKey
from matou.model.metadata.conversation import AttachedFile, MarkupText
from matou.model.metadata.issues import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(MetadataValue):
    """One version of a package in an artifact repository.

    Attributes:
        repository, package: their names.
        type: of the repository, as `maven` or `docker`.
        hash: of the version, as the platform gives it.
        released: whether the version counts as published; None where the platform does not say.
        files: all that it consists of, as far as the platform gives files; an image of docker has none.
    """

    repository: str
    type: str
    package: str
    version: str
    id: str | None = None
    hash: str | None = None
    text: MarkupText | None = None
    at: datetime | None = None
    released: bool | None = None
    files: tuple[AttachedFile, ...] = ()
    gone_in: int | None = None
    extra: JsonObject | None = None

    @property
    def key(self) -> str:
        """Repository, package and version, with a slash between them and none within."""
        parts = (self.repository, self.package, self.version)
        return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStep(MetadataValue):
    """What a tester does, and what is to happen then."""

    __test__: ClassVar[bool] = False

    action: str
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase(MetadataValue):
    """A case by which people test.

    Attributes:
        section: the names of those that it stands in, the outermost first.
        form: whether it has steps, or one text for all of them.
        text: what must be so before.
    """

    __test__: ClassVar[bool] = False

    id: str
    title: str
    section: tuple[str, ...] = ()
    priority: Priority | None = None
    form: Literal["steps", "text"] | None = None
    text: MarkupText | None = None
    steps: tuple[TestStep, ...] = ()
    by: PersonKey | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    files: tuple[AttachedFile, ...] = ()
    gone_in: int | None = None
    extra: JsonObject | None = None
