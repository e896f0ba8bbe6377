"""Everything that happened."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import DateCivile, Identifiant, Instant, Modele, Page


class TypeEvenement(StrEnum):
    """Ce qui est arrivé à un parcours. Liste ouverte."""

    PARCOURS_OUVERT = "parcours_ouvert"
    PARCOURS_CLOS = "parcours_clos"
    PERIODE_OUVERTE = "periode_ouverte"
    REFERENT_DESIGNE = "referent_designe"
    REFERENT_PARTI = "referent_parti"
    PASSATION_PROPOSEE = "passation_proposee"
    PASSATION_REPONSE = "passation_reponse"
    INTERVENANT_ARRIVE = "intervenant_arrive"
    INTERVENANT_PARTI = "intervenant_parti"
    DIAGNOSTIC_SIGNE = "diagnostic_signe"
    CONTRAT_ETABLI = "contrat_etabli"
    CONTRAT_REVISE = "contrat_revise"
    # One for each type of act on a contract.
    CONTRAT_SIGNATURE = "contrat_signature"
    CONTRAT_REFUS = "contrat_refus"
    CONTRAT_NOUVELLE_DECISION = "contrat_nouvelle_decision"
    CONTRAT_SUSPENSION = "contrat_suspension"
    CONTRAT_REPRISE = "contrat_reprise"
    CONTRAT_CLOTURE = "contrat_cloture"
    FREIN_OBSERVE = "frein_observe"
    FREIN_LEVE = "frein_leve"
    FREIN_ABANDONNE = "frein_abandonne"
    PRESCRIPTION_RESERVEE = "prescription_reservee"
    PRESCRIPTION_CONFIRMEE = "prescription_confirmee"
    PRESCRIPTION_ANNULEE = "prescription_annulee"


class EvenementParcours(Modele):
    """Ce qui est arrivé un jour, et depuis quand le service le sait."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="De la ligne")
    type: TypeEvenement
    date_evenement: DateCivile = Field(description="Jour où c'est arrivé")
    ressource: str = Field(max_length=40, description="Collection où lire ce qui est arrivé")
    ressource_id: Identifiant
    connu_le: Instant = Field(description="Instant où le service l'a su")


class PageChronologie(Page[EvenementParcours]):
    """Une page de la chronologie d'un parcours."""
