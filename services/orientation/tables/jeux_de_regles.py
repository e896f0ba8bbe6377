"""Rules as dated data, and their simulations."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.orientation.jeux_de_regles import StatutSimulation
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class JeuDeRegles(Versionnee, Base):
    """A set of rules. Once put in force it never changes: a trigger refuses."""

    __tablename__ = "jeu_de_regles"
    __table_args__ = (
        Index(None, "collectivite", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Un jeu de règles d'orientation de la collectivité ; immuable une fois en vigueur",
            source="département : POST /v1/jeux-de-regles",
        ),
    )

    code: Mapped[str] = colonne("Code du jeu dans la collectivité, ex. 35-2027-01")
    libelle: Mapped[str] = colonne("Ce que le jeu est, en une ligne")
    contenu: Mapped[dict[str, Any]] = colonne(
        "Les règles : parcours des 24 cas, niveaux, obstacles, projection, organismes, règles"
        " locales (ContenuJeuDeRegles)"
    )
    empreinte: Mapped[bytes] = colonne("SHA-256 du contenu", source="service")


class MiseEnVigueur(Ecrite, Cle, Base):
    """The act that puts a set of rules in force, from a day on. Never changed.

    On a day, the set in force is that of the latest act that has begun, unless its own end passed:
    so two of them never overlap, and one ends on the eve of the next.
    """

    __tablename__ = "mise_en_vigueur"
    __table_args__ = (
        Index(None, "collectivite", "jeu_de_regles_id", unique=True),
        Index(None, "collectivite", "date_debut", unique=True),
        CheckConstraint("date_fin >= date_debut", name="periode"),
        ForeignKeyConstraint(
            ["collectivite", "jeu_de_regles_id"],
            ["jeu_de_regles.collectivite", "jeu_de_regles.id"],
        ),
        fiche(
            "L'acte qui met un jeu de règles en vigueur, sur un arrêté conjoint ; immuable",
            source="POST /v1/jeux-de-regles/{id}/mises-en-vigueur",
        ),
    )

    jeu_de_regles_id: Mapped[UUID] = colonne("Jeu mis en vigueur")
    reference_arrete: Mapped[str] = colonne(
        "Arrêté conjoint du préfet et du président du conseil départemental (L5411-5-1 III al. 2)"
    )
    date_debut: Mapped[date] = colonne("Premier jour où il vaut")
    date_fin: Mapped[date | None] = colonne(
        "Dernier jour ; vide : jusqu'à la veille du jeu suivant"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", source="jeton")


class Simulation(Versionnee, Base):
    """The replay of a period's intake under a set of rules: it writes nothing but this."""

    __tablename__ = "simulation"
    __table_args__ = (
        Index(None, "collectivite", "jeu_de_regles_id"),
        CheckConstraint("statut IN ('en_attente', 'en_cours', 'terminee')", name="statut"),
        ForeignKeyConstraint(
            ["collectivite", "jeu_de_regles_id"],
            ["jeu_de_regles.collectivite", "jeu_de_regles.id"],
        ),
        fiche(
            "Le rejeu des orientations reçues dans une période sous un jeu de règles",
            source="POST /v1/jeux-de-regles/{id}/simulations",
        ),
    )

    jeu_de_regles_id: Mapped[UUID] = colonne("Jeu simulé")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutSimulation)
    date_debut: Mapped[date] = colonne("Premier jour des réceptions rejouées")
    date_fin: Mapped[date] = colonne("Dernier jour des réceptions rejouées")
    contenu: Mapped[dict[str, Any]] = colonne(
        "Les règles telles qu'à la demande (ContenuJeuDeRegles)", source="service"
    )
    empreinte: Mapped[bytes] = colonne("SHA-256 de ce contenu", source="service")
    resultat: Mapped[dict[str, Any] | None] = colonne(
        "Nombres, masqués sous le seuil (ResultatSimulation)", source="service"
    )
    termine_le: Mapped[datetime | None] = colonne("Fin du rejeu", source="service")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a demandée", source="jeton")


class Deplacement(Ecrite, Cle, Base):
    """An orientation that a simulation would have proposed otherwise. Never changed."""

    __tablename__ = "deplacement"
    __table_args__ = (
        Index(None, "collectivite", "simulation_id", "orientation_id", unique=True),
        Index(None, "collectivite", "simulation_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "simulation_id"], ["simulation.collectivite", "simulation.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Une orientation qu'une simulation aurait proposée autrement ; immuable",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    simulation_id: Mapped[UUID] = colonne("Simulation", AUCUNE)
    orientation_id: Mapped[UUID] = colonne("Orientation dont la proposition aurait été autre")
