"""What Gitee asks a caller to say of itself: `CC/1.0-$ExtensionValue`; CC is Code Cloud."""

from enum import StrEnum

import matou


class Extension(StrEnum):
    """The values that Gitee's document knows (2017-02-22)."""

    VISUAL_STUDIO_14 = "VS.14"
    VISUAL_STUDIO_15 = "VS.15"
    INTELLIJ = "JB.Intellij"
    RUBYMINE = "JB.Rubymine"
    WEBSTORM = "JB.WebStorm"
    ANDROID_STUDIO = "JB.AndroidStudio"
    ECLIPSE = "EC"
    VISUAL_STUDIO_CODE = "VSC"


TOOL = f"Matou.{matou.__version__}"
"""Ours: this is no extension of an editor."""


def user_agent(extension: str) -> str:
    return f"CC/1.0-{extension}"
