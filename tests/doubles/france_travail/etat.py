"""What the fake remembers: people, tokens, orientations, the clock, and the faults planted."""

import base64
import itertools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

Json = dict[str, Any]
AGENT, PARTENAIRE = "/agent", "/partenaire"


@dataclass(frozen=True)
class Produit:
    """One API: where it is, the realm of its tokens, and the scopes they must hold."""

    base: str
    portees: frozenset[str]
    realm: str = AGENT
    jeton_usager: bool = True


def _produit(base: str, portees: str, **rest: Any) -> Produit:
    return Produit(base, frozenset(portees.split()), **rest)


PRODUITS = {
    "rechercher": _produit(
        "/rechercher-usager/v2",
        "api_rechercher-usagerv2 rechercheusager profil_accedant",
        jeton_usager=False,
    ),
    "informations": _produit(
        "/informations-administratives/v1",
        "api_informations-administrativesv1 informationsadministrativesusager",
    ),
    "statut": _produit("/contrat-usager/v2", "api_contrat-usagerv2 statutcontratusager"),
    "rqth": _produit("/donnees-rqth/v1", "api_donnees-rqthv1 h2a"),
    "orientation": _produit("/orientationusager/v1", "api_orientationusagerv1 orientationusager"),
    "orientation_v2": _produit("/orientationusager/v2", "api_orientationusagerv2"),
    "activites": _produit(
        "/activites-operationnelles/v2",
        "api_activites-operationnellesv2 activitesCD",
        jeton_usager=False,
    ),
    "rendez_vous": _produit(
        "/rendez-vous-partenaire/v1", "api_rendez-vous-partenairev1 gererRDV profil_accedant"
    ),
    # Its scopes are published nowhere: none is asked.
    "diagnostic": _produit("/diagnosticargumente/v4", ""),
    "contrat": _produit("/contrat-engagement/v1", "api_contrat-engagementv1 contratengagementpart"),
    "sanctions": _produit(
        "/gestion-sanctions-rsa/v1", "api_gestion-sanctions-rsav1 gestiondesmanquements"
    ),
    "offres": _produit(
        "/offresdemploi/v2",
        "o2dsoffre api_offresdemploiv2",
        realm=PARTENAIRE,
        jeton_usager=False,
    ),
    "immersion": _produit(
        "/immersion-pro/v3",
        "echangespmsmp api_immersion-prov3",
        realm=PARTENAIRE,
        jeton_usager=False,
    ),
}
PORTEES = frozenset().union(*(produit.portees for produit in PRODUITS.values())) | {
    "lireorientationusager",
    "decisionorientationusager",
    "referentielCD",
    "decisionSanctionPartenaire",
    "demandeRadiation",
}


@dataclass
class Panne:
    """A fault, for the next calls whose path holds `chemin`.

    Args:
        genre: `statut` (an empty body, unless given), `html`, `tronque`, `latin1`, `coupe` (the
            connection), `lent` (then the true answer), `corps` (a 200 with that body).
        nombre: how many calls it spoils.
        apres: the work is done first, and only the answer is lost.
        numero: of whose calls, once her user token is read; None: of everyone's.
    """

    chemin: str
    genre: str = "statut"
    statut: int = 500
    corps: Json | None = None
    retry_after: str | None = None
    delai_s: float = 0
    nombre: int = 1
    apres: bool = False
    numero: str | None = None


@dataclass
class Usager:
    """A person known to France Travail. Synthetic: commune 999."""

    numero: str
    nir: str
    date_naissance: str
    retour: str = "S001"  # S001 S002 S003 R001 R002 R998 R999, or 204
    certifiee: str | None = "O"
    etat_civil: Json = field(default_factory=dict)
    statut: Json | None = field(default_factory=lambda: {"m_statut": "Inscrit"})
    rqth: Json | None = None
    orientations: list[Json] = field(default_factory=list)
    rendez_vous: dict[str, Json] = field(default_factory=dict)
    dossier: Json = field(default_factory=dict)
    historique: dict[str, list[Json]] = field(default_factory=dict)
    contrat: Json | None = None
    manquements: dict[str, Json] = field(default_factory=dict)  # by consequence


class Monde:
    """The whole state, and the side door by which a test writes the scenario.

    Args:
        duree_jeton_s: life of an access token.
        revoque_precedent: whether a new token kills the one before (unconfirmed: both are met).
        statut_jeton_usager: what an expired user token is answered (unconfirmed: 401 or 403).
        sans_zone: whether timestamps come without a zone, as its own demonstration expects.
        sanctions_ouvertes: whether a sanction may be written at all.
        tous_connus: whether a NIR of commune 999, or a number, that nobody bears makes somebody.
    """

    def __init__(
        self,
        *,
        clients: Mapping[str, str] | None = None,
        duree_jeton_s: int = 1499,
        revoque_precedent: bool = False,
        statut_jeton_usager: int = 403,
        sans_zone: bool = False,
        sanctions_ouvertes: bool = False,
        tous_connus: bool = False,
    ) -> None:
        self.clients = dict(clients or {"jalons-essai": "secret-essai"})
        self.duree_jeton_s = duree_jeton_s
        self.revoque_precedent = revoque_precedent
        self.statut_jeton_usager = statut_jeton_usager
        self.sans_zone = sans_zone
        self.sanctions_ouvertes = sanctions_ouvertes
        self.tous_connus = tous_connus
        self.decalage = timedelta()
        self.usagers: dict[str, Usager] = {}
        self.activites: list[Json] = []
        self.offres = 0
        self.immersions: list[Json] = []
        self.referentiel_rang = 0
        self.pannes: list[Panne] = []
        self.appels: Counter[str] = Counter()
        self.jetons: dict[str, tuple[str, str, frozenset[str], datetime]] = {}
        self._suite = itertools.count(1)

    # The clock, which only the side door moves.
    def maintenant(self) -> datetime:
        return datetime.now(UTC) + self.decalage

    def avancer(self, secondes: float) -> None:
        self.decalage += timedelta(seconds=secondes)

    def horodatage(self) -> str:
        found = self.maintenant().replace(microsecond=0)
        return (found.replace(tzinfo=None) if self.sans_zone else found).isoformat()

    # People.
    def ajouter(self, usager: Usager) -> Usager:
        self.usagers[usager.numero] = usager
        return usager

    def accueillir(self, numero: str, nir: str, date_naissance: str) -> Usager:
        """Make known somebody of whom they propose something, as of all whom the CAF sends them."""
        usager = self.ajouter(Usager(numero, nir, date_naissance))
        self.preconiser(numero, "PED", "FT")
        return usager

    def preconiser(self, numero: str, parcours: str, organisme: str, **rest: Any) -> Json:
        """Put a préconisation that awaits a decision, and the task that it makes."""
        usager = self.usagers[numero]
        orientation = {
            "parcours": parcours,
            "organisme": organisme,
            "statut": "PRECONISE",
            "etat": "EN_ATTENTE",
            "agent_creation": "BATCH",
            "date_creation": self.horodatage(),
            "criteres_orientation": {"origine": "INSCRIPTION_AUTO_CAF"},
            **rest,
        }
        usager.orientations.append(orientation)
        self.tache(numero, "ACT382", "INSEA", typeParcours=parcours)
        return orientation

    def tache(self, numero: str, code: str, famille: str, **attributs: str) -> None:
        now = self.maintenant()
        self.activites.append(
            {
                "identifiantActivite": str(uuid4()),
                "codeActivite": code,
                "codeFamille": famille,
                "codeDomaine": "DOM",
                "usager": {"identifiant": numero, "typeIdentifiant": "numeroFranceTravail"},
                "dateCreation": self.horodatage(),
                "dateEcheance": (now + timedelta(days=15)).date().isoformat(),
                "dateEcheanceProche": (now + timedelta(days=12)).date().isoformat(),
                "attributsSpecifiques": [
                    {"nom": nom, "valeur": valeur} for nom, valeur in attributs.items()
                ],
            }
        )

    def solder(self, numero: str, code: str) -> None:
        self.activites = [
            une
            for une in self.activites
            if (une["codeActivite"], une["usager"]["identifiant"]) != (code, numero)
        ]

    # Tokens.
    def emettre(self, client: str, realm: str, portees: frozenset[str]) -> str:
        if self.revoque_precedent:
            self.jetons = {
                jeton: un for jeton, un in self.jetons.items() if un[:3] != (client, realm, portees)
            }
        jeton = f"at-{uuid4()}"
        fin = self.maintenant() + timedelta(seconds=self.duree_jeton_s)
        self.jetons[jeton] = (client, realm, portees, fin)
        return jeton

    def revoquer(self) -> None:
        """Kill every access token: each call meets a 401."""
        self.jetons.clear()

    def lire_jeton(self, jeton: str) -> tuple[str, frozenset[str]] | None:
        found = self.jetons.get(jeton)
        if found is None or found[3] <= self.maintenant():
            return None
        return found[1], found[2]

    def emettre_jeton_usager(self, numero: str) -> str:
        fin = self.maintenant() + timedelta(days=1)
        clair = {
            "vers": "1",
            "uuid": str(uuid4()),
            "expire": int(fin.timestamp() * 1000),
            "type": "usager",
            "data": base64.b64encode(numero.encode()).decode(),
        }
        return base64.b64encode(json.dumps(clair).encode()).decode()

    def lire_jeton_usager(self, jeton: str) -> Usager | None:
        try:
            clair = json.loads(base64.b64decode(jeton, validate=True))
            numero = base64.b64decode(clair["data"]).decode()
            vivant = clair["expire"] / 1000 > self.maintenant().timestamp()
        except (ValueError, LookupError, TypeError):
            return None
        return self.usagers.get(numero) if vivant else None

    def identifiant(self) -> str:
        return f"{next(self._suite):08d}"

    def panne(self, chemin: str, apres: bool, numero: str | None = None) -> Panne | None:
        """Take the next fault planted on a path, at this moment of the call."""
        for panne in self.pannes:
            la = (panne.apres, panne.numero) == (apres, numero)
            if panne.nombre > 0 and panne.chemin in chemin and la:
                panne.nombre -= 1
                return panne
        return None
