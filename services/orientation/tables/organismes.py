"""Who may be référent, and the places they give."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.orientation.organismes import RoleAgent
from shared.schemas.orientation.vocabulaire import StatutPlace, TypeOrganisme
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class OrganismeReferent(Versionnee, Base):
    """An organisme that may be référent, where, since when, and which clients speak for it."""

    __tablename__ = "organisme_referent"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        fiche(
            "Un organisme qui peut être référent, où, quand, et qui parle pour lui",
            source="département : POST /v1/organismes-referents",
        ),
    )

    reference: Mapped[str] = colonne("Code de l'organisme dans la collectivité, ex. cd-35")
    type: Mapped[str] = colonne("Type d'organisme (L5411-5-1 IV)", codes=TypeOrganisme)
    nom: Mapped[str] = colonne("Nom de l'organisme, une personne morale")
    communes: Mapped[list[Any]] = colonne(
        "Codes Insee des communes servies ; liste vide : toute la collectivité"
    )
    date_debut: Mapped[date | None] = colonne("Premier jour où il peut être désigné")
    date_fin: Mapped[date | None] = colonne("Dernier jour où il peut être désigné")
    convention_debut: Mapped[date | None] = colonne("Début de la convention d'un délégataire")
    convention_fin: Mapped[date | None] = colonne("Fin de la convention d'un délégataire")
    delegation_debut: Mapped[date | None] = colonne(
        "Début de la délégation de la décision à France Travail (L5411-5-1 II 2°)"
    )
    delegation_fin: Mapped[date | None] = colonne("Fin de cette délégation")
    clients: Mapped[list[Any]] = colonne("Clients OAuth qui parlent pour cet organisme")
    places: Mapped[int | None] = colonne(
        "Personnes qu'il peut accompagner à la fois ; vide : aucune borne dite", unite="personnes"
    )
    source: Mapped[str | None] = colonne("D'où vient ce qui est dit de l'organisme")
    illustratif: Mapped[bool] = colonne("Vrai : inventé pour démonstration")


class Place(Versionnee, Base):
    """The place that a decision gave at its organisme référent, or its turn in the queue.

    Written under the lock of the organisme's row whenever that one has a bound.
    """

    __tablename__ = "place"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(None, "collectivite", "organisme_id", "cree_le", "id"),
        Index(None, "collectivite", "organisme_id", "statut", "cree_le", "id"),
        Index(
            "uq_place_file",
            "collectivite",
            "organisme_id",
            "numero",
            unique=True,
            postgresql_where=text("statut = 'en_file'"),
        ),
        Index(
            "ix_place_unite",
            "collectivite",
            "unite_id",
            "statut",
            "cree_le",
            "id",
            postgresql_where=text("unite_id IS NOT NULL"),
        ),
        Index(
            "ix_place_portefeuille",
            "collectivite",
            "portefeuille_id",
            "statut",
            "cree_le",
            "id",
            postgresql_where=text("portefeuille_id IS NOT NULL"),
        ),
        CheckConstraint("statut IN ('placee', 'en_file', 'liberee')", name="statut"),
        ForeignKeyConstraint(["collectivite", "unite_id"], ["unite.collectivite", "unite.id"]),
        ForeignKeyConstraint(
            ["collectivite", "portefeuille_id"], ["portefeuille.collectivite", "portefeuille.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "organisme_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "La place qu'une décision a donnée chez l'organisme référent, ou le rang dans sa file",
            source="service, dans la transaction de la décision",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée")
    organisme_id: Mapped[UUID] = colonne("Organisme référent décidé")
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutPlace)
    numero: Mapped[int | None] = colonne(
        "Ordre dans la file de l'organisme, croissant, avec des trous ; vide : placée aussitôt",
        unite="rang",
    )
    rang: Mapped[int | None] = colonne(
        "Rang dans la file à l'instant de la décision ; vide : placée aussitôt", unite="rang"
    )
    date_limite_file: Mapped[date | None] = colonne(
        "Dernier jour d'attente, un objectif de Jalons ou de la collectivité ; vide : sans attente"
    )
    organisme_alternatif_id: Mapped[UUID | None] = colonne(
        "Organisme de la même règle qui avait de la place à la décision"
    )
    unite_id: Mapped[UUID | None] = colonne(
        "Unité qui suit la personne : celle de sa commune à la décision, puis la dernière affectée"
    )
    portefeuille_id: Mapped[UUID | None] = colonne(
        "Portefeuille où elle est ; vide : aucun référent dit", source="affectations"
    )
    placee_le: Mapped[datetime | None] = colonne("Place obtenue ; vide : pas encore, ou jamais")
    liberee_le: Mapped[datetime | None] = colonne("Place ou tour rendus")


class ComptePlace(Cloisonnee, Base):
    """What a change of a place adds to a count; the count is the sum (places/comptes.py)."""

    __tablename__ = "compte_place"
    __table_args__ = (
        fiche(
            "Ce qu'une place ajoute au compte de son organisme, de son unité ou de son"
            " portefeuille, ou la somme de ces ajouts",
            source="base, dans la transaction de la place",
        ),
    )

    objet_id: Mapped[UUID] = colonne("Organisme, unité ou portefeuille compté", primary_key=True)
    seq: Mapped[int] = colonne(
        "Ordre d'écriture", AUCUNE, Identity(always=True), unite="rang", primary_key=True
    )
    placees: Mapped[int] = colonne("Places données, moins places rendues", unite="personnes")
    en_file: Mapped[int] = colonne("Entrées dans la file, moins sorties", unite="personnes")


class Unite(Versionnee, Base):
    """A unit of an organisme référent, and where it serves."""

    __tablename__ = "unite"
    __table_args__ = (
        Index(None, "collectivite", "organisme_referent_id", "reference", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "Une unité d'un organisme référent (agence, maison départementale, unité emploi)",
            source="département : POST /v1/organismes-referents/{id}/unites",
        ),
    )

    organisme_referent_id: Mapped[UUID] = colonne("Organisme dont elle est l'unité")
    reference: Mapped[str] = colonne("Code de l'unité, unique dans l'organisme")
    nom: Mapped[str] = colonne("Nom de l'unité, public")
    territoire: Mapped[str | None] = colonne(
        "Code du territoire qu'elle sert ; sans ses communes, elle n'est donnée à personne"
    )
    communes: Mapped[list[Any]] = colonne(
        "Codes Insee des communes servies ; vide et sans territoire : celles de l'organisme"
    )
    places: Mapped[int | None] = colonne(
        "Personnes qu'elle peut suivre : un indicateur, qui ne ferme rien", unite="personnes"
    )
    date_debut: Mapped[date | None] = colonne("Premier jour de service")
    date_fin: Mapped[date | None] = colonne("Dernier jour de service")
    source: Mapped[str | None] = colonne("D'où vient ce qui est dit de l'unité")
    illustratif: Mapped[bool] = colonne("Vrai : inventée pour démonstration")


class Portefeuille(Versionnee, Base):
    """The people whom one agent follows: an opaque code of the agent, a role, a size."""

    __tablename__ = "portefeuille"
    __table_args__ = (
        Index(None, "collectivite", "organisme_referent_id", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        ForeignKeyConstraint(["collectivite", "unite_id"], ["unite.collectivite", "unite.id"]),
        fiche(
            "Le portefeuille d'un agent : un code opaque, un rôle, une taille ; jamais son nom",
            source="organisme référent : POST /v1/portefeuilles",
        ),
    )

    organisme_referent_id: Mapped[UUID] = colonne("Organisme de l'agent")
    unite_id: Mapped[UUID | None] = colonne("Unité de l'agent ; vide : tout l'organisme")
    reference: Mapped[str] = colonne(
        "Code opaque de l'agent chez le partenaire, unique dans l'organisme", INDIRECTE
    )
    role: Mapped[str] = colonne("Ce que l'agent est aux personnes suivies", codes=RoleAgent)
    taille: Mapped[int | None] = colonne(
        "Personnes prévues : un indicateur, qui ne ferme rien", unite="personnes"
    )
    date_debut: Mapped[date | None] = colonne("Premier jour du portefeuille")
    date_fin: Mapped[date | None] = colonne("Dernier jour du portefeuille")


class Affectation(Ecrite, Cle, Base):
    """A person moved to a unit or a portfolio, and from where. Never changed."""

    __tablename__ = "affectation"
    __table_args__ = (
        Index(None, "collectivite", "place_id", "cree_le", "id"),
        ForeignKeyConstraint(["collectivite", "place_id"], ["place.collectivite", "place.id"]),
        ForeignKeyConstraint(["collectivite", "unite_id"], ["unite.collectivite", "unite.id"]),
        ForeignKeyConstraint(
            ["collectivite", "portefeuille_id"], ["portefeuille.collectivite", "portefeuille.id"]
        ),
        fiche(
            "Une personne confiée à une unité ou à un référent, et par qui elle l'était ; immuable",
            source="POST /v1/places/{id}/affectations",
            donnee=INDIRECTE,
        ),
    )

    place_id: Mapped[UUID] = colonne("Place de la personne chez l'organisme référent")
    unite_id: Mapped[UUID | None] = colonne("Unité qui la suit désormais")
    portefeuille_id: Mapped[UUID | None] = colonne("Portefeuille où elle est désormais")
    unite_precedente_id: Mapped[UUID | None] = colonne("Unité d'avant", source="service")
    portefeuille_precedent_id: Mapped[UUID | None] = colonne(
        "Portefeuille d'avant", source="service"
    )
    date_affectation: Mapped[date] = colonne("Jour de l'affectation")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")
