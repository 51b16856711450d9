"""How a git child is told of objects that stand beside a repository's own, in a quarantine."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


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
