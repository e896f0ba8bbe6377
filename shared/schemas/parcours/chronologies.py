"""Everything that happened."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import DateCivile, Identifiant, Instant, Modele, Page


class TypeEvenement(StrEnum):
    """Ce qui est arrivé à un parcours. Liste ouverte."""

    PARCOURS_OUVERT = "parcours_ouvert"
    PARCOURS_CLOS = "parcours_clos"
    PARCOURS_ROUVERT = "parcours_rouvert"
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
    PRESCRIPTION_ACCEPTEE = "prescription_acceptee"
    PRESCRIPTION_REFUSEE = "prescription_refusee"
    PRESCRIPTION_TERMINEE = "prescription_terminee"
    PRESCRIPTION_ABANDONNEE = "prescription_abandonnee"
    # One for each state that an objectif takes.
    OBJECTIF_NON_ABORDE = "objectif_non_aborde"
    OBJECTIF_EN_COURS = "objectif_en_cours"
    OBJECTIF_REALISE = "objectif_realise"
    OBJECTIF_ABANDONNE = "objectif_abandonne"
    ACTIVITE_COMMENCEE = "activite_commencee"
    ACTIVITE_ARRETEE = "activite_arretee"
    # One for each type of act on a rendez-vous.
    RENDEZ_VOUS_PRIS = "rendez_vous_pris"
    RENDEZ_VOUS_MODIFIE = "rendez_vous_modifie"
    RENDEZ_VOUS_EFFECTUE = "rendez_vous_effectue"
    RENDEZ_VOUS_ABSENT = "rendez_vous_absent"
    RENDEZ_VOUS_ANNULE = "rendez_vous_annule"
    # One for each type of act of a suspension of the RSA; that of a contract is another thing.
    SUSPENSION_SIGNALEMENT = "suspension_signalement"
    SUSPENSION_SAISIE = "suspension_saisie"
    SUSPENSION_INFORMATION = "suspension_information"
    SUSPENSION_OBSERVATIONS = "suspension_observations"
    SUSPENSION_AVIS_EP = "suspension_avis_ep"
    SUSPENSION_DECISION = "suspension_decision"
    SUSPENSION_NOTIFICATION = "suspension_notification"
    SUSPENSION_TRANSMISSION = "suspension_transmission"
    SUSPENSION_REMOBILISATION = "suspension_remobilisation"
    SUSPENSION_LEVEE = "suspension_levee"
    SUSPENSION_TERME = "suspension_terme"
    SUSPENSION_ANNULATION = "suspension_annulation"
    # One for each type of act on a job, and on a dispositif.
    EMPLOI_DEBUT = "emploi_debut"
    EMPLOI_PROLONGATION = "emploi_prolongation"
    EMPLOI_ACCOMPAGNEMENT_RENFORCE = "emploi_accompagnement_renforce"
    EMPLOI_FIN = "emploi_fin"
    EMPLOI_ANNULATION = "emploi_annulation"
    DISPOSITIF_DEBUT = "dispositif_debut"
    DISPOSITIF_PROLONGATION = "dispositif_prolongation"
    DISPOSITIF_SUSPENSION = "dispositif_suspension"
    DISPOSITIF_CLOTURE = "dispositif_cloture"
    AIDE_DEMANDEE = "aide_demandee"
    AIDE_VERSEE = "aide_versee"
    AIDE_ATTRIBUEE = "aide_attribuee"
    AIDE_REFUSEE = "aide_refusee"
    AIDE_ANNULEE = "aide_annulee"
    MISE_EN_RELATION_PROPOSEE = "mise_en_relation_proposee"
    MISE_EN_RELATION_RESOLUE = "mise_en_relation_resolue"
    # One for each thing that a flux tells of the right.
    MOUVEMENT_DROIT_OUVERT = "mouvement_droit_ouvert"
    MOUVEMENT_DROIT_TRANSFERE = "mouvement_droit_transfere"
    MOUVEMENT_DROIT_CLOS = "mouvement_droit_clos"
    MOUVEMENT_ENTREE_DROITS_DEVOIRS = "mouvement_entree_droits_devoirs"
    MOUVEMENT_SORTIE_DROITS_DEVOIRS = "mouvement_sortie_droits_devoirs"
    MOUVEMENT_DECES = "mouvement_deces"


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
