"""Conventions, pactes and programmes: what is agreed, between whom, in which axes and volets."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Booleen,
    Code,
    Entier,
    Entree,
    Libelle,
    Modele,
    Page,
    Ressource,
)

Ordre = Annotated[int, Field(strict=True, ge=1, le=99)]


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


class AxeLigne(Entree):
    """Un axe de la convention."""

    ordre: Ordre
    libelle: Libelle


class Axe(Modele):
    """Un axe de la convention."""

    ordre: Ordre
    libelle: Libelle


class VoletLigne(Entree):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen = False


class Volet(Modele):
    """Un volet de la convention ; l'argent ne sort pas d'un volet non fongible."""

    ordre: Ordre
    libelle: Libelle
    fongible: Booleen


class SignataireLigne(Entree):
    """Une partie à la convention, et ce que la source dit de sa signature."""

    organisme: Libelle
    statut: StatutSignataire | None = None


class Signataire(Modele):
    """Une partie à la convention ; `statut` nul : la source ne le dit pas."""

    organisme: Libelle
    statut: StatutSignataire | None


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
    axes: list[AxeLigne] = Field(default=[], max_length=50)
    volets: list[VoletLigne] = Field(default=[], max_length=50)
    signataires: list[SignataireLigne] = Field(default=[], max_length=100)
    source: Libelle | None = None


class Convention(Ressource):
    """Une convention, un pacte ou un programme."""

    reference: Code
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None
    statut: StatutConvention = Field(json_schema_extra={"readOnly": True})
    nombre_actions: Entier | None
    axes: list[Axe] = Field(max_length=50)
    volets: list[Volet] = Field(max_length=50)
    signataires: list[Signataire] = Field(max_length=100)
    source: Libelle | None


class PageConventions(Page[Convention]):
    """Une page de conventions."""
