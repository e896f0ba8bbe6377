"""Tables of orientation: who is to be oriented, by whom, on what grounds, and what was decided."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.socle.tables import CONVENTION, TYPES, Cle, Versionnee


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class OrganismeReferent(Versionnee, Base):
    """An organisme that may be référent, where, since when, and which clients speak for it."""

    __tablename__ = "organisme_referent"
    __table_args__ = (Index(None, "collectivite", "reference", unique=True),)

    reference: Mapped[str]
    type: Mapped[str]
    nom: Mapped[str]
    communes: Mapped[list[Any]]  # Insee codes; none: the whole collectivité
    date_debut: Mapped[date | None]
    date_fin: Mapped[date | None]
    convention_debut: Mapped[date | None]  # of a délégataire
    convention_fin: Mapped[date | None]
    delegation_debut: Mapped[date | None]  # of the power to decide, PCD to France Travail
    delegation_fin: Mapped[date | None]
    clients: Mapped[list[Any]]
    source: Mapped[str | None]
    illustratif: Mapped[bool]


class Dossier(Versionnee, Base):
    """A RSA household, as the last flux told it."""

    __tablename__ = "dossier"
    __table_args__ = (Index(None, "collectivite", "cle", unique=True),)

    cle: Mapped[str]
    organisme_payeur: Mapped[str]
    matricule: Mapped[str]
    etat: Mapped[str]
    commune: Mapped[str | None]
    personnes_a_charge: Mapped[int]
    empreinte: Mapped[bytes]
    date_reference: Mapped[date]


class Personne(Versionnee, Base):
    """A person. The NIR is sealed and found by its keyed digest; it never leaves."""

    __tablename__ = "personne"
    __table_args__ = (
        Index(None, "collectivite", "nir_empreinte", unique=True),
        Index(None, "collectivite", "identite_empreinte"),
        Index(None, "collectivite", "dossier_id", "role"),
        Index(
            "uq_personne_reference_externe",
            "collectivite",
            "client_id",
            "reference_externe",
            unique=True,
        ),
        ForeignKeyConstraint(
            ["collectivite", "dossier_id"], ["dossier.collectivite", "dossier.id"]
        ),
    )

    reference_externe: Mapped[str | None]
    client_id: Mapped[str]
    dossier_id: Mapped[UUID | None]
    role: Mapped[str | None]
    nom: Mapped[str]
    nom_naissance: Mapped[str | None]
    prenoms: Mapped[str]
    date_naissance: Mapped[date]
    commune: Mapped[str | None]
    beneficiaire_rsa: Mapped[bool]
    droits_devoirs: Mapped[bool]
    nir_scelle: Mapped[bytes | None]
    nir_empreinte: Mapped[bytes | None]
    identite_empreinte: Mapped[bytes]


class Import(Versionnee, Base):
    """A file received, and how far its reading went."""

    __tablename__ = "import"
    __table_args__ = (Index(None, "collectivite", "empreinte"),)

    type: Mapped[str]
    statut: Mapped[str]
    empreinte: Mapped[bytes]
    taille_octets: Mapped[int]
    recu_le: Mapped[datetime]
    demarre_le: Mapped[datetime | None]
    termine_le: Mapped[datetime | None]
    cle_flux: Mapped[str | None]
    date_reference: Mapped[date | None]
    foyers_traites: Mapped[int] = mapped_column(server_default=text("0"))
    compteurs: Mapped[dict[str, Any]]
    complet: Mapped[bool] = mapped_column(server_default=text("false"))
    probleme: Mapped[dict[str, Any] | None]
    client_id: Mapped[str]


class ImportMorceau(Base):
    """A piece of a file, sealed; removed when the file was read."""

    __tablename__ = "import_morceau"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    numero: Mapped[int] = mapped_column(primary_key=True)
    octets: Mapped[bytes]


class ImportResultat(Base):
    """What became of one foyer of a file: its line, and why it was refused if it was."""

    __tablename__ = "import_resultat"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
    )

    collectivite: Mapped[str] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    numero: Mapped[int] = mapped_column(primary_key=True)  # rank of the foyer in the file
    ligne: Mapped[int]
    statut: Mapped[str]
    dossier_id: Mapped[UUID | None]
    motif: Mapped[str | None]
    champ: Mapped[str | None]
    avertissements: Mapped[list[Any]]


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
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "statut", "date_limite"),
        CheckConstraint(
            "statut IN ('brouillon', 'en_attente', 'ouverte', 'cloturee')", name="statut"
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
    )

    personne_id: Mapped[UUID]
    origine: Mapped[str]
    statut: Mapped[str]
    demande: Mapped[str | None]  # to whom a person without RSA turned
    recu_le: Mapped[datetime]
    date_limite: Mapped[date]
    criteres: Mapped[list[Any]]
    proposition_id: Mapped[UUID | None]
    decision_id: Mapped[UUID | None]
    type_parcours: Mapped[str | None]
    organisme_referent_id: Mapped[UUID | None]
    date_effet: Mapped[date | None]


class RecueilCriteres(Cle, Base):
    """One statement of criteria: who said what, when. Never changed."""

    __tablename__ = "recueil_criteres"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
    )

    orientation_id: Mapped[UUID]
    criteres: Mapped[list[Any]]
    source: Mapped[str]
    date_recueil: Mapped[date]
    client_id: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Proposition(Cle, Base):
    """What the rules proposed, on which inputs, under which table. Never changed."""

    __tablename__ = "proposition"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
    )

    orientation_id: Mapped[UUID]
    version_regles: Mapped[str]
    regle: Mapped[str]
    type_parcours: Mapped[str | None]
    organisme_referent_id: Mapped[UUID | None]
    entrees: Mapped[dict[str, Any]]
    explication: Mapped[dict[str, Any]]
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Decision(Cle, Base):
    """A decision of orientation, by the competent authority. Never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
    )

    orientation_id: Mapped[UUID]
    proposition_id: Mapped[UUID]
    etat_decision: Mapped[str]
    motif_refus: Mapped[str | None]
    commentaire: Mapped[str | None]
    type_parcours: Mapped[str]
    organisme_referent_id: Mapped[UUID]
    date_decision: Mapped[date]
    date_effet: Mapped[date]
    regle_competence: Mapped[str]
    organisme_decideur_id: Mapped[UUID]
    client_id: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(server_default=text("now()"))
