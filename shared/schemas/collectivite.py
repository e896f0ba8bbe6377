"""The collectivité as each service knows it, and the delays that are local to it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    INCHANGE,
    Booleen,
    Code,
    CodeCollectivite,
    CodeCommune,
    DateCivile,
    Entree,
    Instant,
    Libelle,
    Modele,
    Page,
    Version,
)

# Ten years of days: from any date of ours, whatever the unit, the calendar holds its end.
DureeDelai = Annotated[int, Field(strict=True, ge=0, le=3_650)]


class UniteDelai(StrEnum):
    """Unité d'un délai. Liste fermée."""

    JOURS = "jours"
    SEMAINES = "semaines"
    MOIS = "mois"


class EvenementDelai(StrEnum):
    """Faits qui ouvrent ou ferment un délai. Liste ouverte."""

    RECEPTION = "reception"
    OUVERTURE_DROIT = "ouverture_droit"
    DECISION = "decision"
    ENTREE_PARCOURS = "entree_parcours"
    ACCUEIL = "accueil"
    NOTIFICATION = "notification"
    REEXAMEN = "reexamen"


class DelaiLocal(Entree):
    """Un délai propre à la collectivité : un objectif affiché, jamais une règle de droit.

    Plusieurs délais d'un même code se suivent par leur `depuis`. Ce que la source ne dit pas reste
    `null` : l'échéance se compte alors de la réception à la décision, et n'est pas confirmée.
    """

    code: Code = Field(
        description="Un code du référentiel national reste à la loi : il ne fait pas d'objectif"
    )
    duree: DureeDelai
    unite: UniteDelai
    source: Libelle = Field(description="D'où vient ce délai")
    depuis: DateCivile | None = Field(
        default=None, description="Premier jour des faits qu'il régit ; null : depuis toujours"
    )
    depart: EvenementDelai | None = Field(
        default=None, description="Fait qui l'ouvre ; null : la source ne le dit pas"
    )
    fin: EvenementDelai | None = Field(
        default=None, description="Fait qui le ferme ; null : la source ne le dit pas"
    )
    territoire: Code | None = Field(
        default=None,
        description="Territoire qu'il vise ; sans ses communes, il ne s'applique à personne",
    )
    communes: list[CodeCommune] = Field(
        default=[],
        max_length=2000,
        description="Communes visées ; vide et sans territoire : toute la collectivité",
    )


Fuseau = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z][A-Za-z_]+/[A-Za-z_/-]+$", max_length=40),
    Field(description="Fuseau IANA, ex. Europe/Paris : un délai se compte en jours civils d'ici"),
]
AvisEp = Annotated[
    Booleen,
    Field(
        description="Vrai : l'équipe pluridisciplinaire est consultée avant une réorientation ;"
        " depuis 2025 aucun texte lu ne dit si elle doit l'être (CASF L262-39)"
    ),
]
Ideparte = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9AB]{3}$", max_length=3),
    Field(description="Code du département dans les flux CAF/MSA (IDEPARTE), ex. 035"),
]


class CollectiviteCreation(Entree):
    """Ce qu'il faut pour ouvrir une collectivité dans un service ; le code est celui du jeton."""

    code: CodeCollectivite
    libelle: Libelle
    ideparte: Ideparte
    fuseau: Fuseau
    delais: list[DelaiLocal] = Field(default=[], max_length=50)
    avis_ep_avant_reorientation: AvisEp = False


class CollectiviteModification(Entree):
    """Ce qui change d'une collectivité ; ni son code, ni ceux des flux, ni son fuseau."""

    libelle: Libelle = INCHANGE
    delais: Annotated[list[DelaiLocal], Field(max_length=50)] = INCHANGE
    avis_ep_avant_reorientation: AvisEp = INCHANGE


class Collectivite(Modele):
    """Une collectivité, telle que le service la connaît."""

    code: CodeCollectivite
    libelle: Libelle
    ideparte: Ideparte
    fuseau: Fuseau
    delais: list[DelaiLocal] = Field(max_length=50)
    avis_ep_avant_reorientation: AvisEp
    version: Version = Field(json_schema_extra={"readOnly": True})
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})
    modifie_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageCollectivites(Page[Collectivite]):
    """Les collectivités visibles : celle du jeton."""
