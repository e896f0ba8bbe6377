"""What France Travail said of a diagnostic, how the person sees her file, and who has read it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.consultations import MotifRevocationCode
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee

_SOURCE_FT = "POST /v1/parcours/{id}/diagnostic-france-travail"


class DiagnosticFranceTravail(Ecrite, Cle, Base):
    """A diagnostic as France Travail wrote it, but for health: what ours does not hold is here."""

    __tablename__ = "diagnostic_france_travail"
    __table_args__ = (
        Index(None, "collectivite", "diagnostic_id", unique=True),
        du_parcours("diagnostic", "diagnostic_id"),
        fiche(
            "Le dossier v4 reçu de France Travail dont un diagnostic est fait, sans la contrainte"
            " de santé ; immuable",
            source=_SOURCE_FT,
            donnee=INDIRECTE,
        ),
    )

    diagnostic_id: Mapped[UUID] = colonne("Diagnostic qui en est fait", source="service")
    version_listes: Mapped[str] = colonne("Version des listes qui l'ont lu", source="service")
    dossier: Mapped[bytes] = colonne("Dossier v4 en JSON, scellé (AES-256-GCM)", CHIFFREE)


class DiagnosticFranceTravailSante(Ecrite, Cle, Base):
    """The contrainte of health of that file."""

    __tablename__ = "diagnostic_france_travail_sante"
    __table_args__ = (
        Index(None, "collectivite", "diagnostic_id", unique=True),
        du_parcours("diagnostic", "diagnostic_id"),
        fiche(
            "La contrainte de santé d'un dossier v4, et sa place dans la liste ; immuable",
            source=_SOURCE_FT,
            donnee=Donnee.SANTE,
        ),
    )

    diagnostic_id: Mapped[UUID] = colonne("Diagnostic qui en est fait", source="service")
    contraintes: Mapped[bytes] = colonne(
        "Contraintes de santé, par leur rang, en JSON, scellé (AES-256-GCM)", CHIFFREE
    )


class CodeConsultation(Versionnee, Base):
    """A short-lived code by which a person reads her own file. Shown once, never kept."""

    __tablename__ = "code_consultation"
    __table_args__ = (
        Index(None, "collectivite", "repere", unique=True),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint("essais >= 0", name="essais"),
        CheckConstraint("(revoque_le IS NULL) = (motif_revocation IS NULL)", name="revocation"),
        du_parcours(),
        fiche(
            "Un code de consultation donné à la personne : deux empreintes, jamais le code",
            source="POST /v1/parcours/{id}/codes-consultation",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours qu'il ouvre")
    agent: Mapped[str] = colonne("Agent qui le donne, par son code opaque chez le partenaire")
    repere: Mapped[bytes] = colonne(
        "Empreinte à clé de ses huit premiers caractères, par quoi il se trouve",
        CHIFFREE,
        source="service",
    )
    secret: Mapped[bytes] = colonne(
        "Empreinte à clé des seize autres, comparée en temps constant", CHIFFREE, source="service"
    )
    avec_sante: Mapped[bool] = colonne(
        "Vrai : les freins de santé de la personne s'y lisent ; demande la portée de santé",
        Donnee.SANTE,
    )
    expire_le: Mapped[datetime] = colonne("Premier instant où il ne vaut plus", source="service")
    essais: Mapped[int] = colonne(
        "Secrets faux présentés ; au cinquième, le code ne vaut plus",
        AUCUNE,
        source="service",
        unite="essais",
        server_default=text("0"),
    )
    revoque_le: Mapped[datetime | None] = colonne(
        "Instant de la révocation ; vide : il n'est pas révoqué",
        source="POST /v1/codes-consultation/{id}/revocations",
    )
    motif_revocation: Mapped[str | None] = colonne(
        "Pourquoi il est révoqué",
        source="POST /v1/codes-consultation/{id}/revocations",
        codes=MotifRevocationCode,
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a demandé", AUCUNE, source="jeton")


class AccesParcours(Ecrite, Cle, Base):
    """Who read or changed what of a parcours, one day."""

    __tablename__ = "acces_parcours"
    __table_args__ = (
        Index(
            "uq_acces_parcours_jour",
            "collectivite",
            "parcours_id",
            "jour",
            "client_id",
            "operation",
            "ecriture",
            "sante",
            unique=True,
        ),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        du_parcours(),
        fiche(
            "Le journal des accès à un parcours : une ligne par client, opération et jour",
            source="service, dans la requête qui lit ou écrit",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours lu ou changé")
    jour: Mapped[date] = colonne("Jour civil, en UTC")
    client_id: Mapped[str] = colonne("Client OAuth qui a lu ou changé, le premier de la chaîne")
    operation: Mapped[str] = colonne("operationId de ce qui a été fait, ex. obtenir_frein")
    ecriture: Mapped[bool] = colonne("Vrai : quelque chose a pu changer ; un essai ne change rien")
    sante: Mapped[bool] = colonne(
        "Vrai : le jeton portait une portée de santé, ou le code de consultation l'ouvrait"
    )
