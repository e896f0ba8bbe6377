"""Conventions, their versions and acts, and their actions."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.actions import (
    CaractereAction,
    ModeCapacite,
    ModeCredits,
    OrigineAction,
    StatutAction,
)
from shared.schemas.financement.conventions import (
    NatureVersion,
    StatutConvention,
    StatutVersion,
    TypeActe,
    TypeAvenant,
    TypeConvention,
    TypeDocumentConvention,
)
from shared.socle.dictionnaire import AUCUNE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee

_CLIENT = "Client OAuth qui l'a inscrit"


class Convention(Versionnee, Base):
    """A convention, a pacte or a programme.

    What is agreed is in its versions; of the one in force, what others read is kept here too.
    """

    __tablename__ = "convention"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "date_signature", "id"),
        ForeignKeyConstraint(
            ["collectivite", "convention_mere_id"], ["convention.collectivite", "convention.id"]
        ),
        fiche(
            "Une convention, un pacte ou un programme, tel que sa source le décrit",
            source="POST /v1/conventions",
        ),
    )

    reference: Mapped[str] = colonne("Code de la convention, ex. 35-CLS-2024-2027")
    type: Mapped[str] = colonne("Type de convention", codes=TypeConvention)
    intitule: Mapped[str] = colonne("Intitulé")
    annee_debut: Mapped[int] = colonne("Première année couverte", unite="année civile")
    annee_fin: Mapped[int | None] = colonne("Dernière année couverte", unite="année civile")
    statut: Mapped[str] = colonne("Où en est la convention", codes=StatutConvention)
    nombre_actions: Mapped[int | None] = colonne(
        "Actions que la source annonce ; elle peut en décrire moins", unite="actions"
    )
    axes: Mapped[list[Any]] = colonne(
        "Axes : ordre, libelle, fongible, date_debut, date_fin, taux_etat, source"
    )
    volets: Mapped[list[Any]] = colonne(
        "Volets : ordre, libelle, fongible, date_debut, date_fin, taux_etat, source"
    )
    signataires: Mapped[list[Any]] = colonne(
        "Parties, des personnes morales : organisme, qualite, requis, statut, date_signature"
    )
    convention_mere_id: Mapped[UUID | None] = colonne("Convention dont celle-ci découle")
    version_courante_id: Mapped[UUID] = colonne("Version en vigueur", source="service")
    date_deliberation: Mapped[date | None] = colonne("Délibération de l'assemblée")
    reference_deliberation: Mapped[str | None] = colonne("Référence de la délibération")
    date_signature: Mapped[date | None] = colonne("Dernière signature requise")
    date_effet: Mapped[date | None] = colonne("Premier jour où elle vaut")
    date_cloture: Mapped[date | None] = colonne("Jour de la fin ou de la résiliation")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class VersionConvention(Versionnee, Base):
    """A version of a convention: what is agreed, and from which day on. One avenant is open."""

    __tablename__ = "version_convention"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "numero", unique=True),
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        Index(
            "uq_version_convention_ouverte",
            "collectivite",
            "convention_id",
            unique=True,
            postgresql_where=text(
                "nature = 'avenant' AND statut IN ('projet', 'delibere', 'signe')"
            ),
        ),
        *vers("convention"),
        fiche(
            "Une version d'une convention, l'initiale ou un avenant ; son contenu ne change jamais",
            source="POST /v1/conventions/{id}/avenants",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    numero: Mapped[int] = colonne("0 : l'initiale ; sinon l'avenant", unite="rang")
    nature: Mapped[str] = colonne("Ce qu'est la version", codes=NatureVersion)
    reference: Mapped[str] = colonne("Code de la version dans la collectivité")
    type: Mapped[str | None] = colonne("Ce qu'un avenant a le droit de changer", codes=TypeAvenant)
    statut: Mapped[str] = colonne("Où en est la version", source="service", codes=StatutVersion)
    motif: Mapped[str | None] = colonne("Pourquoi l'avenant")
    date_deliberation: Mapped[date | None] = colonne("Délibération de l'assemblée")
    reference_deliberation: Mapped[str | None] = colonne("Référence de la délibération")
    date_signature: Mapped[date | None] = colonne("Dernière signature requise")
    date_effet: Mapped[date | None] = colonne("Premier jour où elle vaut")
    date_fin_effet: Mapped[date | None] = colonne("Dernier jour, inclus : veille de la suivante")
    remplace_id: Mapped[UUID | None] = colonne("Version qu'elle remplace", source="service")
    signataires: Mapped[list[Any]] = colonne(
        "Parties : organisme, qualite, requis, statut, date_signature"
    )
    etat_initial: Mapped[dict[str, Any]] = colonne(
        "État à l'enregistrement, d'où se rejouent les actes : statut, signataires, dates"
    )
    contenu: Mapped[dict[str, Any]] = colonne("Ce qui est convenu, tel que le rend l'API")
    contenu_sha256: Mapped[str] = colonne("SHA-256 du contenu en JSON canonique", source="service")
    differences: Mapped[list[Any]] = colonne(
        "Champs qu'elle change : champ, avant, apres", source="service"
    )
    avertissements: Mapped[list[Any]] = colonne(
        "Ce qu'il faut savoir avant de l'appliquer", source="service"
    )
    jour_inscription: Mapped[date] = colonne(
        "Jour civil où la version a été connue : enregistrée, ou appliquée pour un avenant",
        source="service",
    )
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class ActeConvention(Ecrite, Cle, Base):
    """What happened to a convention, one of its avenants or of its actions. Never changed."""

    __tablename__ = "acte_convention"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        *vers("convention", "action"),
        ForeignKeyConstraint(
            ["collectivite", "version_id"],
            ["version_convention.collectivite", "version_convention.id"],
        ),
        CheckConstraint("num_nonnulls(version_id, action_id) = 1", name="objet"),
        fiche(
            "Ce qui est arrivé à une convention, à un avenant ou à une action ; immuable",
            source="POST /v1/conventions/{id}/actes",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    version_id: Mapped[UUID | None] = colonne("Version ; vide : l'acte est d'une action")
    action_id: Mapped[UUID | None] = colonne("Action ; vide : l'acte est d'une version")
    type: Mapped[str] = colonne("Ce qui est arrivé", codes=TypeActe)
    date_acte: Mapped[date] = colonne("Jour de l'acte")
    organisme: Mapped[str | None] = colonne("Partie qui signe, refuse ou se retire")
    qualite: Mapped[str | None] = colonne("Au nom de quoi elle signe")
    reference: Mapped[str | None] = colonne("Référence de la délibération ou de l'acte")
    motif: Mapped[str | None] = colonne("Pourquoi")
    jour_inscription: Mapped[date] = colonne("Jour civil de l'inscription", source="service")
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class DocumentConvention(Ecrite, Cle, Base):
    """A document of a convention: a shared diagnosis, a deliberation… Never changed."""

    __tablename__ = "document_convention"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        *vers("convention"),
        fiche(
            "Un document d'une convention, dont le diagnostic partagé ; immuable",
            source="POST /v1/conventions/{id}/documents",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    type: Mapped[str] = colonne("Ce qu'il est", codes=TypeDocumentConvention)
    libelle: Mapped[str] = colonne("Titre")
    date_document: Mapped[date | None] = colonne("Date qu'il porte ; vide : elle n'est pas dite")
    sha256: Mapped[str | None] = colonne("SHA-256 du fichier, gardé ailleurs")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class PublicationSubvention(Ecrite, Cle, Base):
    """When and where the essential data of a subsidy were published. Never changed."""

    __tablename__ = "publication_subvention"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        *vers("convention"),
        fiche(
            "La publication des données essentielles d'une subvention ; immuable",
            source="POST /v1/conventions/{id}/publications",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention de subvention")
    date_publication: Mapped[date] = colonne("Jour où les données furent publiées")
    acte: Mapped[str] = colonne("Acte qui publie : décision, ou jeu de données")
    url: Mapped[str] = colonne("Adresse publique où elles se lisent")
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class Action(Versionnee, Base):
    """An action of a convention."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        *vers("convention"),
        fiche("Une action d'une convention", source="POST /v1/conventions/{id}/actions"),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    code: Mapped[str] = colonne("Code de l'action dans la convention")
    libelle: Mapped[str] = colonne("Libellé")
    axe: Mapped[int | None] = colonne("Axe de la convention", unite="ordre")
    volet: Mapped[int | None] = colonne("Volet de la convention", unite="ordre")
    origine: Mapped[str | None] = colonne("D'où vient l'action", codes=OrigineAction)
    caractere: Mapped[str | None] = colonne("Ce que la convention y change", codes=CaractereAction)
    statut: Mapped[str] = colonne(
        "Où en est l'action", source="service", codes=StatutAction, server_default=text("'prevue'")
    )
    date_statut: Mapped[date | None] = colonne("Jour de l'acte qui l'y a mise")
    mode_capacite: Mapped[str] = colonne(
        "Comment se comptent les places : à un moment, sur l'année, ou pas", codes=ModeCapacite
    )
    places_ouvertes: Mapped[int | None] = colonne(
        "Places ouvertes au journal ; vide : nombre inconnu, aucune place", unite="places"
    )
    prix_centimes: Mapped[int | None] = colonne("Prix unitaire, indicatif")
    freins: Mapped[list[Any]] = colonne("Freins que l'action peut lever", codes="freins")
    porteur: Mapped[dict[str, Any] | None] = colonne("Qui la mène : nom, siret, rna")
    territoires: Mapped[list[Any]] = colonne("Codes des territoires ; vide : le département")
    publics: Mapped[list[Any]] = colonne("Publics visés, en clair")
    mode_credits: Mapped[str | None] = colonne("Crédits de l'année, ou AE et CP", codes=ModeCredits)
    base_reference: Mapped[dict[str, Any] | None] = colonne(
        "Avant le renforcement : montant_centimes, file_active, annee, source"
    )
    cofinancements: Mapped[list[Any]] = colonne(
        "Hors de la clé : financeur, numerateur, denominateur, valable_du, source"
    )
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")
    illustratif: Mapped[bool] = colonne("Vrai : inventé pour démonstration")
