"""Contracts of the orientation service. Enum values are ours, in lower snake_case;
codes of CAF, France Travail or Insee keep their form and are checked against a referential.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.identifiants import IdentifiantInvalide, nir_complet
from shared.schemas.collectivite import EvenementDelai
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


class StatutPlace(StrEnum):
    """Où en est la place d'une personne chez son organisme référent. Liste fermée."""

    PLACEE = "placee"
    EN_FILE = "en_file"
    LIBEREE = "liberee"


class ModeNotification(StrEnum):
    """Moyens de notifier qui donnent une date certaine de réception (R5411-8-1). Liste fermée."""

    REMISE_EN_MAIN_PROPRE = "remise_en_main_propre"
    LETTRE_RECOMMANDEE = "lettre_recommandee"
    LETTRE_RECOMMANDEE_ELECTRONIQUE = "lettre_recommandee_electronique"
    ESPACE_NUMERIQUE = "espace_numerique"


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
    places: Entier | None = Field(
        default=None,
        description="Personnes qu'il peut accompagner à la fois ; absent : aucune borne",
    )


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
    places: Entier | None = INCHANGE


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
    places: Entier | None = Field(description="Null : aucune borne, toute décision donne une place")
    places_occupees: Entier = Field(description="Personnes placées à l'instant")
    file: Entier = Field(description="Personnes qui attendent une place, à l'instant")


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
    ANNULATION = "annulation"


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


class PlaceDonnee(Modele):
    """La place chez l'organisme référent, ou l'attente : la capacité n'empêche aucune décision."""

    place_id: Identifiant
    statut: StatutPlace
    rang: Rang | None = Field(description="Rang dans la file ; null : sans attente")
    date_limite_file: DateCivile | None = Field(
        description="Dernier jour d'attente : un objectif de l'outil, aucun texte ne le fixe"
    )
    organisme_alternatif_id: Identifiant | None = Field(
        description="À la décision : un organisme de la même règle qui avait de la place"
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
    place: PlaceDonnee | None = Field(description="À l'instant ; null avant la décision")
    date_notification: DateCivile | None = Field(
        description="Date certaine : la première réception de la décision (R5411-8-1)"
    )
    annulation_id: Identifiant | None = Field(description="L'acte qui a annulé la décision")


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
    place: PlaceDonnee | None = Field(
        description="Telle que la décision l'a donnée ; elle vit ensuite dans l'orientation"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDecisions(Page[Decision]):
    """Une page de décisions."""


# --- places, annulations, notifications


class Place(Ressource):
    """La place d'une personne chez un organisme référent, ou son tour dans la file."""

    orientation_id: Identifiant
    organisme_id: Identifiant
    statut: StatutPlace
    rang: Rang | None = Field(description="Rang dans la file à l'instant ; null hors de la file")
    date_limite_file: DateCivile | None = Field(
        description="Dernier jour d'attente : un objectif de l'outil, aucun texte ne le fixe"
    )
    organisme_alternatif_id: Identifiant | None = Field(
        description="À la décision : un organisme de la même règle qui avait de la place"
    )
    placee_le: Instant | None
    liberee_le: Instant | None


class PagePlaces(Page[Place]):
    """Une page de places."""


class AnnulationDecisionCreation(Entree):
    """Pourquoi l'autorité annule sa décision."""

    motif: Libelle = Field(description="Sans donnée de santé ni identité")


class AnnulationDecision(Modele):
    """L'acte qui annule une décision ; celle-ci reste écrite. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    decision_id: Identifiant
    motif: Libelle
    date_annulation: DateCivile
    organisme_decideur_id: Identifiant
    orientation_suivante_id: Identifiant | None = Field(
        description="L'orientation de nouveau à faire ; null : la personne en avait déjà une"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class NotificationCreation(Entree):
    """Un envoi de la décision, et sa réception si elle est connue."""

    mode: ModeNotification
    date_envoi: DateCivile
    date_reception: DateCivile | None = Field(
        default=None, description="Absente : non reçue ; d'une remise, le jour même"
    )


class Notification(Modele):
    """Un envoi de la décision à la personne. Immuable : un autre envoi en est un autre."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    orientation_id: Identifiant
    decision_id: Identifiant
    mode: ModeNotification
    date_envoi: DateCivile
    date_reception: DateCivile | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageNotifications(Page[Notification]):
    """Une page de notifications."""


# --- échéances


class EtatEcheance(StrEnum):
    """Où en est une échéance aujourd'hui ; calculé, jamais conservé. Liste fermée."""

    A_TEMPS = "a_temps"
    A_RISQUE = "a_risque"
    EN_RETARD = "en_retard"
    RESPECTEE = "respectee"
    DEPASSEE = "depassee"


class NatureDelai(StrEnum):
    """Ce que vaut un délai. Liste fermée."""

    LEGALE = "legale"
    OBJECTIF_LOCAL = "objectif_local"


class Echeance(Modele):
    """Ce qui est dû, pour quand, et d'où vient le délai."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True},
        description="L'orientation même pour l'échéance légale ; pour un objectif local, tiré de"
        " l'orientation et du code",
    )
    code: Code
    nature: NatureDelai
    orientation_id: Identifiant
    personne_id: Identifiant
    depart: EvenementDelai = Field(description="Fait qui ouvre le délai")
    date_depart: DateCivile
    fin: EvenementDelai = Field(description="Fait qui le ferme")
    date_limite: DateCivile
    etat: EtatEcheance
    confirme: Booleen = Field(
        description="Faux : la source ne dit pas ces faits, ou le service ne les date pas"
    )
    source: str = Field(max_length=300)
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageEcheances(Page[Echeance]):
    """Une page d'échéances."""


# --- accueils


class TypeAccueil(StrEnum):
    """Ce qui se fait pendant une séance d'accueil. Liste ouverte."""

    REUNION_COLLECTIVE = "reunion_collective"
    ENTRETIEN_INDIVIDUEL = "entretien_individuel"
    ACCUEIL_SOCIAL_UNIVERSEL = "accueil_social_universel"
    ECRIVAIN_PUBLIC_NUMERIQUE = "ecrivain_public_numerique"


class TypeLieu(StrEnum):
    """Chez qui une séance se tient. Liste ouverte."""

    POINT_ACCUEIL = "point_accueil"
    CAF = "caf"
    FRANCE_TRAVAIL = "france_travail"
    INTERCOMMUNALITE = "intercommunalite"
    AUTRE = "autre"


class StatutAccueil(StrEnum):
    """États d'une séance ; `tenu` : une présence ou une absence y est constatée. Liste fermée."""

    PROGRAMME = "programme"
    TENU = "tenu"
    ANNULE = "annule"


class StatutConvocation(StrEnum):
    """États d'une convocation ; `a_relancer` : absence, ou séance annulée. Liste fermée."""

    ENVOYEE = "envoyee"
    HONOREE = "honoree"
    A_RELANCER = "a_relancer"
    RELANCEE = "relancee"


class ModeConvocation(StrEnum):
    """Comment une personne est prévenue. Liste ouverte."""

    COURRIER = "courrier"
    COURRIEL = "courriel"
    SMS = "sms"
    TELEPHONE = "telephone"
    REMISE_EN_MAIN_PROPRE = "remise_en_main_propre"


class PresenceAccueil(StrEnum):
    """Ce qui est constaté à une séance. Liste fermée."""

    PRESENTE = "presente"
    ABSENTE = "absente"
    EXCUSEE = "excusee"


class MotifAbsence(StrEnum):
    """Motifs d'une absence, jamais de santé : `autre` suffit. Liste ouverte."""

    EMPLOI_OU_FORMATION = "emploi_ou_formation"
    TRANSPORT = "transport"
    GARDE_ENFANT = "garde_enfant"
    CONVOCATION_NON_RECUE = "convocation_non_recue"
    AUTRE = "autre"


class MotifDispense(StrEnum):
    """Motifs d'une dispense, jamais de santé : `autre` suffit. Liste ouverte."""

    DEJA_ACCOMPAGNEE = "deja_accompagnee"
    DEJA_INFORMEE = "deja_informee"
    EMPLOI_OU_FORMATION = "emploi_ou_formation"
    ELOIGNEMENT = "eloignement"
    AUTRE = "autre"


class TypeContact(StrEnum):
    """Comment un premier contact a eu lieu. Liste ouverte."""

    SUR_PLACE = "sur_place"
    TELEPHONE = "telephone"
    COURRIEL = "courriel"


class MotifContact(StrEnum):
    """Ce qu'un premier contact demande ; la santé n'y est jamais dite. Liste ouverte."""

    ACCES_AUX_DROITS = "acces_aux_droits"
    DEMARCHE_NUMERIQUE = "demarche_numerique"
    EMPLOI_INSERTION = "emploi_insertion"
    LOGEMENT = "logement"
    BUDGET = "budget"
    AUTRE = "autre"


Places = Annotated[int, Field(strict=True, ge=1, le=1000)]


class AccueilCreation(Entree):
    """Une séance d'accueil à programmer."""

    type: TypeAccueil
    type_lieu: TypeLieu
    lieu: Libelle = Field(description="Nom du lieu, public")
    code_commune: CodeCommune
    debut_le: Instant
    fin_le: Instant
    places: Places | None = Field(
        default=None,
        description="Personnes à convoquer au plus : requis pour une réunion collective, 1 pour un"
        " entretien individuel ; absent ailleurs : sans limite",
    )
    organisme_referent_id: Identifiant | None = Field(
        default=None, description="Organisme qui la tient"
    )


class AccueilModification(Entree):
    """Ce qui change d'une séance programmée : le lieu, les horaires, les places."""

    type_lieu: TypeLieu = INCHANGE
    lieu: Libelle = INCHANGE
    code_commune: CodeCommune = INCHANGE
    debut_le: Instant = INCHANGE
    fin_le: Instant = INCHANGE
    places: Places | None = INCHANGE


class AccueilAnnulationCreation(Entree):
    """L'annulation d'une séance programmée."""

    motif: Libelle = Field(description="Pourquoi, sans nommer personne")


class Accueil(Ressource):
    """Une séance d'accueil et ses places."""

    type: TypeAccueil
    statut: StatutAccueil
    type_lieu: TypeLieu
    lieu: Libelle
    code_commune: CodeCommune
    debut_le: Instant
    fin_le: Instant
    places: Places | None
    places_prises: Entier = Field(
        json_schema_extra={"readOnly": True}, description="Personnes convoquées"
    )
    organisme_referent_id: Identifiant | None
    motif_annulation: Libelle | None


class PageAccueils(Page[Accueil]):
    """Une page de séances d'accueil."""


class ConvocationCreation(Entree):
    """Une personne à convoquer à une séance."""

    personne_id: Identifiant
    mode: ModeConvocation
    date_envoi: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Convocation(Ressource):
    """Une personne convoquée à une séance, et la suite."""

    accueil_id: Identifiant
    personne_id: Identifiant
    type: TypeAccueil
    statut: StatutConvocation
    mode: ModeConvocation
    date_envoi: DateCivile
    precedente_id: Identifiant | None = Field(description="Convocation que celle-ci relance")
    rang_relance: Entier = Field(
        description="Relances après une absence ; une séance annulée ne compte pas"
    )
    presence: PresenceAccueil | None = Field(description="Dernière présence constatée")


class PageConvocations(Page[Convocation]):
    """Une page de convocations."""


class PresenceCreation(Entree):
    """Ce qui est constaté d'une personne convoquée."""

    presence: PresenceAccueil
    motif: MotifAbsence | None = Field(
        default=None, description="Requis d'une personne excusée, sans objet d'une présente"
    )
    date_constat: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Presence(Modele):
    """Un constat de présence ou d'absence. Immuable : un autre le corrige."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convocation_id: Identifiant
    presence: PresenceAccueil
    motif: MotifAbsence | None
    date_constat: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePresences(Page[Presence]):
    """Une page de constats."""


class DispenseCreation(Entree):
    """La dispense d'une étape de l'accueil."""

    type: TypeAccueil = Field(description="`reunion_collective` ou `entretien_individuel`")
    motif: MotifDispense
    date_dispense: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Dispense(Modele):
    """Une personne dispensée d'une étape de l'accueil. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    personne_id: Identifiant
    type: TypeAccueil
    motif: MotifDispense
    date_dispense: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDispenses(Page[Dispense]):
    """Une page de dispenses."""


class ContactCreation(Entree):
    """Un premier contact ; sans `personne_id` il est compté, et rien n'identifie la personne."""

    personne_id: Identifiant | None = None
    type: TypeContact
    type_lieu: TypeLieu
    lieu: Libelle = Field(description="Nom du lieu, public")
    date_contact: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    motif: MotifContact


class Contact(Modele):
    """Un premier contact de l'accueil social universel : ce n'est pas une orientation."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    personne_id: Identifiant | None
    type: TypeContact
    type_lieu: TypeLieu
    lieu: Libelle
    date_contact: DateCivile
    motif: MotifContact
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageContacts(Page[Contact]):
    """Une page de premiers contacts."""


# --- statistiques


class AxeStatistiques(StrEnum):
    """Selon quoi répartir les personnes en groupes. Liste ouverte."""

    COMMUNE = "commune"
    ORGANISME = "organisme"
    AGE = "age"


class Effectif(Modele):
    """Un nombre de personnes ; masqué, il est `null`."""

    modalite: str = Field(max_length=120)
    nombre: Entier | None
    masque: Booleen


class Repartition(Modele):
    """Les personnes d'un groupe, chacune dans une seule modalité ; à zéro, une modalité manque."""

    nom: str = Field(
        max_length=80, description="delai, decision, parcours, defaut, critere.<champ>"
    )
    masquee: Booleen = Field(description="Vrai : rien n'en est montré pour ce groupe")
    effectifs: list[Effectif] = Field(max_length=500)


class GroupeStatistiques(Modele):
    """Un groupe de personnes à orienter. Un nombre, une durée ou un taux masqué est `null`."""

    cle: str = Field(max_length=64)
    a_orienter: Entier | None
    masque: Booleen
    delai_moyen_heures: Entier | None = Field(description="De la réception à la décision")
    delai_median_heures: Entier | None
    dans_delai_points_base: Entier | None = Field(
        description="Part des décisions prises dans les six semaines, en dix-millièmes"
    )
    repartitions: list[Repartition] = Field(max_length=100)


class Statistiques(Modele):
    """Les orientations reçues dans une période : l'ensemble, puis les groupes qui le partagent."""

    date_debut: DateCivile
    date_fin: DateCivile
    seuil: Entier = Field(description="Un effectif inférieur est masqué")
    ensemble: GroupeStatistiques
    groupes: list[GroupeStatistiques] = Field(max_length=5000)
    champs_masques: list[Mot] = Field(max_length=5)
