"""What one foyer of a flux changes: decided from what is known, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.orientation.flux.canonique import Foyer, PersonneFlux, a_orienter
from shared.refus import Refus
from shared.schemas.orientation import StatutLigne

# Children are counted, and not kept: only those who may be oriented become persons.
_ROLES = frozenset({"DEM", "CJT"})

RESULTATS_JOURS = 30  # after the end of the import (contract guide, 12.4)

MOTIF_ANTERIEUR = "date_reference_anterieure"
MOTIF_NIR_EN_DOUBLE = "nir_en_double"
MOTIF_NIR_DEJA_ATTRIBUE = "nir_deja_attribue"


class FichierExpire(Refus):
    """What is asked was kept for its time; the import itself and its counters remain."""

    code = "fichier-expire"


@dataclass(frozen=True)
class Identifiee:
    """A person of the flux, with the digests by which they may be known already."""

    flux: PersonneFlux
    nir_empreinte: bytes | None
    identite_empreinte: bytes


@dataclass(frozen=True)
class DossierConnu:
    """What is kept of a dossier that an earlier flux told."""

    id: UUID
    empreinte: bytes
    date_reference: date


@dataclass(frozen=True)
class PersonneConnue:
    """What is kept of a person, and of the orientation they are waiting for or have."""

    id: UUID
    dossier_id: UUID | None
    nir_empreinte: bytes | None
    identite_empreinte: bytes
    valeurs: Mapping[str, Any]
    orientation_a_decider: UUID | None
    orientee: bool


@dataclass(frozen=True)
class ChangementPersonne:
    """A person to add or to change; `connue` is None for a new one."""

    identifiee: Identifiee
    connue: PersonneConnue | None
    valeurs: Mapping[str, Any]
    a_orienter: bool

    @property
    def nouvelle_orientation(self) -> bool:
        """Whether an orientation to make must be opened."""
        known = self.connue
        return self.a_orienter and not (known and (known.orientee or known.orientation_a_decider))

    @property
    def orientation_a_clore(self) -> UUID | None:
        """The orientation that is no longer to be made."""
        known = self.connue
        return known.orientation_a_decider if known and not self.a_orienter else None

    @property
    def change(self) -> bool:
        """Whether anything is to be written of the person."""
        return self.connue is None or self.connue.valeurs != self.valeurs


@dataclass(frozen=True)
class Plan:
    """What becomes of a foyer: its status, and the changes of its persons."""

    statut: StatutLigne
    motif: str | None = None
    changements: tuple[ChangementPersonne, ...] = ()


def planifier(
    foyer: Foyer,
    identifiees: Sequence[Identifiee],
    dossier: DossierConnu | None,
    connues: Sequence[PersonneConnue],
    date_reference: date,
) -> Plan:
    """Decide what a foyer changes.

    Args:
        foyer: as the flux tells it.
        identifiees: its demandeur and conjoint, in order, with their digests.
        dossier: what is known of it.
        connues: persons known by one of the NIR digests, or of the same dossier.
        date_reference: DTREF of the flux; an older one never goes over a newer one.
    """
    if dossier is not None and date_reference < dossier.date_reference:
        return Plan(StatutLigne.REFUSEE, MOTIF_ANTERIEUR)
    if dossier is not None and dossier.empreinte.hex() == foyer.empreinte:
        return Plan(StatutLigne.IDENTIQUE)
    nirs = [one.nir_empreinte for one in identifiees if one.nir_empreinte]
    if len(set(nirs)) != len(nirs):
        return Plan(StatutLigne.REFUSEE, MOTIF_NIR_EN_DOUBLE)
    changements = []
    for identifiee in identifiees:
        connue = _connue(identifiee, connues, dossier)
        if connue is not None and _autre_personne(identifiee, connue):
            return Plan(StatutLigne.REFUSEE, MOTIF_NIR_DEJA_ATTRIBUE)
        changements.append(
            ChangementPersonne(
                identifiee,
                connue,
                _valeurs(identifiee.flux, foyer),
                a_orienter(identifiee.flux, foyer),
            )
        )
    statut = StatutLigne.CREEE if dossier is None else StatutLigne.MODIFIEE
    return Plan(statut, None, tuple(changements))


def verifier_conservation(termine_le: datetime | None, instant: datetime) -> None:
    """Check that the results of an import are still kept: its thirtieth day is included.

    Raises:
        FichierExpire: it ended more than thirty days before `instant`.
    """
    if termine_le is not None and termine_le < instant - timedelta(days=RESULTATS_JOURS):
        raise FichierExpire


def orientables(foyer: Foyer) -> tuple[PersonneFlux, ...]:
    """The persons of a foyer that are kept: demandeur and conjoint, never children."""
    return tuple(personne for personne in foyer.personnes if personne.role in _ROLES)


def nombre_a_orienter(foyer: Foyer) -> int:
    """How many persons of a foyer the département must orient."""
    return sum(a_orienter(personne, foyer) for personne in foyer.personnes)


def _connue(
    identifiee: Identifiee, connues: Sequence[PersonneConnue], dossier: DossierConnu | None
) -> PersonneConnue | None:
    """By NIR first; without one on either side, by name and birth date in the same dossier."""
    for connue in connues:
        if identifiee.nir_empreinte and connue.nir_empreinte == identifiee.nir_empreinte:
            return connue
    for connue in connues:
        same_dossier = dossier is not None and connue.dossier_id == dossier.id
        comparable = not (identifiee.nir_empreinte and connue.nir_empreinte)
        if (
            same_dossier
            and comparable
            and connue.identite_empreinte == identifiee.identite_empreinte
        ):
            return connue
    return None


def _autre_personne(identifiee: Identifiee, connue: PersonneConnue) -> bool:
    """A NIR known under another birth date belongs to somebody else: nobody is merged silently."""
    known: date = connue.valeurs["date_naissance"]
    return known != identifiee.flux.date_naissance


def _valeurs(personne: PersonneFlux, foyer: Foyer) -> dict[str, Any]:
    return {
        "nom": personne.nom,
        "nom_naissance": personne.nom_naissance,
        "prenoms": " ".join(personne.prenoms),
        "date_naissance": personne.date_naissance,
        "role": personne.role,
        "commune": foyer.adresse.commune if foyer.adresse else None,
        "beneficiaire_rsa": True,
        "droits_devoirs": personne.droits_devoirs,
    }
