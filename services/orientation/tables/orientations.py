"""An orientation, its criteria, proposals, decision, and what follows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.echeances.rules import Palier
from services.orientation.tables.base import Base
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.schemas.orientation.vocabulaire import (
    EtatDecision,
    ModeNotification,
    MotifRefus,
    OrganismeDemande,
    SourceCriteres,
    StatutOrientation,
    TypeParcours,
)
from shared.socle.dictionnaire import AUCUNE, IDENTIFIANTE, INDIRECTE, SANTE, colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class Orientation(Versionnee, Base):
    """An orientation to make, proposed, or decided."""

    __tablename__ = "orientation"
    __table_args__ = (
        # At most one open, and at most one to decide.
        Index(
            "uq_orientation_ouverte",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut = 'ouverte'"),
        ),
        Index(
            "uq_orientation_a_decider",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut IN ('brouillon', 'en_attente')"),
        ),
        Index(None, "collectivite", "personne_id"),
        # Each order of a list, alone and after each of its filters.
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "date_limite", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "statut", "date_limite", "id"),
        Index(None, "collectivite", "commune", "cree_le", "id"),
        Index(None, "collectivite", "commune", "date_limite", "id"),
        *(
            Index(
                f"ix_orientation_{nom}",
                "collectivite",
                *colonnes,
                "id",
                postgresql_where=text("hors_delai IS NOT NULL"),
            )
            for nom, *colonnes in (
                ("tenue_cree_le", "hors_delai", "cree_le"),
                ("tenue_date_limite", "hors_delai", "date_limite"),
                ("tenue_commune_cree_le", "commune", "hors_delai", "cree_le"),
                ("tenue_commune_date_limite", "commune", "hors_delai", "date_limite"),
            )
        ),
        Index(
            "ix_orientation_a_decider",
            "collectivite",
            "commune",
            "date_limite",
            "id",
            postgresql_where=text("statut IN ('brouillon', 'en_attente')"),
        ),
        Index(None, "collectivite", "recu_le"),
        Index(
            "ix_orientation_sociale",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("statut = 'ouverte' AND type_parcours = 'social'"),
        ),
        CheckConstraint(
            "statut IN ('brouillon', 'en_attente', 'ouverte', 'cloturee')", name="statut"
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "L'orientation d'une personne : à faire, proposée, décidée, close",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne à orienter")
    origine: Mapped[str] = colonne("Ce qui l'a ouverte", codes=OrigineOrientation)
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutOrientation)
    demande: Mapped[str | None] = colonne(
        "Sans RSA : l'organisme à qui la personne s'est adressée",
        source="POST /v1/orientations",
        codes=OrganismeDemande,
    )
    recu_le: Mapped[datetime] = colonne(
        "Réception de l'information par les services : le délai court de là",
        source="import, ou POST /v1/orientations",
    )
    date_limite: Mapped[date] = colonne(
        "Dernier jour des six semaines (CASF D262-65-2)", source="service : référentiel delais"
    )
    criteres: Mapped[list[Any]] = colonne(
        "Critères en vigueur, {champ, valeur}, santé et handicap compris",
        SANTE,
        source="recueils, réunis par les règles",
        codes="criteres-orientation-api-france-travail",
    )
    proposition_id: Mapped[UUID | None] = colonne("Dernière proposition")
    decision_id: Mapped[UUID | None] = colonne("Décision qui l'a ouverte")
    type_parcours: Mapped[str | None] = colonne(
        "Type de parcours décidé", source="décision", codes=TypeParcours
    )
    organisme_referent_id: Mapped[UUID | None] = colonne(
        "Organisme référent décidé", source="décision"
    )
    date_effet: Mapped[date | None] = colonne("Jour où elle prend effet", source="décision")
    date_notification: Mapped[date | None] = colonne(
        "Date certaine : première réception de la décision (R5411-8-1)",
        source="POST /v1/orientations/{id}/notifications",
    )
    annulation_id: Mapped[UUID | None] = colonne("Acte qui a annulé la décision")
    commune: Mapped[str | None] = colonne(
        "Commune de la personne, tenue à jour par la base : ce par quoi une liste se coupe",
        IDENTIFIANTE,
        source="personne",
    )
    hors_delai: Mapped[bool | None] = colonne(
        "Vrai : décidée après le dernier jour ; vide : pas décidée. Comparé par la base, une fois",
        source="décision, date limite",
    )
    difficultes_durables: Mapped[bool] = colonne(
        "Vrai : des difficultés du D262-65-2-1 reportent le réexamen à douze mois, sans dire"
        " lesquelles",
        source="critères à la décision, puis dernier réexamen",
        server_default=text("false"),
    )
    date_reexamen: Mapped[date | None] = colonne(
        "Dernier réexamen du parcours social ; vide : aucun",
        source="POST /v1/orientations/{id}/reexamens",
    )


class RecueilCriteres(Ecrite, Cle, Base):
    """One statement of criteria: who said what, when. Never changed."""

    __tablename__ = "recueil_criteres"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Un énoncé de critères : qui a dit quoi, quand ; immuable",
            source="POST /v1/orientations/{id}/criteres",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation éclairée", source="appelant")
    criteres: Mapped[list[Any]] = colonne(
        "Critères énoncés, {champ, valeur}, santé et handicap compris",
        SANTE,
        codes="criteres-orientation-api-france-travail",
    )
    source: Mapped[str] = colonne("Qui les a énoncés", codes=SourceCriteres)
    date_recueil: Mapped[date] = colonne("Jour du recueil")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Proposition(Ecrite, Cle, Base):
    """What the rules proposed, on which inputs, under which table. Never changed."""

    __tablename__ = "proposition"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "jeu_de_regles_id"],
            ["jeu_de_regles.collectivite", "jeu_de_regles.id"],
        ),
        fiche(
            "Ce que les règles ont proposé, sur quelles entrées, sous quelles tables ; immuable",
            source="règles",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation", source="service")
    jeu_de_regles_id: Mapped[UUID | None] = colonne(
        "Jeu de règles de la collectivité appliqué ; vide : le jeu national"
    )
    version_regles: Mapped[str] = colonne("Versions des tables appliquées")
    regle: Mapped[str] = colonne("Règle retenue, P0 à P7")
    type_parcours: Mapped[str | None] = colonne("Type de parcours proposé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID | None] = colonne("Organisme référent proposé")
    entrees: Mapped[dict[str, Any]] = colonne(
        "Tout ce qui permet de la rejouer : critères, situation, organismes, jour", SANTE
    )
    explication: Mapped[dict[str, Any]] = colonne(
        "Pourquoi : texte, règles, critères évalués, organismes écartés (Explication)", SANTE
    )


class Decision(Ecrite, Cle, Base):
    """A decision of orientation, by the competent authority. Never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "La décision d'orientation de l'autorité compétente ; immuable",
            source="POST /v1/orientations/{id}/decisions",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée", source="appelant")
    proposition_id: Mapped[UUID | None] = colonne(
        "Proposition que l'autorité avait ; vide : décidée sur une demande de réorientation",
        source="service",
    )
    etat_decision: Mapped[str] = colonne("Proposition acceptée ou refusée", codes=EtatDecision)
    motif_refus: Mapped[str | None] = colonne(
        "Pourquoi la proposition est refusée", codes=MotifRefus
    )
    commentaire: Mapped[str | None] = colonne("Texte libre de l'autorité, en clair", IDENTIFIANTE)
    type_parcours: Mapped[str] = colonne("Type de parcours décidé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent décidé")
    date_decision: Mapped[date] = colonne("Jour de la décision")
    date_effet: Mapped[date] = colonne("Jour où elle prend effet")
    regle_competence: Mapped[str] = colonne("Ce qui rend compétent, C1 à C6", source="règles")
    organisme_decideur_id: Mapped[UUID] = colonne(
        "Organisme qui a décidé", AUCUNE, source="client du jeton"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Annulation(Ecrite, Cle, Base):
    """The act by which the authority annuls its own decision. Never changed."""

    __tablename__ = "annulation"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "L'acte qui annule une décision d'orientation, laquelle reste écrite ; immuable",
            source="POST /v1/orientations/{id}/annulations",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation dont la décision est annulée")
    decision_id: Mapped[UUID] = colonne("Décision annulée", source="service")
    motif: Mapped[str] = colonne("Pourquoi, texte libre de l'autorité, en clair", IDENTIFIANTE)
    date_annulation: Mapped[date] = colonne("Jour de l'acte", source="service")
    organisme_decideur_id: Mapped[UUID] = colonne(
        "Organisme qui avait décidé, et qui annule", AUCUNE, source="client du jeton"
    )
    orientation_suivante_id: Mapped[UUID | None] = colonne(
        "Orientation que l'acte rend à faire ; vide : la personne en avait déjà une",
        source="service",
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Notification(Ecrite, Cle, Base):
    """A decision sent to the person, and when it was received. Never changed."""

    __tablename__ = "notification"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Un envoi de la décision à la personne et sa réception, s'il a réussi ; immuable",
            source="POST /v1/orientations/{id}/notifications",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée")
    decision_id: Mapped[UUID] = colonne("Décision notifiée", source="service")
    mode: Mapped[str] = colonne("Moyen, qui donne date certaine", codes=ModeNotification)
    date_envoi: Mapped[date] = colonne("Jour de l'envoi ou de la remise")
    date_reception: Mapped[date | None] = colonne(
        "Jour certain de la réception (R5411-8-1) ; vide : non reçue, ou pas encore"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Alerte(Ecrite, Cloisonnee, Base):
    """A deadline's announcement, made once: its row and its fact commit together."""

    __tablename__ = "alerte"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Une échéance annoncée dans le fil des changements, une fois par palier",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation concernée", primary_key=True)
    code: Mapped[str] = colonne("Délai, ex. orientation_pcd", primary_key=True)
    palier: Mapped[str] = colonne("Ce qui est annoncé", codes=Palier, primary_key=True)
