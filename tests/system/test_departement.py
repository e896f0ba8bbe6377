"""A whole département: its flux read, its people proposed for, the late ones listed where they are.

By default some hundreds of foyers, which proves the way; with `--complet`, the 28 000 people of
Loire-Atlantique. What it took is printed as ratios to bare operations of the same run; docs/mesures
keeps them.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from io import BytesIO
from statistics import median
from typing import Any

import psycopg
import pytest
from lxml import etree

from deploy.local import flux_synthetique
from deploy.local.collectivites import charger
from deploy.local.partenaire import Json, Partenaire
from deploy.local.services import COLLECTIVITES, Installation
from tests.api.orientation.conftest import criteres
from tests.bench.charge import centile

ENSEMBLE = 12
ORGANISME = {"reference": "ft", "type": "france_travail", "nom": "France Travail"}


class Montre:
    """How long each part took, in seconds."""

    def __init__(self) -> None:
        self.durees: dict[str, float] = {}

    @contextmanager
    def mesurer(self, nom: str) -> Iterator[None]:
        debut = time.perf_counter()
        yield
        self.durees[nom] = time.perf_counter() - debut


async def tous(taches: list[Callable[[], Awaitable[Any]]]) -> list[float]:
    """Do all of them, some at a time; what each took."""
    guichet = asyncio.Semaphore(ENSEMBLE)

    async def un(tache: Callable[[], Awaitable[Any]]) -> float:
        async with guichet:
            debut = time.perf_counter()
            await tache()
            return time.perf_counter() - debut

    return sorted(await asyncio.gather(*(un(tache) for tache in taches)))


def iterparse(contenu: bytes) -> float:
    """What `lxml` alone takes to go through the foyers, in seconds: the median of three."""

    def une_fois() -> float:
        debut = time.perf_counter()
        for _, foyer in etree.iterparse(BytesIO(contenu), tag="InfosFoyerRSA"):
            foyer.clear()
        return time.perf_counter() - debut

    return median(une_fois() for _ in range(3))


async def importer(si: Partenaire, contenu: bytes, patience_s: float) -> Json:
    importe = await si.deposer("/v1/imports?type=flux_beneficiaires", contenu, cle="departement")
    limite = time.monotonic() + patience_s
    while importe["statut"] not in ("terminee", "echouee"):
        assert time.monotonic() < limite, importe
        await asyncio.sleep(0.2)
        importe = await si.lire("orientation", f"/v1/imports/{importe['id']}")
    return importe


async def proposer(si: Partenaire, orientation: Json) -> None:
    corps = criteres() | {"date_recueil": orientation["recu_le"][:10]}
    url = f"/v1/orientations/{orientation['id']}/criteres"
    await si.ecrire("orientation", url, corps, cle=orientation["id"], version=1)


async def lire_souvent(si: Partenaire, chemins: list[str]) -> list[float]:
    """Read one after the other; what each took."""
    durees = []
    for chemin in chemins:
        debut = time.perf_counter()
        await si.lire("orientation", chemin)
        durees.append(time.perf_counter() - debut)
    return sorted(durees)


def vieillir(installation: Installation, ids: list[str]) -> None:
    """Seven weeks pass for these cases: no command says when a flux was received."""
    with psycopg.connect(installation._bases["orientation"].service) as base:
        base.execute("SELECT set_config('app.collectivite', '35D', false)")
        base.execute(
            "UPDATE orientation SET recu_le = recu_le - interval '49 days',"
            " date_limite = date_limite - 49 WHERE id = ANY(%s)",
            [ids],
        )


async def test_a_departement_is_read_proposed_for_and_watched(
    installation: Installation,
    si: Partenaire,
    complet: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each person to orient has one proposal; the late ones are listed where they live, once."""
    foyers = 24_000 if complet else 300
    contenu = b"".join(
        flux_synthetique.generer(foyers=foyers, graine=44, date_reference=date(2026, 10, 31))
    )
    montre = Montre()
    for chemin, corps in (
        ("collectivites", charger(COLLECTIVITES)["35D"].creation().model_dump(mode="json")),
        ("organismes-referents", ORGANISME),
    ):
        await si.ecrire("orientation", f"/v1/{chemin}", corps, cle=chemin)
    with montre.mesurer("import"):
        importe = await importer(si, contenu, 1_500 if complet else 60)
    comptes = importe["compteurs"]
    assert importe["statut"] == "terminee", importe
    assert comptes["foyers_crees"] >= 0.99 * foyers
    assert comptes["personnes_lues"] >= (28_000 if complet else foyers)

    a_orienter = [
        one async for one in si.tout("orientation", "/v1/orientations", statut="brouillon")
    ]
    assert len(a_orienter) == comptes["orientations_creees"] > foyers / 2
    with montre.mesurer("propositions"):
        commandes = await tous([partial(proposer, si, one) for one in a_orienter])
    proposees = [
        one async for one in si.tout("orientation", "/v1/propositions", champs="id,orientation_id")
    ]
    assert Counter(one["orientation_id"] for one in proposees) == dict.fromkeys(
        (one["id"] for one in a_orienter), 1
    )

    en_retard = [one["id"] for one in a_orienter[::2]]
    vieillir(installation, en_retard)
    listees: dict[str, list[str]] = {}
    with montre.mesurer("retards"):
        for code, _, _ in flux_synthetique.COMMUNES:
            query = {"etat": "en_retard", "commune": code, "tri": "date_limite"}
            listees[code] = [
                one["orientation_id"]
                async for one in si.tout("orientation", "/v1/echeances", **query)
            ]
    assert sorted(one for ids in listees.values() for one in ids) == sorted(en_retard)
    for code, ids in listees.items():
        for orientation_id in ids[:3]:
            orientation = await si.lire("orientation", f"/v1/orientations/{orientation_id}")
            url = f"/v1/personnes/{orientation['personne_id']}"
            assert (await si.lire("orientation", url))["code_commune"] == code

    lectures = await lire_souvent(si, [f"/v1/orientations/{one['id']}" for one in a_orienter[:200]])
    chemin = "/v1/echeances?etat=en_retard&tri=date_limite&commune="
    listes = await lire_souvent(si, [f"{chemin}{code}" for code in list(listees) * 18])
    bilan = {
        "foyers": foyers,
        "personnes": comptes["personnes_lues"],
        "orientations": len(a_orienter),
        "import_foyers_par_s": foyers / montre.durees["import"],
        "flux_sur_iterparse": iterparse(contenu) / montre.durees["import"],
        "propositions_par_s": len(a_orienter) / montre.durees["propositions"],
        "proposition_p95_ms": 1000 * centile(commandes, 0.95),
        "retards_s": montre.durees["retards"],
        "lecture_p95_ms": 1000 * centile(lectures, 0.95),
        "liste_p95_ms": 1000 * centile(listes, 0.95),
        "liste_sur_lecture": centile(listes, 0.95) / centile(lectures, 0.95),
    }
    with capsys.disabled():
        print(json.dumps({nom: round(valeur, 4) for nom, valeur in bilan.items()}))
    # A page of fifty is no more than some reads: what grows would show long before.
    assert bilan["liste_sur_lecture"] < 20
