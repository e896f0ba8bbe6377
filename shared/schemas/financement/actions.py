"""Actions of a convention: their places, their price, and who pays them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    INCHANGE,
    Annee,
    Booleen,
    Centimes,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Libelle,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.tiers import Tiers, TiersLigne

Terme = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]


class OrigineAction(StrEnum):
    """D'où vient une action. Liste ouverte."""

    CAHIER_DES_CHARGES = "cahier_des_charges"
    PARTENAIRE = "partenaire"
    CO_CONSTRUITE = "co_construite"
    EXPERIMENTALE = "experimentale"


class CaractereAction(StrEnum):
    """Ce que la convention change à une action. Liste ouverte."""

    NOUVELLE = "nouvelle"
    RENFORCEE = "renforcee"
    EXISTANTE = "existante"


class ModeCapacite(StrEnum):
    """Comment se comptent les places : à un moment, sur l'année, ou pas. Liste fermée."""

    STOCK = "stock"
    FLUX = "flux"
    AUCUNE = "aucune"


class StatutAction(StrEnum):
    """États d'une action. Liste fermée."""

    PREVUE = "prevue"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ABANDONNEE = "abandonnee"


class TypeActeAction(StrEnum):
    """Ce qui arrive à une action. Liste fermée."""

    DEMARRAGE = "demarrage"
    ACHEVEMENT = "achevement"
    ABANDON = "abandon"


class ModeCredits(StrEnum):
    """Comment ses crédits sont autorisés : pour l'année, ou en AE et CP. Liste fermée."""

    ANNUEL = "annuel"
    AE_CP = "ae_cp"


class BaseReferenceLigne(Entree):
    """Ce que faisait une action avant d'être renforcée : seul l'ajout relève de la convention."""

    montant_centimes: Centimes
    file_active: Entier
    annee: Annee
    source: Libelle | None = None


class BaseReference(Modele):
    """Ce que faisait une action avant d'être renforcée : seul l'ajout relève de la convention."""

    montant_centimes: Centimes
    file_active: Entier
    annee: Annee
    source: Libelle | None


class CofinancementLigne(Entree):
    """Un financeur hors de la clé, et son taux quand un texte le donne."""

    financeur: Financeur
    numerateur: Terme | None = Field(default=None, description="Nul : taux inconnu")
    denominateur: Terme | None = None
    valable_du: DateCivile | None = Field(default=None, description="Premier jour de ce taux")
    source: Libelle


class Cofinancement(Modele):
    """Un financeur hors de la clé, et son taux quand un texte le donne."""

    financeur: Financeur
    numerateur: Terme | None
    denominateur: Terme | None
    valable_du: DateCivile | None
    source: Libelle


class PartLigne(Entree):
    """La fraction exacte d'une action qu'une enveloppe paie."""

    enveloppe_id: Identifiant
    numerateur: Terme
    denominateur: Terme


class Part(Modele):
    """La fraction exacte d'une action qu'une enveloppe paie."""

    enveloppe_id: Identifiant
    numerateur: Terme
    denominateur: Terme


class ActionCreation(Entree):
    """Une action d'une convention : ses places, et qui la paie."""

    code: Code = Field(description="Unique dans la convention")
    libelle: Libelle
    axe: Entier | None = Field(default=None, description="Ordre d'un axe de la convention")
    volet: Entier | None = Field(default=None, description="Ordre d'un volet de la convention")
    origine: OrigineAction | None = None
    caractere: CaractereAction | None = None
    mode_capacite: ModeCapacite = ModeCapacite.AUCUNE
    places_ouvertes: Entier | None = Field(
        default=None, description="Places ouvertes au journal ; nul : nombre inconnu, aucune place"
    )
    prix_centimes: Centimes | None = Field(
        default=None, description="Prix unitaire indicatif, en centimes d'euro"
    )
    cle: list[PartLigne] = Field(
        default=[],
        max_length=20,
        description="Parts des enveloppes, dont la somme vaut 1 ; vide : l'action ne paie rien."
        " L'ordre départage les centimes d'arrondi",
    )
    freins: list[Code] = Field(
        default=[], max_length=50, description="Codes du référentiel `freins`"
    )
    porteur: TiersLigne | None = Field(default=None, description="Qui mène l'action")
    territoires: list[Code] = Field(default=[], max_length=50, description="Vide : le département")
    publics: list[Libelle] = Field(default=[], max_length=50)
    mode_credits: ModeCredits | None = Field(default=None, description="Nul : non établi")
    base_reference: BaseReferenceLigne | None = Field(
        default=None, description="D'une action renforcée, et d'elle seule"
    )
    cofinancements: list[CofinancementLigne] = Field(
        default=[], max_length=10, description="Fonds social européen et autres, hors de la clé"
    )
    source: Libelle | None = None
    illustratif: Booleen = Field(default=False, description="Vrai : inventé pour démonstration")


class ActionModification(Entree):
    """Ce qui change d'une action ; ni ses places, ni qui la paie : le journal en dépend."""

    libelle: Libelle = INCHANGE
    axe: Entier | None = INCHANGE
    volet: Entier | None = INCHANGE
    origine: OrigineAction | None = INCHANGE
    caractere: CaractereAction | None = INCHANGE
    freins: Annotated[list[Code], Field(max_length=50)] = INCHANGE
    porteur: TiersLigne | None = INCHANGE
    territoires: Annotated[list[Code], Field(max_length=50)] = INCHANGE
    publics: Annotated[list[Libelle], Field(max_length=50)] = INCHANGE
    mode_credits: ModeCredits | None = INCHANGE
    base_reference: BaseReferenceLigne | None = INCHANGE
    cofinancements: Annotated[list[CofinancementLigne], Field(max_length=10)] = INCHANGE
    source: Libelle | None = INCHANGE


class ActeActionCreation(Entree):
    """Un acte : l'action démarre, s'achève ou est abandonnée."""

    type: TypeActeAction
    date_acte: DateCivile
    motif: Libelle | None = Field(default=None, description="Requis d'un abandon")


class Action(Ressource):
    """Une action d'une convention ; ses places se lisent dans le journal, à l'instant même."""

    convention_id: Identifiant
    code: Code
    libelle: Libelle
    axe: Entier | None
    volet: Entier | None
    origine: OrigineAction | None
    caractere: CaractereAction | None
    statut: StatutAction = Field(json_schema_extra={"readOnly": True})
    date_statut: DateCivile | None = Field(
        json_schema_extra={"readOnly": True}, description="Jour de l'acte qui l'y a mise"
    )
    mode_capacite: ModeCapacite
    places_ouvertes: Entier | None
    places_disponibles: Entier
    places_reservees: Entier
    places_occupees: Entier
    prix_centimes: Centimes | None
    cle: list[Part] = Field(max_length=20)
    freins: list[Code] = Field(max_length=50)
    porteur: Tiers | None
    territoires: list[Code] = Field(max_length=50)
    publics: list[Libelle] = Field(max_length=50)
    mode_credits: ModeCredits | None
    base_reference: BaseReference | None
    cofinancements: list[Cofinancement] = Field(max_length=10)
    source: Libelle | None
    illustratif: Booleen


class LiberationCreation(Entree):
    """Des places occupées qui ne le sont plus."""

    places: Rang | None = Field(default=None, description="Absent : toutes celles de l'engagement")
    date_effet: DateCivile
    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class FermetureCreation(Entree):
    """Des places libres qui ne s'ouvriront plus."""

    places: Rang
    date_effet: DateCivile
    source: Libelle = Field(description="Avenant ou décision qui les ferme")


class PageActions(Page[Action]):
    """Une page d'actions."""


class DisponibilitesRequete(Entree):
    """Les actions dont on demande ce qui reste ; rien n'y dit pour qui."""

    action_ids: list[Identifiant] = Field(min_length=1, max_length=200)


class Disponibilite(Modele):
    """Ce qui reste d'une action à l'instant : ses places, et ce qui peut la payer."""

    action_id: Identifiant
    places_disponibles: Entier | None = Field(description="Null : l'action ne compte pas de places")
    prix_centimes: Centimes | None = Field(description="Prix unitaire indicatif")
    montant_disponible_centimes: Centimes = Field(
        description="Le plus qu'une réservation d'aujourd'hui puisse prendre sur ses enveloppes ;"
        " zéro hors de leur fenêtre"
    )


class Disponibilites(Modele):
    """Ce qui reste des actions demandées ; une action inconnue n'y est pas."""

    elements: list[Disponibilite] = Field(max_length=200)
