"""How data·inclusion's catalogue was read."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.parcours.synchronisations import StatutSynchronisation
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Versionnee

_ZERO = text("0")


class SynchronisationDataInclusion(Versionnee, Base):
    """One reading of the catalogue: at most one at a time."""

    __tablename__ = "synchronisation_data_inclusion"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(
            "uq_synchronisation_data_inclusion_en_cours",
            "collectivite",
            unique=True,
            postgresql_where=text("statut = 'en_cours'"),
        ),
        fiche(
            "Une lecture du catalogue de data·inclusion, et ce qu'elle a changé", source="service"
        ),
    )

    statut: Mapped[str] = colonne("Où elle en est", codes=StatutSynchronisation)
    fin_le: Mapped[datetime | None] = colonne("Fin ; vide : en cours")
    erreur: Mapped[str | None] = colonne("Pourquoi elle a échoué ; vide : elle n'a pas échoué")
    lues: Mapped[int] = colonne("Services lus", unite="services", server_default=_ZERO)
    doublons: Mapped[int] = colonne(
        "Lignes reçues de nouveau", unite="lignes", server_default=_ZERO
    )
    manquantes: Mapped[int] = colonne(
        "Lignes annoncées et pas données", unite="lignes", server_default=_ZERO
    )
    nouvelles: Mapped[int] = colonne("Offres enregistrées", unite="offres", server_default=_ZERO)
    modifiees: Mapped[int] = colonne("Offres mises à jour", unite="offres", server_default=_ZERO)
    inchangees: Mapped[int] = colonne("Offres inchangées", unite="offres", server_default=_ZERO)
    refusees: Mapped[int] = colonne("Services refusés", unite="services", server_default=_ZERO)
    absentes: Mapped[int] = colonne(
        "Offres suivies qu'elle n'a pas vues", unite="offres", server_default=_ZERO
    )
    retirees: Mapped[int] = colonne("Offres retirées", unite="offres", server_default=_ZERO)
    refus: Mapped[list[Any]] = colonne(
        "Premiers services refusés : reference, champ", server_default=text("'[]'::jsonb")
    )
