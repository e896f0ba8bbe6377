"""Employers and their offers, what a person works at, the frames that hold her, and the FAJ."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.parcours.aides_jeunes import NatureAide, PayeA, StatutAide
from shared.schemas.parcours.dispositifs import (
    MotifFinDispositif,
    RoleMembre,
    StatutDispositif,
    TypeActeDispositif,
    TypeDispositif,
)
from shared.schemas.parcours.emplois import (
    DecideurAide,
    Derogation,
    DispositifAide,
    MotifFinEmploi,
    ObjetPmsmp,
    PrescripteurPmsmp,
    StatutEmploi,
    StructureIae,
    TypeActeEmploi,
    TypeEmploi,
)
from shared.schemas.parcours.employeurs import (
    NatureContactEmployeur,
    PublicClause,
    SecteurGroupement,
    StatutMiseEnRelation,
    StatutOffre,
)
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee

_CLIENT = "Client OAuth qui l'a transmis"


def _de(table: str, colonne: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["collectivite", colonne], [f"{table}.collectivite", f"{table}.id"])


def _liste(*filtres: str) -> list[Index]:
    """The last first: whole, and by each filter."""
    return [
        Index(None, "collectivite", "cree_le", "id"),
        *(Index(None, "collectivite", filtre, "cree_le", "id") for filtre in filtres),
    ]


class Employeur(Versionnee, Base):
    """An establishment that takes people in, or hires them."""

    __tablename__ = "employeur"
    __table_args__ = (
        Index(None, "collectivite", "siret", unique=True),
        *_liste("secteur_groupement"),
        fiche(
            "Un établissement qui accueille ou recrute ; aucune personne n'y est nommée",
            source="POST /v1/employeurs",
        ),
    )

    siret: Mapped[str] = colonne("SIRET, sur 14 chiffres")
    nom: Mapped[str] = colonne("Raison sociale ou enseigne")
    naf: Mapped[str] = colonne("Activité principale, code NAF rév. 2")
    code_commune: Mapped[str] = colonne("Commune, code Insee")
    structures_iae: Mapped[list[Any]] = colonne(
        "Ce qu'il est pour l'insertion par l'activité économique", codes=StructureIae
    )
    secteur_groupement: Mapped[str | None] = colonne(
        "Secteur, d'un groupement d'employeurs pour l'insertion", codes=SecteurGroupement
    )
    departement: Mapped[bool] = colonne("Vrai : le département lui-même")


class ActeEmployeur(Ecrite, Cle, Base):
    """What was done with an employer, one day. Never changed."""

    __tablename__ = "acte_employeur"
    __table_args__ = (
        Index(None, "collectivite", "employeur_id", "cree_le", "id"),
        _de("employeur", "employeur_id"),
        fiche(
            "Un besoin dit par un employeur, ou un accompagnement mené ; immuable",
            source="POST /v1/employeurs/{id}/accompagnements",
        ),
    )

    employeur_id: Mapped[UUID] = colonne("Employeur")
    nature: Mapped[str] = colonne("Ce qui a été fait", codes=NatureContactEmployeur)
    date_accompagnement: Mapped[date] = colonne("Son jour")
    agent: Mapped[str] = colonne("Code opaque de l'agent chez le partenaire", INDIRECTE)
    rome: Mapped[str | None] = colonne("Métier, code ROME")
    places: Mapped[int | None] = colonne("Postes dont il est question", unite="postes")
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class OffreEmploi(Versionnee, Base):
    """An offer, and how much of it is taken."""

    __tablename__ = "offre_emploi"
    __table_args__ = (
        *_liste("employeur_id", "statut", "rome", "code_commune"),
        CheckConstraint("places_pourvues <= places", name="places"),
        _de("employeur", "employeur_id"),
        fiche("Une offre d'un employeur, et ce qui en est pourvu", source="POST /v1/offres-emploi"),
    )

    employeur_id: Mapped[UUID] = colonne("Employeur")
    rome: Mapped[str] = colonne("Métier, code ROME")
    intitule: Mapped[str] = colonne("Intitulé du poste")
    type_emploi: Mapped[str] = colonne("Contrat offert", codes=TypeEmploi)
    code_commune: Mapped[str] = colonne("Lieu de travail, code Insee")
    duree_hebdomadaire_minutes: Mapped[int] = colonne("Durée d'une semaine", unite="minutes")
    places: Mapped[int] = colonne("Postes à pourvoir", unite="postes")
    places_pourvues: Mapped[int] = colonne(
        "Postes pourvus", source="POST /v1/mises-en-relation/{id}/resultats", unite="postes"
    )
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutOffre)
    date_ouverture: Mapped[date] = colonne("Premier jour")
    date_cloture: Mapped[date | None] = colonne("Jour où elle cesse d'être à pourvoir")


class MiseEnRelation(Versionnee, Base):
    """A person put forward for an offer."""

    __tablename__ = "mise_en_relation"
    __table_args__ = (
        Index(
            "uq_mise_en_relation_proposee",
            "collectivite",
            "offre_emploi_id",
            "parcours_id",
            unique=True,
            postgresql_where=text("statut = 'proposee'"),
        ),
        *_liste("offre_emploi_id", "parcours_id", "statut"),
        CheckConstraint("(statut = 'proposee') = (date_resultat IS NULL)", name="statut"),
        _de("offre_emploi", "offre_emploi_id"),
        _de("parcours", "parcours_id"),
        _de("emploi", "emploi_id"),
        fiche(
            "Une personne proposée sur une offre, et ce que cela a donné",
            source="POST /v1/offres-emploi/{id}/mises-en-relation",
            donnee=INDIRECTE,
        ),
    )

    offre_emploi_id: Mapped[UUID] = colonne("Offre")
    parcours_id: Mapped[UUID] = colonne("Parcours")
    date_proposition: Mapped[date] = colonne("Jour de la proposition")
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutMiseEnRelation)
    date_resultat: Mapped[date | None] = colonne("Jour de l'issue")
    emploi_id: Mapped[UUID | None] = colonne("Emploi qu'elle a donné")


class Emploi(Versionnee, Base):
    """What a person works at, or tries out; each type fills its own columns."""

    __tablename__ = "emploi"
    __table_args__ = (
        *_liste("parcours_id", "employeur_id", "type", "statut"),
        # What ends: the last first, among those whose end is a deadline.
        Index(
            "ix_emploi_du_cree_le",
            "collectivite",
            "type",
            "cree_le",
            "id",
            postgresql_where=text("statut = 'ouvert' AND date_fin IS NOT NULL"),
        ),
        CheckConstraint("date_fin IS NULL OR date_fin >= date_debut", name="dates"),
        CheckConstraint("(statut = 'termine') = (motif_fin IS NOT NULL)", name="fin"),
        CheckConstraint(
            "(type = 'pmsmp') = (objet IS NOT NULL)"
            " AND (type = 'iae') = (structure IS NOT NULL)"
            " AND (type = 'contrat_aide') = (date_fin_aide IS NOT NULL)",
            name="type",
        ),
        _de("parcours", "parcours_id"),
        _de("employeur", "employeur_id"),
        _de("emploi", "renouvelle_id"),
        _de("dispositif", "pass_iae_id"),
        fiche(
            "Un emploi ou une mise en situation d'une personne, tel que ses actes l'ont fait",
            source="POST /v1/parcours/{id}/emplois, puis /v1/emplois/{id}/actes",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    employeur_id: Mapped[UUID | None] = colonne("Employeur ; vide : création d'activité")
    type: Mapped[str] = colonne("Ce que c'est", codes=TypeEmploi)
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutEmploi)
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date | None] = colonne(
        "Dernier jour, prévu ou effectif, compris ; vide : sans terme"
    )
    motif_fin: Mapped[str | None] = colonne("Pourquoi il a fini", codes=MotifFinEmploi)
    duree_hebdomadaire_minutes: Mapped[int | None] = colonne(
        "Durée d'une semaine, par quarts d'heure", unite="minutes"
    )
    rome: Mapped[str | None] = colonne("Métier, code ROME")
    age_entree: Mapped[int | None] = colonne("Âge révolu au premier jour", unite="ans")
    objet: Mapped[str | None] = colonne("Objet d'une PMSMP", codes=ObjetPmsmp)
    prescripteur: Mapped[str | None] = colonne("Qui prescrit une PMSMP", codes=PrescripteurPmsmp)
    renouvelle_id: Mapped[UUID | None] = colonne("PMSMP que celle-ci renouvelle")
    structure: Mapped[str | None] = colonne(
        "Structure d'insertion par l'activité économique", codes=StructureIae
    )
    pass_iae_id: Mapped[UUID | None] = colonne("PASS IAE qui l'admet")
    dispositif_aide: Mapped[str | None] = colonne("Contrat aidé", codes=DispositifAide)
    decideur: Mapped[str | None] = colonne("Qui décide l'aide", codes=DecideurAide)
    date_fin_aide: Mapped[date | None] = colonne("Dernier jour de l'aide")
    derogation: Mapped[str | None] = colonne(
        "Ce qui permet de passer une borne de la loi", codes=Derogation
    )
    date_accompagnement_renforce: Mapped[date | None] = colonne(
        "Début de l'accompagnement renforcé avant la fin d'un contrat aidé"
    )


class ActeEmploi(Ecrite, Cle, Base):
    """What happened to an emploi. Never changed."""

    __tablename__ = "acte_emploi"
    __table_args__ = (
        Index(None, "collectivite", "emploi_id", "cree_le", "id"),
        _de("emploi", "emploi_id"),
        fiche(
            "Ce qui est arrivé à un emploi : début, prolongation, fin… ; immuable",
            source="POST /v1/emplois/{id}/actes",
            donnee=INDIRECTE,
        ),
    )

    emploi_id: Mapped[UUID] = colonne("Emploi")
    type: Mapped[str] = colonne("Ce qui est arrivé", codes=TypeActeEmploi)
    date_acte: Mapped[date] = colonne("Jour de l'acte, ou dernier jour qu'il donne")
    motif: Mapped[str | None] = colonne("Pourquoi il finit", codes=MotifFinEmploi)
    derogation: Mapped[str | None] = colonne("Ce qui permet de le prolonger", codes=Derogation)
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class Dispositif(Versionnee, Base):
    """A frame that holds a person for a time."""

    __tablename__ = "dispositif"
    __table_args__ = (
        *_liste("parcours_id", "type", "statut"),
        Index(
            "ix_dispositif_du_cree_le",
            "collectivite",
            "type",
            "cree_le",
            "id",
            postgresql_where=text("statut = 'ouvert'"),
        ),
        CheckConstraint("date_fin >= date_debut", name="dates"),
        CheckConstraint("(statut = 'clos') = (motif_fin IS NOT NULL)", name="statut"),
        CheckConstraint("NOT rqth OR type = 'cej'", name="rqth"),
        _de("parcours", "parcours_id"),
        fiche(
            "Un dispositif daté : PASS IAE, CEJ, PACEA, contrat trajectoire autonomie ; un CEJ"
            " admis pour handicap ne se lit que sous la portée de la santé",
            source="POST /v1/parcours/{id}/dispositifs, puis /v1/dispositifs/{id}/actes",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    type: Mapped[str] = colonne("Ce que c'est", codes=TypeDispositif)
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutDispositif)
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date] = colonne("Dernier jour, prévu ou effectif, compris")
    motif_fin: Mapped[str | None] = colonne("Pourquoi il a fini", codes=MotifFinDispositif)
    age_entree: Mapped[int | None] = colonne("Âge révolu au premier jour", unite="ans")
    # An age alone would tell it: the whole row is shown under the scope of health only.
    rqth: Mapped[bool] = colonne("Vrai : un CEJ admis pour handicap", Donnee.SANTE)
    organisme_id: Mapped[UUID] = colonne("Organisme qui le porte")
    agent: Mapped[str | None] = colonne(
        "Référent de parcours ASE, par son code opaque chez le partenaire"
    )
    numero: Mapped[str | None] = colonne("Numéro du PASS IAE")


class ActeDispositif(Ecrite, Cle, Base):
    """What happened to a dispositif. Never changed."""

    __tablename__ = "acte_dispositif"
    __table_args__ = (
        Index(None, "collectivite", "dispositif_id", "cree_le", "id"),
        _de("dispositif", "dispositif_id"),
        fiche(
            "Ce qui est arrivé à un dispositif : début, prolongation, suspension… ; immuable",
            source="POST /v1/dispositifs/{id}/actes",
            donnee=INDIRECTE,
        ),
    )

    dispositif_id: Mapped[UUID] = colonne("Dispositif")
    type: Mapped[str] = colonne("Ce qui est arrivé", codes=TypeActeDispositif)
    date_acte: Mapped[date] = colonne("Jour de l'acte, ou dernier jour qu'il donne")
    date_fin: Mapped[date | None] = colonne("Dernier jour d'une suspension, compris")
    motif: Mapped[str | None] = colonne("Pourquoi il finit", codes=MotifFinDispositif)
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")


class MembreReseau(Versionnee, Base):
    """A partner of the network around a person."""

    __tablename__ = "membre_reseau"
    __table_args__ = (
        Index(
            "uq_membre_reseau_courant",
            "collectivite",
            "dispositif_id",
            "role",
            "organisme_id",
            unique=True,
            postgresql_where=text("date_fin IS NULL"),
        ),
        Index(None, "collectivite", "dispositif_id", "cree_le", "id"),
        CheckConstraint("date_fin IS NULL OR date_fin >= date_debut", name="dates"),
        _de("dispositif", "dispositif_id"),
        fiche(
            "Un partenaire du réseau autour d'un jeune, d'un jour à un autre",
            source="POST /v1/dispositifs/{id}/membres",
            donnee=INDIRECTE,
        ),
    )

    dispositif_id: Mapped[UUID] = colonne("Dispositif")
    # That of health tells that there is something to treat: shown under its scope only.
    role: Mapped[str] = colonne(
        "Ce qu'il tient ; celui de santé se lit sous la portée de santé",
        Donnee.SANTE,
        codes=RoleMembre,
    )
    organisme_id: Mapped[UUID] = colonne("Son organisme")
    agent: Mapped[str | None] = colonne("Code opaque de l'agent chez le partenaire")
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date | None] = colonne("Jour où il quitte le réseau ; vide : en cours")


class AideJeune(Versionnee, Base):
    """An aid of the fonds d'aide aux jeunes."""

    __tablename__ = "aide_jeune"
    __table_args__ = (
        *_liste("parcours_id", "statut"),
        CheckConstraint(
            "(statut IN ('versee', 'attribuee')) <= (engagement_id IS NOT NULL)", name="engagement"
        ),
        CheckConstraint(
            "(statut IN ('attribuee', 'refusee')) = (date_commission IS NOT NULL)",
            name="commission",
        ),
        _de("parcours", "parcours_id"),
        fiche(
            "Une aide du fonds d'aide aux jeunes : demandée, décidée, engagée dans financement",
            source="POST /v1/parcours/{id}/aides-jeunes",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    action_id: Mapped[UUID] = colonne("Action du fonds : elle est dans financement")
    nature: Mapped[str] = colonne("Ce qu'elle paie", codes=NatureAide)
    paye_a: Mapped[str] = colonne("À qui", codes=PayeA)
    age: Mapped[int] = colonne("Âge révolu le jour de la demande", unite="ans")
    urgence: Mapped[bool] = colonne("Vrai : payable avant la commission")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutAide)
    montant_demande_centimes: Mapped[int] = colonne("Montant demandé")
    montant_centimes: Mapped[int] = colonne("Montant versé ou attribué ; zéro avant")
    date_demande: Mapped[date] = colonne("Jour de la demande")
    date_versement: Mapped[date | None] = colonne("Jour d'un versement d'urgence")
    date_commission: Mapped[date | None] = colonne("Jour de la décision")
    date_annulation: Mapped[date | None] = colonne("Jour où elle est retirée")
    versement_le: Mapped[datetime | None] = colonne(
        "Instant où le versement d'urgence a été su", AUCUNE, source="horloge de la base"
    )
    resolue_le: Mapped[datetime | None] = colonne(
        "Instant où la décision ou le retrait a été su", AUCUNE, source="horloge de la base"
    )
    reservation_id: Mapped[UUID] = colonne("Réservation qui la garantit", source="financement")
    expire_le: Mapped[datetime] = colonne("Instant où la réservation tombe", source="financement")
    engagement_id: Mapped[UUID | None] = colonne("Engagement", source="financement")


class ReglementAide(Ecrite, Cle, Base):
    """The rules of the fund from a day on. Never changed: the next is a row more."""

    __tablename__ = "reglement_aide"
    __table_args__ = (
        Index(None, "collectivite", "depuis", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Le règlement du fonds d'aide aux jeunes, du jour où il vaut ; immuable",
            source="POST /v1/reglements-aides-jeunes",
        ),
    )

    depuis: Mapped[date] = colonne("Premier jour des demandes qu'il régit")
    age_min: Mapped[int] = colonne("Âge révolu, compris", unite="ans")
    age_max: Mapped[int] = colonne("Âge révolu, compris", unite="ans")
    urgence_max_centimes: Mapped[int | None] = colonne("Plafond d'un versement d'urgence")
    annuel_max_centimes: Mapped[int | None] = colonne("Plafond d'une personne par année civile")
    natures_plafonnees: Mapped[list[Any]] = colonne(
        "Plafonds par nature : nature, montant_centimes"
    )
    texte_source: Mapped[str] = colonne("Délibération ou règlement intérieur")


class Marche(Versionnee, Base):
    """A market of which a clause keeps hours for insertion."""

    __tablename__ = "marche"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        *_liste(),
        CheckConstraint("date_fin >= date_debut", name="dates"),
        CheckConstraint("minutes_rsa BETWEEN 0 AND minutes_travaillees", name="minutes"),
        fiche(
            "Un marché dont une clause réserve des heures à l'insertion, et celles qui y sont"
            " comptées",
            source="POST /v1/marches",
        ),
    )

    reference: Mapped[str] = colonne("Référence du marché")
    objet: Mapped[str] = colonne("Ce qu'il achète")
    minutes_prevues: Mapped[int] = colonne("Que la clause réserve", unite="minutes")
    minutes_travaillees: Mapped[int] = colonne(
        "Somme des heures comptées", source="service", unite="minutes"
    )
    minutes_rsa: Mapped[int] = colonne(
        "Dont celles d'allocataires du RSA", source="service", unite="minutes"
    )
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date] = colonne("Dernier jour, compris")


class HeuresClause(Ecrite, Cle, Base):
    """Hours of insertion on a market, in a month. Never changed: a correction is a row more."""

    __tablename__ = "heures_clause"
    __table_args__ = (
        Index(None, "collectivite", "marche_id", "cree_le", "id"),
        CheckConstraint("public <> 'brsa' OR parcours_id IS NOT NULL", name="public"),
        _de("marche", "marche_id"),
        _de("parcours", "parcours_id"),
        fiche(
            "Des heures d'insertion comptées sur un marché, un mois ; immuable",
            source="POST /v1/marches/{id}/heures",
            donnee=INDIRECTE,
        ),
    )

    marche_id: Mapped[UUID] = colonne("Marché")
    mois: Mapped[date] = colonne("Premier jour du mois travaillé")
    minutes: Mapped[int] = colonne("Par quarts d'heure ; négatives : correction", unite="minutes")
    public: Mapped[str] = colonne("Public à l'embauche", codes=PublicClause)
    parcours_id: Mapped[UUID | None] = colonne("Parcours, de qui en suit un")
    client_id: Mapped[str] = colonne(_CLIENT, AUCUNE, source="jeton")
