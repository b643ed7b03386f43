"""``python tools/vendor.py``: make the libraries that pages embed, from pinned packages.

Needs npm (to fetch) on Linux x86-64 (where the pinned bundler runs). Writes
``src/liftpose/plot/web/vendor/``: the libraries, their licences, and VERSIONS, which says what
each was made of and its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
VENDOR = HERE.parent / "src" / "liftpose" / "plot" / "web" / "vendor"


@dataclass(frozen=True)
class Package:
    """A package, its version, and the digest without which it is not used."""

    name: str
    version: str
    integrity: str


THREE = Package(
    "three",
    "0.187.0",
    "sha512-Qiu7R+Cmh8CstZsY1uJOSWnVlfo7ZtNLV7mF8Jltk3LB3AtDu9cRZlcnRKkAk8Y4z6KKw35z7Y7Urd7jWY8etA==",
)
PLOTLY = Package(
    "plotly.js-basic-dist-min",
    "4.1.1",
    "sha512-1oNF8PeQx2hv/y7tqEVWKD3JGwn/MGEMQ8mL9HUwsaqG9FGy/OU5FHUHvzqbqxN4mnwZGI9abTiE775C4kkjMQ==",
)
ESBUILD = Package(
    "@esbuild/linux-x64",
    "0.28.2",
    "sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
)


def fetch(package: Package, modules: Path) -> Path:
    """Fetch a package, hold it against its digest, and unpack it where a bundler looks."""
    asked = f"{package.name}@{package.version}"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", asked], cwd=folder, check=True, text=True)
        (archive,) = Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != package.integrity:
            raise SystemExit(f"{asked} is sha512-{digest}; expected {package.integrity}.")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        target = modules / package.name
        shutil.copytree(Path(folder) / "package", target)
    return target


def bundle(esbuild: Path, modules: Path) -> bytes:
    """Put what the player uses of three into one script with the global THREE."""
    entry = modules.parent / "entry.js"
    shutil.copy(HERE / "three_entry.js", entry)
    options = ["--bundle", "--minify", "--format=iife", "--global-name=THREE", "--target=es2020"]
    command = [esbuild / "bin" / "esbuild", entry, *options, "--legal-comments=none"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Fetch, bundle and write."""
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder) / "node_modules"
        three, plotly, esbuild = (fetch(each, modules) for each in (THREE, PLOTLY, ESBUILD))
        note = f"/* three {THREE.version}, MIT licence; see three.LICENSE */\n".encode()
        files = {
            "three.min.js": note + bundle(esbuild, modules),
            "three.LICENSE": (three / "LICENSE").read_bytes(),
            "plotly-basic.min.js": (plotly / "plotly-basic.min.js").read_bytes(),
            "plotly.LICENSE": (plotly / "LICENSE").read_bytes(),
        }
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (VENDOR / name).write_bytes(data)
    said = {
        "packages": {each.name: each.version for each in (THREE, PLOTLY, ESBUILD)},
        "integrity": {each.name: each.integrity for each in (THREE, PLOTLY, ESBUILD)},
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    (VENDOR / "VERSIONS").write_text(json.dumps(said, indent=2) + "\n")
    sys.stdout.writelines(f"{name}: {len(data):,} bytes\n" for name, data in files.items())


if __name__ == "__main__":
    main()
