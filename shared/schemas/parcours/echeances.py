"""What is due, and when."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import Booleen, Code, DateCivile, Identifiant, Instant, Modele, Page
from shared.schemas.orientation.echeances import EtatEcheance, NatureDelai


class EvenementEcheance(StrEnum):
    """Faits qui ouvrent ou ferment un délai de ce service. Liste ouverte."""

    NOTIFICATION = "notification"
    SIGNATURE_CONTRAT = "signature_contrat"
    ELEMENTS_ORE = "elements_ore"
    REVISION_CONTRAT = "revision_contrat"
    PROPOSITION_FT = "proposition_ft"
    SAISIE_SUSPENSION = "saisie_suspension"
    INFORMATION = "information"
    OBSERVATIONS = "observations"
    DECISION_SUSPENSION = "decision_suspension"
    NOTIFICATION_SUSPENSION = "notification_suspension"
    FIN_SUSPENSION = "fin_suspension"
    DEBUT_EMPLOI = "debut_emploi"
    FIN_EMPLOI = "fin_emploi"
    ACCOMPAGNEMENT_RENFORCE = "accompagnement_renforce"
    DEBUT_DISPOSITIF = "debut_dispositif"
    FIN_DISPOSITIF = "fin_dispositif"


class EcheanceParcours(Modele):
    """Ce qui est dû, pour quand, et d'où vient le délai."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True},
        description="La période pour le contrat à signer, le contrat pour l'offre raisonnable, sa"
        " version pour le réexamen des heures ; d'une suspension, la ligne",
    )
    code: Code
    nature: NatureDelai
    orientation_id: Identifiant
    parcours_id: Identifiant
    personne_id: Identifiant
    contrat_id: Identifiant | None
    suspension_id: Identifiant | None
    emploi_id: Identifiant | None
    dispositif_id: Identifiant | None
    depart: EvenementEcheance = Field(description="Fait qui ouvre le délai")
    date_depart: DateCivile = Field(
        description="Son jour, ou celui de la reprise après une interruption"
    )
    fin: EvenementEcheance = Field(description="Fait qui le ferme")
    date_limite: DateCivile
    etat: EtatEcheance
    confirme: Booleen = Field(description="Faux : le texte n'a pas été lu")
    source: str = Field(max_length=300)
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheancesParcours(Page[EcheanceParcours]):
    """Une page d'échéances."""
