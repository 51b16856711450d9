"""The first matou.toml: one source, with comments in the person's language; what is there is never overwritten."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from matou.cli.config import read_configuration
from matou.cli.hosts import Host
from matou.errors import Conflict, Invalid
from matou.i18n import gettext as _
from matou.platforms.registry import PLATFORMS, platform_named

NIGHTLY: Final = "02:15"


class ConfigurationThere(Conflict):
    """A file of that name is there already, and stays as it is."""


def require_none(path: Path) -> None:
    """Raises ConfigurationThere."""
    if path.exists() or path.is_symlink():
        raise ConfigurationThere(
            "{path} is there already, and is not overwritten",
            path=path,
            advice="add a [[source]] to it, or give another name with --config",
        )


def patterns_of_page(text: str, at: Host) -> tuple[str, ...]:
    """What `include` says of a team, a project or a repository whose page somebody gave; nothing of a server's."""
    path = unquote(urlsplit(text if "://" in text else f"https://{text}").path)
    if text in PLATFORMS or f"{path}/".startswith(("/api/", f"{urlsplit(at.url).path.rstrip('/') or '/api'}/")):
        return ()
    name = platform_named(at.platform).page_paths.name_in(path)
    if not name:
        return ()
    return (name,) if "/" in name else (f"{name}/*",)


def configuration_text(platform: str, url: str, to: Path, patterns: Sequence[str] = ()) -> str:
    """Raises Invalid for a folder whose name no text can hold."""
    lines = (
        _("What `matou backup` saves; more sources may follow, each under a [[source]] of its own."),
        _("The token is not here: it is kept since `matou login`, or comes from the variable {variable}."),
        _("only repositories that match; without this line all that the token sees")
        if patterns
        else _("only repositories that match, such as"),
        _("none that match, such as"),
        _("When it is saved, by `matou worker`, `matou serve` or a timer (`matou schedule install`)."),
    )
    about, token, only, none, schedule = lines
    variable = f"MATOU_{platform.upper()}_TOKEN"
    include = f"include = [{', '.join(map(_quoted, patterns))}]" if patterns else '# include = ["shop/*"]'
    return (
        f"# {about}\n# {token.format(variable=variable)}\n\n[[source]]\n"
        f"platform = {_quoted(platform)}\nurl = {_quoted(url)}\nto = {_quoted(str(to))}\n"
        f'# {only}:\n{include}\n# {none}:\n# exclude = ["*-old"]\n'
        f'\n# {schedule}\n[schedule]\ndaily = "{NIGHTLY}"\n'
    )


def write_configuration(path: Path, text: str) -> None:
    """Write it, and read it back. Raises ConfigurationThere, OSError."""
    require_none(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    read_configuration(path)


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("the name of {path} is no text", path=repr(text)) from None
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
