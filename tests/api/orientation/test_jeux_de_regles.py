"""Sets of rules, through the door: drafted, simulated, put in force, and replayed byte for byte."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.orientation.jeux_de_regles import travail
from services.orientation.orientations.proposition import en_octets
from shared.socle.db import Transaction
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE, Dossier, criteres
from tests.api.test_modification import patch
from tests.conftest import Client, Connecter

PARIS = ZoneInfo("Europe/Paris")
# Of the orientation's own tables, what a simulation must leave as it was.
INTACTES = ("orientation", "proposition", "decision", "recueil_criteres", "personne", "place")
REDON, RENNES = "35236", "35238"
MOYEN = {"contrainte_mobilite": "DEPENDANT_TRANSPORT"}


def aujourdhui() -> date:
    return datetime.now(PARIS).date()


@dataclass(frozen=True)
class Ici:
    """The service, as the worker of this test's collectivité has it."""

    service: Service
    collectivite: str


@pytest.fixture
def ici(services: Mapping[str, Service], ouverte: str) -> Ici:
    return Ici(services["orientation"], ouverte)


def transaction(ici: Ici) -> AbstractAsyncContextManager[Transaction]:
    return ici.service.base.transaction(ici.service.acces_interne(ici.collectivite))


Avancer = Callable[[int], date]


@pytest.fixture
def avancer(ici: Ici, monkeypatch: pytest.MonkeyPatch) -> Avancer:
    """Make it so many days later than now, at the same hour; returns that day."""

    def advance(jours: int) -> date:
        now = datetime.now(UTC) + timedelta(days=jours)
        monkeypatch.setattr(ici.service, "horloge", lambda: now)
        return now.astimezone(PARIS).date()

    return advance


async def nationales(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/v1/jeux-de-regles/national")).json()
    return found


async def parcours_moyen(client: Client, type_parcours: str) -> list[dict[str, Any]]:
    """The national table, but for the eight cases of a frein moyen."""
    return [
        ligne | ({"type_parcours": type_parcours} if ligne["niveau_freins"] == "moyen" else {})
        for ligne in (await nationales(client))["parcours"]
    ]


async def ecrire(client: Client, code: str = "35-essai-1", **tables: Any) -> dict[str, Any]:
    """A draft."""
    corps = {"code": code, "libelle": "Essai", **tables}
    created = await client.post("/v1/jeux-de-regles", corps)
    assert created.status_code == 201, created.text
    found: dict[str, Any] = created.json()
    return found


async def simuler(
    client: Client, ici: Ici, jeu: Mapping[str, Any], jours: int = 30
) -> dict[str, Any]:
    """Ask for a simulation up to today, run its job, read it back."""
    fin = ici.service.horloge().astimezone(PARIS).date()
    asked = await client.post(
        f"/v1/jeux-de-regles/{jeu['id']}/simulations",
        {
            "date_debut": (fin - timedelta(days=jours)).isoformat(),
            "date_fin": fin.isoformat(),
        },
        version=jeu["version"],
    )
    assert asked.status_code == 202, asked.text
    assert asked.headers["Retry-After"] == "5"
    assert (asked.json()["statut"], asked.json()["resultat"]) == ("en_attente", None)
    await travail.simuler_jeu_de_regles(
        ici.service, simulation_id=asked.json()["id"], collectivite=ici.collectivite
    )
    found: dict[str, Any] = (await client.get(asked.headers["Location"])).json()
    return found


async def mettre(
    client: Client, jeu: Mapping[str, Any], debut: date, **corps: Any
) -> httpx.Response:
    return await client.post(
        f"/v1/jeux-de-regles/{jeu['id']}/mises-en-vigueur",
        {
            "reference_arrete": "Arrêté conjoint (illustration)",
            "date_debut": debut.isoformat(),
            **corps,
        },
        version=jeu["version"],
    )


async def mis_en_vigueur(
    client: Client, ici: Ici, code: str, debut: date, **tables: Any
) -> dict[str, Any]:
    """A set drafted, simulated and put in force."""
    jeu = await ecrire(client, code, **tables)
    await simuler(client, ici, jeu)
    done = await mettre(client, jeu, debut)
    assert done.status_code == 201, done.text
    found: dict[str, Any] = done.json()
    return found


async def proposer(client: Client, ouvrir: Dossier, **changes: Any) -> dict[str, Any]:
    """A new person's case, and what is proposed for them."""
    personne = {k: v for k, v in changes.items() if k in PERSONNE}
    orientation = await ouvrir(**personne)
    answer = await client.post(
        f"/v1/orientations/{orientation['id']}/criteres",
        criteres(**{k: v for k, v in changes.items() if k not in PERSONNE}),
        version=1,
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def reorienter(client: Client, ouvrir: Dossier) -> dict[str, Any]:
    """One proposed and decided three days ago, and sent elsewhere since."""
    avant = datetime.now(UTC) - timedelta(days=3)
    orientation = await ouvrir(recu_le=avant.isoformat().replace("+00:00", "Z"))
    url = f"/v1/orientations/{orientation['id']}"
    await client.post(f"{url}/criteres", criteres(**MOYEN), version=1)
    jour = (aujourdhui() - timedelta(days=2)).isoformat()
    decidee = {"etat_decision": "acceptee", "date_decision": jour}
    assert (await client.post(f"{url}/decisions", decidee, version=2)).status_code == 201
    listed = (await client.get("/v1/organismes-referents")).json()["elements"]
    ailleurs = next(un["id"] for un in listed if un["type"] == "france_travail")
    asked = await client.post(
        f"{url}/reorientations",
        {
            "demandeur": "organisme",
            "moment": "apres_diagnostic",
            "motif": "diagnostic_autre_organisme",
            "type_parcours_propose": "professionnel",
            "organisme_propose_id": ailleurs,
        },
        version=3,
    )
    assert asked.status_code == 201, asked.text
    accepted = await client.post(
        f"/v1/reorientations/{asked.json()['id']}/decisions",
        {"etat_decision": "acceptee"},
        version=1,
    )
    assert accepted.status_code == 201, accepted.text
    return {"orientation_id": orientation["id"]}


async def rejeu(client: Client, proposition: Mapping[str, Any]) -> dict[str, Any]:
    answer = await client.get(f"/v1/propositions/{proposition['id']}/rejeu")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_draft_takes_the_national_tables_for_those_it_does_not_give(
    client: Client,
) -> None:
    national = await nationales(client)
    assert (len(national["parcours"]), national["code"]) == (24, "national-2025-01-01")

    jeu = await ecrire(client, parcours=await parcours_moyen(client, "professionnel"))

    assert jeu["statut"] == "brouillon"
    # The rows that say otherwise are local; all that is sent back as read is national.
    assert jeu["ecarts"] == ["L4"]
    for nom in ("niveaux", "obstacles", "projection", "organismes", "regles_locales"):
        assert jeu[nom] == national[nom]
    assert (await client.get(f"/v1/jeux-de-regles/{jeu['id']}")).json() == jeu
    listed = (await client.get("/v1/jeux-de-regles")).json()["elements"]
    assert [one["id"] for one in listed] == [jeu["id"]]
    twice = await client.post("/v1/jeux-de-regles", {"code": jeu["code"], "libelle": "Autre"})
    assert (twice.status_code, twice.json()["code"]) == (409, "reference-externe-existante")


async def test_what_is_missing_or_double_is_named_and_nothing_is_written(client: Client) -> None:
    parcours = (await nationales(client))["parcours"]
    troue = [*parcours[1:], parcours[5]]

    refused = await client.post(
        "/v1/jeux-de-regles", {"code": "troue", "libelle": "Essai", "parcours": troue}
    )

    assert refused.status_code == 422
    erreurs = {e["pointeur"]: (e["code"], e["message"]) for e in refused.json()["erreurs"]}
    cas = (
        "activite_recente={}, capacite_a_se_projeter={}, formation_qualifiante={}, niveau_freins={}"
    )
    assert erreurs == {
        "/parcours": ("requis", "Absent : " + cas.format("oui", "oui", "oui", "sans_impact")),
        "/parcours/23": (
            "format-inattendu",
            "Deja donne : " + cas.format("oui", "oui", "non", "fort"),
        ),
    }
    assert (await client.get("/v1/jeux-de-regles")).json()["elements"] == []


async def test_only_who_administers_writes_rules(client: Client, connecter: Connecter) -> None:
    decideur = connecter("orientation", "orientation:lire orientation:decider")

    refused = await decideur.post("/v1/jeux-de-regles", {"code": "x", "libelle": "Essai"})

    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
    assert (await decideur.get("/v1/jeux-de-regles")).status_code == 200


async def test_no_set_is_in_force_before_it_was_simulated_as_it_is(
    client: Client, ici: Ici
) -> None:
    """Planted: the content left out of the comparison, red: edited, it was still simulated."""
    jeu = await ecrire(client, parcours=await parcours_moyen(client, "professionnel"))
    url = f"/v1/jeux-de-regles/{jeu['id']}"

    early = await mettre(client, jeu, aujourdhui())
    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    assert early.json()["transitions_possibles"] == ["simule"]
    simulation = await simuler(client, ici, jeu)
    assert simulation["a_jour"] is True
    assert (await client.get(url)).json()["statut"] == "simule"
    # A label is no rule; a table is.
    renamed = await patch(client, url, {"libelle": "Autre nom"}, 1)
    assert renamed.json()["statut"] == "simule"
    changed = await patch(
        client, url, {"parcours": await parcours_moyen(client, "social")}, renamed.json()["version"]
    )
    assert changed.json()["statut"] == "brouillon"
    perimee = f"{url}/simulations/{simulation['id']}"
    assert (await client.get(perimee)).json()["a_jour"] is False
    late = await mettre(client, changed.json(), aujourdhui())
    assert late.json()["statut_actuel"] == "brouillon"

    await simuler(client, ici, changed.json())
    done = await mettre(client, changed.json(), aujourdhui())

    assert done.status_code == 201, done.text
    assert (done.json()["statut"], done.json()["reference_arrete"]) == (
        "en_vigueur",
        "Arrêté conjoint (illustration)",
    )
    again = await mettre(client, done.json(), aujourdhui() + timedelta(days=9))
    assert (again.status_code, again.json()["statut_actuel"]) == (409, "en_vigueur")
    edited = await patch(client, url, {"libelle": "Encore"}, done.json()["version"])
    assert (edited.status_code, edited.json()["code"]) == (409, "transition-interdite")


async def test_without_the_reference_of_an_order_nothing_is_in_force(
    client: Client, ici: Ici
) -> None:
    jeu = await ecrire(client)
    await simuler(client, ici, jeu)

    for reference in (None, "", "  "):
        refused = await mettre(client, jeu, aujourdhui(), reference_arrete=reference)
        assert refused.status_code == 422
        assert refused.json()["erreurs"][0]["pointeur"] == "/reference_arrete"


async def test_sets_follow_one_another_and_never_overlap(client: Client, ici: Ici) -> None:
    """The former ends on the eve; the day before it begins, the national set still binds."""
    jour = aujourdhui()
    premier = await mis_en_vigueur(client, ici, "premier", jour)
    assert (premier["statut"], premier["date_fin"]) == ("en_vigueur", None)
    debut = jour + timedelta(days=10)

    suivant = await mis_en_vigueur(client, ici, "suivant", debut)

    assert (suivant["statut"], suivant["date_debut"]) == ("a_venir", debut.isoformat())
    premier = (await client.get(f"/v1/jeux-de-regles/{premier['id']}")).json()
    veille = (debut - timedelta(days=1)).isoformat()
    assert (premier["statut"], premier["date_fin"]) == ("en_vigueur", veille)
    autre = await ecrire(client, "autre")
    await simuler(client, ici, autre)

    async def refuse(debut: date, **corps: Any) -> dict[str, str]:
        answer = await mettre(client, autre, debut, **corps)
        assert answer.status_code == 422, answer.text
        return {e["pointeur"]: e["message"] for e in answer.json()["erreurs"]}

    entre = jour + timedelta(days=5)
    chevauche = f"Un autre jeu commence le {debut.isoformat()}"
    assert await refuse(entre) == {"/date_fin": chevauche}
    assert await refuse(entre, date_fin=debut.isoformat()) == {"/date_fin": chevauche}
    assert await refuse(debut) == {"/date_debut": chevauche}
    assert await refuse(jour - timedelta(days=1), date_fin=jour.isoformat()) == {
        "/date_debut": "Un jeu de regles ne vaut pas pour le passe",
        "/date_fin": f"Un autre jeu commence le {jour.isoformat()}",
    }
    assert await refuse(entre, date_fin=jour.isoformat()) == {
        "/date_fin": "La fin precede le debut"
    }
    inserted = await mettre(client, autre, entre, date_fin=veille)
    assert inserted.status_code == 201, inserted.text
    premier = (await client.get(f"/v1/jeux-de-regles/{premier['id']}")).json()
    assert premier["date_fin"] == (entre - timedelta(days=1)).isoformat()


async def test_two_sets_cannot_begin_at_once(client: Client, ici: Ici) -> None:
    """Of eight acts sent together for one day, one is written, and the others are refused."""
    jeux = [await ecrire(client, f"jeu-{rang}") for rang in range(8)]
    for jeu in jeux:
        await simuler(client, ici, jeu)

    answers = await asyncio.gather(*(mettre(client, jeu, aujourdhui()) for jeu in jeux))

    assert sorted(one.status_code for one in answers) == [201] + [422] * 7


async def test_a_local_set_binds_rsa_recipients_and_says_its_order(
    client: Client, ici: Ici, ouvrir: Dossier
) -> None:
    avant = await proposer(client, ouvrir, **MOYEN)
    jeu = await mis_en_vigueur(
        client,
        ici,
        "local",
        aujourdhui(),
        parcours=await parcours_moyen(client, "professionnel"),
        regles_locales=[
            {
                "type_parcours": "professionnel",
                "types": ["conseil_departemental"],
                "communes": [REDON],
            }
        ],
    )

    a_redon = await proposer(client, ouvrir, **MOYEN)
    ailleurs = await proposer(client, ouvrir, **MOYEN, code_commune=RENNES)
    hors_rsa = await proposer(client, ouvrir, **MOYEN, beneficiaire_rsa=False)

    assert (avant["regle"], avant["jeu_de_regles_id"]) == ("P4", None)
    assert jeu["ecarts"] == ["L4", "O04"]
    for proposition, regle in ((a_redon, "O04"), (ailleurs, "O09")):
        faits = proposition["explication"]
        assert proposition["jeu_de_regles_id"] == jeu["id"]
        assert (proposition["regle"], proposition["type_parcours"]) == ("L4", "professionnel")
        assert (faits["base_parcours"], faits["regle_organisme"]) == ("local", regle)
        assert faits["source_parcours"] == "Arrêté conjoint (illustration)"
        assert "La règle L4 applique un arrêté local" in faits["texte"]
        assert faits["versions"] == ["parcours-local", "proposee-2025-01-01", "organisme-local"]
    assert a_redon["explication"]["source_organisme"] == "Arrêté conjoint (illustration)"
    assert a_redon["organisme_referent_id"] != ailleurs["organisme_referent_id"]
    # L5411-5-1 III al. 2: an order specifies criteria for the RSA, and for nobody else.
    assert (hors_rsa["regle"], hors_rsa["jeu_de_regles_id"]) == ("P4", None)


async def test_every_proposal_replays_to_the_same_bytes_whatever_came_after(
    client: Client, ici: Ici, ouvrir: Dossier, avancer: Avancer
) -> None:
    """Under the national set, then a local one, then another: each is replayed under its own.

    Planted: the order's reference left out of what is replayed, red; the digests under no key, red
    (whoever sees all but health would find it by trying).
    """
    propositions = [await proposer(client, ouvrir, **MOYEN), await proposer(client, ouvrir)]
    for jours, type_parcours in ((1, "social"), (2, "professionnel")):
        await mis_en_vigueur(
            client,
            ici,
            f"jeu-{jours}",
            avancer(jours),
            parcours=await parcours_moyen(client, type_parcours),
            niveaux_qualifiants=["NV1", "NV2"],
            organismes=[
                {"regle": f"O0{rang}", "types": ["conseil_departemental", "france_travail"]}
                for rang in range(5, 10)
            ],
        )
        propositions += [
            await proposer(client, ouvrir, **MOYEN),
            await proposer(client, ouvrir),
            await proposer(client, ouvrir, contrainte_logement="SANS_LOGEMENT"),
        ]

    found = [await rejeu(client, one) for one in propositions]

    assert {one["regle"] for one in propositions} == {"P4", "P5", "L4", "P6", "P1"}
    assert len({one["jeu_de_regles_id"] for one in found}) == 3
    assert [one["identique"] for one in found] == [True] * len(found)
    for one, proposition in zip(found, propositions, strict=True):
        assert one["empreinte_conservee"] == one["empreinte_rejouee"]
        assert one["jeu_de_regles_id"] == proposition["jeu_de_regles_id"]
    async with transaction(ici) as tx:
        rows = await tx.execute(
            text(
                "SELECT id, regle, type_parcours, organisme_referent_id, version_regles,"
                " explication FROM proposition"
            )
        )
        sans_cle = {
            str(row.id): hashlib.sha256(
                en_octets(**{k: v for k, v in row._mapping.items() if k != "id"})
            ).hexdigest()
            for row in rows
        }
    assert all(one["empreinte_conservee"] != sans_cle[one["proposition_id"]] for one in found)
    statuts = {
        one["code"]: one["statut"]
        for one in (await client.get("/v1/jeux-de-regles")).json()["elements"]
    }
    assert statuts == {"jeu-1": "remplace", "jeu-2": "en_vigueur"}


async def test_what_is_in_force_cannot_be_changed_even_by_the_service(
    client: Client, ici: Ici
) -> None:
    """The database refuses; a draft beside it is still edited. Planted: no trigger, red."""
    await mis_en_vigueur(client, ici, "ferme", aujourdhui())
    brouillon = await ecrire(client, "brouillon")

    for order in (
        "UPDATE jeu_de_regles SET contenu = '{}' WHERE code = 'ferme'",
        "DELETE FROM jeu_de_regles WHERE code = 'ferme'",
        "UPDATE mise_en_vigueur SET date_fin = date_debut",
        "DELETE FROM mise_en_vigueur",
    ):
        with pytest.raises(DBAPIError):
            async with transaction(ici) as tx:
                await tx.execute(text(order))
    changed = await patch(client, f"/v1/jeux-de-regles/{brouillon['id']}", {"libelle": "Libre"}, 1)
    assert changed.status_code == 200, changed.text


async def photographier(ici: Ici) -> dict[str, str]:
    """All that the tables hold, but for sets of rules and the feed."""
    async with transaction(ici) as tx:
        return {
            table: json.dumps(
                (
                    await tx.execute(
                        text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY t.collectivite, t.id")
                    )
                )
                .scalars()
                .all()
            )
            for table in INTACTES
        }


async def test_a_simulation_tells_who_would_move_and_writes_nothing_else(
    client: Client, connecter: Connecter, ici: Ici, ouvrir: Dossier
) -> None:
    """Twelve at Redon, seven of whom have a frein moyen; five more at Rennes, and one unknown.

    One whose decision was annulled is counted once, where they go on; one who was reoriented, where
    the proposal was made. Planted: counted in both, red both times.
    """
    moyens = [await proposer(client, ouvrir, **MOYEN) for _ in range(6)]
    moyens.append(await reorienter(client, ouvrir))
    annulee = f"/v1/orientations/{moyens[0]['orientation_id']}"
    await client.post(f"{annulee}/decisions", {"etat_decision": "acceptee"}, version=2)
    acte = await client.post(f"{annulee}/annulations", {"motif": "Erreur"}, version=3)
    moyens[0] = {"orientation_id": acte.json()["orientation_suivante_id"]}
    for _ in range(5):
        await proposer(client, ouvrir)
        await proposer(client, ouvrir, code_commune=RENNES)
    await proposer(client, ouvrir, code_commune=None)
    # Not in the count: without RSA, nothing stated yet, or received before the period.
    await proposer(client, ouvrir, **MOYEN, beneficiaire_rsa=False)
    await ouvrir()
    vieille = await ouvrir(
        recu_le=(datetime.now(UTC) - timedelta(days=40)).isoformat().replace("+00:00", "Z")
    )
    await client.post(f"/v1/orientations/{vieille['id']}/criteres", criteres(**MOYEN), version=1)
    jeu = await ecrire(client, parcours=await parcours_moyen(client, "professionnel"))
    before = await photographier(ici)

    simulation = await simuler(client, ici, jeu)

    assert await photographier(ici) == before
    assert simulation["statut"] == "terminee"
    resultat = simulation["resultat"]
    ensemble = resultat["ensemble"]
    assert (ensemble["rejouees"], ensemble["deplacees"], ensemble["masque"]) == (18, 7, False)
    assert {(p["avant"], p["apres"]): p["nombre"] for p in ensemble["passages"]} == {
        ("socio_professionnel", "professionnel"): 7,
        ("professionnel", "professionnel"): 11,
    }
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    ids = {one["id"]: one["type"] for one in organismes}
    charges = {ids[c["organisme_id"]]: (c["avant"], c["apres"]) for c in ensemble["charges"]}
    assert charges == {"conseil_departemental": (7, 0), "france_travail": (11, 18)}
    territoires = {one["cle"]: one for one in resultat["territoires"]}
    # One person whose commune is unknown cannot be told: the smallest other group hides with them.
    assert {cle: one["rejouees"] for cle, one in territoires.items()} == {
        REDON: 12,
        RENNES: None,
        "inconnue": None,
    }
    assert territoires[REDON]["deplacees"] == 7
    assert (territoires["inconnue"]["passages"], territoires["inconnue"]["charges"]) == ([], [])
    url = f"/v1/jeux-de-regles/{jeu['id']}/simulations/{simulation['id']}/deplacements"
    found, suivant = [], f"{url}?limite=3"
    while suivant:
        page = (await client.get(suivant)).json()
        found += page["elements"]
        suivant = page["pagination"]["suivant"]
    assert sorted(one["orientation_id"] for one in found) == sorted(
        one["orientation_id"] for one in moyens
    )
    assert all(set(one) == {"orientation_id"} for one in found)
    reader = connecter("orientation", "orientation:lire")
    assert (await reader.get(url)).json()["code"] == "portee-insuffisante"


async def test_a_simulation_run_twice_or_at_once_has_one_result(
    client: Client, ici: Ici, ouvrir: Dossier
) -> None:
    """All is written at the end: three workers at once, then a fourth, leave one result."""
    for _ in range(5):
        await proposer(client, ouvrir, **MOYEN)
    jeu = await ecrire(client, parcours=await parcours_moyen(client, "social"))
    jour = aujourdhui().isoformat()
    asked = await client.post(
        f"/v1/jeux-de-regles/{jeu['id']}/simulations",
        {"date_debut": jour, "date_fin": jour},
        version=1,
    )
    run = {"simulation_id": asked.json()["id"], "collectivite": ici.collectivite}

    await asyncio.gather(*(travail.simuler_jeu_de_regles(ici.service, **run) for _ in range(3)))
    await travail.simuler_jeu_de_regles(ici.service, **run)

    url = asked.headers["Location"]
    first = (await client.get(url)).json()
    assert (first["statut"], first["resultat"]["ensemble"]["deplacees"]) == ("terminee", 5)
    moved = (await client.get(f"{url}/deplacements")).json()["elements"]
    assert len(moved) == len({one["orientation_id"] for one in moved}) == 5
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    facts = [one["type"] for one in feed if one["id"] == asked.json()["id"]]
    assert facts == ["orientation.simulation.demandee", "orientation.simulation.terminee"]


@pytest.mark.parametrize(
    ("debut", "fin", "pointeur"),
    [
        pytest.param(0, 1, "/date_fin", id="dans l'avenir"),
        pytest.param(-1, -2, "/date_debut", id="à l'envers"),
        pytest.param(-367, 0, "/date_debut", id="plus d'un an"),
    ],
)
async def test_a_simulation_replays_a_past_year_at_most(
    client: Client, debut: int, fin: int, pointeur: str
) -> None:
    jeu = await ecrire(client)
    jours = [(aujourdhui() + timedelta(days=n)).isoformat() for n in (debut, fin)]

    refused = await client.post(
        f"/v1/jeux-de-regles/{jeu['id']}/simulations",
        dict(zip(("date_debut", "date_fin"), jours, strict=True)),
        version=1,
    )

    assert refused.status_code == 422
    assert {(e["pointeur"], e["code"]) for e in refused.json()["erreurs"]} == {
        (pointeur, "date-incoherente")
    }


async def test_a_simulation_is_read_under_its_own_set(client: Client, ici: Ici) -> None:
    jeu, autre = await ecrire(client, "un"), await ecrire(client, "deux")
    simulation = await simuler(client, ici, jeu)

    for suite in ("", "/deplacements"):
        url = f"/v1/jeux-de-regles/{autre['id']}/simulations/{simulation['id']}{suite}"
        refused = await client.get(url)
        assert (refused.status_code, refused.json()["code"]) == (404, "introuvable")


async def test_facts_tell_of_a_set(client: Client, ici: Ici) -> None:
    jeu = await mis_en_vigueur(client, ici, "dit", aujourdhui())

    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]

    assert [one["type"] for one in feed if one["id"] == jeu["id"]] == [
        "orientation.jeu_de_regles.cree",
        "orientation.jeu_de_regles.mis_en_vigueur",
    ]
