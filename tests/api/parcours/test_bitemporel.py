"""What was known on an evening stays what was known, whatever is told later of the days before.

Every read that takes a day of knowledge enters by itself, from the OpenAPI document: one that
nothing below corrects fails until it has a case.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local import bases as provision
from tests.api.parcours.conftest import Horloge, Orientation, Suivre
from tests.api.parcours.heure import Heure, base_a_l_heure
from tests.api.parcours.lectures import Lecture, lectures
from tests.api.parcours.test_contrats_engagement import _contenu
from tests.conftest import Client, Connecter

LUNDI = date(2026, 3, 9)
CONNUES = [un for un in lectures() if "connu_au" in un.parametres]
# Of a day, as it is known today: who follows is told late, and then is so from the day told.
D_UN_JOUR = {"obtenir_suivi"}


def _jour(rang: int) -> str:
    return str(LUNDI + timedelta(days=rang))


@pytest.fixture
def heure(
    bases: Mapping[str, provision.Adresses], ouverte: str, horloge: Horloge
) -> Iterator[Heure]:
    """Monday 9 March, ten in the morning in UTC, for the service and for its database."""
    with base_a_l_heure(bases["parcours"].proprietaire, ouverte, horloge) as found:
        found.mettre(datetime(2026, 3, 9, 10, tzinfo=UTC))
        yield found


class Dossier:
    """A parcours, and the days on which something of it is told."""

    def __init__(self, client: Client, orientation: Orientation, suivre: Suivre) -> None:
        self.client = client
        self.orientation = orientation
        self.suivre = suivre
        self.personne_id = uuid4()
        self.organisme_id = str(uuid4())
        self.faits: dict[str, str] = {}  # what a correction is about, by name: its path
        self.ids: dict[str, list[str]] = {}

    async def poster(self, chemin: str, demande: dict[str, Any], *, nom: str = "") -> None:
        """Command, in the version that stands."""
        ressource = "/".join(chemin.split("/")[:4])
        lu = await self.client.get(ressource)
        version = lu.json().get("version") if lu.status_code == 200 else None
        answer = await self.client.post(chemin, demande, version=version)
        assert answer.status_code == 201, answer.text
        if nom:
            self.faits[nom] = answer.headers["Location"]

    async def decider(self, jour: str, organisme_id: str) -> dict[str, Any]:
        """A decision, notified on the day of its effect."""
        decidee = await self.orientation.decider(
            self.personne_id,
            type_parcours="professionnel",
            date_effet=jour,
            organisme_referent_id=organisme_id,
        )
        await self.orientation.notifier(decidee, jour)
        await self.suivre()
        return decidee

    async def commencer(self) -> None:
        """What is told on the first day."""
        await self.decider(_jour(0), self.organisme_id)
        page = await self.client.get(f"/v1/parcours?personne_id={self.personne_id}")
        (parcours_id,) = self.ids["parcours_id"] = [un["id"] for un in page.json()["elements"]]
        ici = self.faits["parcours"] = f"/v1/parcours/{parcours_id}"
        nomme = {"agent": "agt-1", "organisme_referent_id": self.organisme_id}
        await self.poster(f"{ici}/referents", {**nomme, "date_debut": _jour(0)}, nom="referent")
        for role in ("correspondant_social", "infirmier"):
            arrive = {"role": role, "agent": "agt-2", "date_debut": _jour(0)}
            await self.poster(f"{ici}/intervenants", arrive, nom=role)
        for code in ("mobilite", "sante"):
            vu = {"code": code, "niveau": "moyen", "source": "referent"}
            await self.poster(f"{ici}/freins", {**vu, "date_observation": _jour(0)}, nom=code)
        self.ids["frein_id"] = [self.faits[un].rsplit("/", 1)[-1] for un in ("mobilite", "sante")]
        await self.poster(
            f"{ici}/activites",
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
                "duree_hebdomadaire_minutes": 240,
                "date_debut": _jour(0),
            },
            nom="activite",
        )
        await self.poster(f"{ici}/contrats-engagement", _contenu(), nom="contrat")
        for signataire in ("organisme", "personne"):
            signe = {"signataire": signataire, "date_signature": _jour(0)}
            await self.poster(f"{self.faits['contrat']}/signatures", signe)

    async def continuer(self) -> None:
        """What is told four weeks later, on its day."""
        fait = {"semaine": "2026-W13", "duree_minutes": 180, "source": "declare"}
        await self.poster(f"{self.faits['activite']}/heures", fait)

    async def corriger(self) -> None:
        """What is told two weeks later still, of days that were over."""
        ici = self.faits["parcours"]
        for code in ("mobilite", "sante"):
            vu = {"niveau": "fort", "source": "personne", "date_observation": _jour(0)}
            await self.poster(f"{self.faits[code]}/niveaux", vu)
            leve = {"fondement": "objectifs_atteints", "date_levee": _jour(2)}
            await self.poster(f"{self.faits[code]}/levees", leve)
        for semaine in ("2026-W11", "2026-W13"):
            fait = {"semaine": semaine, "duree_minutes": 60, "source": "atteste_partenaire"}
            await self.poster(f"{self.faits['activite']}/heures", fait)
        parti = {"motif": "depart", "date_fin": _jour(3)}
        await self.poster(f"{self.faits['referent']}/clotures", parti)
        for role in ("correspondant_social", "infirmier"):
            await self.poster(f"{self.faits[role]}/clotures", {"date_fin": _jour(2)})
        signe = {"date_diagnostic": _jour(1), "agent": "agt-1"}
        await self.poster(f"{ici}/diagnostics", signe)
        suspendu = {"date_suspension": _jour(4)}
        await self.poster(f"{self.faits['contrat']}/suspensions", suspendu)
        await self.decider(_jour(5), str(uuid4()))
        await self.poster(f"{ici}/clotures", {"motif": "emploi_durable", "date_sortie": _jour(6)})

    async def lire(self, lecture: Lecture, question: str) -> dict[str, Any]:
        """What a read answers to a question, for each of what it is about."""
        found = {}
        for url in lecture.urls(self.ids):
            answer = await self.client.get(f"{url}?{question}")
            assert answer.status_code == 200, answer.text
            found[url] = answer.json()
        return found


@pytest_asyncio.fixture
async def dossier(
    connecter: Connecter, orientation: Orientation, suivre: Suivre, heure: Heure
) -> Dossier:
    """A parcours on its first day."""
    found = Dossier(connecter("parcours"), orientation, suivre)
    await found.commencer()
    return found


@pytest.mark.parametrize("lecture", CONNUES, ids=lambda un: un.operation)
async def test_a_correction_leaves_what_was_known_unchanged(
    dossier: Dossier, heure: Heure, lecture: Lecture
) -> None:
    """Asked on its evening and after the corrections, each day of knowledge answers the same."""
    questions = [f"connu_au={_jour(0)}", f"connu_au={_jour(0)}&au={_jour(-3)}"]
    su = {une: await dossier.lire(lecture, une) for une in questions}
    heure.passer(28)
    await dossier.continuer()
    for connu in (1, 20, 28):
        for question in (f"connu_au={_jour(connu)}", f"connu_au={_jour(connu)}&au={_jour(6)}"):
            su[question] = await dossier.lire(lecture, question)
    crus = await dossier.lire(lecture, f"au={_jour(28)}")
    heure.passer(14)

    await dossier.corriger()

    assert await dossier.lire(lecture, f"au={_jour(28)}") != crus, "rien n'y est corrigé"
    assert {question: await dossier.lire(lecture, question) for question in su} == su


async def test_who_follows_on_a_day_is_told_whatever_comes_after_it(
    dossier: Dossier, heure: Heure
) -> None:
    """It takes a day, and no day of knowledge: later days change nothing; a late word does."""
    (lecture,) = (un for un in lectures() if "au" in un.parametres and un not in CONNUES)
    assert lecture.operation in D_UN_JOUR

    async def qui(rang: int) -> list[Any]:
        (suivi,) = (await dossier.lire(lecture, f"au={_jour(rang)}")).values()
        intervenants = [un["id"] for un in suivi["intervenants"]]
        return [suivi["organisme_referent_id"], suivi["referent"]["agent"], intervenants]

    premier, vingtieme = await qui(0), await qui(20)
    heure.passer(28)
    await dossier.continuer()
    await dossier.decider(_jour(28), str(uuid4()))
    assert [await qui(0), await qui(20)] == [premier, vingtieme]

    await dossier.poster(f"{dossier.faits['infirmier']}/clotures", {"date_fin": _jour(10)})
    assert await qui(0) == premier
    assert (await qui(20))[2] == vingtieme[2][:1]
