"""The timeline, as of a day, as known on another; and what was known of a frein."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.parcours import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import Observer, Orientation, Suivre
from tests.conftest import Client, Connecter
from tests.jours import aujourdhui


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


async def _vecu(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    observer: Observer,
    parcours_id: str,
    jour: date,
) -> dict[str, Any]:
    """A parcours to which something of most kinds happened."""
    parcours: dict[str, Any] = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    base = f"/v1/parcours/{parcours_id}"
    await client.post(
        f"{base}/referents",
        {
            "agent": "agt-1",
            "organisme_referent_id": parcours["organisme_referent_id"],
            "date_debut": "2026-03-10",
        },
    )
    await client.post(
        f"{base}/diagnostics",
        {
            "date_diagnostic": "2026-03-12",
            "agent": "agt-1",
            "freins": [{"code": "mobilite", "niveau": "fort"}],
        },
    )
    await orientation.decider(
        UUID(parcours["personne_id"]),
        type_parcours="professionnel",
        date_effet="2026-05-04",
        organisme_referent_id=str(uuid4()),
    )
    await suivre()
    frein = (await observer("logement", date_observation="2026-05-11")).json()
    await client.post(
        f"/v1/freins/{frein['id']}/levees",
        {"fondement": "objectifs_atteints", "date_levee": "2026-06-15"},
        version=1,
    )
    closed = await client.post(
        f"{base}/clotures", {"motif": "emploi_durable", "date_sortie": str(jour)}, version=2
    )
    assert closed.status_code == 201, closed.text
    return parcours


async def test_all_that_happened_in_order_page_by_page(
    client: Client,
    orientation: Orientation,
    suivre: Suivre,
    observer: Observer,
    parcours_id: str,
    jour: date,
) -> None:
    await _vecu(client, orientation, suivre, observer, parcours_id, jour)
    path = f"/v1/parcours/{parcours_id}/chronologie"

    whole = (await client.get(path)).json()["elements"]

    told = [(one["date_evenement"], one["type"]) for one in whole]
    assert sorted(told) == [
        ("2026-03-09", "parcours_ouvert"),
        ("2026-03-09", "periode_ouverte"),
        ("2026-03-10", "referent_designe"),
        ("2026-03-12", "diagnostic_signe"),
        ("2026-03-12", "frein_observe"),
        ("2026-05-04", "periode_ouverte"),
        ("2026-05-04", "referent_parti"),
        ("2026-05-11", "frein_observe"),
        ("2026-06-15", "frein_leve"),
        (str(jour), "parcours_clos"),
    ]
    assert [day for day, _ in told] == sorted((day for day, _ in told), reverse=True)
    walked, suivant = [], f"{path}?limite=3"
    while suivant:
        page = (await client.get(suivant)).json()
        walked += page["elements"]
        suivant = page["pagination"]["suivant"]
    assert walked == whole
    forward = (await client.get(f"{path}?tri=date_evenement")).json()["elements"]
    assert forward == whole[::-1]
    past = (await client.get(f"{path}?au=2026-05-03")).json()["elements"]
    assert past == [one for one in whole if one["date_evenement"] <= "2026-05-03"]
    assert (await client.get(f"{path}?connu_au=2026-01-01")).json()["elements"] == []
    for one in whole:
        assert (
            await client.get(f"/v1/{one['ressource']}/{one['ressource_id']}")
        ).status_code == 200


@pytest.mark.parametrize("code", ["logement", "sante"])
async def test_a_correction_leaves_the_answer_of_the_past_unchanged(
    services: Mapping[str, Service],
    client: Client,
    parcours_id: str,
    observer: Observer,
    ouverte: str,
    code: str,
) -> None:
    """What was known on 3 March stays what was known. Planted: `cree_le` not compared, red."""
    service = services["parcours"]
    frein_id = new_id()
    volet = tables.SANTE if code == "sante" else tables.ORDINAIRE
    su_le = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # 23 h 30 in Paris: still the 3rd
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.add(
            volet.frein,
            {
                "id": frein_id,
                "parcours_id": UUID(parcours_id),
                "code": code,
                "statut": "ouvert",
                "niveau": "moyen",
                "date_debut": date(2026, 3, 2),
                "date_observation": date(2026, 3, 2),
                "cree_le": su_le,
            },
        )
        await tx.add(
            volet.observation,
            {
                "id": new_id(),
                "frein_id": frein_id,
                "niveau": "moyen",
                "date_observation": date(2026, 3, 2),
                "source": "referent",
                "client_id": "si-essai",
                "cree_le": su_le,
            },
        )
    path = f"/v1/freins/{frein_id}/niveaux/connu"
    timeline = f"/v1/parcours/{parcours_id}/chronologie?connu_au=2026-03-03"
    before = (await client.get(f"{path}?connu_au=2026-03-03")).json()
    told = (await client.get(timeline)).json()["elements"]

    corrected = await client.post(
        f"/v1/freins/{frein_id}/niveaux",
        {"niveau": "fort", "date_observation": "2026-03-02", "source": "referent"},
        version=1,
    )
    lifted = await client.post(
        f"/v1/freins/{frein_id}/levees",
        {"fondement": "objectifs_atteints", "date_levee": "2026-03-02"},
        version=2,
    )
    assert (corrected.status_code, lifted.status_code) == (201, 201)

    assert (before["niveau"], before["date_observation"]) == ("moyen", "2026-03-02")
    assert (await client.get(f"{path}?connu_au=2026-03-03")).json() == before
    assert (await client.get(timeline)).json()["elements"] == told
    assert [one["type"] for one in told] == ["frein_observe"]
    now = (await client.get(f"{path}?au=2026-03-03")).json()
    assert (now["niveau"], now["date_fin"], now["date_connaissance"]) == (
        "fort",
        "2026-03-02",
        None,
    )
    unknown = (await client.get(f"{path}?connu_au=2026-03-02&au=2026-03-03")).json()
    assert (unknown["niveau"], unknown["observation_id"]) == ("non_explore", None)


async def test_the_past_of_a_frein_of_health_has_its_scope(
    connecter: Connecter, observer: Observer
) -> None:
    frein = (await observer("sante")).json()
    path = f"/v1/freins/{frein['id']}/niveaux/connu"
    assert (await connecter("parcours", "parcours:lire").get(path)).status_code == 404
    assert (await connecter("parcours").get(path)).json()["niveau"] == "fort"


async def test_a_contract_is_told_under_the_decision_that_then_stood(
    client: Client, orientation: Orientation, suivre: Suivre, jour: date
) -> None:
    """Back after an exit, the person has another parcours and the same contract."""
    personne_id = uuid4()
    first = await orientation.decider(personne_id, type_parcours="professionnel")
    await orientation.notifier(first, "2026-06-01")
    await suivre()
    listed = f"/v1/parcours?personne_id={personne_id}"
    (parcours,) = (await client.get(listed)).json()["elements"]
    contenu = {
        "engagements_organisme": {"referent_unique": "agt-1", "engagements": ["Accompagner"]},
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
    made = await client.post(f"/v1/parcours/{parcours['id']}/contrats-engagement", contenu)
    assert made.status_code == 201, made.text
    contrat = made.headers["Location"]
    refused = await client.post(
        f"{contrat}/refus", {"date_refus": "2026-06-20"}, version=made.json()["version"]
    )
    assert refused.status_code == 201, refused.text
    for version, signataire in ((2, "organisme"), (3, "personne")):
        signed = await client.post(
            f"{contrat}/signatures",
            {"signataire": signataire, "date_signature": str(jour)},
            version=version,
        )
        assert signed.status_code == 201, signed.text
    closed = await client.post(
        f"/v1/parcours/{parcours['id']}/clotures",
        {"motif": "emploi_durable", "date_sortie": str(jour)},
        version=1,
    )
    assert closed.status_code == 201, closed.text
    tard = jour.replace(year=jour.year + 2)
    await orientation.decider(personne_id, date_effet=str(tard))
    await suivre()
    retour, _ = (await client.get(listed)).json()["elements"]

    told = []
    for one in (parcours, retour):
        whole = (await client.get(f"/v1/parcours/{one['id']}/chronologie")).json()["elements"]
        told.append([fact for fact in whole if fact["type"].startswith("contrat_")])
    assert {fact["ressource_id"] for fact in (*told[0], *told[1])} == {made.json()["id"]}
    assert sorted(fact["type"] for fact in told[0]) == [
        "contrat_etabli",
        "contrat_refus",
        "contrat_signature",
        "contrat_signature",
    ]
    assert [(fact["type"], fact["date_evenement"]) for fact in told[1]] == [
        ("contrat_nouvelle_decision", str(tard))
    ]
    assert (
        await client.get(f"/v1/{told[0][0]['ressource']}/{told[0][0]['ressource_id']}")
    ).status_code == 200


async def test_what_was_still_to_come_was_not_told(
    client: Client, orientation: Orientation, suivre: Suivre
) -> None:
    """An end to come may be moved: of what was known on a day, nothing is of a later one."""
    tomorrow = aujourdhui() + timedelta(days=1)
    decidee = await orientation.decider(date_effet=str(tomorrow + timedelta(days=9)))
    await suivre()
    listed = f"/v1/parcours?personne_id={decidee['personne_id']}"
    (parcours,) = (await client.get(listed)).json()["elements"]
    timeline = f"/v1/parcours/{parcours['id']}/chronologie"

    assert len((await client.get(timeline)).json()["elements"]) == 2
    assert (await client.get(f"{timeline}?connu_au={tomorrow}")).json()["elements"] == []
