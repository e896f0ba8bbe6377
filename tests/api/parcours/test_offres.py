"""Offers: from a frein to them, and from them to the envelopes, in one call; and their séances."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation, Suivre, ensemble
from tests.conftest import URLS, Client, Connecter, Reseau
from tests.unit.parcours.test_offres import GENRES

FINANCEMENT, ORIENTATION = (httpx.URL(URLS[nom]).host for nom in ("financement", "orientation"))
PERSONNE: Mapping[str, Any] = {
    "nom": "Exemple",
    "prenoms": "Camille",
    "date_naissance": "1990-04-12",
    "code_commune": "35238",
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
}
OFFRE: Mapping[str, Any] = {
    "titre": "Garage solidaire",
    "thematiques": ["mobilite--entretenir-reparer-son-vehicule"],
    "modalite": "individuelle",
    "date_debut": "2026-01-01",
}


@dataclass
class Terrain:
    """Somebody of Rennes, who cannot move about, and a catalogue."""

    client: Client
    financement: Client
    parcours_id: str
    frein_id: str
    enveloppe_id: str
    convention_id: str

    async def creer(self, client: Client, chemin: str, corps: Any, **rest: Any) -> dict[str, Any]:
        """POST what must succeed."""
        answer = await client.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def action(self, places: int = 2, prix: int | None = 400_00) -> str:
        """An action of financement, paid by the envelope."""
        corps = {
            "code": uuid4().hex,
            "libelle": "Action",
            "mode_capacite": "stock",
            "places_ouvertes": places,
            "prix_centimes": prix,
            "cle": [{"enveloppe_id": self.enveloppe_id, "numerateur": 1, "denominateur": 1}],
        }
        chemin = f"/v1/conventions/{self.convention_id}/actions"
        return str((await self.creer(self.financement, chemin, corps))["id"])

    async def offre(self, **champs: Any) -> dict[str, Any]:
        """An offer of the catalogue."""
        return await self.creer(self.client, "/v1/offres", {**OFFRE, **champs})

    async def solutions(self, suite: str = "", *, frein_id: str | None = None) -> list[Any]:
        """The offers for the frein, of one page."""
        chemin = f"/v1/freins/{frein_id or self.frein_id}/solutions{suite}"
        answer = await self.client.get(chemin)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["elements"]
        return found

    async def prescrire(self, offre: Mapping[str, Any], **champs: Any) -> httpx.Response:
        """Prescribe an offer for the frein."""
        corps = {"frein_id": self.frein_id, "offre_id": offre["id"], "montant_centimes": 400_00}
        return await self.client.post("/v1/prescriptions", {**corps, **champs})


@pytest_asyncio.fixture
async def terrain(connecter: Connecter, orientation: Orientation, suivre: Suivre) -> Terrain:
    """The person is real, in orientation; the envelope holds 1 000,00 €."""
    client, financement = connecter("parcours"), connecter("financement")
    found = Terrain(client, financement, "", "", "", "")
    personne = await found.creer(connecter("orientation"), "/v1/personnes", PERSONNE)
    await orientation.decider(personne["id"])
    await suivre()
    (ouvert,) = (await client.get("/v1/parcours")).json()["elements"]
    found.parcours_id = ouvert["id"]
    frein = {
        "code": "mobilite",
        "niveau": "fort",
        "date_observation": "2026-06-30",
        "source": "referent",
    }
    chemin = f"/v1/parcours/{found.parcours_id}/freins"
    found.frein_id = (await found.creer(client, chemin, frein))["id"]
    convention = {
        "reference": "35-CDIE-2026",
        "type": "convention_departementale_insertion_emploi",
        "intitule": "Convention",
        "annee_debut": 2026,
        "statut": "deliberee",
    }
    found.convention_id = (await found.creer(financement, "/v1/conventions", convention))["id"]
    enveloppe = {"reference": "etat-2026", "convention_id": found.convention_id}
    found.enveloppe_id = (await found.creer(financement, "/v1/enveloppes", enveloppe))["id"]
    ouverture = {
        "montant_centimes": 1_000_00,
        "qualificatif": "exact",
        "date_effet": "2026-01-01",
        "source": "arrêté d'essai",
    }
    chemin = f"/v1/enveloppes/{found.enveloppe_id}/ouvertures"
    await found.creer(financement, chemin, ouverture, version=1)
    return found


@pytest.mark.parametrize("genre", GENRES)
async def test_each_kind_of_action_is_one_offer(terrain: Terrain, genre: str) -> None:
    champs, freins = GENRES[genre]
    offre = await terrain.offre(titre=genre, **champs)

    assert set(offre["freins"]) == freins
    assert (await terrain.client.get(f"/v1/offres/{offre['id']}")).json() == offre
    frein = "&".join(f"frein={code}" for code in freins)
    assert (await terrain.client.get(f"/v1/offres?{frein}")).json()["elements"] == [offre]


async def test_one_call_goes_from_the_frein_to_the_envelope(terrain: Terrain) -> None:
    """How far, for whom, how many places, and what is left to pay for it.

    Planted: `PROXIMITES` in another order than the SQL counts them, red.
    """
    action = await terrain.action()
    ici = await terrain.offre(code_commune="35238", action_id=action)
    desservie = await terrain.offre(communes=["35238"], code_commune="35278")
    partout = await terrain.offre()
    distance = await terrain.offre(a_distance=True)
    ailleurs = await terrain.offre(communes=["35278"])
    await terrain.offre(thematiques=["numerique--acquerir-un-equipement"])
    await terrain.offre(date_fin="2026-06-30")
    await terrain.offre(date_debut="2026-07-02")

    found = await terrain.solutions()

    assert [(one["id"], one["proximite"]) for one in found] == [
        (ici["id"], "meme_commune"),
        (desservie["id"], "commune_desservie"),
        (distance["id"], "a_distance"),
        (partout["id"], "collectivite"),
        (ailleurs["id"], "hors_zone"),
    ]
    assert found[0] | {"places_disponibles": 2, "montant_disponible_centimes": 1_000_00} == found[0]
    assert (found[0]["financement"], found[0]["prix_centimes"]) == ("lu", 400_00)
    assert {one["financement"] for one in found[1:]} == {"sans_objet"}
    assert found[-1]["eligibilite"]["manquantes"] == ["commune"]
    cherchee = await terrain.solutions("?commune=35278")
    assert {one["id"]: one["proximite"] for one in cherchee}[desservie["id"]] == "meme_commune"
    assert (await terrain.prescrire(ici)).status_code == 201
    left = (await terrain.solutions())[0]
    assert (left["places_disponibles"], left["montant_disponible_centimes"]) == (1, 600_00)


class Temoin:
    """Financement, and what it was told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.appels: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the path and the body, then let the app answer."""
        message = await receive()
        self.appels.append((f"{scope['path']}?{scope['query_string'].decode()}", message["body"]))

        async def again() -> Any:
            return message

        await self._app(scope, again, send)


async def test_one_call_to_financement_that_says_nothing_of_her(
    terrain: Terrain, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = [await terrain.action() for _ in range(3)]
    for action in (*actions, actions[0]):
        await terrain.offre(action_id=action)
    temoin = Temoin(reseau.apps[FINANCEMENT])
    monkeypatch.setitem(reseau.apps, FINANCEMENT, temoin)

    found = await terrain.solutions()

    assert len(found) == 4
    ((chemin, corps),) = temoin.appels
    assert chemin == "/v1/actions/recherches?"
    assert corps.decode() == '{"action_ids":[' + ",".join(f'"{a}"' for a in sorted(actions)) + "]}"


async def test_a_silent_sibling_hides_no_offer(
    terrain: Terrain, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A référent reads the catalogue all the same, and is told what is not known."""
    offre = await terrain.offre(action_id=await terrain.action(), age_min=18)
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, FINANCEMENT)
        (found,) = await terrain.solutions()
        assert (found["id"], found["financement"]) == (offre["id"], "silencieux")
        assert found["places_disponibles"] is found["montant_disponible_centimes"] is None
        assert found["eligibilite"]["statut"] == "eligible"
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, ORIENTATION)
        (found,) = await terrain.solutions()
        assert found["financement"] == "lu"
        assert found["eligibilite"] == {
            "statut": "a_verifier",
            "manquantes": [],
            "inconnues": ["age"],
        }
        refused = await terrain.prescrire(offre)
        assert (refused.status_code, refused.json()["code"]) == (503, "dependance-indisponible")
    assert (await terrain.prescrire(offre)).status_code == 201


async def test_pages_go_from_the_nearest_on(terrain: Terrain) -> None:
    for rang in range(5):
        await terrain.offre(code_commune="35238" if rang % 2 else None)

    seen: list[str] = []
    suite = "?limite=2"
    while suite:
        chemin = f"/v1/freins/{terrain.frein_id}/solutions{suite}"
        page = (await terrain.client.get(chemin)).json()
        seen += [one["id"] for one in page["elements"]]
        suivant = page["pagination"]["suivant"]
        suite = "?" + suivant.split("?", 1)[1] if suivant else ""

    assert len(seen) == len(set(seen)) == 5
    assert set(seen[:2]) == {
        one["id"] for one in await terrain.solutions() if one["proximite"] == "meme_commune"
    }


async def test_what_is_missing_is_named_and_nothing_is_reserved(terrain: Terrain) -> None:
    """The driving licence: a pathway that is real."""
    permis = await terrain.offre(
        thematiques=["mobilite--preparer-un-permis"],
        action_id=await terrain.action(),
        age_min=60,
        beneficiaire_rsa_requis=True,
        projet_requis=True,
    )
    (shown,) = await terrain.solutions()
    assert shown["eligibilite"] == {
        "statut": "non_eligible",
        "manquantes": ["age", "diagnostic_projet", "contrat_signe"],
        "inconnues": [],
    }

    refused = await terrain.prescrire(permis)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert [one["message"] for one in refused.json()["erreurs"]] == [
        "Age hors des bornes de l'offre",
        "Aucun projet au diagnostic courant",
        "Aucun contrat d'engagement signe",
    ]
    assert (await terrain.client.get("/v1/prescriptions")).json()["elements"] == []
    assert (await terrain.financement.get("/v1/reservations")).json()["elements"] == []


async def test_the_offer_that_leads_to_an_action_is_not_passed_over(terrain: Terrain) -> None:
    """Planted: the check left out, the licence was prescribed by its action alone."""
    action = await terrain.action()
    offre = await terrain.offre(action_id=action, projet_requis=True)
    corps = {"frein_id": terrain.frein_id, "action_id": action, "montant_centimes": 1}

    refused = await terrain.client.post("/v1/prescriptions", corps)
    other = await terrain.prescrire(offre, action_id=str(uuid4()))

    assert [one["pointeur"] for one in refused.json()["erreurs"]] == ["/offre_id"]
    assert other.status_code == 422


async def test_an_offer_is_of_its_freins_and_days(terrain: Terrain) -> None:
    action = await terrain.action()
    for champs in (
        {"thematiques": ["numerique--acquerir-un-equipement"], "action_id": action},
        {"date_fin": "2026-06-30", "action_id": action},
        {},
    ):
        refused = await terrain.prescrire(await terrain.offre(**champs))
        assert [one["pointeur"] for one in refused.json()["erreurs"]] == ["/offre_id"]


async def test_what_was_prescribed_keeps_its_title(terrain: Terrain) -> None:
    offre = await terrain.offre(action_id=await terrain.action())
    prescribed = (await terrain.prescrire(offre)).json()
    chemin = f"/v1/offres/{offre['id']}"
    patch = {"headers": {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}}

    changed = await terrain.client.request(
        "PATCH", chemin, content='{"titre": "Autre", "freins": ["logement"]}', **patch
    )

    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    assert changed.json()["freins"] == ["mobilite", "logement"]
    read = await terrain.client.get(f"/v1/prescriptions/{prescribed['id']}")
    assert (read.json()["offre_id"], read.json()["offre_titre"]) == (offre["id"], offre["titre"])
    listed = (await terrain.client.get("/v1/offres?frein=logement")).json()["elements"]
    assert [one["id"] for one in listed] == [offre["id"]]


async def test_health_is_found_by_its_scope_alone(terrain: Terrain, connecter: Connecter) -> None:
    await terrain.offre(thematiques=["sante--sante-mentale"])
    corps = {
        "code": "sante",
        "niveau": "fort",
        "date_observation": "2026-06-30",
        "source": "referent",
    }
    chemin = f"/v1/parcours/{terrain.parcours_id}/freins"
    frein = await terrain.creer(terrain.client, chemin, corps)
    client = connecter("parcours", ORDINAIRES)

    told = [
        (await client.get(f"/v1/freins/{one}/solutions")).json() | {"instance": 0, "correlation": 0}
        for one in (frein["id"], str(uuid4()))
    ]

    assert told[0] == told[1]
    assert told[0]["code"] == "introuvable"
    assert len(await terrain.solutions(frein_id=frein["id"])) == 1


SERVICE: Mapping[str, Any] = {
    "id": "dora--8f3a7c21",
    "nom": "Atelier numérique",
    "date_maj": "2026-02-14",
    "type": "atelier",
    "thematiques": ["numerique--maitriser-les-fondamentaux-du-numerique"],
    "publics": ["tous-publics"],
    "code_insee": "35238",
    "zone_eligibilite": ["243500139"],
}


async def test_a_service_of_data_inclusion_is_imported_once(
    terrain: Terrain, connecter: Connecter
) -> None:
    """An older record changes nothing, a newer one does; what was added here stays."""
    chemin = "/v1/offres-data-inclusion"
    made = await terrain.client.post(chemin, SERVICE)
    assert (made.status_code, made.json()["freins"]) == (201, ["numerique"]), made.text
    assert (made.json()["origine"], made.json()["zone_a_verifier"]) == ("data_inclusion", True)
    offre = f"/v1/offres/{made.json()['id']}"
    patch = {"headers": {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}}
    await terrain.client.request("PATCH", offre, content='{"age_min": 18}', **patch)

    same = await terrain.client.post(chemin, {**SERVICE, "nom": "Plus ancien"})
    newer = await terrain.client.post(
        chemin, {**SERVICE, "nom": "Plus récent", "date_maj": "2026-03-01"}
    )

    assert (same.status_code, same.json()["version"]) == (200, 2)
    assert (newer.status_code, newer.json()["titre"]) == (200, "Plus récent")
    assert (newer.json()["age_min"], newer.json()["version"]) == (18, 3)
    assert len((await terrain.client.get("/v1/offres")).json()["elements"]) == 1
    contact = await terrain.client.post(chemin, {**SERVICE, "contact_nom_prenom": "X"})
    assert [one["code"] for one in contact.json()["erreurs"]] == ["champ-inconnu"]
    refused = await connecter("parcours", ORDINAIRES).post(chemin, SERVICE)
    assert refused.status_code == 403


async def test_a_patch_is_of_what_the_offer_says_itself(terrain: Terrain) -> None:
    """The freins of its thématiques go with them; a zone that is said is no longer to check.

    Planted: the patch compared to the offer as it is answered, red.
    """

    async def modifier(offre: Mapping[str, Any], **champs: Any) -> httpx.Response:
        return await terrain.client.request(
            "PATCH",
            f"/v1/offres/{offre['id']}",
            content=json.dumps(champs),
            headers={
                "If-Match": f'"{offre["version"]}"',
                "Content-Type": "application/merge-patch+json",
            },
        )

    offre = await terrain.offre()
    assert offre["freins"] == ["mobilite"]
    same = await modifier(offre, freins=[])
    assert (same.json()["version"], same.json()["freins"]) == (1, ["mobilite"])
    vide = await modifier(offre, thematiques=[])
    assert [one["pointeur"] for one in vide.json()["erreurs"]] == ["/freins"]
    change = await modifier(offre, thematiques=SERVICE["thematiques"])
    assert change.status_code == 200, change.text
    assert change.json()["freins"] == ["numerique"]

    importee = (await terrain.client.post("/v1/offres-data-inclusion", SERVICE)).json()
    dite = (await modifier(importee, communes=["35238"])).json()
    assert (importee["zone_a_verifier"], dite["zone_a_verifier"]) == (True, False)


# Séances

DEBUT, FIN = "2026-07-02T08:00:00Z", "2026-07-02T10:00:00Z"
LENDEMAIN = timedelta(days=1)


@dataclass
class Atelier:
    """A collective offer, a séance of it, and prescriptions that lead there."""

    terrain: Terrain
    offre: dict[str, Any]
    seance_id: str

    async def prescription(self, **champs: Any) -> str:
        """A prescription of the offer."""
        prescribed = await self.terrain.prescrire(
            self.offre, montant_centimes=0, duree_s=3600, **champs
        )
        assert prescribed.status_code == 201, prescribed.text
        return str(prescribed.json()["id"])

    async def inscrire(self, prescription_id: str, **rest: Any) -> httpx.Response:
        """Take a place of the séance."""
        chemin = f"/v1/seances/{self.seance_id}/inscriptions"
        corps = {"prescription_id": prescription_id}
        return await self.terrain.client.post(chemin, corps, **rest)

    async def emarger(self, inscription: dict[str, Any], statut: str) -> httpx.Response:
        """Say whether she came."""
        chemin = f"/v1/inscriptions/{inscription['id']}/presences"
        return await self.terrain.client.post(
            chemin, {"statut": statut}, version=inscription["version"]
        )

    async def reste(self, client: Client | None = None) -> int | None:
        """Places left of the séance."""
        found = await (client or self.terrain.client).get(f"/v1/seances/{self.seance_id}")
        left: int | None = found.json()["places_disponibles"]
        return left


async def _atelier(terrain: Terrain, places: int, **champs: Any) -> Atelier:
    offre = await terrain.offre(
        **{"modalite": "collective", "action_id": await terrain.action(places=20), **champs}
    )
    corps = {"debut_le": DEBUT, "fin_le": FIN, "places": places}
    chemin = f"/v1/offres/{offre['id']}/seances"
    seance = await terrain.creer(terrain.client, chemin, corps)
    return Atelier(terrain, offre, seance["id"])


async def test_a_seance_is_never_oversold(terrain: Terrain) -> None:
    """Planted: the count read in the statement that locks, all six were inscribed."""
    atelier = await _atelier(terrain, places=2)
    prescriptions = [await atelier.prescription() for _ in range(6)]

    answers = await ensemble(terrain.client, *map(atelier.inscrire, prescriptions))

    assert sorted(one.status_code for one in answers) == [201] * 2 + [409] * 4
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {
        "disponible-insuffisant"
    }
    assert await atelier.reste() == 0
    chemin = f"/v1/seances/{atelier.seance_id}/inscriptions"
    assert len((await terrain.client.get(chemin)).json()["elements"]) == 2


async def test_a_place_comes_back_with_its_prescription(terrain: Terrain, horloge: Horloge) -> None:
    """Cancelled, refused, or fallen with time: nobody has to say it to the séance."""
    atelier = await _atelier(terrain, places=1)
    first = await atelier.prescription()
    assert (await atelier.inscrire(first)).status_code == 201
    again = await atelier.inscrire(first)
    assert (again.status_code, await atelier.reste()) == (409, 0)
    refus = {"sens": "refusee", "motif": "complet"}
    await terrain.creer(terrain.client, f"/v1/prescriptions/{first}/reponses", refus)
    assert await atelier.reste() == 1

    second = await atelier.prescription()
    assert (await atelier.inscrire(second)).status_code == 201
    horloge.avancer(timedelta(seconds=3600))

    assert await atelier.reste() == 1
    late = await atelier.inscrire(second)
    assert (late.status_code, late.json()["statut_actuel"]) == (409, "expiree")


async def test_a_sheet_oversells_no_seance(terrain: Terrain, horloge: Horloge) -> None:
    """Whose prescription was refused has no place to be absent from, once it is another's.

    Planted: only who was excused asked for a place, both held the only one.
    """
    atelier = await _atelier(terrain, places=1)
    first = await atelier.prescription()
    partie = (await atelier.inscrire(first)).json()
    refus = {"sens": "refusee", "motif": "complet"}
    await terrain.creer(terrain.client, f"/v1/prescriptions/{first}/reponses", refus)
    second = await atelier.prescription()
    await terrain.creer(terrain.client, f"/v1/prescriptions/{second}/confirmations", {})
    venue = (await atelier.inscrire(second)).json()
    horloge.avancer(LENDEMAIN)

    absente = await atelier.emarger(partie, "absent")
    presente = await atelier.emarger(venue, "present")
    excusee = await atelier.emarger(partie, "excuse")

    assert (absente.status_code, absente.json()["code"]) == (409, "disponible-insuffisant")
    assert (presente.status_code, excusee.status_code) == (201, 201)


async def test_attendance_is_said_once_it_began_and_may_be_corrected(
    terrain: Terrain, horloge: Horloge
) -> None:
    atelier = await _atelier(terrain, places=1)
    prescription = await atelier.prescription()
    await terrain.creer(terrain.client, f"/v1/prescriptions/{prescription}/confirmations", {})
    inscription = (await atelier.inscrire(prescription)).json()

    early = await atelier.emarger(inscription, "present")
    assert [one["code"] for one in early.json()["erreurs"]] == ["date-incoherente"]
    excused = (await atelier.emarger(inscription, "excuse")).json()
    assert (excused["statut"], await atelier.reste()) == ("excuse", 1)
    horloge.avancer(LENDEMAIN)
    absent = (await atelier.emarger(excused, "absent")).json()
    assert (absent["statut"], await atelier.reste()) == ("absent", 0)
    present = await atelier.emarger(absent, "present")
    assert (present.status_code, present.json()["version"]) == (201, 4)
    stale = await atelier.emarger(absent, "excuse")
    assert (stale.status_code, stale.json()["code"]) == (412, "version-depassee")
    facts = (await terrain.client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["type"] for one in facts if "inscription" in one["type"]] == [
        "parcours.inscription.enregistree",
        *["parcours.inscription.emargee"] * 3,
    ]


async def test_only_what_leads_there_is_inscribed(terrain: Terrain, horloge: Horloge) -> None:
    atelier = await _atelier(terrain, places=3)
    autre = await _atelier(terrain, places=3)
    other = await atelier.inscrire(await autre.prescription())
    assert [one["pointeur"] for one in other.json()["erreurs"]] == ["/prescription_id"]
    seule = await terrain.offre()
    refused = await terrain.client.post(
        f"/v1/offres/{seule['id']}/seances", {"debut_le": DEBUT, "fin_le": FIN, "places": 1}
    )
    assert refused.status_code == 422
    horloge.avancer(timedelta(hours=24))
    prescription = await atelier.prescription()
    ended = await atelier.inscrire(prescription)
    assert [one["code"] for one in ended.json()["erreurs"]] == ["date-incoherente"]


async def test_health_is_in_no_list_of_a_seance(terrain: Terrain, connecter: Connecter) -> None:
    """Nor in its count: the places left of what may lift health are told under its scope alone.

    Planted: `sensible` false, the place that health took was counted to all.
    """
    atelier = await _atelier(terrain, places=2, thematiques=["sante--sante-mentale"])
    corps = {
        "code": "sante",
        "niveau": "fort",
        "date_observation": "2026-06-30",
        "source": "referent",
    }
    chemin = f"/v1/parcours/{terrain.parcours_id}/freins"
    frein = await terrain.creer(terrain.client, chemin, corps)
    client = connecter("parcours", ORDINAIRES)
    listes = (f"/v1/seances/{atelier.seance_id}/inscriptions", f"/v1/seances/{atelier.seance_id}")

    async def vus() -> list[tuple[Any, str | None]]:
        found = [await client.get(chemin) for chemin in (*listes, "/v1/changements?limite=200")]
        return [(one.json(), one.headers.get("ETag")) for one in found]

    before = await vus()
    inscription = (await atelier.inscrire(await atelier.prescription(frein_id=frein["id"]))).json()

    assert await vus() == before
    assert (await atelier.reste(), await atelier.reste(client)) == (1, None)
    hidden = await client.get(f"/v1/inscriptions/{inscription['id']}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "introuvable")
    assert (await terrain.client.get(listes[0])).json()["elements"] == [inscription]
