# ruff: noqa: N815  (the names are the contract)
"""The bodies that France Travail takes, in its own names, rewritten from its documents."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Parcours = Literal["PED", "PSP", "PSO"]
OrganismeChoisi = Literal["CD", "CAF", "FT", "ML", "CE"]
MotifRefus = Literal[
    "DECLARATION_INEXACTE",
    "SITUATION_NON_COUVERTE",
    "APPRECIATION_DIFFERENTE",
    "MANQUE_CAPACITE_ACCUEIL",
    "ENTRETIEN_ORIENTATION",
    "AUTRE",
]
EtatDecision = Literal["ACCEPTEE", "REFUSEE"]
_FORT_FAIBLE = Literal["IMPACT_FORT_RECHERCHE_EMPLOI", "IMPACT_FAIBLE_RECHERCHE_EMPLOI", "AUCUNE"]
Aurore = Annotated[str, StringConstraints(pattern="^[A-Za-z]{3}[0-9]{4}$")]
Nir = Annotated[str, StringConstraints(pattern=r"^\d[\dAB]{12}(\d{2})?$")]


class Corps(BaseModel):
    """What it does not know of a body, it ignores; a null is an absence, where it may be absent."""

    model_config = ConfigDict(extra="ignore")


class ParNir(Corps):
    dateNaissance: date
    nir: Nir


class ParNumero(Corps):
    numeroFranceTravail: Annotated[str, StringConstraints(pattern=r"^\d{11}$")]


class Structure(Corps):
    code_aurore: Aurore | None = None
    code_safir: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] | None = None


class Adresse(Corps):
    code_commune: str | None = None
    libelle_commune: str | None = None
    code_postal: str | None = None
    numero_type_libelle_voie: str | None = None


class Criteres(Corps):
    """What the calculation takes; the last three only in v1."""

    origine: (
        Literal[
            "INSCRIPTION_CONSEILLER_CD",
            "INSCRIPTION_AUTO_MILO",
            "INSCRIPTION_AUTO_CAF",
            "INSCRIPTION_AUTO_MSA",
        ]
        | None
    ) = None
    situation_professionnelle: (
        Literal["EN_ACTIVITE", "DEUX_DERNIERES_ANNEES", "PLUS_DEUX_ANS", "JAMAIS"] | None
    ) = None
    type_emploi: (
        Literal[
            "SAISONNIER",
            "ARTISTE_OU_AUTEUR",
            "INTERMITTENT_SPECTACLE",
            "EXPLOITANT_AGRICOLE",
            "ASSISTANTE_MATERNELLE",
            "CREATEUR_ENTREPRISE_OU_INDEPENDANT",
            "AUTRE",
        ]
        | None
    ) = None
    niveau_etude: (
        Literal["AFS", "C12", "C3A", "CFG", "CP4", "NV5", "NV4", "NV3", "NV2", "NV1"] | None
    ) = None
    capacite_a_travailler: bool | None = None
    projet_pro: Literal["SALARIAT", "ENTREPRENARIAT", "FORMATION", "AUCUN"] | None = None
    contrainte_sante: (
        Literal[
            "INCAPACITE_RECHERCHE_ACTIVITE_PRO",
            "IMPACT_FORT_RECHERCHE_EMPLOI",
            "IMPACT_FAIBLE_RECHERCHE_EMPLOI",
            "AUCUNE",
        ]
        | None
    ) = None
    contrainte_logement: (
        Literal[
            "SANS_LOGEMENT",
            "PROCEDURE_EXPULSION",
            "IMPACT_FORT_RECHERCHE_EMPLOI",
            "IMPACT_FAIBLE_RECHERCHE_EMPLOI",
            "AUCUNE",
        ]
        | None
    ) = None
    contrainte_mobilite: (
        Literal["AUCUN_MOYEN_DE_TRANSPORT", "DEPENDANT_TRANSPORT", "AUTRE", "AUCUNE"] | None
    ) = None
    contrainte_familiale: (
        Literal[
            "AIDANT_FAMILIAL",
            "ENFANT_SANS_SOLUTION_GARDE",
            "IMPACT_FORT_RECHERCHE_EMPLOI",
            "IMPACT_FAIBLE_RECHERCHE_EMPLOI",
            "AUCUNE",
        ]
        | None
    ) = None
    contrainte_financiere: _FORT_FAIBLE | None = None
    contrainte_administrative_juridique: _FORT_FAIBLE | None = None
    contrainte_francais_calcul: _FORT_FAIBLE | None = None
    contrainte_numerique: (
        Literal["NON_ACCES_INTERNET", "NON_MAITRISE", "REFUS", "AUCUNE"] | None
    ) = None
    boe: bool | None = None
    baeeh: bool | None = None
    scolarite_etablissement_specialise: bool | None = None
    esat: bool | None = None
    boe_souhait_accompagnement: bool | None = None
    msa_autonomie_recherche_emploi: Annotated[int, Field(ge=1, le=5)] | None = None
    msa_demarches_professionnelles: (
        Literal["AUCUNE_DEMARCHE", "PEU_DEMARCHES", "PLUSIEURS_DEMARCHES"] | None
    ) = None
    brsa: bool | None = None
    date_naissance: date | None = None
    adresse: Adresse | None = None


class Decision(Corps):
    etat_decision: EtatDecision
    date_decision: date
    organisme_decision: Literal["CD", "ML", "CAF", "CE", "FT"]
    agent_decision: str
    motif_refus: MotifRefus | None = None
    commentaire_refus: str | None = None
    parcours: Parcours | None = None
    organisme: OrganismeChoisi | None = None
    structure: Structure | None = None
    structure_decision: Structure | None = None


class CodeOrganisme(Corps):
    code: OrganismeChoisi


class CodeStructure(Corps):
    code: Aurore


class Referent(Corps):
    organisme: CodeOrganisme


class DecisionV2(Corps):
    etat_decision: EtatDecision
    date_decision: date
    motif_refus: MotifRefus | None = None
    commentaire_refus: str | None = None
    parcours: Parcours | None = None
    referent_parcours: Referent | None = None


class OrientationForcee(Corps):
    origine: Literal[
        "INSCRIPTION_CONSEILLER_CD",
        "INSCRIPTION_AUTO_CAF",
        "INSCRIPTION_AUTO_MILO",
        "INSCRIPTION_AUTO_MSA",
    ]
    parcours: Parcours
    organisme: OrganismeChoisi
    date_entree_parcours: date | None = None
    structure: Structure | None = None


class OrientationForceeV2(Corps):
    origine: Literal["INSCRIPTION_CONSEILLER_CD", "INSCRIPTION_AUTO_MILO"]
    parcours: Parcours
    referent_parcours: Referent
    date_entree_parcours: date | None = None


class ModificationV2(Corps):
    parcours: Parcours | None = None
    structure_referente_parcours: CodeStructure | None = None
    date_entree_parcours: date | None = None


class Interlocuteur(Corps):
    model_config = ConfigDict(extra="allow")

    civilite: Literal["M", "Mme", "Mx"] | None = None


class OrganismeRdv(Corps):
    model_config = ConfigDict(extra="allow")

    code: Literal["IND", "FT", "CD", "DCD", "ML", "CE"]


class RendezVous(Corps):
    id: str | None = None
    date: datetime
    duree: float | None = None
    motif: Literal["AUT", "ACC", "ORI"]
    modaliteContact: Literal["VISIO", "TELEPHONE", "PHYSIQUE"]
    typeReception: Literal["IND", "COL"]
    statut: Literal["PRIS", "EFFECTUE", "MODIFIE", "ABSENT", "ANNULE"]
    organisme: OrganismeRdv
    interlocuteur: Interlocuteur | None = None
    initiateur: Literal["USAGER", "PARTENAIRE"] | None = None
    theme: str | None = None
    information: str | None = None


class LigneValeur(Corps):
    code: str | None = None
    valeur: str | None = None


class ContrainteAEnregistrer(LigneValeur):
    estPrioritaire: bool | None = None
    impact: str | None = None


class ContraintesAEnregistrer(Corps):
    dateExploration: datetime
    declareSansContrainteAEnregistrer: bool | None = None
    contraintesAEnregistrer: list[ContrainteAEnregistrer] = []
    situationsAEnregistrer: list[LigneValeur] = []
    objectifsAEnregistrer: list[LigneValeur] = []


class AutonomieAEnregistrer(Corps):
    dateExploration: datetime
    besoinAEnregistrer: LigneValeur | None = None
    contrainteAEnregistrer: ContrainteAEnregistrer | None = None


class PouvoirAgirAEnregistrer(Corps):
    confiance: str
    accompagnement: str


class DiagnosticAEnregistrer(Corps):
    codeTypologie: Literal["EF", "PM", "MR"] | None = None
    codeSousTypologie: Literal["CRF", "C", "R", "F", "CF", "RF", "CR"] | None = None
    codeRome: str | None = None
    codeAppellation: str | None = None
    idMetierChiffre: str | None = None
    nomMetier: str | None = None


class DiagnosticDuDossier(DiagnosticAEnregistrer):
    idDiagnosticModifie: str | None = None
    prioritaire: bool | None = None


class BesoinsAEnregistrer(Corps):
    idDiagnostic: str
    dateExploration: datetime
    besoinAEnregistrer: list[LigneValeur]


class DossierAEnregistrer(Corps):
    autonomieNumeriqueAEnregistrer: AutonomieAEnregistrer | None = None
    besoinsParDiagnosticAEnregistrer: list[BesoinsAEnregistrer] = []
    contraintesDossierAEnregistrer: ContraintesAEnregistrer | None = None
    diagnosticsAEnregistrer: list[DiagnosticDuDossier] = []
    pouvoirAgirAEnregistrer: PouvoirAgirAEnregistrer | None = None


class EvenementSanction(Corps):
    identifiantConsequenceSanction: str
    typeConsequenceSanctionValide: Literal["SUSP_RSA", "SUPPR_RSA"] | None = None
    modaliteDecisionValidee: Literal["P", "M"] | None = None
    montantValide: int | None = None
    dureeValidee: Literal[1, 2, 3, 4] | None = None


class DecisionSanction(Corps):
    dateNotificationDecisionSanction: date
    natureManquement: Literal["N61", "N63", "N64", "N65"]
    rangManquement: Literal["R1", "R2"] | None = None
    dateManquement: date
    typeSanctionValide: Literal["SUSP_RSA", "SUPPR_RSA"]
    modaliteDecisionValidee: Literal["P", "M"]
    montantValide: int
    dureeValidee: Literal[1, 2, 3, 4]


class Signature(Corps):
    dateSignature: date


class RefusContrat(Corps):
    dateRefus: date
