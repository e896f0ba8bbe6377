"""Contracts of the financement service. Every amount is an integer of euro cents; a beneficiary
is an opaque reference, never a person.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    INCHANGE,
    Annee,
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
    Ressource,
)

# Bounds of their own: a `Field` beside `Entier` would not narrow it.
Ordre = Annotated[int, Field(strict=True, ge=1, le=99)]
Terme = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
DureeReservation = Annotated[int, Field(strict=True, ge=1, le=30 * 24 * 3600)]


class TypeConvention(StrEnum):
    """Types de conventions, de pactes et de programmes. Liste ouverte."""

    CONTRAT_LOCAL_SOLIDARITES = "contrat_local_solidarites"
    CONVENTION_DEPARTEMENTALE_INSERTION_EMPLOI = "convention_departementale_insertion_emploi"
    CONVENTION_EXPERIMENTATION_FRANCE_TRAVAIL = "convention_experimentation_france_travail"
    CONVENTION_APPUI_LUTTE_PAUVRETE_ACCES_EMPLOI = "convention_appui_lutte_pauvrete_acces_emploi"
    PROGRAMME_DEPARTEMENTAL_INSERTION = "programme_departemental_insertion"
    PACTE_TERRITORIAL_INSERTION = "pacte_territorial_insertion"
    SUBVENTION_GLOBALE_FSE = "subvention_globale_fse"
    CONVENTION_SUBVENTION = "convention_subvention"


class StatutConvention(StrEnum):
    """États d'une convention. Liste fermée."""

    PROJET = "projet"
    DELIBEREE = "deliberee"
    SIGNEE_PARTIELLEMENT = "signee_partiellement"
    SIGNEE = "signee"
    EN_VIGUEUR = "en_vigueur"
    TERMINEE = "terminee"
    SOLDEE = "soldee"
    RESILIEE = "resiliee"
    ABANDONNEE = "abandonnee"


class StatutSignataire(StrEnum):
    """Ce qu'une partie a fait de sa signature. Liste fermée."""

    INVITE = "invite"
    A_SIGNER = "a_signer"
    SIGNE = "signe"
    REFUSE = "refuse"
    RETIRE = "retire"


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


class Financeur(StrEnum):
    """Qui paie. Liste ouverte."""

    ETAT = "etat"
    DEPARTEMENT = "departement"
    REGION = "region"
    UNION_EUROPEENNE = "union_europeenne"
    CAF = "caf"
    MSA = "msa"
    FRANCE_TRAVAIL = "france_travail"
    ARS = "ars"
    CPAM = "cpam"
    EPCI = "epci"
    COMMUNE = "commune"
    AUTRE = "autre"


class StatutEnveloppe(StrEnum):
    """États d'une enveloppe. Liste fermée."""

    ANNONCEE = "annoncee"
    NOTIFIEE = "notifiee"
    OUVERTE = "ouverte"
    CLOSE = "close"
    SOLDEE = "soldee"


class Qualificatif(StrEnum):
    """Ce que vaut un montant imprimé ; seul `exact` peut être ouvert. Liste ouverte."""

    EXACT = "exact"
    EXACT_ARRONDI_MILLION = "exact_arrondi_million"
    EXACT_ARRONDI_DIX_MILLE = "exact_arrondi_dix_mille"
    PRESQUE = "presque"
    ENVIRON = "environ"
    JUSQU_A = "jusqu_a"
    PLUS_DE = "plus_de"
    UN_PEU_PLUS_DE = "un_peu_plus_de"
    MOITIE = "moitie"


class Livre(StrEnum):
    """Livres du journal : engagements d'une enveloppe, places d'une action. Liste ouverte."""

    ENG = "eng"
    PLA = "pla"


class Poste(StrEnum):
    """Postes d'un livre ; `ouvert` et `ouverte` en sont la contrepartie. Liste ouverte."""

    OUVERT = "ouvert"
    DISPONIBLE = "disponible"
    RESERVE = "reserve"
    ENGAGE = "engage"
    LIQUIDE = "liquide"
    MANDATE = "mandate"
    PAYE = "paye"
    REPORTE = "reporte"
    ANNULE = "annule"
    OUVERTE = "ouverte"
    RESERVEE = "reservee"
    OCCUPEE = "occupee"
    SERVIE = "servie"
    FERMEE = "fermee"


class Sens(StrEnum):
    """Côté d'une ligne d'écriture. Liste fermée."""

    DEBIT = "debit"
    CREDIT = "credit"


class Actif(StrEnum):
    """Ce qu'une ligne compte : des centimes d'euro ou des places. Liste ouverte."""

    CENTIME = "centime"
    PLACE = "place"


class EvenementJournal(StrEnum):
    """Ce qu'une écriture enregistre. Liste ouverte."""

    OUVERTURE = "ouverture"
    OUVERTURE_PLACES = "ouverture_places"
    RESERVATION = "reservation"
    ENGAGEMENT = "engagement"
    ANNULATION = "annulation"
    EXPIRATION = "expiration"


class StatutReservation(StrEnum):
    """États d'une réservation ; tous sont définitifs sauf `en_attente`. Liste fermée."""

    EN_ATTENTE = "en_attente"
    CONFIRMEE = "confirmee"
    ANNULEE = "annulee"
    EXPIREE = "expiree"


class StatutEngagement(StrEnum):
    """États d'un engagement. Liste fermée."""

    PROPOSE = "propose"
    ENGAGE = "engage"
    PARTIELLEMENT_LIQUIDE = "partiellement_liquide"
    SOLDE = "solde"
    DEGAGE = "degage"


# Conventions


class AxeLigne(Entree):
    """Un axe de la convention."""

    ordre: Ordre
    libelle: Libelle


class Axe(Modele):
    """Un axe de la convention."""

    ordre: Ordre
    libelle: Libelle


class VoletLigne(Entree):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen = False


class Volet(Modele):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen


class SignataireLigne(Entree):
    """Une partie à la convention, et ce que la source dit de sa signature."""

    organisme: Libelle
    statut: StatutSignataire | None = None


class Signataire(Modele):
    """Une partie à la convention ; `statut` nul : la source ne le dit pas."""

    organisme: Libelle
    statut: StatutSignataire | None


class ConventionCreation(Entree):
    """Une convention, telle que sa source la décrit."""

    reference: Code = Field(description="Unique dans la collectivité, ex. 35-CLS-2024-2027")
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None = None
    statut: StatutConvention = Field(
        default=StatutConvention.PROJET,
        description="Ensuite en lecture seule ; une convention reprise entre dans son état",
    )
    nombre_actions: Entier | None = Field(
        default=None, description="Nombre d'actions que la source annonce"
    )
    axes: list[AxeLigne] = Field(default=[], max_length=50)
    volets: list[VoletLigne] = Field(default=[], max_length=50)
    signataires: list[SignataireLigne] = Field(default=[], max_length=100)
    source: Libelle | None = None


class Convention(Ressource):
    """Une convention, un pacte ou un programme."""

    reference: Code
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None
    statut: StatutConvention = Field(json_schema_extra={"readOnly": True})
    nombre_actions: Entier | None
    axes: list[Axe] = Field(max_length=50)
    volets: list[Volet] = Field(max_length=50)
    signataires: list[Signataire] = Field(max_length=100)
    source: Libelle | None


class PageConventions(Page[Convention]):
    """Une page de conventions."""


# Actions


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
    source: Libelle | None = INCHANGE


class Action(Ressource):
    """Une action d'une convention ; ses places se lisent dans le journal, à l'instant même."""

    convention_id: Identifiant
    code: Code
    libelle: Libelle
    axe: Entier | None
    volet: Entier | None
    origine: OrigineAction | None
    caractere: CaractereAction | None
    mode_capacite: ModeCapacite
    places_ouvertes: Entier | None
    places_disponibles: Entier
    places_reservees: Entier
    places_occupees: Entier
    prix_centimes: Centimes | None
    cle: list[Part] = Field(max_length=20)
    freins: list[Code] = Field(max_length=50)
    source: Libelle | None
    illustratif: Booleen


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


# Enveloppes


class AnnonceLigne(Entree):
    """Un montant annoncé : jamais ouvert, quel que soit son qualificatif."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif
    source: Libelle | None = None


class Annonce(Modele):
    """Un montant annoncé : jamais ouvert, quel que soit son qualificatif."""

    montant_centimes: Centimes
    qualificatif: Qualificatif
    source: Libelle | None


class EnveloppeCreation(Entree):
    """L'argent d'un financeur pour un exercice ; rien n'y est disponible avant son ouverture."""

    reference: Code = Field(description="Unique dans la collectivité")
    convention_id: Identifiant | None = Field(
        default=None, description="Nul : un budget sans convention"
    )
    exercice: Annee | None = None
    financeur: Financeur | None = Field(
        default=None, description="Nul : la source ne dit pas qui paie"
    )
    perimetre: Libelle | None = None
    annonce: AnnonceLigne | None = None
    fenetre_debut: DateCivile | None = Field(
        default=None, description="Premier jour où l'on peut réserver et engager, inclus"
    )
    fenetre_fin: DateCivile | None = Field(default=None, description="Dernier jour, inclus")
    source: Libelle | None = None


class OuvertureCommande(Entree):
    """L'acte exact qui ouvre une enveloppe : ce montant-là devient disponible."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif = Field(description="`exact`, ou l'ouverture est refusée")
    date_effet: DateCivile
    source: Libelle


class Enveloppe(Ressource):
    """Une enveloppe ; ses soldes viennent du journal, les réservations échues déjà rendues."""

    reference: Code
    convention_id: Identifiant | None
    exercice: Annee | None
    financeur: Financeur | None
    perimetre: Libelle | None
    statut: StatutEnveloppe = Field(json_schema_extra={"readOnly": True})
    annonce: Annonce | None
    fenetre_debut: DateCivile | None
    fenetre_fin: DateCivile | None
    source: Libelle | None
    ouvert_centimes: Centimes
    disponible_centimes: Centimes = Field(description="Ce qui peut encore être réservé")
    reserve_centimes: Centimes = Field(description="Réservé, ni confirmé ni échu")
    engage_centimes: Centimes = Field(description="Engagé et non liquidé")
    liquide_centimes: Centimes = Field(description="Liquidé et non mandaté")
    mandate_centimes: Centimes = Field(description="Mandaté et non payé")
    paye_centimes: Centimes
    reporte_centimes: Centimes
    annule_centimes: Centimes
    disponibilite_legale_centimes: Centimes = Field(
        description="Crédits ouverts moins engagés, liquidés, mandatés et payés : la réservation"
        " n'y compte pas"
    )


class PageEnveloppes(Page[Enveloppe]):
    """Une page d'enveloppes."""


# Journal


class LigneEcriture(Modele):
    """Une ligne d'écriture : un compte, un côté, une quantité entière."""

    livre: Livre
    poste: Poste
    objet_id: Identifiant = Field(description="L'enveloppe (livre eng) ou l'action (livre pla)")
    sens: Sens
    quantite: CentimesPositifs = Field(description="En centimes ou en places, selon `actif`")
    actif: Actif


class Ecriture(Modele):
    """Une écriture du journal : jamais changée, et chaînée à la précédente."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    seq: Entier = Field(description="Rang, sans trou, dans la collectivité")
    evenement: EvenementJournal
    date_effet: DateCivile
    inscrite_le: Instant
    client_id: str = Field(max_length=64, description="Client OAuth qui l'a causée")
    action_id: Identifiant | None
    reservation_id: Identifiant | None
    engagement_id: Identifiant | None
    extourne_de: Identifiant | None = Field(description="L'écriture que celle-ci contre-passe")
    source: Libelle | None
    lignes: list[LigneEcriture] = Field(max_length=200)
    empreinte_precedente: str = Field(max_length=64, description="SHA-256, hexadécimal")
    empreinte: str = Field(
        max_length=64, description="SHA-256 de la précédente et de la forme canonique"
    )


class PageEcritures(Page[Ecriture]):
    """Une page du journal, dans l'ordre de `seq`."""


# Réservations et engagements


class MontantEnveloppe(Modele):
    """Ce qu'une enveloppe porte d'un montant."""

    enveloppe_id: Identifiant
    montant_centimes: Centimes


class ReservationCreation(Entree):
    """Des places et un montant à prendre ensemble, ou pas du tout."""

    action_id: Identifiant
    places: Entier = 0
    montant_centimes: Centimes = 0
    beneficiaire_ref: Identifiant = Field(
        description="Référence opaque, que parcours seul sait lire ; jamais une identité"
    )
    duree_s: DureeReservation = Field(
        default=900, description="Durée de la réservation, en secondes ; trente jours au plus"
    )


class Reservation(Ressource):
    """Des places et un montant retenus jusqu'à `expire_le`, cet instant exclu."""

    action_id: Identifiant
    places: Entier
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    beneficiaire_ref: Identifiant
    statut: StatutReservation = Field(json_schema_extra={"readOnly": True})
    expire_le: Instant
    resolue_le: Instant | None
    motif: Libelle | None
    engagement_id: Identifiant | None


class PageReservations(Page[Reservation]):
    """Une page de réservations."""


class ConfirmationCreation(Entree):
    """Ce qui est confirmé ; absent : tout ce qui est réservé. Le reste est rendu."""

    places: Entier | None = None
    montant_centimes: Centimes | None = None


class AnnulationCreation(Entree):
    """Pourquoi la réservation est rendue."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class Engagement(Ressource):
    """Un montant engagé et des places occupées, nés d'une réservation confirmée."""

    exercice: Annee = Field(description="Année civile de l'engagement")
    numero: Entier = Field(description="Rang dans l'exercice, sans trou")
    action_id: Identifiant
    reservation_id: Identifiant
    beneficiaire_ref: Identifiant
    date_engagement: DateCivile
    places: Entier
    montant_centimes: Centimes
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    statut: StatutEngagement = Field(json_schema_extra={"readOnly": True})


class PageEngagements(Page[Engagement]):
    """Une page d'engagements."""
