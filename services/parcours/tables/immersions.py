"""What is read of immersion-facile: each convention, and where the reading stands."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.parcours.emplois import ObjetPmsmp, PrescripteurPmsmp
from shared.schemas.parcours.immersions import EtatConvention, ModeReconnaissance
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cloisonnee, Versionnee


class ConventionImmersion(Versionnee, Base):
    """A convention of immersion-facile, as last read, and what was made of it here."""

    __tablename__ = "convention_immersion"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "etat", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "date_fin"),
        Index(None, "collectivite", "emploi_id"),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        ForeignKeyConstraint(["collectivite", "emploi_id"], ["emploi.collectivite", "emploi.id"]),
        fiche(
            "Une convention d'immersion-facile, et ce qui en est fait ici",
            source="immersion-facile, GET /v2/conventions",
            donnee=INDIRECTE,
            conserve="{CONVENTIONS_JOURS} jours après son dernier jour, si elle n'est à personne",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Son identifiant dans immersion-facile")
    statut: Mapped[str] = colonne("Son état dans immersion-facile")
    etat: Mapped[str] = colonne("Ce qu'il en est ici", source="service", codes=EtatConvention)
    empreinte: Mapped[bytes] = colonne(
        "Empreinte de ce qui en est lu (HMAC-SHA-256) : la même ne change rien",
        CHIFFREE,
        source="service",
    )
    identite: Mapped[bytes] = colonne("Nom, prénom et naissance, scellés (AES-256-GCM)", CHIFFREE)
    parcours_id: Mapped[UUID | None] = colonne(
        "Parcours de la personne ; vide : pas reconnue", source="service, ou un agent"
    )
    rattachement: Mapped[str | None] = colonne(
        "Par quoi elle est reconnue", source="service", codes=ModeReconnaissance
    )
    emploi_id: Mapped[UUID | None] = colonne("La mise en situation d'ici", source="service")
    emploi_fait: Mapped[bool] = colonne(
        "Vrai : la convention l'a faite ; faux : elle y était, ou il n'y en a pas",
        source="service",
        default=False,
    )
    siret: Mapped[str] = colonne("Établissement qui accueille")
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date] = colonne("Dernier jour, compris")
    objet: Mapped[str] = colonne("Pourquoi", codes=ObjetPmsmp)
    prescripteur: Mapped[str] = colonne("Qui la prescrit", codes=PrescripteurPmsmp)
    rome: Mapped[str] = colonne("Code métier ROME")
    duree_hebdomadaire_minutes: Mapped[int] = colonne(
        "Durée d'une semaine, par quarts d'heure", unite="minutes"
    )


class LectureImmersions(Cloisonnee, Base):
    """Where the reading of a collectivité stands: one worker reads at a time."""

    __tablename__ = "lecture_immersions"
    __table_args__ = (
        fiche("Où en est la lecture d'immersion-facile, une par collectivité", source="service"),
    )

    lue_le: Mapped[datetime | None] = colonne("Dernière lecture entière", AUCUNE)
    reprendre_le: Mapped[datetime] = colonne(
        "Instant de la prochaine, ou fin du bail de celle qui court", AUCUNE
    )
    essais: Mapped[int] = colonne("Essais manqués depuis la dernière", AUCUNE, unite="essais")
    code: Mapped[str | None] = colonne("Pourquoi le dernier a manqué", AUCUNE)
    illisibles: Mapped[int] = colonne(
        "Conventions de la dernière lecture que rien ne lit", AUCUNE, unite="conventions"
    )
