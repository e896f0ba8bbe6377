"""The flux des bénéficiaires as we understand it, whatever the version that carried it. Pure.

Each version of the flux has one adapter (`vrsb0801.py`, `vrsd0301.py`) that turns its elements
into these classes; intake knows nothing else. Codes of the CAF keep their form: those of
suspensions, closures and faits générateurs are not the same from one version to the other.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

# The one element that gives the day when the right opened.
SOURCE_OUVERTURE = "DTODRSA"


class EtatDossier(StrEnum):
    """État du dossier RSA (ETATDOSRSA). Closed list."""

    EN_ATTENTE = "0"
    REFUSE = "1"
    OUVERT = "2"
    SUSPENDU = "3"
    VERSEMENT_SUSPENDU = "4"
    CLOS = "5"
    CLOS_ANTERIEUREMENT = "6"


class MotifRejet(StrEnum):
    """Why a foyer is not written at all. Open list."""

    MATRICULE_ABSENT = "matricule_absent"
    MATRICULE_INVALIDE = "matricule_invalide"
    IDEPARTE_INATTENDU = "ideparte_inattendu"
    ETAT_DOSSIER_INCONNU = "etat_dossier_inconnu"
    DEMANDEUR_ABSENT = "demandeur_absent"
    NIR_INVALIDE = "nir_invalide"
    ELEMENT_ABSENT = "element_absent"
    DATE_INVALIDE = "date_invalide"
    NOMBRE_INVALIDE = "nombre_invalide"
    BOOLEEN_INVALIDE = "booleen_invalide"
    TEXTE_TROP_LONG = "texte_trop_long"
    ECRITURE_IMPOSSIBLE = "ecriture_impossible"


class CodeAvertissement(StrEnum):
    """What is kept although it surprises. Open list."""

    CODE_INCONNU = "code_inconnu"
    NIR_ABSENT = "nir_absent"
    NIR_INCOHERENT = "nir_incoherent"
    COMMUNE_INVALIDE = "commune_invalide"
    ADRESSE_ABSENTE = "adresse_absente"
    DEMANDEUR_MULTIPLE = "demandeur_multiple"
    DROITS_DEVOIRS_INCOHERENTS = "droits_devoirs_incoherents"


class ValeurIllisible(Exception):
    """An element is missing, or holds what it should not: its name, and the reason."""

    def __init__(self, motif: MotifRejet, champ: str) -> None:
        super().__init__(f"{motif} {champ}")
        self.motif = motif
        self.champ = champ


@dataclass(frozen=True)
class Avertissement:
    """A surprise, and the element of the flux where it is; never its value."""

    code: CodeAvertissement
    champ: str


@dataclass(frozen=True, kw_only=True)
class EnteteFlux:
    """What identifies one file."""

    version_flux: str
    ideparte: str
    application: str
    version_application: str
    type_flux: str
    nature_flux: str
    date_creation: date
    heure_creation: time
    date_reference: date

    @property
    def cle(self) -> str:
        """The file's idempotence key: the same file, sent again, bears the same."""
        emetteur = f"{self.application}/{self.version_application}"
        nature = f"{self.type_flux}/{self.nature_flux}"
        creation = f"{self.date_creation.isoformat()}T{self.heure_creation.isoformat()}"
        return f"{emetteur}/{nature}/{creation}/{self.ideparte}"

    @property
    def famille(self) -> str:
        """What follows one another in time: monthly and daily files live side by side.

        The version of the application changes, and its files still follow those before.
        """
        return f"{self.application}/{self.type_flux}/{self.nature_flux}"


@dataclass(frozen=True, kw_only=True)
class PersonneFlux:
    """A person of a foyer; `role` and `a_charge` are those of the RSA, not of the PFA.

    Only VRSD0301 gives the day of a death; `decedee` tells how VRSB0801 says it.
    """

    role: str
    a_charge: bool
    nom: str
    nom_naissance: str | None
    prenoms: tuple[str, ...]
    date_naissance: date
    sexe: str
    nir: str | None
    droits_devoirs: bool
    entree_droits_devoirs: bool
    date_deces: date | None = None


@dataclass(frozen=True, kw_only=True)
class AdresseFlux:
    """The current address; `commune` is an Insee code, absent abroad."""

    lignes: tuple[str, ...]
    code_postal: str | None
    commune: str | None
    nom_commune: str | None


@dataclass(frozen=True, kw_only=True)
class PrestationFlux:
    """A nature of prestation (NATPF) and its period; without `date_fin` it goes on."""

    nature: str
    date_debut: date
    date_fin: date | None


class ObjetSuspension(StrEnum):
    """What is suspended. Closed list."""

    DROIT = "droit"
    VERSEMENT = "versement"


@dataclass(frozen=True, kw_only=True)
class SuspensionFlux:
    """A suspension that runs in the reference period."""

    objet: ObjetSuspension
    motif: str
    date_debut: date


def cle_organisme(*, fonorg: str, numorg: str, matricule: str) -> str:
    """Return the key of a dossier that has no NUMDEMRSA: the foyer's number at its caisse."""
    return f"{fonorg}/{numorg}/{matricule}"


@dataclass(frozen=True, kw_only=True)
class Foyer:
    """A foyer that can be written whole."""

    ligne: int
    fonorg: str
    numorg: str
    matricule_brut: str
    matricule: str
    numero_demande: str | None
    date_demande: date
    # Only VRSD0301 gives it.
    date_ouverture: date | None = None
    ideparte: str
    transfert: bool
    etat_dossier: EtatDossier
    prestations: tuple[PrestationFlux, ...]
    suspensions: tuple[SuspensionFlux, ...]
    motif_cloture: str | None
    date_cloture: date | None
    faits_generateurs: tuple[str, ...]
    situation_famille: str
    nombre_a_charge: int | None
    sans_domicile: bool
    adresse: AdresseFlux | None
    personnes: tuple[PersonneFlux, ...]
    avertissements: tuple[Avertissement, ...]

    @property
    def cle(self) -> str:
        """The dossier's key, under which the next flux will speak of it again."""
        return self.numero_demande or cle_organisme(
            fonorg=self.fonorg, numorg=self.numorg, matricule=self.matricule
        )

    @property
    def ouverture(self) -> tuple[date, str]:
        """The civil day when the right opened, and the element that gave it.

        Without DTODRSA, the day of the application: of the dates of VRSB0801 the only one that
        does not move with the nature of the right (DDNATDRO) nor with the persons (DDRATDOS), and
        nobody is welcomed before they asked. UNCONFIRMED.
        """
        if self.date_ouverture is not None:
            return self.date_ouverture, SOURCE_OUVERTURE
        return self.date_demande, "DTDEMRSA"

    @property
    def empreinte(self) -> str:
        """SHA-256 of all but the line: a foyer that bears the same one has not changed."""
        contenu = {nom: valeur for nom, valeur in vars(self).items() if nom != "ligne"}
        return hashlib.sha256(_CANONIQUE.encode(contenu).encode()).hexdigest()


def _canonique(valeur: Any) -> Any:
    return valeur.isoformat() if isinstance(valeur, date) else vars(valeur)


_CANONIQUE = json.JSONEncoder(default=_canonique, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class FoyerRejete:
    """A foyer of which nothing may be written: where it is, which one, and why.

    `champ` is the name of the element at fault. `cle` is for the caisse to find its dossier: it is
    for the report of the import, never for a log.
    """

    ligne: int
    cle: str | None
    motif: MotifRejet
    champ: str
    personnes: int


@dataclass(frozen=True)
class TransmissionFlux:
    """The counters that close a file, beside what was read: the last thing a reading yields."""

    nombre_dossiers: int
    nombre_anomalies: int
    nombre_lus: int

    @property
    def complet(self) -> bool:
        """Whether the file held as many foyers, rejected ones included, as it says."""
        return self.nombre_dossiers == self.nombre_lus


_ETATS_ACTIFS = frozenset(
    {EtatDossier.OUVERT, EtatDossier.SUSPENDU, EtatDossier.VERSEMENT_SUSPENDU}
)
ROLES_A_ORIENTER = frozenset({"DEM", "CJT"})
_SEXE_DECEDE = {"DG": "2", "DH": "1"}


def dossier_actif(etat: EtatDossier) -> bool:
    """Whether the right to RSA is open, be it suspended.

    Source: flux-caf.md, 4: « active for orientation » is ETATDOSRSA 2, 3 or 4.
    """
    return etat in _ETATS_ACTIFS


def suspendu(etat: EtatDossier) -> bool:
    """Whether an open right, or its payment, is suspended."""
    return etat in (EtatDossier.SUSPENDU, EtatDossier.VERSEMENT_SUSPENDU)


def decedee(personne: PersonneFlux, foyer: Foyer) -> bool:
    """Whether the flux says that this person is dead.

    VRSB0801 suspends the right for « décès Madame » or « décès Monsieur »: that is the only adult
    of this sex, and nobody when there are two.

    Source: referentiels/codes-flux-caf.csv, MOTISUSDRORSA DG and DH.
    """
    if personne.date_deces is not None:
        return True
    annonces = {
        _SEXE_DECEDE[suspension.motif]
        for suspension in foyer.suspensions
        if suspension.objet is ObjetSuspension.DROIT and suspension.motif in _SEXE_DECEDE
    }
    adultes = [un.sexe for un in foyer.personnes if un.role in ROLES_A_ORIENTER]
    return (
        personne.role in ROLES_A_ORIENTER
        and personne.sexe in annonces
        and adultes.count(personne.sexe) == 1
    )


def a_orienter(personne: PersonneFlux, foyer: Foyer) -> bool:
    """Whether the département must orient this person: demandeur or conjoint, under droits et
    devoirs, of an active dossier, and alive.

    Source: code de l'action sociale et des familles, L262-28; flux-caf.md, 4.
    """
    return (
        personne.role in ROLES_A_ORIENTER
        and personne.droits_devoirs
        and not decedee(personne, foyer)
        and dossier_actif(foyer.etat_dossier)
    )
