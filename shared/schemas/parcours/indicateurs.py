"""Figures for piloting and financing: people counted so that none can be told from a number."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import Booleen, DateCivile, Entier, Identifiant, Modele
from shared.schemas.orientation.statistiques import Repartition
from shared.schemas.parcours.freins import CodeFrein


class AxeIndicateurs(StrEnum):
    """Selon quoi répartir les personnes accompagnées. Liste ouverte."""

    ORGANISME = "organisme"
    TYPE_PARCOURS = "type_parcours"


class DelaiLevee(Modele):
    """Combien de jours ont pris les levées d'un frein ; masqué avec l'effectif qui les porte."""

    code: CodeFrein
    mediane_jours: Entier | None


class GroupeIndicateurs(Modele):
    """Des personnes accompagnées. Un nombre masqué est `null`."""

    cle: str = Field(max_length=64)
    accompagnees: Entier | None
    masque: Booleen
    repartitions: list[Repartition] = Field(
        max_length=80,
        description="statut (en_cours, ou le motif de sortie), intensite, prescription, puis"
        " frein_ouvert.<code> et frein_leve.<code> (avec, sans)",
    )
    delais_levee: list[DelaiLevee] = Field(max_length=15)


class IndicateursAccompagnement(Modele):
    """Qui est accompagné dans une période : l'ensemble, puis les groupes qui le partagent."""

    date_debut: DateCivile
    date_fin: DateCivile
    seuil: Entier = Field(description="Un effectif inférieur est masqué")
    avec_sante: Booleen = Field(description="Vrai : santé et handicap y sont comptés")
    ensemble: GroupeIndicateurs
    groupes: list[GroupeIndicateurs] = Field(max_length=5000)


class LeveeAction(Modele):
    """Les freins levés après une prescription d'une action. Masqué, un nombre est `null`."""

    action_id: Identifiant = Field(description="L'action est dans le service financement")
    personnes: Entier | None
    freins_leves: Entier | None
    mediane_jours: Entier | None = Field(
        description="De la confirmation de la prescription à la levée"
    )
    masque: Booleen


class IndicateursLevee(Modele):
    """Par action, ce qu'il faut à financement pour un coût par frein levé."""

    date_debut: DateCivile
    date_fin: DateCivile
    seuil: Entier
    avec_sante: Booleen
    actions: list[LeveeAction] = Field(max_length=5000)
