"""Contracts of the orientation service. Enum values are ours, in lower snake_case;
codes of CAF, France Travail or Insee keep their form and are checked against a referential.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.identifiants import IdentifiantInvalide, nir_complet
from shared.schemas.commun import (
    INCHANGE,
    Auteur,
    Booleen,
    BooleenFacultatif,
    Code,
    CodeCommune,
    Commentaire,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Nom,
    Page,
    Rang,
    ReferenceExterne,
    Ressource,
)


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

# A name of ours, or of a referential: a field, a table, a warning.
Mot = Annotated[str, StringConstraints(max_length=100)]


class TypeParcours(StrEnum):
    """Parcours d'accompagnement (code du travail, L5411-5-1). Liste fermée."""

    PROFESSIONNEL = "professionnel"
    SOCIO_PROFESSIONNEL = "socio_professionnel"
    SOCIAL = "social"


class TypeOrganisme(StrEnum):
    """Types d'organismes référents (code du travail, L5411-5-1 IV). Liste ouverte."""

    FRANCE_TRAVAIL = "france_travail"
    CONSEIL_DEPARTEMENTAL = "conseil_departemental"
    DELEGATAIRE_DEPARTEMENTAL = "delegataire_departemental"
    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
    AUTRE_ORGANISME = "autre_organisme"


class StatutOrientation(StrEnum):
    """États d'une orientation. Liste fermée."""

    BROUILLON = "brouillon"
    EN_ATTENTE = "en_attente"
    OUVERTE = "ouverte"
    CLOTUREE = "cloturee"


class EtatDecision(StrEnum):
    """Ce que le décideur fait de la préconisation. Liste fermée."""

    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"


class MotifRefus(StrEnum):
    """Motifs de refus d'une préconisation (vocabulaire de France Travail). Liste ouverte."""

    DECLARATION_INEXACTE = "declaration_inexacte"
    SITUATION_NON_COUVERTE = "situation_non_couverte"
    APPRECIATION_DIFFERENTE = "appreciation_differente"
    MANQUE_CAPACITE_ACCUEIL = "manque_capacite_accueil"
    ENTRETIEN_ORIENTATION = "entretien_orientation"
    AUTRE = "autre"


class NiveauFrein(StrEnum):
    """Niveau d'un frein, du moins au plus gênant ; `non_explore` : inconnu. Liste fermée."""

    NON_EXPLORE = "non_explore"
    SANS_IMPACT = "sans_impact"
    MOYEN = "moyen"
    FORT = "fort"


class OrganismeReferentCreation(Entree):
    """Un organisme qui peut être désigné référent, et les clients qui parlent pour lui."""

    reference: Code = Field(description="Code de l'organisme dans la collectivité, ex. cd-35")
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(
        default=[], max_length=2000, description="Communes servies ; vide : toute la collectivité"
    )
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    convention_debut: DateCivile | None = Field(
        default=None, description="Début de la convention d'un délégataire"
    )
    convention_fin: DateCivile | None = None
    delegation_debut: DateCivile | None = Field(
        default=None, description="Début d'une délégation de la décision (L5411-5-1 II 2°)"
    )
    delegation_fin: DateCivile | None = None
    clients: list[Code] = Field(
        default=[], max_length=50, description="Clients OAuth qui parlent pour cet organisme"
    )
    source: Libelle | None = None
    illustratif: Booleen = Field(default=False, description="Vrai : inventé pour démonstration")


class OrganismeReferentModification(Entree):
    """Ce qui change d'un organisme référent ; sa référence et son type ne changent pas."""

    nom: Libelle = INCHANGE
    communes: Annotated[list[CodeCommune], Field(max_length=2000)] = INCHANGE
    date_debut: DateCivile | None = INCHANGE
    date_fin: DateCivile | None = INCHANGE
    convention_debut: DateCivile | None = INCHANGE
    convention_fin: DateCivile | None = INCHANGE
    delegation_debut: DateCivile | None = INCHANGE
    delegation_fin: DateCivile | None = INCHANGE
    clients: Annotated[list[Code], Field(max_length=50)] = INCHANGE
    source: Libelle | None = INCHANGE


class OrganismeReferent(Ressource):
    """Un organisme qui peut être désigné référent."""

    reference: Code
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(max_length=2000)
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    convention_debut: DateCivile | None
    convention_fin: DateCivile | None
    delegation_debut: DateCivile | None
    delegation_fin: DateCivile | None
    clients: list[Code] = Field(max_length=50)
    source: Libelle | None
    illustratif: Booleen


class PageOrganismesReferents(Page[OrganismeReferent]):
    """Une page d'organismes référents."""


# --- personnes


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


# --- imports


class TypeImport(StrEnum):
    """Ce qu'un fichier contient. Liste ouverte."""

    FLUX_BENEFICIAIRES = "flux_beneficiaires"


class StatutImport(StrEnum):
    """États d'un import. Liste fermée."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ECHOUEE = "echouee"
    ANNULEE = "annulee"


class CompteursImport(Modele):
    """Ce qu'un import a lu et fait.

    Les personnes lues sont à orienter, hors orientation, ou refusées avec leur foyer.
    """

    foyers_lus: Entier
    foyers_crees: Entier
    foyers_modifies: Entier
    foyers_identiques: Entier
    foyers_refuses: Entier
    personnes_lues: Entier
    personnes_a_orienter: Entier
    personnes_hors_orientation: Entier
    personnes_refusees: Entier
    orientations_creees: Entier
    orientations_closes: Entier


class ProblemeImport(Modele):
    """Pourquoi la lecture d'un fichier, ou d'un foyer, s'est arrêtée."""

    code: str = Field(max_length=60, description="Motif, dans une liste ouverte")
    ligne: Entier | None
    champ: str | None = Field(max_length=60, description="Élément en cause, jamais sa valeur")


class Import(Ressource):
    """Un fichier reçu, et où en est sa lecture."""

    type: TypeImport
    statut: StatutImport
    taille_octets: Entier
    sha256: str = Field(
        min_length=64, max_length=64, description="Empreinte du fichier, décompressé"
    )
    recu_le: Instant
    termine_le: Instant | None
    date_reference: DateCivile | None = Field(description="DTREF du flux")
    compteurs: CompteursImport
    complet: Booleen = Field(description="Vrai : autant de foyers lus que le flux en annonce")
    probleme: ProblemeImport | None


class PageImports(Page[Import]):
    """Une page d'imports."""


class StatutLigne(StrEnum):
    """Ce qu'il est advenu d'une ligne d'import. Liste fermée."""

    CREEE = "creee"
    MODIFIEE = "modifiee"
    IDENTIQUE = "identique"
    REFUSEE = "refusee"


class ResultatImport(Modele):
    """Le sort d'un foyer : son rang, sa ligne, et pourquoi il est refusé s'il l'est."""

    ligne: Rang = Field(description="Ligne du fichier où le foyer commence")
    rang: Rang = Field(description="Rang du foyer dans le fichier, à partir de 1")
    statut: StatutLigne
    id: Identifiant | None = Field(json_schema_extra={"readOnly": True}, description="Dossier")
    probleme: ProblemeImport | None
    avertissements: list[Mot] = Field(
        max_length=200, description="Éléments lus avec réserve, dans une liste ouverte"
    )


# --- orientations


class CritereLigne(Entree):
    """Un critère, dans le vocabulaire de l'API orientation de France Travail."""

    champ: str = Field(max_length=60, description="Champ du référentiel, ex. niveau_etude")
    valeur: str = Field(max_length=60, description="Code du référentiel, ex. NV4")


class SourceCriteres(StrEnum):
    """Qui énonce des critères. Liste ouverte."""

    PERSONNE = "personne"
    PROFESSIONNEL = "professionnel"
    FRANCE_TRAVAIL = "france_travail"
    ORGANISME_PAYEUR = "organisme_payeur"


class CriteresCreation(Entree):
    """Des critères énoncés ensemble ; le dernier énoncé de chaque champ l'emporte."""

    criteres: list[CritereLigne] = Field(min_length=1, max_length=40)
    obstacle_temporaire: BooleenFacultatif = Field(
        default=None, description="Ce qu'en dit le professionnel (L5411-5-1 I al. 2)"
    )
    source: SourceCriteres
    date_recueil: DateCivile


class EcartOrganisme(Modele):
    """Un organisme écarté, et pourquoi."""

    organisme_id: Identifiant
    motif: str = Field(max_length=60)


class CritereEvalue(Modele):
    """Un critère, sa valeur, et ce qu'il a fait à la proposition."""

    champ: str = Field(max_length=60)
    valeur: str = Field(max_length=60)
    effet: str = Field(max_length=300)
    sante: Booleen


class Explication(Modele):
    """Pourquoi : un texte pour toute personne, puis les faits sur lesquels il repose."""

    texte: str = Field(max_length=4000)
    regle_parcours: str = Field(max_length=10)
    base_parcours: str = Field(
        max_length=20, description="texte, interpretation, propose ou technique"
    )
    source_parcours: str = Field(max_length=300)
    entretien_recommande: Booleen
    entrees_manquantes: list[Mot] = Field(max_length=10)
    champs_manquants: list[Mot] = Field(max_length=40)
    regle_organisme: str | None = Field(max_length=10)
    base_organisme: str | None = Field(max_length=20)
    source_organisme: str | None = Field(max_length=300)
    criteres: list[CritereEvalue] = Field(max_length=60)
    organismes_ecartes: list[EcartOrganisme] = Field(max_length=2000)
    versions: list[Mot] = Field(max_length=10, description="Tables appliquées")


class Proposition(Modele):
    """Ce que les règles proposent, sur quelles entrées et sous quelle table. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    regle: str = Field(max_length=10, description="P0 à P7")
    type_parcours: TypeParcours | None
    organisme_referent_id: Identifiant | None
    explication: Explication
    champs_masques: list[Mot] = Field(
        max_length=5, description="Ce que la portée du jeton ne laisse pas voir"
    )
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePropositions(Page[Proposition]):
    """Une page de propositions."""


class OrigineOrientation(StrEnum):
    """D'où vient une orientation à faire. Liste ouverte."""

    FLUX = "flux"
    SAISIE = "saisie"


class OrganismeDemande(StrEnum):
    """À qui une personne hors RSA s'est adressée (L5411-5-1 II 3° et 4°). Liste fermée."""

    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"


class OrientationCreation(Entree):
    """Une orientation à faire, pour une personne enregistrée hors flux."""

    personne_id: Identifiant
    recu_le: Instant | None = Field(
        default=None,
        description="Réception de l'information par les services ; absent : maintenant",
    )
    organisme_demande: OrganismeDemande | None = Field(
        default=None, description="Sans RSA : l'organisme à qui la personne s'est adressée"
    )


class Orientation(Ressource):
    """Une orientation : à faire, proposée, décidée."""

    personne_id: Identifiant
    origine: OrigineOrientation
    statut: StatutOrientation
    recu_le: Instant = Field(description="Réception de l'information : le délai court de là")
    date_limite: DateCivile = Field(description="Dernier jour des six semaines (D262-65-2)")
    criteres: list[CritereLigne] = Field(max_length=60)
    champs_masques: list[Mot] = Field(max_length=5)
    proposition_id: Identifiant | None
    decision_id: Identifiant | None
    type_parcours: TypeParcours | None = Field(description="Décidé ; null avant la décision")
    organisme_referent_id: Identifiant | None
    date_effet: DateCivile | None


class PageOrientations(Page[Orientation]):
    """Une page d'orientations."""


class DecisionCreation(Entree):
    """La décision de l'autorité compétente sur une préconisation."""

    etat_decision: EtatDecision
    motif_refus: MotifRefus | None = None
    commentaire: Commentaire | None = None
    type_parcours: TypeParcours | None = None
    organisme_referent_id: Identifiant | None = None
    date_decision: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    date_effet: DateCivile | None = Field(default=None, description="Absente : la date de décision")


class Decision(Modele):
    """Une décision d'orientation. Immuable : seul un autre acte la remplace."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    etat_decision: EtatDecision
    motif_refus: MotifRefus | None
    commentaire: Commentaire | None
    type_parcours: TypeParcours
    organisme_referent_id: Identifiant
    date_decision: DateCivile
    date_effet: DateCivile
    regle_competence: str = Field(max_length=2, description="C1 à C6 : ce qui rend compétent")
    organisme_decideur_id: Identifiant
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDecisions(Page[Decision]):
    """Une page de décisions."""


# --- échéances


class EtatEcheance(StrEnum):
    """Où en est une échéance aujourd'hui ; calculé, jamais conservé. Liste fermée."""

    A_TEMPS = "a_temps"
    A_RISQUE = "a_risque"
    EN_RETARD = "en_retard"
    RESPECTEE = "respectee"
    DEPASSEE = "depassee"


class Echeance(Modele):
    """Ce qui est dû, pour quand, et d'où vient le délai."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="L'orientation concernée"
    )
    code: Code
    personne_id: Identifiant
    date_limite: DateCivile
    etat: EtatEcheance
    source: str = Field(max_length=300)
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheances(Page[Echeance]):
    """Une page d'échéances."""
