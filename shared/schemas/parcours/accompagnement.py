"""A parcours, its periods, and who accompanies it."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Code,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.vocabulaire import AGENT


class StatutParcours(StrEnum):
    """États d'un parcours. Liste fermée."""

    OUVERT = "ouvert"
    CLOS = "clos"


class Parcours(Ressource):
    """Le parcours d'une personne ; la période en cours donne type et organisme référent."""

    personne_id: Identifiant = Field(description="Personne, opaque : elle vit dans orientation")
    statut: StatutParcours
    date_ouverture: DateCivile = Field(description="Date d'effet de la première orientation")
    date_cloture: DateCivile | None
    motif_cloture: Code | None = Field(description="Code du référentiel motifs-sortie")
    orientation_id: Identifiant = Field(description="Orientation de la dernière période")
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant
    parcours_precedent_id: Identifiant | None = Field(
        description="Le parcours clos de la personne, quand elle est revenue trop tard pour le"
        " rouvrir"
    )
    date_sortie_droits_devoirs: DateCivile | None = Field(
        description="Jour du flux qui l'en dit sortie : l'accompagnement reste, le contrat n'est"
        " plus dû. Null : soumise, ou aucun flux ne l'a dit"
    )


class PageParcours(Page[Parcours]):
    """Une page de parcours."""


class Periode(Modele):
    """Ce qu'une orientation a ouvert : de sa date d'effet jusqu'à la suivante, ou à la sortie."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(
        description="Jour où la période cesse ; la suivante commence ce jour-là. Null : en cours"
    )


class ParcoursDetaille(Parcours):
    """Un parcours et toutes ses périodes : une réorientation n'en perd aucune."""

    periodes: list[Periode] = Field(max_length=500, description="De la plus ancienne à la dernière")


class ClotureCreation(Entree):
    """La sortie du parcours : quand, et pourquoi. Celle du droit, un flux la dit."""

    motif: Code = Field(description="Code du référentiel motifs-sortie, ex. emploi_durable")
    date_sortie: DateCivile
    commentaire: Commentaire | None = Field(
        default=None, description="Requis pour le motif `autre` ; ni santé, ni identité d'un tiers"
    )


class MotifPassation(StrEnum):
    """Pourquoi le référent change, ou cesse. Liste ouverte."""

    DEPART = "depart"
    ABSENCE = "absence"
    CHARGE = "charge"
    SECTEUR = "secteur"
    DEMANDE_PERSONNE = "demande_personne"
    AUTRE = "autre"


class MotifFinReferent(StrEnum):
    """Pourquoi un référent ne l'est plus. Liste ouverte."""

    DEPART = "depart"
    ABSENCE = "absence"
    CHARGE = "charge"
    SECTEUR = "secteur"
    DEMANDE_PERSONNE = "demande_personne"
    AUTRE = "autre"
    REORIENTATION = "reorientation"
    SORTIE = "sortie"


class ReferentCreation(Entree):
    """La désignation du référent unique, par l'organisme référent."""

    agent: ReferenceExterne = Field(description=AGENT)
    organisme_referent_id: Identifiant = Field(
        description="L'organisme référent du parcours : en changer est une réorientation"
    )
    date_debut: DateCivile = Field(
        description="Du début de la période en cours, ou du départ du précédent, à aujourd'hui"
    )


class ReferentClotureCreation(Entree):
    """Le référent cesse sans successeur : la structure suit."""

    motif: MotifPassation
    date_fin: DateCivile = Field(
        description="De sa désignation à aujourd'hui ; à venir, il se retire à son premier jour"
    )


class Referent(Ressource):
    """Qui répond du parcours, d'un jour à un autre, pour l'organisme référent."""

    parcours_id: Identifiant
    organisme_referent_id: Identifiant
    agent: ReferenceExterne = Field(description=AGENT)
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(
        description="Jour où il cesse ; le suivant commence ce jour-là ou après. Null : en cours"
    )
    motif_fin: MotifFinReferent | None
    passation_id: Identifiant | None = Field(description="La passation qui l'a amené")


class PageReferents(Page[Referent]):
    """Une page de référents."""


class StatutPassation(StrEnum):
    """États d'une passation ; `caduque` : le référent a cessé avant. Liste fermée."""

    PROPOSEE = "proposee"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    CADUQUE = "caduque"


class CotePassation(StrEnum):
    """Qui répond : celui qui passe la main, ou celui qui la prend. Liste fermée."""

    CEDANT = "cedant"
    REPRENEUR = "repreneur"


class SensPassation(StrEnum):
    """Ce que répond un côté. Liste fermée."""

    ACCORD = "accord"
    REFUS = "refus"


class PassationCreation(Entree):
    """Un successeur proposé au référent, dans le même organisme."""

    agent: ReferenceExterne = Field(description=f"Le repreneur. {AGENT}")
    organisme_referent_id: Identifiant = Field(
        description="L'organisme du repreneur : en changer est une réorientation"
    )
    motif: MotifPassation
    date_passation: DateCivile = Field(
        description="Jour voulu, dès la désignation du référent ; elle prend effet au plus tôt à"
        " l'accord des deux"
    )


class PassationReponseCreation(Entree):
    """Ce que répond un côté ; une fois."""

    cote: CotePassation
    sens: SensPassation
    agent: ReferenceExterne = Field(
        description=f"Qui répond : l'agent de ce côté, ou un autre pour un cédant parti ou absent."
        f" {AGENT}"
    )


class ReponsePassation(Modele):
    """Une réponse à une passation. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    cote: CotePassation
    sens: SensPassation
    agent: ReferenceExterne = Field(description=AGENT)
    date_reponse: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class Passation(Ressource):
    """Un changement de référent dans l'organisme : proposé, puis accepté des deux côtés."""

    parcours_id: Identifiant
    referent_id: Identifiant = Field(description="Le référent qui passe la main")
    agent: ReferenceExterne = Field(description=f"Le repreneur. {AGENT}")
    motif: MotifPassation
    date_proposition: DateCivile
    date_passation: DateCivile = Field(description="Jour voulu")
    statut: StatutPassation
    referent_suivant_id: Identifiant | None = Field(description="Le référent qu'elle a amené")
    reponses: list[ReponsePassation] = Field(
        max_length=2, description="De la première à la dernière"
    )


class RoleIntervenant(StrEnum):
    """Ce qu'un intervenant fait auprès de la personne, à côté du référent. Liste ouverte."""

    CORRESPONDANT_SOCIAL = "correspondant_social"
    INFIRMIER = "infirmier"
    REFERENT_ASE = "referent_ase"
    CONSEILLER_INSERTION = "conseiller_insertion"
    CONSEILLER_EMPLOI = "conseiller_emploi"
    AUTRE = "autre"


class IntervenantCreation(Entree):
    """Quelqu'un intervient à côté du référent."""

    role: RoleIntervenant
    agent: ReferenceExterne = Field(description=AGENT)
    organisme_id: Identifiant | None = Field(
        default=None, description="Son organisme ; absent : l'organisme référent du jour"
    )
    date_debut: DateCivile = Field(description="Aujourd'hui au plus tard")


class IntervenantClotureCreation(Entree):
    """Un intervenant cesse d'intervenir."""

    date_fin: DateCivile = Field(description="De son début à aujourd'hui")


class Intervenant(Ressource):
    """Qui intervient à côté du référent, d'un jour à un autre."""

    parcours_id: Identifiant
    role: RoleIntervenant
    agent: ReferenceExterne = Field(description=AGENT)
    organisme_id: Identifiant
    date_debut: DateCivile
    date_fin: DateCivile | None


class PageIntervenants(Page[Intervenant]):
    """Une page d'intervenants."""


class NiveauSuivi(StrEnum):
    """Qui suit : un agent nommé, ou la structure. Liste fermée."""

    AGENT = "agent"
    STRUCTURE = "structure"


class Suivi(Modele):
    """Qui suit la personne, un jour : son référent, ou à défaut la structure."""

    parcours_id: Identifiant
    date_reference: DateCivile
    organisme_referent_id: Identifiant | None = Field(
        description="Null : aucune période ne couvre ce jour"
    )
    niveau: NiveauSuivi | None = Field(description="Null : aucune période ne couvre ce jour")
    referent: Referent | None = Field(description="Null : la structure suit")
    intervenants: list[Intervenant] = Field(max_length=200)
