"""A diagnostic of France Travail received and told: what it says of freins, and of health."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Observer
from tests.conftest import Client, Connecter

AGENT = {"id": "ertc8250", "nom": "Dupont", "prenom": "Fernande"}


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


def _le(jour: date) -> str:
    return f"{jour}T09:30:00.000+02:00"


def _contrainte(code: str, jour: date | None, valeur: str = "OUI", **champs: Any) -> dict[str, Any]:
    return {
        "code": code,
        "valeur": valeur,
        "dateExploration": _le(jour) if jour else None,
        "estPrioritaire": False,
        "impact": "FORT",
        "situations": [],
        "objectifs": [],
        **champs,
    }


def _dossier(jour: date, *contraintes: dict[str, Any]) -> dict[str, Any]:
    return {
        "besoinsParDiagnostic": [
            {
                "diagnostic": {
                    "idDiagnostic": "uuid123",
                    "codeTypologie": "MR",
                    "codeRome": "F1204",
                    "codeAppellation": None,
                    "statut": "EN_COURS",
                    "estPrioritaire": True,
                    "nomMetier": "Boulanger",
                },
                "thematiquesBesoins": [
                    {"code": "2", "besoins": [{"code": "5", "valeur": "BESOIN", "agent": None}]}
                ],
            }
        ],
        "thematiqueContrainte": {
            "agent": AGENT,
            "dateExploration": _le(jour),
            "declareSansContrainte": {"flag": False, "date": None},
            "contraintes": list(contraintes),
        },
        "pouvoirAgir": {"confiance": "OUI", "accompagnement": "NON", "resultatAnalyse": "Bon"},
    }


async def _recevoir(
    client: Client, parcours_id: str, dossier: dict[str, Any], remplace_id: str | None = None
) -> Any:
    demande = {"dossier": dossier} | ({"remplace_id": remplace_id} if remplace_id else {})
    return await client.post(f"/v1/parcours/{parcours_id}/diagnostic-france-travail", demande)


async def _exporter(client: Client, parcours_id: str) -> Any:
    return await client.get(f"/v1/parcours/{parcours_id}/diagnostic-france-travail")


async def test_what_came_is_told_again(client: Client, parcours_id: str, hier: date) -> None:
    dossier = _dossier(
        hier,
        _contrainte("23", hier, situations=[{"code": "6", "valeur": "OUI", "agent": AGENT}]),
        _contrainte("25", hier, impact="FAIBLE"),
        _contrainte("27", None, "NON_ABORDEE"),
    )

    recu = await _recevoir(client, parcours_id, dossier)
    exporte = await _exporter(client, parcours_id)

    assert recu.status_code == 201, recu.text
    assert recu.json()["ecarts"] == []
    diagnostic = recu.json()["diagnostic"]
    assert (diagnostic["agent"], diagnostic["date_diagnostic"]) == ("ertc8250", str(hier))
    assert exporte.json()["dossier"] == dossier
    assert exporte.json()["recu_de_france_travail"] is True
    freins = (await client.get(f"/v1/freins?parcours_id={parcours_id}")).json()["elements"]
    assert {(un["code"], un["niveau"]) for un in freins} == {
        ("mobilite", "fort"),
        ("sante", "moyen"),
    }
    frein_id = next(un["id"] for un in freins if un["code"] == "mobilite")
    observations = (await client.get(f"/v1/freins/{frein_id}/niveaux")).json()["elements"]
    assert [un["source"] for un in observations] == ["france_travail"]


async def test_a_lifted_frein_is_told_over(
    client: Client, parcours_id: str, hier: date, jour: date
) -> None:
    """The document follows what happened since: OUI, then CLOTUREE.

    Planted: the document rendered as it came, red.
    """
    await _recevoir(client, parcours_id, _dossier(hier, _contrainte("23", hier)))
    frein = (await client.get(f"/v1/freins?parcours_id={parcours_id}")).json()["elements"][0]
    leve = await client.post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "decision_referent", "date_levee": str(jour), "commentaire": "Permis"},
        version=frein["version"],
    )

    dossier = (await _exporter(client, parcours_id)).json()["dossier"]

    assert leve.status_code == 201, leve.text
    (contrainte,) = dossier["thematiqueContrainte"]["contraintes"]
    assert contrainte["valeur"] == "CLOTUREE"


async def test_an_older_word_undoes_nothing(
    client: Client, parcours_id: str, hier: date, jour: date, observer: Observer
) -> None:
    """A frein lifted today is not taken up by an exploration of yesterday: it is said."""
    frein = (await observer("mobilite", niveau="fort")).json()
    await client.post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "decision_referent", "date_levee": str(jour), "commentaire": "Permis"},
        version=frein["version"],
    )
    encore = (await observer("logement", niveau="fort")).json()
    dossier = _dossier(hier, _contrainte("23", hier), _contrainte("27", hier, "CLOTUREE"))

    recu = (await _recevoir(client, parcours_id, dossier)).json()

    assert {(un["frein"], un["contrainte"]) for un in recu["ecarts"]} == {
        ("mobilite", "23"),
        ("logement", "27"),
    }
    ouverts = await client.get(f"/v1/freins?parcours_id={parcours_id}&statut=ouvert")
    assert [un["id"] for un in ouverts.json()["elements"]] == [encore["id"]]


async def test_our_own_words_come_back_without_effect(
    client: Client, parcours_id: str, hier: date, observer: Observer
) -> None:
    """Our export received again observes nothing: an echo is no news."""
    frein = (await observer("mobilite", niveau="sans_impact")).json()
    signe = await client.post(
        f"/v1/parcours/{parcours_id}/diagnostics", {"date_diagnostic": str(hier), "agent": "a-1"}
    )
    exporte = (await _exporter(client, parcours_id)).json()
    assert exporte["recu_de_france_travail"] is False
    dossier = exporte["dossier"]
    dossier["thematiqueContrainte"] |= {"agent": AGENT, "dateExploration": _le(hier)}

    recu = await _recevoir(client, parcours_id, dossier, signe.json()["id"])

    assert recu.status_code == 201, recu.text
    assert (await client.get(f"/v1/freins/{frein['id']}")).json()["version"] == frein["version"]


async def test_without_the_health_scope_there_is_no_trace(
    client: Client,
    connecter: Connecter,
    services: Mapping[str, Service],
    parcours_id: str,
    hier: date,
    ouverte: str,
) -> None:
    """The document is the one that it would be without the contrainte of health, but for a day.

    Planted: the whole document kept and rendered to all, red.
    """
    autre = connecter("parcours", ORDINAIRES)
    dossier = _dossier(hier, _contrainte("23", hier), _contrainte("25", hier))
    sans = _dossier(hier, _contrainte("23", hier))

    refuse = await _recevoir(autre, parcours_id, dossier)
    await _recevoir(client, parcours_id, dossier)
    lu = await _exporter(autre, parcours_id)

    assert (refuse.status_code, refuse.json()["code"]) == (403, "donnee-sante-interdite")
    assert lu.json()["dossier"] == sans
    assert lu.json()["champs_masques"] == ["contrainte_25"]
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        lus = await tx.execute(text("SELECT dossier FROM diagnostic_france_travail"))
        scelle: bytes = lus.scalar_one()
    clair = service.coffre.ouvrir(scelle, "diagnostic_france_travail.dossier")
    assert b'"23"' in clair
    assert b'"25"' not in clair


async def test_health_not_explored_needs_no_scope(
    connecter: Connecter, parcours_id: str, hier: date
) -> None:
    autre = connecter("parcours", ORDINAIRES)
    vide = _contrainte("25", None, "NON_ABORDEE", impact="NON_RENSEIGNE")

    recu = await _recevoir(autre, parcours_id, _dossier(hier, vide))

    assert recu.status_code == 201, recu.text


@pytest.mark.parametrize(
    ("decalage", "statut"),
    [
        pytest.param(0, 201, id="le jour du courant"),
        pytest.param(-1, 422, id="la veille"),
        pytest.param(2, 422, id="demain"),
    ],
)
async def test_an_older_document_supersedes_nothing(
    client: Client, parcours_id: str, hier: date, decalage: int, statut: int
) -> None:
    signe = await client.post(
        f"/v1/parcours/{parcours_id}/diagnostics", {"date_diagnostic": str(hier), "agent": "a-1"}
    )
    dossier = _dossier(hier + timedelta(days=decalage))

    recu = await _recevoir(client, parcours_id, dossier, signe.json()["id"])

    assert recu.status_code == statut, recu.text


async def test_what_is_not_read_is_not_superseded(
    client: Client, parcours_id: str, hier: date
) -> None:
    await _recevoir(client, parcours_id, _dossier(hier))

    encore = await _recevoir(client, parcours_id, _dossier(hier))
    ailleurs = await _recevoir(client, str(uuid4()), _dossier(hier))

    assert (encore.status_code, encore.json()["code"]) == (409, "transition-interdite")
    assert ailleurs.status_code == 404


async def test_nothing_signed_is_not_told(client: Client, parcours_id: str) -> None:
    assert (await _exporter(client, parcours_id)).status_code == 404


async def test_an_objective_that_they_ended_is_ended(
    client: Client, parcours_id: str, hier: date, observer: Observer
) -> None:
    """Found by its label, ended by them, and told as ended; the frein stays open."""
    frein = (await observer("mobilite")).json()
    vise = await client.post(
        f"/v1/freins/{frein['id']}/objectifs",
        {
            "libelle": "Accéder à un véhicule",
            "statut": "en_cours",
            "date_etat": str(hier),
            "source": "referent",
        },
    )
    assert vise.status_code == 201, vise.text
    clos = {
        "code": "29",
        "libelle": "Acceder à  un véhicule",
        "valeur": "REALISE",
        "dateExploration": _le(hier),
        "agent": AGENT,
    }
    dossier = _dossier(hier, _contrainte("23", hier, objectifs=[clos]))

    recu = await _recevoir(client, parcours_id, dossier)

    assert recu.status_code == 201, recu.text
    lu = (await client.get(f"/v1/objectifs/{vise.json()['id']}")).json()
    etats = (await client.get(f"/v1/objectifs/{lu['id']}/etats")).json()["elements"]
    assert (lu["statut"], [un["source"] for un in etats]) == (
        "realise",
        ["france_travail", "referent"],
    )
    assert (await client.get(f"/v1/freins/{frein['id']}")).json()["date_fin"] is None
    assert (await _exporter(client, parcours_id)).json()["dossier"] == dossier


async def test_an_objective_that_they_ended_without_a_day_is_told(
    client: Client, parcours_id: str, hier: date, observer: Observer
) -> None:
    """It stays as it is here: the difference is said.

    Planted: no difference said, red.
    """
    frein = (await observer("mobilite")).json()
    vise = await client.post(
        f"/v1/freins/{frein['id']}/objectifs",
        {
            "libelle": "Accéder à un véhicule",
            "statut": "en_cours",
            "date_etat": str(hier),
            "source": "referent",
        },
    )
    assert vise.status_code == 201, vise.text
    clos = {"code": "29", "libelle": "Accéder à un véhicule", "valeur": "REALISE"}
    dossier = _dossier(hier, _contrainte("23", hier, objectifs=[clos]))

    recu = await _recevoir(client, parcours_id, dossier)

    motif = "Objectif clos sans date, a venir, ou avant notre dernier etat"
    assert [un["motif"] for un in recu.json()["ecarts"]] == [motif]
    lu = await client.get(f"/v1/objectifs/{vise.json()['id']}")
    assert lu.json()["statut"] == "en_cours"


async def test_an_objective_of_ours_is_told(
    client: Client, parcours_id: str, hier: date, observer: Observer
) -> None:
    """Written in their words, from a diagnostic of ours."""
    frein = (await observer("logement")).json()
    await client.post(
        f"/v1/freins/{frein['id']}/objectifs",
        {
            "libelle": "Changer de logement",
            "statut": "en_cours",
            "date_etat": str(hier),
            "source": "referent",
        },
    )
    await client.post(
        f"/v1/parcours/{parcours_id}/diagnostics", {"date_diagnostic": str(hier), "agent": "a-1"}
    )

    dossier = (await _exporter(client, parcours_id)).json()["dossier"]

    (contrainte,) = [
        un for un in dossier["thematiqueContrainte"]["contraintes"] if un["code"] == "27"
    ]
    assert (contrainte["valeur"], contrainte["impact"]) == ("OUI", "FORT")
    dits = {un["libelle"]: un["valeur"] for un in contrainte["objectifs"]}
    assert dits["Changer de logement"] == "EN_COURS"
    assert dits["Accéder à un logement"] == "NON_ABORDE"
