"""What is exchanged with France Travail: the token, the switch, what was sent, what differs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.clients.france_travail.vocabulaire import CodeActivite
from shared.schemas.orientation.france_travail import (
    StatutActiviteFranceTravail,
    StatutEnvoi,
    TypeEcart,
)
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Changeante, Cle, Cloisonnee, Ecrite, Versionnee


class JetonFranceTravail(Cloisonnee, Base):
    """The access token that the workers share, and who is fetching the next."""

    __tablename__ = "jeton_france_travail"
    __table_args__ = (
        fiche(
            "Un jeton d'accès à un partenaire, commun aux travailleurs, et qui demande le suivant",
            source="France Travail, POST /connexion/oauth2/access_token ; rdv-insertion, POST"
            " /auth/sign_in",
            donnee=AUCUNE,
            conserve="jusqu'au suivant",
        ),
    )

    cle: Mapped[str] = colonne(
        "Royaume et portées du jeton, ou partenaire", source="service", primary_key=True
    )
    jeton: Mapped[bytes | None] = colonne(
        "Jeton scellé (AES-256-GCM) ; vide : le premier est demandé", CHIFFREE
    )
    rang: Mapped[int] = colonne(
        "0, puis un de plus à chaque jeton : qui en a vu refuser un attend le suivant",
        source="service",
        unite="rang",
    )
    expire_le: Mapped[datetime | None] = colonne("Instant où il ne vaut plus, marge comprise")
    demandeur: Mapped[UUID | None] = colonne("Qui demande le suivant", source="service")
    bail_jusqu_a: Mapped[datetime | None] = colonne(
        "Instant où sa demande est tenue pour perdue", source="service"
    )


class ReglageFranceTravail(Ecrite, Cle, Base):
    """What a person lets go to France Travail. The last row rules. Never changed."""

    __tablename__ = "reglage_france_travail"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Ce qu'une personne a ouvert ou fermé des échanges avec France Travail ; le dernier"
            " réglage vaut, aucun ne s'efface",
            source="POST /v1/reglages-france-travail",
        ),
    )

    envoi: Mapped[bool] = colonne("Vrai : les décisions prises depuis sont envoyées")
    comparaison: Mapped[bool] = colonne("Vrai : les orientations sont comparées chaque jour")
    correspondance: Mapped[dict[str, Any]] = colonne(
        "Parcours et leurs codes, tels que la personne les a relus"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", source="jeton")


class EnvoiFranceTravail(Changeante, Cloisonnee, Base):
    """A decision to be told to France Travail: once, however often it is tried."""

    __tablename__ = "envoi_france_travail"
    __table_args__ = (
        Index(None, "collectivite", "decidee_le"),
        Index(
            "ix_envoi_france_travail_a_faire",
            "collectivite",
            "reprendre_le",
            postgresql_where=text("statut = 'a_faire'"),
        ),
        ForeignKeyConstraint(
            ["collectivite", "decision_id"], ["decision.collectivite", "decision.id"]
        ),
        fiche(
            "Une décision à dire à France Travail, et ce qu'il en est",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    decision_id: Mapped[UUID] = colonne("Décision dite", primary_key=True)
    decidee_le: Mapped[datetime] = colonne("Écriture de la décision")
    statut: Mapped[str] = colonne("Où en est l'envoi", codes=StatutEnvoi)
    reparation: Mapped[bool] = colonne(
        "Vrai : demandé pour réparer un écart, et qui peut donc changer ce qui est déjà décidé",
        server_default=text("false"),
    )
    code_ft: Mapped[str | None] = colonne(
        "Dernière erreur de France Travail : statut HTTP ou code", AUCUNE, source="France Travail"
    )
    essais: Mapped[int] = colonne(
        "Essais commencés", AUCUNE, unite="essais", server_default=text("0")
    )
    reprendre_le: Mapped[datetime] = colonne(
        "Instant du prochain essai, ou fin du bail de celui qui court", AUCUNE
    )


class EcartFranceTravail(Versionnee, Base):
    """An orientation as compared last: what is here, what is there, and how they differ."""

    __tablename__ = "ecart_france_travail"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(None, "collectivite", "compare_le"),
        Index(
            "ix_ecart_france_travail_ouverts",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("type IS NOT NULL"),
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Une orientation comparée à ce qu'en tient France Travail : une ligne par orientation",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation comparée")
    decision_id: Mapped[UUID | None] = colonne("Décision comparée ; vide : pas décidée ici")
    type: Mapped[str | None] = colonne("En quoi elles diffèrent ; vide : en rien", codes=TypeEcart)
    type_parcours: Mapped[str | None] = colonne("Parcours décidé ici", codes=TypeParcours)
    type_organisme: Mapped[str | None] = colonne("Type d'organisme décidé ici", codes=TypeOrganisme)
    preconisation: Mapped[str | None] = colonne(
        "Parcours que France Travail préconise, et qui attend", source="France Travail : parcours"
    )
    parcours_ft: Mapped[str | None] = colonne(
        "Parcours décidé là-bas", source="France Travail : parcours"
    )
    organisme_ft: Mapped[str | None] = colonne(
        "Organisme décidé là-bas", source="France Travail : organisme"
    )
    code_ft: Mapped[str | None] = colonne(
        "Code par lequel la personne n'y est pas trouvée", AUCUNE, source="France Travail"
    )
    compare_le: Mapped[datetime] = colonne("Dernière comparaison", AUCUNE)


class LectureFranceTravail(Changeante, Cloisonnee, Base):
    """How far the reading of one of their work queues is, and who reads it."""

    __tablename__ = "lecture_france_travail"
    __table_args__ = (
        fiche(
            "Où en est la lecture d'une file d'activités de France Travail : une ligne par code",
            source="service",
        ),
    )

    code: Mapped[str] = colonne("Activité lue", codes=CodeActivite, primary_key=True)
    complete_le: Mapped[datetime | None] = colonne(
        "Début de la dernière lecture menée à son terme ; vide : aucune"
    )
    code_ft: Mapped[str | None] = colonne(
        "Pourquoi la dernière n'y est pas allée : statut HTTP ou code", source="France Travail"
    )
    essais: Mapped[int] = colonne(
        "Lectures manquées de suite", unite="essais", server_default=text("0")
    )
    reprendre_le: Mapped[datetime] = colonne(
        "Instant de la prochaine, ou fin du bail de celle qui court"
    )


class ActiviteFranceTravail(Versionnee, Base):
    """A task of their work queue: whose it is here, and what it waits for."""

    __tablename__ = "activite_france_travail"
    __table_args__ = (
        Index(None, "collectivite", "identifiant_ft", unique=True),
        # Each order of the list, alone and after each of its filters.
        *(
            Index(None, "collectivite", *filtre, tri, "id")
            for filtre in ((), ("statut",), ("code_activite",))
            for tri in ("cree_le", "date_echeance")
        ),
        Index(
            "ix_activite_france_travail_presente",
            "collectivite",
            "id",
            postgresql_where=text("disparue_le IS NULL"),
        ),
        ForeignKeyConstraint(
            ["collectivite", "reconnue_id"], ["personne.collectivite", "personne.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Une activité de la file que France Travail donne au département",
            source="France Travail, GET /activites/chercher",
            donnee=INDIRECTE,
        ),
    )

    identifiant_ft: Mapped[str] = colonne("Identifiant de l'activité chez France Travail")
    code_activite: Mapped[str] = colonne("Activité", codes=CodeActivite)
    statut: Mapped[str] = colonne(
        "Ce qu'elle attend d'ici", source="service", codes=StatutActiviteFranceTravail
    )
    # Not `personne_id`: a merge moves no row of it, whoever absorbed her is read through her.
    reconnue_id: Mapped[UUID | None] = colonne(
        "Personne d'ici qui a le numéro de l'usager, fusionnée peut-être depuis ; vide : aucune",
        source="service",
    )
    numero_scelle: Mapped[bytes | None] = colonne(
        "Numéro France Travail de l'usager, scellé (AES-256-GCM), tant que personne d'ici n'est"
        " reconnu et que l'activité est dans la file",
        CHIFFREE,
    )
    orientation_id: Mapped[UUID | None] = colonne(
        "Orientation de la personne, à décider ou décidée", source="service"
    )
    type_parcours_ft: Mapped[str | None] = colonne(
        "Parcours que dit l'activité", source="France Travail : typeParcours"
    )
    organisme_ft: Mapped[str | None] = colonne(
        "Organisme que dit l'activité", source="France Travail : typeOrganismeAccompagnateur"
    )
    creee_ft_le: Mapped[datetime | None] = colonne("Création de l'activité chez France Travail")
    date_echeance: Mapped[date] = colonne("Jour où elle est due ; à défaut, celui où elle fut lue")
    date_echeance_proche: Mapped[date | None] = colonne(
        "Jour dont France Travail fait le début de l'urgence"
    )
    vue_le: Mapped[datetime] = colonne(
        "Début de la dernière lecture où elle était", AUCUNE, source="service"
    )
    disparue_le: Mapped[datetime | None] = colonne(
        "Lecture qui a dit qu'elle n'y est plus ; vide : elle y est", source="service"
    )
