"""What stands in `deploy/`: the programs that read those files take them, and what they name is there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from matou.cli.exit_codes import ExitCode
from support.program import Person
from support.reverse_proxies import DEPLOY, free_ports, program

ROOT = DEPLOY.parent
SERVICES = sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))
WHEELS = "MATOU_TEST_WHEELS"
TOTAL_EXPOSURE = 20
"""Of systemd's hundred, which it writes as 2.0."""


def unit_lines(name: str) -> list[tuple[str, str]]:
    lines = (DEPLOY / "systemd" / name).read_text().splitlines()
    return [(key, value) for key, sign, value in (line.partition("=") for line in lines) if sign and key[0] != "#"]


def accept(person: Person, words: list[str]) -> None:
    """The command line takes them all; none of it is done."""
    person.matou(*words, "--help")


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_leaves_little_open(name: str) -> None:
    command: list[str | Path] = [
        program("systemd-analyze"),
        "security",
        "--offline=true",
        "--no-pager",
        DEPLOY / "systemd" / name,
    ]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("systemd-analyze is older than 250, and does not look at files")

    ended = subprocess.run([*command, f"--threshold={TOTAL_EXPOSURE}"], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("name", [name for name in SERVICES if ("Restart", "on-failure") in unit_lines(name)])
def test_a_unit_does_not_begin_again_what_is_wrong_the_next_time_too(name: str) -> None:
    lines = dict(unit_lines(name))

    assert lines["RestartPreventExitStatus"] == f"{ExitCode.USAGE:d} {ExitCode.CREDENTIAL_REFUSED:d}"
    assert {"StartLimitIntervalSec", "StartLimitBurst"} <= lines.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_starts_what_the_program_takes(person: Person, name: str) -> None:
    (command,) = [value for key, value in unit_lines(name) if key == "ExecStart"]
    begun, *words = shlex.split(command)

    assert begun == "/opt/matou/bin/matou"
    accept(person, words)


def test_units_differ_in_nothing_that_keeps_them_in() -> None:
    def walls(name: str) -> set[tuple[str, str]]:
        lines = unit_lines(name)
        return set(lines[lines.index(("UMask", "0077")) :])

    wanted = ("WantedBy", "multi-user.target")
    assert len({frozenset(walls(name) - {wanted}) for name in SERVICES}) == 1


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


def test_compose_starts_what_the_program_takes(person: Person) -> None:
    ours = {name: one for name, one in compose()["services"].items() if one["image"] == "matou"}

    assert {"server", "worker", "copy"} == ours.keys()
    for one in ours.values():
        accept(person, [word.replace("${MATOU_HOST:?see example.env}", "code.example.org") for word in one["command"]])


def test_compose_names_what_is_there() -> None:
    content = compose()
    text = (DEPLOY / "compose.yaml").read_text()
    variables = {line.partition("=")[0] for line in (DEPLOY / "example.env").read_text().splitlines() if "=" in line}
    volumes = [volume for one in content["services"].values() for volume in one.get("volumes", ())]
    sources = {volume.partition(":")[0] for volume in volumes}

    assert set(re.findall(r"\$\{(\w+)", text)) == variables - {"#"}
    assert {source for source in sources if not source.startswith(".")} == content["volumes"].keys()
    assert all((DEPLOY / source).is_file() for source in sources if source.startswith("."))
    (network,) = content["networks"]["default"]["ipam"]["config"]
    assert f"--trust-proxy={network['subnet']}" in content["services"]["server"]["command"]


def test_the_example_of_matou_toml_is_one(person: Person) -> None:
    content = (DEPLOY / "matou.toml").read_text()
    with_a_source = re.sub(r"(?m)^# (?=\[\[|\w+ = )", "", content)
    (person.home / "matou.toml").write_text(with_a_source.replace("/archive", str(person.home / "archive")))

    listed = person.matou("schedule", "list", "--config", person.home / "matou.toml", "--json").out

    assert {"backup", "verify"} <= {row["name"].partition(" ")[0] for row in json.loads(listed)}


def steps() -> list[tuple[str, str]]:
    """Instructions of the Containerfile, with lines that go on put together."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (DEPLOY / "Containerfile").read_text()).replace("\\\n", " ")
    pairs = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in pairs]


def arguments_of(name: str) -> list[str]:
    return [rest for instruction, rest in steps() if instruction == name]


def test_the_image_copies_what_is_there_and_sent() -> None:
    sent = {line[1:] for line in (DEPLOY / "Containerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {path for rest in arguments_of("COPY") if "--from" not in rest for path in rest.split()[:-1]}

    assert copied == sent
    assert all((ROOT / path).exists() for path in copied)


def test_the_image_installs_packages_that_debian_has() -> None:
    (install,) = [rest for rest in arguments_of("RUN") if "apt-get install" in rest]
    packages = re.split(r"&&", install.partition("--no-install-recommends")[2])[0].split()

    assert {"git", "git-lfs", "openssh-client"} <= set(packages)
    if shutil.which("apt-cache") is None:
        pytest.skip("this is no Debian: apt-cache is not installed")
    known = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True).stdout.split()
    if "git" not in known:
        pytest.skip("apt has no list of packages: apt-get update")
    assert not set(packages) - set(known)


def test_the_image_runs_as_nobody_else_and_says_whether_it_lives(person: Person) -> None:
    assert arguments_of("USER") == ["10001:10001"]
    (check,) = arguments_of("HEALTHCHECK")
    assert "/-/health" in check
    (entry,), (command,) = arguments_of("ENTRYPOINT"), arguments_of("CMD")
    assert json.loads(entry)[-1] == "matou"
    accept(person, json.loads(command))


def test_hadolint_finds_nothing() -> None:
    ended = subprocess.run([program("hadolint"), DEPLOY / "Containerfile"], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout


@pytest.mark.soak
def test_the_steps_of_the_image_make_a_server_that_its_own_check_finds_alive(tmp_path: Path) -> None:
    """Without an engine: into a folder of its own, as the commands stand in the file.

    Tests reach no index: what is installed lies in a folder, which `pip download` fills as the first command says,
    with `hatchling`.
    """
    wheels = os.environ.get(WHEELS)
    if wheels is None:
        pytest.skip(f"{WHEELS} names no folder of wheels")
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels}
    prefix, source, port = tmp_path / "opt", tmp_path / "src", str(free_ports().plain)
    for rest in arguments_of("COPY"):
        paths = [] if "--from" in rest else rest.split()[:-1]
        for path in paths:
            target = source / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / path).is_dir() else shutil.copy)(ROOT / path, target)
    for command in arguments_of("RUN")[:2]:
        in_folder = command.replace("/opt/matou", str(prefix)).replace("python -m venv", f"{sys.executable} -m venv")
        subprocess.run(["sh", "-euc", in_folder], cwd=source, env=offline, check=True)

    words = json.loads(arguments_of("CMD")[0])
    words[words.index("/archive")] = str(tmp_path / "archive")
    environment = {"PATH": f"{prefix}/bin{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [prefix / "bin/matou", *words, "--port", port], env=environment, stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline()
            assert is_alive(environment, port) == 0
        finally:
            server.terminate()
    assert is_alive(environment, port) != 0


def is_alive(environment: Mapping[str, str], port: str) -> int:
    command = json.loads(arguments_of("HEALTHCHECK")[0].partition("CMD ")[2])
    asked = [word.replace("8585", port) for word in command]
    return subprocess.run(asked, env=environment, stderr=subprocess.DEVNULL).returncode
