"""Exits and returns through the door: what the feed tells, and what is decided here."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.parcours.taches import ANNULATION
from shared.socle.service import Service
from tests.api.parcours.conftest import (
    ORDINAIRES,
    Horloge,
    Observer,
    Orientation,
    Suivre,
    ensemble,
)
from tests.conftest import Client, Connecter


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


async def _lire(client: Client, parcours_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    return found


async def _clore(client: Client, parcours_id: str, jour: date) -> None:
    closed = await client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "autre", "date_sortie": str(jour), "commentaire": "Départ annoncé"},
        version=(await _lire(client, parcours_id))["version"],
    )
    assert closed.status_code == 201, closed.text


async def _rouvrir(
    client: Client, parcours_id: str, jour: date, version: int | None = None
) -> httpx.Response:
    version = version or (await _lire(client, parcours_id))["version"]
    return await client.post(
        f"/v1/parcours/{parcours_id}/reouvertures",
        {"date_reouverture": str(jour)},
        version=version,
    )


async def _chronologie(client: Client, parcours_id: str, query: str = "") -> list[dict[str, Any]]:
    path = f"/v1/parcours/{parcours_id}/chronologie?limite=200{query}"
    found: list[dict[str, Any]] = (await client.get(path)).json()["elements"]
    return found


async def _mouvements(client: Client, parcours_id: str) -> list[tuple[str, str, str | None]]:
    found = (await client.get(f"/v1/parcours/{parcours_id}/mouvements-droits")).json()
    return [(one["type"], one["effet"], one["motif_sortie"]) for one in found["elements"]]


@pytest.mark.parametrize(
    ("ecart", "rouvre"),
    [
        pytest.param(0, True, id="dernier jour des douze mois"),
        pytest.param(1, False, id="un jour de trop"),
    ],
)
async def test_a_decision_opens_again_or_anew(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    parcours_id: str,
    jour: date,
    ecart: int,
    rouvre: bool,
) -> None:
    """Planted: the delay not looked at, then the last parcours not looked for, red."""
    avant = await _lire(client, parcours_id)
    await _clore(client, parcours_id, jour)
    retour = jour.replace(year=jour.year + 1) + timedelta(days=ecart)
    decidee = await orientation.decider(
        UUID(avant["personne_id"]), type_parcours="professionnel", date_effet=str(retour)
    )

    await suivre()

    path = f"/v1/parcours?personne_id={avant['personne_id']}"
    found = (await client.get(path)).json()["elements"]
    (ouvert,) = [one for one in found if one["statut"] == "ouvert"]
    assert (ouvert["id"] == parcours_id) is rouvre
    assert ouvert["orientation_id"] == decidee["id"]
    feed = (await client.get("/v1/changements")).json()["elements"]
    if rouvre:
        read = await _lire(client, parcours_id)
        assert (read["date_cloture"], read["motif_cloture"]) == (None, None)
        assert [(one["date_debut"], one["date_fin"]) for one in read["periodes"]] == [
            ("2026-03-09", str(jour)),
            (str(retour), None),
        ]
        assert feed[-1]["type"] == "parcours.parcours.rouvert"
        assert feed[-1]["version"] == read["version"] == avant["version"] + 2
        (returned,) = (await client.get(f"/v1/parcours/{parcours_id}/reouvertures")).json()[
            "elements"
        ]
        assert (returned["origine"], returned["motif_sortie"]) == ("decision", "autre")
        assert returned["commentaire_sortie"] == "Départ annoncé"
    else:
        assert ouvert["parcours_precedent_id"] == parcours_id
        assert (await _lire(client, parcours_id))["statut"] == "clos"


async def test_a_return_by_the_door_keeps_the_whole_history(
    client: Client, orientation: Orientation, suivre: Suivre, parcours_id: str, horloge: Horloge
) -> None:
    """What was told before of the exit is told after, word for word; the gap belongs to nobody.

    Planted: the exit left out of the timeline once the parcours is open, red; the gap followed by
    the old organisme, red.
    """
    sortie = horloge().date()
    await _clore(client, parcours_id, sortie)
    before = await _chronologie(client, parcours_id)
    horloge.avancer(timedelta(days=90))
    retour = horloge().date()

    rouvert = await _rouvrir(client, parcours_id, retour)

    assert (rouvert.status_code, rouvert.headers["ETag"]) == (201, '"3"'), rouvert.text
    read = await _lire(client, parcours_id)
    assert rouvert.json() == {nom: read[nom] for nom in rouvert.json()}
    (retour_lu,) = (await client.get(f"/v1/parcours/{parcours_id}/reouvertures")).json()["elements"]
    assert retour_lu["origine"] == "demande"
    assert (read["statut"], read["version"]) == ("ouvert", 3)
    after = await _chronologie(client, parcours_id)
    assert [one["type"] for one in after] == ["parcours_rouvert", *(one["type"] for one in before)]
    assert [one for one in after if one["type"] != "parcours_rouvert"] == before
    assert await _chronologie(client, parcours_id, f"&au={sortie}") == before
    for jour, suivi in (
        (sortie - timedelta(days=1), True),
        (sortie, False),
        (retour - timedelta(days=1), False),
        (retour, True),
    ):
        path = f"/v1/parcours/{parcours_id}/suivi?au={jour}"
        found = (await client.get(path)).json()
        assert (found["organisme_referent_id"] is not None) is suivi, jour
    # A second exit is another line; it cannot be dated in the gap.
    early = await client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "retraite", "date_sortie": str(retour - timedelta(days=1))},
        version=3,
    )
    assert early.status_code == 422
    await _clore(client, parcours_id, retour)
    ids = [one["id"] for one in await _chronologie(client, parcours_id)]
    assert len(ids) == len(set(ids)) == len(after) + 1
    # And a return from there, by a decision, moves nothing of what was told.
    told = await _chronologie(client, parcours_id)
    await orientation.decider(UUID(read["personne_id"]), date_effet=str(retour))
    await suivre()
    again = await _chronologie(client, parcours_id)
    assert [one for one in again if one in told] == told


async def test_what_a_return_refuses(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    parcours_id: str,
    horloge: Horloge,
) -> None:
    jour = horloge().date()
    ouvert = await _rouvrir(client, parcours_id, jour)
    assert (ouvert.status_code, ouvert.json()["statut_actuel"]) == (409, "ouvert")
    avant = await _lire(client, parcours_id)
    await _clore(client, parcours_id, jour)
    assert (await _rouvrir(client, parcours_id, jour, version=1)).status_code == 412
    future = await _rouvrir(client, parcours_id, jour + timedelta(days=1))
    assert future.json()["erreurs"][0]["pointeur"] == "/date_reouverture"
    found = orientation.orientations[avant["orientation_id"]]
    found["statut"] = "cloturee"
    assert (await _rouvrir(client, parcours_id, jour)).status_code == 409
    found["statut"] = "ouverte"
    horloge.avancer(timedelta(days=366))
    late = await _rouvrir(client, parcours_id, horloge().date())
    assert late.json()["date_limite_retour"] == "2027-07-01"
    # Declared late, it is still in time.
    assert (await _rouvrir(client, parcours_id, date(2027, 7, 1))).status_code == 201
    await _clore(client, parcours_id, date(2027, 7, 1))
    await orientation.decider(UUID(avant["personne_id"]), date_effet="2028-08-01")
    await suivre()
    autre = await _rouvrir(client, parcours_id, date(2027, 7, 1))
    assert "autre parcours ouvert" in autre.json()["detail"]


async def test_an_exit_for_a_handicap_is_of_health(
    client: Client, connecter: Connecter, parcours_id: str, jour: date
) -> None:
    """Told without its scope as another end of the right; written with it only."""
    ordinaire = connecter("parcours", ORDINAIRES)
    chemin = f"/v1/parcours/{parcours_id}"
    sortie = {"motif": "aah", "date_sortie": str(jour), "commentaire": "Accord de la MDPH"}

    refuse = await ordinaire.post(f"{chemin}/clotures", sortie, version=1)
    clos = await client.post(f"{chemin}/clotures", sortie, version=1)

    assert (refuse.status_code, refuse.json()["code"]) == (403, "donnee-sante-interdite")
    assert clos.json()["motif_cloture"] == "aah"
    assert (await _rouvrir(client, parcours_id, jour, version=2)).status_code == 201
    encore = await client.post(f"{chemin}/clotures", sortie, version=3)
    assert encore.status_code == 201, encore.text
    for lecteur, motif, commentaire in (
        (client, "aah", sortie["commentaire"]),
        (ordinaire, "radie_autre_motif", None),
    ):
        lus = [
            (await lecteur.get(chemin)).json(),
            (await lecteur.get("/v1/parcours")).json()["elements"][0],
        ]
        assert [un["motif_cloture"] for un in lus] == [motif] * 2
        (retour,) = (await lecteur.get(f"{chemin}/reouvertures")).json()["elements"]
        assert (retour["motif_sortie"], retour["commentaire_sortie"]) == (motif, commentaire)


async def test_one_return_of_many(client: Client, parcours_id: str, jour: date) -> None:
    await _clore(client, parcours_id, jour)
    answers = await ensemble(
        client, *(_rouvrir(client, parcours_id, jour, version=2) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]


async def test_a_closed_right_closes_no_parcours(
    client: Client, orientation: Orientation, suivre: Suivre, parcours_id: str
) -> None:
    """Told twice it is written once; a mutation is a transfer; a suspension is nothing."""
    parcours = await _lire(client, parcours_id)
    personne_id = parcours["personne_id"]
    clos = await orientation.mouvoir("droit_clos", personne_id, motif="MUT")
    await orientation.mouvoir("droit_suspendu", personne_id)
    await suivre()
    await orientation.redire(clos, "orientation.mouvement.droit_clos")
    await orientation.mouvoir("droit_clos", str(UUID(int=7)), motif="ECH")

    await suivre()

    assert await _mouvements(client, parcours_id) == [
        ("droit_clos", "transfert", "droit_clos_mutation")
    ]
    read = await _lire(client, parcours_id)
    assert (read["statut"], read["version"]) == ("ouvert", parcours["version"] + 1)
    types = [one["type"] for one in await _chronologie(client, parcours_id)]
    assert types[0] == "mouvement_droit_clos"


async def test_a_death_is_of_the_last_parcours(
    client: Client, orientation: Orientation, suivre: Suivre, parcours_id: str, jour: date
) -> None:
    personne_id = (await _lire(client, parcours_id))["personne_id"]
    await _clore(client, parcours_id, jour)
    await orientation.mouvoir("deces", personne_id)
    await suivre()
    assert await _mouvements(client, parcours_id) == [("deces", "sortie_droit", "deces")]
    assert (await _lire(client, parcours_id))["statut"] == "clos"


@pytest.mark.parametrize("type_", ["droit_ouvert", "droit_transfere"])
@pytest.mark.parametrize(
    ("ecart", "fait"),
    [
        pytest.param(0, "retour_propose", id="dernier jour des douze mois"),
        pytest.param(1, "droit_change", id="un jour de trop"),
        pytest.param(None, "droit_change", id="parcours ouvert"),
    ],
)
async def test_a_right_that_opens_again_proposes_a_return(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    parcours_id: str,
    jour: date,
    type_: str,
    ecart: int | None,
    fait: str,
) -> None:
    """It opens no parcours: a decision does, or who closed it. Of who has none, nothing is kept.

    Planted: the openings not followed; proposed past the delay: red.
    """
    personne_id = (await _lire(client, parcours_id))["personne_id"]
    flux = jour
    if ecart is not None:
        await _clore(client, parcours_id, jour)
        flux = jour.replace(year=jour.year + 1) + timedelta(days=ecart)
    avant = await _lire(client, parcours_id)
    foyer = [personne_id, str(uuid4())]
    mouvement = await orientation.mouvoir(type_, *foyer, date_reference=str(flux))

    await suivre()
    await orientation.redire(mouvement, f"orientation.mouvement.{type_}")
    await suivre()

    assert await _mouvements(client, parcours_id) == [(type_, "entree_droit", None)]
    read = await _lire(client, parcours_id)
    assert (read["statut"], read["version"]) == (avant["statut"], avant["version"] + 1)
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert (feed[-1]["type"], feed[-1]["version"]) == (
        f"parcours.parcours.{fait}",
        read["version"],
    )
    assert f"mouvement_{type_}" in [one["type"] for one in await _chronologie(client, parcours_id)]


async def test_a_movement_leaves_the_past_of_an_old_exit(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
    jour: date,
) -> None:
    """Closed before `cloture_le` was kept, it was known of when the row last changed.

    Planted: `cloture_le` left empty by a movement, red.
    """
    personne_id = (await _lire(client, parcours_id))["personne_id"]
    await _clore(client, parcours_id, jour)
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text(
                "UPDATE parcours SET cloture_le = NULL, modifie_le = :instant"
                " WHERE collectivite = :collectivite AND id = :id"
            ),
            {"instant": datetime(2026, 7, 1, 6, tzinfo=UTC), "id": UUID(parcours_id)},
        )
    before = await _chronologie(client, parcours_id, f"&connu_au={jour}")
    assert "parcours_clos" in [one["type"] for one in before]

    await orientation.mouvoir("droit_clos", personne_id, motif="ECH")
    await suivre()

    assert await _mouvements(client, parcours_id)
    assert await _chronologie(client, parcours_id, f"&connu_au={jour}") == before


async def test_a_return_waits_for_a_decision_that_opens_another(
    client: Client,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
    jour: date,
) -> None:
    """Planted: the other parcours looked for by the statement that waits, red."""
    await _clore(client, parcours_id, jour)
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        keys = {"id": UUID(parcours_id), "autre": uuid4()}
        await tx.execute(
            text(
                "SELECT id FROM parcours WHERE collectivite = :collectivite AND id = :id FOR UPDATE"
            ),
            {"id": keys["id"]},
        )
        retour = asyncio.create_task(_rouvrir(client, parcours_id, jour, version=2))
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with asyncio.timeout(10):
            while not (await tx.execute(waits)).scalar_one():
                await asyncio.sleep(0.01)
        await tx.execute(
            text(
                "INSERT INTO parcours (collectivite, id, personne_id, statut, date_ouverture,"
                " orientation_id, type_parcours, organisme_referent_id)"
                " SELECT collectivite, :autre, personne_id, 'ouvert', date_ouverture,"
                " :autre, type_parcours, organisme_referent_id"
                " FROM parcours WHERE collectivite = :collectivite AND id = :id"
            ),
            keys,
        )
    answer = await retour
    assert answer.status_code == 409, answer.text
    assert "autre parcours ouvert" in answer.json()["detail"]


async def test_out_of_droits_et_devoirs_the_contract_is_owed_no_more(
    client: Client, orientation: Orientation, suivre: Suivre
) -> None:
    """The accompaniment stays. Planted: the deadline of the contract kept, red."""
    decidee = await orientation.decider()
    await orientation.notifier(decidee, "2026-06-15")
    await suivre()
    (parcours,) = (await client.get(f"/v1/parcours?personne_id={decidee['personne_id']}")).json()[
        "elements"
    ]

    async def dues() -> list[str]:
        found = (await client.get("/v1/echeances")).json()["elements"]
        return [one["code"] for one in found]

    assert await dues() == ["contrat_engagement"]
    await orientation.mouvoir("sortie_droits_devoirs", decidee["personne_id"])
    await suivre()
    read = await _lire(client, parcours["id"])
    assert (read["statut"], read["date_sortie_droits_devoirs"]) == ("ouvert", "2026-06-30")
    assert await dues() == []
    await orientation.mouvoir("entree_droits_devoirs", decidee["personne_id"])
    await suivre()
    assert (await _lire(client, parcours["id"]))["date_sortie_droits_devoirs"] is None
    assert await dues() == ["contrat_engagement"]


async def test_an_annulled_decision_leaves_no_empty_parcours(
    client: Client, orientation: Orientation, suivre: Suivre, parcours_id: str, jour: date
) -> None:
    """Planted: the fact not followed, red."""
    parcours = await _lire(client, parcours_id)
    decidee = orientation.orientations[parcours["orientation_id"]]
    decidee["annulation_id"] = str(UUID(int=3))
    await orientation.redire(decidee, ANNULATION)

    await suivre()

    read = await _lire(client, parcours_id)
    assert (read["statut"], read["motif_cloture"]) == ("clos", "decision_annulee")
    assert read["date_cloture"] == str(jour)
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert feed[-1]["type"] == "parcours.parcours.clos"
    # Told again, nothing.
    await orientation.redire(decidee, ANNULATION)
    await suivre()
    assert (await _lire(client, parcours_id))["version"] == read["version"]


async def test_where_something_was_done_an_annulled_decision_closes_nothing(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    observer: Observer,
    parcours_id: str,
) -> None:
    """Planted: the content not looked for, red."""
    assert (await observer()).status_code == 201
    parcours = await _lire(client, parcours_id)
    await orientation.redire(orientation.orientations[parcours["orientation_id"]], ANNULATION)
    with capture_logs() as logs:
        await suivre()
    assert (await _lire(client, parcours_id))["statut"] == "ouvert"
    assert [one["parcours_id"] for one in logs if one["event"] == "parcours_de_decision_annulee"]


async def test_an_annulled_reorientation_keeps_the_parcours(
    client: Client, orientation: Orientation, suivre: Suivre, parcours_id: str
) -> None:
    parcours = await _lire(client, parcours_id)
    suite = await orientation.decider(UUID(parcours["personne_id"]), date_effet="2026-05-04")
    await suivre()
    await orientation.redire(suite, ANNULATION)
    await suivre()
    assert (await _lire(client, parcours_id))["statut"] == "ouvert"
