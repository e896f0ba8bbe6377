"""Employers, jobs and mises en situation, offers and clauses, through the door."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from services.parcours.offres_emploi.queries import store_mise
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Observer, Orientation, Suivre, ensemble
from tests.conftest import Client, Connecter

EMPLOYEUR: dict[str, Any] = {
    "siret": "10000000900017",
    "nom": "Chantier d'exemple",
    "naf": "81.21Z",
    "code_commune": "35238",
    "structures_iae": ["aci"],
}
PMSMP: dict[str, Any] = {
    "type": "pmsmp",
    "date_debut": "2026-03-03",
    "date_fin": "2026-04-02",
    "pmsmp": {"objet": "decouvrir", "prescripteur": "conseil_departemental"},
}
SIRETS = ("10000000900017", "10000001700010", "10000002500013")


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """A client without the scopes of health."""
    return connecter("parcours", ORDINAIRES)


@pytest_asyncio.fixture
async def employeur_id(client: Client, ouverte: str) -> str:
    """An employer that is a chantier d'insertion."""
    created = await client.post("/v1/employeurs", EMPLOYEUR)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


Embaucher = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def embaucher(client: Client, parcours_id: str, employeur_id: str) -> Embaucher:
    """Begin a job of the open parcours."""

    async def begin(
        corps: Mapping[str, Any] = PMSMP, *, cle: str | None = None, **champs: Any
    ) -> httpx.Response:
        demande = {"employeur_id": employeur_id, **corps, **champs}
        return await client.post(f"/v1/parcours/{parcours_id}/emplois", demande, cle=cle)

    return begin


async def compter(services: Mapping[str, Service], collectivite: str, table: str) -> int:
    """Rows of a table, of this test's collectivité."""
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        order = text(f"SELECT count(*) FROM {table} WHERE collectivite = :collectivite")
        return int((await tx.execute(order)).scalar_one())


def erreurs(answer: httpx.Response) -> list[tuple[str, str]]:
    """The fields refused."""
    assert answer.status_code == 422, answer.text
    return [(un["pointeur"], un["code"]) for un in answer.json()["erreurs"]]


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        pytest.param({"siret": "10000000900018"}, "/siret", id="clé fausse"),
        pytest.param({"siret": "00000000000000"}, "/siret", id="zéros"),
        pytest.param({"siret": "1000000090001"}, "/siret", id="treize chiffres"),
        pytest.param({"naf": "8121Z"}, "/naf", id="NAF sans point"),
        pytest.param({"nom": ""}, "/nom", id="sans nom"),
    ],
)
async def test_an_employer_is_checked(
    client: Client,
    services: Mapping[str, Service],
    ouverte: str,
    champs: dict[str, Any],
    attendu: str,
) -> None:
    """Planted: the keys of a SIRET not looked at, red."""
    refused = await client.post("/v1/employeurs", EMPLOYEUR | champs)

    assert [champ for champ, _ in erreurs(refused)] == [attendu]
    assert await compter(services, ouverte, "employeur") == 0


async def test_an_employer_is_known_once_and_found(
    client: Client, connecter: Connecter, employeur_id: str
) -> None:
    again = await client.post("/v1/employeurs", EMPLOYEUR)
    assert (again.status_code, again.json()["code"]) == (409, "reference-externe-existante")
    geiq = EMPLOYEUR | {"siret": SIRETS[1], "secteur_groupement": "batiment", "structures_iae": []}
    assert (await client.post("/v1/employeurs", geiq)).status_code == 201

    for query, sirets in (
        ("", [SIRETS[1], SIRETS[0]]),
        ("?secteur_groupement=batiment", [SIRETS[1]]),
        (f"?siret={SIRETS[0]}", [SIRETS[0]]),
    ):
        listed = (await client.get(f"/v1/employeurs{query}")).json()["elements"]
        assert [un["siret"] for un in listed] == sirets
    besoin = {"nature": "besoin", "date_accompagnement": "2026-06-30", "agent": "agt-1"}
    chemin = f"/v1/employeurs/{employeur_id}/accompagnements"
    assert (await client.post(chemin, besoin)).json()["id"] == employeur_id
    a_venir = await client.post(chemin, besoin | {"date_accompagnement": "2026-07-02"})
    assert erreurs(a_venir) == [("/date_accompagnement", "date-incoherente")]
    (kept,) = (await client.get(chemin)).json()["elements"]
    assert (kept["nature"], kept["auteur"]) == ("besoin", {"client_id": "si-essai"})
    # Another département does not know it.
    assert (await connecter("parcours", dans="44D").get(chemin)).status_code == 404


async def test_a_pmsmp_is_written_once_and_read(
    client: Client,
    embaucher: Embaucher,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
) -> None:
    cle = str(uuid4())

    first = await embaucher(cle=cle)
    again = await embaucher(cle=cle)

    assert (first.status_code, first.headers["ETag"]) == (201, '"1"'), first.text
    assert first.json() == again.json()
    found = first.json()
    assert found["pmsmp"] == PMSMP["pmsmp"] | {"renouvelle_id": None}
    assert (found["iae"], found["statut"]) == (None, "ouvert")
    assert (await client.get(first.headers["Location"])).json() == found
    assert await compter(services, ouverte, "emploi") == 1
    (listed,) = (await client.get(f"/v1/emplois?type=pmsmp&parcours_id={parcours_id}")).json()[
        "elements"
    ]
    assert listed == found
    assert (await client.get("/v1/emplois?type=cdi")).json()["elements"] == []
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [un["type"] for un in feed][-1] == "parcours.emploi.commence"
    assert set(feed[-1]) == {
        *("evenement_id", "type", "ressource", "id", "version", "operation", "survenu_le")
    }


async def test_the_caps_of_a_pmsmp_hold_from_one_parcours_to_the_next(
    client: Client,
    embaucher: Embaucher,
    services: Mapping[str, Service],
    ouverte: str,
    orientation: Orientation,
    suivre: Suivre,
    horloge: Horloge,
    parcours_id: str,
    employeur_id: str,
) -> None:
    """Planted: the others read of this parcours only, red."""
    for debut, fin in (("2027-06-01", "2027-06-08"), ("2027-06-14", "2027-06-20")):
        assert (await embaucher(date_debut=debut, date_fin=fin)).status_code == 201
    third = PMSMP | {"date_debut": "2027-08-02", "date_fin": "2027-08-05"}
    assert erreurs(await embaucher(third)) == [("/date_debut", "hors-bornes")]
    assert await compter(services, ouverte, "emploi") == 2
    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    closed = await client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "formation", "date_sortie": "2026-06-30"},
        version=parcours["version"],
    )
    assert closed.status_code == 201, closed.text
    ended = await embaucher(third)
    assert (ended.status_code, ended.json()["code"]) == (409, "parcours-clos")
    horloge.avancer(timedelta(days=396))
    await orientation.decider(parcours["personne_id"], date_effet="2027-07-28")
    await suivre()
    open_ = f"/v1/parcours?personne_id={parcours['personne_id']}&statut=ouvert"
    (suivant,) = (await client.get(open_)).json()["elements"]
    assert suivant["id"] != parcours_id

    refused = await client.post(
        f"/v1/parcours/{suivant['id']}/emplois", third | {"employeur_id": employeur_id}
    )

    assert erreurs(refused) == [("/date_debut", "hors-bornes")]


async def test_two_conventions_at_once_are_counted_one_after_the_other(
    client: Client, embaucher: Embaucher
) -> None:
    """Six at once, two in twelve months. Planted: the parcours not held, red."""
    answers = await ensemble(
        client,
        *(
            embaucher(date_debut=f"2026-03-{10 + rang}", date_fin=f"2026-03-{10 + rang}")
            for rang in range(6)
        ),
    )

    assert sorted(un.status_code for un in answers) == [201] * 2 + [422] * 4


@pytest.mark.parametrize(
    ("corps", "attendu"),
    [
        pytest.param({"date_fin": "2026-04-03"}, "/date_fin", id="un mois et un jour"),
        pytest.param({"type": "cdd"}, "/pmsmp", id="détail d'un autre type"),
        pytest.param({"type": "stage"}, "/type", id="type inconnu"),
        pytest.param({"duree_hebdomadaire_minutes": 20}, "/duree_hebdomadaire_minutes", id="quart"),
    ],
)
async def test_bad_input_writes_nothing(
    embaucher: Embaucher,
    services: Mapping[str, Service],
    ouverte: str,
    corps: dict[str, Any],
    attendu: str,
) -> None:
    refused = await embaucher(**corps)

    assert [champ for champ, _ in erreurs(refused)] == [attendu]
    for table in ("emploi", "acte_emploi"):
        assert await compter(services, ouverte, table) == 0


async def test_an_unknown_employer_is_not_there(embaucher: Embaucher) -> None:
    refused = await embaucher(employeur_id=str(uuid4()))
    assert (refused.status_code, refused.json()["code"]) == (404, "introuvable")


async def test_a_cddi_under_a_pass_prolonged_to_its_bound(
    client: Client, embaucher: Embaucher, parcours_id: str
) -> None:
    passe = await client.post(
        f"/v1/parcours/{parcours_id}/dispositifs",
        {"type": "pass_iae", "date_debut": "2026-03-01", "numero": "XXXXX0000001"},
    )
    assert passe.json()["date_fin"] == "2028-02-28", passe.text
    cddi = {
        "type": "iae",
        "date_debut": "2026-03-03",
        "date_fin": "2026-07-02",
        "iae": {"structure": "aci", "pass_iae_id": passe.json()["id"]},
    }
    assert erreurs(await embaucher(cddi, date_fin="2026-07-01")) == [("/date_fin", "hors-bornes")]
    assert erreurs(await embaucher(cddi, date_debut="2026-02-28")) == [
        ("/iae/pass_iae_id", "date-incoherente")
    ]
    created = (await embaucher(cddi)).json()
    chemin = f"/v1/emplois/{created['id']}/actes"

    for jour, statut in (("2028-03-03", 422), ("2028-03-02", 201)):
        done = await client.post(chemin, {"type": "prolongation", "date_acte": jour}, version=1)
        assert done.status_code == statut, done.text
    assert done.json()["date_fin"] == "2028-03-02"
    stale = await client.post(chemin, {"type": "annulation", "date_acte": "2026-07-01"}, version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-depassee")
    fin = {"type": "fin", "date_acte": "2026-06-30", "motif": "embauche"}
    ended = (await client.post(chemin, fin, version=2)).json()
    assert (ended["statut"], ended["date_fin"], ended["motif_fin"]) == (
        *("termine", "2026-06-30", "embauche"),
    )
    # Nothing was overwritten: each act says what it said.
    acts = (await client.get(chemin)).json()["elements"]
    assert [(un["type"], un["date_acte"]) for un in acts] == [
        ("fin", "2026-06-30"),
        ("prolongation", "2028-03-02"),
        ("debut", "2026-03-03"),
    ]
    over = await client.post(chemin, fin, version=3)
    assert (over.status_code, over.json()["code"]) == (409, "transition-interdite")


async def test_a_pass_of_another_person_admits_nothing(
    client: Client,
    embaucher: Embaucher,
    orientation: Orientation,
    suivre: Suivre,
) -> None:
    """Planted: the PASS looked for by its id alone, red."""
    autre = await orientation.decider()
    await suivre()
    (theirs,) = (await client.get(f"/v1/parcours?personne_id={autre['personne_id']}")).json()[
        "elements"
    ]
    passe = await client.post(
        f"/v1/parcours/{theirs['id']}/dispositifs",
        {"type": "pass_iae", "date_debut": "2026-03-01"},
    )
    refused = await embaucher(
        {
            "type": "iae",
            "date_debut": "2026-03-03",
            "date_fin": "2026-07-02",
            "iae": {"structure": "aci", "pass_iae_id": passe.json()["id"]},
        }
    )
    assert refused.status_code == 404


AIDE: dict[str, Any] = {
    "type": "contrat_aide",
    "date_debut": "2026-01-05",
    "date_fin": "2026-07-31",
    "duree_hebdomadaire_minutes": 1_200,
    "contrat_aide": {
        "dispositif": "pec",
        "decideur": "conseil_departemental",
        "date_fin_aide": "2026-07-31",
    },
}


@pytest.mark.parametrize(
    ("fin_aide", "suite"),
    [("2026-07-31", "2026-12-31"), ("2026-06-30", "2026-06-30")],
    ids=["finit avec le contrat", "finit avant lui"],
)
async def test_an_aid_goes_on_only_if_it_ended_with_its_contract(
    client: Client, embaucher: Embaucher, fin_aide: str, suite: str
) -> None:
    """Planted: every aid prolonged with its contract, red."""
    aide = AIDE["contrat_aide"] | {"date_fin_aide": fin_aide}
    created = (await embaucher(AIDE, contrat_aide=aide)).json()

    done = await client.post(
        f"/v1/emplois/{created['id']}/actes",
        {"type": "prolongation", "date_acte": "2026-12-31"},
        version=1,
    )

    assert done.status_code == 201, done.text
    assert done.json()["contrat_aide"]["date_fin_aide"] == suite


async def test_a_derogation_lifts_the_bound_of_its_own_prolongation(
    client: Client, embaucher: Embaucher
) -> None:
    """Planted: that of the beginning kept for what follows, red."""
    aide = AIDE["contrat_aide"] | {"derogation": "situation_particuliere"}
    created = (await embaucher(AIDE, contrat_aide=aide, duree_hebdomadaire_minutes=600)).json()
    chemin = f"/v1/emplois/{created['id']}/actes"
    prolonge = {"type": "prolongation", "date_acte": "2028-01-05"}

    refused = await client.post(chemin, prolonge, version=1)
    assert erreurs(refused) == [("/date_fin", "hors-bornes")]
    # Its hours were admitted when it began.
    shorter = await client.post(chemin, prolonge | {"date_acte": "2028-01-04"}, version=1)
    assert shorter.status_code == 201, shorter.text
    longer = prolonge | {"derogation": "formation_en_cours"}
    assert (await client.post(chemin, longer, version=2)).status_code == 201


async def test_an_aided_contract_may_have_no_end(client: Client, embaucher: Embaucher) -> None:
    created = await embaucher(AIDE, date_fin=None)

    assert (created.status_code, created.json()["date_fin"]) == (201, None), created.text
    for code in ("fin_contrat_aide", "accompagnement_fin_contrat_aide"):
        assert (await client.get(f"/v1/echeances?code={code}")).json()["elements"] == []


async def test_the_age_is_asked_of_whom_the_departement_hires(
    client: Client, embaucher: Embaucher, ouverte: str
) -> None:
    departement = EMPLOYEUR | {"siret": SIRETS[2], "departement": True, "structures_iae": []}
    chez = {"employeur_id": (await client.post("/v1/employeurs", departement)).json()["id"]}
    cdi = {"type": "cdi", "date_debut": "2026-05-04", **chez}

    assert (await embaucher(**chez)).status_code == 201
    assert erreurs(await embaucher(cdi)) == [("/age_entree", "requis")]


async def test_the_end_of_an_aided_contract_is_announced(
    client: Client, connecter: Connecter, embaucher: Embaucher, ouverte: str, parcours_id: str
) -> None:
    """Eight weeks before, or what the collectivité set; met once the support began.

    Planted: the local delay not read, red; a local one looked up among the national ones, red.
    """
    created = (await embaucher(AIDE)).json()

    async def dues(code: str) -> list[dict[str, Any]]:
        page = await client.get(f"/v1/echeances?code={code}&parcours_id={parcours_id}")
        assert page.status_code == 200, page.text
        found: list[dict[str, Any]] = page.json()["elements"]
        return found

    (due,) = await dues("accompagnement_fin_contrat_aide")
    assert (due["date_limite"], due["etat"], due["confirme"]) == ("2026-06-05", "en_retard", False)
    assert due["emploi_id"] == created["id"]
    (fin,) = await dues("fin_contrat_aide")
    assert (fin["date_limite"], fin["etat"]) == ("2026-07-31", "a_temps")
    local = {
        "code": "accompagnement_fin_contrat_aide",
        "duree": 2,
        "unite": "semaines",
        "depuis": "2026-01-01",
        "source": "Délibération d'essai",
    }
    changed = await connecter("parcours").request(
        "PATCH",
        f"/v1/collectivites/{ouverte}",
        json={"delais": [local]},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert changed.status_code == 200, changed.text
    (due,) = await dues("accompagnement_fin_contrat_aide")
    assert (due["date_limite"], due["etat"]) == ("2026-07-17", "a_temps")
    assert due["source"] == "Délibération d'essai"

    acte = {"type": "accompagnement_renforce", "date_acte": "2026-07-01"}
    done = await client.post(f"/v1/emplois/{created['id']}/actes", acte, version=1)
    assert done.json()["date_accompagnement_renforce"] == "2026-07-01"
    (due,) = await dues("accompagnement_fin_contrat_aide")
    assert due["etat"] == "respectee"


async def test_what_ends_is_due_and_is_in_the_timeline(
    client: Client, embaucher: Embaucher, parcours_id: str
) -> None:
    created = (await embaucher(date_debut="2026-06-10", date_fin="2026-07-05")).json()

    (due,) = (await client.get("/v1/echeances?code=fin_pmsmp")).json()["elements"]
    assert (due["date_limite"], due["etat"]) == ("2026-07-05", "a_risque")
    fin = {"type": "fin", "date_acte": "2026-06-30", "motif": "embauche"}
    assert (
        await client.post(f"/v1/emplois/{created['id']}/actes", fin, version=1)
    ).status_code == 201
    timeline = f"/v1/parcours/{parcours_id}/chronologie"
    told = (await client.get(timeline)).json()["elements"]
    ours = [(un["type"], un["date_evenement"]) for un in told if un["ressource"] == "emplois"]
    assert ours == [("emploi_fin", "2026-06-30"), ("emploi_debut", "2026-06-10")]
    before = (await client.get(f"{timeline}?au=2026-06-20")).json()["elements"]
    assert [un["type"] for un in before if un["ressource"] == "emplois"] == ["emploi_debut"]


async def test_a_person_is_put_forward_whatever_the_plan(
    client: Client,
    services: Mapping[str, Service],
    ouverte: str,
    parcours_id: str,
    employeur_id: str,
) -> None:
    """The plan for any value, which PostgreSQL takes for its own after five runs.

    Planted: the state of the index as a bound value, red: no constraint matched, 500.
    """
    offre = {
        "employeur_id": employeur_id,
        "rome": "F1703",
        "intitule": "Maçon",
        "type_emploi": "cdi",
        "code_commune": "35238",
        "duree_hebdomadaire_minutes": 2_100,
        "places": 1,
        "date_ouverture": "2026-06-01",
    }
    opened = (await client.post("/v1/offres-emploi", offre)).json()
    mise = {
        "offre_emploi_id": UUID(opened["id"]),
        "parcours_id": UUID(parcours_id),
        "statut": "proposee",
        "date_proposition": date(2026, 6, 15),
    }
    service = services["parcours"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        stored = [await store_mise(tx, mise | {"id": new_id()}) for _ in range(2)]

    assert [row is not None for row in stored] == [True, False]


async def test_an_offer_is_filled_once(
    client: Client,
    embaucher: Embaucher,
    orientation: Orientation,
    suivre: Suivre,
    parcours_id: str,
    employeur_id: str,
) -> None:
    """One place, two persons hired at once: one is. Planted: the offer not held, red."""
    autre = await orientation.decider()
    await suivre()
    (second,) = (await client.get(f"/v1/parcours?personne_id={autre['personne_id']}")).json()[
        "elements"
    ]
    offre = {
        "employeur_id": employeur_id,
        "rome": "F1703",
        "intitule": "Maçon",
        "type_emploi": "cdi",
        "code_commune": "35238",
        "duree_hebdomadaire_minutes": 2_100,
        "places": 1,
        "date_ouverture": "2026-06-01",
    }
    opened = (await client.post("/v1/offres-emploi", offre)).json()
    mises = [
        (
            await client.post(
                f"/v1/offres-emploi/{opened['id']}/mises-en-relation",
                {"parcours_id": one, "date_proposition": "2026-06-15"},
            )
        ).json()
        for one in (parcours_id, second["id"])
    ]
    twice = await client.post(
        f"/v1/offres-emploi/{opened['id']}/mises-en-relation",
        {"parcours_id": parcours_id, "date_proposition": "2026-06-16"},
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "transition-interdite")
    emploi = (
        await embaucher({"type": "cdi", "date_debut": "2026-07-01"}, employeur_id=employeur_id)
    ).json()
    theirs = await client.post(
        f"/v1/mises-en-relation/{mises[1]['id']}/resultats",
        {"issue": "recrutee", "date_resultat": "2026-07-01", "emploi_id": emploi["id"]},
        version=1,
    )
    assert erreurs(theirs) == [("/emploi_id", "hors-bornes")]

    answers = await asyncio.gather(
        *(
            client.post(
                f"/v1/mises-en-relation/{mise['id']}/resultats",
                {"issue": "recrutee", "date_resultat": "2026-07-01"},
                version=1,
            )
            for mise in mises
        )
    )

    assert sorted(un.status_code for un in answers) == [201, 409]
    filled = (await client.get(f"/v1/offres-emploi/{opened['id']}")).json()
    assert (filled["statut"], filled["places_pourvues"]) == ("pourvue", 1)
    assert len((await client.get("/v1/mises-en-relation?statut=recrutee")).json()["elements"]) == 1
    closed = await client.post(
        f"/v1/offres-emploi/{opened['id']}/clotures",
        {"date_cloture": "2026-07-01"},
        version=filled["version"],
    )
    assert closed.json()["statut"] == "close", closed.text


async def test_the_hours_of_a_clause_are_counted(
    client: Client, services: Mapping[str, Service], ouverte: str, parcours_id: str
) -> None:
    """40 of 100 hours by the RSA, as in 2015. Planted: a correction below zero taken, red."""
    marche = {
        "reference": "M-2026-017",
        "objet": "Nettoyage",
        "minutes_prevues": 6_000,
        "date_debut": "2026-01-15",
        "date_fin": "2026-12-31",
    }
    made = (await client.post("/v1/marches", marche)).json()
    assert made["part_rsa_points_base"] is None
    again = await client.post("/v1/marches", marche)
    assert (again.status_code, again.json()["code"]) == (409, "reference-externe-existante")
    chemin = f"/v1/marches/{made['id']}/heures"
    brsa: dict[str, Any] = {"mois": "2026-06-01", "public": "brsa", "parcours_id": parcours_id}
    autre: dict[str, Any] = {"mois": "2026-06-01", "public": "autre"}

    for corps in (brsa | {"minutes": 2_415}, autre | {"minutes": 3_600}, brsa | {"minutes": -15}):
        counted = await client.post(chemin, corps)
        assert counted.status_code == 201, counted.text
    for corps, champ in (
        (brsa | {"minutes": 20}, "/minutes"),
        (brsa | {"minutes": 0}, "/minutes"),
        (brsa | {"minutes": -2_415}, "/minutes"),
        (autre | {"minutes": -3_615}, "/minutes"),
        (brsa | {"minutes": 15, "parcours_id": None}, "/parcours_id"),
        (autre | {"minutes": 15, "mois": "2026-06-02"}, "/mois"),
        (autre | {"minutes": 15, "mois": "2026-08-01"}, "/mois"),
        (autre | {"minutes": 15, "mois": "2025-12-01"}, "/mois"),
    ):
        assert [un for un, _ in erreurs(await client.post(chemin, corps))] == [champ], corps

    read = (await client.get(f"/v1/marches/{made['id']}")).json()
    assert (read["minutes_travaillees"], read["minutes_rsa"]) == (6_000, 2_400)
    assert read["part_rsa_points_base"] == 4_000
    assert len((await client.get(chemin)).json()["elements"]) == 3
    assert await compter(services, ouverte, "heures_clause") == 3


async def test_handicap_is_counted_never_listed(
    client: Client,
    connecter: Connecter,
    orientation: Orientation,
    suivre: Suivre,
    observer: Observer,
    horloge: Horloge,
    jour: date,
    parcours_id: str,
) -> None:
    """Ten hired by the département, five with a handicap; four are never shown."""
    everything = connecter("parcours")
    departement = EMPLOYEUR | {"siret": SIRETS[2], "departement": True, "structures_iae": []}
    employeur = (await client.post("/v1/employeurs", departement)).json()
    cdi = {"type": "cdi", "employeur_id": employeur["id"], "date_debut": "2026-05-04"}
    parcours = []
    for _ in range(10):
        decidee = await orientation.decider()
        await suivre()
        (found,) = (await client.get(f"/v1/parcours?personne_id={decidee['personne_id']}")).json()[
            "elements"
        ]
        parcours.append(found["id"])
    sans_age = await client.post(f"/v1/parcours/{parcours[0]}/emplois", cdi)
    assert erreurs(sans_age) == [("/age_entree", "requis")]
    for rang, one in enumerate(parcours):
        made = await client.post(f"/v1/parcours/{one}/emplois", cdi | {"age_entree": 25})
        assert made.status_code == 201, made.text
        assert "handicap" not in made.text
        if rang < 4:
            await _handicap(everything, one, jour)
    # Older: not one of them.
    await client.post(f"/v1/parcours/{parcours_id}/emplois", cdi | {"age_entree": 26})

    refused = await client.get("/v1/emplois/bilan-recrutement?annee=2026")
    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
    masked = (await everything.get("/v1/emplois/bilan-recrutement?annee=2026")).json()
    assert (masked["recrutes"], masked["en_situation_handicap"]) == (10, None)
    await _handicap(everything, parcours[4], jour)
    shown = (await everything.get("/v1/emplois/bilan-recrutement?annee=2026")).json()
    assert (shown["recrutes"], shown["en_situation_handicap"], shown["seuil"]) == (10, 5, 5)
    before = (await everything.get("/v1/emplois/bilan-recrutement?annee=2025")).json()
    assert (before["recrutes"], before["en_situation_handicap"]) == (0, 0)


async def _handicap(client: Client, parcours_id: str, jour: date) -> None:
    observed = await client.post(
        f"/v1/parcours/{parcours_id}/freins",
        {
            "code": "handicap",
            "niveau": None,
            "date_observation": str(jour),
            "source": "referent",
        },
    )
    assert observed.status_code == 201, observed.text
