"""What one foyer of a flux changes: decided from what is known, before anything is written.

A person whom their foyer no longer tells has left it (`Plan.departs`). They lose their role there,
and that is all until the file was read, for another of its foyers may have them. If none has,
they are no beneficiary any more, and what is to be decided of them is closed. What was decided
goes on: it does not depend on the status of one day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.orientation.flux.canonique import (
    ROLES_A_ORIENTER,
    EtatDossier,
    Foyer,
    PersonneFlux,
    a_orienter,
    decedee,
    dossier_actif,
)
from services.orientation.mouvements.rules import (
    FAITS_DEMANDE,
    FoyerApres,
    FoyerAvant,
    PersonneApres,
    PersonneAvant,
    mouvements_foyer,
    mouvements_personne,
)
from shared.identifiants import nir_fictif
from shared.refus import Refus
from shared.schemas.imports import StatutLigne
from shared.schemas.orientation.imports import TypeMouvement

RESULTATS_JOURS = 30  # after the end of the import (contract guide, 12.4)

MOTIF_ANTERIEUR = "date_reference_anterieure"
MOTIF_NIR_INTERDIT = "nir_interdit_ici"
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
    """What is kept of a dossier that an earlier flux told.

    `droit_recu_le`: reception of the flux that told its right open, unless closed since.
    """

    id: UUID
    empreinte: bytes
    date_reference: date
    etat: EtatDossier
    commune: str | None
    droit_recu_le: datetime | None


@dataclass(frozen=True)
class PersonneConnue:
    """What is kept of a person, and of the orientation they are waiting for or have."""

    id: UUID
    dossier_id: UUID | None
    foyer_id: UUID | None  # where they live: of an absorbed person, the foyer of the one kept
    nir_empreinte: bytes | None
    identite_empreinte: bytes
    naissance: date  # of who was recognised: an absorbed person has her own
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
    mouvements: Sequence[TypeMouvement] = ()
    foyer_quitte: UUID | None = None

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
    mouvements: Sequence[TypeMouvement] = ()
    droit_recu_le: datetime | None = None
    departs: tuple[PersonneConnue, ...] = ()


def planifier(
    foyer: Foyer,
    identifiees: Sequence[Identifiee],
    dossier: DossierConnu | None,
    connues: Sequence[PersonneConnue],
    date_reference: date,
    *,
    recu_le: datetime,
    relu: bool = False,
) -> Plan:
    """Decide what a foyer changes.

    Args:
        foyer: as the flux tells it.
        identifiees: its demandeur and conjoint, in order, with their digests.
        dossier: what is known of it.
        connues: persons known by one of the NIR digests, or of the same dossier.
        date_reference: DTREF of the flux; an older one never goes over a newer one.
        recu_le: reception of the flux.
        relu: this very flux was read to its end before; another of the same day may have followed.
    """
    if dossier is not None and date_reference < dossier.date_reference:
        return Plan(StatutLigne.REFUSEE, MOTIF_ANTERIEUR)
    if dossier is not None and (
        dossier.empreinte.hex() == foyer.empreinte
        or (relu and date_reference == dossier.date_reference)
    ):
        return Plan(StatutLigne.IDENTIQUE)
    nirs = [one.nir_empreinte for one in identifiees if one.nir_empreinte]
    if len(set(nirs)) != len(nirs):
        return Plan(StatutLigne.REFUSEE, MOTIF_NIR_EN_DOUBLE)
    changements = []
    for identifiee in identifiees:
        connue = _connue(identifiee, connues, dossier)
        if connue is not None and _autre_personne(identifiee, connue):
            return Plan(StatutLigne.REFUSEE, MOTIF_NIR_DEJA_ATTRIBUE)
        changements.append(_changement(identifiee, connue, foyer, dossier))
    mouvements = _du_foyer(foyer, dossier)
    return Plan(
        StatutLigne.CREEE if dossier is None else StatutLigne.MODIFIEE,
        None,
        tuple(changements),
        mouvements,
        _droit_recu_le(foyer, dossier, mouvements, recu_le),
        tuple(_departs(changements, dossier, connues)),
    )


def _changement(
    identifiee: Identifiee,
    connue: PersonneConnue | None,
    foyer: Foyer,
    dossier: DossierConnu | None,
) -> ChangementPersonne:
    valeurs = _valeurs(identifiee.flux, foyer)
    avant = None
    foyer_quitte = None
    if connue is not None:
        ici = dossier is not None and connue.foyer_id == dossier.id
        ailleurs = connue.foyer_id is not None and not ici
        avant = PersonneAvant(
            ici=ici and connue.valeurs["role"] is not None,
            d_ailleurs=ailleurs,
            droits_devoirs=connue.valeurs["droits_devoirs"],
            decedee=connue.valeurs["decedee"],
        )
        # Without a role they had left it already, and that was told.
        if ailleurs and connue.valeurs["role"] is not None:
            foyer_quitte = connue.foyer_id
    apres = PersonneApres(valeurs["droits_devoirs"], valeurs["decedee"])
    return ChangementPersonne(
        identifiee,
        connue,
        valeurs,
        a_orienter(identifiee.flux, foyer),
        mouvements_personne(avant, apres, foyer_connu=dossier is not None),
        foyer_quitte,
    )


def _du_foyer(foyer: Foyer, dossier: DossierConnu | None) -> Sequence[TypeMouvement]:
    avant = None
    if dossier is not None:
        annonce = dossier.droit_recu_le is not None
        avant = FoyerAvant(dossier.etat, dossier.commune, annonce)
    apres = FoyerApres(
        foyer.etat_dossier,
        foyer.adresse.commune if foyer.adresse else None,
        soumis=any(personne.droits_devoirs for personne in orientables(foyer)),
        demande=not FAITS_DEMANDE.isdisjoint(foyer.faits_generateurs),
        transfert=foyer.transfert,
    )
    return mouvements_foyer(avant, apres)


def _droit_recu_le(
    foyer: Foyer,
    dossier: DossierConnu | None,
    mouvements: Sequence[TypeMouvement],
    recu_le: datetime,
) -> datetime | None:
    if not dossier_actif(foyer.etat_dossier):
        return None
    if not {TypeMouvement.DROIT_OUVERT, TypeMouvement.DROIT_TRANSFERE}.isdisjoint(mouvements):
        return recu_le
    return dossier.droit_recu_le if dossier else None


def _departs(
    changements: Iterable[ChangementPersonne],
    dossier: DossierConnu | None,
    connues: Iterable[PersonneConnue],
) -> Iterable[PersonneConnue]:
    """Those of the foyer whom it no longer tells.

    A newcomer born on the same day may be the same person under another name: nobody leaves then,
    and it is for a rapprochement to tell.
    """
    if dossier is None:
        return
    dites = {changement.connue.id for changement in changements if changement.connue}
    nouvelles = {un.identifiee.flux.date_naissance for un in changements if un.connue is None}
    for connue in connues:
        if (
            connue.foyer_id == dossier.id
            and connue.valeurs["role"] is not None
            and connue.id not in dites
            and connue.valeurs["date_naissance"] not in nouvelles
        ):
            dites.add(connue.id)
            yield connue


def verifier_conservation(termine_le: datetime | None, instant: datetime) -> None:
    """Check that the results of an import are still kept: its thirtieth day is included.

    Raises:
        FichierExpire: it ended more than thirty days before `instant`.
    """
    if termine_le is not None and termine_le < instant - timedelta(days=RESULTATS_JOURS):
        raise FichierExpire


def que_des_fictives(foyer: Foyer) -> bool:
    """Whether no NIR of a foyer may be somebody's: all that the sandbox takes."""
    return all(un.nir is None or nir_fictif(un.nir) for un in foyer.personnes)


def orientables(foyer: Foyer) -> tuple[PersonneFlux, ...]:
    """The persons of a foyer that are kept: demandeur and conjoint, never children."""
    return tuple(personne for personne in foyer.personnes if personne.role in ROLES_A_ORIENTER)


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
    return connue.naissance != identifiee.flux.date_naissance


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
        "decedee": decedee(personne, foyer),
    }
