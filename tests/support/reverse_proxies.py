"""nginx and Caddy before a server on this machine, by the very files that `deploy/` has for them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import Certificate

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "code.example.org"
START_SECONDS = 30

_NGINX = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/matou.conf;
}}
"""


@dataclass(frozen=True)
class Ports:
    """Where a proxy listens."""

    plain: int
    encrypted: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.encrypted}"

    @property
    def plain_url(self) -> str:
        return f"http://localhost:{self.plain}"


Proxy = Callable[[Path, Ports, str, Certificate], "subprocess.Popen[bytes]"]


def program(name: str) -> str:
    """Skips where there is none; Debian has nginx where only root looks."""
    found = shutil.which(name, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def start_nginx(folder: Path, ports: Ports, upstream: str, certificate: Certificate) -> "subprocess.Popen[bytes]":
    text = (DEPLOY / "nginx.conf").read_text()
    for written, meant in (
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{ports.plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{ports.encrypted} ssl"),
        (NAME, "localhost"),
        ("/etc/ssl/matou/fullchain.pem", str(certificate.certificate)),
        ("/etc/ssl/matou/key.pem", str(certificate.key)),
        ("127.0.0.1:8585", upstream),
    ):
        assert written in text
        text = text.replace(written, meant)
    (folder / "matou.conf").write_text(text)
    # Whoever is not root cannot become anybody else, and is told so by a warning.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
    return subprocess.Popen([program("nginx"), "-e", folder / "error.log", "-c", folder / "nginx.conf"])


def start_caddy(folder: Path, ports: Ports, upstream: str, certificate: Certificate) -> "subprocess.Popen[bytes]":
    """Gets no certificate for itself here."""
    text = (DEPLOY / "Caddyfile").read_text()
    site = "{$MATOU_HOST:code.example.org} {"
    assert site in text
    options = f"{{\n\tadmin off\n\thttp_port {ports.plain}\n\thttps_port {ports.encrypted}\n\tskip_install_trust\n}}\n"
    tls = f"\ttls {certificate.certificate} {certificate.key}\n"
    (folder / "Caddyfile").write_text(options + text.replace(site, f"{site}\n{tls}"))
    environment = {"MATOU_HOST": "localhost", "MATOU_UPSTREAM": upstream, "HOME": str(folder), "PATH": os.defpath}
    command: list[str | Path] = [program("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


PROXIES: Mapping[str, Proxy] = {"nginx": start_nginx, "caddy": start_caddy}


def free_ports() -> Ports:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return Ports(one.getsockname()[1], other.getsockname()[1])


@contextmanager
def proxy_before(start: Proxy, folder: Path, ports: Ports, upstream: str, certificate: Certificate) -> Iterator[None]:
    """Args: upstream: host and port."""
    folder.mkdir()
    with start(folder, ports, upstream, certificate) as process:
        try:
            _wait_for(ports.encrypted, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"the proxy ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the proxy listens nowhere"
            time.sleep(0.05)
        else:
            return
