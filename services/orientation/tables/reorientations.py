"""Another organisme asked for, and the review of the parcours social."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.orientation.reorientations import (
    DemandeurReorientation,
    IssueReexamen,
    MomentReorientation,
    SensActe,
    StatutReorientation,
    TypeActeReorientation,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.socle.dictionnaire import AUCUNE, IDENTIFIANTE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Reorientation(Versionnee, Base):
    """A request that an orientation in force be replaced: asked, answered, decided."""

    __tablename__ = "reorientation"
    __table_args__ = (
        # At most one waits.
        Index(
            "uq_reorientation_en_attente",
            "collectivite",
            "orientation_id",
            unique=True,
            postgresql_where=text("statut = 'en_attente'"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "orientation_id", "cree_le", "id"),
        Index(None, "collectivite", "organisme_demandeur_id", "cree_le", "id"),
        Index(None, "collectivite", "organisme_propose_id", "cree_le", "id"),
        CheckConstraint(
            "statut IN ('en_attente', 'acceptee', 'refusee', 'annulee')", name="statut"
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_suivante_id"],
            ["orientation.collectivite", "orientation.id"],
        ),
        ForeignKeyConstraint(
            ["collectivite", "organisme_demandeur_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        ForeignKeyConstraint(
            ["collectivite", "organisme_propose_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "Une demande de réorientation, et où elle en est (L5411-5-2 II)",
            source="POST /v1/orientations/{id}/reorientations",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation en vigueur à la demande")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutReorientation)
    demandeur: Mapped[str] = colonne("De qui vient la demande", codes=DemandeurReorientation)
    organisme_demandeur_id: Mapped[UUID] = colonne(
        "Organisme référent en charge, qui la porte", source="orientation"
    )
    moment: Mapped[str] = colonne(
        "Après le diagnostic ou en cours : l'effet sur le contrat en dépend",
        codes=MomentReorientation,
    )
    motif: Mapped[str] = colonne("Pourquoi", codes="motifs-reorientation")
    commentaire: Mapped[str | None] = colonne("Texte libre de l'organisme, en clair", IDENTIFIANTE)
    diagnostic_id: Mapped[UUID | None] = colonne("Diagnostic du service parcours, opaque ici")
    type_parcours_propose: Mapped[str] = colonne("Type de parcours demandé", codes=TypeParcours)
    organisme_propose_id: Mapped[UUID] = colonne("Organisme référent demandé")
    date_demande: Mapped[date] = colonne("Jour de la demande")
    date_limite_reponse: Mapped[date] = colonne(
        "Dernier jour pour que l'organisme demandé réponde, un objectif de Jalons ou local",
        source="service",
    )
    date_limite_avis: Mapped[date | None] = colonne(
        "Dernier jour de l'équipe pluridisciplinaire ; vide : elle n'est pas consultée",
        source="service",
    )
    orientation_suivante_id: Mapped[UUID | None] = colonne(
        "Orientation décidée ; vide : non acceptée", source="service"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class ActeReorientation(Ecrite, Cle, Base):
    """What was done of a request, each kind once. Never changed."""

    __tablename__ = "acte_reorientation"
    __table_args__ = (
        Index(None, "collectivite", "reorientation_id", "type", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "reorientation_id"], ["reorientation.collectivite", "reorientation.id"]
        ),
        fiche(
            "Une réponse, un avis, une décision ou un retrait sur une demande ; immuable",
            source="POST /v1/reorientations/{id}/…",
            donnee=INDIRECTE,
        ),
    )

    reorientation_id: Mapped[UUID] = colonne("Demande")
    type: Mapped[str] = colonne("Ce qui est fait", source="service", codes=TypeActeReorientation)
    sens: Mapped[str] = colonne("Ce qui est dit", codes=SensActe)
    motif: Mapped[str | None] = colonne("Pourquoi, texte libre de l'auteur, en clair", IDENTIFIANTE)
    date_acte: Mapped[date] = colonne("Jour de l'acte")
    organisme_id: Mapped[UUID | None] = colonne(
        "Organisme pour qui il est fait ; vide : l'équipe pluridisciplinaire, ou le service",
        AUCUNE,
        source="client du jeton",
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Reexamen(Ecrite, Cle, Base):
    """A joint review of a parcours social: the next one counts from its day. Never changed."""

    __tablename__ = "reexamen"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Le réexamen d'un parcours social, conjoint avec France Travail (L262-31) ; immuable",
            source="POST /v1/orientations/{id}/reexamens",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation réexaminée")
    issue: Mapped[str] = colonne("Ce qui en sort", codes=IssueReexamen)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent alors", source="orientation")
    france_travail_id: Mapped[UUID] = colonne("Organisme France Travail qui y a pris part")
    difficultes_durables: Mapped[bool] = colonne(
        "Vrai : des difficultés du D262-65-2-1 demandent plus de six mois, sans dire lesquelles"
    )
    date_reexamen: Mapped[date] = colonne("Jour du réexamen")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
