"""What is due, and when."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.collectivite import EvenementDelai
from shared.schemas.commun import Booleen, Code, DateCivile, Identifiant, Instant, Modele, Page


class EtatEcheance(StrEnum):
    """Où en est une échéance aujourd'hui ; calculé, jamais conservé. Liste fermée."""

    A_TEMPS = "a_temps"
    A_RISQUE = "a_risque"
    EN_RETARD = "en_retard"
    RESPECTEE = "respectee"
    DEPASSEE = "depassee"


class NatureDelai(StrEnum):
    """Ce que vaut un délai. Liste fermée."""

    LEGALE = "legale"
    OBJECTIF_LOCAL = "objectif_local"


class Echeance(Modele):
    """Ce qui est dû, pour quand, et d'où vient le délai."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True},
        description="L'orientation même pour l'échéance légale ; pour un objectif local, tiré de"
        " l'orientation et du code",
    )
    code: Code
    nature: NatureDelai
    orientation_id: Identifiant
    personne_id: Identifiant
    depart: EvenementDelai = Field(description="Fait qui ouvre le délai")
    date_depart: DateCivile
    fin: EvenementDelai = Field(description="Fait qui le ferme")
    date_limite: DateCivile
    etat: EtatEcheance
    confirme: Booleen = Field(
        description="Faux : la source ne dit pas ces faits, ou le service ne les date pas"
    )
    source: str = Field(max_length=300)
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheances(Page[Echeance]):
    """Une page d'échéances."""
