"""Opens a page in a real Chromium, without a window and without a network."""

import re
import shutil
import subprocess
from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def page_of(path: Path, profile: Path, *, fragment: str = "") -> str:
    """The page as it stands after its scripts have run, from the file system."""
    assert PROGRAM is not None
    ended = subprocess.run(
        [
            PROGRAM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=15000",
            "--dump-dom",
            path.as_uri() + fragment,
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def rows_of(page: str) -> list[str]:
    """The texts of the rows of its table's body."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"<[^>]+>", " ", row).strip() for row in body.split("</tr>") if row.strip()]
