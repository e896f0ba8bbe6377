"""Points d'étape: what a convention has become of a year, as of a day, by what was known then."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from shared.schemas.commun import (
    CENTIMES_MAX,
    Annee,
    Booleen,
    Centimes,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Nom,
    Page,
    Ressource,
)
from shared.schemas.financement.conventions import TypeConvention
from shared.schemas.financement.enveloppes import Annonce, Financeur, StatutEnveloppe
from shared.schemas.financement.indicateurs import SensIndicateur
from shared.schemas.financement.journal import ActeNomme, Livre, Poste, Variation

ENVELOPPES_MAX, ACTIONS_MAX, ORIGINES_MAX = 500, 500, 200
LIGNES_MAX = 3_000

# Signed: what entries without an action leave of one, or a gap.
Ecart = Annotated[int, Field(strict=True, ge=-CENTIMES_MAX, le=CENTIMES_MAX)]
Mois = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}$", max_length=7)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64)]


class _Fige(Modele):
    """What is frozen: a field that came after it was has a default, and is left out of it.

    So what was arrested reads as it was, and keeps its digest.
    """

    @model_serializer(mode="wrap")
    def _tel_que_fige(self, rendre: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        # No return type: pydantic would publish it in place of the fields.
        return {nom: valeur for nom, valeur in rendre(self).items() if nom in self.model_fields_set}


class StatutPointEtape(StrEnum):
    """Où en est un point d'étape. Liste fermée.

    `brouillon` : calculé à chaque lecture ; `arrete` : figé, avec son empreinte ; `valide` : figé,
    et reconnu par ceux qui y ont pris part.
    """

    BROUILLON = "brouillon"
    ARRETE = "arrete"
    VALIDE = "valide"


class DimensionMesure(StrEnum):
    """De quoi une ligne de mesures est la somme. Liste ouverte."""

    TOTAL = "total"
    FINANCEUR = "financeur"
    VOLET = "volet"
    AXE = "axe"
    ENVELOPPE = "enveloppe"
    ACTION = "action"


class AlerteProjection(StrEnum):
    """Ce qu'annonce la projection : moins de 80 % de l'ouvert, ou plus de 100 %. Liste ouverte."""

    SOUS_CONSOMMATION = "sous_consommation"
    SURCONSOMMATION = "surconsommation"


class MotifAbsence(StrEnum):
    """Pourquoi les résultats manquent. Liste ouverte."""

    PARCOURS_SILENCIEUX = "parcours_silencieux"
    PERIODE_VIDE = "periode_vide"


class PointEtapeCreation(Entree):
    """Un point d'étape d'une convention : un exercice, vu un jour."""

    exercice: Annee
    date_arrete: DateCivile = Field(description="Dernier jour d'effet compté, inclus ; passé")


class ArretPointEtapeCreation(Entree):
    """Figer un point d'étape : ses lignes, ce qui était su, et leur empreinte."""

    connu_au: Entier | None = Field(
        default=None,
        description="Rang du journal lu dans le brouillon : ce qui fut lu est figé ; absent : le"
        " dernier",
    )


class ValidationPointEtapeCreation(Entree):
    """Ceux qui reconnaissent le point d'étape : des organismes, jamais des personnes."""

    participants: list[Libelle] = Field(min_length=1, max_length=50)


class VersionEnVigueur(Modele):
    """Une version de la convention, celle qui s'applique le jour de l'arrêté."""

    version_id: Identifiant
    numero: Entier = Field(description="0 : la convention initiale, puis ses avenants")
    date_effet: DateCivile | None = Field(description="Nul : aucun document ne la dit")
    contenu_sha256: Sha256


class EnveloppeSuivie(Modele):
    """Une enveloppe de l'exercice, telle que décrite quand le point d'étape est fait."""

    enveloppe_id: Identifiant
    reference: str = Field(max_length=64)
    statut: StatutEnveloppe
    financeur: Financeur | None
    volet: Entier | None = Field(description="Ordre du volet ; nul : aucun document ne le dit")
    axe: Entier | None
    action_id: Identifiant | None = Field(description="La seule action qu'elle paie")
    fenetre_debut: DateCivile | None
    fenetre_fin: DateCivile | None
    annonce: Annonce | None = Field(
        description="Montant annoncé, avec son qualificatif : compté nulle part"
    )


class ActionSuivie(Modele):
    """Une action de la convention, telle que décrite quand le point d'étape est fait."""

    action_id: Identifiant
    code: str = Field(max_length=64)
    libelle: Libelle
    volet: Entier | None
    axe: Entier | None


class IntituleOrdre(Modele):
    """Un axe ou un volet de la convention."""

    ordre: Entier
    libelle: Libelle


class Precedent(Modele):
    """Le dernier point d'étape arrêté de la convention, avant celui-ci."""

    point_etape_id: Identifiant
    date_arrete: DateCivile
    connu_au: Entier = Field(description="Dernier rang du journal qu'il comptait")


class CadrePointEtape(Modele):
    """De quoi l'on parle : ce que dit la convention, et ce qui était au journal."""

    convention_id: Identifiant
    convention_type: TypeConvention
    reference: str = Field(max_length=64)
    intitule: Libelle
    exercice: Annee
    date_arrete: DateCivile
    connu_au: Entier = Field(description="Dernier rang du journal compté")
    versions: list[VersionEnVigueur] = Field(max_length=10)
    axes: list[IntituleOrdre] = Field(max_length=50)
    volets: list[IntituleOrdre] = Field(max_length=50)
    enveloppes: list[EnveloppeSuivie] = Field(max_length=ENVELOPPES_MAX)
    actions: list[ActionSuivie] = Field(max_length=ACTIONS_MAX)
    precedent: Precedent | None


class IndicateurObserve(Modele):
    """Un indicateur de la convention ; `valeur` nulle : rien n'est observé à cette date."""

    indicateur_id: Identifiant
    code: str = Field(max_length=64)
    libelle: Libelle
    unite: Nom
    sens: SensIndicateur
    cible: Entier | None
    valeur: Entier | None
    numerateur: Entier | None
    denominateur: Entier | None
    date_observation: DateCivile | None
    source: Libelle | None
    taux_points_base: Ecart | None = Field(
        description="Valeur rapportée à la cible, en points de base ; nul sans l'une ou l'autre"
    )


class LeveeObservee(Modele):
    """Les freins levés après une action, que parcours a comptés. Masqué, un nombre est `null`."""

    action_id: Identifiant
    personnes: Entier | None
    freins_leves: Entier | None
    masque: Booleen


class ObservationsPointEtape(_Fige):
    """Ce qui n'est pas au journal, tel qu'observé : figé avec le reste, jamais recalculé."""

    indicateurs: list[IndicateurObserve] = Field(max_length=ORIGINES_MAX)
    date_debut: DateCivile | None = Field(description="Premier jour compté par parcours")
    date_fin: DateCivile | None = Field(description="Dernier jour compté par parcours, inclus")
    seuil: Entier | None = Field(description="Un effectif inférieur est masqué")
    levees: list[LeveeObservee] = Field(max_length=ACTIONS_MAX)
    motif_absence: MotifAbsence | None = Field(
        description="Pourquoi parcours n'a rien compté ; nul : il a compté"
    )
    avec_sante: Booleen = Field(
        default=False,
        description="Vrai : santé et handicap y sont comptés, masqués comme le reste",
    )


class LigneMesures(Modele):
    """Les mesures d'un ensemble ; un nombre nul n'est pas su, ou n'a pas de sens pour lui."""

    dimension: DimensionMesure
    cle: str = Field(max_length=64, description="Ordre, code ou référence ; vide : non réparti")
    libelle: Libelle
    ouvert_centimes: Ecart | None
    disponible_centimes: Ecart | None
    reserve_centimes: Ecart
    engage_centimes: Ecart = Field(description="Engagé au total : liquidé, mandaté et payé compris")
    liquide_centimes: Ecart = Field(description="Liquidé au total : mandaté et payé compris")
    mandate_centimes: Ecart = Field(description="Mandaté au total : payé compris")
    paye_centimes: Ecart
    reste_a_payer_centimes: Ecart = Field(description="Engagé au total, moins payé")
    taux_engagement_points_base: Ecart | None = Field(description="Engagé rapporté à l'ouvert")
    taux_paiement_points_base: Ecart | None = Field(description="Payé rapporté à l'ouvert")
    projection_centimes: Ecart | None = Field(
        description="Liquidé en fin de fenêtre, si le rythme ne changeait pas : une règle de trois"
    )
    alerte: AlerteProjection | None


class PartFinanceur(Modele):
    """Ce qu'un financeur porte du liquidé, à côté de ce que l'ouvert lui donne à porter."""

    financeur: Financeur | None
    part_contractuelle_points_base: Entier | None = Field(description="De l'ouvert")
    part_reelle_points_base: Entier | None = Field(description="Du liquidé au total")
    ecart_points_base: Ecart | None
    ecart_centimes: Ecart | None = Field(
        description="Liquidé, moins la part contractuelle du liquidé au total"
    )


class RecettesFinanceur(Modele):
    """Où en est l'argent d'un financeur, au livre des recettes."""

    financeur: Financeur | None
    notifie_centimes: Centimes
    a_titrer_centimes: Centimes
    titre_centimes: Centimes
    encaisse_centimes: Centimes
    a_reverser_centimes: Centimes
    reverse_centimes: Centimes
    abandonne_centimes: Centimes


class ContributionDepartement(Modele):
    """Ce qu'apporte le Département : de l'argent, et des apports valorisés, jamais additionnés."""

    paye_centimes: Centimes = Field(description="Payé sur ses propres enveloppes")
    valide_centimes: Centimes = Field(description="Apports valorisés et validés")


class ResultatAction(Modele):
    """Ce qu'une action a donné, et ce que cela a coûté."""

    action_id: Identifiant
    libelle: Libelle
    places_ouvertes: Ecart
    places_occupees: Ecart = Field(description="Occupées ou déjà servies")
    personnes: Entier | None
    freins_leves: Entier | None
    masque: Booleen = Field(description="Vrai : moins de cinq personnes, rien n'en est dit")
    cout_par_frein_leve_centimes: Ecart | None = Field(
        description="Payé de l'action, par frein levé après elle : l'un n'est pas dit la cause de"
        " l'autre"
    )


class VoletPresume(Modele):
    """Ce qu'une action d'un volet prend à une enveloppe dont aucun document ne dit le volet."""

    enveloppe_id: Identifiant
    action_id: Identifiant
    volet: Entier
    engage_centimes: Ecart


class MoisExecution(Modele):
    """Le total à la fin d'un mois ; du dernier, à la date d'arrêté."""

    mois: Mois
    engage_centimes: Ecart
    liquide_centimes: Ecart
    paye_centimes: Ecart


class VariationCorrigee(Modele):
    """Ce qu'un compte a gagné ou perdu, à une date déjà arrêtée."""

    enveloppe_id: Identifiant
    livre: Livre
    poste: Poste
    variation_centimes: Variation


class CorrectionsDepuis(_Fige):
    """Ce qui fut inscrit après le précédent, avec effet à sa date ou avant : il n'y change rien."""

    precedent: Precedent
    ecritures: Entier = Field(description="Nombre d'écritures")
    variations: list[VariationCorrigee] = Field(max_length=LIGNES_MAX)
    actes: list[ActeNomme] = Field(
        max_length=ORIGINES_MAX,
        description="Actes que nomment celles-ci : les premiers, s'il y en a plus",
    )
    nombre_actes: Entier = Field(
        default=0, description="Nombre d'actes distincts ; les écritures les nomment tous"
    )


class ContenuPointEtape(Modele):
    """Un point d'étape entier : son cadre, ce qui fut observé, ce qui en est calculé."""

    cadre: CadrePointEtape
    observations: ObservationsPointEtape
    mesures: list[LigneMesures] = Field(max_length=LIGNES_MAX)
    parts: list[PartFinanceur] = Field(max_length=20)
    recettes: list[RecettesFinanceur] = Field(max_length=20)
    contribution: ContributionDepartement
    resultats: list[ResultatAction] = Field(max_length=ACTIONS_MAX)
    volets_presumes: list[VoletPresume] = Field(max_length=LIGNES_MAX)
    chronologie: list[MoisExecution] = Field(max_length=240)
    corrections: CorrectionsDepuis | None = Field(description="Nul : aucun arrêté ne précède")


class PointEtapeResume(Ressource):
    """Un point d'étape, sans son contenu."""

    convention_id: Identifiant
    exercice: Annee
    date_arrete: DateCivile
    statut: StatutPointEtape = Field(json_schema_extra={"readOnly": True})
    connu_au: Entier | None = Field(description="Nul en brouillon : il se lit au dernier rang")
    sha256: Sha256 | None = Field(description="Empreinte du contenu figé ; nulle en brouillon")
    participants: list[Libelle] = Field(max_length=50)
    arrete_le: Instant | None
    valide_le: Instant | None


class PointEtape(PointEtapeResume):
    """Un point d'étape et son contenu : calculé en brouillon, figé ensuite."""

    contenu: ContenuPointEtape


class PagePointsEtape(Page[PointEtapeResume]):
    """Une page de points d'étape, sans leur contenu."""


class PreuvePointEtape(Modele):
    """Un point d'étape arrêté, recalculé du journal tel qu'il était su ce jour-là."""

    point_etape_id: Identifiant
    connu_au: Entier
    sha256: Sha256 = Field(description="Empreinte gardée quand il fut arrêté")
    sha256_recalcule: Sha256
    identique: Booleen
