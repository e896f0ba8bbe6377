"""Claims: what a funder owes of an expense, line by line, and the dated rates it rests on."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Booleen,
    Centimes,
    CentimesPositifs,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.financement.justificatifs import Sha256

AVERTISSEMENTS_MAX = 100
PointsBase = Annotated[
    int, Field(strict=True, ge=0, le=10_000, description="En dix-millièmes : 10 000 pour 100 %")
]


class NatureTaux(StrEnum):
    """Ce à quoi sert un taux. Liste ouverte.

    `intervention` : part d'un financeur dans une dépense ; `forfait` : dépense calculée en part
    d'une autre ; `contrat_aide` : part du RSA socle que le Département verse par mois.
    """

    INTERVENTION = "intervention"
    FORFAIT = "forfait"
    CONTRAT_AIDE = "contrat_aide"


class OrigineTaux(StrEnum):
    """Qui donne un taux. Liste fermée.

    `collectivite` : enregistré ici, et préféré ; `national` : livré avec le service, d'un texte.
    """

    COLLECTIVITE = "collectivite"
    NATIONAL = "national"


class TauxDateCreation(Entree):
    """Un taux à compter d'un jour ; un changement est un autre taux, jamais une correction."""

    code: Code = Field(description="Le même pour les valeurs successives d'un taux")
    nature: NatureTaux
    libelle: Libelle
    numerateur: Rang
    denominateur: Rang
    valable_du: DateCivile = Field(description="Premier jour où il vaut")
    source: Libelle | None = Field(default=None, description="Texte, article et date")
    confirme: Booleen = Field(
        default=False, description="Vrai : lu dans sa source ; faux : à confirmer"
    )


class TauxDate(Modele):
    """Un taux à compter d'un jour. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    code: Code
    nature: NatureTaux
    libelle: Libelle
    numerateur: Rang
    denominateur: Rang
    valable_du: DateCivile
    source: Libelle | None
    confirme: Booleen
    origine: OrigineTaux = Field(json_schema_extra={"readOnly": True})
    part_mensuelle_centimes: Centimes | None = Field(
        json_schema_extra={"readOnly": True},
        description="D'un contrat aidé, un jour donné (`au`) : ce taux du RSA socle d'une personne"
        " seule ce jour-là ; nulle pour un autre taux, ou si ce montant n'est pas su",
    )
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageTauxDates(Page[TauxDate]):
    """Une page de taux."""


class StatutBilan(StrEnum):
    """États d'un bilan. Liste fermée.

    `incomplet` : il manque des justificatifs, ou la base d'une action renforcée ; `calcule` :
    l'assemblée peut l'adopter ; `remplace` : un autre calcul l'a suivi.
    """

    INCOMPLET = "incomplet"
    CALCULE = "calcule"
    ADOPTE = "adopte"
    REMPLACE = "remplace"


class OrigineDepense(StrEnum):
    """D'où vient la dépense retenue. Liste ouverte."""

    DONNEE = "donnee"
    JOURNAL = "journal"


class TypeRefaction(StrEnum):
    """Comment une réfaction se calcule. Liste ouverte.

    `prorata_indicateur` : en part de la cible non atteinte ; `maintien_effort` : sous un seuil de
    l'effort de l'année précédente ; `plafond_action` : au-dessus du plafond d'une action ;
    `manuel` : un montant et son motif.
    """

    PRORATA_INDICATEUR = "prorata_indicateur"
    MAINTIEN_EFFORT = "maintien_effort"
    PLAFOND_ACTION = "plafond_action"
    MANUEL = "manuel"


class NatureLigneBilan(StrEnum):
    """Ce qu'une ligne de bilan dit. Liste ouverte."""

    BASE_REFERENCE = "base_reference"
    DEPENSE_RETENUE = "depense_retenue"
    PART_DU_FINANCEUR = "part_du_financeur"
    PLAFOND = "plafond"
    REFACTION = "refaction"
    DU = "du"
    ENCAISSE = "encaisse"
    TITRES_EN_COURS = "titres_en_cours"
    A_TITRER = "a_titrer"
    A_REDUIRE = "a_reduire"
    A_REVERSER = "a_reverser"


class CodeAvertissementBilan(StrEnum):
    """Ce qu'un bilan ne tranche pas seul. Liste ouverte.

    `tiers_periode_objet` : une autre dépense a même tiers, même mois et même objet ;
    `justificatif_declare_ailleurs` : une pièce de la dépense est aussi imputée hors d'elle ;
    `parts_au_dela_du_tout` : les taux des financeurs d'une action y dépassent 100 % ;
    `base_reference_absente` : d'une action renforcée, rien ne dit ce qu'elle faisait avant ;
    `base_reference_non_deduite` : la dépense est donnée, à qui la donne d'en ôter cette base.
    """

    TIERS_PERIODE_OBJET = "tiers_periode_objet"
    JUSTIFICATIF_DECLARE_AILLEURS = "justificatif_declare_ailleurs"
    PARTS_AU_DELA_DU_TOUT = "parts_au_dela_du_tout"
    BASE_REFERENCE_ABSENTE = "base_reference_absente"
    BASE_REFERENCE_NON_DEDUITE = "base_reference_non_deduite"


class AvertissementBilan(Modele):
    """Ce qu'un bilan ne tranche pas seul, et de quoi il s'agit."""

    code: CodeAvertissementBilan
    action_id: Identifiant | None
    liquidation_id: Identifiant | None = Field(description="De la dépense retenue")
    autre_liquidation_id: Identifiant | None = Field(description="Celle qui paie peut-être de même")
    justificatif_id: Identifiant | None


class RefactionLigne(Entree):
    """Une réfaction à appliquer ; `type` dit lesquels des autres champs sont requis."""

    type: TypeRefaction
    indicateur: Libelle | None = Field(default=None, description="`prorata_indicateur`")
    cible: Rang | None = Field(default=None, description="`prorata_indicateur`")
    realise: Entier | None = Field(default=None, description="`prorata_indicateur`")
    effort_centimes: Centimes | None = Field(
        default=None, description="`maintien_effort` : crédits de l'année, hors ce financement"
    )
    effort_precedent_centimes: Centimes | None = Field(
        default=None, description="`maintien_effort` : ceux de l'année précédente"
    )
    seuil_points_base: PointsBase | None = Field(
        default=None, description="`maintien_effort` : nul, celui du modèle daté"
    )
    part_maximale_points_base: PointsBase | None = Field(
        default=None,
        description="Part du dû qu'un montant décidé ne dépasse pas ; `maintien_effort` : nulle,"
        " celle du modèle daté ; `manuel` : nulle, aucune",
    )
    action_id: Identifiant | None = Field(default=None, description="`plafond_action`")
    depense_centimes: Centimes | None = Field(
        default=None, description="`plafond_action` : dépense de l'action dans celle retenue"
    )
    plafond_centimes: Centimes | None = Field(default=None, description="`plafond_action`")
    montant_centimes: CentimesPositifs | None = Field(
        default=None,
        description="`manuel` ; `maintien_effort` : décidé pour un manquement substantiel",
    )
    motif: Libelle | None = Field(default=None, description="Requis avec un montant décidé")


class BilanCreation(Entree):
    """Ce qu'un bilan retient ; le reste est lu : plafond notifié, encaissé, titres en cours."""

    date_arrete: DateCivile = Field(description="Les dépenses de ce jour compris sont retenues")
    depense_retenue_centimes: Centimes | None = Field(
        default=None,
        description="Dépense éligible de tous les financeurs ; nulle : lue au journal, liquidée,"
        " mandatée et payée sur les enveloppes de même convention, exercice et objet, moins la base"
        " des actions renforcées ; requise si d'autres se recouvrent avec celle-ci ou sont du même"
        " financeur",
    )
    taux_code: Code = Field(description="Taux d'intervention du financeur ; celui du jour d'arrêté")
    refactions: list[RefactionLigne] = Field(default_factory=list, max_length=50)
    justificatifs_manquants: list[Libelle] = Field(
        default_factory=list,
        max_length=100,
        description="Tant qu'il en manque, le bilan ne peut pas être adopté",
    )
    date_limite: DateCivile | None = Field(
        default=None, description="Date de remise, de la convention ou d'un avenant"
    )


class AdoptionBilanCreation(Entree):
    """L'acte de l'assemblée qui adopte un bilan."""

    assemblee: Libelle
    date_adoption: DateCivile
    reference: Libelle = Field(description="Délibération")


class LigneBilan(Modele):
    """Une ligne d'un bilan, expliquée."""

    nature: NatureLigneBilan
    type_refaction: TypeRefaction | None = Field(description="Nul : ce n'est pas une réfaction")
    montant_centimes: Centimes
    explication: str = Field(max_length=1000, description="D'où vient le montant, en français")


class Bilan(Ressource):
    """Ce qu'un financeur doit d'une dépense, arrondi au centime inférieur, et ce qui en suit."""

    enveloppe_id: Identifiant
    date_arrete: DateCivile
    date_limite: DateCivile | None
    statut: StatutBilan = Field(json_schema_extra={"readOnly": True})
    origine_depense: OrigineDepense
    depense_retenue_centimes: Centimes
    taux: TauxDate
    plafond_centimes: Centimes = Field(description="Montant notifié")
    refactions_centimes: Centimes
    du_centimes: Centimes
    encaisse_centimes: Centimes
    a_titrer_centimes: Centimes = Field(description="À réclamer par un titre")
    a_reduire_centimes: Centimes = Field(description="À ôter de titres émis et non encaissés")
    a_reverser_centimes: Centimes = Field(description="Encaissé en trop, à rendre")
    lignes: list[LigneBilan] = Field(max_length=600, description="Le calcul, dans son ordre")
    justificatifs_manquants: list[Libelle] = Field(max_length=100)
    liquidations_a_justifier: Entier = Field(
        description="Liquidations de cette dépense que des pièces ne couvrent pas en entier"
    )
    avertissements: list[AvertissementBilan] = Field(
        max_length=AVERTISSEMENTS_MAX, description="Ce que ce calcul ne tranche pas seul"
    )
    assemblee: Libelle | None
    date_adoption: DateCivile | None
    reference_adoption: Libelle | None
    sha256: Sha256 | None = Field(
        json_schema_extra={"readOnly": True},
        description="Empreinte du bilan adopté, en JSON canonique sans ce champ ; nulle avant",
    )
    hors_delai: Booleen = Field(description="Vrai : adopté après la date limite")


class PageBilans(Page[Bilan]):
    """Une page de bilans."""
