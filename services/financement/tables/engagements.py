"""What is owed, numbered, and who pays each cent of it."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.engagements import StatutEngagement
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cloisonnee, Versionnee


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
        *vers("action", "reservation"),
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
        *vers("engagement", "enveloppe"),
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
