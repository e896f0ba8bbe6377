"""Our decision beside theirs: what differs, and what to send. Pure.

Source: france-travail-integration.md §5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto

from shared.clients.france_travail.contrats import (
    DecisionEnvoyee,
    OrientationForcee,
    OrientationLue,
)
from shared.clients.france_travail.vocabulaire import (
    ORGANISMES_FT,
    PARCOURS_FT,
    inverses,
    table_inversee,
)
from shared.refus import Erreur, Validation
from shared.schemas.orientation.france_travail import TypeEcart
from shared.schemas.orientation.vocabulaire import (
    MotifRefus,
    TypeOrganisme,
    TypeParcours,
)

AGENT = "BATCH"
_PREMIERE, _PLUS_LONGUE, _JOUR_S = timedelta(seconds=30), timedelta(hours=6), 86_400.0
_DE_LA_PERSONNE = frozenset({"R001", "R002", "R997", "R998", "S002", "S003", "sans-identifiant"})
_DE_L_ACCES = frozenset(
    {"invalid_client", "invalid_scope", "invalid_grant", "unsupported_grant_type"}
)
REPARABLES = frozenset(TypeEcart) - {TypeEcart.ABSENTE_ICI, TypeEcart.PERSONNE_NON_TROUVEE}


@dataclass(frozen=True)
class Notre:
    """Our decision in force."""

    type_parcours: TypeParcours
    type_organisme: TypeOrganisme
    decideur: TypeOrganisme
    motif_refus: MotifRefus | None
    date_decision: date
    date_effet: date


@dataclass(frozen=True)
class Leur:
    """What they hold of a person: the préconisation that waits, and the decision in force."""

    attend: OrientationLue | None
    ouverte: OrientationLue | None


class Attendre(Enum):
    """Nothing to send."""

    ENREGISTREE = auto()  # it is there already
    SANS_PRECONISATION = auto()  # nothing waits for it: a person is to see
    SANS_CODE = auto()  # their lists have no word for our organisme


@dataclass(frozen=True)
class Modifier:
    """Change the parcours of what is in force there."""

    parcours: str


Geste = Attendre | Modifier | DecisionEnvoyee | OrientationForcee


def verifier_correspondance(table: Mapping[TypeParcours, str]) -> None:
    """Check that who opens the exchange has read the table that will be applied.

    Raises:
        Validation: it is another one; that of WebRSA, which swaps two codes, is named.
    """
    if dict(table) != dict(PARCOURS_FT):
        message = (
            "Social et socio-professionnel sont inverses : PSO est social, PSP socio-professionnel"
            if table_inversee(table)
            else "Ce n'est pas la correspondance appliquee : PED, PSP, PSO"
        )
        raise Validation([Erreur("/correspondance", "code-referentiel-inconnu", message)])


def leur(orientations: Sequence[OrientationLue]) -> Leur:
    """Of all that they hold, what counts: the last that waits, and the last in force."""

    def derniere(etat: str) -> OrientationLue | None:
        found = [une for une in orientations if une.etat == etat]
        jamais = datetime.min.replace(tzinfo=UTC)
        return max(found, key=lambda une: une.date_creation or jamais, default=None)

    return Leur(derniere("EN_ATTENTE"), derniere("OUVERT"))


def ecart(notre: Notre | None, leurs: Leur) -> TypeEcart | None:
    """Tell how the two differ, the gravest first; None when they agree.

    Not decided here and waiting there is no disagreement: both are at work.
    """
    ouverte = leurs.ouverte
    if notre is None:
        return TypeEcart.ABSENTE_ICI if ouverte is not None and leurs.attend is None else None
    if ouverte is not None and _memes(notre, ouverte):
        return None
    if leurs.attend is not None:
        return TypeEcart.NON_DECIDEE_LA_BAS
    if ouverte is None:
        return TypeEcart.ABSENTE_LA_BAS
    if inverses(notre.type_parcours, ouverte.parcours or ""):
        return TypeEcart.PARCOURS_INVERSE
    if PARCOURS_FT[notre.type_parcours] != ouverte.parcours:
        return TypeEcart.PARCOURS_DIFFERENT
    return TypeEcart.ORGANISME_DIFFERENT


def geste(notre: Notre, leurs: Leur, *, reparation: bool) -> Geste:
    """Tell what makes theirs ours. What is there already is sent no second time.

    Args:
        reparation: a person asked for it: what they have decided may be changed.
    """
    parcours = PARCOURS_FT[notre.type_parcours]
    organisme = ORGANISMES_FT.get(notre.type_organisme)
    if leurs.attend is None and leurs.ouverte is not None and _memes(notre, leurs.ouverte):
        return Attendre.ENREGISTREE
    if organisme is None:
        return Attendre.SANS_CODE
    if leurs.attend is not None:
        return _decision(notre, leurs.attend, parcours, organisme)
    if not reparation:
        return Attendre.SANS_PRECONISATION
    if leurs.ouverte is not None and leurs.ouverte.organisme == organisme:
        return Modifier(parcours)
    # Theirs is of another organisme, or they have none: no call changes an organisme alone.
    return OrientationForcee(
        parcours=parcours, organisme=organisme, date_entree_parcours=notre.date_effet
    )


def _decision(
    notre: Notre, attend: OrientationLue, parcours: str, organisme: str
) -> DecisionEnvoyee:
    # What they call to accept is to choose what they proposed; an undetermined one cannot be.
    acceptee = (attend.parcours, attend.organisme) == (parcours, organisme)
    motif = notre.motif_refus or MotifRefus.APPRECIATION_DIFFERENTE
    return DecisionEnvoyee(
        etat_decision="ACCEPTEE" if acceptee else "REFUSEE",
        date_decision=notre.date_decision,
        organisme_decision=ORGANISMES_FT[notre.decideur],
        agent_decision=AGENT,
        motif_refus=None if acceptee else motif.upper(),
        parcours=None if acceptee else parcours,
        organisme=None if acceptee else organisme,
    )


def _memes(notre: Notre, la: OrientationLue) -> bool:
    organisme = ORGANISMES_FT.get(notre.type_organisme)
    return la.parcours == PARCOURS_FT[notre.type_parcours] and organisme in (None, la.organisme)


def de_la_personne(code: str | None) -> bool:
    """Tell whether an error says that a person is nobody's there, several, or out of reach.

    A bare 404 does not: a path that they moved answers it too, and for everyone.
    """
    return code in _DE_LA_PERSONNE


def de_l_acces(statut: int | None, code: str | None) -> bool:
    """Tell whether an error may be of the way in: the next person would meet it too."""
    return code in _DE_L_ACCES or statut in (302, 401, 403)


def refuse_a_jamais(statut: int | None, code: str | None) -> bool:
    """Tell whether an error is about this person or this decision, which will not mend by itself.

    The others are of the way in (a scope, a secret, an agent) or of their servers: they would
    close every decision, and are tried again.
    """
    return de_la_personne(code) or (statut == 400 and code not in _DE_L_ACCES)


def reprise_dans(essais: int, *, demandee_s: float = 0) -> timedelta:
    """Tell how long to leave a decision that could not be sent, after so many attempts.

    Args:
        demandee_s: seconds that they asked for: as long at least, up to a day.
    """
    attente: timedelta = _PREMIERE * (1 << min(essais - 1, 20))
    return max(min(_PLUS_LONGUE, attente), timedelta(seconds=min(demandee_s, _JOUR_S)))
