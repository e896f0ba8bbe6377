"""What is exchanged with rdv-insertion: what it tells, whose it is, and who is to be invited."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.orientation.invitations import StatutInvitation
from shared.schemas.orientation.rdv_insertion import (
    ModeRattachement,
    StatutReception,
    StatutRendezVousPartenaire,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class ReceptionRdvInsertion(Ecrite, Cle, Base):
    """A body that rdv-insertion signed, as it came, and what was done of it."""

    __tablename__ = "reception_rdv_insertion"
    __table_args__ = (
        Index(None, "collectivite", "empreinte", unique=True),
        Index(None, "collectivite", "modele", "objet", "emis_le"),
        Index(None, "collectivite", "cree_le"),
        Index(
            "ix_reception_rdv_insertion_inintelligibles",
            "collectivite",
            postgresql_where=text("statut = 'inintelligible'"),
        ),
        fiche(
            "Un corps signé par rdv-insertion, et ce qui en est fait",
            source="rdv-insertion",
            donnee=INDIRECTE,
            conserve="{RECEPTIONS_JOURS} jours",
        ),
    )

    empreinte: Mapped[bytes] = colonne(
        "SHA-256 du corps : le même, reçu deux fois, ne fait rien", source="service"
    )
    modele: Mapped[str | None] = colonne("Ce dont il parle, ex. Rdv ; vide : illisible")
    objet: Mapped[str | None] = colonne("Numéro de cela dans rdv-insertion")
    evenement: Mapped[str | None] = colonne("Ce qui est arrivé : created, updated, destroyed")
    emis_le: Mapped[datetime | None] = colonne("Instant dit par rdv-insertion, à la seconde")
    statut: Mapped[str] = colonne("Ce qui en est fait", source="service", codes=StatutReception)
    corps: Mapped[bytes] = colonne("Le corps, scellé (AES-256-GCM)", CHIFFREE)


class RendezVousRdvInsertion(Versionnee, Base):
    """A person at a rendez-vous of theirs, as last told; who it is stands in `usager`."""

    __tablename__ = "rendez_vous_rdv_insertion"
    __table_args__ = (
        Index(None, "collectivite", "rendez_vous", "participation", unique=True),
        Index(None, "collectivite", "usager", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "debut_le"),
        Index(
            "ix_rendez_vous_rdv_insertion_a_rattacher",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("NOT rattache"),
        ),
        fiche(
            "Une personne à un rendez-vous de rdv-insertion, tel que le dernier envoi le dit",
            source="rdv-insertion",
            donnee=INDIRECTE,
            conserve="{RENDEZ_VOUS_JOURS} jours après le rendez-vous",
        ),
    )

    rendez_vous: Mapped[str] = colonne("Numéro du rendez-vous dans rdv-insertion")
    participation: Mapped[str] = colonne("Numéro de la participation dans rdv-insertion")
    usager: Mapped[str] = colonne("Numéro de la personne dans rdv-insertion")
    categorie: Mapped[str] = colonne("Catégorie de motif, ex. rsa_orientation")
    statut: Mapped[str] = colonne("Ce qui en est dit", codes=StatutRendezVousPartenaire)
    debut_le: Mapped[datetime] = colonne("Début du rendez-vous")
    duree_minutes: Mapped[int] = colonne("Durée prévue", unite="minutes")
    rattache: Mapped[bool] = colonne("Vrai : la personne est reconnue ici", source="service")


class UsagerRdvInsertion(Ecrite, Cle, Base):
    """Who somebody of rdv-insertion is here."""

    __tablename__ = "usager_rdv_insertion"
    __table_args__ = (
        Index(None, "collectivite", "usager", unique=True),
        Index(None, "collectivite", "personne_id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Qui est ici une personne de rdv-insertion",
            source="service, ou POST /v1/participations-rdv-insertion/{id}/rattachements",
            donnee=INDIRECTE,
        ),
    )

    usager: Mapped[str] = colonne("Numéro de la personne dans rdv-insertion")
    personne_id: Mapped[UUID] = colonne("La personne")
    mode: Mapped[str] = colonne("Par quoi elle est reconnue", codes=ModeRattachement)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a dit", AUCUNE, source="jeton")


class ReglageInvitations(Ecrite, Cle, Base):
    """What a person lets rdv-insertion be asked. The last row rules. Never changed."""

    __tablename__ = "reglage_invitations"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Ce qu'une personne a ouvert ou fermé des invitations par rdv-insertion ; le dernier"
            " réglage vaut, aucun ne s'efface",
            source="POST /v1/reglages-invitations",
        ),
    )

    envoi: Mapped[bool] = colonne("Vrai : une invitation suit chaque décision prise depuis")
    categorie: Mapped[str] = colonne("Catégorie de motif pour laquelle la personne est invitée")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", source="jeton")


class InvitationRdvInsertion(Versionnee, Base):
    """The invitation that follows a decision: one, however often it is tried."""

    __tablename__ = "invitation_rdv_insertion"
    __table_args__ = (
        Index(None, "collectivite", "decision_id", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "decidee_le"),
        Index(None, "collectivite", "tentee_le"),
        Index(
            "ix_invitation_rdv_insertion_a_faire",
            "collectivite",
            "reprendre_le",
            postgresql_where=text("statut = 'a_faire'"),
        ),
        ForeignKeyConstraint(
            ["collectivite", "decision_id"], ["decision.collectivite", "decision.id"]
        ),
        fiche(
            "L'invitation d'une personne par rdv-insertion après une décision, et ce qu'il en est",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    decision_id: Mapped[UUID] = colonne("Décision qu'elle suit")
    decidee_le: Mapped[datetime] = colonne("Écriture de la décision")
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutInvitation)
    categorie: Mapped[str | None] = colonne(
        "Catégorie de motif de ce qui est parti, ou l'est peut-être ; vide : rien ne l'est"
    )
    tentee_le: Mapped[datetime | None] = colonne("Dernier essai commencé", AUCUNE)
    formats: Mapped[list[Any]] = colonne("Messages partis", source="rdv-insertion")
    code: Mapped[str | None] = colonne("Pourquoi le dernier essai n'a rien donné", AUCUNE)
    essais: Mapped[int] = colonne(
        "Essais commencés", AUCUNE, unite="essais", server_default=text("0")
    )
    incertaine_le: Mapped[datetime | None] = colonne(
        "Premier essai dont on ne sait s'il a été fait là-bas ; vide : aucun", AUCUNE
    )
    reprendre_le: Mapped[datetime] = colonne(
        "Instant du prochain essai, ou fin du bail de celui qui court", AUCUNE
    )
