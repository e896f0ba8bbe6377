"""A proposal from what is stored: the same inputs give the same bytes, years later."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.orientation.criteres.rules import Critere, deriver, vrai
from services.orientation.orientations.explication import Explication, expliquer
from services.orientation.orientations.referent import (
    Organisme,
    Situation,
    age_revolu,
    proposer_organisme,
)
from services.orientation.orientations.rules import proposer_parcours
from shared.schemas.orientation import (
    OrganismeDemande,
    StatutOrientation,
    TypeOrganisme,
    TypeParcours,
)

# What the professional says of an obstacle is stated beside France Travail's fields.
CHAMP_OBSTACLE = "obstacle_temporaire"


@dataclass(frozen=True)
class Etablie:
    """A proposal, whole: what is kept of it."""

    statut: StatutOrientation
    regle: str
    type_parcours: TypeParcours | None
    organisme_referent_id: UUID | None
    explication: Explication
    version_regles: str
    entrees: dict[str, Any]


def situation_au(
    jour: date,
    *,
    brsa: bool,
    date_naissance: date,
    code_commune: str | None,
    criteres: Sequence[Critere] = (),
    demande: OrganismeDemande | None = None,
) -> Situation:
    """What the rules need to know of a person besides the criteria, on one day."""
    return Situation(
        brsa=brsa,
        age=age_revolu(date_naissance, jour),
        code_commune=code_commune,
        boe=vrai(criteres, "boe"),
        boe_souhait_accompagnement=vrai(criteres, "boe_souhait_accompagnement"),
        demande_mission_locale=demande is OrganismeDemande.MISSION_LOCALE,
        demande_cap_emploi=demande is OrganismeDemande.CAP_EMPLOI,
    )


def etablir(
    criteres: Sequence[Critere],
    situation: Situation,
    organismes: Iterable[Organisme],
    jour: date,
) -> Etablie:
    """Propose a parcours, then an organisme, and say why.

    Args:
        criteres: merged, one per field; `obstacle_temporaire` may be among them.
        situation: the person on `jour`.
        organismes: all those of the collectivité.
        jour: civil day of the proposal.
    """
    candidats = sorted(organismes, key=lambda organisme: str(organisme.id))
    enonces = [critere for critere in criteres if critere.champ != CHAMP_OBSTACLE]
    parcours = proposer_parcours(deriver(enonces, obstacle_declare=vrai(criteres, CHAMP_OBSTACLE)))
    organisme = (
        proposer_organisme(parcours.type_parcours, situation, candidats, jour)
        if parcours.type_parcours
        else None
    )
    explication = expliquer(parcours, enonces, organisme)
    return Etablie(
        statut=(
            StatutOrientation.EN_ATTENTE if parcours.type_parcours else StatutOrientation.BROUILLON
        ),
        regle=parcours.regle.code,
        type_parcours=parcours.type_parcours,
        organisme_referent_id=organisme.organisme_id if organisme else None,
        explication=explication,
        version_regles=" ".join(explication.versions),
        entrees={
            "criteres": [asdict(critere) for critere in criteres],
            "situation": asdict(situation),
            "organismes": [
                {
                    "id": str(candidat.id),
                    "type": candidat.type.value,
                    "communes": sorted(candidat.communes),
                    "date_debut": candidat.date_debut and candidat.date_debut.isoformat(),
                    "date_fin": candidat.date_fin and candidat.date_fin.isoformat(),
                }
                for candidat in candidats
            ],
            "jour": jour.isoformat(),
        },
    )


def rejouer(entrees: dict[str, Any]) -> Etablie:
    """Propose again from the inputs that a proposal kept."""
    return etablir(
        [Critere(**critere) for critere in entrees["criteres"]],
        Situation(**entrees["situation"]),
        [
            Organisme(
                id=UUID(kept["id"]),
                type=TypeOrganisme(kept["type"]),
                communes=frozenset(kept["communes"]),
                date_debut=kept["date_debut"] and date.fromisoformat(kept["date_debut"]),
                date_fin=kept["date_fin"] and date.fromisoformat(kept["date_fin"]),
            )
            for kept in entrees["organismes"]
        ],
        date.fromisoformat(entrees["jour"]),
    )
