"""What is known of a person for an offer: her pathway here, her age and commune in orientation."""

from datetime import date
from typing import Any

from sqlalchemy import Row

from services.parcours import voisins
from services.parcours.offres.rules import Personne, age_au
from shared.clients.orientation import FaitsPersonne
from shared.clients.voisin import RefusVoisin
from shared.socle.service import Service


async def connaitre(
    service: Service, collectivite: str, faits: Row[Any], jour: date, *, commune: str | None = None
) -> Personne:
    """Read a person in orientation, with no connection held; nothing of it is kept.

    Args:
        faits: what `read_faits` found.
        commune: where she looks for an offer, for who is not known to live somewhere.

    Raises:
        DependanceIndisponible: orientation does not answer.
    """
    try:
        lus: FaitsPersonne | None = await voisins.orientation(service, collectivite).lire_faits(
            faits.personne_id
        )
    except RefusVoisin:  # erased, or of another name since: nobody knows
        lus = None
    return personne(faits, lus, jour, commune=commune)


def personne(
    faits: Row[Any], lus: FaitsPersonne | None, jour: date, *, commune: str | None = None
) -> Personne:
    """Put together what is known here and what orientation told, if it did."""
    return Personne(
        age=None if lus is None else age_au(lus.date_naissance, jour),
        beneficiaire_rsa=None if lus is None else lus.beneficiaire_rsa,
        code_commune=(None if lus is None else lus.code_commune) or commune,
        projet=faits.projet,
        contrat_signe=faits.contrat_signe,
    )
