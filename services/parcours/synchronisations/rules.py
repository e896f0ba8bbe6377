"""What a record of data·inclusion becomes, what a reading proves of what it lacks. Pure.

Source: partners.md §4: an offset page may lack a row or give it twice.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from shared.referentiels import codes
from shared.refus import Erreur, Validation
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.offres import ServiceDataInclusionCreation
from shared.schemas.parcours.synchronisations import StatutSynchronisation
from shared.thematiques import thematiques_de

PERIODE, REPRISE = timedelta(hours=24), timedelta(hours=1)
BAIL = timedelta(hours=2)  # longer than any reading: past it, whoever began it is dead
ABSENCES, ABSENCE_JOURS = 3, 30
_CHAMPS = frozenset(ServiceDataInclusionCreation.model_fields)
_TEXTES = ("description", "conditions_acces")
_TEXTE_MAX = 2000


def thematiques() -> list[str]:
    """Return the thématiques that tell of a frein of ours: no other service is read."""
    connues = codes("thematiques-data-inclusion")
    voulues = {thematique for frein in CodeFrein for thematique in thematiques_de(frein)}
    return sorted(voulues & set(connues))


def a_commencer(
    maintenant: datetime, *, statut: StatutSynchronisation | None, commencee_le: datetime | None
) -> bool:
    """Tell whether a reading is due: a day after the last began, an hour if it failed.

    Args:
        maintenant: now.
        statut: of the last one; None: there was none.
        commencee_le: when it began.
    """
    if statut is None or commencee_le is None:
        return True
    if statut is StatutSynchronisation.EN_COURS:
        return maintenant - commencee_le >= BAIL
    attente = REPRISE if statut is StatutSynchronisation.ECHOUEE else PERIODE
    return maintenant - commencee_le >= attente


def service_lu(record: Mapping[str, Any]) -> ServiceDataInclusionCreation:
    """Return what we keep of a record: no contact, a long text cut, an address that is none left.

    Raises:
        Validation: what is left is not what the route takes.
    """
    garde = {nom: valeur for nom, valeur in record.items() if nom in _CHAMPS and valeur is not None}
    for nom in _TEXTES:
        if isinstance(garde.get(nom), str):
            garde[nom] = garde[nom][:_TEXTE_MAX]
    try:
        return ServiceDataInclusionCreation.model_validate(garde)
    except ValidationError as error:
        # Their words are not ours to repeat: where, and nothing of what.
        fautes = {str(faute["loc"][0]) for faute in error.errors()}
        if fautes == {"lien_mobilisation"}:
            return service_lu({**record, "lien_mobilisation": None})
        raise Validation(
            [Erreur(f"/{nom}", "format-inattendu", "Illisible") for nom in sorted(fautes)]
        ) from None


def absences_comptees(*, vues: int, suivies: int) -> bool:
    """Tell whether what a reading lacks counts as absent.

    A catalogue that has lost more than half of what is followed is more likely to be ill than true.
    """
    return 2 * vues >= suivies


def a_retirer(absences: int, vue_le: date, jour: date) -> bool:
    """Tell whether a service is to be held gone, this reading included.

    Three readings in a row that lack it, or thirty days unseen: one absence proves nothing.
    """
    return absences >= ABSENCES or jour - vue_le >= timedelta(days=ABSENCE_JOURS)
