"""The services of Jalons as this machine runs them: migrations, environment, processes."""

import os
import subprocess
import sys
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]


class MigrationEchouee(Exception):
    """Alembic ended badly; its own words say why."""


def migrer(service: str, url_proprietaire: str) -> None:
    """Bring a service's database to the newest version.

    Raises:
        MigrationEchouee: with Alembic's last line.
    """
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-n", service, "upgrade", "head"],
        cwd=RACINE,
        env={**os.environ, f"JALONS_{service.upper()}_MIGRATION": url_proprietaire},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MigrationEchouee((done.stderr or done.stdout).strip().splitlines()[-1])
