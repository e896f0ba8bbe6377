"""Words that several resources of orientation share: closed and open lists, criteria."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import Entree

# A name of ours, or of a referential: a field, a table, a warning.
Mot = Annotated[str, StringConstraints(max_length=100)]


class TypeParcours(StrEnum):
    """Parcours d'accompagnement (code du travail, L5411-5-1). Liste fermée."""

    PROFESSIONNEL = "professionnel"
    SOCIO_PROFESSIONNEL = "socio_professionnel"
    SOCIAL = "social"


class TypeOrganisme(StrEnum):
    """Types d'organismes référents (code du travail, L5411-5-1 IV). Liste ouverte."""

    FRANCE_TRAVAIL = "france_travail"
    CONSEIL_DEPARTEMENTAL = "conseil_departemental"
    DELEGATAIRE_DEPARTEMENTAL = "delegataire_departemental"
    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
    AUTRE_ORGANISME = "autre_organisme"


class StatutOrientation(StrEnum):
    """États d'une orientation. Liste fermée."""

    BROUILLON = "brouillon"
    EN_ATTENTE = "en_attente"
    OUVERTE = "ouverte"
    CLOTUREE = "cloturee"


class EtatDecision(StrEnum):
    """Ce que le décideur fait de la préconisation. Liste fermée."""

    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"


class MotifRefus(StrEnum):
    """Motifs de refus d'une préconisation (vocabulaire de France Travail). Liste ouverte."""

    DECLARATION_INEXACTE = "declaration_inexacte"
    SITUATION_NON_COUVERTE = "situation_non_couverte"
    APPRECIATION_DIFFERENTE = "appreciation_differente"
    MANQUE_CAPACITE_ACCUEIL = "manque_capacite_accueil"
    ENTRETIEN_ORIENTATION = "entretien_orientation"
    AUTRE = "autre"


class StatutPlace(StrEnum):
    """Où en est la place d'une personne chez son organisme référent. Liste fermée."""

    PLACEE = "placee"
    EN_FILE = "en_file"
    LIBEREE = "liberee"


class ModeNotification(StrEnum):
    """Moyens de notifier qui donnent une date certaine de réception (R5411-8-1). Liste fermée."""

    REMISE_EN_MAIN_PROPRE = "remise_en_main_propre"
    LETTRE_RECOMMANDEE = "lettre_recommandee"
    LETTRE_RECOMMANDEE_ELECTRONIQUE = "lettre_recommandee_electronique"
    ESPACE_NUMERIQUE = "espace_numerique"


class NiveauFrein(StrEnum):
    """Niveau d'un frein, du moins au plus gênant ; `non_explore` : inconnu. Liste fermée."""

    NON_EXPLORE = "non_explore"
    SANS_IMPACT = "sans_impact"
    MOYEN = "moyen"
    FORT = "fort"


class CritereLigne(Entree):
    """Un critère, dans le vocabulaire de l'API orientation de France Travail."""

    champ: str = Field(max_length=60, description="Champ du référentiel, ex. niveau_etude")
    valeur: str = Field(max_length=60, description="Code du référentiel, ex. NV4")


class SourceCriteres(StrEnum):
    """Qui énonce des critères. Liste ouverte."""

    PERSONNE = "personne"
    PROFESSIONNEL = "professionnel"
    FRANCE_TRAVAIL = "france_travail"
    ORGANISME_PAYEUR = "organisme_payeur"


class OrganismeDemande(StrEnum):
    """À qui une personne hors RSA s'est adressée (L5411-5-1 II 3° et 4°). Liste fermée."""

    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
