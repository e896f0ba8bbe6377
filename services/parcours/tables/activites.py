"""Activities of the plan d'action, and the hours said to be done of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.activites import SourceHeures
from shared.schemas.parcours.contrats_engagement import ModaliteActivite
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Activite(Versionnee, Base):
    """An activity planned: an objective, from one day to another. Only its end may come sooner."""

    __tablename__ = "activite"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint(
            "date_fin >= date_debut AND (date_arret IS NULL OR date_arret >= date_debut)"
            " AND (date_arret IS NULL) = (arret_le IS NULL)",
            name="dates",
        ),
        CheckConstraint(
            "duree_hebdomadaire_minutes > 0 AND duree_hebdomadaire_minutes % 15 = 0",
            name="quarts",
        ),
        du_parcours(),
        fiche(
            "Une activité prévue au plan d'action : un objectif, ni un travail ni une obligation",
            source="POST /v1/parcours/{id}/activites",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    type: Mapped[str] = colonne("Sorte d'activité", codes="types-activites-plan-action")
    libelle: Mapped[bytes] = colonne("Ce que c'est, scellé (AES-256-GCM)", CHIFFREE)
    modalite: Mapped[str] = colonne("Seul ou en groupe", codes=ModaliteActivite)
    encadree: Mapped[bool] = colonne("Vrai : encadrée ; faux : en autonomie")
    organisme_id: Mapped[UUID] = colonne("Qui la tient ; à défaut, l'organisme référent du jour")
    par_organisme_referent: Mapped[bool] = colonne(
        "Vrai : c'était l'organisme référent ; faux : il la coordonne", source="service"
    )
    duree_hebdomadaire_minutes: Mapped[int] = colonne(
        "Prévue chaque semaine, par quarts d'heure", unite="minutes"
    )
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date | None] = colonne("Dernier jour prévu ; vide : sans terme")
    date_arret: Mapped[date | None] = colonne(
        "Dernier jour, si elle a cessé avant", source="POST /v1/activites/{id}/clotures"
    )
    arret_le: Mapped[datetime | None] = colonne(
        "Instant où cet arrêt a été su", AUCUNE, source="horloge de la base"
    )


class DeclarationHeures(Ecrite, Cle, Base):
    """What was said to be done of an activity, a day or a week. Never changed."""

    __tablename__ = "declaration_heures"
    __table_args__ = (
        Index(None, "collectivite", "activite_id", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "date_lundi"),
        CheckConstraint("duree_minutes >= 0 AND duree_minutes % 15 = 0", name="quarts"),
        CheckConstraint(
            "extract(isodow FROM date_lundi) = 1"
            " AND (date_activite IS NULL OR date_activite - date_lundi BETWEEN 0 AND 6)",
            name="semaine",
        ),
        du_parcours(),
        ForeignKeyConstraint(
            ["collectivite", "activite_id"], ["activite.collectivite", "activite.id"]
        ),
        fiche(
            "Ce qui est dit fait d'une activité, un jour ou une semaine ; immuable, la dernière"
            " l'emporte",
            source="POST /v1/activites/{id}/heures",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    activite_id: Mapped[UUID] = colonne("Activité")
    date_lundi: Mapped[date] = colonne("Lundi de la semaine ISO")
    date_activite: Mapped[date | None] = colonne("Jour ; vide : la semaine entière")
    duree_minutes: Mapped[int] = colonne("Tout ce qui en a été fait", unite="minutes")
    source: Mapped[str] = colonne("Qui le dit", codes=SourceHeures)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class RepereHeures(Ecrite, Cle, Base):
    """The weekly hours that the département announces, from a day on. Never changed."""

    __tablename__ = "repere_heures"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint("minimum_minutes <= maximum_minutes", name="bornes"),
        fiche(
            "L'intensité que le département affiche : un réglage local, qui ne borne aucun contrat",
            source="POST /v1/reperes-heures",
            donnee=AUCUNE,
        ),
    )

    date_debut: Mapped[date] = colonne("Premier jour où il vaut ; le suivant le remplace")
    minimum_minutes: Mapped[int] = colonne("Bas de la fourchette", unite="minutes")
    maximum_minutes: Mapped[int] = colonne("Haut de la fourchette", unite="minutes")
    source: Mapped[str] = colonne("Texte local qui le pose")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
