"""A folder of new objects beside a repository's own, and how a git child is told of it."""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self


def quarantine_environment(git_dir: Path, quarantine: Path) -> Mapping[str, str]:
    """What makes a git child read the objects of a quarantine beside the repository's own, and write new ones there."""
    return MappingProxyType(
        {
            "GIT_OBJECT_DIRECTORY": str(quarantine.absolute()),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(git_dir.absolute() / "objects"),
        }
    )


def _quoted(folder: Path) -> str:
    """As git reads a list of folders: a colon would end one that is not quoted (git(1))."""
    text = str(folder).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


class QuarantineFolder:
    """A folder below `objects/`, under a name that whoever looks for leftovers knows. Leaving the block removes it.

    Args:
        git_dir: a bare repository.

    Raises:
        FileNotFoundError: on entering, where there is no repository.
    """

    kind: ClassVar[str]

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self.folder = git_dir / "objects" / f"tmp_objdir-{self.kind}-{uuid.uuid4().hex}"

    def __enter__(self) -> Self:
        self.folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a git child read these objects beside the repository's own, and write new ones here."""
        return quarantine_environment(self.git_dir, self.folder)
