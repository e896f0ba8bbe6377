"""Commitment authorisations, payment credits and budget years. Balances are in `solde`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.credits import (
    SortReste,
    StatutAutorisation,
    StatutCloture,
    StatutExercice,
)
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class AutorisationEngagement(Versionnee, Base):
    """The most that may be engaged over several years. Its schedule is its last revision's."""

    __tablename__ = "autorisation_engagement"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        *vers("convention"),
        fiche(
            "Ce qui peut être engagé sur plusieurs années ; ses soldes sont dans solde",
            source="POST /v1/autorisations-engagement",
        ),
    )

    reference: Mapped[str] = colonne("Code de l'autorisation dans la collectivité")
    libelle: Mapped[str] = colonne("Libellé")
    convention_id: Mapped[UUID | None] = colonne("Convention qu'elle sert ; vide : aucune")
    statut: Mapped[str] = colonne(
        "Où en est l'autorisation", source="service", codes=StatutAutorisation
    )


class RevisionAutorisation(Ecrite, Cle, Base):
    """A version of an authorisation's total and schedule. Insert-only."""

    __tablename__ = "revision_autorisation"
    __table_args__ = (
        Index(None, "collectivite", "autorisation_engagement_id", "numero", unique=True),
        *vers("autorisation_engagement"),
        fiche(
            "Le total et l'échéancier d'une autorisation, à compter d'un jour",
            source="POST /v1/autorisations-engagement/{id}/revisions",
        ),
    )

    autorisation_engagement_id: Mapped[UUID] = colonne("Autorisation")
    numero: Mapped[int] = colonne("Rang de la révision, 1 pour le vote", unite="rang")
    deliberation: Mapped[str] = colonne("Délibération")
    montant_vote_centimes: Mapped[int] = colonne("Total voté")
    date_effet: Mapped[date] = colonne("Premier jour où elle vaut")
    echeancier: Mapped[list[Any]] = colonne(
        "Crédits de paiement prévus : exercice, montant_centimes ; leur somme est le total"
    )


class CreditPaiement(Versionnee, Base):
    """The most that may be mandated in a year: of an authorisation, or of a budget line."""

    __tablename__ = "credit_paiement"
    __table_args__ = (
        Index(
            "ix_credit_paiement_autorisation",
            "collectivite",
            "exercice",
            "autorisation_engagement_id",
            unique=True,
            postgresql_where=text("autorisation_engagement_id IS NOT NULL"),
        ),
        Index(
            "ix_credit_paiement_imputation",
            "collectivite",
            "exercice",
            "imputation",
            unique=True,
            postgresql_where=text("autorisation_engagement_id IS NULL"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "cree_le", "id"),
        CheckConstraint(
            "autorisation_engagement_id IS NOT NULL OR imputation IS NOT NULL", name="objet"
        ),
        *vers("autorisation_engagement"),
        fiche(
            "Ce qui peut être mandaté dans une année ; ses soldes sont dans solde",
            source="POST /v1/credits-paiement",
        ),
    )

    exercice: Mapped[int] = colonne("Exercice du mandat", unite="année civile")
    libelle: Mapped[str] = colonne("Libellé")
    autorisation_engagement_id: Mapped[UUID | None] = colonne(
        "Autorisation dont ce sont les crédits ; vide : des crédits annuels"
    )
    imputation: Mapped[str | None] = colonne("Ligne du budget ; vide : celle de l'autorisation")
    source: Mapped[str] = colonne("Délibération budgétaire")


class Exercice(Versionnee, Base):
    """A budget year. One that nobody recorded is open."""

    __tablename__ = "exercice"
    __table_args__ = (
        Index(None, "collectivite", "annee", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint("statut IN ('ouvert', 'journee_complementaire', 'clos')", name="statut"),
        CheckConstraint("(statut = 'clos') = (clos_le IS NOT NULL)", name="clos"),
        fiche(
            "Une année budgétaire ; celle que nul n'enregistre est ouverte",
            source="POST /v1/exercices",
        ),
    )

    annee: Mapped[int] = colonne("Année", unite="année civile")
    statut: Mapped[str] = colonne("Où en est l'année", source="service", codes=StatutExercice)
    seuil_rattachement_centimes: Mapped[int | None] = colonne(
        "Montant au-dessous duquel un service fait n'est pas rattaché ; vide : inconnu, tout l'est"
    )
    source: Mapped[str | None] = colonne("Règlement budgétaire et financier")
    clos_le: Mapped[datetime | None] = colonne("Instant de la clôture", source="service")
    clos_par: Mapped[str | None] = colonne("Client OAuth qui l'a close", source="jeton")


class Cloture(Versionnee, Base):
    """A closing that was asked for: its choices, and what came of it."""

    __tablename__ = "cloture"
    __table_args__ = (
        Index(None, "collectivite", "exercice_id", "cree_le", "id"),
        # Two closings of a year at once would each choose.
        Index(
            "ix_cloture_vivante",
            "collectivite",
            "exercice_id",
            unique=True,
            postgresql_where=text("statut IN ('en_attente', 'en_cours')"),
        ),
        *vers("exercice"),
        fiche(
            "Une clôture demandée : ses choix, et ce qu'elle a donné",
            source="POST /v1/exercices/{id}/clotures",
        ),
    )

    exercice_id: Mapped[UUID] = colonne("Exercice")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutCloture)
    source: Mapped[str] = colonne("Délibération ou règlement qui clôt")
    choix: Mapped[dict[str, Any]] = colonne(
        "Choix : credits (credit_paiement_id, reliquat), rattachements (liquidation_id,"
        " credit_paiement_id), restes (enveloppe_id, objet, engagement_id, sort,"
        " vers_enveloppe_id, decision)"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a demandée", source="jeton")
    termine_le: Mapped[datetime | None] = colonne("Fin du travail", source="service")
    resultat: Mapped[dict[str, Any] | None] = colonne(
        "Totaux, et services faits qui attendent un choix", source="service"
    )


class Reliquat(Ecrite, Cle, Base):
    """What a closing made of what an envelope, or an engagement on it, left. Insert-only."""

    __tablename__ = "reliquat"
    __table_args__ = (
        # One a closing and a line, whatever the number of runs (I-24).
        Index(
            "ix_reliquat_engage",
            "collectivite",
            "cloture_id",
            "enveloppe_id",
            "engagement_id",
            unique=True,
            postgresql_where=text("engagement_id IS NOT NULL"),
        ),
        Index(
            "ix_reliquat_disponible",
            "collectivite",
            "cloture_id",
            "enveloppe_id",
            unique=True,
            postgresql_where=text("engagement_id IS NULL"),
        ),
        Index(None, "collectivite", "exercice_id", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        CheckConstraint("a_reverser_centimes BETWEEN 0 AND montant_centimes", name="a_reverser"),
        CheckConstraint("(sort = 'report') = (vers_enveloppe_id IS NOT NULL)", name="report"),
        ForeignKeyConstraint(
            ["collectivite", "vers_enveloppe_id"], ["enveloppe.collectivite", "enveloppe.id"]
        ),
        *vers("exercice", "cloture", "enveloppe", "engagement"),
        fiche(
            "Ce qu'une clôture a fait d'un reste d'enveloppe ou d'engagement ; jamais changé",
            source="service",
        ),
    )

    exercice_id: Mapped[UUID] = colonne("Exercice clos")
    cloture_id: Mapped[UUID] = colonne("Clôture dont un choix le dit")
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe qui l'avait")
    engagement_id: Mapped[UUID | None] = colonne(
        "Engagement dont c'était le reste ; vide : ce qui n'était pas engagé", INDIRECTE
    )
    sort: Mapped[str] = colonne("Ce qu'il est devenu", codes=SortReste)
    montant_centimes: Mapped[int] = colonne("Montant du reste")
    a_reverser_centimes: Mapped[int] = colonne("Ce qui en est dû au financeur, l'ayant versé")
    vers_enveloppe_id: Mapped[UUID | None] = colonne("Enveloppe qui a reçu le report")


class Rattachement(Ecrite, Cle, Base):
    """A service done, attached to its year and given back the next one. Insert-only."""

    __tablename__ = "rattachement"
    __table_args__ = (
        # One a liquidation, whatever the number of runs (I-23).
        Index(None, "collectivite", "liquidation_id", unique=True),
        Index(None, "collectivite", "exercice_id", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        ForeignKeyConstraint(
            ["collectivite", "credit_suivant_id"],
            ["credit_paiement.collectivite", "credit_paiement.id"],
        ),
        *vers("exercice", "liquidation", "credit_paiement"),
        fiche(
            "Un service fait rattaché à son exercice, et contre-passé au suivant ; jamais changé",
            source="service",
        ),
    )

    exercice_id: Mapped[UUID] = colonne("Exercice auquel il est rattaché")
    liquidation_id: Mapped[UUID] = colonne("Service fait")
    credit_paiement_id: Mapped[UUID] = colonne("Crédits de l'exercice")
    credit_suivant_id: Mapped[UUID] = colonne("Crédits de l'année suivante, qui paieront")
    montant_centimes: Mapped[int] = colonne("Montant rattaché")
