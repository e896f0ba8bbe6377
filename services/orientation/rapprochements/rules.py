"""Two persons who may be one: what says so, which acts follow, and what a merge changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.orientation.personnes.rules import lettres, premier_prenom
from shared.refus import Erreur, Refus, TransitionInterdite, Validation
from shared.schemas.orientation.rapprochements import MotifRapprochement, StatutRapprochement
from shared.schemas.orientation.vocabulaire import StatutOrientation, TypeOrganisme

TRANSITIONS: Mapping[StatutRapprochement, tuple[StatutRapprochement, ...]] = {
    StatutRapprochement.PROPOSE: (StatutRapprochement.FUSIONNE, StatutRapprochement.ECARTE),
    # What was set aside may be merged later: the pair is never proposed again.
    StatutRapprochement.ECARTE: (StatutRapprochement.FUSIONNE,),
    StatutRapprochement.FUSIONNE: (StatutRapprochement.SEPARE,),
    StatutRapprochement.SEPARE: (StatutRapprochement.FUSIONNE, StatutRapprochement.ECARTE),
}


# A merge closes an orientation to decide or brings it forward: those who decide for the
# beneficiaries of the RSA say that two are one, and that they were not.
AUTORITES = (TypeOrganisme.CONSEIL_DEPARTEMENTAL, TypeOrganisme.FRANCE_TRAVAIL)


class RapprochementExistant(Refus):
    """These two were brought together already: the answer says under which id."""

    code = "reference-externe-existante"
    detail = "Ces deux personnes sont deja rapprochees."


class DeuxOrientationsEnVigueur(Refus):
    """Each of the two has a decision in force, and one person can have one only."""

    code = "orientation-deja-decidee"
    detail = "Chacune des deux a une orientation en vigueur : annuler l'une des decisions d'abord."

    def __init__(self, orientations: Sequence[UUID]) -> None:
        super().__init__(
            statut_actuel=StatutOrientation.OUVERTE,
            orientations=[str(un) for un in orientations],
        )


class AutoriteIncompetente(Refus):
    """The client speaks for none of those who say whether two persons are one."""

    code = "autorite-incompetente"
    detail = "Cet acte revient au conseil departemental ou a France Travail."

    def __init__(self) -> None:
        super().__init__(decideurs_competents=list(AUTORITES))


@dataclass(frozen=True)
class Identite:
    """What a person is called, and the day of birth."""

    nom: str
    prenoms: str
    nom_naissance: str | None
    date_naissance: date

    @property
    def noms(self) -> set[str]:
        """Both names, in letters."""
        return {lettres(nom) for nom in (self.nom, self.nom_naissance) if nom}


def motifs(une: Identite, autre: Identite) -> list[MotifRapprochement]:
    """Return what brings two persons together: none when they were born on different days.

    A short list of explicit signals, each readable by who decides; nothing is scored.

    Source: proposed. flux-caf.md, 2, keys a person by birth name and given names without a NIR.
    """
    if une.date_naissance != autre.date_naissance:
        return []
    prenoms = premier_prenom(une.prenoms), premier_prenom(autre.prenoms)
    if prenoms[0] == prenoms[1]:
        if lettres(une.nom) == lettres(autre.nom):
            same = lettres(une.prenoms) == lettres(autre.prenoms)
            return [
                MotifRapprochement.MEME_IDENTITE
                if same
                else MotifRapprochement.MEME_NOM_PREMIER_PRENOM
            ]
        if une.noms & autre.noms:
            return [MotifRapprochement.NOM_DE_NAISSANCE]
    if prenoms[0] in autre.noms and prenoms[1] in une.noms:
        return [MotifRapprochement.NOM_ET_PRENOM_INVERSES]
    return []


def exige_autorite(types: Collection[TypeOrganisme]) -> None:
    """Check that the client speaks for one who may merge, set aside or separate.

    Args:
        types: of the organismes for which it speaks.

    Raises:
        AutoriteIncompetente: it does not.

    Source: proposed; code du travail, L5411-5-1 II names the two for the RSA.
    """
    if not set(types) & set(AUTORITES):
        raise AutoriteIncompetente


def exige_transition(actuel: StatutRapprochement, voulu: StatutRapprochement) -> None:
    """Check that an act is one that the state allows.

    Raises:
        TransitionInterdite: with those that it allows.
    """
    if voulu not in TRANSITIONS[actuel]:
        raise TransitionInterdite(actuel, TRANSITIONS[actuel])


@dataclass(frozen=True)
class Fusionnable:
    """What the choice of the one kept depends on."""

    id: UUID
    du_flux: bool


def absorbee(gardee_id: UUID, personnes: Sequence[Fusionnable]) -> UUID:
    """Return which of the two is absorbed by the one kept.

    Of two, the one that the flux maintains is kept: the other would never change again.

    Raises:
        Validation: `hors-bornes`, the one kept is not of the two, or not the one to keep.
    """
    kept = next((une for une in personnes if une.id == gardee_id), None)
    if kept is None:
        message = "La personne gardee est l'une des deux"
        raise Validation([Erreur("/gardee_id", "hors-bornes", message)])
    (other,) = (une for une in personnes if une.id != gardee_id)
    if other.du_flux and not kept.du_flux:
        message = "La personne que le flux tient est celle qui est gardee"
        raise Validation([Erreur("/gardee_id", "hors-bornes", message)])
    return other.id


@dataclass(frozen=True)
class OrientationVive:
    """An orientation to decide or in force."""

    id: UUID
    personne_id: UUID
    statut: StatutOrientation
    recu_le: datetime
    date_limite: date


@dataclass(frozen=True)
class Changement:
    """What a merge writes in some rows of a table, and what is there before."""

    objet: str
    lignes: tuple[UUID, ...]
    avant: Mapping[str, Any]
    apres: Mapping[str, Any]
    fait: str  # what the feed calls it


def orientations_fusionnees(
    gardee_id: UUID, vives: Sequence[OrientationVive]
) -> tuple[Changement, ...]:
    """Return what becomes of the orientations of two persons who are one.

    Of two to decide, the absorbed person's is closed, its criteria stay readable there, and the
    other takes the earlier reception: the six weeks started when the services first knew.

    Raises:
        DeuxOrientationsEnVigueur: each has one, and only its authority ends a decision.

    Source: CASF D262-65-2 (the delay runs from the reception); the rest is proposed.
    """
    en_vigueur = [une for une in vives if une.statut is StatutOrientation.OUVERTE]
    if len(en_vigueur) > 1:
        raise DeuxOrientationsEnVigueur([une.id for une in en_vigueur])
    a_decider = [une for une in vives if une.statut is not StatutOrientation.OUVERTE]
    if len(a_decider) < 2:
        return ()
    (kept,) = (une for une in a_decider if une.personne_id == gardee_id)
    (other,) = (une for une in a_decider if une.personne_id != gardee_id)
    close = Changement(
        "orientation",
        (other.id,),
        {"statut": other.statut.value},
        {"statut": StatutOrientation.CLOTUREE.value},
        "close",
    )
    if other.recu_le >= kept.recu_le:
        return (close,)
    avance = Changement(
        "orientation",
        (kept.id,),
        {"recu_le": kept.recu_le, "date_limite": kept.date_limite},
        {"recu_le": other.recu_le, "date_limite": min(kept.date_limite, other.date_limite)},
        "avancee",
    )
    return close, avance
