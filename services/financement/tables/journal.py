"""The journal, and the balances that it proves."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.journal import Actif, EvenementJournal, Livre, Poste, Sens
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Cloisonnee

OBJET = "L'enveloppe, l'action, l'autorisation, les crédits de paiement ou la clause"
QUANTITE = "centimes d'euro, places ou minutes, selon le livre"


class Chaine(Cloisonnee, Base):
    """The head of a collectivité's journal. Locked last, and held shortest."""

    __tablename__ = "chaine"
    __table_args__ = fiche("La tête du journal d'une collectivité", source="service")

    seq: Mapped[int] = colonne("Rang de la dernière écriture", unite="rang")
    empreinte: Mapped[bytes] = colonne("SHA-256 de la dernière écriture")


class Ecriture(Cle, Base):
    """An entry of the journal. Insert-only, gapless, chained."""

    __tablename__ = "ecriture"
    __table_args__ = (
        Index(None, "collectivite", "seq", unique=True),
        # A contre-passation exists at most once per original (I-06).
        Index(None, "collectivite", "extourne_de", unique=True),
        # What was engaged and not mandated on a day is read of the entries of each engagement.
        Index(
            "ix_ecriture_engagement",
            "collectivite",
            "engagement_id",
            postgresql_where=text("engagement_id IS NOT NULL"),
        ),
        # What moved since a day, of the same list.
        Index(
            "ix_ecriture_engagement_effet",
            "collectivite",
            "date_effet",
            "engagement_id",
            postgresql_where=text("engagement_id IS NOT NULL"),
        ),
        # A rattachement and its contre-passation, each once (I-23).
        Index(
            "ix_ecriture_rattachement",
            "collectivite",
            "origine_id",
            "evenement",
            unique=True,
            postgresql_where=text("origine = 'rattachements'"),
        ),
        ForeignKeyConstraint(
            ["collectivite", "extourne_de"], ["ecriture.collectivite", "ecriture.id"]
        ),
        *vers("action", "reservation", "engagement"),
        fiche(
            "Une écriture du journal en partie double : chaînée, jamais changée ni retirée",
            source="service",
        ),
    )

    seq: Mapped[int] = colonne("Rang, sans trou, dans la collectivité", unite="rang")
    evenement: Mapped[str] = colonne("Ce que l'écriture enregistre", codes=EvenementJournal)
    date_effet: Mapped[date] = colonne("Jour où l'écriture prend effet")
    inscrite_le: Mapped[datetime] = colonne("Instant de l'inscription")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a causée, le premier de la chaîne")
    action_id: Mapped[UUID | None] = colonne("Action concernée")
    reservation_id: Mapped[UUID | None] = colonne("Réservation concernée", INDIRECTE)
    engagement_id: Mapped[UUID | None] = colonne("Engagement concerné", INDIRECTE)
    origine: Mapped[str | None] = colonne(
        "Type de la ressource dont l'acte est inscrit ; vide : nommée par une autre colonne"
    )
    origine_id: Mapped[UUID | None] = colonne("Cette ressource", INDIRECTE)
    extourne_de: Mapped[UUID | None] = colonne("Écriture que celle-ci contre-passe")
    source: Mapped[str | None] = colonne(
        "Acte qui la justifie", source="POST /v1/enveloppes/{id}/ouvertures"
    )
    empreinte_precedente: Mapped[bytes] = colonne("Empreinte de l'écriture précédente")
    empreinte: Mapped[bytes] = colonne(
        "SHA-256 de l'empreinte précédente et de la forme canonique de celle-ci"
    )


class LigneEcriture(Cloisonnee, Base):
    """A line of an entry: an account, a side, an integer quantity. Insert-only."""

    __tablename__ = "ligne_ecriture"
    __table_args__ = (
        # The entries of one object, in order, whatever their number.
        Index(None, "collectivite", "objet_id", "seq", "ecriture_id"),
        CheckConstraint("quantite > 0", name="quantite"),
        CheckConstraint("sens IN ('debit', 'credit')", name="sens"),
        *vers("ecriture"),
        fiche("Une ligne d'écriture : un compte, un côté, une quantité", source="service"),
    )

    ecriture_id: Mapped[UUID] = colonne("Écriture", primary_key=True)
    rang: Mapped[int] = colonne(
        "Ordre de la ligne, de 0", unite="rang", primary_key=True, autoincrement=False
    )
    seq: Mapped[int] = colonne("Rang de l'écriture, le même que le sien", unite="rang")
    livre: Mapped[str] = colonne("Livre du journal", codes=Livre)
    poste: Mapped[str] = colonne("Poste du livre", codes=Poste)
    objet_id: Mapped[UUID] = colonne(OBJET)
    sens: Mapped[str] = colonne("Côté", codes=Sens)
    quantite: Mapped[int] = colonne("Quantité", unite="celle d'actif")
    actif: Mapped[str] = colonne("Ce que la ligne compte", codes=Actif)


class Solde(Cloisonnee, Base):
    """The balance of an account of an object, in its normal direction: never below zero.

    Kept with each posting, and equal to the replay of the journal (I-07). The row of an object's
    first free poste (`disponible`, or `a_realiser` of a clause) is its gate: whoever moves a
    balance of the object holds it first.
    """

    __tablename__ = "solde"
    __table_args__ = (
        CheckConstraint("solde >= 0", name="positif"),
        fiche(
            "Le solde d'un compte d'un objet, dans son sens normal ; égal au rejeu du journal",
            source="service",
        ),
    )

    objet_id: Mapped[UUID] = colonne(OBJET, primary_key=True)
    livre: Mapped[str] = colonne("Livre du journal", primary_key=True, codes=Livre)
    poste: Mapped[str] = colonne("Poste du livre", primary_key=True, codes=Poste)
    solde: Mapped[int] = colonne("Solde", unite=QUANTITE, server_default=text("0"))


class MouvementJour(Cloisonnee, Base):
    """What the entries of a day, known on a day, add to an account: past balances are sums of few.

    One row an account, a day of effect and a day of inscription, whatever the number of entries.
    Kept with each posting, and equal to the replay of the journal, like `solde`.
    """

    __tablename__ = "mouvement_jour"
    __table_args__ = fiche(
        "Ce qu'un jour d'effet, su un jour, ajoute à un compte ; égal au rejeu du journal",
        source="service",
    )

    objet_id: Mapped[UUID] = colonne(OBJET, primary_key=True)
    livre: Mapped[str] = colonne("Livre du journal", primary_key=True, codes=Livre)
    poste: Mapped[str] = colonne("Poste du livre", primary_key=True, codes=Poste)
    date_effet: Mapped[date] = colonne("Jour d'effet des écritures", primary_key=True)
    jour_inscription: Mapped[date] = colonne(
        "Jour civil de leur inscription, dans le fuseau de la collectivité", primary_key=True
    )
    variation: Mapped[int] = colonne(
        "Ce qu'elles ajoutent au solde, dans le sens normal du compte", unite=QUANTITE
    )
