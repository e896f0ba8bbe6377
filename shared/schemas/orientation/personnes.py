"""Persons, how they are recognised, and what they declared."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.identifiants import (
    IdentifiantInvalide,
    nir_complet,
    numero_allocataire,
    numero_france_travail,
)
from shared.schemas.commun import (
    INCHANGE,
    Auteur,
    Booleen,
    BooleenFacultatif,
    CodeCommune,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Nom,
    Page,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import Mot, SourceCriteres


def _nir(texte: str) -> str:
    try:
        return nir_complet(texte)
    except IdentifiantInvalide:
        raise PydanticCustomError("format-inattendu", "NIR invalide") from None


NirEntrant = Annotated[
    str,
    StringConstraints(max_length=21),
    AfterValidator(_nir),
    Field(
        json_schema_extra={"writeOnly": True},
        description="NIR, 13 ou 15 caractères ; jamais rendu",
    ),
]


def _matricule(texte: str) -> str:
    try:
        return numero_allocataire(texte)
    except IdentifiantInvalide:
        raise PydanticCustomError("format-inattendu", "Numero d'allocataire invalide") from None


def _numero_france_travail(texte: str) -> str:
    try:
        return numero_france_travail(texte)
    except IdentifiantInvalide:
        raise PydanticCustomError("format-inattendu", "Numero France Travail invalide") from None


MatriculeEntrant = Annotated[
    str,
    StringConstraints(max_length=21),
    AfterValidator(_matricule),
    Field(description="Numéro d'allocataire CAF ou MSA, avec ou sans ses zéros"),
]

NumeroFranceTravail = Annotated[
    str,
    StringConstraints(max_length=21),
    AfterValidator(_numero_france_travail),
    Field(description="Numéro France Travail national, 11 chiffres"),
]


class SourcePersonne(StrEnum):
    """Qui fait connaître une personne, ou un risque. Liste ouverte."""

    AGENT = "agent"
    FRANCE_TRAVAIL = "france_travail"
    MSA = "msa"
    CAF = "caf"
    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
    AUTRE = "autre"


class SituationRsa(StrEnum):
    """Où une personne en est du RSA ; bénéficiaire l'emporte sur à risque. Liste ouverte."""

    BENEFICIAIRE = "beneficiaire"
    A_RISQUE = "a_risque"
    HORS_RSA = "hors_rsa"


class PersonneCreation(Entree):
    """Une personne à enregistrer. Le NIR entre ici et ne ressort jamais."""

    reference_externe: ReferenceExterne | None = None
    nom: Nom
    prenoms: Nom
    nom_naissance: Nom | None = None
    date_naissance: DateCivile
    nir: NirEntrant | None = None
    code_commune: CodeCommune | None = None
    beneficiaire_rsa: Booleen
    droits_devoirs: Booleen = Field(
        default=False, description="Soumise aux droits et devoirs (L262-28)"
    )
    numero_france_travail: NumeroFranceTravail | None = None
    source: SourcePersonne | None = Field(default=None, description="Qui la fait connaître")
    date_risque_rsa: DateCivile | None = Field(
        default=None, description="Sans RSA : jour où elle est dite à risque d'y entrer"
    )
    source_risque_rsa: SourcePersonne | None = Field(
        default=None, description="Qui le dit ; requise avec la date"
    )


class PersonneModification(Entree):
    """Ce qui change d'une personne que le flux ne tient pas."""

    nom: Nom = INCHANGE
    prenoms: Nom = INCHANGE
    nom_naissance: Nom | None = INCHANGE
    code_commune: CodeCommune | None = INCHANGE
    beneficiaire_rsa: Booleen = INCHANGE
    droits_devoirs: Booleen = INCHANGE
    date_risque_rsa: DateCivile | None = INCHANGE
    source_risque_rsa: SourcePersonne | None = INCHANGE


class Personne(Ressource):
    """Une personne connue du service ; sans NIR, par construction."""

    reference_externe: ReferenceExterne | None
    nom: Nom
    prenoms: Nom
    nom_naissance: Nom | None
    date_naissance: DateCivile
    code_commune: CodeCommune | None
    beneficiaire_rsa: Booleen
    droits_devoirs: Booleen
    dossier_id: Identifiant | None
    role: str | None = Field(max_length=3, description="Rôle dans le foyer (ROLEPERS) : DEM, CJT")
    numero_france_travail: str | None = Field(max_length=11)
    source: SourcePersonne | None = Field(description="Null : le flux, ou non dit")
    situation_rsa: SituationRsa
    date_risque_rsa: DateCivile | None
    source_risque_rsa: SourcePersonne | None
    fusionnee_avec_id: Identifiant | None = Field(
        description="La personne qui l'a absorbée ; null : elle-même"
    )


class Correspondance(StrEnum):
    """Issue d'une recherche exacte. Liste fermée."""

    EXACTE = "exacte"
    AUCUNE = "aucune"
    MULTIPLE = "multiple"


class PersonneRequete(Entree):
    """Identité recherchée : NIR et date de naissance, ou nom, prénoms et date de naissance."""

    nir: NirEntrant | None = None
    nom: Nom | None = None
    prenoms: Nom | None = None
    date_naissance: DateCivile


class PersonneTrouvee(Modele):
    """Issue d'une recherche : au plus un identifiant opaque."""

    correspondance: Correspondance
    personne_id: Identifiant | None


class CodeDsp(Entree):
    """Un élément des données socio-professionnelles et une de ses valeurs."""

    champ: str = Field(max_length=30, description="Élément, ex. DIFDISP")
    code: str = Field(max_length=10, description="Valeur, ex. 0507 ; 0 ou 1 pour un booléen")


class DeclarationDspCreation(Entree):
    """Ce qu'une personne a déclaré en demandant le RSA ; un élément peut avoir plusieurs codes."""

    codes: list[CodeDsp] = Field(min_length=1, max_length=80)
    source: SourceCriteres
    date_declaration: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class DeclarationDsp(Modele):
    """Une déclaration de données socio-professionnelles. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    personne_id: Identifiant
    codes: list[CodeDsp] = Field(max_length=80)
    champs_masques: list[Mot] = Field(
        max_length=5, description="Ce que la portée du jeton ne laisse pas voir"
    )
    source: SourceCriteres
    date_declaration: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDeclarationsDsp(Page[DeclarationDsp]):
    """Une page de déclarations."""


class IndiceFrein(Modele):
    """Un frein à explorer : son niveau reste `non_explore`."""

    frein: Mot = Field(description="Code du référentiel des freins")
    codes: list[CodeDsp] = Field(max_length=80, description="Ce qui l'annonce")


class IndiceCritere(Modele):
    """Un critère à demander, et les réponses que les codes laissent possibles."""

    champ: Mot = Field(description="Critère d'orientation, ex. niveau_etude")
    valeurs_possibles: list[Mot] = Field(max_length=40)
    codes: list[CodeDsp] = Field(max_length=80, description="Ce qui l'annonce")


class Indices(Modele):
    """Ce que les déclarations annoncent : rien n'y est une réponse, ni n'entre dans un calcul."""

    personne_id: Identifiant
    freins: list[IndiceFrein] = Field(max_length=40)
    criteres: list[IndiceCritere] = Field(max_length=40)
    champs_masques: list[Mot] = Field(
        max_length=5, description="Ce que la portée du jeton ne laisse pas voir"
    )


RoleAdulte = Annotated[str, StringConstraints(pattern=r"^(DEM|CJT)$", max_length=3)]


class ReconnuePar(StrEnum):
    """Ce qui a reconnu une personne ; `identite` : rien n'est écrit. Liste ouverte."""

    NIR = "nir"
    NUMERO_FRANCE_TRAVAIL = "numero_france_travail"
    REFERENCE = "reference"
    MATRICULE = "matricule"
    IDENTITE = "identite"
    AUCUNE = "aucune"


class EnregistrementCreation(Entree):
    """Une personne à reconnaître, ou à enregistrer si personne ne la connaît."""

    reference_externe: ReferenceExterne | None = None
    nom: Nom
    prenoms: Nom
    nom_naissance: Nom | None = None
    date_naissance: DateCivile
    nir: NirEntrant | None = None
    numero_france_travail: NumeroFranceTravail | None = None
    organisme_payeur: (
        Annotated[str, StringConstraints(pattern=r"^(CAF|MSA)/[0-9A-Z]{3}$", max_length=7)] | None
    ) = Field(default=None, description="Caisse du numéro d'allocataire, ex. CAF/351")
    matricule: MatriculeEntrant | None = None
    role: RoleAdulte | None = Field(
        default=None, description="Rôle dans le foyer (ROLEPERS) ; requis avec le matricule"
    )
    code_commune: CodeCommune | None = None
    beneficiaire_rsa: BooleenFacultatif = Field(
        default=None, description="Absent : inchangé, ou faux pour une personne nouvelle"
    )
    droits_devoirs: BooleenFacultatif = Field(
        default=None, description="Absent : inchangé, ou faux pour une personne nouvelle"
    )
    source: SourcePersonne
    date_risque_rsa: DateCivile | None = None
    source_risque_rsa: SourcePersonne | None = None


class Enregistrement(Modele):
    """La personne, ce qui l'a reconnue, et les rapprochements que cela propose."""

    personne_id: Identifiant
    personne: Personne | None = Field(
        description="Null : reconnue, et le jeton n'a pas la portée orientation:lire"
    )
    reconnue_par: ReconnuePar
    rapprochements: list[Identifiant] = Field(max_length=20)


class PersonneARisque(Modele):
    """Une personne à risque d'entrer au RSA, sans identité."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    code_commune: CodeCommune | None
    date_risque_rsa: DateCivile
    source_risque_rsa: SourcePersonne
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePersonnesARisque(Page[PersonneARisque]):
    """Une page de personnes à risque d'entrer au RSA."""
