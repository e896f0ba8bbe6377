"""Files received, what became of each foyer, and what changed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.imports import StatutImport, StatutLigne
from shared.schemas.orientation.imports import TypeImport, TypeMouvement
from shared.socle.dictionnaire import CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class Import(Versionnee, Base):
    """A file received, and how far its reading went."""

    __tablename__ = "import"
    __table_args__ = (
        Index(None, "collectivite", "empreinte"),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Un fichier reçu et l'avancement de sa lecture ; son contenu est dans import_morceau",
            source="service",
        ),
    )

    type: Mapped[str] = colonne("Ce que le fichier contient", source="appelant", codes=TypeImport)
    statut: Mapped[str] = colonne("Où en est la lecture", codes=StatutImport)
    empreinte: Mapped[bytes] = colonne("SHA-256 du fichier reçu")
    taille_octets: Mapped[int] = colonne("Taille du fichier reçu")
    recu_le: Mapped[datetime] = colonne("Réception : les six semaines courent de là")
    demarre_le: Mapped[datetime | None] = colonne("Début de la lecture")
    termine_le: Mapped[datetime | None] = colonne("Fin de la lecture, réussie ou non")
    cle_flux: Mapped[str | None] = colonne(
        "Ce qui identifie le flux : application, nature, création, département",
        source="flux : IdentificationFlux",
    )
    date_reference: Mapped[date | None] = colonne("Jour de référence", source="flux : DTREF")
    famille_flux: Mapped[str | None] = colonne(
        "Flux qui se suivent dans le temps : application, type, nature",
        source="flux : APPLIEME, TYPEFLUX, NATFLUX",
    )
    foyers_traites: Mapped[int] = colonne(
        "Foyers déjà écrits : la lecture reprend après eux",
        unite="foyers",
        server_default=text("0"),
    )
    compteurs: Mapped[dict[str, Any]] = colonne(
        "Nombre de foyers, de personnes et d'orientations par issue (CompteursImport)"
    )
    complet: Mapped[bool] = colonne(
        "Vrai : autant de foyers lus que le flux en annonce", server_default=text("false")
    )
    probleme: Mapped[dict[str, Any] | None] = colonne(
        "Pourquoi la lecture a échoué : code, ligne, champ, jamais une valeur"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui a déposé", source="jeton")


class ImportMorceau(Cloisonnee, Base):
    """A piece of a file, sealed; removed when the file was read."""

    __tablename__ = "import_morceau"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
        fiche(
            "Un morceau d'un fichier reçu",
            source="le fichier déposé",
            conserve="jusqu'à la fin de la lecture, et {RESULTATS_JOURS} jours au plus",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", source="service", primary_key=True)
    numero: Mapped[int] = colonne(
        "Place du morceau, de 0", source="service", unite="rang", primary_key=True
    )
    octets: Mapped[bytes] = colonne("Octets du fichier, scellés (AES-256-GCM)", CHIFFREE)


class ImportResultat(Cloisonnee, Base):
    """What became of one foyer of a file: its line, and why it was refused if it was."""

    __tablename__ = "import_resultat"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
        fiche(
            "Le sort d'un foyer d'un fichier, sans aucune de ses valeurs",
            source="service",
            conserve="{RESULTATS_JOURS} jours après la fin de la lecture",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", primary_key=True)
    numero: Mapped[int] = colonne(
        "Place du foyer dans le fichier, de 1", unite="rang", primary_key=True
    )
    ligne: Mapped[int] = colonne("Ligne du fichier où le foyer commence", unite="ligne")
    statut: Mapped[str] = colonne("Ce que le foyer est devenu", codes=StatutLigne)
    dossier_id: Mapped[UUID | None] = colonne("Dossier écrit ; vide : refusé", INDIRECTE)
    motif: Mapped[str | None] = colonne("Pourquoi il est refusé, dans une liste ouverte")
    champ: Mapped[str | None] = colonne("Élément du flux en cause, jamais sa valeur")
    avertissements: Mapped[list[Any]] = colonne("Éléments lus avec réserve, dans une liste ouverte")


class Mouvement(Ecrite, Cle, Base):
    """What a flux changed of a foyer or of a person. Never changed."""

    __tablename__ = "mouvement"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "type", "cree_le", "id"),
        Index(None, "collectivite", "date_reference", "id"),
        Index(None, "collectivite", "type", "date_reference", "id"),
        Index(None, "collectivite", "import_id", "cree_le", "id"),
        Index(None, "collectivite", "dossier_id", "cree_le", "id"),
        Index(None, "collectivite", "personne_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "dossier_id"], ["dossier.collectivite", "dossier.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
        fiche(
            "Ce qu'un flux a changé d'un foyer ou d'une personne ; immuable",
            source="service, dans la transaction du foyer",
            donnee=INDIRECTE,
        ),
    )

    type: Mapped[str] = colonne("Ce qui a changé", codes=TypeMouvement)
    dossier_id: Mapped[UUID] = colonne("Foyer")
    personne_id: Mapped[UUID | None] = colonne("Personne ; vide : tout le foyer")
    import_id: Mapped[UUID] = colonne("Import du flux qui l'a dit")
    date_reference: Mapped[date] = colonne("Jour de référence du flux", source="flux : DTREF")
    motif: Mapped[str | None] = colonne(
        "Motif d'une clôture, tel que la version du flux l'écrit ; vide pour les autres types",
        source="flux : MOTICLORSA",
    )
    version_flux: Mapped[str] = colonne(
        "Version du flux, ex. VRSB0801", source="flux : VERSIONFLUX, ou nom du schéma"
    )
