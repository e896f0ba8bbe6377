"""A parcours, its periods, and who accompanies it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.accompagnement import (
    CotePassation,
    MotifFinReferent,
    MotifPassation,
    RoleIntervenant,
    SensPassation,
    StatutParcours,
    StatutPassation,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Parcours(Versionnee, Base):
    """The accompaniment of one person; its last period is copied here, where lists read it."""

    __tablename__ = "parcours"
    __table_args__ = (
        # At most one open.
        Index(
            "uq_parcours_ouvert",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut = 'ouvert'"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "personne_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            "(statut = 'ouvert' AND date_cloture IS NULL AND motif_cloture IS NULL)"
            " OR (statut = 'clos' AND date_cloture IS NOT NULL AND motif_cloture IS NOT NULL)",
            name="statut",
        ),
        fiche(
            "L'accompagnement d'une personne ; sa dernière période y est recopiée",
            source="orientation : décision suivie par le fil",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne, opaque : son identité est dans orientation")
    statut: Mapped[str] = colonne("Ouvert ou clos", source="service", codes=StatutParcours)
    date_ouverture: Mapped[date] = colonne("Jour d'effet de la première orientation")
    date_cloture: Mapped[date | None] = colonne(
        "Jour de sortie", source="POST /v1/parcours/{id}/clotures"
    )
    cloture_le: Mapped[datetime | None] = colonne(
        "Instant où sa clôture a été sue", AUCUNE, source="horloge de la base"
    )
    motif_cloture: Mapped[str | None] = colonne(
        "Pourquoi il est clos", source="POST /v1/parcours/{id}/clotures", codes="motifs-sortie"
    )
    commentaire_cloture: Mapped[bytes | None] = colonne(
        "Texte libre de la sortie, scellé (AES-256-GCM)",
        CHIFFREE,
        source="POST /v1/parcours/{id}/clotures",
    )
    orientation_id: Mapped[UUID] = colonne("Orientation de la dernière période")
    type_parcours: Mapped[str] = colonne("Type de la dernière période", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent de la dernière période")
    parcours_precedent_id: Mapped[UUID | None] = colonne(
        "Parcours clos de la personne, quand elle revient trop tard pour le rouvrir",
        source="service",
    )
    nombre_reouvertures: Mapped[int] = colonne(
        "Retours après une sortie",
        source="service",
        unite="retours",
        server_default=text("0"),
    )
    date_sortie_droits_devoirs: Mapped[date | None] = colonne(
        "Jour du flux qui l'en dit sortie : le contrat n'est plus dû ; vide : soumise, ou non dit",
        source="orientation : mouvement suivi par le fil",
    )


class Periode(Ecrite, Cle, Base):
    """What one orientation opened, up to the day when the next one takes its place."""

    __tablename__ = "periode"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(
            "uq_periode_courante",
            "collectivite",
            "parcours_id",
            unique=True,
            postgresql_where=text("date_fin IS NULL"),
        ),
        Index(None, "collectivite", "parcours_id", "date_debut"),
        # What the open ones owe, the last first; by date_limite, which is computed, all are read.
        Index(
            "ix_periode_due_cree_le",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("date_fin IS NULL"),
        ),
        CheckConstraint("date_fin >= date_debut", name="dates"),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        fiche(
            "Ce qu'une orientation a ouvert, jusqu'au jour où la suivante prend sa place",
            source="orientation : décision suivie par le fil",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    orientation_id: Mapped[UUID] = colonne("Orientation qui l'a ouverte")
    type_parcours: Mapped[str] = colonne("Type de parcours décidé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent décidé")
    date_debut: Mapped[date] = colonne("Premier jour : celui de l'effet de la décision")
    date_fin: Mapped[date | None] = colonne(
        "Jour où elle cesse et où la suivante commence ; vide : en cours", source="service"
    )
    date_notification: Mapped[date | None] = colonne(
        "Date certaine de la décision", source="orientation : notification suivie par le fil"
    )
    date_depart_contrat: Mapped[date | None] = colonne(
        "Jour d'où court le mois du contrat : la notification, ou la reprise après une"
        " interruption ; vide : aucun délai ne court",
        source="service",
    )


_ENTRE_DATES = "date_fin IS NULL OR date_fin >= date_debut"


def du_parcours(table: str = "parcours", colonne: str = "parcours_id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["collectivite", colonne], [f"{table}.collectivite", f"{table}.id"])


class Referent(Versionnee, Base):
    """Who answers for a parcours, from one day to another; the structure does in between."""

    __tablename__ = "referent"
    __table_args__ = (
        # At most one at a time: he who is to come begins on the day when the other ends.
        Index(
            "uq_referent_courant",
            "collectivite",
            "parcours_id",
            unique=True,
            postgresql_where=text("date_fin IS NULL"),
        ),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint(_ENTRE_DATES, name="dates"),
        CheckConstraint("(date_fin IS NULL) = (motif_fin IS NULL)", name="fin"),
        du_parcours(),
        fiche(
            "Qui répond d'un parcours pour l'organisme référent, d'un jour à un autre",
            source="POST /v1/parcours/{id}/referents et /v1/passations/{id}/reponses",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent, celui du parcours")
    agent: Mapped[str] = colonne("Code opaque de l'agent chez le partenaire")
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date | None] = colonne("Jour où il cesse ; vide : en cours")
    motif_fin: Mapped[str | None] = colonne("Pourquoi il cesse", codes=MotifFinReferent)
    fin_le: Mapped[datetime | None] = colonne(
        "Instant où sa fin a été sue", AUCUNE, source="horloge de la base"
    )
    passation_id: Mapped[UUID | None] = colonne("Passation qui l'a amené", source="service")


class Passation(Versionnee, Base):
    """A change of référent that both sides have to accept."""

    __tablename__ = "passation"
    __table_args__ = (
        Index(
            "uq_passation_proposee",
            "collectivite",
            "referent_id",
            unique=True,
            postgresql_where=text("statut = 'proposee'"),
        ),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint("(statut = 'acceptee') = (referent_suivant_id IS NOT NULL)", name="statut"),
        du_parcours(),
        du_parcours("referent", "referent_id"),
        fiche(
            "Un changement de référent dans l'organisme, que les deux côtés acceptent",
            source="POST /v1/parcours/{id}/passations",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    referent_id: Mapped[UUID] = colonne("Référent qui passe la main", source="service")
    agent: Mapped[str] = colonne("Repreneur, par son code opaque chez le partenaire")
    motif: Mapped[str] = colonne("Pourquoi", codes=MotifPassation)
    date_proposition: Mapped[date] = colonne("Jour où elle est proposée", source="service")
    date_passation: Mapped[date] = colonne("Jour voulu")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutPassation)
    referent_suivant_id: Mapped[UUID | None] = colonne("Référent qu'elle amène", source="service")


class ReponsePassation(Ecrite, Cle, Base):
    """What one side answered, once. Never changed."""

    __tablename__ = "reponse_passation"
    __table_args__ = (
        Index(None, "collectivite", "passation_id", "cote", unique=True),
        du_parcours("passation", "passation_id"),
        fiche(
            "Ce qu'un côté répond à une passation, une fois ; immuable",
            source="POST /v1/passations/{id}/reponses",
            donnee=INDIRECTE,
        ),
    )

    passation_id: Mapped[UUID] = colonne("Passation")
    cote: Mapped[str] = colonne("Qui répond", codes=CotePassation)
    sens: Mapped[str] = colonne("Accord ou refus", codes=SensPassation)
    agent: Mapped[str] = colonne("Agent qui répond, par son code opaque chez le partenaire")
    date_reponse: Mapped[date] = colonne("Jour de la réponse", source="service")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Intervenant(Versionnee, Base):
    """Who works with the person beside the référent."""

    __tablename__ = "intervenant"
    __table_args__ = (
        Index(
            "uq_intervenant_courant",
            "collectivite",
            "parcours_id",
            "role",
            "agent",
            unique=True,
            postgresql_where=text("date_fin IS NULL"),
        ),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint(_ENTRE_DATES, name="dates"),
        du_parcours(),
        fiche(
            "Qui intervient auprès de la personne à côté du référent, d'un jour à un autre",
            source="POST /v1/parcours/{id}/intervenants",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    # A nurse tells that there is something to nurse: shown under the scope of health only.
    role: Mapped[str] = colonne(
        "Ce qu'il fait ; infirmier se lit sous la portée de santé",
        Donnee.SANTE,
        codes=RoleIntervenant,
    )
    agent: Mapped[str] = colonne("Code opaque de l'agent chez le partenaire")
    organisme_id: Mapped[UUID] = colonne("Son organisme ; à défaut, l'organisme référent du jour")
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date | None] = colonne("Jour où il cesse ; vide : en cours")
    fin_le: Mapped[datetime | None] = colonne(
        "Instant où sa fin a été sue", AUCUNE, source="horloge de la base"
    )
