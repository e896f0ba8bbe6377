"""Conventions, pactes and programmes: what is agreed, between whom, in which axes and volets."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    CENTIMES_MAX,
    INCHANGE,
    Annee,
    Auteur,
    Booleen,
    BooleenFacultatif,
    Centimes,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.actions import Terme
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.tiers import Tiers, TiersLigne

Ordre = Annotated[int, Field(strict=True, ge=1, le=99)]
Ecart = Annotated[int, Field(strict=True, ge=-CENTIMES_MAX, le=CENTIMES_MAX)]
Sha256 = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64),
    Field(description="SHA-256, en hexadécimal"),
]


class TypeConvention(StrEnum):
    """Types de conventions, de pactes et de programmes. Liste ouverte."""

    CONTRAT_LOCAL_SOLIDARITES = "contrat_local_solidarites"
    CONVENTION_DEPARTEMENTALE_INSERTION_EMPLOI = "convention_departementale_insertion_emploi"
    CONVENTION_EXPERIMENTATION_FRANCE_TRAVAIL = "convention_experimentation_france_travail"
    CONVENTION_APPUI_LUTTE_PAUVRETE_ACCES_EMPLOI = "convention_appui_lutte_pauvrete_acces_emploi"
    PROGRAMME_DEPARTEMENTAL_INSERTION = "programme_departemental_insertion"
    PACTE_TERRITORIAL_INSERTION = "pacte_territorial_insertion"
    SUBVENTION_GLOBALE_FSE = "subvention_globale_fse"
    CONVENTION_SUBVENTION = "convention_subvention"


class StatutConvention(StrEnum):
    """États d'une convention. Liste fermée."""

    PROJET = "projet"
    DELIBEREE = "deliberee"
    SIGNEE_PARTIELLEMENT = "signee_partiellement"
    SIGNEE = "signee"
    EN_VIGUEUR = "en_vigueur"
    TERMINEE = "terminee"
    SOLDEE = "soldee"
    RESILIEE = "resiliee"
    ABANDONNEE = "abandonnee"


class StatutSignataire(StrEnum):
    """Ce qu'une partie a fait de sa signature. Liste fermée."""

    INVITE = "invite"
    A_SIGNER = "a_signer"
    SIGNE = "signe"
    REFUSE = "refuse"
    RETIRE = "retire"


class StatutVersion(StrEnum):
    """États d'une version de convention. Liste fermée."""

    PROJET = "projet"
    DELIBERE = "delibere"
    SIGNE = "signe"
    APPLICABLE = "applicable"
    REMPLACE = "remplace"
    ABANDONNE = "abandonne"


class NatureVersion(StrEnum):
    """Ce qu'est une version. Liste fermée."""

    INITIALE = "initiale"
    AVENANT = "avenant"


class TypeAvenant(StrEnum):
    """Ce qu'un avenant a le droit de changer. Liste ouverte."""

    FINANCIER = "financier"
    PROLONGATION = "prolongation"
    EXECUTION = "execution"
    PARTIES = "parties"
    CONTENU = "contenu"
    GENERAL = "general"


class TypeActeConvention(StrEnum):
    """Ce qui arrive à une convention. Liste fermée."""

    DELIBERATION = "deliberation"
    SIGNATURE = "signature"
    REFUS = "refus"
    RETRAIT = "retrait"
    ENTREE_EN_VIGUEUR = "entree_en_vigueur"
    FIN = "fin"
    RESILIATION = "resiliation"
    SOLDE = "solde"
    ABANDON = "abandon"


class TypeActeAvenant(StrEnum):
    """Ce qui arrive à un avenant. Liste fermée."""

    DELIBERATION = "deliberation"
    SIGNATURE = "signature"
    REFUS = "refus"
    RETRAIT = "retrait"
    APPLICATION = "application"
    ABANDON = "abandon"


class TypeActe(StrEnum):
    """Ce qui arrive à une convention, à l'un de ses avenants ou de ses actions. Liste fermée."""

    DELIBERATION = "deliberation"
    SIGNATURE = "signature"
    REFUS = "refus"
    RETRAIT = "retrait"
    ENTREE_EN_VIGUEUR = "entree_en_vigueur"
    APPLICATION = "application"
    DEMARRAGE = "demarrage"
    ACHEVEMENT = "achevement"
    FIN = "fin"
    RESILIATION = "resiliation"
    SOLDE = "solde"
    ABANDON = "abandon"


class TypeDocumentConvention(StrEnum):
    """Ce qu'un document est à une convention. Liste ouverte."""

    DIAGNOSTIC_PARTAGE = "diagnostic_partage"
    DELIBERATION = "deliberation"
    CONVENTION_SIGNEE = "convention_signee"
    AVENANT_SIGNE = "avenant_signe"
    COMPTE_RENDU_COMITE = "compte_rendu_comite"
    RAPPORT_EXECUTION = "rapport_execution"
    AUTRE = "autre"


class TauxLigne(Entree):
    """Une fraction exacte, un au plus."""

    numerateur: Terme
    denominateur: Terme


class Taux(Modele):
    """Une fraction exacte, un au plus."""

    numerateur: Terme
    denominateur: Terme


class AxeLigne(Entree):
    """Un axe de la convention, et sa règle de financement quand il en a une."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen = True
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    taux_etat: TauxLigne | None = Field(
        default=None, description="Part de l'État ; nul : aucun document ne la dit"
    )
    source: Libelle | None = None


class Axe(Modele):
    """Un axe de la convention, et sa règle de financement quand il en a une."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    taux_etat: Taux | None
    source: Libelle | None


class VoletLigne(Entree):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen = False
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    taux_etat: TauxLigne | None = Field(
        default=None, description="Part de l'État ; nul : aucun document ne la dit"
    )
    source: Libelle | None = None


class Volet(Modele):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    taux_etat: Taux | None
    source: Libelle | None


class SignataireLigne(Entree):
    """Une partie à la convention, et ce que la source dit de sa signature."""

    organisme: Libelle = Field(description="Nommé une fois ; un acte le désigne ainsi")
    qualite: Libelle | None = Field(default=None, description="Au nom de quoi il signe")
    requis: BooleenFacultatif = Field(
        default=None,
        description="Vrai : sans sa signature la convention n'est pas signée. Absent : vrai, sauf"
        " d'un organisme qui n'est qu'invité",
    )
    statut: StatutSignataire | None = None
    date_signature: DateCivile | None = None


class Signataire(Modele):
    """Une partie à la convention ; `statut` nul : la source ne le dit pas."""

    organisme: Libelle
    qualite: Libelle | None
    requis: Booleen
    statut: StatutSignataire | None
    date_signature: DateCivile | None


class PartieLigne(Entree):
    """Une partie, telle qu'un avenant la fixe ; ce qu'elle a signé ne change que par des actes."""

    organisme: Libelle
    qualite: Libelle | None = None
    requis: Booleen = True


class Partie(Modele):
    """Une partie, telle qu'une version la fixe."""

    organisme: Libelle
    qualite: Libelle | None
    requis: Booleen


class TermesEnveloppeLigne(Entree):
    """Ce qu'un avenant convient d'une enveloppe : son montant, et sa fenêtre d'exécution."""

    enveloppe_id: Identifiant
    montant_centimes: Centimes | None = Field(
        default=None,
        description="Montant convenu ; il ne bouge au journal que par un acte de l'enveloppe",
    )
    fenetre_debut: DateCivile | None = None
    fenetre_fin: DateCivile | None = None


class TermesEnveloppe(Modele):
    """Ce qu'un avenant a convenu d'une enveloppe : son montant, et sa fenêtre d'exécution."""

    enveloppe_id: Identifiant
    montant_centimes: Centimes | None
    fenetre_debut: DateCivile | None
    fenetre_fin: DateCivile | None


class ConventionCreation(Entree):
    """Une convention, telle que sa source la décrit."""

    reference: Code = Field(description="Unique dans la collectivité, ex. 35-CLS-2024-2027")
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None = None
    statut: StatutConvention = Field(
        default=StatutConvention.PROJET,
        description="Ensuite en lecture seule ; une convention reprise entre dans son état",
    )
    nombre_actions: Entier | None = Field(
        default=None, description="Nombre d'actions que la source annonce"
    )
    nombre_actions_territoriales: Entier | None = None
    nombre_orientations: Entier | None = None
    axes: list[AxeLigne] = Field(default=[], max_length=50)
    volets: list[VoletLigne] = Field(default=[], max_length=50)
    signataires: list[SignataireLigne] = Field(default=[], max_length=100)
    territoires: list[Code] = Field(default=[], max_length=50, description="Vide : le département")
    publics: list[Libelle] = Field(default=[], max_length=50)
    comite_pilotage: list[Libelle] = Field(
        default=[], max_length=50, description="Organismes qui y siègent, jamais des personnes"
    )
    beneficiaire: TiersLigne | None = Field(
        default=None, description="Requis d'une `convention_subvention`, et d'elle seule"
    )
    convention_mere_id: Identifiant | None = Field(
        default=None, description="La convention dont celle-ci découle"
    )
    date_deliberation: DateCivile | None = None
    reference_deliberation: Libelle | None = None
    date_signature: DateCivile | None = None
    date_effet: DateCivile | None = Field(
        default=None, description="Premier jour ; antérieur à la signature, il est signalé"
    )
    date_fin: DateCivile | None = Field(default=None, description="Dernier jour convenu, inclus")
    date_bilan: DateCivile | None = Field(
        default=None, description="Échéance convenue du bilan d'exécution"
    )
    source: Libelle | None = None


class ContenuConvention(Modele):
    """Ce qu'une version convient. Sa forme canonique est le JSON aux clés triées, sans espace."""

    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None
    date_fin: DateCivile | None = Field(description="Dernier jour convenu, inclus")
    date_bilan: DateCivile | None
    nombre_actions: Entier | None
    nombre_actions_territoriales: Entier | None
    nombre_orientations: Entier | None
    axes: list[Axe] = Field(max_length=50)
    volets: list[Volet] = Field(max_length=50)
    parties: list[Partie] = Field(max_length=100)
    territoires: list[Code] = Field(max_length=50)
    publics: list[Libelle] = Field(max_length=50)
    comite_pilotage: list[Libelle] = Field(max_length=50)
    beneficiaire: Tiers | None
    enveloppes: list[TermesEnveloppe] = Field(
        max_length=50, description="Ce que des avenants ont convenu des enveloppes"
    )


class ContenuModification(Entree):
    """Ce qu'un avenant change : un tableau est remplacé en entier, `null` efface."""

    intitule: Libelle = INCHANGE
    annee_fin: Annee | None = INCHANGE
    date_fin: DateCivile | None = INCHANGE
    date_bilan: DateCivile | None = INCHANGE
    nombre_actions: Entier | None = INCHANGE
    nombre_actions_territoriales: Entier | None = INCHANGE
    nombre_orientations: Entier | None = INCHANGE
    axes: Annotated[list[AxeLigne], Field(max_length=50)] = INCHANGE
    volets: Annotated[list[VoletLigne], Field(max_length=50)] = INCHANGE
    parties: Annotated[list[PartieLigne], Field(max_length=100)] = INCHANGE
    territoires: Annotated[list[Code], Field(max_length=50)] = INCHANGE
    publics: Annotated[list[Libelle], Field(max_length=50)] = INCHANGE
    comite_pilotage: Annotated[list[Libelle], Field(max_length=50)] = INCHANGE
    beneficiaire: TiersLigne | None = INCHANGE
    enveloppes: Annotated[list[TermesEnveloppeLigne], Field(max_length=50)] = INCHANGE


class Convention(Ressource):
    """Une convention, un pacte ou un programme."""

    reference: Code
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None
    statut: StatutConvention = Field(json_schema_extra={"readOnly": True})
    nombre_actions: Entier | None
    nombre_actions_territoriales: Entier | None
    nombre_orientations: Entier | None
    axes: list[Axe] = Field(max_length=50)
    volets: list[Volet] = Field(max_length=50)
    signataires: list[Signataire] = Field(max_length=100)
    territoires: list[Code] = Field(max_length=50)
    publics: list[Libelle] = Field(max_length=50)
    comite_pilotage: list[Libelle] = Field(max_length=50)
    beneficiaire: Tiers | None
    convention_mere_id: Identifiant | None
    numero_version: Entier = Field(
        json_schema_extra={"readOnly": True}, description="0, puis le numéro de l'avenant"
    )
    date_deliberation: DateCivile | None
    reference_deliberation: Libelle | None
    date_signature: DateCivile | None
    date_effet: DateCivile | None
    retroactif: Booleen = Field(
        json_schema_extra={"readOnly": True},
        description="Vrai : elle prend effet avant d'être signée",
    )
    date_fin: DateCivile | None
    date_cloture: DateCivile | None = Field(
        json_schema_extra={"readOnly": True}, description="Jour de la fin ou de la résiliation"
    )
    date_bilan: DateCivile | None
    source: Libelle | None


class PageConventions(Page[Convention]):
    """Une page de conventions."""


class ActeConventionCreation(Entree):
    """Un acte : délibération, signature, entrée en vigueur, fin…"""

    type: TypeActeConvention
    date_acte: DateCivile = Field(
        description="Jour de l'acte ; d'une entrée en vigueur, premier jour où elle vaut"
    )
    organisme: Libelle | None = Field(
        default=None, description="Requis d'une signature, d'un refus et d'un retrait"
    )
    qualite: Libelle | None = Field(default=None, description="Au nom de quoi il signe")
    reference: Libelle | None = Field(default=None, description="De la délibération ou de l'acte")
    motif: Libelle | None = Field(
        default=None, description="Requis d'une résiliation et d'un abandon"
    )


class ActeAvenantCreation(Entree):
    """Un acte d'un avenant : délibération, signature, application…"""

    type: TypeActeAvenant
    date_acte: DateCivile = Field(
        description="Jour de l'acte ; d'une application sans `date_effet`, son premier jour"
    )
    organisme: Libelle | None = Field(
        default=None, description="Requis d'une signature, d'un refus et d'un retrait"
    )
    qualite: Libelle | None = Field(default=None, description="Au nom de quoi il signe")
    reference: Libelle | None = Field(default=None, description="De la délibération ou de l'acte")
    motif: Libelle | None = Field(default=None, description="Requis d'un abandon")


class ActeConvention(Modele):
    """Ce qui est arrivé à une convention, à l'un de ses avenants ou de ses actions. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convention_id: Identifiant
    numero_version: Entier | None = Field(
        description="0 : la convention même ; sinon l'avenant ; nul : l'acte est d'une action"
    )
    action_id: Identifiant | None
    type: TypeActe
    date_acte: DateCivile
    organisme: Libelle | None
    qualite: Libelle | None
    reference: Libelle | None
    motif: Libelle | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesConvention(Page[ActeConvention]):
    """Une page d'actes."""


class AvenantCreation(Entree):
    """Un avenant : ce qu'il change, et d'où il prend effet."""

    reference: Code = Field(description="Unique dans la collectivité")
    type: TypeAvenant
    motif: Libelle
    changements: ContenuModification = Field(description="Les champs nommés, et eux seuls")
    statut: StatutVersion = Field(
        default=StatutVersion.PROJET,
        description="`projet`, ou `delibere` d'un avenant repris ; ensuite en lecture seule",
    )
    date_deliberation: DateCivile | None = None
    reference_deliberation: Libelle | None = None
    date_effet: DateCivile | None = Field(
        default=None, description="Passée, elle est admise et signalée"
    )
    source: Libelle | None = None


class Difference(Modele):
    """Un champ qu'une version change, avant et après, en JSON canonique."""

    champ: Code
    avant: str = Field(max_length=100_000)
    apres: str = Field(max_length=100_000)


class CodeAvertissementAvenant(StrEnum):
    """Ce qu'il faut savoir d'un avenant avant de l'appliquer. Liste ouverte."""

    PARITE_ROMPUE = "parite_rompue"
    EFFET_RETROACTIF = "effet_retroactif"


class AvertissementAvenant(Modele):
    """Un avertissement ; l'avenant n'en est pas refusé, sauf règle qui l'impose à l'application."""

    code: CodeAvertissementAvenant
    exercice: Annee | None
    ecart_centimes: Ecart | None = Field(
        description="Part du financeur le plus loin de la règle, moins ce qu'elle veut"
    )
    bloquant: Booleen = Field(description="Vrai : l'application sera refusée tant qu'il dure")


class VersionConvention(Ressource):
    """Une version d'une convention : l'initiale, ou un avenant. Son contenu ne change jamais."""

    convention_id: Identifiant
    numero: Entier = Field(description="0 : l'initiale ; sinon le numéro de l'avenant")
    nature: NatureVersion
    reference: Code
    type: TypeAvenant | None = Field(description="Nul : la version initiale")
    statut: StatutVersion = Field(json_schema_extra={"readOnly": True})
    motif: Libelle | None
    date_deliberation: DateCivile | None
    reference_deliberation: Libelle | None
    date_signature: DateCivile | None
    date_effet: DateCivile | None
    date_fin_effet: DateCivile | None = Field(
        description="Dernier jour, inclus : la veille de la version qui la remplace"
    )
    retroactif: Booleen
    remplace_id: Identifiant | None = Field(description="La version qu'elle remplace")
    signataires: list[Signataire] = Field(max_length=100)
    champs: list[Code] = Field(max_length=50, description="Les champs qu'elle change")
    differences: list[Difference] = Field(max_length=50)
    contenu: ContenuConvention
    contenu_sha256: Sha256 = Field(description="SHA-256 de la forme canonique du contenu")
    avertissements: list[AvertissementAvenant] = Field(max_length=50)
    source: Libelle | None


class PageVersionsConvention(Page[VersionConvention]):
    """Une page de versions, la plus récente d'abord."""


class DocumentConventionCreation(Entree):
    """Un document d'une convention ; son empreinte le reconnaît, son contenu reste ailleurs."""

    type: TypeDocumentConvention
    libelle: Libelle
    date_document: DateCivile | None = Field(
        default=None, description="Nul : la source ne date pas le document"
    )
    sha256: Sha256 | None = None
    source: Libelle | None = None


class DocumentConvention(Modele):
    """Un document d'une convention. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convention_id: Identifiant
    type: TypeDocumentConvention
    libelle: Libelle
    date_document: DateCivile | None
    sha256: Sha256 | None
    source: Libelle | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDocumentsConvention(Page[DocumentConvention]):
    """Une page de documents."""


class NatureRegleParite(StrEnum):
    """Ce qu'une règle de parité exige. Liste ouverte."""

    EGALITE = "egalite"
    MINIMUM = "minimum"


class ConstatParite(StrEnum):
    """Ce que la règle dit d'un exercice. Liste fermée."""

    RESPECTEE = "respectee"
    ROMPUE = "rompue"
    SANS_REGLE = "sans_regle"


class RegleParite(Modele):
    """Une règle de parité, datée, et le texte dont elle vient."""

    nature: NatureRegleParite
    contraignante: Booleen = Field(
        description="Vrai : rompue, elle empêche l'entrée en vigueur et l'avenant"
    )
    valable_du: DateCivile
    source: Libelle


class PartParite(Modele):
    """Ce qu'un financeur a ouvert d'un exercice, et ce que la règle veut de lui."""

    financeur: Financeur
    montant_centimes: Centimes
    attendu_centimes: Centimes | None = Field(
        description="Sa fraction du total, arrondie au centime supérieur ; nul : rien"
    )
    ecart_centimes: Ecart | None


class PariteExercice(Modele):
    """Les parts d'un exercice."""

    exercice: Annee
    total_centimes: Centimes
    parts: list[PartParite] = Field(max_length=20)
    constat: ConstatParite


class Parite(Modele):
    """Les parts des financeurs d'une convention, par exercice ouvert, et la règle de son type."""

    convention_id: Identifiant
    regle: RegleParite | None = Field(description="Nul : son type n'en a pas, rien n'est vérifié")
    exercices: list[PariteExercice] = Field(max_length=100)
