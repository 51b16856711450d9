"""`make demo`: the main job on sample data, with the installed program, in a temporary folder."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from matou.settings import Settings, process_language
from matou.wiring import open_forge
from sample_team import TEAM, make_team

CHECKOUT = Path(__file__).parent.parent
MATOU = Path(sys.executable).with_name("matou")
CHINESE = process_language() == "zh"

console = Console(highlight=False, soft_wrap=True)


def say(english: str, chinese: str) -> None:
    console.print(f"\n[bold]{chinese if CHINESE else english}[/bold]")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="matou-demo-"))
    server_root, archive = folder / "server", folder / "archive"
    say("1. A sample team on a Matou server of its own", "1. 在一个 Matou 服务器上建一个示例团队")
    with open_forge(server_root, Settings.of_process(), loopback=True) as forge:
        _, token = make_team(forge, checkout=CHECKOUT, workshop=folder / "workshop")
    with running_server(server_root) as url:
        environment = environment_for(folder, token.reveal())
        steps = list(main_job(url, archive, environment))
    summary(steps, folder, archive)


def main_job(url: str, archive: Path, environment: dict[str, str]) -> Iterator[tuple[str, float, int]]:
    """Yields each step as (what it was, seconds, exit code)."""
    back_up = ("backup", "coding", "--url", f"{url}/open-api", "--to", str(archive))
    say("2. The first backup, over CODING's Open API", "2. 第一次备份，通过 CODING Open API")
    yield "backup", *matou(back_up, environment)
    say("3. Is the copy whole?", "3. 这份副本完整吗？")
    yield "verify", *matou(("verify", str(archive)), environment)
    say("4. What people said came with it", "4. 大家说过的话也备份下来了")
    shop = (str(archive), f"{TEAM}/website/shop")
    yield "show --issues", *matou(("show", *shop, "--issues"), environment)
    yield "show --issue 1", *matou(("show", *shop, "--issue", "1"), environment)
    yield "show --change 1", *matou(("show", *shop, "--change", "1"), environment)
    say("5. The second backup finds nothing to do", "5. 第二次备份，没有变化")
    yield "backup", *matou(back_up, environment)
    say("6. Somebody force-pushes over a branch at the source", "6. 有人在来源处强制推送，覆盖了一个分支")
    overwritten = force_push(f"{url}/{TEAM}/website/shop.git", environment)
    say("7. The third backup keeps what was overwritten", "7. 第三次备份，保留被覆盖的内容")
    yield "backup", *matou(back_up, environment)
    show_kept(archive, overwritten, environment)
    yield "verify", *matou(("verify", str(archive)), environment)


def matou(arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[float, int]:
    console.print(f"[dim]$ matou {' '.join(arguments)}[/dim]")
    began = time.monotonic()
    code = subprocess.run([MATOU, *arguments], env=environment, check=False).returncode
    return time.monotonic() - began, code


def environment_for(folder: Path, token: str) -> dict[str, str]:
    """Neither git's nor a person's own configuration is read, and the token stands in no argument."""
    home = folder / "home"
    home.mkdir()
    configuration = ("user.name", "李华"), ("user.email", "lihua@example.com"), ("credential.helper", HELPER)
    environment = os.environ | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "MATOU_CODING_TOKEN": token}
    environment["GIT_CONFIG_COUNT"] = str(len(configuration))
    for number, (key, value) in enumerate(configuration):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


HELPER = '!f() { echo username=lihua; echo "password=$MATOU_CODING_TOKEN"; }; f'


def force_push(url: str, environment: dict[str, str]) -> str:
    """Replace the last five commits of main; gives the tip that was overwritten."""
    with tempfile.TemporaryDirectory(prefix="matou-demo-") as work:

        def git(*arguments: str) -> str:
            command = ["git", "-C", work, *arguments]
            return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

        git("clone", "--quiet", url, ".")
        overwritten = git("rev-parse", "HEAD")
        git("reset", "--quiet", "--hard", "HEAD~5")
        git("commit", "--quiet", "--allow-empty", "--message", "重写历史")
        git("push", "--quiet", "--force", "origin", "main")
        rewritten = git("rev-parse", "HEAD")
    console.print(f"main: {overwritten[:12]} → {rewritten[:12]}")
    return overwritten


def show_kept(archive: Path, overwritten: str, environment: dict[str, str]) -> None:
    repository = archive / "repositories" / TEAM / "website" / "shop.git"
    command = ["git", "-C", str(repository), "for-each-ref", "refs/matou"]
    console.print(f"[dim]$ {' '.join(command)}[/dim]")
    kept = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    console.print(kept.strip())
    if overwritten not in kept:
        sys.exit("the overwritten tip was not kept")


@contextmanager
def running_server(root: Path) -> Iterator[str]:
    """A server on a free port of this machine; yields its URL."""
    command = [str(MATOU), "serve", "--root", str(root), "--port", "0"]
    log = root.with_name("server.log")
    with log.open("w") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            console.print(url)
            yield url
        finally:
            server.terminate()


def summary(steps: list[tuple[str, float, int]], folder: Path, archive: Path) -> None:
    table = Table("", "s", "exit", title="码头 Matou")
    for what, seconds, code in steps:
        table.add_row(f"matou {what}", f"{seconds:.1f}", str(code))
    console.print()
    console.print(table, soft_wrap=False)
    say("Where everything lies", "东西都在哪里")
    console.print(f"{archive}/repositories/{TEAM}/", f"{archive}/MATOU.txt", sep="\n")
    say("Try", "试试")
    console.print(
        f"{MATOU} show {archive}",
        f"{MATOU} export {archive} --to {folder}/pages --format html",
        f"{MATOU} serve --root {archive}",
        f"git clone {archive}/repositories/{TEAM}/website/shop.git",
        f"rm -rf {folder}",
        sep="\n",
    )
    if any(code for _, _, code in steps):
        sys.exit(1)


if __name__ == "__main__":
    main()
