"""Exports: a list whole, at one instant, as its client reads it; then the feed (guide, 13.1)."""

import asyncio
import hashlib
import importlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from shared.schemas.commun import Operation
from shared.socle.evenements import Fait, publier
from shared.socle.exports import extraits as lecture
from shared.socle.exports import rules, travail
from shared.socle.exports.extraits import Extraits
from shared.socle.service import Service
from tests.api.financement.conftest import CONVENTION
from tests.api.orientation.conftest import PERSONNE
from tests.api.test_listes import clore, des_parcours, suivre
from tests.conftest import URLS, Client, Connecter


def extraits(nom: str) -> Extraits:
    found: Extraits = importlib.import_module(f"services.{nom}.instantanes").EXTRAITS
    return found


async def demander(client: Client, type_: str, **reste: Any) -> dict[str, Any]:
    """Ask for an export."""
    answer = await client.post("/v1/exports", {"type": type_, **reste})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/exports/{answer.json()['id']}"
    assert int(answer.headers["Retry-After"]) > 0
    found: dict[str, Any] = answer.json()
    assert (found["statut"], found["fichiers"], found["supprimes"]) == ("en_attente", [], [])
    return found


async def travailler(service: Service, ouverte: str, export: dict[str, Any]) -> None:
    """What the worker does of it."""
    await travail.exporter(
        service, extraits=extraits(service.nom), export_id=export["id"], collectivite=ouverte
    )


async def lire(client: Client, fichiers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of files that are what the export says of them."""
    lignes: list[dict[str, Any]] = []
    for fichier in fichiers:
        answer = await client.get(fichier["url"], headers={"Accept-Encoding": "identity"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["cache-control"] == "private, no-store"
        assert hashlib.sha256(answer.content).hexdigest() == fichier["sha256"]
        assert answer.headers["etag"] == f'"{fichier["sha256"]}"'
        assert int(answer.headers["content-length"]) == len(answer.content) == fichier["octets"]
        lues = [json.loads(ligne) for ligne in answer.content.splitlines()]
        assert len(lues) == fichier["nombre"]
        lignes += lues
    return lignes


Faire = Callable[..., Awaitable[tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]]]


@pytest.fixture
def faire(services: Mapping[str, Service], ouverte: str) -> Faire:
    """An export from end to end: what it says, its elements, its tombstones."""

    async def make(
        client: Client, nom: str, type_: str, **reste: Any
    ) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        demande = await demander(client, type_, **reste)
        await travailler(services[nom], ouverte, demande)
        fini = (await client.get(f"/v1/exports/{demande['id']}")).json()
        assert fini["statut"] == "terminee", fini
        assert fini["instant_reference"]
        assert fini["curseur_changements"]
        elements = await lire(client, fini["fichiers"])
        supprimes = await lire(client, fini["supprimes"])
        assert (fini["nombre"], fini["nombre_supprimes"]) == (len(elements), len(supprimes))
        return fini, elements, supprimes

    return make


@pytest.fixture
def petits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and files of three lines, in pieces of some hundred bytes: sizes are of ours."""
    monkeypatch.setattr(lecture, "LIMITE_MAX", 3)
    monkeypatch.setattr(travail, "LIMITE_MAX", 3)
    monkeypatch.setattr(rules, "FICHIER_LIGNES", 3)
    monkeypatch.setattr(rules, "MORCEAU", 500)


async def une_orientation(client: Client) -> str:
    """A case to decide, opened through the door."""
    personne = await client.post("/v1/personnes", PERSONNE)
    answer = await client.post("/v1/orientations", {"personne_id": personne.json()["id"]})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def remplir(nom: str, client: Client, service: Service, ouverte: str) -> str:
    """Some elements of one list of a service, and which list it is."""
    match nom:
        case "orientation":
            for _ in range(4):
                await une_orientation(client)
            return "orientations"
        case "parcours":
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await des_parcours(tx, 4)
            return "parcours"
    for rang in range(4):
        answer = await client.post(
            "/v1/conventions", {**CONVENTION, "reference": f"35-EXP-202{rang}"}
        )
        assert answer.status_code == 201, answer.text
    return "conventions"


@pytest.mark.parametrize("nom", URLS)
async def test_files_hold_what_the_list_shows_each_line_once(
    nom: str,
    services: Mapping[str, Service],
    connecter: Connecter,
    ouverte: str,
    faire: Faire,
    petits: None,
) -> None:
    """Split in files, each with its digest. Planted: a digest of what is sealed, red."""
    client = connecter(nom)
    type_ = await remplir(nom, client, services[nom], ouverte)

    export, elements, supprimes = await faire(client, nom, type_)

    assert elements == await suivre(client, f"/v1/{type_}")
    assert [un["nombre"] for un in export["fichiers"]] == [3, 1]
    assert export["supprimes"] == supprimes == []
    listed = (await client.get("/v1/exports")).json()["elements"]
    assert listed == [export]
    etag = (await client.get(f"/v1/exports/{export['id']}")).headers["etag"]
    unchanged = await client.get(f"/v1/exports/{export['id']}", headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    faits = (await client.get("/v1/changements")).json()["elements"]
    assert [un["type"] for un in faits if un["ressource"] == "exports"] == [
        f"{nom}.export.terminee"
    ]


@pytest.mark.parametrize("nom", URLS)
async def test_every_type_is_a_list_that_can_be_exported(
    nom: str, connecter: Connecter, ouverte: str, faire: Faire, services: Mapping[str, Service]
) -> None:
    client, service = connecter(nom), services[nom]
    await remplir(nom, client, service, ouverte)
    acces = service.acces_interne(ouverte)
    for type_, extrait in extraits(nom).items():
        async with service.base.transaction(acces) as tx:  # the quota is not what is tried here
            await tx.execute(text("DELETE FROM quota WHERE collectivite = :collectivite"))
        export, elements, _ = await faire(client, nom, type_)
        assert elements == await suivre(client, f"/v1/{extrait.ressource}"), type_
        depuis = export["curseur_changements"]
        _, elements, supprimes = await faire(client, nom, type_, depuis=depuis)
        assert (elements, supprimes) == ([], []), type_


async def test_an_export_then_the_feed_is_the_state_whatever_is_written_meanwhile(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str, petits: None
) -> None:
    """Cases are opened and closed from before the snapshot until after the last file.

    The files show one instant: two cases closed together are both closed in them, or neither.
    Planted: each page at its own instant (READ COMMITTED), red; the place in the feed read once the
    files are written, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    acces = service.acces_interne(ouverte)
    ids = [UUID(await une_orientation(client)) for _ in range(24)]
    couples = list(zip(ids[:12], reversed(ids[12:]), strict=True))
    commence, fini = asyncio.Event(), asyncio.Event()

    async def ecrire() -> None:
        for tour, deux in enumerate(couples):
            async with service.base.transaction(acces) as tx:
                await clore(tx, deux, "orientation")
                await publier(tx, *(_clos(un) for un in deux))
            if tour == 2:
                commence.set()
            if tour > 2:
                await une_orientation(client)
        while not fini.is_set():
            await une_orientation(client)

    export = await demander(client, "orientations")
    ecrivain = asyncio.create_task(ecrire())
    await commence.wait()
    await travailler(service, ouverte, export)
    fini.set()
    await ecrivain
    termine = (await client.get(f"/v1/exports/{export['id']}")).json()
    lues = await lire(client, termine["fichiers"])
    etat = {un["id"]: un for un in lues}
    assert len(etat) == len(lues)
    ensemble = [{etat[str(un)]["statut"] for un in deux} for deux in couples]
    assert {len(statuts) for statuts in ensemble} == {1}

    curseur = termine["curseur_changements"]
    while True:
        page = (await client.get(f"/v1/changements?depuis={curseur}")).json()
        for fait in page["elements"]:
            if fait["ressource"] == "orientations":
                lue = await client.get(f"/v1/orientations/{fait['id']}")
                etat[fait["id"]] = lue.json()
        if not page["elements"]:
            break
        curseur = httpx.URL(page["pagination"]["suivant"]).params["depuis"]
    assert etat == {un["id"]: un for un in await suivre(client, "/v1/orientations?limite=200")}


def _clos(un: UUID, operation: Operation = Operation.MODIFICATION) -> Fait:
    return Fait("orientation.orientation.close", "orientations", un, 2, operation)


async def test_a_snapshot_keeps_no_feed_waiting(
    services: Mapping[str, Service], connecter: Connecter, ouverte: str
) -> None:
    """It has no transaction id. Planted: READ WRITE, and an id taken by the reading, red."""
    client, service = connecter("orientation"), services["orientation"]
    acces = service.acces_interne(ouverte)

    async with service.base.transaction(acces, instantane=True) as tx:
        await extraits("orientation")["orientations"].lire(service, tx, [])
        vue = await tx.execute(text("SELECT pg_current_xact_id_if_assigned()::text"))
        assert vue.scalar_one() is None
        cree = await une_orientation(client)
        faits = (await client.get("/v1/changements")).json()["elements"]
        assert cree in [un["id"] for un in faits]
        elements, _ = await extraits("orientation")["orientations"].lire(service, tx, [])
        assert elements == []


async def test_since_a_cursor_only_what_changed_and_what_is_to_forget(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    faire: Faire,
    petits: None,
) -> None:
    """Erased, or out of what the filter lists: both are told.

    Planted: what left the list not told, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    ids = [await une_orientation(client) for _ in range(6)]
    filtre = [{"champ": "statut", "valeurs": ["en_attente", "brouillon"]}]
    export, elements, _ = await faire(client, "orientation", "orientations", filtre=filtre)
    assert {un["id"] for un in elements} == set(ids)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await clore(tx, [UUID(ids[0])], "orientation")
        efface = "DELETE FROM orientation WHERE collectivite = :collectivite AND id = :id"
        await tx.execute(text(efface), {"id": UUID(ids[1])})
        await publier(
            tx,
            _clos(UUID(ids[0])),
            _clos(UUID(ids[1])),
            _clos(UUID(ids[1]), Operation.EFFACEMENT),
            _clos(UUID(ids[2])),
        )
    nouvelle = await une_orientation(client)

    suite, elements, supprimes = await faire(
        client,
        "orientation",
        "orientations",
        filtre=filtre,
        depuis=export["curseur_changements"],
    )

    assert {un["id"] for un in elements} == {ids[2], nouvelle}
    assert {(un["id"], un["motif"]) for un in supprimes} == {
        (ids[0], "hors_liste"),
        (ids[1], "effacement"),
    }
    garde = dict.fromkeys([*ids, nouvelle])
    for un in supprimes:
        del garde[un["id"]]
    reste = await suivre(client, "/v1/orientations?statut=en_attente&statut=brouillon")
    assert set(garde) == {un["id"] for un in reste}
    # Nothing since: said all the same, by a file that holds nothing.
    vide, elements, supprimes = await faire(
        client, "orientation", "orientations", depuis=suite["curseur_changements"]
    )
    assert (elements, supprimes, vide["fichiers"]) == ([], [], [])
    assert [un["nombre"] for un in vide["supprimes"]] == [0]


async def test_no_health_datum_is_exported_whatever_the_token_may_read(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str, faire: Faire
) -> None:
    """Planted: the token's own scopes kept, red."""
    client, service = connecter("parcours"), services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        (un,) = await des_parcours(tx, 1)
    for code in ("mobilite", "sante"):
        frein = {
            "code": code,
            "niveau": "fort",
            "date_observation": "2026-03-10",
            "source": "personne",
        }
        answer = await client.post(f"/v1/parcours/{un}/freins", frein)
        assert answer.status_code == 201, answer.text
    assert {un["code"] for un in await suivre(client, "/v1/freins")} == {"mobilite", "sante"}

    _, elements, _ = await faire(client, "parcours", "freins")

    ordinaire = connecter("parcours", "parcours:lire")
    assert [un["code"] for un in elements] == ["mobilite"]
    assert elements == await suivre(ordinaire, "/v1/freins")


async def test_an_export_is_its_clients_alone_and_a_file_asks_for_what_it_shows(
    connecter: Connecter, ouverte: str, faire: Faire
) -> None:
    """Planted: no filter by client, red; no check of scopes at the file, red."""
    client = connecter("orientation")
    await une_orientation(client)
    export, _, _ = await faire(client, "orientation", "orientations")
    url = export["fichiers"][0]["url"]
    autre = connecter("orientation", client_id="autre-essai")
    ailleurs = connecter("orientation", dans="998Z")

    for stranger in (autre, ailleurs):
        for chemin in (f"/v1/exports/{export['id']}", url):
            assert (await stranger.get(chemin)).json()["code"] == "introuvable"
        assert (await stranger.get("/v1/exports")).json()["elements"] == []
        supprime = await stranger.request(
            "DELETE", f"/v1/exports/{export['id']}", headers={"If-Match": '"3"'}
        )
        assert supprime.status_code == 404

    sans_lire = connecter("orientation", "orientation:exporter")
    refus = await sans_lire.get(url)
    assert (refus.status_code, refus.json()["code"]) == (403, "portee-insuffisante")
    refus = await sans_lire.post("/v1/exports", {"type": "orientations"})
    assert (refus.status_code, refus.json()["code"]) == (403, "portee-insuffisante")
    assert refus.json()["portees_requises"] == ["orientation:lire"]
    refus = await connecter("orientation", "orientation:lire").get(url)
    assert refus.status_code == 403


async def test_a_file_is_served_compressed_and_not_again_to_who_has_it(
    connecter: Connecter, ouverte: str, faire: Faire
) -> None:
    client = connecter("orientation")
    await une_orientation(client)
    export, elements, _ = await faire(client, "orientation", "orientations")
    (fichier,) = export["fichiers"]

    answer = await client.get(fichier["url"], headers={"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == f'"{fichier["sha256"]}.gzip"'
    assert hashlib.sha256(answer.content).hexdigest() == fichier["sha256"]
    assert [json.loads(ligne) for ligne in answer.content.splitlines()] == elements
    sienne = {"Accept-Encoding": "identity", "If-None-Match": f'"{fichier["sha256"]}"'}
    unchanged = await client.get(fichier["url"], headers=sienne)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    absent = f"/v1/exports/{export['id']}/fichiers/2"
    assert (await client.get(absent)).json()["code"] == "introuvable"


@pytest.fixture
def decaler(services: Mapping[str, Service]) -> Iterator[Callable[[timedelta], None]]:
    """Move the clock of orientation, and give it back."""
    service = services["orientation"]
    vraie = service.horloge

    def move(duree: timedelta) -> None:
        service.horloge = lambda: vraie() + duree

    yield move
    service.horloge = vraie


async def test_a_file_lives_an_hour_and_an_export_a_day(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    faire: Faire,
    decaler: Callable[[timedelta], None],
) -> None:
    """Planted: no check of the hour, red; pieces left by the purge, red."""
    client, service = connecter("orientation"), services["orientation"]
    await une_orientation(client)
    export, _, _ = await faire(client, "orientation", "orientations")
    fini, url = datetime.fromisoformat(export["termine_le"]), export["fichiers"][0]["url"]
    assert datetime.fromisoformat(export["fichiers"][0]["expire_le"]) - fini == timedelta(hours=1)

    decaler(timedelta(minutes=59))
    assert (await client.get(url)).status_code == 200
    decaler(timedelta(minutes=61))
    expired = await client.get(url)
    assert (expired.status_code, expired.json()["code"]) == (410, "fichier-expire")
    assert (await client.get(f"/v1/exports/{export['id']}")).json() == export
    assert await _morceaux(service, ouverte) > 0
    await travail.purger_exports(service, ouverte)
    assert await _morceaux(service, ouverte) == 0
    assert (await client.get(f"/v1/exports/{export['id']}")).json() == export
    decaler(timedelta(hours=25))
    await travail.purger_exports(service, ouverte)
    assert (await client.get(f"/v1/exports/{export['id']}")).status_code == 404


async def _morceaux(service: Service, ouverte: str) -> int:
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        compte = text("SELECT count(*) FROM export_morceau WHERE collectivite = :collectivite")
        found: int = (await tx.execute(compte)).scalar_one()
        return found


async def test_a_deleted_export_is_not_found_and_leaves_nothing(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str, faire: Faire
) -> None:
    client, service = connecter("orientation"), services["orientation"]
    await une_orientation(client)
    export, _, _ = await faire(client, "orientation", "orientations")
    chemin = f"/v1/exports/{export['id']}"

    assert (await client.request("DELETE", chemin)).status_code == 428
    stale = await client.request("DELETE", chemin, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["version_courante"]) == (412, export["version"])
    gone = await client.request("DELETE", chemin, headers={"If-Match": f'"{export["version"]}"'})
    assert gone.status_code == 204

    for url in (chemin, export["fichiers"][0]["url"]):
        assert (await client.get(url)).json()["code"] == "introuvable"
    assert (await client.get("/v1/exports")).json()["elements"] == []
    await travail.purger_exports(service, ouverte)
    assert await _morceaux(service, ouverte) == 0


async def test_a_run_taken_over_or_deleted_writes_no_more(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str, petits: None
) -> None:
    """What a dead worker left is forgotten, and a late one finds it is not its own any more.

    Planted: the pieces of the first run kept, red; no check that the run is still its own, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    for _ in range(4):
        await une_orientation(client)
    export = await demander(client, "orientations")
    interne = service.acces_interne(ouverte)
    mort = travail.Ecriture(service, interne, UUID(export["id"]), 2)
    async with service.base.transaction(interne) as tx:
        await travail.queries.change_export(tx, UUID(export["id"]), 1, statut="en_cours")
    for _ in range(7):
        await mort.ecrire({"id": "d'une vie d'avant", "bourre": "x" * 300})
    await une_orientation(client)

    await travailler(service, ouverte, export)

    with pytest.raises(travail.AutreTravailleur):
        await mort.ecrire({"id": "trop tard", "bourre": "x" * 900})
    fini = (await client.get(f"/v1/exports/{export['id']}")).json()
    assert await lire(client, fini["fichiers"]) == await suivre(client, "/v1/orientations")
    await travailler(service, ouverte, export)  # the job comes twice
    assert (await client.get(f"/v1/exports/{export['id']}")).json() == fini


async def test_what_cannot_be_exported_is_refused_at_once(
    connecter: Connecter, ouverte: str
) -> None:
    client = connecter("orientation")

    async def refus(**corps: Any) -> tuple[int, str, list[tuple[str, str]]]:
        found = (await client.post("/v1/exports?essai=true", corps)).json()
        erreurs = [(un["pointeur"], un["code"]) for un in found.get("erreurs", ())]
        return found["status"], found["code"], erreurs

    def filtre(champ: str, *valeurs: str) -> dict[str, Any]:
        return {"type": "orientations", "filtre": [{"champ": champ, "valeurs": valeurs}]}

    assert await refus(type="personnes") == (
        422,
        "validation",
        [("/type", "code-referentiel-inconnu")],
    )
    assert await refus(**filtre("nom", "Essai")) == (
        422,
        "validation",
        [("/filtre/0/champ", "code-referentiel-inconnu")],
    )
    une_personne = [{"champ": "personne_id", "valeurs": [str(UUID(int=1))]}]
    assert await refus(type="mouvements", filtre=une_personne) == (
        422,
        "validation",
        [("/filtre/0/champ", "code-referentiel-inconnu")],
    )
    assert await refus(**filtre("statut", "ouverte", "inconnu")) == (
        422,
        "validation",
        [("/filtre/0/valeurs", "code-referentiel-inconnu")],
    )
    assert await refus(**filtre("date_limite_min", "2026-02-30")) == (
        422,
        "validation",
        [("/filtre/0/valeurs", "date-attendue")],
    )
    assert await refus(type="orientations", depuis="Y3Vyc2V1cg") == (400, "curseur-invalide", [])


async def test_a_trial_asks_for_nothing(connecter: Connecter, ouverte: str) -> None:
    client = connecter("orientation")
    tried = await client.post("/v1/exports?essai=true", {"type": "orientations"})
    assert (tried.status_code, tried.json()["essai"]) == (202, True)
    assert "location" not in tried.headers
    assert (await client.get("/v1/exports")).json()["elements"] == []
