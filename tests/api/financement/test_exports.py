"""Exports: the journal adds up again in a tool that is not ours."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from beancount import loader
from beancount.core import data, realization
from beancount.parser import printer

from services.financement.journal import queries
from shared.socle.service import Service
from tests.api.financement.conftest import Horloge, Terrain
from tests.api.financement.test_points_etape import Journal, exemple_a
from tests.conftest import Connecter


@pytest.fixture
def journal(services: Mapping[str, Service], ouverte: str) -> Journal:
    """The journal of this test's collectivité."""
    return Journal(services["financement"], ouverte)


async def _exporter(terrain: Terrain, accept: str, **query: int) -> str:
    answer = await terrain.client.get(
        "/v1/exports/journal", headers={"Accept": accept}, params=query
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(accept)
    found: str = answer.text
    return found


async def _vie(terrain: Terrain, journal: Journal) -> list[str]:
    """Money and places, opened, reserved, engaged, paid and given back; returns the envelopes."""
    etat, departement, _ = await exemple_a(terrain, journal)
    places = await terrain.action((etat, 1, 1), mode_capacite="flux", places_ouvertes=9)
    for suite, corps in (("confirmations", {}), ("annulations", {"motif": "essai"})):
        prise = (await terrain.reserver(places, 2, 10_01)).json()
        await terrain.creer(f"/v1/reservations/{prise['id']}/{suite}", corps)
    return [etat, departement]


def _charger(texte: str) -> list[Any]:
    """Read by beancount, strictly: any error of its own is ours."""
    entries, errors, _ = loader.load_string(texte, dedent=False)
    assert errors == [], "\n".join(printer.format_error(error) for error in errors)
    return [entry for entry in entries if isinstance(entry, data.Transaction)]


async def test_beancount_finds_every_entry_balanced_and_our_balances(
    terrain: Terrain, journal: Journal
) -> None:
    """Each transaction balances by itself, all add up to nothing, and accounts say what ours do.

    Planted: the side of credits dropped, red.
    """
    enveloppes = await _vie(terrain, journal)

    transactions = _charger(await _exporter(terrain, "text/plain"))

    ecritures = (await terrain.lire("/v1/ecritures?limite=200"))["elements"]
    assert [int(one.meta["seq"]) for one in sorted(transactions, key=_seq)] == [
        one["seq"] for one in ecritures
    ]
    assert {one.meta["empreinte"] for one in transactions} == {
        one["empreinte"] for one in ecritures
    }
    sommes: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in transactions:
        for posting in one.postings:
            sommes[posting.units.currency] += posting.units.number
    assert sommes == {"EUR": 0, "PLACE": 0}
    racine = realization.realize(transactions)
    for enveloppe_id in enveloppes:
        lue = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
        for poste in ("disponible", "reserve", "engage", "liquide", "mandate", "paye"):
            compte = realization.get(racine, f"Assets:Eng:{poste.capitalize()}:O-{enveloppe_id}")
            solde = compte.balance.get_currency_units("EUR").number if compte is not None else 0
            assert solde * 100 == lue[f"{poste}_centimes"], poste
        contra = realization.get(racine, f"Equity:Eng:Ouvert:O-{enveloppe_id}")
        assert -contra.balance.get_currency_units("EUR").number * 100 == lue["ouvert_centimes"]


def _seq(one: Any) -> int:
    return int(one.meta["seq"])


async def test_a_text_in_quotes_does_not_end_the_string(terrain: Terrain) -> None:
    source = 'Arrêté "spécial" \\ du 3 mai'
    enveloppe_id = await terrain.enveloppe(None)
    ouverture = {
        "montant_centimes": 5,
        "qualificatif": "exact",
        "date_effet": "2024-05-03",
        "source": source,
    }
    await terrain.creer(f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture, version=1)

    (transaction,) = _charger(await _exporter(terrain, "text/plain"))

    assert (transaction.payee, transaction.narration) == ("ouverture", source)


async def test_the_csv_is_the_journal_line_by_line(terrain: Terrain, journal: Journal) -> None:
    """Planted: a quantity of places written with cents, red."""
    await _vie(terrain, journal)

    rows = list(csv.DictReader(io.StringIO(await _exporter(terrain, "text/csv"), newline="")))

    ecritures = (await terrain.lire("/v1/ecritures?limite=200"))["elements"]
    attendues = [
        (one["seq"], one["date_effet"], ligne["poste"], ligne["sens"], ligne["quantite"])
        for one in ecritures
        for ligne in one["lignes"]
    ]
    lues = [
        (
            int(row["Rang"]),
            row["Date d'effet"],
            row["Poste"],
            row["Côté"],
            int(Decimal(row["Quantité"]) * (100 if row["Actif"] == "EUR" else 1)),
        )
        for row in rows
    ]
    assert lues == attendues
    sommes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        signe = 1 if row["Côté"] == "debit" else -1
        sommes[row["Rang"], row["Actif"]] += signe * Decimal(row["Quantité"])
    assert set(sommes.values()) == {Decimal(0)}


async def test_a_stretch_of_ranks_is_whole_by_itself(
    terrain: Terrain, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by pieces of two entries, bounds included: nothing is lost between two of them.

    Planted: the last rank of a piece read again, red.
    """
    await _vie(terrain, journal)
    monkeypatch.setattr(queries, "_CHAIN", queries._CHAIN.limit(2))
    dernier = (await terrain.lire("/v1/ecritures?tri=-seq&limite=1"))["elements"][0]["seq"]

    toutes = _charger(await _exporter(terrain, "text/plain"))
    milieu = _charger(await _exporter(terrain, "text/plain", seq_min=3, seq_max=7))
    apres = await _exporter(terrain, "text/csv", seq_min=dernier + 1)

    assert sorted(map(_seq, toutes)) == list(range(1, dernier + 1))
    assert sorted(map(_seq, milieu)) == [3, 4, 5, 6, 7]
    assert len(apres.splitlines()) == 1  # the headings
    assert _charger(await _exporter(terrain, "text/plain", seq_min=dernier + 1)) == []


async def test_exporting_is_a_right_of_its_own(terrain: Terrain, connecter: Connecter) -> None:
    lecteur = connecter("financement", "financement:lire financement:administrer")
    refused = await lecteur.get("/v1/exports/journal", headers={"Accept": "text/csv"})
    json_only = await terrain.client.get(
        "/v1/exports/journal", headers={"Accept": "application/json"}
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
    assert (json_only.status_code, json_only.json()["types_offerts"]) == (
        406,
        ["text/csv", "text/plain"],
    )


async def test_what_is_engaged_and_not_mandated_on_a_day(
    terrain: Terrain, journal: Journal
) -> None:
    """Example A before its solde: what is left to liquidate, to mandate, and what is held."""
    await exemple_a(terrain, journal)
    await terrain.enveloppe(1_00, reference="sans-reste")

    def lus(texte: str) -> list[list[str]]:
        return [row[3:] for row in csv.reader(io.StringIO(texte, newline=""))][1:]

    chemin = "/v1/exports/engage-non-mandate"
    jour = await terrain.client.get(chemin)
    veille = await terrain.client.get(f"{chemin}?au=2026-03-01")

    assert lus(jour.text) == [
        ["3625.16", "5000.01", "8625.17", "50000.00"],
        ["3625.17", "5000.00", "8625.17", "50000.00"],
    ]
    assert lus(veille.text) == []


# Essential data of subsidies

SIRET = "10000000900017"


async def _subvention(terrain: Terrain, montant: int, **values: Any) -> str:
    """A signed convention of subsidy, with what 2024 opens of it; returns its reference."""
    reference = f"sub-{montant}"
    corps = {
        "reference": reference,
        "type": "convention_subvention",
        "intitule": f"Subvention {montant}",
        "annee_debut": 2024,
        "statut": "signee",
        "beneficiaire": {"nom": "Association d'exemple", "siret": SIRET},
        "signataires": [
            {"organisme": "Département", "statut": "signe", "date_signature": "2026-01-02"}
        ],
        "date_deliberation": "2025-12-01",
        "date_signature": "2026-01-02",
        "date_effet": "2026-01-02",
        **values,
    }
    convention = await terrain.creer("/v1/conventions", corps)
    await terrain.enveloppe(
        montant,
        reference=f"env-{montant}",
        convention_id=convention["id"],
        financeur="departement",
        fenetre_debut="2026-01-01",
        fenetre_fin="2026-12-31",
    )
    return reference


async def test_subsidies_above_the_threshold_are_published_in_three_months(
    terrain: Terrain, horloge: Horloge
) -> None:
    """23 000,00 is not above itself; warned on 2 March, late on 3 April.

    Planted: `>=` instead of `>` on the threshold, red.
    """
    await _subvention(terrain, 23_000_00)
    due = await _subvention(terrain, 23_000_01)
    sans = await _subvention(
        terrain, 40_000_00, beneficiaire={"nom": "Sans numéro", "rna": "W2A1000001"}
    )

    fichier = await terrain.client.get(f"/v1/exports/scdl?exercice=2024&siret_attribuant={SIRET}")
    rows = list(csv.DictReader(io.StringIO(fichier.text, newline="")))
    assert [(row["objet"], row["montant"]) for row in rows] == [("Subvention 2300001", "23000.01")]
    assert rows[0]["datesPeriodeVersement"] == "2026-01-01/2026-12-31"
    assert rows[0]["dateConvention"] == "2026-01-02"
    assert rows[0]["idBeneficiaire"] == SIRET
    autre = await terrain.client.get(f"/v1/exports/scdl?exercice=2025&siret_attribuant={SIRET}")
    assert len(autre.text.splitlines()) == 1
    faux = await terrain.client.get(f"/v1/exports/scdl?exercice=2024&siret_attribuant={'1' * 14}")
    assert faux.status_code == 422

    vus = []
    for jours in (0, 31, 1):  # 2 March, 2 April, 3 April
        horloge.avancer(days=jours)
        elements = (await terrain.lire("/v1/echeances"))["elements"]
        assert {une["reference"]: une["defauts"] for une in elements} == {
            due: [],
            sans: ["rnaBeneficiaire"],
        }
        vus.append(elements[0]["etat"])
    assert vus == ["a_risque", "a_risque", "en_retard"]
    assert (elements[0]["date_alerte"], elements[0]["date_limite"]) == ("2026-03-02", "2026-04-02")


async def test_a_publication_ends_the_three_months(
    terrain: Terrain, horloge: Horloge, connecter: Connecter
) -> None:
    """The first one counts, the last day is in time; late for ever before it was recorded.

    Planted: the last publication counted, red; the day of its recording counted, red.
    """
    a_temps = await _subvention(terrain, 30_000_00)
    tardive = await _subvention(terrain, 40_000_00)
    jamais = await _subvention(terrain, 50_000_00)
    horloge.avancer(days=60)
    ids = {une["reference"]: une["id"] for une in (await terrain.lire("/v1/echeances"))["elements"]}
    corps = {"acte": "Jeu de données", "url": "https://donnees.departement.example/subventions.csv"}

    for reference, jour in ((a_temps, "2026-04-02"), (tardive, "2026-04-03")):
        chemin = f"/v1/conventions/{ids[reference]}/publications"
        found = await terrain.creer(chemin, {**corps, "date_publication": jour})
        assert await terrain.lire(f"/v1/publications/{found['id']}") == found
        assert found["auteur"] == {"client_id": "si-essai"}
    encore = {**corps, "date_publication": "2026-04-30", "acte": "Après avenant"}
    chemin = f"/v1/conventions/{ids[a_temps]}/publications"
    await terrain.creer(chemin, encore)

    elements = (await terrain.lire("/v1/echeances"))["elements"]
    assert {une["reference"]: (une["etat"], une["date_publication"]) for une in elements} == {
        a_temps: ("respectee", "2026-04-02"),
        tardive: ("depassee", "2026-04-03"),
        jamais: ("en_retard", None),
    }
    listed = (await terrain.lire(chemin))["elements"]
    assert [une["acte"] for une in listed] == ["Après avenant", "Jeu de données"]
    lecteur = connecter("financement", "financement:lire")
    assert (await lecteur.post(chemin, encore)).status_code == 403


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"date_publication": "2026-01-01"}, "/date_publication", id="avant"),
        pytest.param({"date_publication": "2026-03-03"}, "/date_publication", id="à venir"),
        pytest.param({"url": "http://donnees.departement.example"}, "/url", id="pas en https"),
        pytest.param({"convention_id": None}, "", id="pas une subvention"),
    ],
)
async def test_a_publication_is_refused(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    await _subvention(terrain, 30_000_00)
    (une,) = (await terrain.lire("/v1/echeances"))["elements"]
    convention_id = terrain.convention_id if "convention_id" in values else une["id"]
    corps = {
        "date_publication": "2026-03-02",
        "acte": "Jeu de données",
        "url": "https://donnees.departement.example/subventions.csv",
        **{nom: valeur for nom, valeur in values.items() if nom != "convention_id"},
    }

    answer = await terrain.client.post(f"/v1/conventions/{convention_id}/publications", corps)

    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, pointeur)


# What is held


async def test_pending_reservations_are_exported_until_they_end(
    terrain: Terrain, horloge: Horloge, connecter: Connecter
) -> None:
    """§ 15.4: each line of each one, in the order in which they end, and nobody's name.

    Planted: what is due and not swept let in, red; the places of one counted on each line, red.
    """
    etat = await terrain.enveloppe(1_000_00, reference="etat")
    departement = await terrain.enveloppe(
        1_000_00, reference="departement", financeur="departement"
    )
    action_id = await terrain.action(
        (etat, 1, 2), (departement, 1, 2), code="permis", mode_capacite="flux", places_ouvertes=9
    )
    seules = await terrain.action(code="places", mode_capacite="flux", places_ouvertes=9)
    prises = [
        (await terrain.reserver(action, places, montant)).json()
        for action, places, montant in (
            (action_id, 2, 10_01),
            (action_id, 1, 5_00),
            (seules, 3, 0),
        )
    ]
    chemin = f"/v1/reservations/{prises[1]['id']}/confirmations"
    await terrain.creer(chemin, {})
    adresse = "/v1/exports/reservations-en-attente"

    answer = await terrain.client.get(adresse)
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    horloge.avancer(days=365)
    apres = (await terrain.client.get(adresse)).text

    assert answer.headers["content-type"].startswith("text/csv")
    assert [(row[0], row[2], row[5], row[6], row[9]) for row in rows[1:]] == [
        (prises[0]["id"], "permis", "2", "etat", "5.01"),
        (prises[0]["id"], "permis", "0", "departement", "5.00"),
        (prises[2]["id"], "places", "3", "", "0.00"),
    ]
    assert prises[0]["beneficiaire_ref"] not in answer.text
    assert len(apres.splitlines()) == 1
    lecteur = connecter("financement", "financement:lire")
    assert (await lecteur.get(adresse)).status_code == 403
