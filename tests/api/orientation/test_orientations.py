"""From criteria to a decision that explains itself, through the door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from services.orientation import tables
from services.orientation.orientations import proposition, queries
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE, Dossier, criteres
from tests.conftest import Client, Connecter


async def propose(client: Client, orientation: dict[str, Any], **changes: str) -> dict[str, Any]:
    answer = await client.post(
        f"/v1/orientations/{orientation['id']}/criteres",
        criteres(**changes),
        version=orientation["version"],
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_decision_accepts_what_the_rules_proposed(client: Client, ouvrir: Dossier) -> None:
    orientation = await ouvrir()

    proposal = await propose(client, orientation)

    assert (proposal["regle"], proposal["type_parcours"]) == ("P5", "professionnel")
    assert "La règle P5 propose le parcours professionnel." in proposal["explication"]["texte"]
    decided = await client.post(
        f"/v1/orientations/{orientation['id']}/decisions", {"etat_decision": "acceptee"}, version=2
    )
    assert decided.status_code == 201, decided.text
    assert decided.headers["ETag"] == '"3"'
    decision = decided.json()
    assert decision["regle_competence"] == "C1"
    assert decision["organisme_referent_id"] == proposal["organisme_referent_id"]
    read = (await client.get(f"/v1/orientations/{orientation['id']}")).json()
    assert (read["statut"], read["decision_id"]) == ("ouverte", decision["id"])
    assert (await client.get(decided.headers["Location"])).json() == decision


async def test_a_refusal_takes_the_deciders_own_choice(client: Client, ouvrir: Dossier) -> None:
    orientation = await ouvrir()
    await propose(client, orientation)
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    cd = next(one for one in organismes if one["type"] == "conseil_departemental")

    decided = await client.post(
        f"/v1/orientations/{orientation['id']}/decisions",
        {
            "etat_decision": "refusee",
            "motif_refus": "appreciation_differente",
            "type_parcours": "social",
            "organisme_referent_id": cd["id"],
        },
        version=2,
    )

    assert decided.status_code == 201, decided.text
    assert decided.json()["type_parcours"] == "social"


async def test_missing_criteria_leave_a_draft_that_says_what_is_missing(
    client: Client, ouvrir: Dossier
) -> None:
    orientation = await ouvrir()

    partial = criteres() | {"criteres": [{"champ": "niveau_etude", "valeur": "NV4"}]}
    proposal = (
        await client.post(f"/v1/orientations/{orientation['id']}/criteres", partial, version=1)
    ).json()

    assert (proposal["regle"], proposal["type_parcours"]) == ("P0", None)
    assert "situation_professionnelle" in proposal["explication"]["champs_manquants"]
    refused = await client.post(
        f"/v1/orientations/{orientation['id']}/decisions", {"etat_decision": "acceptee"}, version=2
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")


async def test_criteria_come_step_by_step_and_the_latest_wins(
    client: Client, ouvrir: Dossier
) -> None:
    orientation = await ouvrir()
    await propose(client, orientation)

    later = {
        "criteres": [{"champ": "contrainte_mobilite", "valeur": "AUCUN_MOYEN_DE_TRANSPORT"}],
        "source": "personne",
        "date_recueil": "2026-01-06",
    }
    proposal = (
        await client.post(f"/v1/orientations/{orientation['id']}/criteres", later, version=2)
    ).json()

    assert (proposal["regle"], proposal["type_parcours"]) == ("P3", "socio_professionnel")
    listed = (await client.get("/v1/propositions")).json()["elements"]
    assert [one["regle"] for one in listed] == ["P3", "P5"]


async def test_only_the_competent_organisme_decides(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    """C1: before the deadline a BRSA is the département's. Planted: the check left out, red."""
    orientation = await ouvrir()
    await propose(client, orientation)
    france_travail = connecter("orientation", client_id="ft-essai")
    url = f"/v1/orientations/{orientation['id']}/decisions"

    refused = await france_travail.post(url, {"etat_decision": "acceptee"}, version=2)

    assert (refused.status_code, refused.json()["code"]) == (409, "autorite-incompetente")
    assert refused.json()["decideurs_competents"] == ["conseil_departemental"]
    nobody = connecter("orientation", client_id="inconnu")
    refused = await nobody.post(url, {"etat_decision": "acceptee"}, version=2)
    assert refused.json()["code"] == "autorite-incompetente"
    assert (await client.get(f"/v1/orientations/{orientation['id']}")).json()["version"] == 2


async def test_after_six_weeks_france_travail_decides(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    """C3. The département may still record what it decided in time."""
    before = (datetime.now(UTC) - timedelta(days=50)).isoformat().replace("+00:00", "Z")
    orientation = await ouvrir(recu_le=before)
    await propose(client, orientation)
    url = f"/v1/orientations/{orientation['id']}/decisions"

    late = await client.post(url, {"etat_decision": "acceptee"}, version=2)
    assert late.json()["decideurs_competents"] == ["france_travail"]
    taken = await connecter("orientation", client_id="ft-essai").post(
        url, {"etat_decision": "acceptee"}, version=2
    )

    assert (taken.status_code, taken.json()["regle_competence"]) == (201, "C3")
    in_time = await ouvrir(recu_le=before)
    await propose(client, in_time)
    recorded = await client.post(
        f"/v1/orientations/{in_time['id']}/decisions",
        {"etat_decision": "acceptee", "date_decision": in_time["date_limite"]},
        version=2,
    )
    assert (recorded.status_code, recorded.json()["regle_competence"]) == (201, "C1")


async def test_a_decision_is_taken_once(client: Client, ouvrir: Dossier) -> None:
    orientation = await ouvrir()
    await propose(client, orientation)
    url, cle = f"/v1/orientations/{orientation['id']}/decisions", str(uuid4())

    first = await client.post(url, {"etat_decision": "acceptee"}, version=2, cle=cle)
    again = await client.post(url, {"etat_decision": "acceptee"}, version=2, cle=cle)
    other = await client.post(url, {"etat_decision": "acceptee"}, version=3)
    stale = await client.post(url, {"etat_decision": "acceptee"}, version=2)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "orientation-deja-decidee")
    assert (stale.status_code, stale.json()["version_courante"]) == (412, 3)


async def test_a_new_decision_takes_the_place_of_the_one_in_force(
    client: Client, ouvrir: Dossier
) -> None:
    """Réorientation: at most one is open. Seen red: the second decision met the database's
    constraint, and answered 500.
    """
    first = await ouvrir()
    await propose(client, first)
    accept = {"etat_decision": "acceptee"}
    await client.post(f"/v1/orientations/{first['id']}/decisions", accept, version=2)
    body = {"personne_id": first["personne_id"]}
    second = (await client.post("/v1/orientations", body)).json()
    await propose(client, second)

    decided = await client.post(f"/v1/orientations/{second['id']}/decisions", accept, version=2)

    assert decided.status_code == 201, decided.text
    assert (await client.get(f"/v1/orientations/{first['id']}")).json()["statut"] == "cloturee"
    assert (await client.get(f"/v1/orientations/{second['id']}")).json()["statut"] == "ouverte"
    twice = await client.post("/v1/orientations", body)
    again = await client.post("/v1/orientations", body)
    assert (twice.status_code, again.status_code) == (201, 409)


@pytest.mark.parametrize(
    ("demande", "organisme", "regle"),
    [
        pytest.param("mission_locale", "mission_locale", "C4", id="C4, jeune"),
        pytest.param("cap_emploi", "cap_emploi", "C5", id="C5, BOE"),
        pytest.param(None, "france_travail", "C6", id="C6, sans demande"),
    ],
)
async def test_without_rsa_competence_follows_the_request(
    client: Client,
    connecter: Connecter,
    ouvrir: Dossier,
    demande: str | None,
    organisme: str,
    regle: str,
) -> None:
    for nom in ("mission_locale", "cap_emploi"):
        corps = {"reference": nom, "type": nom, "nom": nom, "clients": [nom]}
        await client.post("/v1/organismes-referents", corps)
    personne = PERSONNE | {"date_naissance": "2006-05-05", "beneficiaire_rsa": False}
    person = (await client.post("/v1/personnes", personne)).json()
    body = {"personne_id": person["id"]} | ({"organisme_demande": demande} if demande else {})
    orientation = (await client.post("/v1/orientations", body)).json()
    await propose(client, orientation, boe="true")
    url = f"/v1/orientations/{orientation['id']}/decisions"

    refused = await client.post(url, {"etat_decision": "acceptee"}, version=2)
    decider = "ft-essai" if organisme == "france_travail" else organisme
    decided = await connecter("orientation", client_id=decider).post(
        url, {"etat_decision": "acceptee"}, version=2
    )

    assert refused.json()["decideurs_competents"] == [organisme]
    assert (decided.status_code, decided.json()["regle_competence"]) == (201, regle)


@pytest.mark.parametrize(
    ("change", "pointeur"),
    [
        pytest.param({"date_decision": "1950-01-01"}, "/date_decision", id="avant réception"),
        pytest.param({"date_effet": "2199-12-31"}, "/date_effet", id="effet lointain"),
        pytest.param({"date_effet": "1950-01-01"}, "/date_effet", id="effet avant décision"),
    ],
)
async def test_a_decision_is_dated_within_reason(
    client: Client, ouvrir: Dossier, change: dict[str, str], pointeur: str
) -> None:
    orientation = await ouvrir()
    await propose(client, orientation)

    refused = await client.post(
        f"/v1/orientations/{orientation['id']}/decisions",
        {"etat_decision": "acceptee", **change},
        version=2,
    )

    assert refused.status_code == 422
    assert {e["code"] for e in refused.json()["erreurs"]} == {"date-incoherente"}
    assert pointeur in {e["pointeur"] for e in refused.json()["erreurs"]}


@pytest.mark.parametrize("recu_le", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"])
async def test_the_ends_of_the_calendar_are_refused(client: Client, recu_le: str) -> None:
    """Seen red: turned to UTC they overflow, and answered 500."""
    body = {"personne_id": str(uuid4()), "recu_le": recu_le}

    refused = await client.post("/v1/orientations", body)

    assert refused.status_code == 422
    assert refused.json()["erreurs"][0]["code"] == "date-attendue"


async def test_health_criteria_are_for_those_who_hold_their_scope(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    orientation = await ouvrir()
    await propose(client, orientation, contrainte_sante="IMPACT_FORT_RECHERCHE_EMPLOI")
    reader = connecter("orientation", "orientation:lire")
    url = f"/v1/orientations/{orientation['id']}"

    masked, whole = (await reader.get(url)).json(), (await client.get(url)).json()

    assert masked["champs_masques"] == ["criteres_sante"]
    assert "contrainte_sante" not in {one["champ"] for one in masked["criteres"]}
    assert whole["champs_masques"] == []
    assert "contrainte_sante" in {one["champ"] for one in whole["criteres"]}


async def test_a_proposal_replays_to_the_same_bytes(
    client: Client, ouvrir: Dossier, services: dict[str, Service], ouverte: str
) -> None:
    """Years later, the stored inputs under the stored table give what was explained."""
    await propose(client, await ouvrir(), contrainte_logement="SANS_LOGEMENT")
    service = services["orientation"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        row = (await tx.execute(select(*tables.Proposition.__table__.columns))).one()

    replayed = proposition.rejouer(row.entrees)
    assert (replayed.regle, replayed.version_regles) == (row.regle, row.version_regles)
    assert queries.as_json(vars_of(replayed.explication)) == row.explication


def vars_of(explication: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(explication)


async def test_what_was_decided_cannot_be_changed_even_by_the_service(
    client: Client, ouvrir: Dossier, services: dict[str, Service], ouverte: str
) -> None:
    """The database refuses. Planted: the trigger left out of the migration, red."""
    await propose(client, await ouvrir())
    service = services["orientation"]

    for order in ("UPDATE proposition SET regle = 'P1'", "DELETE FROM recueil_criteres"):
        with pytest.raises(DBAPIError):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.execute(text(order + " WHERE collectivite = :collectivite"))


@pytest.mark.parametrize(
    ("change", "pointeur", "code"),
    [
        pytest.param({"criteres": []}, "/criteres", "hors-bornes", id="aucun critère"),
        pytest.param(
            {"criteres": [{"champ": "inconnu", "valeur": "X"}]},
            "/criteres/0/champ",
            "code-referentiel-inconnu",
            id="champ inconnu",
        ),
        pytest.param(
            {"criteres": [{"champ": "niveau_etude", "valeur": "NV9"}]},
            "/criteres/0/valeur",
            "code-referentiel-inconnu",
            id="valeur inconnue",
        ),
        pytest.param(
            {"date_recueil": "2199-01-01"}, "/date_recueil", "date-incoherente", id="avenir"
        ),
        pytest.param({"date_recueil": 0}, "/date_recueil", "type-inattendu", id="zéro"),
        pytest.param({"statut": "ouverte"}, "/statut", "champ-inconnu", id="champ en trop"),
        pytest.param(
            {"obstacle_temporaire": "oui"}, "/obstacle_temporaire", "type-inattendu", id="oui"
        ),
    ],
)
async def test_bad_criteria_are_named_and_nothing_is_written(
    client: Client, ouvrir: Dossier, change: dict[str, Any], pointeur: str, code: str
) -> None:
    orientation = await ouvrir()

    refused = await client.post(
        f"/v1/orientations/{orientation['id']}/criteres", criteres() | change, version=1
    )

    assert refused.status_code == 422
    assert {(e["pointeur"], e["code"]) for e in refused.json()["erreurs"]} == {(pointeur, code)}
    assert (await client.get(f"/v1/orientations/{orientation['id']}")).json()["version"] == 1


async def test_deadlines_are_six_weeks_after_reception_here(
    client: Client, ouvrir: Dossier
) -> None:
    """Received at 23:30 UTC on the 4th: the 5th in Paris; orientation-rules, test vector."""
    orientation = await ouvrir(recu_le="2026-01-04T23:30:00Z")

    assert orientation["date_limite"] == "2026-02-16"
    due = (await client.get("/v1/echeances?etat=en_retard")).json()["elements"]
    assert [(one["id"], one["etat"]) for one in due] == [(orientation["id"], "en_retard")]
    assert (await client.get("/v1/echeances?etat=a_risque")).json()["elements"] == []
