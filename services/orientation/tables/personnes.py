"""Foyers, persons, what they declared, and two who may be one."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.flux.canonique import EtatDossier
from services.orientation.tables.base import Base
from shared.schemas.orientation.personnes import SourcePersonne
from shared.schemas.orientation.rapprochements import (
    MotifRapprochement,
    NatureActe,
    StatutRapprochement,
)
from shared.schemas.orientation.vocabulaire import SourceCriteres
from shared.socle.dictionnaire import (
    AUCUNE,
    CHIFFREE,
    IDENTIFIANTE,
    INDIRECTE,
    SANTE,
    colonne,
    fiche,
)
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class Dossier(Versionnee, Base):
    """A RSA household, as the last flux told it."""

    __tablename__ = "dossier"
    __table_args__ = (
        Index(None, "collectivite", "cle", unique=True),
        Index(None, "collectivite", "organisme_payeur", "matricule"),
        fiche(
            "Un foyer du RSA, tel que le dernier flux l'a décrit",
            source="flux CAF/MSA",
            donnee=INDIRECTE,
        ),
    )

    cle: Mapped[str] = colonne(
        "Numéro de demande de RSA ; à défaut organisme payeur et matricule",
        IDENTIFIANTE,
        source="flux : NUMDEMRSA, ou FONORG/NUMORG/MATRICULE",
    )
    organisme_payeur: Mapped[str] = colonne(
        "Caisse qui paie, ex. CAF/351", source="flux : FONORG/NUMORG"
    )
    matricule: Mapped[str] = colonne(
        "Numéro d'allocataire, normalisé", IDENTIFIANTE, source="flux : MATRICULE"
    )
    etat: Mapped[str] = colonne("État du dossier", source="flux : ETATDOSRSA", codes=EtatDossier)
    commune: Mapped[str | None] = colonne(
        "Code Insee de la commune du foyer", source="flux : adresse (COMMUNE)"
    )
    personnes_a_charge: Mapped[int] = colonne(
        "Personnes à charge au sens du RSA", source="flux : TOPCHAPERS", unite="personnes"
    )
    empreinte: Mapped[bytes] = colonne(
        "SHA-256 du foyer lu : le même foyer, relu, ne change rien", source="service"
    )
    date_reference: Mapped[date] = colonne(
        "Jour de référence du dernier flux qui l'a décrit", source="flux : DTREF"
    )
    ouverture_droit: Mapped[date | None] = colonne(
        "Jour où le droit s'est ouvert", source="flux : DTODRSA, à défaut DTDEMRSA"
    )
    source_ouverture: Mapped[str | None] = colonne(
        "Élément qui a donné ce jour ; DTDEMRSA : la demande, faute de mieux", source="service"
    )
    sans_domicile: Mapped[bool] = colonne(
        "Vrai : sans domicile fixe, un indice à explorer",
        IDENTIFIANTE,
        source="flux : TOPSANSDOMFIXE",
        server_default=text("false"),
    )
    droit_recu_le: Mapped[datetime | None] = colonne(
        "Réception du flux qui a dit le droit ouvert ou transféré ; vide : pas encore, ou clos"
        " depuis",
        source="import",
    )


class Personne(Versionnee, Base):
    """A person. The NIR is sealed and found by its keyed digest; it never leaves."""

    __tablename__ = "personne"
    __table_args__ = (
        Index(None, "collectivite", "nir_empreinte", unique=True),
        Index(None, "collectivite", "identite_empreinte"),
        Index(None, "collectivite", "proche_empreinte"),
        Index(None, "collectivite", "proche_naissance_empreinte"),
        Index(None, "collectivite", "fusionnee_avec_id"),
        Index(None, "collectivite", "dossier_id", "role"),
        # Gone from their foyer, and not settled yet: few, and only while a flux is read.
        Index(
            "ix_personne_parties",
            "collectivite",
            "id",
            postgresql_where=text("dossier_id IS NOT NULL AND role IS NULL AND beneficiaire_rsa"),
        ),
        Index(None, "collectivite", "numero_france_travail", unique=True),
        Index(
            "ix_personne_a_risque",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text(
                "date_risque_rsa IS NOT NULL AND NOT beneficiaire_rsa AND fusionnee_avec_id IS NULL"
            ),
        ),
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
        ForeignKeyConstraint(
            ["collectivite", "fusionnee_avec_id"], ["personne.collectivite", "personne.id"]
        ),
        CheckConstraint("fusionnee_avec_id <> id", name="fusion"),
        fiche(
            "Une personne à orienter, ou demandeur ou conjoint d'un foyer du RSA",
            source="flux CAF/MSA, ou POST /v1/personnes",
            donnee=INDIRECTE,
        ),
    )

    reference_externe: Mapped[str | None] = colonne(
        "Identifiant de la personne chez le client", IDENTIFIANTE, source="POST /v1/personnes"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a enregistrée", AUCUNE, source="jeton")
    dossier_id: Mapped[UUID | None] = colonne("Foyer ; vide : hors flux", source="service")
    role: Mapped[str | None] = colonne(
        "Rôle dans le foyer pour le RSA, ex. DEM, CJT ; vide avec un foyer : elle l'a quitté",
        source="flux : ROLEPERS",
    )
    nom: Mapped[str] = colonne(
        "Nom d'usage", IDENTIFIANTE, source="flux : NOM, ou POST /v1/personnes"
    )
    nom_naissance: Mapped[str | None] = colonne(
        "Nom de naissance", IDENTIFIANTE, source="flux : NOMNAI, ou POST /v1/personnes"
    )
    prenoms: Mapped[str] = colonne(
        "Prénoms", IDENTIFIANTE, source="flux : PRENOM, PRENOM2, PRENOM3, ou POST /v1/personnes"
    )
    date_naissance: Mapped[date] = colonne(
        "Jour de naissance", IDENTIFIANTE, source="flux : DTNAI, ou POST /v1/personnes"
    )
    commune: Mapped[str | None] = colonne(
        "Code Insee de la commune de résidence",
        IDENTIFIANTE,
        source="flux : adresse du foyer (COMMUNE), ou POST /v1/personnes",
    )
    beneficiaire_rsa: Mapped[bool] = colonne(
        "Vrai : bénéficiaire du RSA ; venue du flux, jusqu'à ce qu'elle quitte son foyer"
    )
    droits_devoirs: Mapped[bool] = colonne(
        "Vrai : soumise aux droits et devoirs (CASF L262-28)",
        source="flux : TOPPERSDRODEVORSA, ou POST /v1/personnes",
    )
    decedee: Mapped[bool] = colonne(
        "Vrai : le flux la dit décédée",
        source="flux : DTDC, ou MOTISUSDRORSA DG ou DH",
        server_default=text("false"),
    )
    nir_scelle: Mapped[bytes | None] = colonne(
        "NIR scellé (AES-256-GCM) ; jamais rendu",
        CHIFFREE,
        source="flux : NIR, ou POST /v1/personnes",
    )
    nir_empreinte: Mapped[bytes | None] = colonne(
        "Empreinte du NIR (HMAC-SHA-256 sous la clé du service), qui retrouve sans révéler",
        CHIFFREE,
        source="service",
    )
    identite_empreinte: Mapped[bytes] = colonne(
        "Empreinte de nom, prénoms et naissance (HMAC-SHA-256 sous la clé du service)",
        CHIFFREE,
        source="service",
    )
    proche_empreinte: Mapped[bytes | None] = colonne(
        "Empreinte de la naissance, du nom et du premier prénom, dans un ordre quelconque ; vide :"
        " écrite avant les rapprochements",
        CHIFFREE,
        source="service",
    )
    proche_naissance_empreinte: Mapped[bytes | None] = colonne(
        "La même, avec le nom de naissance ; vide : sans autre nom", CHIFFREE, source="service"
    )
    numero_france_travail: Mapped[str | None] = colonne(
        "Numéro France Travail national, 11 chiffres",
        IDENTIFIANTE,
        source="POST /v1/personnes, ou POST /v1/personnes/enregistrements",
    )
    source: Mapped[str | None] = colonne(
        "Qui l'a fait connaître le premier ; vide : le flux, ou non dit",
        AUCUNE,
        source="POST /v1/personnes, ou POST /v1/personnes/enregistrements",
        codes=SourcePersonne,
    )
    date_risque_rsa: Mapped[date | None] = colonne(
        "Jour où elle est dite à risque d'entrer au RSA ; vide : non dit",
        source="POST /v1/personnes, ou POST /v1/personnes/enregistrements",
    )
    source_risque_rsa: Mapped[str | None] = colonne(
        "Qui le dit", source="POST /v1/personnes", codes=SourcePersonne
    )
    fusionnee_avec_id: Mapped[UUID | None] = colonne(
        "Personne qui l'a absorbée par une fusion ; vide : elle-même", source="rapprochement"
    )


class DeclarationDsp(Ecrite, Cle, Base):
    """What a person declared of their situation when asking for RSA. Never changed."""

    __tablename__ = "declaration_dsp"
    __table_args__ = (
        Index(None, "collectivite", "personne_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Les données socio-professionnelles déclarées ensemble, qui donnent des indices",
            source="POST /v1/personnes/{id}/declarations-dsp",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne qui a déclaré")
    codes: Mapped[list[Any]] = colonne(
        "Codes déclarés, {champ, code}, santé et handicap compris", SANTE, codes="codes-flux-caf"
    )
    source: Mapped[str] = colonne("Qui les transmet", codes=SourceCriteres)
    date_declaration: Mapped[date] = colonne("Jour de la déclaration")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Rapprochement(Versionnee, Base):
    """Two persons who may be one: proposed once, merged or set aside by acts only."""

    __tablename__ = "rapprochement"
    __table_args__ = (
        Index(None, "collectivite", "personne_a_id", "personne_b_id", unique=True),
        Index(None, "collectivite", "personne_b_id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint("personne_a_id < personne_b_id", name="ordre"),
        CheckConstraint("statut IN ('propose', 'ecarte', 'fusionne', 'separe')", name="statut"),
        CheckConstraint("(statut = 'fusionne') = (gardee_id IS NOT NULL)", name="gardee"),
        ForeignKeyConstraint(
            ["collectivite", "personne_a_id"], ["personne.collectivite", "personne.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_b_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Deux personnes qui sont peut-être la même, et ce qui en est décidé",
            source="service, ou POST /v1/rapprochements",
            donnee=INDIRECTE,
        ),
    )

    personne_a_id: Mapped[UUID] = colonne("L'une, de plus petit identifiant")
    personne_b_id: Mapped[UUID] = colonne("L'autre")
    motifs: Mapped[list[Any]] = colonne("Ce qui les rapproche", codes=MotifRapprochement)
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutRapprochement)
    gardee_id: Mapped[UUID | None] = colonne(
        "La personne gardée ; vide : pas de fusion en vigueur",
        source="POST /v1/rapprochements/{id}/fusions",
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a causé", AUCUNE, source="jeton")


class ActeRapprochement(Ecrite, Cle, Base):
    """A merge, a setting aside, or a separation. Never changed."""

    __tablename__ = "acte_rapprochement"
    __table_args__ = (
        Index(None, "collectivite", "rapprochement_id", "cree_le", "id"),
        CheckConstraint("nature IN ('fusion', 'ecart', 'separation')", name="nature"),
        ForeignKeyConstraint(
            ["collectivite", "rapprochement_id"],
            ["rapprochement.collectivite", "rapprochement.id"],
        ),
        fiche(
            "Un acte sur un rapprochement : fusion, écart ou séparation ; immuable",
            source="POST /v1/rapprochements/{id}/fusions, …/ecarts, …/separations",
            donnee=INDIRECTE,
        ),
    )

    rapprochement_id: Mapped[UUID] = colonne("Rapprochement")
    nature: Mapped[str] = colonne("Ce qui est fait", source="service", codes=NatureActe)
    gardee_id: Mapped[UUID | None] = colonne("D'une fusion : la personne gardée")
    motif: Mapped[str | None] = colonne("Pourquoi, texte libre, en clair", IDENTIFIANTE)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class FusionChangement(Cloisonnee, Base):
    """What a merge wrote in some rows of a table, and what was there. Never changed."""

    __tablename__ = "fusion_changement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "acte_id"],
            ["acte_rapprochement.collectivite", "acte_rapprochement.id"],
        ),
        fiche(
            "Ce qu'une fusion a écrit dans des lignes d'une table, et ce qui y était ; immuable",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    acte_id: Mapped[UUID] = colonne("Fusion", primary_key=True)
    rang: Mapped[int] = colonne("Ordre d'écriture, de 0", unite="rang", primary_key=True)
    objet: Mapped[str] = colonne("Table")
    lignes: Mapped[list[Any]] = colonne("Identifiants des lignes")
    avant: Mapped[dict[str, Any]] = colonne("Colonnes avant la fusion, {colonne: valeur}")
    apres: Mapped[dict[str, Any]] = colonne("Les mêmes après la fusion")
