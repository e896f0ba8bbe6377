"""Contrats d'engagement through the door, under decisions that the feed tells.

Nothing here leads from hours to a suspension: there is none. The slice that brings sanctions is
to prove that it stays so.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.parcours.taches import DECISION, TRAVAIL
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation, Suivre, ensemble
from tests.conftest import URLS, Client, Connecter, Reseau

NOTIFIEE = "2026-06-01"  # the clock stands on 2026-07-01: the last day of its month
ORE = {"emploi": "Aide à domicile", "zone": "Redon"}
DUE_ORE = ("ore", "2026-12-20", "a_temps")  # six months after the signature of 20 June
CONTENU: Mapping[str, Any] = {
    "engagements_organisme": {"referent_unique": "agent-7", "engagements": ["Accompagner"]},
    "engagements_personne": {"engagements": ["Participer"]},
    "plan_action": {
        "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
        "actions": [
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
            }
        ],
        "intensite": {"duree_hebdomadaire_minutes": 900},
    },
    "droits_recours": "Voies et délais de recours.",
    "periodicite_actualisation_mois": 3,
}


def _contenu(intensite: Mapping[str, Any] | None = None, **champs: Any) -> dict[str, Any]:
    plan = {**CONTENU["plan_action"], **({"intensite": dict(intensite)} if intensite else {})}
    return {**CONTENU, "plan_action": plan, **champs}


SANS_HEURES = {
    "duree_hebdomadaire_minutes": 0,
    "motif": "invalidite",
    "a_la_demande": True,
    "date_demande": "2026-06-15",
}


@dataclass(frozen=True)
class Accompagnee:
    """A person whose decision was notified, and her open parcours."""

    orientation: dict[str, Any]
    parcours_id: str


@pytest_asyncio.fixture
async def accompagnee(
    orientation: Orientation, suivre: Suivre, connecter: Connecter
) -> Accompagnee:
    """Notified in time to sign today."""
    decidee = await orientation.decider(type_parcours="professionnel")
    await orientation.notifier(decidee, NOTIFIEE)
    await suivre()
    found = await connecter("parcours").get(f"/v1/parcours?personne_id={decidee['personne_id']}")
    return Accompagnee(decidee, found.json()["elements"][0]["id"])


Etablir = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def etablir(connecter: Connecter, accompagnee: Accompagnee) -> Etablir:
    """Write a contract to sign."""
    everything = connecter("parcours")

    async def write(*args: Any, client: Client = everything, **champs: Any) -> httpx.Response:
        path = f"/v1/parcours/{accompagnee.parcours_id}/contrats-engagement"
        return await client.post(path, _contenu(*args, **champs))

    return write


async def _acte(
    client: Client, contrat: Mapping[str, Any], nom: str, corps: Mapping[str, Any]
) -> httpx.Response:
    path = f"/v1/contrats-engagement/{contrat['id']}"
    version = (await client.get(path)).json()["version"]
    return await client.post(f"{path}/{nom}", dict(corps), version=version)


async def _signer(
    client: Client, contrat: Mapping[str, Any], le: str = "2026-07-01"
) -> httpx.Response:
    for signataire in ("organisme", "personne"):
        corps = {"signataire": signataire, "date_signature": le}
        answer = await _acte(client, contrat, "signatures", corps)
    return answer


async def _lire(client: Client, contrat: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/contrats-engagement/{contrat['id']}")).json()
    return found


async def _faits(client: Client) -> list[str]:
    feed = (await client.get("/v1/changements")).json()["elements"]
    prefix = "parcours.contrat_engagement."
    return [one["type"].removeprefix(prefix) for one in feed if one["type"].startswith(prefix)]


async def _echeances(client: Client, query: str = "") -> list[tuple[str, str, str]]:
    found = (await client.get(f"/v1/echeances?tri=date_limite{query}")).json()["elements"]
    return [(one["code"], one["date_limite"], one["etat"]) for one in found]


async def test_a_contract_is_written_then_signed_by_both(
    connecter: Connecter, etablir: Etablir, accompagnee: Accompagnee
) -> None:
    client = connecter("parcours")

    written = await etablir()

    assert (written.status_code, written.headers["ETag"]) == (201, '"1"'), written.text
    contrat = written.json()
    assert (contrat["statut"], contrat["parcours_id"]) == ("a_signer", accompagnee.parcours_id)
    assert contrat["personne_id"] == accompagnee.orientation["personne_id"]
    assert (contrat["date_limite"], contrat["etat_echeance"]) == (
        NOTIFIEE[:5] + "07-01",
        "a_risque",
    )
    referent = contrat["version_courante"]["engagements_organisme"]["referent_unique"]
    assert referent == {
        "reference": "agent-7",
        "organisme_referent_id": accompagnee.orientation["organisme_referent_id"],
    }
    first = await _acte(
        client,
        contrat,
        "signatures",
        {"signataire": "organisme", "date_signature": "2026-06-20"},
    )
    assert (first.status_code, first.json()["statut"]) == (201, "en_attente_signature"), first.text
    assert first.json()["date_signature"] is None
    second = await _acte(
        client, contrat, "signatures", {"signataire": "personne", "date_signature": "2026-06-30"}
    )
    signed = second.json()
    assert (signed["statut"], signed["date_signature"]) == ("signe", "2026-06-30")
    assert signed["etat_echeance"] == "respectee"
    assert await _lire(client, contrat) == signed
    (listed,) = (await client.get("/v1/contrats-engagement?statut=signe")).json()["elements"]
    assert {**listed, "version_courante": signed["version_courante"]} == signed
    assert await _faits(client) == ["etabli", "signature_enregistree", "signe"]


async def test_late_is_admitted_and_flagged(
    connecter: Connecter, etablir: Etablir, horloge: Horloge
) -> None:
    """One day after the month."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    horloge.avancer(timedelta(days=1))
    assert (await _lire(client, contrat))["etat_echeance"] == "en_retard"

    signed = (await _signer(client, contrat, "2026-07-02")).json()

    assert (signed["statut"], signed["etat_echeance"]) == ("signe", "depassee")


@pytest.mark.parametrize(
    "le",
    [pytest.param("2026-05-31", id="la veille"), pytest.param("2026-07-02", id="demain")],
)
async def test_a_signature_follows_the_notification(
    connecter: Connecter, etablir: Etablir, le: str
) -> None:
    contrat = (await etablir()).json()

    refused = await _acte(
        connecter("parcours"),
        contrat,
        "signatures",
        {"signataire": "personne", "date_signature": le},
    )

    assert refused.status_code == 422
    assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [
        ("/date_signature", "date-incoherente")
    ]


async def test_a_party_signs_once(connecter: Connecter, etablir: Etablir) -> None:
    client = connecter("parcours")
    contrat = (await etablir()).json()
    signature = {"signataire": "personne", "date_signature": "2026-07-01"}
    await _acte(client, contrat, "signatures", signature)

    again = await _acte(client, contrat, "signatures", signature)

    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")


async def test_a_refusal_may_become_a_signature(connecter: Connecter, etablir: Etablir) -> None:
    client = connecter("parcours")
    contrat = (await etablir()).json()

    refused = await _acte(client, contrat, "refus", {"date_refus": "2026-06-20", "motif": "Trop"})
    assert (refused.status_code, refused.json()["statut"]) == (201, "refuse")
    signed = await _signer(client, contrat)

    assert signed.json()["statut"] == "signe"
    actes = (await client.get(f"/v1/contrats-engagement/{contrat['id']}/actes")).json()["elements"]
    assert [one["type"] for one in actes] == ["signature", "signature", "refus"]
    assert actes[-1]["motif"] == "Trop"


async def test_what_the_person_refused_is_not_signed_by_the_organisme(
    connecter: Connecter, etablir: Etablir
) -> None:
    """Who signed, then refused, signs again. Planted: signatures before the refusal
    counted, red.
    """
    client = connecter("parcours")
    contrat = (await etablir()).json()
    personne = {"signataire": "personne", "date_signature": "2026-07-01"}
    organisme = {**personne, "signataire": "organisme"}
    await _acte(client, contrat, "signatures", personne)
    await _acte(client, contrat, "refus", {"date_refus": "2026-07-01"})

    alone = await _acte(client, contrat, "signatures", organisme)
    assert (alone.status_code, alone.json()["statut"]) == (201, "refuse"), alone.text
    signed = await _acte(client, contrat, "signatures", personne)

    assert signed.json()["statut"] == "signe", signed.text
    assert (await _faits(client))[-2:] == ["signature_enregistree", "signe"]


async def test_a_person_has_one_contract(connecter: Connecter, etablir: Etablir) -> None:
    """Planted: neither the unique index nor its ON CONFLICT, several were written."""
    client = connecter("parcours")

    answers = await ensemble(client, *(etablir() for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4
    (listed,) = (await client.get("/v1/contrats-engagement")).json()["elements"]
    refused = await etablir()
    assert (refused.json()["code"], refused.json()["contrat_id"]) == (
        "transition-interdite",
        listed["id"],
    )


@pytest.mark.parametrize(
    ("champs", "statut", "nature"),
    [
        pytest.param({}, "signe", "actualisation", id="rien d'essentiel"),
        pytest.param(
            {
                "engagements_organisme": {
                    "referent_unique": "agent-8",
                    "engagements": ["Accompagner"],
                }
            },
            "signe",
            "actualisation",
            id="un autre référent",
        ),
        pytest.param({"offre_raisonnable_emploi": ORE}, "a_signer", "avenant", id="l'ORE"),
        pytest.param(
            {"plan_action": _contenu({"duree_hebdomadaire_minutes": 1200})["plan_action"]},
            "a_signer",
            "avenant",
            id="les heures",
        ),
    ],
)
async def test_only_an_essential_change_is_signed_again(
    connecter: Connecter, etablir: Etablir, champs: dict[str, Any], statut: str, nature: str
) -> None:
    """Versions are all kept. Planted: `apres_revision` that always keeps what is signed, red."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    signed = (await _signer(client, contrat)).json()

    revised = await _acte(client, contrat, "revisions", _contenu(motif="Le plan avance", **champs))

    assert (revised.status_code, revised.json()["statut"]) == (201, statut), revised.text
    assert revised.json()["version_courante"]["nature"] == nature
    kept = signed["date_signature"] if statut == "signe" else None
    assert revised.json()["date_signature"] == kept
    # The month is over: an avenant opens no other.
    assert revised.json()["etat_echeance"] == "respectee"
    path = f"/v1/contrats-engagement/{contrat['id']}/revisions"
    versions = (await client.get(path)).json()["elements"]
    assert [one["rang"] for one in versions] == [2, 1]
    assert versions[1] == signed["version_courante"]


async def test_a_version_is_never_overwritten(
    services: Mapping[str, Service], etablir: Etablir, ouverte: str
) -> None:
    await etablir()
    service = services["parcours"]
    for order in ("UPDATE revision_contrat SET rang = 9", "DELETE FROM revision_contrat"):
        statement = text(f"{order} WHERE collectivite = :collectivite")
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            with pytest.raises(DBAPIError, match="ajout seul"):
                await tx.execute(statement)
            await tx.connexion.rollback()


async def test_what_is_agreed_is_sealed(
    services: Mapping[str, Service], etablir: Etablir, ouverte: str
) -> None:
    await etablir()
    service = services["parcours"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text("SELECT contenu FROM revision_contrat WHERE collectivite = :collectivite")
        )
        kept = found.scalar_one()

    assert b"Accompagner" not in kept
    assert "Accompagner" in service.coffre.ouvrir(kept, "revision_contrat.contenu").decode()


async def test_a_new_decision_asks_for_another_contract(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    orientation: Orientation,
    suivre: Suivre,
    horloge: Horloge,
) -> None:
    """Another organisme, another month. Planted: `bind_contrats` left out, red."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    await _signer(client, contrat)
    horloge.avancer(timedelta(days=10))

    nouvelle = await orientation.decider(
        UUID(accompagnee.orientation["personne_id"]),
        type_parcours="social",
        date_effet="2026-07-08",
    )
    await suivre()

    turned = await _lire(client, contrat)
    assert (turned["statut"], turned["orientation_id"]) == ("a_signer", nouvelle["id"])
    assert (turned["date_limite"], turned["date_premiere_signature"]) == (None, None)
    await orientation.notifier(nouvelle, "2026-07-10")
    await suivre()
    assert await _echeances(client) == [("contrat_apres_reorientation", "2026-08-10", "a_temps")]
    signature = {"signataire": "personne", "date_signature": "2026-07-10"}
    early = await _acte(client, contrat, "signatures", signature)
    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    revised = await _acte(client, contrat, "revisions", _contenu(motif="Autre organisme"))
    referent = revised.json()["version_courante"]["engagements_organisme"]["referent_unique"]
    assert referent["organisme_referent_id"] == nouvelle["organisme_referent_id"]
    signed = await _signer(client, contrat, "2026-07-11")
    assert signed.json()["statut"] == "signe"
    assert "a_signer" in await _faits(client)


async def test_a_reorientation_after_the_diagnostic_interrupts_the_month(
    connecter: Connecter, accompagnee: Accompagnee, orientation: Orientation, suivre: Suivre
) -> None:
    """Refused, it gives a whole month again. Planted: facts of réorientation not followed, red."""
    client = connecter("parcours")
    assert await _echeances(client) == [("contrat_engagement", "2026-07-01", "a_risque")]

    asked = await orientation.demander(accompagnee.orientation, date_demande="2026-06-25")
    await suivre()
    assert await _echeances(client) == []
    asked["statut"] = "refusee"
    asked["actes"] = [
        {
            "type": "decision",
            "sens": "refusee",
            "motif": "Le parcours convient",
            "date_acte": "2026-06-29",
            "organisme_id": None,
            "auteur": {"client_id": "cd-35"},
            "cree_le": "2026-06-29T08:15:00Z",
        }
    ]
    await orientation.redire(asked, "orientation.reorientation.refusee")
    await suivre()

    assert await _echeances(client) == [("contrat_engagement", "2026-07-29", "a_temps")]


async def test_what_was_signed_before_a_request_is_in_time_though_told_after(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Planted: the start of the month not written again by the signature, red."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    await orientation.demander(accompagnee.orientation, date_demande="2026-06-25")
    await suivre()
    assert (await _lire(client, contrat))["date_limite"] is None

    signed = (await _signer(client, contrat, "2026-06-20")).json()

    assert (signed["date_limite"], signed["etat_echeance"]) == ("2026-07-01", "respectee")
    assert await _echeances(client) == [("contrat_engagement", "2026-07-01", "respectee"), DUE_ORE]


async def test_a_request_and_a_signature_at_once_leave_one_month(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Whichever comes first, what was signed before the request closed the month in time."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    signature = {"signataire": "organisme", "date_signature": "2026-06-20"}
    await _acte(client, contrat, "signatures", signature)
    await orientation.demander(accompagnee.orientation, date_demande="2026-06-25")

    await asyncio.gather(
        suivre(), _acte(client, contrat, "signatures", {**signature, "signataire": "personne"})
    )

    assert (await _lire(client, contrat))["etat_echeance"] == "respectee"


# An older version followed decisions only.
ANCIEN = replace(TRAVAIL.suivis[0], types=frozenset({DECISION}))


async def test_a_notification_passed_over_is_read_at_the_signature(
    connecter: Connecter,
    services: Mapping[str, Service],
    orientation: Orientation,
    reseau: Reseau,
    suivre: Suivre,
    monkeypatch: pytest.MonkeyPatch,
    ouverte: str,
) -> None:
    """The feed no longer tells it. Planted: not read, every signature was 422, red."""
    decidee = await orientation.decider(type_parcours="professionnel")
    await suivre()
    await orientation.notifier(decidee, NOTIFIEE)
    await un_tour(services["parcours"], ANCIEN, ouverte, attente_s=0)
    client = connecter("parcours")
    (parcours,) = (await client.get("/v1/parcours")).json()["elements"]
    path = f"/v1/parcours/{parcours['id']}/contrats-engagement"
    contrat = (await client.post(path, _contenu())).json()
    assert contrat["date_limite"] is None
    signature = {"signataire": "organisme", "date_signature": "2026-07-01"}
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, httpx.URL(URLS["orientation"]).host)
        silent = await _acte(client, contrat, "signatures", signature)
    assert silent.status_code == 503

    signed = (await _signer(client, contrat)).json()

    assert (signed["statut"], signed["date_limite"]) == ("signe", "2026-07-01")


async def test_the_feed_followed_again_dates_and_repeats_nothing(
    connecter: Connecter,
    services: Mapping[str, Service],
    orientation: Orientation,
    suivre: Suivre,
    ouverte: str,
) -> None:
    """What the migration asks for."""
    decidee = await orientation.decider(type_parcours="professionnel")
    await suivre()
    await orientation.notifier(decidee, NOTIFIEE)
    service = services["parcours"]
    await un_tour(service, ANCIEN, ouverte, attente_s=0)
    client = connecter("parcours")
    assert await _echeances(client) == []

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(text("DELETE FROM suivi WHERE collectivite = :collectivite"))
    await suivre()

    assert await _echeances(client) == [("contrat_engagement", "2026-07-01", "a_risque")]
    (parcours,) = (await client.get("/v1/parcours")).json()["elements"]
    assert parcours["version"] == 1
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [one["type"] for one in feed] == ["parcours.parcours.ouvert"]


async def test_a_reorientation_during_the_accompaniment_interrupts_nothing(
    connecter: Connecter, accompagnee: Accompagnee, orientation: Orientation, suivre: Suivre
) -> None:
    await orientation.demander(accompagnee.orientation, moment="accompagnement")
    await suivre()

    assert len(await _echeances(connecter("parcours"))) == 1


async def test_a_notification_opens_nothing(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    """Planted: decisions taken from every fact, a parcours was opened by an old orientation."""
    decidee = await orientation.decider()
    await suivre()
    ancienne = {**decidee, "id": str(uuid4())}
    orientation.orientations[ancienne["id"]] = ancienne
    await orientation.notifier(ancienne, "2026-03-12")
    await suivre()

    (listed,) = (await connecter("parcours").get("/v1/parcours")).json()["elements"]
    assert (listed["orientation_id"], listed["version"]) == (decidee["id"], 1)


async def test_deadlines_follow_the_contract(
    connecter: Connecter, etablir: Etablir, accompagnee: Accompagnee, horloge: Horloge
) -> None:
    """To sign, then the offre raisonnable d'emploi, then nothing more is late."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    await _signer(client, contrat)

    assert await _echeances(client) == [
        ("contrat_engagement", "2026-07-01", "respectee"),
        ("ore", "2027-01-01", "a_temps"),
    ]
    horloge.instant = datetime(2027, 1, 2, 10, tzinfo=UTC)
    assert await _echeances(client, "&etat=en_retard") == [("ore", "2027-01-01", "en_retard")]
    ore = _contenu(offre_raisonnable_emploi=ORE, motif="Offre raisonnable")
    await _acte(client, contrat, "revisions", ore)
    assert await _echeances(client, "&code=ore") == [("ore", "2027-01-01", "depassee")]
    assert await _echeances(client, "&etat=en_retard") == []
    for query in ("&code=autre", "&date_limite_min=2027-01-02", f"&parcours_id={uuid4()}"):
        assert await _echeances(client, query) == []
    kept = await _echeances(client, f"&parcours_id={accompagnee.parcours_id}&limite=1")
    assert [code for code, _, _ in kept] == ["contrat_engagement"]


async def test_a_social_parcours_owes_no_offer(
    connecter: Connecter, orientation: Orientation, suivre: Suivre
) -> None:
    client = connecter("parcours")
    decidee = await orientation.decider(type_parcours="social")
    await orientation.notifier(decidee, NOTIFIEE)
    await suivre()
    (parcours,) = (await client.get("/v1/parcours")).json()["elements"]
    path = f"/v1/parcours/{parcours['id']}/contrats-engagement"
    refused = await client.post(path, _contenu(offre_raisonnable_emploi=ORE))
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == ["/offre_raisonnable_emploi"]
    await _signer(client, (await client.post(path, _contenu())).json())

    assert [code for code, _, _ in await _echeances(client)] == ["contrat_engagement"]


async def test_why_no_hour_is_set_is_health(
    connecter: Connecter, etablir: Etablir, services: Mapping[str, Service], ouverte: str
) -> None:
    """In no list, no feed, no version: only in its own reading.

    Planted: the reason put in the sealed version and rendered, red.
    """
    ordinary = connecter("parcours", ORDINAIRES)
    refused = await etablir(SANS_HEURES, client=ordinary)
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    written = await etablir(SANS_HEURES)
    assert written.status_code == 201, written.text
    contrat = written.json()
    path = f"/v1/contrats-engagement/{contrat['id']}"
    reader = connecter("parcours")
    signed = await _signer(reader, contrat)

    shown = [
        written,
        signed,
        *[
            await reader.get(one)
            for one in (
                path,
                f"{path}/revisions",
                f"{path}/actes",
                "/v1/contrats-engagement",
                "/v1/echeances",
                "/v1/changements",
            )
        ],
    ]
    assert all(one.is_success and "invalidite" not in one.text for one in shown)
    assert "a_la_demande" not in written.text
    assert contrat["version_courante"]["plan_action"]["intensite"] == {
        "duree_hebdomadaire_minutes": 0,
        "diagnostic_id": None,
        "date_reexamen": "2027-01-01",
    }
    (motif,) = (await reader.get(f"{path}/motifs-heures")).json()["elements"]
    assert (motif["motif"], motif["revision"]) == ("invalidite", 1)
    hidden = await ordinary.get(f"{path}/motifs-heures")
    absent = await ordinary.get(f"/v1/contrats-engagement/{uuid4()}/motifs-heures")
    assert {hidden.json()["code"], absent.json()["code"]} == {"portee-insuffisante"}


@pytest.mark.parametrize(
    ("intensite", "champ"),
    [
        pytest.param({"duree_hebdomadaire_minutes": 870}, "motif", id="14 h 30 sans motif"),
        pytest.param(
            {"duree_hebdomadaire_minutes": 2115}, "duree_hebdomadaire_minutes", id="35 h 15"
        ),
        pytest.param(
            {"duree_hebdomadaire_minutes": 910}, "duree_hebdomadaire_minutes", id="15 h 10"
        ),
        pytest.param({**SANS_HEURES, "a_la_demande": False}, "a_la_demande", id="sans demande"),
        pytest.param(
            {**SANS_HEURES, "motif": "parent_isole_sans_garde", "age_enfant": 12},
            "age_enfant",
            id="enfant de douze ans",
        ),
    ],
)
async def test_refuses_hours(etablir: Etablir, intensite: dict[str, Any], champ: str) -> None:
    refused = await etablir(intensite)

    assert refused.status_code == 422
    assert refused.json()["erreurs"][0]["pointeur"] == f"/plan_action/intensite/{champ}"


async def test_reduced_hours_name_a_diagnostic_of_their_parcours(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    parcours_id: str,
    jour: date,
) -> None:
    """Neither one that is not, nor another person's. Planted: not looked for, red."""
    client = connecter("parcours")
    ici, ailleurs = [
        (
            await client.post(
                f"/v1/parcours/{one}/diagnostics",
                {"date_diagnostic": str(jour), "agent": "agt-1"},
            )
        ).json()["id"]
        for one in (accompagnee.parcours_id, parcours_id)
    ]

    def reduites(diagnostic_id: str) -> dict[str, Any]:
        motif = {"motif": "situation_individuelle", "diagnostic_id": diagnostic_id}
        return {"duree_hebdomadaire_minutes": 600, **motif}

    refused = [await etablir(reduites(one)) for one in (str(uuid4()), ailleurs)]
    written = await etablir(reduites(ici))
    assert written.status_code == 201, written.text
    corps = _contenu(reduites(ailleurs), motif="Le plan avance")
    refused.append(await _acte(client, written.json(), "revisions", corps))

    for one in refused:
        assert one.status_code == 422, one.text
        assert [(err["pointeur"], err["code"]) for err in one.json()["erreurs"]] == [
            ("/plan_action/intensite/diagnostic_id", "hors-bornes")
        ]


@pytest.mark.parametrize("unite", ["jours", "semaines", "mois"])
async def test_a_local_review_has_a_date(
    connecter: Connecter, etablir: Etablir, ouverte: str, unite: str
) -> None:
    """The longest one too. Planted: any integer admitted, past the calendar's last year, red."""
    client = connecter("parcours")
    delai = {"code": "reexamen_heures", "duree": 3_650, "unite": unite, "source": "Essai"}
    corps = [{"delais": [{**delai, "duree": duree}]} for duree in (2_147_483_647, 3_651, 3_650)]

    def changer(un: dict[str, Any], version: int) -> Coroutine[Any, Any, httpx.Response]:
        headers = {"If-Match": f'"{version}"', "Content-Type": "application/merge-patch+json"}
        content = json.dumps(un)
        path = f"/v1/collectivites/{ouverte}"
        return client.request("PATCH", path, content=content, headers=headers)

    assert [(await changer(un, 1)).status_code for un in corps] == [422, 422, 200]
    assert (await etablir(SANS_HEURES)).status_code == 201


async def test_an_inscription_ends_and_comes_back(
    connecter: Connecter, etablir: Etablir, horloge: Horloge
) -> None:
    client = connecter("parcours")
    contrat = (await etablir()).json()
    await _signer(client, contrat)

    stopped = await _acte(client, contrat, "suspensions", {"date_suspension": "2026-07-01"})
    assert (stopped.status_code, stopped.json()["statut"]) == (201, "suspendu"), stopped.text
    refused = await _acte(client, contrat, "clotures", {"date_cloture": "2026-07-01"})
    assert refused.status_code == 422
    back = await _acte(client, contrat, "reprises", {"date_reprise": "2026-07-01"})
    assert (back.json()["statut"], back.json()["date_suspension"]) == ("signe", None)
    await _acte(client, contrat, "suspensions", {"date_suspension": "2026-07-01"})
    assert (await etablir()).status_code == 409
    horloge.instant = datetime(2027, 7, 1, 10, tzinfo=UTC)
    closed = await _acte(client, contrat, "clotures", {"date_cloture": "2027-07-01"})
    assert (closed.status_code, closed.json()["statut"]) == (201, "cloture"), closed.text

    assert (await etablir()).status_code == 201


async def test_of_who_is_no_longer_inscribed_nothing_is_owed(
    connecter: Connecter, etablir: Etablir, horloge: Horloge
) -> None:
    """Both readings agree. Planted: a closed contract read as none, to sign and late, red."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    horloge.avancer(timedelta(days=10))
    assert await _echeances(client) == [("contrat_engagement", "2026-07-01", "en_retard")]

    await _acte(client, contrat, "suspensions", {"date_suspension": "2026-07-11"})
    assert await _echeances(client) == []
    assert (await _lire(client, contrat))["etat_echeance"] is None
    horloge.instant = datetime(2027, 7, 11, 10, tzinfo=UTC)
    closed = await _acte(client, contrat, "clotures", {"date_cloture": "2027-07-11"})
    assert closed.json()["statut"] == "cloture", closed.text
    assert await _echeances(client) == []
    assert (await _lire(client, contrat))["etat_echeance"] is None

    # Another one is owed again.
    assert (await etablir()).status_code == 201
    assert await _echeances(client) == [("contrat_engagement", "2026-07-01", "en_retard")]


async def test_nothing_is_signed_on_a_closed_parcours_and_the_return_takes_it_up(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    orientation: Orientation,
    suivre: Suivre,
    jour: date,
) -> None:
    client = connecter("parcours")
    contrat = (await etablir()).json()
    await client.post(
        f"/v1/parcours/{accompagnee.parcours_id}/clotures",
        {"motif": "retraite", "date_sortie": str(jour)},
        version=1,
    )
    signature = {"signataire": "personne", "date_signature": "2026-07-01"}
    refused = await _acte(client, contrat, "signatures", signature)
    assert refused.json()["code"] == "parcours-clos"
    assert await _echeances(client) == []

    # Too late to open the same parcours again.
    tard = jour.replace(year=jour.year + 2)
    await orientation.decider(UUID(accompagnee.orientation["personne_id"]), date_effet=str(tard))
    await suivre()

    turned = await _lire(client, contrat)
    assert turned["statut"] == "a_signer"
    assert turned["parcours_id"] != accompagnee.parcours_id


async def test_a_decision_and_a_signature_at_once_leave_one_truth(
    connecter: Connecter,
    etablir: Etablir,
    accompagnee: Accompagnee,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Whichever comes first, the contract is to be signed under the new decision."""
    client = connecter("parcours")
    contrat = (await etablir()).json()
    signature = {"signataire": "personne", "date_signature": "2026-07-01"}
    await orientation.decider(UUID(accompagnee.orientation["personne_id"]))

    await asyncio.gather(suivre(), _acte(client, contrat, "signatures", signature))

    assert (await _lire(client, contrat))["statut"] == "a_signer"


async def test_scopes_and_walls(connecter: Connecter, etablir: Etablir) -> None:
    contrat = (await etablir()).json()
    path = f"/v1/contrats-engagement/{contrat['id']}"
    reader = connecter("parcours", "parcours:lire")
    refused = await etablir(client=reader)
    assert refused.json()["code"] == "portee-insuffisante"
    other = connecter("parcours", dans="999X")
    for one in (path, f"{path}/revisions", f"{path}/actes", f"{path}/motifs-heures"):
        assert (await other.get(one)).status_code == 404
    for one in ("/v1/contrats-engagement", "/v1/echeances"):
        assert contrat["id"] not in (await other.get(one)).text
    stale = await connecter("parcours").post(
        f"{path}/refus", {"date_refus": "2026-07-01"}, version=9
    )
    assert stale.status_code == 412
