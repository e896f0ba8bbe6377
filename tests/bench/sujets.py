"""What growth is measured on: one service, what stands beside it, and its commands."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count, cycle
from typing import Any, Protocol
from uuid import uuid4

from tests.api.orientation.conftest import PERSONNE, criteres
from tests.bench import peuplement_financement, peuplement_orientation, peuplement_parcours
from tests.bench.demandes import Demande
from tests.bench.peuplement import Population

_LETTRES = str.maketrans("0123456789", "abcdefghij")
_ACTIONS = 10


class Client(Protocol):
    """Who sends requests; each gives what it took, in seconds, and the answer."""

    def lire(self, chemin: str) -> tuple[float, Any]:
        """GET."""
        ...

    def ecrire(
        self, chemin: str, corps: Mapping[str, Any], version: int | None = None
    ) -> tuple[float, Any]:
        """POST."""
        ...


Commandes = Iterator[Iterable[tuple[str, float]]]


@dataclass(frozen=True)
class Sujet:
    """One service under measure.

    Args:
        unite: what is counted; `par_personne` of them are each person's, `octets` each takes.
        commandes: without end, the acts of one person after another, and what each took.
        recherches: what is searched, by path.
        voisins: what its siblings must hold, and the constants of the population that it gives.
        tris: the orders measured, beside that of a range.
        sauf: ends of the paths that are not measured.
        en_entier: ends of those that are, by all their filters together too.
    """

    population: Population
    unite: str
    octets: int
    commandes: Callable[[Client, Mapping[str, Demande], date], Commandes]
    par_personne: int = 1
    recherches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    voisins: Callable[[Mapping[str, Client]], Mapping[str, Any]] = lambda _: {}
    tris: tuple[str, ...] = ("-cree_le",)
    sauf: tuple[str, ...] = ()
    en_entier: tuple[str, ...] = ()


def _dossiers(client: Client, _: Mapping[str, Demande], jour: date) -> Commandes:
    for rang in count():
        yield _un_dossier(client, rang, jour)


def _un_dossier(client: Client, rang: int, jour: date) -> Iterator[tuple[str, float]]:
    """A person from their coming to their decision, and what each step took."""
    # A name is of letters.
    personne = PERSONNE | {"nom": f"Essai-{str(rang).translate(_LETTRES)}"}
    duree, found = client.ecrire("/v1/personnes", personne)
    yield "POST /v1/personnes", duree
    duree, found = client.ecrire("/v1/orientations", {"personne_id": found["id"]})
    yield "POST /v1/orientations", duree
    url = f"/v1/orientations/{found['id']}"
    duree, _ = client.ecrire(f"{url}/criteres", criteres(), version=1)
    yield "POST /v1/orientations/{id}/criteres", duree
    duree, _ = client.ecrire(f"{url}/decisions", {"etat_decision": "acceptee"}, version=2)
    yield "POST /v1/orientations/{id}/decisions", duree
    remise = {
        "mode": "remise_en_main_propre",
        "date_envoi": str(jour),
        "date_reception": str(jour),
    }
    duree, _ = client.ecrire(f"{url}/notifications", remise, version=3)
    yield "POST /v1/orientations/{id}/notifications", duree
    duree, _ = client.ecrire(f"{url}/annulations", {"motif": "essai"}, version=4)
    yield "POST /v1/orientations/{id}/annulations", duree


def _suivis(client: Client, demandes: Mapping[str, Demande], jour: date) -> Commandes:
    for chemin in cycle(demandes["/v1/parcours/{parcours_id}"].chemins):
        if client.lire(chemin)[1]["statut"] == "ouvert":
            yield _un_suivi(client, chemin, jour)


def _un_suivi(client: Client, url: str, jour: date) -> Iterator[tuple[str, float]]:
    """What is done in one parcours, and what each step took."""
    observe = {"date_observation": str(jour), "source": "referent"}
    frein = {"code": "autre", "libelle": f"Essai {uuid4()}", "niveau": "fort", **observe}
    duree, found = client.ecrire(f"{url}/freins", frein)
    yield "POST /v1/parcours/{id}/freins", duree
    du_frein = f"/v1/freins/{found['id']}"
    duree, _ = client.ecrire(f"{du_frein}/niveaux", {"niveau": "moyen", **observe}, version=1)
    yield "POST /v1/freins/{id}/niveaux", duree
    objectif = {"libelle": "Passer le permis", "date_etat": str(jour), "source": "referent"}
    duree, _ = client.ecrire(f"{du_frein}/objectifs", objectif)
    yield "POST /v1/freins/{id}/objectifs", duree
    fin = {"date_abandon": str(jour), "commentaire": "Un essai"}
    duree, _ = client.ecrire(f"{du_frein}/abandons", fin, version=2)
    yield "POST /v1/freins/{id}/abandons", duree


def _actions(clients: Mapping[str, Client]) -> Mapping[str, Any]:
    """A convention, an envelope and some actions in financement, for the offers to lead to."""
    financement = clients["financement"]

    def creer(chemin: str, corps: Mapping[str, Any], version: int | None = None) -> str:
        return str(financement.ecrire(chemin, corps, version)[1]["id"])

    convention = creer(
        "/v1/conventions",
        {
            "reference": "banc",
            "type": "convention_departementale_insertion_emploi",
            "intitule": "Convention du banc",
            "annee_debut": 2026,
            "statut": "deliberee",
        },
    )
    enveloppe = creer("/v1/enveloppes", {"reference": "banc", "convention_id": convention})
    creer(
        f"/v1/enveloppes/{enveloppe}/ouvertures",
        {
            "montant_centimes": 1_000_000_00,
            "qualificatif": "exact",
            "date_effet": "2026-01-01",
            "source": "Banc",
        },
        version=1,
    )
    ids = [
        creer(
            f"/v1/conventions/{convention}/actions",
            {
                "code": f"banc-{rang}",
                "libelle": "Action du banc",
                "mode_capacite": "stock",
                "places_ouvertes": 20,
                "prix_centimes": 400_00,
                "cle": [{"enveloppe_id": enveloppe, "numerateur": 1, "denominateur": 1}],
            },
        )
        for rang in range(_ACTIONS)
    ]
    return {"actions": peuplement_parcours.actions(ids)}


def _depenses(client: Client, demandes: Mapping[str, Demande], jour: date) -> Commandes:
    while True:
        yield _une_depense(client, demandes["/v1/actions/{action_id}"].chemins[-1], jour)


def _une_depense(client: Client, action: str, jour: date) -> Iterator[tuple[str, float]]:
    """What is held of an action, given back or engaged, and a piece; what each step took."""
    corps = {
        "action_id": action.rpartition("/")[2],
        "places": 0,
        "montant_centimes": 100,
        "beneficiaire_ref": str(uuid4()),
    }
    for suite, demande in (("annulations", {"motif": "Essai"}), ("confirmations", {})):
        duree, found = client.ecrire("/v1/reservations", corps)
        yield "POST /v1/reservations", duree
        duree, _ = client.ecrire(f"/v1/reservations/{found['id']}/{suite}", demande, version=1)
        yield f"POST /v1/reservations/{{id}}/{suite}", duree
    piece = {"type": "facture", "sha256": f"{uuid4().int:064x}", "date_piece": str(jour)}
    duree, _ = client.ecrire("/v1/justificatifs", piece)
    yield "POST /v1/justificatifs", duree


SUJETS = {
    "orientation": Sujet(
        population=peuplement_orientation.POPULATION,
        unite="personnes",
        octets=12_000,
        commandes=_dossiers,
        recherches={
            "/v1/personnes/recherches": {
                nom: PERSONNE[nom] for nom in ("nom", "prenoms", "date_naissance")
            }
        },
        tris=("-cree_le", "date_limite"),
        sauf=("/resultats",),  # a file, of one import's foyers
    ),
    "parcours": Sujet(
        population=peuplement_parcours.POPULATION,
        unite="freins",
        octets=6_000,
        par_personne=peuplement_parcours.FREINS_PAR_PERSONNE,
        commandes=_suivis,
        voisins=_actions,
        tris=("-cree_le", "-date_evenement", "proximite", "-debut_le"),
        en_entier=("/chronologie",),
    ),
    "financement": Sujet(
        population=peuplement_financement.POPULATION,
        unite="dossiers",
        octets=12_000,
        commandes=_depenses,
        tris=("-cree_le", "-seq"),
    ),
}
