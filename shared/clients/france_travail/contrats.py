"""What is said to France Travail and heard from it, of what we use. Unknown words pass as text."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.clients.france_travail.vocabulaire import PARCOURS
from shared.schemas.commun import Code
from shared.schemas.orientation.vocabulaire import TypeParcours

Json = dict[str, Any]
_PARIS = ZoneInfo("Europe/Paris")
_CODE = re.compile("[A-Z]{2,10}")


def _zone(instant: datetime) -> datetime:
    # They write some without a zone: those of their own clocks, in Paris.
    return (instant if instant.tzinfo else instant.replace(tzinfo=_PARIS)).astimezone(UTC)


def _jour(dit: object) -> object:
    # A day, or an instant of that day: in Paris, whatever the zone it is written in.
    if isinstance(dit, str) and len(dit) > len("AAAA-MM-JJ"):
        return _zone(datetime.fromisoformat(dit)).astimezone(_PARIS).date()
    return dit


Instant = Annotated[datetime, AfterValidator(_zone)]
Jour = Annotated[date, BeforeValidator(_jour)]


class _Lu(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Chameau(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_camel, validate_by_name=True
    )


class _Code(_Chameau):
    code: str


class _Identifiant(_Chameau):
    identifiant: str = Field(repr=False)


class Usager(_Chameau):
    """A person found, by the token that stands for her: a secret of one day."""

    jeton_usager: str = Field(repr=False)
    numero_france_travail: str | None = Field(default=None, repr=False)
    top_identite_certifiee: str | None = None

    @property
    def certifiee(self) -> bool:
        """Whether her identity is; null and the text "null" are met, and mean no."""
        return self.top_identite_certifiee == "O"


class DecisionLue(_Lu):
    """What was decided there."""

    etat_decision: str
    date_decision: date
    organisme_decision: str | None = None
    motif_refus: str | None = None


class OrientationLue(_Lu):
    """An orientation there, v1."""

    parcours: Code | None = None
    organisme: Code | None = None
    statut: str | None = None
    etat: str | None = None
    date_entree_parcours: date | None = None
    date_creation: Instant | None = None
    date_modification: Instant | None = None
    decision: DecisionLue | None = None

    @property
    def type_parcours(self) -> TypeParcours | None:
        """The parcours in our words; None for an interview to hold, or undetermined."""
        return PARCOURS.get(self.parcours or "")


class DecisionEnvoyee(_Lu):
    """A decision on the préconisation that waits, v1."""

    etat_decision: Literal["ACCEPTEE", "REFUSEE"]
    date_decision: date
    organisme_decision: str
    agent_decision: str
    motif_refus: str | None = None
    parcours: str | None = None
    organisme: str | None = None


class OrientationForcee(_Lu):
    """An orientation without criteria, v1: discouraged, for a repair only."""

    parcours: str
    organisme: str
    date_entree_parcours: date | None = None
    origine: str = "INSCRIPTION_CONSEILLER_CD"


class OrganismeRendezVous(_Chameau):
    """Who receives."""

    code: Literal["IND", "FT", "CD", "DCD", "ML", "CE"]
    id_structure: str | None = None
    libelle_structure: str | None = None


class RendezVousEnvoye(_Chameau):
    """A rendez-vous of ours, told to them."""

    id: str | None = None
    date: datetime
    duree: int | None = None
    motif: Literal["AUT", "ACC", "ORI"]
    modalite_contact: Literal["VISIO", "TELEPHONE", "PHYSIQUE"]
    type_reception: Literal["IND", "COL"]
    statut: Literal["PRIS", "EFFECTUE", "MODIFIE", "ABSENT", "ANNULE"]
    organisme: OrganismeRendezVous
    initiateur: Literal["USAGER", "PARTENAIRE"] | None = None
    theme: str | None = None


class RendezVousLu(_Chameau):
    """One as they hold it."""

    id_origine: str
    date: Annotated[
        datetime, AfterValidator(lambda un: un if un.tzinfo else un.replace(tzinfo=UTC))
    ]
    motif: str
    statut: str
    organisme: _Code

    def est(self, voulu: RendezVousEnvoye) -> bool:
        """Tell whether it is that one: same moment, same organisme, same purpose."""
        return (self.date, self.motif, self.organisme.code) == (
            voulu.date.astimezone(UTC).replace(microsecond=0),
            voulu.motif,
            voulu.organisme.code,
        )


class Statut(_Lu):
    """How she is registered."""

    statut: str | None = Field(default=None, alias="m_statut")
    date_effet: str | None = Field(default=None, alias="m_date_effet_statut")
    categorie: str | None = Field(default=None, alias="m_categ_inscription_code")


class EvenementSanction(_Chameau):
    """What a named person decided of a consequence."""

    type_evenement: Literal[
        "SAISIE_SANCTION",
        "REFUS_SAISIE_SANCTION",
        "VALID_SANCTION",
        "REFUS_SANCTION",
        "VALID_LEVEE_SUSP",
        "REFUS_LEVEE_SUSP",
        "ANNULATION_SANCTION",
    ]
    date_evenement: date
    motif_evenement: Literal["DROIT_ERREUR", "RECOURS", "AUTRE"] | None = None


class Sanction(_Chameau):
    """An event on a consequence, and the measure when it validates one."""

    identifiant_consequence_sanction: str
    evenement: EvenementSanction
    type_consequence_sanction_valide: Literal["SUSP_RSA", "SUPPR_RSA"] | None = None
    modalite_decision_validee: Literal["P", "M"] | None = None
    montant_valide: int | None = None
    duree_validee: Literal[1, 2, 3, 4] | None = None


class Attribut(_Chameau):
    """What a task says of itself besides, by the name that they give it."""

    nom: str
    valeur: str | None = None


class Activite(_Chameau):
    """A task of the work queue; whom it is about is her number."""

    identifiant_activite: Code
    code_activite: Code
    usager: _Identifiant
    date_creation: Instant | None = None
    date_echeance: Jour | None = None
    date_echeance_proche: Jour | None = None
    attributs_specifiques: list[Attribut] = []

    def attribut(self, nom: str) -> str | None:
        """A code that it says of itself; None where it is no code."""
        dites = {un.nom: un.valeur or "" for un in self.attributs_specifiques}
        return dites[nom] if _CODE.fullmatch(dites.get(nom, "")) else None


class PageActivites(_Chameau):
    """A page of the work queue; its cursor is theirs to read."""

    activites: list[Activite]  # without it the answer says nothing: an empty queue says so
    has_more: bool = False
    cursor: str | None = None


@dataclass(frozen=True)
class FileLue:
    """A work queue read to its end.

    Args:
        pages: of several, the queue may have moved between two: one may have been jumped over.
    """

    activites: list[Activite]
    pages: int
