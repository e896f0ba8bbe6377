"""What can be prescribed: offres, the séances of collective ones, and who comes; health apart."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.contrats_engagement import ModaliteActivite
from shared.schemas.parcours.offres import OrigineOffre, StatutInscription
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cloisonnee, Versionnee

_IMPORT = "POST /v1/offres-data-inclusion"


class Offre(Versionnee, Base):
    """Something that can be prescribed: a funded action, or a service of data·inclusion."""

    __tablename__ = "offre"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "action_id", "cree_le", "id"),
        Index(
            "uq_offre_reference",
            "collectivite",
            "reference",
            unique=True,
            postgresql_where=text("reference IS NOT NULL"),
        ),
        CheckConstraint(
            "(origine = 'data_inclusion') = (reference IS NOT NULL)"
            " AND (reference IS NULL) = (date_maj IS NULL)",
            name="origine",
        ),
        CheckConstraint("age_min <= age_max", name="ages"),
        CheckConstraint("date_debut <= date_fin", name="dates"),
        fiche("Ce qui peut se prescrire pour un frein", source=f"POST /v1/offres, ou {_IMPORT}"),
    )

    origine: Mapped[str] = colonne("D'où elle vient", source="service", codes=OrigineOffre)
    reference: Mapped[str | None] = colonne(
        "Identifiant du service chez data·inclusion", source=_IMPORT
    )
    titre: Mapped[str] = colonne("Titre")
    description: Mapped[str | None] = colonne("Ce que c'est, en clair")
    thematiques: Mapped[list[Any]] = colonne(
        "Thématiques de data·inclusion", codes="thematiques-data-inclusion"
    )
    freins: Mapped[list[Any]] = colonne(
        "Freins dits en plus de ceux de ses thématiques", codes="freins"
    )
    modalite: Mapped[str | None] = colonne(
        "Individuelle ou collective ; vide : pas dit", codes=ModaliteActivite
    )
    type: Mapped[str | None] = colonne(
        "Type de service de data·inclusion", codes="enumerations-data-inclusion"
    )
    frais: Mapped[str | None] = colonne(
        "Frais pour la personne, selon data·inclusion", codes="enumerations-data-inclusion"
    )
    publics: Mapped[list[Any]] = colonne(
        "Publics de data·inclusion, indicatifs", codes="enumerations-data-inclusion"
    )
    conditions_acces: Mapped[str | None] = colonne("Conditions qui ne se vérifient pas ici")
    age_min: Mapped[int | None] = colonne("Âge minimal, inclus", unite="années révolues")
    age_max: Mapped[int | None] = colonne("Âge maximal, inclus", unite="années révolues")
    beneficiaire_rsa_requis: Mapped[bool] = colonne("Vrai : réservée aux bénéficiaires du RSA")
    projet_requis: Mapped[bool] = colonne(
        "Vrai : il faut un projet au diagnostic et un contrat d'engagement signé"
    )
    communes: Mapped[list[Any]] = colonne(
        "Codes Insee des communes servies ; liste vide : toute la collectivité"
    )
    zone_a_verifier: Mapped[bool] = colonne(
        "Vrai : zone dite par un code dont les communes ne sont pas connues ici", source=_IMPORT
    )
    code_commune: Mapped[str | None] = colonne(
        "Code Insee de la commune du lieu ; vide : itinérante ou à distance"
    )
    a_distance: Mapped[bool] = colonne("Vrai : se suit sans se déplacer")
    lien: Mapped[str | None] = colonne("Page où elle se mobilise")
    date_debut: Mapped[date] = colonne("Premier jour où elle se prescrit")
    date_fin: Mapped[date | None] = colonne("Dernier jour, inclus ; vide : sans fin dite")
    action_id: Mapped[UUID | None] = colonne(
        "Action de financement où se prennent places et argent ; vide : ne se prescrit pas"
    )
    date_maj: Mapped[date | None] = colonne(
        "Dernière modification chez le producteur", source=_IMPORT
    )
    vue_le: Mapped[datetime | None] = colonne(
        "Début de la dernière lecture du catalogue où elle était ; vide : aucune ne l'a vue",
        source="service",
    )
    absences: Mapped[int] = colonne(
        "Lectures complètes de suite qui ne l'ont pas vue",
        source="service",
        unite="lectures",
        server_default=text("0"),
    )
    date_retrait: Mapped[date | None] = colonne(
        "Jour où data·inclusion ne la connaissait plus ; vide : elle est au catalogue",
        source="service",
    )


class OffreFrein(Cloisonnee, Base):
    """A frein that an offer may lift: declared, or told by its thématiques."""

    __tablename__ = "offre_frein"
    __table_args__ = (
        Index(None, "collectivite", "code", "offre_id"),
        du_parcours("offre", "offre_id"),
        fiche(
            "Un frein qu'une offre peut lever, dit par elle ou par ses thématiques",
            source="service",
        ),
    )

    offre_id: Mapped[UUID] = colonne("Offre", primary_key=True)
    code: Mapped[str] = colonne("Frein", primary_key=True, codes="freins")


class Seance(Versionnee, Base):
    """A séance of a collective offer. Its row is the gate of its places."""

    __tablename__ = "seance"
    __table_args__ = (
        Index(None, "collectivite", "offre_id", "debut_le", "id"),
        Index(None, "collectivite", "offre_id", "cree_le", "id"),
        CheckConstraint("debut_le < fin_le", name="dates"),
        CheckConstraint("places > 0", name="places"),
        du_parcours("offre", "offre_id"),
        fiche("Une séance d'une offre collective", source="POST /v1/offres/{id}/seances"),
    )

    offre_id: Mapped[UUID] = colonne("Offre")
    debut_le: Mapped[datetime] = colonne("Début")
    fin_le: Mapped[datetime] = colonne("Fin")
    places: Mapped[int] = colonne("Places de la séance", unite="places")
    code_commune: Mapped[str | None] = colonne("Code Insee de la commune où elle se tient")


class ColonnesInscription(Versionnee):
    """A person in a séance, through a prescription, and whether she came."""

    seance_id: Mapped[UUID] = colonne("Séance")
    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    prescription_id: Mapped[UUID] = colonne("Prescription qui l'y inscrit")
    statut: Mapped[str] = colonne(
        "Inscrite, puis ce que dit l'émargement",
        source="service, puis POST /v1/inscriptions/{id}/presences",
        codes=StatutInscription,
    )
    client_id: Mapped[str] = colonne("Client OAuth du dernier acte", AUCUNE, source="jeton")


def _inscription(prescription: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "seance_id", "prescription_id", unique=True),
        Index(None, "collectivite", "seance_id", "cree_le", "id"),
        Index(None, "collectivite", "prescription_id"),
        du_parcours("seance", "seance_id"),
        du_parcours(),
        du_parcours(prescription, "prescription_id"),
        fiche(sens, source="POST /v1/seances/{id}/inscriptions", donnee=donnee),
    )


class Inscription(ColonnesInscription, Base):
    """An inscription for a frein that is not of health."""

    __tablename__ = "inscription"
    __table_args__ = _inscription(
        "prescription", "Une personne à une séance, et si elle y était", INDIRECTE
    )


class InscriptionSante(ColonnesInscription, Base):
    """An inscription for a frein of health: whoever reads it would know."""

    __tablename__ = "inscription_sante"
    __table_args__ = _inscription(
        "prescription_sante", "Comme inscription, pour un frein de santé", Donnee.SANTE
    )


INSCRIPTIONS: dict[bool, type[Any]] = {False: Inscription, True: InscriptionSante}
