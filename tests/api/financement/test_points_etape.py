"""Points d'étape: frozen for good, the same when computed again, and read three ways."""

import csv
import hashlib
import io
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from lxml import html
from psycopg import errors
from sqlalchemy import insert

from deploy.local.bases import Adresses
from services.financement import tables
from services.financement.journal.queries import inscrire, lock_disponibles, verifier_journal
from services.financement.journal.rules import Ecriture, Ligne, transfert
from services.parcours import tables as parcours
from shared.refus import DependanceIndisponible
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.financement.conftest import Terrain
from tests.conftest import Connecter, Reseau

EXERCICE, ARRETE = 2024, "2024-12-31"
FENETRE = {"fenetre_debut": "2024-01-01", "fenetre_fin": "2024-12-31"}


class Journal:
    """Posts entries as the other slices of financement do."""

    def __init__(self, service: Service, collectivite: str) -> None:
        self._service = service
        self._collectivite = collectivite

    async def inscrire(
        self,
        evenement: EvenementJournal,
        jour: date,
        lignes: Iterable[Ligne],
        *,
        action_id: str | None = None,
        source: str | None = None,
    ) -> None:
        """Post one entry, whose envelopes are held first."""
        service, posted = self._service, list(lignes)
        async with service.base.transaction(service.acces_interne(self._collectivite)) as tx:
            await lock_disponibles(tx, {ligne.objet_id for ligne in posted})
            ecriture = Ecriture(
                evenement,
                jour,
                posted,
                action_id=UUID(action_id) if action_id else None,
                source=source,
            )
            await inscrire(tx, [ecriture], inscrite_le=service.horloge())

    async def passer(
        self, jour: date, de: Poste, vers: Poste, parts: Mapping[str, int], action_id: str
    ) -> None:
        """Move what is engaged of an action along its chain."""
        lignes = [
            ligne
            for enveloppe_id, montant in parts.items()
            for ligne in transfert(Livre.ENG, UUID(enveloppe_id), montant, de, vers)
        ]
        await self.inscrire(EvenementJournal.LIQUIDATION, jour, lignes, action_id=action_id)

    async def avenant(self, enveloppe_id: str, jour: date, montant: int, source: str) -> None:
        """Add to what is open of an envelope, at a day of effect."""
        lignes = transfert(Livre.ENG, UUID(enveloppe_id), montant, Poste.OUVERT, Poste.DISPONIBLE)
        await self.inscrire(EvenementJournal.AVENANT, jour, lignes, source=source)

    async def anomalies(self) -> list[Any]:
        """What the journal does not prove."""
        service = self._service
        async with service.base.transaction(service.acces_interne(self._collectivite)) as tx:
            return list(await verifier_journal(tx))


@pytest.fixture
def journal(services: Mapping[str, Service], ouverte: str) -> Journal:
    """The journal of this test's collectivité."""
    return Journal(services["financement"], ouverte)


async def ouvrir(terrain: Terrain, jour: str = ARRETE, **values: Any) -> dict[str, Any]:
    """A draft."""
    corps = {"exercice": EXERCICE, "date_arrete": jour, **values}
    return await terrain.creer(f"/v1/conventions/{terrain.convention_id}/points-etape", corps)


async def arreter(terrain: Terrain, point: Mapping[str, Any], **corps: Any) -> dict[str, Any]:
    """Freeze a draft."""
    chemin = f"/v1/points-etape/{point['id']}/arrets"
    return await terrain.creer(chemin, corps, version=point["version"])


def ligne(point: Mapping[str, Any], dimension: str, cle: str = "") -> dict[str, Any]:
    """The measures of one set."""
    (found,) = [
        une
        for une in point["contenu"]["mesures"]
        if (une["dimension"], une["cle"]) == (dimension, cle)
    ]
    return dict(found)


async def exemple_a(terrain: Terrain, journal: Journal) -> tuple[str, str, str]:
    """§ 7, A, before the solde: engaged, liquidated twice, paid once, and a reservation pending."""
    # On the last day of the window, what is projected is what is there.
    fenetre = {"fenetre_debut": "2024-01-01", "fenetre_fin": "2026-03-02"}
    etat = await terrain.enveloppe(620_850_00, reference="etat", **fenetre)
    departement = await terrain.enveloppe(
        620_850_00, reference="departement", financeur="departement", **fenetre
    )
    action_id = await terrain.action((etat, 1, 2), (departement, 1, 2), code="permis")
    prise = await terrain.reserver(action_id, 0, 48_250_35)
    await terrain.creer(f"/v1/reservations/{prise.json()['id']}/confirmations", {})
    assert (await terrain.reserver(action_id, 0, 100_000_00)).status_code == 201
    # The reservation was confirmed today: what follows is of today too.
    jour = date(2026, 3, 2)
    premiere = {etat: 15_500_01, departement: 15_500_00}
    for de, vers in (
        (Poste.ENGAGE, Poste.LIQUIDE),
        (Poste.LIQUIDE, Poste.MANDATE),
        (Poste.MANDATE, Poste.PAYE),
    ):
        await journal.passer(jour, de, vers, premiere, action_id)
    seconde = {etat: 5_000_00, departement: 5_000_01}
    await journal.passer(jour, Poste.ENGAGE, Poste.LIQUIDE, seconde, action_id)
    return etat, departement, action_id


async def test_a_draft_follows_the_journal_and_an_arrested_one_does_not(
    terrain: Terrain, journal: Journal
) -> None:
    """I-31: back-dated avenants change nothing of it; the next one tells them.

    Planted: `l.seq <= :connu_au` left out of the balances, red; `e.date_effet <= :au` left out of
    the corrections, red.
    """
    etat = await terrain.enveloppe(1_000_00, reference="etat", **FENETRE)
    premier = await ouvrir(terrain)
    await journal.avenant(etat, date(2024, 6, 1), 50_00, "Avenant n° 1")
    lu = await terrain.lire(f"/v1/points-etape/{premier['id']}")
    assert ligne(premier, "total")["ouvert_centimes"] == 1_000_00
    assert ligne(lu, "total")["ouvert_centimes"] == 1_050_00
    assert (lu["statut"], lu["sha256"], lu["connu_au"]) == ("brouillon", None, None)

    arrete = await arreter(terrain, premier)
    await journal.avenant(etat, date(2024, 7, 1), 300_00, "Avenant n° 2")
    await journal.avenant(etat, date(2025, 2, 1), 7_00, "Avenant n° 3")
    second = await ouvrir(terrain, "2025-06-30")

    assert (arrete["statut"], arrete["connu_au"]) == ("arrete", 2)
    assert await terrain.lire(f"/v1/points-etape/{premier['id']}") == arrete
    preuve = await terrain.lire(f"/v1/points-etape/{premier['id']}/preuve")
    assert preuve == {
        "point_etape_id": premier["id"],
        "connu_au": 2,
        "sha256": arrete["sha256"],
        "sha256_recalcule": arrete["sha256"],
        "identique": True,
    }
    assert ligne(second, "total")["ouvert_centimes"] == 1_357_00
    assert second["contenu"]["corrections"] == {
        "precedent": {"point_etape_id": premier["id"], "date_arrete": ARRETE, "connu_au": 2},
        "ecritures": 1,
        "variations": [
            {"enveloppe_id": etat, "livre": "eng", "poste": poste, "variation_centimes": 300_00}
            for poste in ("disponible", "ouvert")
        ],
        "actes": ["Avenant n° 2"],
        "nombre_actes": 1,
    }
    # What the next one froze is computed again to the same digest, its corrections included.
    fige = await arreter(terrain, second)
    await journal.avenant(etat, date(2024, 2, 1), 1, "Avenant n° 4")
    again = await terrain.lire(f"/v1/points-etape/{fige['id']}/preuve")
    assert (again["identique"], again["connu_au"]) == (True, 4)
    assert await journal.anomalies() == []


async def test_what_was_read_is_what_is_frozen(terrain: Terrain, journal: Journal) -> None:
    """The rank of the draft that was read, whatever came meanwhile; no other than the journal's."""
    etat = await terrain.enveloppe(1_000_00, reference="etat", **FENETRE)
    lu = await ouvrir(terrain)
    await journal.avenant(etat, date(2024, 6, 1), 50_00, "Avenant n° 1")
    rang = lu["contenu"]["cadre"]["connu_au"]
    chemin = f"/v1/points-etape/{lu['id']}/arrets"
    refused = await terrain.client.post(chemin, {"connu_au": 3}, version=1)

    arrete = await arreter(terrain, lu, connu_au=rang)

    assert refused.status_code == 422
    assert refused.json()["erreurs"][0]["pointeur"] == "/connu_au"
    assert arrete["connu_au"] == 1
    assert arrete["contenu"] == lu["contenu"]


async def test_the_digest_is_that_of_the_canonical_content(terrain: Terrain) -> None:
    """Anyone can make it again from what is read."""
    await terrain.enveloppe(1_000_00, reference="etat", **FENETRE)
    arrete = await arreter(terrain, await ouvrir(terrain))
    canonique = json.dumps(
        arrete["contenu"], sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )

    assert hashlib.sha256(canonique.encode()).hexdigest() == arrete["sha256"]


async def test_states_have_no_way_back(terrain: Terrain) -> None:
    await terrain.enveloppe(1_000_00, reference="etat")
    point = await ouvrir(terrain)
    chemin = f"/v1/points-etape/{point['id']}"
    participants = {"participants": ["Préfecture", "Département"]}

    trop_tot = await terrain.client.post(f"{chemin}/validations", participants, version=1)
    sans_preuve = await terrain.client.get(f"{chemin}/preuve")
    perime = await terrain.client.post(f"{chemin}/arrets", {}, version=2)
    await arreter(terrain, point)
    deux_fois = await terrain.client.post(f"{chemin}/arrets", {}, version=2)
    valide = await terrain.creer(f"{chemin}/validations", participants, version=2)

    assert (trop_tot.status_code, trop_tot.json()["transitions_possibles"]) == (409, ["arrete"])
    assert sans_preuve.status_code == 409
    assert perime.status_code == 412
    assert (deux_fois.status_code, deux_fois.json()["transitions_possibles"]) == (409, ["valide"])
    assert (valide["statut"], valide["participants"]) == ("valide", participants["participants"])
    assert (await terrain.lire(f"{chemin}/preuve"))["identique"] is True
    listed = (await terrain.lire("/v1/points-etape?statut=valide"))["elements"]
    assert [(une["id"], une["sha256"]) for une in listed] == [(point["id"], valide["sha256"])]
    assert "contenu" not in listed[0]


@pytest.mark.parametrize("role", ["proprietaire", "service"])
@pytest.mark.parametrize(
    "ordre",
    [
        "UPDATE point_etape SET contenu = jsonb_set(contenu, '{cadre,exercice}', '2020')",
        "UPDATE point_etape SET connu_au = 0",
        "UPDATE point_etape SET sha256 = 'x'::bytea",
        "DELETE FROM point_etape",
    ],
)
async def test_nobody_changes_what_is_arrested(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, role: str, ordre: str
) -> None:
    """Not even the owner of the table. Planted: the trigger's migration without it, red."""
    await terrain.enveloppe(1_000_00, reference="etat")
    await arreter(terrain, await ouvrir(terrain))

    with closing(psycopg.connect(getattr(bases["financement"], role))) as connexion:
        connexion.execute("SELECT set_config('app.collectivite', %s, false)", [ouverte])
        refus = (errors.RestrictViolation, errors.InsufficientPrivilege)
        with pytest.raises(refus):
            connexion.execute(ordre.encode())


async def test_an_announced_amount_is_shown_with_its_qualifier_and_is_no_money(
    terrain: Terrain,
) -> None:
    """Examples C and E: "près de 720 000" is nowhere in the measures, nor is what has no year."""
    annonce = {"montant_centimes": 720_000_00, "qualificatif": "presque", "source": "Site"}
    await terrain.enveloppe(None, reference="pres", annonce=annonce)
    plus_de = {"montant_centimes": 4_000_000_00, "qualificatif": "plus_de"}
    await terrain.enveloppe(None, reference="plus", exercice=None, annonce=plus_de)

    point = await ouvrir(terrain)

    enveloppes = point["contenu"]["cadre"]["enveloppes"]
    assert [une["annonce"]["qualificatif"] for une in enveloppes] == ["plus_de", "presque"]
    assert not re.search(r"[1-9]", "".join(str(v) for v in ligne(point, "total").values()))
    assert point["contenu"]["parts"] == []
    page = await terrain.client.get(
        f"/v1/points-etape/{point['id']}", headers={"Accept": "text/html"}
    )
    (cellule,) = html.fromstring(page.text).xpath("//td[contains(., 'près de')]")
    assert cellule.text_content() == "près de 720\u202f000,00\u00a0€"


@pytest.mark.parametrize(
    ("corps", "pointeur"),
    [
        pytest.param({"date_arrete": "2026-03-03"}, "/date_arrete", id="demain"),
        pytest.param({"date_arrete": "2023-12-31"}, "/date_arrete", id="avant l'exercice"),
    ],
)
async def test_a_day_that_cannot_be(terrain: Terrain, corps: dict[str, Any], pointeur: str) -> None:
    chemin = f"/v1/conventions/{terrain.convention_id}/points-etape"
    answer = await terrain.client.post(chemin, {"exercice": EXERCICE, **corps})

    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, pointeur)


async def test_a_convention_of_another_is_not_there(terrain: Terrain) -> None:
    corps = {"exercice": EXERCICE, "date_arrete": ARRETE}
    for chemin in (f"/v1/conventions/{uuid4()}/points-etape", f"/v1/points-etape/{uuid4()}/arrets"):
        answer = await terrain.client.post(
            chemin, corps if "conventions" in chemin else {}, version=1
        )
        assert answer.status_code == 404, chemin
    assert (await terrain.client.get(f"/v1/points-etape/{uuid4()}")).status_code == 404


# What it leaves as


async def _lue(terrain: Terrain, point: Mapping[str, Any], accept: str) -> Any:
    return await terrain.client.get(f"/v1/points-etape/{point['id']}", headers={"Accept": accept})


async def test_three_forms_and_no_other(terrain: Terrain) -> None:
    await terrain.enveloppe(1_000_00, reference="etat")
    point = await ouvrir(terrain)

    for accept, media in (
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, text/html", "text/html; charset=utf-8"),
        # A browser's.
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
    ):
        answer = await _lue(terrain, point, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), accept
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["cache-control"] == "private, no-store"
    refused = await _lue(terrain, point, "application/xml")
    assert (refused.status_code, refused.json()["code"]) == (406, "format-indisponible")
    assert refused.json()["types_offerts"] == ["application/json", "text/csv", "text/html"]


async def test_a_draft_is_never_unchanged_and_an_arrested_one_may_be(terrain: Terrain) -> None:
    await terrain.enveloppe(1_000_00, reference="etat")
    point = await ouvrir(terrain)
    chemin = f"/v1/points-etape/{point['id']}"

    brouillon = await terrain.client.get(chemin, headers={"If-None-Match": '"1"'})
    await arreter(terrain, point)
    arrete = await terrain.client.get(chemin, headers={"If-None-Match": '"2"'})

    assert (brouillon.status_code, arrete.status_code) == (200, 304)


async def test_the_csv_says_every_measure_and_runs_nothing(
    terrain: Terrain, journal: Journal
) -> None:
    await exemple_a(terrain, journal)
    await terrain.action(code="zz", libelle="=HYPERLINK(1)")
    annonce = {"montant_centimes": 720_000_00, "qualificatif": "presque"}
    await terrain.enveloppe(None, reference="pres", annonce=annonce)
    point = await arreter(terrain, await ouvrir(terrain, "2026-03-02"))

    answer = await _lue(terrain, point, "text/csv")

    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    measured = [row for row in rows if row["Ensemble"] != "Montant annoncé"]
    assert len(measured) == len(point["contenu"]["mesures"])
    total = rows[0]
    assert total["Ouvert (€)"] == "1241700.00"
    assert total["Taux d'engagement (%)"] == "3.89"
    assert total["Empreinte SHA-256"] == point["sha256"]
    (action,) = [row for row in rows if row["Clé"] == "zz"]
    assert action["Libellé"] == "'=HYPERLINK(1)"
    (annoncee,) = [row for row in rows if row["Ensemble"] == "Montant annoncé"]
    assert (annoncee["Montant annoncé, non compté (€)"], annoncee["Qualificatif"]) == (
        "720000.00",
        "presque",
    )
    assert annoncee["Ouvert (€)"] == ""
    for row in csv.reader(io.StringIO(answer.text, newline="")):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)


async def test_the_page_is_accessible_and_runs_nothing(terrain: Terrain, journal: Journal) -> None:
    """Every chart is named, described and followed by its table; the policy lets no script in.

    Planted: a text that is not escaped, red; a style that the policy does not name, red.
    """
    await exemple_a(terrain, journal)
    await terrain.action(code="zz", libelle="</table><script>alert(1)</script>")
    premier = await arreter(terrain, await ouvrir(terrain))
    await journal.avenant(terrain.enveloppes[0], date(2024, 3, 1), 10_00, "Avenant <b>1</b>")
    point = await ouvrir(terrain, "2026-03-02")
    assert premier["sha256"]

    answer = await _lue(terrain, point, "text/html")

    page = html.document_fromstring(answer.text)
    assert page.get("lang") == "fr"
    assert page.xpath("//script | //img | //link | //iframe | //form | //@onclick | //@style") == []
    assert not page.xpath("//@href | //@src")
    (style,) = page.xpath("//style/text()")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert "@media print" in style
    svgs = page.xpath("//figure/*[local-name()='svg']")
    assert len(svgs) == 3
    for svg in svgs:
        assert svg.get("role") == "img"
        titre, description = svg.get("aria-labelledby").split()
        for ident in (titre, description):
            (named,) = page.xpath("//*[@id=$ident]", ident=ident)
            assert len(named.text_content()) > 10
        assert svg.getparent().getnext().tag == "table"
    assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))
    for table in page.xpath("//table"):
        assert table.xpath("./caption[string-length() > 3]")
        assert len(table.xpath("./thead//th[@scope='col']")) > 1
        for row in table.xpath("./tbody/tr"):
            assert len(row.xpath("./th[@scope='row']")) == 1
            assert len(row) == len(table.xpath("./thead//th"))
    assert [len(one.xpath("//h1")) for one in [page]] == [1]
    text = page.text_content()
    assert "</table><script>alert(1)</script>" in text  # as words
    assert "Avenant <b>1</b>" in text
    assert "1\u202f241\u202f710,00\u00a0€" in text
    assert "2 mars 2026" in text


def test_colours_are_told_apart_and_read_on_white() -> None:
    """4.5:1 at least of each on white (WCAG 2.2, 1.4.3), 3:1 asked of graphics (1.4.11)."""
    from services.financement import impression as page

    def luminance(couleur: str) -> float:
        canaux = [int(couleur[rang : rang + 2], 16) / 255 for rang in (1, 3, 5)]
        lineaires = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in canaux]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), lineaires, strict=True))

    def contraste(une: str, autre: str) -> float:
        claire, sombre = sorted((luminance(une), luminance(autre)), reverse=True)
        return (claire + 0.05) / (sombre + 0.05)

    for couleur in (page.ENCRE, page.ENGAGE, page.LIQUIDE, page.PAYE, "#767676"):
        assert contraste(couleur, page.FOND) >= 4.5, couleur
    assert contraste(page.ENGAGE, page.PAYE) >= 2


# What parcours counted


async def lever(
    service: Service, collectivite: str, action_id: str, personnes: int, *, sante: bool = False
) -> None:
    """Freins lifted on 1 June 2024 after a prescription of an action, one a person."""
    volet = parcours.SANTE if sante else parcours.ORDINAIRE
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        for _ in range(personnes):
            parcours_id, frein_id = new_id(), new_id()
            await tx.add(
                parcours.Parcours,
                {
                    "id": parcours_id,
                    "personne_id": uuid4(),
                    "statut": "ouvert",
                    "date_ouverture": date(2024, 1, 2),
                    "orientation_id": uuid4(),
                    "type_parcours": "social",
                    "organisme_referent_id": uuid4(),
                },
            )
            await tx.add(
                volet.frein,
                {
                    "id": frein_id,
                    "parcours_id": parcours_id,
                    "code": "sante" if sante else "mobilite",
                    "statut": "leve",
                    "niveau": "fort",
                    "date_debut": date(2024, 2, 1),
                    "date_observation": date(2024, 2, 1),
                    "date_fin": date(2024, 6, 1),
                    "fondement": "decision_referent",
                },
            )
            await tx.add(
                volet.prescription,
                {
                    "id": new_id(),
                    "parcours_id": parcours_id,
                    "frein_id": frein_id,
                    "action_id": UUID(action_id),
                    "montant_centimes": 10_00,
                    "places": 0,
                    "statut": "confirmee",
                    "reservation_id": uuid4(),
                    "expire_le": datetime(2024, 3, 2, tzinfo=UTC),
                    "engagement_id": uuid4(),
                    "confirmee_le": datetime(2024, 3, 1, tzinfo=UTC),
                },
            )


async def test_cost_per_lifted_frein_is_asked_of_parcours(
    terrain: Terrain, journal: Journal, services: Mapping[str, Service], ouverte: str
) -> None:
    """Five people are told, four are not; the cost is what was paid, over what was lifted."""
    etat = await terrain.enveloppe(1_000_00, reference="etat")
    dite = await terrain.action((etat, 1, 1), code="dite")
    masquee = await terrain.action((etat, 1, 1), code="masquee")
    for action_id, personnes in ((dite, 5), (masquee, 4)):
        await lever(services["parcours"], ouverte, action_id, personnes)
        reserved = await terrain.reserver(action_id, 0, 100_00)
        assert reserved.status_code == 201, reserved.text
        await terrain.creer(f"/v1/reservations/{reserved.json()['id']}/confirmations", {})
        lignes = transfert(Livre.ENG, UUID(etat), 100_00, Poste.ENGAGE, Poste.PAYE)
        await journal.inscrire(
            EvenementJournal.PAIEMENT, date(2026, 3, 2), lignes, action_id=action_id
        )

    point = await ouvrir(terrain, "2026-03-02")

    found = {un["action_id"]: un for un in point["contenu"]["resultats"]}
    assert found[dite] == {
        "action_id": dite,
        "libelle": "Action d'essai",
        "places_ouvertes": 0,
        "places_occupees": 0,
        "personnes": 5,
        "freins_leves": 5,
        "masque": False,
        "cout_par_frein_leve_centimes": 20_00,
    }
    assert (found[masquee]["personnes"], found[masquee]["freins_leves"]) == (None, None)
    assert (found[masquee]["masque"], found[masquee]["cout_par_frein_leve_centimes"]) == (
        True,
        None,
    )
    page = (await _lue(terrain, point, "text/html")).text
    assert "masqué" in page


async def test_freins_of_health_are_counted_and_few_are_masked(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str, reseau: Reseau
) -> None:
    """Five people whose frein of health was lifted are told, four are not.

    Where this service may not count health, the rest is counted, and that is told. Planted: the
    scope not asked, red; no second asking, red.
    """
    etat = await terrain.enveloppe(1_000_00, reference="etat")
    dite = await terrain.action((etat, 1, 1), code="dite")
    masquee = await terrain.action((etat, 1, 1), code="masquee")
    mixte = await terrain.action((etat, 1, 1), code="mixte")
    for action_id, personnes, sante in (
        (dite, 5, True),
        (masquee, 4, True),
        (mixte, 5, False),
        (mixte, 2, True),
    ):
        await lever(services["parcours"], ouverte, action_id, personnes, sante=sante)

    async def comptes() -> tuple[bool, dict[str, Any]]:
        contenu = (await ouvrir(terrain, "2026-03-02"))["contenu"]
        found = {un["action_id"]: un["freins_leves"] for un in contenu["resultats"]}
        return contenu["observations"]["avec_sante"], found

    assert await comptes() == (True, {dite: 5, masquee: None, mixte: 7})
    ouvrages = services["financement"].jetons
    obtenir = ouvrages.obtenir

    async def sans_sante(portees: str, collectivite: str) -> str:
        if "sante" in portees:
            raise DependanceIndisponible
        return await obtenir(portees, collectivite)

    ouvrages.obtenir = sans_sante  # type: ignore[method-assign]  # an issuer that declines
    try:
        assert await comptes() == (False, {dite: 0, masquee: 0, mixte: 5})
    finally:
        ouvrages.obtenir = obtenir  # type: ignore[method-assign]


async def test_a_silent_parcours_leaves_results_unknown_and_says_why(
    terrain: Terrain, reseau: Reseau
) -> None:
    """Planted: the refusal let through, red (503)."""
    await terrain.enveloppe(1_000_00, reference="etat")
    await terrain.action(code="une")
    silencieux = reseau.apps.pop("parcours.insertion.example")
    try:
        point = await ouvrir(terrain)
        arrete = await arreter(terrain, point)
    finally:
        reseau.apps["parcours.insertion.example"] = silencieux

    assert arrete["contenu"]["observations"]["motif_absence"] == "parcours_silencieux"
    (resultat,) = arrete["contenu"]["resultats"]
    assert (resultat["personnes"], resultat["freins_leves"], resultat["masque"]) == (
        None,
        None,
        False,
    )
    assert resultat["cout_par_frein_leve_centimes"] is None
    # What was not known stays unknown in what is frozen, though parcours answers now.
    preuve = await terrain.lire(f"/v1/points-etape/{arrete['id']}/preuve")
    assert preuve["identique"] is True
    page = await _lue(terrain, arrete, "text/html")
    assert "n'a pas répondu" in html.fromstring(page.text).text_content()


# Indicators


async def test_an_indicator_is_shown_as_of_the_day(terrain: Terrain, connecter: Connecter) -> None:
    """The last value of the day or before; of one day, the last written; null before any."""
    corps = {
        "code": "permis",
        "libelle": "Permis obtenus",
        "unite": "personnes",
        "sens": "hausse",
        "exercice": EXERCICE,
        "cible": 40,
    }
    chemin = f"/v1/conventions/{terrain.convention_id}/indicateurs"
    indicateur = await terrain.creer(chemin, corps)
    assert (await terrain.client.post(chemin, corps)).status_code == 409
    assert (await terrain.lire(f"/v1/indicateurs/{indicateur['id']}")) == indicateur
    valeurs = f"/v1/indicateurs/{indicateur['id']}/valeurs"
    for jour, valeur in (("2024-06-30", 12), ("2024-12-31", 30), ("2024-12-31", 29)):
        observee = {"valeur": valeur, "date_observation": jour, "source": "Bilan"}
        await terrain.creer(valeurs, observee)

    seen = {}
    for jour in ("2024-03-31", "2024-06-30", "2024-12-30", "2024-12-31"):
        point = await ouvrir(terrain, jour)
        (un,) = point["contenu"]["observations"]["indicateurs"]
        seen[jour] = (un["valeur"], un["taux_points_base"], un["date_observation"])

    assert seen == {
        "2024-03-31": (None, None, None),
        "2024-06-30": (12, 3000, "2024-06-30"),
        "2024-12-30": (12, 3000, "2024-06-30"),
        "2024-12-31": (29, 7250, "2024-12-31"),
    }
    listed = (await terrain.lire(valeurs))["elements"]
    assert [une["valeur"] for une in listed] == [29, 30, 12]
    assert await terrain.lire(f"{valeurs}/{listed[0]['id']}") == listed[0]
    lecteur = connecter("financement", "financement:lire")
    assert (await lecteur.post(valeurs, {})).status_code == 403


async def test_a_value_far_beyond_its_target_is_shown(terrain: Terrain) -> None:
    """Seen red: a rate beyond 2 147 483 647 points, and a point d'étape that no one could read."""
    corps = {"code": "x", "libelle": "X", "unite": "euros", "sens": "hausse", "cible": 1}
    chemin = f"/v1/conventions/{terrain.convention_id}/indicateurs"
    indicateur = await terrain.creer(chemin, corps | {"exercice": EXERCICE})
    observee = {"valeur": 250_000, "date_observation": "2024-06-30", "source": "Bilan"}
    await terrain.creer(f"/v1/indicateurs/{indicateur['id']}/valeurs", observee)
    (un,) = (await ouvrir(terrain))["contenu"]["observations"]["indicateurs"]
    assert un["taux_points_base"] == 2_500_000_000


async def test_what_a_point_cannot_hold_whole_is_refused(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    """Two hundred indicators fit, one more is not left out of what is frozen.

    Seen red: the last one by its code dropped without a word.
    """
    service = services["financement"]

    async def ajouter(rangs: range) -> None:
        base = {"convention_id": UUID(terrain.convention_id), "exercice": EXERCICE}
        base |= {"libelle": "X", "unite": "u", "sens": "hausse"}
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.execute(
                insert(tables.Indicateur),
                [
                    base
                    | {"id": new_id(), "code": f"i-{rang:03}"}
                    | {"cree_le": service.horloge(), "modifie_le": service.horloge()}
                    for rang in rangs
                ],
            )

    await ajouter(range(200))
    point = await ouvrir(terrain)
    assert len(point["contenu"]["observations"]["indicateurs"]) == 200
    await ajouter(range(200, 201))
    refused = await terrain.client.post(
        f"/v1/points-etape/{point['id']}/arrets", {}, version=point["version"]
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")


@pytest.mark.parametrize(
    ("corps", "pointeur"),
    [
        pytest.param({"date_observation": "2026-03-03"}, "/date_observation", id="demain"),
        pytest.param({"numerateur": 3}, "/denominateur", id="rapport incomplet"),
        pytest.param({"denominateur": 0, "numerateur": 1}, "/denominateur", id="sur zéro"),
        pytest.param({"valeur": 1.5}, "/valeur", id="fraction"),
        pytest.param({"valeur": "29"}, "/valeur", id="texte"),
    ],
)
async def test_a_value_that_cannot_be(
    terrain: Terrain, corps: dict[str, Any], pointeur: str
) -> None:
    indicateur = await terrain.creer(
        f"/v1/conventions/{terrain.convention_id}/indicateurs",
        {"code": "x", "libelle": "X", "unite": "u", "sens": "baisse", "exercice": EXERCICE},
    )
    answer = await terrain.client.post(
        f"/v1/indicateurs/{indicateur['id']}/valeurs",
        {"valeur": 1, "date_observation": "2026-03-02", "source": "Bilan", **corps},
    )
    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, pointeur)


async def test_money_without_a_year_is_in_the_points_of_its_window(terrain: Terrain) -> None:
    """Opened without an exercice: of each year that its window touches. Planted: left out, red."""
    fenetre = {"fenetre_debut": "2023-07-01", "fenetre_fin": "2024-06-30"}
    await terrain.enveloppe(10_00, reference="fenetre", exercice=None, **fenetre)
    await terrain.enveloppe(3_00, reference="sans", exercice=None)

    ouverts = {}
    for exercice in (2023, 2024, 2025):
        point = await ouvrir(terrain, f"{exercice}-12-31", exercice=exercice)
        ouverts[exercice] = (
            [une["reference"] for une in point["contenu"]["cadre"]["enveloppes"]],
            ligne(point, "total")["ouvert_centimes"],
        )

    assert ouverts == {
        2023: (["fenetre", "sans"], None),
        2024: (["fenetre", "sans"], 13_00),
        2025: (["sans"], 3_00),
    }


async def test_sums_that_no_amount_can_say_are_refused(terrain: Terrain) -> None:
    """Two envelopes of 2**53 - 1 cents: each is exact, together they are not. Seen red: 500."""
    for reference in ("une", "deux"):
        await terrain.enveloppe(9_007_199_254_740_991, reference=reference)

    answer = await terrain.client.post(
        f"/v1/conventions/{terrain.convention_id}/points-etape",
        {"exercice": EXERCICE, "date_arrete": ARRETE},
    )

    assert (answer.status_code, answer.json()["erreurs"][0]["code"]) == (422, "hors-bornes")


async def test_a_pace_that_leads_beyond_any_amount_leads_nowhere(
    terrain: Terrain, journal: Journal
) -> None:
    """A day of a long window: the rule of three is beyond what is exact. Seen red: 500."""
    grande = 9_007_199_254_740_991
    etat = await terrain.enveloppe(
        grande, reference="etat", fenetre_debut="2024-01-01", fenetre_fin="2024-12-31"
    )
    lignes = transfert(Livre.ENG, UUID(etat), grande, Poste.DISPONIBLE, Poste.LIQUIDE)
    await journal.inscrire(EvenementJournal.LIQUIDATION, date(2024, 1, 2), lignes)

    total = ligne(await ouvrir(terrain, "2024-01-02"), "total")

    assert (total["liquide_centimes"], total["projection_centimes"]) == (grande, None)


async def test_more_acts_than_are_shown_are_counted(
    terrain: Terrain, journal: Journal, services: Mapping[str, Service], ouverte: str
) -> None:
    """203 acts back-dated: 200 are named, all are counted. Planted: the count left out, red."""
    etat = await terrain.enveloppe(1_000_00, reference="etat")
    await arreter(terrain, await ouvrir(terrain))
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await lock_disponibles(tx, [UUID(etat)])
        ecritures = [
            Ecriture(
                EvenementJournal.AVENANT,
                date(2024, 7, 1),
                transfert(Livre.ENG, UUID(etat), 1, Poste.OUVERT, Poste.DISPONIBLE),
                source=f"Avenant {rang}",
            )
            for rang in range(203)
        ]
        await inscrire(tx, ecritures, inscrite_le=service.horloge())

    point = await ouvrir(terrain, "2025-06-30")

    corrections = point["contenu"]["corrections"]
    assert (len(corrections["actes"]), corrections["nombre_actes"]) == (200, 203)
    page = (await _lue(terrain, point, "text/html")).text
    assert (
        "Des 203 actes qu'elles nomment, les 200 premiers suivent"
        in html.fromstring(page).text_content()
    )


async def test_what_was_arrested_before_a_field_came_keeps_its_digest(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str
) -> None:
    """Frozen by an older version, without fields that came since: it reads as it was frozen.

    Its digest is still that of what is read, and computing it again gives the same. Planted: the
    young fields read with their defaults, red; the proof made with them, red.
    """
    await terrain.enveloppe(1_000_00, reference="etat")
    await arreter(terrain, await ouvrir(terrain))
    brouillon = await ouvrir(terrain, "2025-06-30")
    ancien = (await ouvrir(terrain, "2025-06-30"))["contenu"]
    del ancien["observations"]["avec_sante"]
    del ancien["corrections"]["nombre_actes"]
    canonique = json.dumps(ancien, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    sha256 = hashlib.sha256(canonique.encode())
    with closing(psycopg.connect(bases["financement"].service)) as connexion:
        connexion.execute("SELECT set_config('app.collectivite', %s, false)", [ouverte])
        connexion.execute(
            "UPDATE point_etape SET statut = 'arrete', contenu = %s, sha256 = %s, connu_au = %s,"
            " arrete_le = now() WHERE id = %s",
            [canonique, sha256.digest(), ancien["cadre"]["connu_au"], brouillon["id"]],
        )
        connexion.commit()

    lu = await terrain.lire(f"/v1/points-etape/{brouillon['id']}")
    preuve = await terrain.lire(f"/v1/points-etape/{brouillon['id']}/preuve")

    assert (lu["contenu"], lu["sha256"]) == (ancien, sha256.hexdigest())
    assert preuve["identique"] is True
    page = await _lue(terrain, brouillon, "text/html")
    assert page.status_code == 200
