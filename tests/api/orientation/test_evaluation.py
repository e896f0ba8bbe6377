"""A pilot territory beside the rest, and the same inputs beside each other, through the door."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.orientation import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.orientation.conftest import criteres
from tests.api.orientation.test_statistiques import PERIODE, lire, montre
from tests.conftest import Client

Peupler = Callable[..., Awaitable[None]]

RECU = datetime(2026, 1, 5, 12, tzinfo=UTC)
REDON, RENNES = "35236", "35238"
LUS = criteres(contrainte_mobilite="DEPENDANT_TRANSPORT")["criteres"]


@pytest_asyncio.fixture
async def peupler(client: Client, ouverte: str, services: dict[str, Service]) -> Peupler:
    """Write people proposed the parcours socio-professionnel, and what was decided of them."""
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    (cd,) = (one["id"] for one in organismes if one["reference"] == "cd")
    service = services["orientation"]

    async def write(
        nombre: int,
        *,
        commune: str = REDON,
        jours: int | None = 10,
        decide: str = "socio_professionnel",
        regle: str = "P4",
        naissance: date = date(1980, 1, 1),
        attente: int = 0,
    ) -> None:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            for _ in range(nombre):
                personne, orientation = uuid4(), new_id()
                proposition, decision = new_id(), new_id()
                await tx.add(
                    tables.Personne,
                    {
                        "id": personne,
                        "client_id": "si-essai",
                        "nom": "Essai",
                        "prenoms": "Camille",
                        "date_naissance": naissance,
                        "commune": commune,
                        "beneficiaire_rsa": True,
                        "droits_devoirs": True,
                        "identite_empreinte": b"",
                    },
                )
                await tx.add(
                    tables.Orientation,
                    {
                        "id": orientation,
                        "personne_id": personne,
                        "origine": "saisie",
                        "statut": "brouillon" if jours is None else "ouverte",
                        "recu_le": RECU,
                        "date_limite": date(2026, 2, 16),
                        "criteres": [],
                        "decision_id": None if jours is None else decision,
                    },
                )
                await tx.add(
                    tables.Proposition,
                    {
                        "id": proposition,
                        "orientation_id": orientation,
                        "version_regles": "essai",
                        "regle": regle,
                        "type_parcours": "socio_professionnel",
                        "organisme_referent_id": cd,
                        "entrees": {"criteres": LUS},
                        "explication": {"regle_organisme": "O08"},
                    },
                )
                if jours is None:
                    continue
                date_decision = RECU.date() + timedelta(days=jours)
                await tx.add(
                    tables.Decision,
                    {
                        "id": decision,
                        "orientation_id": orientation,
                        "proposition_id": proposition,
                        "etat_decision": "acceptee"
                        if decide == "socio_professionnel"
                        else "refusee",
                        "motif_refus": None
                        if decide == "socio_professionnel"
                        else "appreciation_differente",
                        "type_parcours": decide,
                        "organisme_referent_id": cd,
                        "date_decision": date_decision,
                        "date_effet": date_decision + timedelta(days=attente),
                        "regle_competence": "C1",
                        "organisme_decideur_id": cd,
                        "client_id": "si-essai",
                    },
                )

    return write


async def poser_objectif(client: Client, ouverte: str, **champs: Any) -> None:
    """The pilot's objective, as its page states it: neither a start nor communes are told."""
    url = f"/v1/collectivites/{ouverte}"
    delai = {
        "code": "entree_parcours",
        "duree": 15,
        "unite": "jours",
        "source": "page",
        "fin": "entree_parcours",
        "territoire": "redon",
    }
    answer = await client.request(
        "PATCH",
        url,
        json={"delais": [delai | champs]},
        headers={
            "If-Match": (await client.get(url)).headers["ETag"],
            "Content-Type": "application/merge-patch+json",
        },
    )
    assert answer.status_code == 200, answer.text


async def test_a_pilot_territory_stands_beside_the_rest_by_one_definition(
    client: Client, ouverte: str, peupler: Peupler
) -> None:
    """Within 15 days, within six weeks, and after; of Redon and of the rest, the same objective.

    Planted: the objective counted to the decision, not to the entry, red.
    """
    await poser_objectif(client, ouverte, communes=[REDON])
    await peupler(12, jours=10, attente=5)
    await peupler(8, jours=10, attente=6)
    await peupler(6, commune=RENNES, jours=15)
    await peupler(12, commune=RENNES, jours=42)
    await peupler(6, commune=RENNES, jours=43, decide="social")

    found = await lire(client, "&objectif=entree_parcours")

    assert (found["communes_inconnues"], found["objectif"]["confirme"]) == (False, False)
    assert found["objectif"]["fin"] == "entree_parcours"
    groupes = {one["cle"]: one for one in found["groupes"]}
    assert {
        cle: (
            one["a_orienter"],
            one["orientees"],
            one["dans_objectif_points_base"],
            one["dans_delai_points_base"],
            one["delai_median_heures"],
        )
        for cle, one in groupes.items()
    } == {
        "territoire": (20, 20, 6000, 10_000, 240),
        "hors_territoire": (24, 24, 2500, 7500, 42 * 24),
    }
    assert montre(groupes["hors_territoire"], "delai") == {
        "dans_objectif": 6,
        "dans_delai": 12,
        "hors_delai": 6,
    }
    assert montre(groupes["hors_territoire"], "decision") == {
        "acceptee": 18,
        "refusee.appreciation_differente": 6,
    }
    # The same territory by its name, and the same counts but for the objective.
    nomme = await lire(client, "&territoire=redon")
    assert montre(nomme["groupes"][0], "delai") == {"dans_delai": 18, "hors_delai": 6}
    assert nomme["groupes"][0]["dans_objectif_points_base"] is None


async def test_a_territory_whose_communes_nobody_told_is_not_zero_people(
    client: Client, ouverte: str, peupler: Peupler
) -> None:
    """Planted: an unknown territory taken for no commune at all, red."""
    await poser_objectif(client, ouverte)
    await peupler(20)

    for query in ("&objectif=entree_parcours", "&territoire=redon", "&territoire=redon&par=age"):
        found = await lire(client, query)
        assert (found["communes_inconnues"], found["groupes"]) == (True, []), query
        assert found["ensemble"]["a_orienter"] == 20
    equite = (await client.get(f"/v1/statistiques/equite?{PERIODE}&territoire=redon")).json()
    assert (equite["communes_inconnues"], equite["groupes"]) == (True, [])


@pytest.mark.parametrize(
    ("query", "pointeur"),
    [
        pytest.param("&objectif=inconnu", "?objectif", id="objectif inconnu"),
        pytest.param("&territoire=redon&commune=35236", "?territoire", id="deux territoires"),
    ],
)
async def test_what_cannot_be_compared_is_named(
    client: Client, ouverte: str, query: str, pointeur: str
) -> None:
    await poser_objectif(client, ouverte)

    refused = await client.get(f"/v1/statistiques/orientation?{PERIODE}{query}")

    assert refused.status_code == 422
    assert [one["pointeur"] for one in refused.json()["erreurs"]] == [pointeur]


async def test_what_one_repartition_hides_no_other_tells(client: Client, peupler: Peupler) -> None:
    """Two late ones and eight undecided: the eight, told elsewhere, would give the two away.

    Planted: each répartition masked alone, red.
    """
    await peupler(14, jours=10)
    await peupler(6, jours=10, decide="social")
    await peupler(2, jours=43)
    await peupler(8, jours=None)

    ensemble = (await lire(client))["ensemble"]

    vus = {nom: montre(ensemble, nom) for nom in ("delai", "decision", "parcours", "defaut")}
    assert vus["delai"] == {"dans_delai": None, "hors_delai": None, "non_decidee": 8}
    assert vus["decision"] == {
        "acceptee": 16,
        "refusee.appreciation_differente": 6,
        "non_decidee": 8,
    }
    assert (ensemble["a_orienter"], ensemble["orientees"]) == (30, 22)
    assert ensemble["dans_delai_points_base"] is None


async def test_unfair_decisions_show_on_the_same_inputs(client: Client, peupler: Peupler) -> None:
    """Planted data: in Redon the proposal is set aside three times in four, elsewhere never."""
    await peupler(5)
    await peupler(15, decide="social")
    await peupler(20, commune=RENNES)
    await peupler(20, commune=RENNES, regle="P3")

    found = (await client.get(f"/v1/statistiques/equite?{PERIODE}")).json()

    assert (found["axe"], found["seuil"]) == ("commune", 5)
    assert {
        (one["profil"]["regle"], one["cle"]): (one["decisions"], one["ecart_points_base"])
        for one in found["groupes"]
    } == {("P3", RENNES): (20, 0), ("P4", REDON): (20, 7500), ("P4", RENNES): (20, 0)}
    (ici,) = (one for one in found["groupes"] if one["cle"] == REDON)
    assert ici["profil"] == {
        "regle": "P4",
        "activite": "oui",
        "projection": "oui",
        "qualification": "oui",
        "frein": "moyen",
        "obstacle": "non",
    }
    assert {un["modalite"]: un["nombre"] for un in ici["effectifs"]} == {
        "conforme": 5,
        "autre_parcours.social": 15,
    }


async def test_the_same_inputs_by_age_and_by_territory(client: Client, peupler: Peupler) -> None:
    """Few people are not told, whatever the axis."""
    await peupler(20, naissance=date(2004, 1, 1), decide="social")
    await peupler(5, naissance=date(2004, 1, 1))
    await peupler(20)
    await peupler(12, commune=RENNES)
    await peupler(3, commune=RENNES, naissance=date(1950, 1, 1))

    async def taux(query: str) -> dict[str, tuple[int | None, int | None]]:
        answer = await client.get(f"/v1/statistiques/equite?{PERIODE}{query}")
        assert answer.status_code == 200, answer.text
        return {
            one["cle"]: (one["decisions"], one["ecart_points_base"])
            for one in answer.json()["groupes"]
        }

    assert await taux("&par=age") == {
        "moins_de_26": (None, None),
        "de_26_a_49": (32, 0),
        "50_et_plus": (None, None),
    }
    assert await taux(f"&commune={REDON}") == {
        "territoire": (45, 4444),
        "hors_territoire": (15, 0),
    }


async def test_reorientations_of_the_period_are_shared_out(
    client: Client, ouverte: str, services: dict[str, Service], peupler: Peupler
) -> None:
    """By motif and by state, both ends of the period included; a few are not told."""
    await peupler(20)
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        colonnes = tables.Orientation.__table__.c
        rows = await tx.execute(
            tables.Orientation.__table__.select()
            .with_only_columns(colonnes.id)
            .where(colonnes.collectivite == ouverte)
        )
        (cd,) = (
            await tx.execute(
                tables.OrganismeReferent.__table__.select()
                .with_only_columns(tables.OrganismeReferent.id)
                .where(tables.OrganismeReferent.collectivite == ouverte)
                .where(tables.OrganismeReferent.reference == "cd")
            )
        ).scalars()
        for rang, orientation_id in enumerate(rows.scalars().all()):
            await tx.add(
                tables.Reorientation,
                {
                    "id": new_id(),
                    "orientation_id": orientation_id,
                    "statut": "acceptee" if rang < 12 else "refusee",
                    "demandeur": "organisme",
                    "organisme_demandeur_id": cd,
                    "moment": "accompagnement",
                    "motif": "DEMANDE_PERSONNE" if rang % 2 else "DEMENAGEMENT_INTERNE",
                    "type_parcours_propose": "social",
                    "organisme_propose_id": cd,
                    "date_demande": date(2026, 1, 31) + timedelta(days=int(rang == 0)),
                    "date_limite_reponse": date(2026, 2, 28),
                    "client_id": "si-essai",
                },
            )

    found = {one["nom"]: one for one in (await lire(client))["reorientations"]}

    assert {un["modalite"]: un["nombre"] for un in found["motif"]["effectifs"]} == {
        "DEMANDE_PERSONNE": 10,
        "DEMENAGEMENT_INTERNE": 9,
    }
    assert {un["modalite"]: un["nombre"] for un in found["statut"]["effectifs"]} == {
        "acceptee": 11,
        "refusee": 8,
    }
    autre = (await client.get("/v1/statistiques/orientation?date_debut=2026-02-01")).json()
    assert all(one["masquee"] for one in autre["reorientations"])
