"""The last published documents, and what has changed since: a page, and a promise that is checked.

A version is kept whole in the tree, so that a shallow clone can compare: docs/versions/<version>/
<service>.json.gz. Before 1.0 a change may break, if the changelog says so; from 1.0, it is a /v2.
"""

import gzip
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.compatibilite import Changement, comparer
from deploy.local.services import RACINE, SERVICES

DOCUMENTS = RACINE / "shared" / "openapi"
VERSIONS = RACINE / "docs" / "versions"
PAGE = RACINE / "docs" / "changements.md"
JOURNAL = RACINE / "CHANGELOG.md"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-alpha\.(\d+))?")
_INTRODUCTION = """# Changements depuis {version}

Page écrite par `./jalons openapi` : ce que chaque document OpenAPI a gagné, et ce qui y rompt,
depuis la dernière version publiée. `docs/guides/clients.md` dit comment la lire, `CHANGELOG.md` dit
pourquoi.
"""


class DejaPubliee(Exception):
    """A version is published once."""


def derniere(versions: Path = VERSIONS) -> str | None:
    """The last version that was published, an alpha before the version that it prepares."""
    found = {
        tuple(int(one) if one else 10**9 for one in match.groups()): match[0]
        for folder in versions.glob("*")
        if (match := _VERSION.fullmatch(folder.name))
    }
    return found[max(found)] if found else None


def publier(version: str, versions: Path = VERSIONS, documents: Path = DOCUMENTS) -> None:
    """Keep the published documents under a version.

    Raises:
        DejaPubliee: it is there.
    """
    dossier = versions / version
    if dossier.exists():
        raise DejaPubliee
    dossier.mkdir(parents=True)
    for service in SERVICES:
        whole = (documents / f"{service}.json").read_bytes()
        # No time of compression inside: the same document gives the same bytes.
        (dossier / f"{service}.json.gz").write_bytes(gzip.compress(whole, mtime=0))


def changements(
    versions: Path = VERSIONS, documents: Path = DOCUMENTS
) -> Mapping[str, list[Changement]]:
    """What changed in each document since the last version; a service without one is new."""
    version = derniere(versions)
    found = {}
    for service in SERVICES:
        garde = versions / str(version) / f"{service}.json.gz"
        avant: Any = {"paths": {}}
        if garde.exists():
            avant = json.loads(gzip.decompress(garde.read_bytes()))
        apres = json.loads((documents / f"{service}.json").read_text(encoding="utf-8"))
        found[service] = comparer(avant, apres)
    return found


def page(version: str, par_service: Mapping[str, Sequence[Changement]]) -> str:
    """The changelog of every field."""
    lines = [_INTRODUCTION.format(version=version)]
    for service, tous in par_service.items():
        ruptures = [str(one) for one in tous if one.rompt]
        ajouts = [str(one) for one in tous if not one.rompt]
        for titre, found in (("ruptures", ruptures), ("sans rupture", ajouts)):
            lines.append(f"## {service}, {titre}\n")
            lines.append("".join(f"- {one}\n" for one in found) or "Rien.\n")
    return "\n".join(lines)


def non_dites(ruptures: Sequence[Changement], journal: str) -> list[str]:
    """The places that break and that the version under way does not name under « Ruptures »."""
    en_cours = journal.partition("\n## ")[2].partition("\n## ")[0]
    dites = en_cours.partition("\n### Ruptures\n")[2].partition("\n### ")[0]
    nommees = set(re.findall(r"`([^`]+)`", " ".join(dites.split())))
    return sorted({one.lieu for one in ruptures} - nommees)


def verifier(version: str, par_service: Mapping[str, Sequence[Changement]], journal: str) -> str:
    """Why the documents may not be published as they are; empty when they may.

    Args:
        version: the version under way.
    """
    ruptures = [one for tous in par_service.values() for one in tous if one.rompt]
    if not ruptures:
        return ""
    if not version.startswith("0."):
        return "Ce qui rompt attend /v2 :\n" + "\n".join(map(str, ruptures))
    tues = non_dites(ruptures, journal)
    if not tues:
        return ""
    return "À nommer dans CHANGELOG.md, sous « ### Ruptures » : " + ", ".join(tues)


def ecrire_page() -> None:
    """Write the page of what changed since the last version."""
    PAGE.write_text(_page_actuelle(), encoding="utf-8")


def remarques() -> list[str]:
    """What a change of documents still has to say or to undo."""
    found = []
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != _page_actuelle():
        found.append("À régénérer (./jalons openapi) : docs/changements.md")
    motif = verifier(en_cours(), changements(), JOURNAL.read_text(encoding="utf-8"))
    return [*found, motif] if motif else found


def en_cours() -> str:
    """The version that the tree prepares."""
    project = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _page_actuelle() -> str:
    return page(derniere() or "le début", changements())
