"""What ends and what begins again: the right to the RSA, told by the flux, and the parcours."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.sorties import EffetDroit, OrigineReouverture, TypeMouvementDroit
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Ecrite


class Reouverture(Ecrite, Cle, Base):
    """A return in the same parcours, and the exit that it follows. Never changed."""

    __tablename__ = "reouverture"
    __table_args__ = (
        Index(None, "collectivite", "parcours_id", "rang", unique=True),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        du_parcours(),
        fiche(
            "Un retour dans le même parcours, et la sortie qu'il suit ; immuable",
            source="orientation : décision suivie par le fil ; ou POST …/reouvertures",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    rang: Mapped[int] = colonne("1, puis un de plus à chaque retour", unite="rang")
    origine: Mapped[str] = colonne("Ce qui rouvre", codes=OrigineReouverture)
    orientation_id: Mapped[UUID] = colonne("Orientation de la période qui s'ouvre ou reprend")
    date_reouverture: Mapped[date] = colonne("Jour du retour")
    date_sortie: Mapped[date] = colonne("Jour de la sortie qu'il suit")
    motif_sortie: Mapped[str] = colonne("Pourquoi elle avait eu lieu", codes="motifs-sortie")
    commentaire_sortie: Mapped[bytes | None] = colonne(
        "Texte libre de la sortie, scellé (AES-256-GCM)", CHIFFREE
    )
    sortie_le: Mapped[datetime] = colonne(
        "Instant où la sortie avait été sue", AUCUNE, source="horloge de la base"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class MouvementDroit(Ecrite, Cle, Base):
    """What a flux told of a person's right or of her droits et devoirs. Never changed."""

    __tablename__ = "mouvement_droit"
    __table_args__ = (
        Index(None, "collectivite", "mouvement_id", "parcours_id", unique=True),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        du_parcours(),
        fiche(
            "Ce qu'un flux dit du droit d'une personne : le parcours n'en est pas clos ; immuable",
            source="orientation : mouvement suivi par le fil",
            donnee=INDIRECTE,
        ),
    )

    mouvement_id: Mapped[UUID] = colonne("Mouvement d'orientation")
    parcours_id: Mapped[UUID] = colonne("Parcours de la personne, l'ouvert ou le dernier clos")
    type: Mapped[str] = colonne("Ce qui a changé", codes=TypeMouvementDroit)
    effet: Mapped[str] = colonne("Ce que c'est ici", source="service", codes=EffetDroit)
    date_reference: Mapped[date] = colonne("Jour du flux qui le dit")
    motif_sortie: Mapped[str | None] = colonne(
        "Motif du référentiel ; vide : aucun, ou inconnu", source="service", codes="motifs-sortie"
    )
