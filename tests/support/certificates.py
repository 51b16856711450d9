"""Certificates of nobody's, made by openssl for each run."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    key: Path
    certificate: Path


def make_certificate(folder: Path, name: str, *others: str) -> Certificate:
    """Args: name: with its kind, as in `DNS:code.example` or `IP:127.0.0.1`; the others alike."""
    made = Certificate(folder / f"{name}.key", folder / f"{name}.pem")
    subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={','.join((name, *others))}")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    subprocess.run(
        ["openssl", "req", *kind, "-keyout", made.key, "-out", made.certificate, *subject],
        check=True,
        capture_output=True,
    )
    return made
