"""The tools that run on Node: installed from a folder's lock, once for each lock."""

import os
import shutil
import subprocess
from pathlib import Path


class SansNode(Exception):
    """Node is absent, or its packages could not be installed."""


def paquets(dossier: Path) -> Path:
    """Install what `package-lock.json` of a folder pins; returns its `node_modules`.

    Raises:
        SansNode: there is no npm here, or it failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise SansNode("Node absent")
    installes = dossier / "node_modules"
    temoin, verrou = installes / ".package-lock.json", dossier / "package-lock.json"
    if not temoin.exists() or temoin.stat().st_mtime < verrou.stat().st_mtime:
        # No script of a dependency runs: our tools need none, and they report home.
        words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(words, cwd=dossier, check=False).returncode:
            raise SansNode("npm ci a échoué")
    return installes


def en_integration_continue() -> bool:
    """Whether an absent tool is a failure: elsewhere, what needs it is said and left out."""
    return os.environ.get("CI") == "true"
