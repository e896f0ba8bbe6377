"""What is held: places and cents, until an instant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.journal import Livre
from shared.schemas.financement.reservations import StatutReservation
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cloisonnee, Versionnee


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
        *vers("action"),
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
        *vers("reservation"),
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
