"""A proposal from what is stored: the same inputs give the same bytes, years later."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.orientation.criteres.rules import GRILLE, Critere, Grille, deriver, vrai
from services.orientation.orientations.explication import Explication, expliquer
from services.orientation.orientations.referent import (
    TABLE_ORGANISME,
    Organisme,
    PropositionOrganisme,
    Situation,
    TableOrganisme,
    age_revolu,
    proposer_organisme,
)
from services.orientation.orientations.rules import (
    TABLE_PARCOURS,
    PropositionParcours,
    TableParcours,
    proposer_parcours,
)
from shared.schemas.orientation.vocabulaire import (
    OrganismeDemande,
    StatutOrientation,
    TypeOrganisme,
    TypeParcours,
)

# What the professional says of an obstacle is stated beside France Travail's fields.
CHAMP_OBSTACLE = "obstacle_temporaire"


@dataclass(frozen=True)
class Regles:
    """A whole set of rules: how criteria are read, the parcours, then the organisme."""

    parcours: TableParcours
    grille: Grille
    organisme: TableOrganisme


# The default, and the only rules of those without RSA: an order specifies criteria for the RSA.
# A reform makes another one, and this one still replays what was proposed under it.
NATIONALES = Regles(TABLE_PARCOURS, GRILLE, TABLE_ORGANISME)


@dataclass(frozen=True)
class Donnees:
    """All that a proposal is made of, as it is kept. `obstacle_temporaire` may be a criterion."""

    criteres: Sequence[Critere]
    situation: Situation
    organismes: Sequence[Organisme]
    jour: date


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
    regles: Regles = NATIONALES,
) -> Etablie:
    """Propose a parcours, then an organisme, and say why.

    Args:
        criteres: merged, one per field; `obstacle_temporaire` may be among them.
        situation: the person on `jour`.
        organismes: all those of the collectivité.
        jour: civil day of the proposal.
        regles: the set in force that day, for this person.
    """
    candidats = sorted(organismes, key=lambda organisme: str(organisme.id))
    parcours, organisme = proposer(Donnees(criteres, situation, candidats, jour), regles)
    explication = expliquer(parcours, _enonces(criteres), organisme, grille=regles.grille)
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


def proposer(
    donnees: Donnees, regles: Regles
) -> tuple[PropositionParcours, PropositionOrganisme | None]:
    """Propose a parcours, and an organisme if there is one; without the reasons."""
    obstacle = vrai(donnees.criteres, CHAMP_OBSTACLE)
    entrees = deriver(_enonces(donnees.criteres), obstacle_declare=obstacle, grille=regles.grille)
    parcours = proposer_parcours(entrees, regles.parcours)
    if parcours.type_parcours is None:
        return parcours, None
    return parcours, proposer_organisme(
        parcours.type_parcours,
        donnees.situation,
        donnees.organismes,
        donnees.jour,
        table=regles.organisme,
    )


def _enonces(criteres: Iterable[Critere]) -> list[Critere]:
    return [critere for critere in criteres if critere.champ != CHAMP_OBSTACLE]


def lire_entrees(entrees: Mapping[str, Any]) -> Donnees:
    """Read the inputs that a proposal kept."""
    return Donnees(
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


def rejouer(entrees: Mapping[str, Any], regles: Regles = NATIONALES) -> Etablie:
    """Propose again from the inputs that a proposal kept, under the rules that it names."""
    donnees = lire_entrees(entrees)
    return etablir(donnees.criteres, donnees.situation, donnees.organismes, donnees.jour, regles)


def en_octets(
    *,
    regle: str,
    type_parcours: str | None,
    organisme_referent_id: UUID | None,
    version_regles: str,
    explication: Mapping[str, Any],
) -> bytes:
    """Write a proposal in the one form in which two are compared: canonical JSON."""
    return json.dumps(
        {
            "regle": regle,
            "type_parcours": type_parcours,
            "organisme_referent_id": organisme_referent_id,
            "version_regles": version_regles,
            "explication": explication,
        },
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    ).encode()
