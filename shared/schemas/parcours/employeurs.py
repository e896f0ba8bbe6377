"""Employers, their offers, who is put forward to them; markets with a clause d'insertion."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Annee,
    Auteur,
    Booleen,
    Code,
    CodeCommune,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.parcours.emplois import CodeRome, MinutesHebdomadaires, StructureIae, TypeEmploi
from shared.schemas.parcours.vocabulaire import AGENT

Siret = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{14}$", max_length=14),
    Field(description="SIRET de l'établissement ; ses clés sont vérifiées"),
]
CodeNaf = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{2}[A-Z]$", max_length=6),
    Field(description="Activité principale, code NAF rév. 2 de l'Insee, ex. 43.21A"),
]
# A quarter of an hour, as clauses are counted; below zero, what was counted too much.
MinutesClause = Annotated[
    int,
    Field(
        strict=True,
        ge=-60_000,
        le=60_000,
        multiple_of=15,
        description="Minutes, par quarts d'heure ; négatives : elles corrigent un trop-compté",
    ),
]


class SecteurGroupement(StrEnum):
    """Secteurs d'un groupement d'employeurs pour l'insertion. Liste ouverte."""

    BATIMENT = "batiment"
    PROPRETE = "proprete"
    INDUSTRIE = "industrie"
    AGRICULTURE = "agriculture"
    TRANSPORTS = "transports"
    AUTRE = "autre"


class EmployeurCreation(Entree):
    """Un établissement qui accueille ou recrute ; aucune personne n'y est nommée."""

    siret: Siret
    nom: Libelle = Field(description="Raison sociale ou enseigne")
    naf: CodeNaf
    code_commune: CodeCommune
    structures_iae: list[StructureIae] = Field(
        default=[], max_length=4, description="Ce qu'il est pour l'insertion par l'activité"
    )
    secteur_groupement: SecteurGroupement | None = Field(
        default=None, description="D'un groupement d'employeurs pour l'insertion ; null : non"
    )
    departement: Booleen = Field(default=False, description="Vrai : le département lui-même")


class Employeur(Ressource):
    """Un établissement qui accueille ou recrute."""

    siret: Siret
    nom: Libelle
    naf: CodeNaf
    code_commune: CodeCommune
    structures_iae: list[StructureIae] = Field(max_length=4)
    secteur_groupement: SecteurGroupement | None
    departement: Booleen


class PageEmployeurs(Page[Employeur]):
    """Une page d'employeurs."""


class NatureContactEmployeur(StrEnum):
    """Ce qui est fait auprès d'un employeur. Liste ouverte."""

    BESOIN = "besoin"
    VISITE = "visite"
    RECRUTEMENT = "recrutement"
    SUIVI_DANS_L_EMPLOI = "suivi_dans_l_emploi"
    CLAUSE = "clause"


class AccompagnementEmployeurCreation(Entree):
    """Un besoin dit ou un accompagnement mené, un jour."""

    nature: NatureContactEmployeur
    date_accompagnement: DateCivile = Field(description="Aujourd'hui au plus tard")
    agent: ReferenceExterne = Field(description=AGENT)
    rome: CodeRome | None = None
    places: Rang | None = Field(default=None, description="Postes dont il est question")


class AccompagnementEmployeur(Modele):
    """Ce qui a été fait auprès d'un employeur, un jour. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    employeur_id: Identifiant
    nature: NatureContactEmployeur
    date_accompagnement: DateCivile
    agent: ReferenceExterne = Field(description=AGENT)
    rome: CodeRome | None
    places: Rang | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageAccompagnementsEmployeur(Page[AccompagnementEmployeur]):
    """Une page d'accompagnements d'un employeur."""


class StatutOffre(StrEnum):
    """États d'une offre ; `pourvue` : chaque poste a trouvé sa personne. Liste fermée."""

    OUVERTE = "ouverte"
    POURVUE = "pourvue"
    CLOSE = "close"


class OffreEmploiCreation(Entree):
    """Une offre d'un employeur."""

    employeur_id: Identifiant
    rome: CodeRome
    intitule: Libelle
    type_emploi: TypeEmploi
    code_commune: CodeCommune = Field(description="Lieu de travail, code commune Insee")
    duree_hebdomadaire_minutes: MinutesHebdomadaires
    places: Rang
    date_ouverture: DateCivile = Field(description="Aujourd'hui au plus tard")


class OffreEmploiClotureCreation(Entree):
    """L'offre n'est plus à pourvoir."""

    date_cloture: DateCivile = Field(description="De l'ouverture à aujourd'hui")


class OffreEmploi(Ressource):
    """Une offre, et ce qui en est pourvu."""

    employeur_id: Identifiant
    rome: CodeRome
    intitule: Libelle
    type_emploi: TypeEmploi
    code_commune: CodeCommune
    duree_hebdomadaire_minutes: MinutesHebdomadaires
    places: Rang
    places_pourvues: Entier
    statut: StatutOffre
    date_ouverture: DateCivile
    date_cloture: DateCivile | None


class PageOffresEmploi(Page[OffreEmploi]):
    """Une page d'offres."""


class StatutMiseEnRelation(StrEnum):
    """Ce que donne une mise en relation ; aucune issue n'en entraîne d'autre. Liste fermée."""

    PROPOSEE = "proposee"
    RECRUTEE = "recrutee"
    NON_RETENUE = "non_retenue"
    DECLINEE = "declinee"
    SANS_SUITE = "sans_suite"


class MiseEnRelationCreation(Entree):
    """Une personne proposée sur une offre."""

    parcours_id: Identifiant
    date_proposition: DateCivile = Field(description="De l'ouverture de l'offre à aujourd'hui")


class MiseEnRelationResultatCreation(Entree):
    """Ce qu'a donné la mise en relation, une fois."""

    issue: StatutMiseEnRelation = Field(description="Toute autre que `proposee`")
    date_resultat: DateCivile = Field(description="De la proposition à aujourd'hui")
    emploi_id: Identifiant | None = Field(
        default=None, description="L'emploi du même parcours, pour `recrutee` et elle seule"
    )


class MiseEnRelation(Ressource):
    """Une personne proposée sur une offre, et ce que cela a donné."""

    offre_emploi_id: Identifiant
    parcours_id: Identifiant
    date_proposition: DateCivile
    statut: StatutMiseEnRelation
    date_resultat: DateCivile | None
    emploi_id: Identifiant | None


class PageMisesEnRelation(Page[MiseEnRelation]):
    """Une page de mises en relation."""


class MarcheCreation(Entree):
    """Un marché dont une clause réserve des heures à l'insertion."""

    reference: Code = Field(description="Référence du marché, unique dans la collectivité")
    objet: Libelle
    minutes_prevues: Entier = Field(description="Minutes que la clause réserve")
    date_debut: DateCivile
    date_fin: DateCivile


class Marche(Ressource):
    """Un marché et les heures d'insertion qui y ont été travaillées."""

    reference: Code
    objet: Libelle
    minutes_prevues: Entier
    minutes_travaillees: Entier
    minutes_rsa: Entier = Field(description="Dont celles d'allocataires du RSA")
    part_rsa_points_base: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = Field(
        description="10 000 : toutes ; null : aucune heure travaillée"
    )
    date_debut: DateCivile
    date_fin: DateCivile


class PageMarches(Page[Marche]):
    """Une page de marchés."""


class PublicClause(StrEnum):
    """Public d'une heure d'insertion, celui de l'embauche. Liste ouverte."""

    BRSA = "brsa"
    DELD = "deld"
    JEUNE = "jeune"
    AUTRE = "autre"


class HeuresClauseCreation(Entree):
    """Des heures d'insertion d'un mois."""

    mois: DateCivile = Field(description="Premier jour du mois travaillé")
    minutes: MinutesClause
    public: PublicClause
    parcours_id: Identifiant | None = Field(
        default=None, description="De qui suit un parcours ; requis pour `brsa`"
    )


class HeuresClause(Modele):
    """Des heures d'insertion comptées sur un marché. Immuable ; une correction s'ajoute."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    marche_id: Identifiant
    mois: DateCivile
    minutes: MinutesClause
    public: PublicClause
    parcours_id: Identifiant | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageHeuresClause(Page[HeuresClause]):
    """Une page d'heures d'insertion."""


class BilanRecrutement(Modele):
    """Jeunes que le département a lui-même recrutés ; rien sous le seuil, ni par différence."""

    annee: Annee
    age_max: Entier = Field(description="Âge révolu, compris, au premier jour")
    recrutes: Entier | None = Field(description="Personnes distinctes ; null : masqué")
    en_situation_handicap: Entier | None = Field(description="Null : masqué")
    seuil: Rang = Field(description="Aucun groupe de moins de personnes n'est montré")
