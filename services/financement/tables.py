"""Tables of financement: what was agreed, what it pays, and the journal that proves it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.schemas.financement import (
    Actif,
    CaractereAction,
    EvenementJournal,
    Financeur,
    Livre,
    ModeCapacite,
    OrigineAction,
    Poste,
    Sens,
    StatutConvention,
    StatutEngagement,
    StatutEnveloppe,
    StatutReservation,
    TypeConvention,
)
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import CONVENTION, TYPES, Cle, Cloisonnee, Versionnee


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


def _vers(*noms: str) -> list[ForeignKeyConstraint]:
    """Foreign keys that cannot cross two collectivités, each by `<nom>_id`."""
    return [
        ForeignKeyConstraint(["collectivite", f"{nom}_id"], [f"{nom}.collectivite", f"{nom}.id"])
        for nom in noms
    ]


class Convention(Versionnee, Base):
    """A convention, a pacte or a programme."""

    __tablename__ = "convention"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Une convention, un pacte ou un programme, tel que sa source le décrit",
            source="POST /v1/conventions",
        ),
    )

    reference: Mapped[str] = colonne("Code de la convention, ex. 35-CLS-2024-2027")
    type: Mapped[str] = colonne("Type de convention", codes=TypeConvention)
    intitule: Mapped[str] = colonne("Intitulé")
    annee_debut: Mapped[int] = colonne("Première année couverte", unite="année civile")
    annee_fin: Mapped[int | None] = colonne("Dernière année couverte", unite="année civile")
    statut: Mapped[str] = colonne("Où en est la convention", codes=StatutConvention)
    nombre_actions: Mapped[int | None] = colonne(
        "Actions que la source annonce ; elle peut en décrire moins", unite="actions"
    )
    axes: Mapped[list[Any]] = colonne("Axes : ordre, libelle")
    volets: Mapped[list[Any]] = colonne("Volets : ordre, libelle, fongible")
    signataires: Mapped[list[Any]] = colonne("Parties, des personnes morales : organisme, statut")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class Action(Versionnee, Base):
    """An action of a convention."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        *_vers("convention"),
        fiche("Une action d'une convention", source="POST /v1/conventions/{id}/actions"),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    code: Mapped[str] = colonne("Code de l'action dans la convention")
    libelle: Mapped[str] = colonne("Libellé")
    axe: Mapped[int | None] = colonne("Axe de la convention", unite="ordre")
    volet: Mapped[int | None] = colonne("Volet de la convention", unite="ordre")
    origine: Mapped[str | None] = colonne("D'où vient l'action", codes=OrigineAction)
    caractere: Mapped[str | None] = colonne("Ce que la convention y change", codes=CaractereAction)
    mode_capacite: Mapped[str] = colonne(
        "Comment se comptent les places : à un moment, sur l'année, ou pas", codes=ModeCapacite
    )
    places_ouvertes: Mapped[int | None] = colonne(
        "Places ouvertes au journal ; vide : nombre inconnu, aucune place", unite="places"
    )
    prix_centimes: Mapped[int | None] = colonne("Prix unitaire, indicatif")
    freins: Mapped[list[Any]] = colonne("Freins que l'action peut lever", codes="freins")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")
    illustratif: Mapped[bool] = colonne("Vrai : inventé pour démonstration")


class Enveloppe(Versionnee, Base):
    """The money of one funder for one year. Its balances are in `solde`."""

    __tablename__ = "enveloppe"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id"),
        CheckConstraint("fenetre_debut <= fenetre_fin", name="fenetre"),
        *_vers("convention"),
        fiche(
            "L'argent d'un financeur pour un exercice ; ses soldes sont dans solde",
            source="POST /v1/enveloppes",
        ),
    )

    reference: Mapped[str] = colonne("Code de l'enveloppe dans la collectivité")
    convention_id: Mapped[UUID | None] = colonne("Convention ; vide : un budget sans convention")
    exercice: Mapped[int | None] = colonne("Exercice budgétaire", unite="année civile")
    financeur: Mapped[str | None] = colonne(
        "Qui paie ; vide : la source ne le dit pas", codes=Financeur
    )
    perimetre: Mapped[str | None] = colonne("Ce que l'enveloppe couvre, en clair")
    statut: Mapped[str] = colonne("Où en est l'enveloppe", source="service", codes=StatutEnveloppe)
    annonce: Mapped[dict[str, Any] | None] = colonne(
        "Montant annoncé, jamais ouvert : montant_centimes, qualificatif, source"
    )
    fenetre_debut: Mapped[date | None] = colonne(
        "Premier jour où l'on peut réserver et engager, inclus"
    )
    fenetre_fin: Mapped[date | None] = colonne(
        "Dernier jour où l'on peut réserver et engager, inclus"
    )
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class PartFinancement(Cloisonnee, Base):
    """The fraction of an action that an envelope pays, and the cents it was given so far.

    `attribue_centimes` is what `repartir` needs so that no funder is favoured; like a balance, it
    moves in the posting's own transaction and equals the replay of the journal.
    """

    __tablename__ = "part_financement"
    __table_args__ = (
        CheckConstraint("attribue_centimes >= 0", name="attribue"),
        CheckConstraint("0 < numerateur AND numerateur <= denominateur", name="fraction"),
        *_vers("action", "enveloppe"),
        fiche(
            "La fraction d'une action qu'une enveloppe paie, et les centimes reçus jusqu'ici",
            source="POST /v1/conventions/{id}/actions (cle)",
        ),
    )

    action_id: Mapped[UUID] = colonne("Action", primary_key=True)
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe", primary_key=True)
    rang: Mapped[int] = colonne(
        "Ordre dans la clé, de 0 : il départage les centimes d'arrondi", unite="rang"
    )
    numerateur: Mapped[int] = colonne("Numérateur de la fraction exacte", unite="sans dimension")
    denominateur: Mapped[int] = colonne(
        "Dénominateur de la fraction exacte", unite="sans dimension"
    )
    attribue_centimes: Mapped[int] = colonne(
        "Ce que l'enveloppe porte de l'action, réservé ou engagé ; égal au rejeu du journal",
        source="service",
        server_default=text("0"),
    )


class Reservation(Versionnee, Base):
    """Places and cents held until `expire_le`, that instant excluded."""

    __tablename__ = "reservation"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "action_id", "cree_le", "id"),
        # What is due and not yet swept: few rows, whatever the number of reservations.
        Index(
            "ix_reservation_en_attente",
            "collectivite",
            "expire_le",
            "id",
            postgresql_where=text("statut = 'en_attente'"),
        ),
        CheckConstraint(
            "statut IN ('en_attente', 'confirmee', 'annulee', 'expiree')", name="statut"
        ),
        CheckConstraint("(statut = 'en_attente') = (resolue_le IS NULL)", name="resolue"),
        *_vers("action"),
        fiche(
            "Des places et des centimes retenus jusqu'à un instant",
            source="POST /v1/reservations",
            donnee=INDIRECTE,
        ),
    )

    action_id: Mapped[UUID] = colonne("Action")
    places: Mapped[int] = colonne("Places retenues", unite="places")
    montant_centimes: Mapped[int] = colonne("Montant retenu")
    beneficiaire_ref: Mapped[UUID] = colonne(
        "Bénéficiaire : référence opaque, que parcours seul sait lire"
    )
    statut: Mapped[str] = colonne(
        "Où elle en est ; tout est définitif sauf en_attente",
        source="service",
        codes=StatutReservation,
    )
    expire_le: Mapped[datetime] = colonne("Fin de la retenue, cet instant exclu", source="service")
    resolue_le: Mapped[datetime | None] = colonne(
        "Confirmation, annulation ou expiration ; vide : en attente", source="service"
    )
    motif: Mapped[str | None] = colonne(
        "Pourquoi elle est annulée, sans santé ni identité",
        source="POST /v1/reservations/{id}/annulations",
    )


class ReservationLigne(Cloisonnee, Base):
    """What a reservation holds: cents of an envelope (eng), or places of its action (pla)."""

    __tablename__ = "reservation_ligne"
    __table_args__ = (
        Index(None, "collectivite", "objet_id"),
        CheckConstraint("quantite > 0", name="quantite"),
        *_vers("reservation"),
        fiche(
            "Ce qu'une réservation retient : centimes d'une enveloppe, ou places de l'action",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    reservation_id: Mapped[UUID] = colonne("Réservation", primary_key=True)
    objet_id: Mapped[UUID] = colonne(
        "L'enveloppe (livre eng) ou l'action (livre pla)", primary_key=True
    )
    livre: Mapped[str] = colonne("Livre du journal", codes=Livre)
    rang: Mapped[int] = colonne("Ordre de la ligne, de 0", unite="rang")
    quantite: Mapped[int] = colonne(
        "Quantité retenue", unite="centimes d'euro (eng) ou places (pla)"
    )


class CompteurEngagement(Cloisonnee, Base):
    """The last number given in a year."""

    __tablename__ = "compteur_engagement"
    __table_args__ = fiche("Le dernier numéro d'engagement d'un exercice", source="service")

    exercice: Mapped[int] = colonne(
        "Exercice", unite="année civile", primary_key=True, autoincrement=False
    )
    dernier: Mapped[int] = colonne("Dernier numéro donné", unite="rang")


class Engagement(Versionnee, Base):
    """What a confirmed reservation became."""

    __tablename__ = "engagement"
    __table_args__ = (
        Index(None, "collectivite", "exercice", "numero", unique=True),
        Index(None, "collectivite", "reservation_id", unique=True),  # I-40, by the database too
        Index(None, "collectivite", "cree_le", "id"),
        *_vers("action", "reservation"),
        fiche(
            "Ce qu'une réservation confirmée est devenue",
            source="POST /v1/reservations/{id}/confirmations",
            donnee=INDIRECTE,
        ),
    )

    exercice: Mapped[int] = colonne(
        "Année civile de l'engagement", source="service", unite="année civile"
    )
    numero: Mapped[int] = colonne(
        "Numéro dans l'exercice, sans trou", source="service", unite="rang"
    )
    action_id: Mapped[UUID] = colonne("Action", source="réservation")
    reservation_id: Mapped[UUID] = colonne("Réservation confirmée")
    beneficiaire_ref: Mapped[UUID] = colonne(
        "Bénéficiaire : référence opaque, que parcours seul sait lire", source="réservation"
    )
    date_engagement: Mapped[date] = colonne("Jour de l'engagement", source="service")
    places: Mapped[int] = colonne("Places occupées", unite="places")
    montant_centimes: Mapped[int] = colonne("Montant engagé")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutEngagement)


class EngagementLigne(Cloisonnee, Base):
    """The cents of an engagement that an envelope pays."""

    __tablename__ = "engagement_ligne"
    __table_args__ = (
        Index(None, "collectivite", "enveloppe_id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *_vers("engagement", "enveloppe"),
        fiche(
            "Les centimes d'un engagement qu'une enveloppe paie",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    engagement_id: Mapped[UUID] = colonne("Engagement", primary_key=True)
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe", primary_key=True)
    rang: Mapped[int] = colonne("Ordre de la ligne, de 0", unite="rang")
    montant_centimes: Mapped[int] = colonne("Montant que l'enveloppe porte")


class Chaine(Cloisonnee, Base):
    """The head of a collectivité's journal. Locked last, and held shortest."""

    __tablename__ = "chaine"
    __table_args__ = fiche("La tête du journal d'une collectivité", source="service")

    seq: Mapped[int] = colonne("Rang de la dernière écriture", unite="rang")
    empreinte: Mapped[bytes] = colonne("SHA-256 de la dernière écriture")


class Ecriture(Cle, Base):
    """An entry of the journal. Insert-only, gapless, chained."""

    __tablename__ = "ecriture"
    __table_args__ = (
        Index(None, "collectivite", "seq", unique=True),
        # A contre-passation exists at most once per original (I-06).
        Index(None, "collectivite", "extourne_de", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "extourne_de"], ["ecriture.collectivite", "ecriture.id"]
        ),
        *_vers("action", "reservation", "engagement"),
        fiche(
            "Une écriture du journal en partie double : chaînée, jamais changée ni retirée",
            source="service",
        ),
    )

    seq: Mapped[int] = colonne("Rang, sans trou, dans la collectivité", unite="rang")
    evenement: Mapped[str] = colonne("Ce que l'écriture enregistre", codes=EvenementJournal)
    date_effet: Mapped[date] = colonne("Jour où l'écriture prend effet")
    inscrite_le: Mapped[datetime] = colonne("Instant de l'inscription")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a causée, le premier de la chaîne")
    action_id: Mapped[UUID | None] = colonne("Action concernée")
    reservation_id: Mapped[UUID | None] = colonne("Réservation concernée", INDIRECTE)
    engagement_id: Mapped[UUID | None] = colonne("Engagement concerné", INDIRECTE)
    extourne_de: Mapped[UUID | None] = colonne("Écriture que celle-ci contre-passe")
    source: Mapped[str | None] = colonne(
        "Acte qui la justifie", source="POST /v1/enveloppes/{id}/ouvertures"
    )
    empreinte_precedente: Mapped[bytes] = colonne("Empreinte de l'écriture précédente")
    empreinte: Mapped[bytes] = colonne(
        "SHA-256 de l'empreinte précédente et de la forme canonique de celle-ci"
    )


class LigneEcriture(Cloisonnee, Base):
    """A line of an entry: an account, a side, an integer quantity. Insert-only."""

    __tablename__ = "ligne_ecriture"
    __table_args__ = (
        Index(None, "collectivite", "objet_id"),
        CheckConstraint("quantite > 0", name="quantite"),
        CheckConstraint("sens IN ('debit', 'credit')", name="sens"),
        *_vers("ecriture"),
        fiche("Une ligne d'écriture : un compte, un côté, une quantité", source="service"),
    )

    ecriture_id: Mapped[UUID] = colonne("Écriture", primary_key=True)
    rang: Mapped[int] = colonne(
        "Ordre de la ligne, de 0", unite="rang", primary_key=True, autoincrement=False
    )
    livre: Mapped[str] = colonne("Livre du journal", codes=Livre)
    poste: Mapped[str] = colonne("Poste du livre", codes=Poste)
    objet_id: Mapped[UUID] = colonne("L'enveloppe (livre eng) ou l'action (livre pla)")
    sens: Mapped[str] = colonne("Côté", codes=Sens)
    quantite: Mapped[int] = colonne("Quantité", unite="celle d'actif")
    actif: Mapped[str] = colonne("Ce que la ligne compte", codes=Actif)


class Solde(Cloisonnee, Base):
    """The balance of an account of an object, in its normal direction: never below zero.

    Kept with each posting, and equal to the replay of the journal (I-07). The `disponible` row of
    an object is its gate: whoever moves a balance of the object holds it first.
    """

    __tablename__ = "solde"
    __table_args__ = (
        CheckConstraint("solde >= 0", name="positif"),
        fiche(
            "Le solde d'un compte d'un objet, dans son sens normal ; égal au rejeu du journal",
            source="service",
        ),
    )

    objet_id: Mapped[UUID] = colonne(
        "L'enveloppe (livre eng) ou l'action (livre pla)", primary_key=True
    )
    livre: Mapped[str] = colonne("Livre du journal", primary_key=True, codes=Livre)
    poste: Mapped[str] = colonne("Poste du livre", primary_key=True, codes=Poste)
    solde: Mapped[int] = colonne(
        "Solde", unite="centimes d'euro (eng) ou places (pla)", server_default=text("0")
    )
