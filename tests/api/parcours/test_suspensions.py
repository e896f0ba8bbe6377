"""Suspension-remobilisation through the door: the person and the organismes are orientation's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import Horloge, Orientation, Suivre, ensemble
from tests.api.parcours.test_contrats_engagement import CONTENU
from tests.conftest import URLS, Client, Connecter, Reseau

DEPARTEMENT, PLIE, FRANCE_TRAVAIL = "si-essai", "plie-essai", "ft-essai"
PERSONNE = {
    "nom": "Exemple",
    "prenoms": "Camille",
    "date_naissance": "1990-04-12",
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
}
# The clock stands on 1 July: the person was told on 15 June, and had until the 25th.
FAITS, INFORMATION = "2026-06-10", "2026-06-15"
MOTIF = {"motif": "obligations_respectees"}


@dataclass(frozen=True)
class Suivie:
    """A person under droits et devoirs, who signed her contract."""

    orientation: dict[str, Any]
    parcours_id: str
    departement: str
    referent: str
    autre: str

    @property
    def personne_id(self) -> str:
        return str(self.orientation["personne_id"])


async def _fait(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _organisme(admin: Client, reference: str, type_: str, client_id: str) -> str:
    corps = {"reference": reference, "type": type_, "nom": "Essai", "clients": [client_id]}
    return str((await _fait(await admin.post("/v1/organismes-referents", corps)))["id"])


async def _signer(
    client: Client, parcours_id: str, *signataires: str, date_signature: str = "2026-06-01"
) -> None:
    path = f"/v1/parcours/{parcours_id}/contrats-engagement"
    contrat = await _fait(await client.post(path, dict(CONTENU)))
    for version, signataire in enumerate(signataires or ("organisme", "personne"), 1):
        await _fait(
            await client.post(
                f"/v1/contrats-engagement/{contrat['id']}/signatures",
                {"signataire": signataire, "date_signature": date_signature},
                version=version,
            )
        )


@pytest_asyncio.fixture
async def suivie(orientation: Orientation, suivre: Suivre, connecter: Connecter) -> Suivie:
    """Of a delegated organisme, in a parcours that is open."""
    admin = connecter("orientation")
    departement = await _organisme(admin, "cd", "conseil_departemental", DEPARTEMENT)
    referent = await _organisme(admin, "plie", "delegataire_departemental", PLIE)
    autre = await _organisme(admin, "ft", "france_travail", FRANCE_TRAVAIL)
    personne = await _fait(await admin.post("/v1/personnes", PERSONNE))
    return await _suivre(
        orientation, suivre, connecter, personne["id"], departement, referent, autre
    )


async def _suivre(
    orientation: Orientation,
    suivre: Suivre,
    connecter: Connecter,
    personne_id: str,
    *organismes: str,
) -> Suivie:
    decidee = await orientation.decider(UUID(personne_id), organisme_referent_id=organismes[1])
    await orientation.notifier(decidee, "2026-05-20")
    await suivre()
    client = connecter("parcours")
    (found,) = (await client.get(f"/v1/parcours?personne_id={personne_id}")).json()["elements"]
    await _signer(client, found["id"])
    return Suivie(decidee, found["id"], *organismes)


async def _signaler(client: Client, suivie: Suivie, **champs: Any) -> httpx.Response:
    return await client.post(
        f"/v1/parcours/{suivie.parcours_id}/suspensions",
        {
            "organisme_id": suivie.referent,
            "nature_manquement": "N61",
            "date_faits": FAITS,
            "faits": "Trois rendez-vous du contrat sans nouvelles.",
            **champs,
        },
    )


async def _acte(
    client: Client, suspension_id: str, nom: str, suivie: Suivie, **corps: Any
) -> httpx.Response:
    path = f"/v1/suspensions/{suspension_id}"
    version = (await client.get(path)).json()["version"]
    demande = {"organisme_id": suivie.departement, **corps}
    return await client.post(f"{path}/{nom}", demande, version=version)


SANCTION = {
    "mesure": "suspension",
    "part_pourcent": 30,
    "duree_mois": 2,
    "foyer": {"personnes": 1, "majoration": False},
    "motivation": "Aucune démarche du contrat depuis mai.",
    "voies_recours": "Recours préalable dans les deux mois.",
}


@pytest_asyncio.fixture
async def contradictoire(connecter: Connecter, suivie: Suivie) -> str:
    """Reported by the organisme référent, and told to the person: her ten days are over."""
    signalee = await _fait(await _signaler(connecter("parcours", client_id=PLIE), suivie))
    await _informer(connecter("parcours"), signalee["id"], suivie)
    return str(signalee["id"])


async def _informer(client: Client, suspension_id: str, suivie: Suivie) -> None:
    corps = {"mode": "lettre_recommandee", "date_information": INFORMATION}
    await _fait(await _acte(client, suspension_id, "informations", suivie, **corps))


async def _sanctionner(client: Client, suspension_id: str, suivie: Suivie, **champs: Any) -> Any:
    """Decided on 27 June, notified and begun on the 30th."""
    await _fait(
        await _acte(
            client,
            suspension_id,
            "decisions",
            suivie,
            **{**SANCTION, "date_decision": "2026-06-27", **champs},
        )
    )
    return await _fait(
        await _acte(
            client,
            suspension_id,
            "notifications",
            suivie,
            mode="lettre_recommandee",
            date_notification="2026-06-30",
            date_debut="2026-06-30",
        )
    )


async def test_from_the_report_to_the_end(
    connecter: Connecter, suivie: Suivie, contradictoire: str, horloge: Horloge
) -> None:
    """Each act is a row; the feed tells ids; the lifting ends the measure on its day.

    Planted: the household of the decision not told, red.
    """
    client = connecter("parcours")
    await _fait(
        await _acte(
            client,
            contradictoire,
            "observations",
            suivie,
            forme="orales",
            assistance="personne_de_son_choix",
            date_observations="2026-06-18",
            texte="Une garde d'enfant a manqué.",
        )
    )
    en_cours = await _sanctionner(client, contradictoire, suivie)
    assert (en_cours["statut"], en_cours["rang"], en_cours["bareme"]) == (
        "en_cours",
        "premier",
        "rsa_obligations_1",
    )
    assert (en_cours["date_debut"], en_cours["date_fin"]) == ("2026-06-30", "2026-08-30")
    assert en_cours["foyer"] == SANCTION["foyer"]
    await _fait(
        await _acte(
            client,
            contradictoire,
            "transmissions",
            suivie,
            organisme_payeur="caf",
            date_transmission="2026-07-01",
        )
    )
    horloge.avancer(timedelta(days=20))
    plie = connecter("parcours", client_id=PLIE)
    await _fait(
        await _acte(
            plie,
            contradictoire,
            "remobilisations",
            suivie,
            organisme_id=suivie.referent,
            date_remobilisation="2026-07-17",
            **MOTIF,
        )
    )
    refused = await _acte(
        plie,
        contradictoire,
        "levees",
        suivie,
        organisme_id=suivie.referent,
        date_levee="2026-07-17",
        **MOTIF,
    )
    assert refused.json()["code"] == "autorite-incompetente"
    leve = await _fait(
        await _acte(client, contradictoire, "levees", suivie, date_levee="2026-07-17", **MOTIF)
    )
    assert (leve["statut"], leve["date_fin"]) == ("leve", "2026-07-17")

    path = f"/v1/suspensions/{contradictoire}/actes"
    actes = (await client.get(path)).json()["elements"]
    assert [one["type"] for one in reversed(actes)] == [
        "signalement",
        "information",
        "observations",
        "decision",
        "notification",
        "transmission",
        "remobilisation",
        "levee",
    ]
    assert actes[-1]["texte"] == "Trois rendez-vous du contrat sans nouvelles."
    assert actes[4]["complement"] == SANCTION["voies_recours"]
    assert actes[5]["precision"] == "personne_de_son_choix"
    assert {one["auteur"]["client_id"] for one in actes} == {DEPARTEMENT, PLIE}
    feed = (await client.get("/v1/changements")).json()["elements"]
    told = [one for one in feed if one["type"].startswith("parcours.suspension.")]
    assert [one["type"].rsplit(".", 1)[1] for one in told] == [
        one["type"] for one in reversed(actes)
    ]
    assert {one["ressource"] for one in told} == {"suspensions"}
    timeline = f"/v1/parcours/{suivie.parcours_id}/chronologie"
    lived = (await client.get(timeline)).json()["elements"]
    assert {one["type"] for one in lived if one["ressource"] == "suspensions"} == {
        f"suspension_{one['type']}" for one in actes
    }


async def test_what_the_table_refuses_is_422(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    client = connecter("parcours")
    for champs, pointeur in (
        ({"part_pourcent": 29}, "/part_pourcent"),
        ({"part_pourcent": 100, "duree_mois": 3}, "/duree_mois"),
        (
            {"part_pourcent": 60, "foyer": {"personnes": 2, "majoration": False}},
            "/part_pourcent",
        ),
        ({"mesure": "suppression"}, "/mesure"),
    ):
        answer = await _acte(client, contradictoire, "decisions", suivie, **{**SANCTION, **champs})
        assert answer.status_code == 422, champs
        assert answer.json()["erreurs"][0]["pointeur"] == pointeur
    assert (await _acte(client, contradictoire, "decisions", suivie, **SANCTION)).status_code == 201


async def test_a_decision_waits_for_the_observations(connecter: Connecter, suivie: Suivie) -> None:
    client = connecter("parcours")
    signalee = await _fait(await _signaler(client, suivie, organisme_id=suivie.departement))
    assert (await _acte(client, signalee["id"], "decisions", suivie, **SANCTION)).status_code == 409
    corps = {"mode": "lettre_recommandee", "date_information": "2026-06-21"}
    await _fait(await _acte(client, signalee["id"], "informations", suivie, **corps))

    early = await _acte(client, signalee["id"], "decisions", suivie, **SANCTION)

    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    assert early.json()["date_limite_observations"] == "2026-07-01"
    recues = {
        "forme": "ecrites",
        "assistance": "seule",
        "date_observations": "2026-07-01",
    }
    await _fait(await _acte(client, signalee["id"], "observations", suivie, **recues))
    assert (await _acte(client, signalee["id"], "decisions", suivie, **SANCTION)).status_code == 201


async def test_only_the_departement_decides(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    """A report by its organisme référent, all the rest by the PCD.

    Planted: the type of the organisme not looked at, red.
    """
    plie = connecter("parcours", client_id=PLIE)
    for organisme in (suivie.referent, suivie.departement):
        answer = await _acte(
            plie, contradictoire, "decisions", suivie, **{**SANCTION, "organisme_id": organisme}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "autorite-incompetente")
        assert answer.json()["decideurs_competents"] == ["conseil_departemental"]
    etranger = connecter("parcours", client_id=FRANCE_TRAVAIL)
    answer = await _signaler(etranger, suivie, organisme_id=suivie.autre)
    assert answer.json()["code"] == "autorite-incompetente"
    inconnu = await _signaler(plie, suivie, organisme_id=str(new_id()))
    assert inconnu.json()["erreurs"][0]["pointeur"] == "/organisme_id"


async def test_who_is_out_of_droits_et_devoirs_is_refused(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    """At the report and at the decision. Planted: the person not read at the decision, red."""
    admin, client = connecter("orientation"), connecter("parcours")
    personne = f"/v1/personnes/{suivie.personne_id}"
    version = (await admin.get(personne)).headers["ETag"]
    changed = await admin.request(
        "PATCH",
        personne,
        json={"droits_devoirs": False},
        headers={"If-Match": version, "Content-Type": "application/merge-patch+json"},
    )
    assert changed.status_code == 200, changed.text

    signalee = await _signaler(client, suivie, organisme_id=suivie.departement)
    decidee = await _acte(client, contradictoire, "decisions", suivie, **SANCTION)

    for answer in (signalee, decidee):
        assert answer.status_code == 409
        assert answer.json()["statut_actuel"] == "hors_droits_devoirs"
    sans_suite = {"mesure": "sans_suite", "motif_sans_suite": "autre", "motivation": "Hors champ."}
    assert (
        await _acte(client, contradictoire, "decisions", suivie, **sans_suite)
    ).status_code == 201


async def test_a_silent_orientation_suspends_nobody(
    connecter: Connecter, suivie: Suivie, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(reseau.apps, httpx.URL(URLS["orientation"]).host)
    assert (await _signaler(connecter("parcours"), suivie)).status_code == 503


async def test_without_a_signed_contract_only_its_refusal_is_reported(
    connecter: Connecter, suivie: Suivie, orientation: Orientation, suivre: Suivre
) -> None:
    """By both, and no refusal since. Planted: the organisme's not asked, red; the refusal, red."""
    client = connecter("parcours", client_id=PLIE)
    admin = connecter("orientation")
    autre = await _fait(await admin.post("/v1/personnes", {**PERSONNE, "prenoms": "Sacha"}))
    decidee = await orientation.decider(UUID(autre["id"]), organisme_referent_id=suivie.referent)
    await orientation.notifier(decidee, "2026-05-20")
    await suivre()
    everything = connecter("parcours")
    (found,) = (await everything.get(f"/v1/parcours?personne_id={autre['id']}")).json()["elements"]
    neuve = Suivie(suivie.orientation, found["id"], suivie.departement, suivie.referent, "")

    assert (await _signaler(client, neuve)).status_code == 422
    # Signed by her alone it binds nobody yet.
    await _signer(everything, found["id"], "personne")
    assert (await _signaler(client, neuve)).status_code == 422
    assert (await _signaler(client, neuve, nature_manquement="N63")).status_code == 201
    (contrat,) = (
        await everything.get(f"/v1/contrats-engagement?parcours_id={found['id']}")
    ).json()["elements"]
    path = f"/v1/contrats-engagement/{contrat['id']}"
    # Refused meanwhile, what she had signed is undone.
    await _fait(await everything.post(f"{path}/refus", {"date_refus": "2026-06-02"}, version=2))
    for version, signataire in ((3, "organisme"), (4, "personne")):
        assert (await _signaler(client, neuve)).status_code == 422
        signature = {"signataire": signataire, "date_signature": "2026-06-03"}
        await _fait(await everything.post(f"{path}/signatures", signature, version=version))
    assert (await _signaler(client, neuve)).status_code == 201


async def test_two_first_sanctions_are_not_decided_at_once(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    """Two procedures of one person, each of first rank: one passes.

    Planted: the parcours not held by `_LOCK`, red.
    """
    client = connecter("parcours")
    autre = await _fait(
        await _signaler(client, suivie, organisme_id=suivie.departement, date_faits="2026-06-11")
    )
    await _informer(client, autre["id"], suivie)

    answers = await ensemble(
        client,
        *(
            _acte(client, one, "decisions", suivie, **SANCTION)
            for one in (contradictoire, autre["id"])
        ),
    )

    assert sorted(one.status_code for one in answers) == [201, 409]
    (refused,) = [one.json() for one in answers if one.status_code == 409]
    assert refused["suspension_en_cours_id"] in (contradictoire, autre["id"])


async def _seconde(
    connecter: Connecter, suivie: Suivie, contradictoire: str, horloge: Horloge
) -> str:
    """A first sanction notified on 30 June and come to its end, then another procedure."""
    client = connecter("parcours")
    await _sanctionner(client, contradictoire, suivie, duree_mois=1)
    horloge.avancer(timedelta(days=60))
    await _fait(
        await _acte(
            client,
            contradictoire,
            "termes",
            suivie,
            constat="persiste",
            date_terme="2026-07-30",
        )
    )
    seconde = await _fait(
        await _signaler(
            client,
            suivie,
            organisme_id=suivie.departement,
            date_faits="2026-08-03",
            suspension_precedente_id=contradictoire,
        )
    )
    corps = {"mode": "lettre_recommandee", "date_information": "2026-08-05"}
    await _fait(await _acte(client, seconde["id"], "informations", suivie, **corps))
    return str(seconde["id"])


async def test_a_breach_that_persists_may_be_suppressed_after_the_avis(
    connecter: Connecter, suivie: Suivie, contradictoire: str, horloge: Horloge
) -> None:
    client = connecter("parcours")
    seconde = await _seconde(connecter, suivie, contradictoire, horloge)
    suppression = {**SANCTION, "mesure": "suppression", "part_pourcent": 100, "duree_mois": 4}
    assert (await _acte(client, seconde, "decisions", suivie, **suppression)).status_code == 422
    await _fait(
        await _acte(
            client,
            seconde,
            "avis",
            suivie,
            sens="favorable",
            audition="entendue",
            date_avis="2026-08-20",
        )
    )

    decidee = await _fait(await _acte(client, seconde, "decisions", suivie, **suppression))

    assert (decidee["rang"], decidee["bareme"]) == ("persistance", "rsa_obligations_2")
    assert decidee["date_limite_decision"] == "2026-09-04"


async def test_an_annulled_sanction_counts_no_more(
    connecter: Connecter, suivie: Suivie, contradictoire: str, horloge: Horloge
) -> None:
    """Planted: annulled ones counted, red."""
    client = connecter("parcours")
    seconde = await _seconde(connecter, suivie, contradictoire, horloge)
    await _fait(
        await _acte(
            client,
            contradictoire,
            "annulations",
            suivie,
            motif="recours",
            date_annulation="2026-08-10",
        )
    )
    assert (await _fait(await _acte(client, seconde, "decisions", suivie, **SANCTION)))[
        "rang"
    ] == "premier"


async def test_a_reorientation_resets_the_rank(
    connecter: Connecter,
    suivie: Suivie,
    contradictoire: str,
    horloge: Horloge,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Planted: the periods not read, red."""
    client = connecter("parcours")
    seconde = await _seconde(connecter, suivie, contradictoire, horloge)
    await orientation.decider(
        UUID(suivie.personne_id),
        organisme_referent_id=suivie.departement,
        date_effet="2026-08-15",
    )
    await suivre()
    decidee = await _fait(await _acte(client, seconde, "decisions", suivie, **SANCTION))
    assert decidee["rang"] == "premier"


async def test_a_return_is_no_reorientation(
    connecter: Connecter,
    suivie: Suivie,
    contradictoire: str,
    horloge: Horloge,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Even by a decision that takes effect before the exit: the rank goes on.

    Planted: the returns not left out of the réorientations, red.
    """
    client = connecter("parcours")
    await _sanctionner(client, contradictoire, suivie, duree_mois=1)
    await _clore(client, suivie)
    await orientation.decider(
        UUID(suivie.personne_id), organisme_referent_id=suivie.referent, date_effet="2026-06-29"
    )
    await suivre()
    lu = (await client.get(f"/v1/parcours/{suivie.parcours_id}")).json()
    assert (lu["statut"], lu["periodes"][-1]["date_debut"]) == ("ouvert", "2026-07-01")
    horloge.avancer(timedelta(days=80))

    seconde = await _fait(
        await _signaler(client, suivie, organisme_id=suivie.departement, date_faits="2026-09-01")
    )
    corps = {"mode": "lettre_recommandee", "date_information": "2026-09-02"}
    await _fait(await _acte(client, seconde["id"], "informations", suivie, **corps))
    decidee = await _fait(await _acte(client, seconde["id"], "decisions", suivie, **SANCTION))

    assert decidee["rang"] == "reiteration"


async def test_a_merge_brings_the_sanctions_of_both(
    connecter: Connecter,
    suivie: Suivie,
    contradictoire: str,
    horloge: Horloge,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """The parcours of the absorbed person ended; what she was notified still counts.

    Planted: the sanctions looked for in the one parcours, red.
    """
    client, admin = connecter("parcours"), connecter("orientation")
    await _sanctionner(client, contradictoire, suivie, duree_mois=1)
    await _clore(client, suivie)
    gardee = await _fait(await admin.post("/v1/personnes", {**PERSONNE, "prenoms": "Sacha"}))
    await orientation.decider(UUID(gardee["id"]), organisme_referent_id=suivie.referent)
    await suivre()
    # Her contract is not closed, and stays hers: the other has none.
    suivie.orientation["personne_id"] = gardee["id"]
    await orientation.redire(suivie.orientation, "orientation.orientation.rattachee")
    await suivre()
    horloge.avancer(timedelta(days=60))
    (ouvert,) = (await client.get(f"/v1/parcours?personne_id={gardee['id']}&statut=ouvert")).json()[
        "elements"
    ]
    reunie = Suivie(
        suivie.orientation, ouvert["id"], suivie.departement, suivie.referent, suivie.autre
    )

    seconde = await _fait(
        await _signaler(client, reunie, organisme_id=suivie.departement, date_faits="2026-08-03")
    )
    corps = {"mode": "lettre_recommandee", "date_information": "2026-08-05"}
    await _fait(await _acte(client, seconde["id"], "informations", reunie, **corps))
    decidee = await _fait(await _acte(client, seconde["id"], "decisions", reunie, **SANCTION))

    assert decidee["rang"] == "reiteration"
    found = await client.get(f"/v1/suspensions/{contradictoire}")
    assert found.json()["personne_id"] == gardee["id"]


async def _clore(client: Client, suivie: Suivie) -> None:
    path = f"/v1/parcours/{suivie.parcours_id}"
    version = (await client.get(path)).json()["version"]
    corps = {"motif": "emploi_durable", "date_sortie": "2026-07-01"}
    await _fait(await client.post(f"{path}/clotures", corps, version=version))


async def test_after_the_exit_a_procedure_ends_without_sanction(
    connecter: Connecter, suivie: Suivie, contradictoire: str, horloge: Horloge
) -> None:
    """Whatever step it was at; nothing of it is due any more.

    Planted: an open parcours asked of every decision, red; the deadlines kept, red.
    """
    client = connecter("parcours")
    signalee = await _fait(
        await _signaler(
            client, suivie, organisme_id=suivie.departement, date_proposition_ft="2026-06-21"
        )
    )
    assert {one[0] for one in await _echeances(client)} == {
        "instruction_proposition_ft",
        "decision_pcd",
    }
    await _clore(client, suivie)
    assert await _echeances(client) == []

    sanction = await _acte(client, contradictoire, "decisions", suivie, **SANCTION)

    assert sanction.json()["code"] == "parcours-clos"
    sans_suite = {"mesure": "sans_suite", "motif_sans_suite": "autre", "motivation": "Sortie."}
    ended = await _fait(await _acte(client, contradictoire, "decisions", suivie, **sans_suite))
    assert (ended["statut"], ended["mesure"], ended["foyer"]) == ("decide", "sans_suite", None)
    saisie = {"choix": "instruire", "date_saisie": "2026-07-01"}
    await _fait(await _acte(client, signalee["id"], "saisies", suivie, **saisie))
    await _informer(client, signalee["id"], suivie)
    await _fait(await _acte(client, signalee["id"], "decisions", suivie, **sans_suite))


async def test_a_measure_that_runs_is_due_after_the_exit(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    client = connecter("parcours")
    await _sanctionner(client, contradictoire, suivie)
    await _clore(client, suivie)
    assert [one[:2] for one in await _echeances(client)] == [("fin_mesure", "2026-08-30")]


async def test_an_appeal_may_end_after_the_exit(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    client = connecter("parcours")
    await _sanctionner(client, contradictoire, suivie)
    await _clore(client, suivie)
    assert (await _signaler(client, suivie)).json()["code"] == "parcours-clos"
    annulee = await _acte(
        client,
        contradictoire,
        "annulations",
        suivie,
        motif="erreur",
        date_annulation="2026-07-01",
    )
    assert annulee.json()["statut"] == "annule"


async def _echeances(client: Client, query: str = "") -> list[tuple[str, str, str]]:
    found = (await client.get(f"/v1/echeances?tri=date_limite{query}")).json()["elements"]
    return [(one["code"], one["date_limite"], one["etat"]) for one in found if one["suspension_id"]]


async def test_the_deadlines_of_a_procedure(
    connecter: Connecter, suivie: Suivie, horloge: Horloge
) -> None:
    """A proposal of France Travail on 21 June: at risk from its tenth day, 1 July."""
    client = connecter("parcours")
    horloge.avancer(timedelta(days=-1))
    proposee = await _fait(
        await _signaler(
            client, suivie, organisme_id=suivie.departement, date_proposition_ft="2026-06-21"
        )
    )
    saisie = ("instruction_proposition_ft", "2026-07-06")
    assert await _echeances(client) == [(*saisie, "a_temps")]
    horloge.avancer(timedelta(days=1))
    assert await _echeances(client, "&etat=a_risque") == [(*saisie, "a_risque")]
    horloge.avancer(timedelta(days=6))
    assert await _echeances(client) == [(*saisie, "en_retard")]

    await _fait(
        await _acte(
            client, proposee["id"], "saisies", suivie, choix="instruire", date_saisie="2026-07-07"
        )
    )
    corps = {"mode": "lettre_recommandee", "date_information": "2026-07-07"}
    await _fait(await _acte(client, proposee["id"], "informations", suivie, **corps))
    assert await _echeances(client) == [
        (*saisie, "depassee"),
        ("observations_pcd", "2026-07-17", "a_temps"),
        ("decision_pcd", "2026-08-01", "a_temps"),
    ]
    horloge.avancer(timedelta(days=11))
    # The observations are over: they were a right, and nobody is late.
    assert [one[0] for one in await _echeances(client)] == [saisie[0], "decision_pcd"]
    await _fait(
        await _acte(
            client,
            proposee["id"],
            "decisions",
            suivie,
            **SANCTION,
        )
    )
    await _fait(
        await _acte(
            client,
            proposee["id"],
            "notifications",
            suivie,
            mode="lettre_recommandee",
            date_notification="2026-07-18",
            date_debut="2026-07-18",
        )
    )
    assert await _echeances(client, "&code=fin_mesure") == [("fin_mesure", "2026-09-18", "a_temps")]
    (due,) = (await client.get("/v1/echeances?code=decision_pcd")).json()["elements"]
    assert (due["etat"], due["confirme"]) == ("respectee", False)
    # Page by page nothing is lost: several are due of one procedure.
    seen = []
    suivant = "/v1/echeances?limite=1"
    while suivant:
        page = (await client.get(suivant)).json()
        seen += [one["id"] for one in page["elements"]]
        suivant = page["pagination"]["suivant"]
    assert (
        len(seen) == len(set(seen)) == len((await client.get("/v1/echeances")).json()["elements"])
    )


async def test_what_was_not_read_is_shown_as_a_setting(
    connecter: Connecter, suivie: Suivie, ouverte: str
) -> None:
    client = connecter("parcours")
    path = f"/v1/collectivites/{ouverte}"
    local = {
        "code": "observations_pcd",
        "duree": 15,
        "unite": "jours",
        "source": "Règlement intérieur",
    }
    patched = await client.request(
        "PATCH",
        path,
        json={"delais": [local]},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert patched.status_code == 200, patched.text
    signalee = await _fait(await _signaler(client, suivie, organisme_id=suivie.departement))
    await _informer(client, signalee["id"], suivie)

    read = (await client.get(f"/v1/suspensions/{signalee['id']}")).json()

    assert read["date_limite_observations"] == "2026-06-30"
    assert {(one["code"], one["duree"], one["confirme"]) for one in read["parametres"]} == {
        ("instruction_proposition_ft", 15, False),
        ("observations_pcd", 15, False),
        ("decision_pcd", 15, False),
        ("reiteration_rsa", 24, False),
    }
    (due,) = (await client.get("/v1/echeances?code=decision_pcd")).json()["elements"]
    assert (due["date_limite"], due["source"]) == ("2026-07-15", "CASF L262-37 III")
    assert (await client.get("/v1/echeances?code=observations_pcd")).json()["elements"] == []


async def test_what_would_be_told_to_france_travail(connecter: Connecter, suivie: Suivie) -> None:
    client = connecter("parcours")
    proposee = await _fait(
        await _signaler(
            client, suivie, organisme_id=suivie.departement, date_proposition_ft="2026-06-21"
        )
    )
    laissee = await _fait(
        await _acte(
            client, proposee["id"], "saisies", suivie, choix="laisser", date_saisie="2026-06-22"
        )
    )
    assert laissee["statut"] == "dessaisi"
    found = await client.get(f"/v1/suspensions/{proposee['id']}/echanges-france-travail")
    assert [one["type_evenement"] for one in found.json()["echanges"]] == ["REFUS_SAISIE_SANCTION"]
    assert suivie.personne_id not in found.text


async def test_the_suspension_of_a_contract_is_another_thing(
    connecter: Connecter, suivie: Suivie
) -> None:
    """The end of an inscription opens no procedure, nor does a procedure suspend a contract."""
    client = connecter("parcours")
    (contrat,) = (
        await client.get(f"/v1/contrats-engagement?parcours_id={suivie.parcours_id}")
    ).json()["elements"]
    await _fait(await _signaler(client, suivie, organisme_id=suivie.departement))
    read = await client.get(f"/v1/contrats-engagement/{contrat['id']}")
    assert read.json()["statut"] == "signe"
    await _fait(
        await client.post(
            f"/v1/contrats-engagement/{contrat['id']}/suspensions",
            {"date_suspension": "2026-06-30"},
            version=contrat["version"],
        )
    )
    assert len((await client.get("/v1/suspensions")).json()["elements"]) == 1


async def test_versions_keys_and_scopes(
    connecter: Connecter, suivie: Suivie, contradictoire: str
) -> None:
    client = connecter("parcours")
    path = f"/v1/suspensions/{contradictoire}/decisions"
    corps = {**SANCTION, "organisme_id": suivie.departement}
    cle = str(new_id())
    assert (await client.post(path, corps)).status_code == 428
    assert (await client.post(path, corps, version=1)).status_code == 412
    first = await client.post(path, corps, version=2, cle=cle)
    again = await client.post(path, corps, version=2, cle=cle)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    reader = connecter("parcours", "parcours:lire")
    assert (await reader.post(path, corps, version=3)).json()["code"] == "portee-insuffisante"
    assert (await reader.get("/v1/suspensions?statut=decide")).json()["elements"]
    other = connecter("parcours", dans="999X")
    absent = f"/v1/suspensions/{new_id()}"
    for chemin in ("", "/actes", "/echanges-france-travail"):
        theirs = await other.get(f"/v1/suspensions/{contradictoire}{chemin}")
        never = await client.get(f"{absent}{chemin}")
        assert theirs.status_code == never.status_code == 404
    assert (await other.get("/v1/suspensions")).json()["elements"] == []


async def test_texts_are_sealed_and_acts_immutable(
    services: Mapping[str, Service], ouverte: str, contradictoire: str
) -> None:
    service = services["parcours"]
    acces = service.acces_interne(ouverte)
    async with service.base.transaction(acces) as tx:
        kept = await tx.execute(
            text("SELECT texte FROM acte_suspension WHERE collectivite = :collectivite")
        )
        assert contradictoire
        assert not any(b"contrat" in one for one in kept.scalars() if one)
    for statement in (
        "UPDATE acte_suspension SET date_acte = now()",
        "DELETE FROM acte_suspension",
    ):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(acces) as tx:
                await tx.execute(text(f"{statement} WHERE collectivite = :collectivite"))
