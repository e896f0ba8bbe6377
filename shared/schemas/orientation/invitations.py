"""One invitation per decision, by rdv-insertion: who opened it, and what came of each."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Booleen,
    Code,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Ressource,
)


class StatutInvitation(StrEnum):
    """Où en est l'invitation d'une personne après une décision. Liste ouverte."""

    A_FAIRE = "a_faire"
    ENVOYEE = "envoyee"
    SANS_CONTACT = "sans_contact"
    SANS_ORGANISATION = "sans_organisation"
    REFUSEE = "refusee"
    INCERTAINE = "incertaine"
    DEPASSEE = "depassee"


CategorieMotif = Annotated[
    str,
    StringConstraints(pattern=r"^rsa_[a-z0-9_]+$", max_length=64),
    Field(description="Catégorie de motif de rdv-insertion, ex. rsa_accompagnement"),
]


class ReglageInvitationsCreation(Entree):
    """Ce qui s'ouvre, ou se ferme, des invitations par rdv-insertion."""

    envoi: Booleen = Field(
        description="Vrai : après chaque décision prise à partir de maintenant, une invitation"
    )
    categorie: CategorieMotif


class ReglageInvitations(Modele):
    """Un réglage : le dernier vaut, les autres disent l'histoire."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    envoi: Booleen
    categorie: CategorieMotif
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReglagesInvitations(Page[ReglageInvitations]):
    """Une page de réglages."""


class Invitation(Ressource):
    """L'invitation d'une personne après une décision, et ce qu'il en est."""

    orientation_id: Identifiant
    decision_id: Identifiant
    personne_id: Identifiant
    statut: StatutInvitation
    formats: list[Code] = Field(max_length=10, description="Messages partis, ex. sms, email")
    code: Code | None = Field(description="Pourquoi le dernier essai n'a rien donné")
    essais: Entier


class PageInvitations(Page[Invitation]):
    """Une page d'invitations."""
