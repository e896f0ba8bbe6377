"""What a set of rules would have changed: counted by territory, so that nobody can be told."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from services.orientation.statistiques.rules import ENSEMBLE
from shared.masques import SEUIL, groupes_masques, modalites_masquees
from shared.schemas.orientation.jeux_de_regles import (
    ChargeOrganisme,
    GroupeSimulation,
    PassageParcours,
    ResultatSimulation,
)
from shared.schemas.orientation.vocabulaire import TypeParcours

_PARCOURS, _ORGANISMES, _DEPLACEES = "parcours", "organismes", "deplacees"
_REPARTITIONS = (_PARCOURS, _ORGANISMES, _DEPLACEES)
_OUI, _NON = "oui", "non"
_ENTRE = ">"
_COMMUNE_INCONNUE = "inconnue"

Groupes = Mapping[str, Mapping[str, int]]


class Issue(NamedTuple):
    """What is proposed; None: nothing can be."""

    type_parcours: str | None
    organisme_id: UUID | None


@dataclass
class Effets:
    """What was counted so far: people of a commune, once in each répartition; and who moves."""

    deplacees: list[UUID] = field(default_factory=list)
    comptes: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: {nom: {} for nom in _REPARTITIONS}
    )

    def ajouter(
        self, orientation_id: UUID, commune: str | None, avant: Issue, apres: Issue
    ) -> None:
        """Count one person."""
        if avant != apres:
            self.deplacees.append(orientation_id)
        modalites = (
            _passage(avant.type_parcours, apres.type_parcours),
            _passage(avant.organisme_id, apres.organisme_id),
            _OUI if avant != apres else _NON,
        )
        for nom, modalite in zip(_REPARTITIONS, modalites, strict=True):
            groupe = self.comptes[nom].setdefault(commune or _COMMUNE_INCONNUE, Counter())
            groupe[modalite] += 1


@dataclass(frozen=True)
class _Vue:
    """One répartition of one group; None: nothing of it may be shown."""

    effectifs: Mapping[str, int] | None
    masquees: Collection[str]

    def montres(self) -> Iterator[tuple[str, str, int | None]]:
        """Yield the counts to show; None for one that is hidden."""
        effectifs = self.effectifs or {}
        visibles = {nom for nom, nombre in effectifs.items() if nombre}
        hidden = set() if self.effectifs is None else set(self.masquees)
        for nom in sorted(visibles | hidden):
            avant, _, apres = nom.partition(_ENTRE)
            yield avant, apres, None if nom in hidden else effectifs[nom]


def resultat(effets: Effets, places: Mapping[UUID, int | None]) -> ResultatSimulation:
    """Return the whole, then each commune, with what may not be shown hidden.

    Args:
        effets: all that was counted.
        places: of each organisme, None where no bound was said.
    """
    totaux = {cle: {"": sum(un.values())} for cle, un in effets.comptes[_DEPLACEES].items()}
    caches = groupes_masques(totaux)
    ensemble: dict[str, _Vue] = {}
    groupes: dict[str, dict[str, _Vue]] = {cle: {} for cle in totaux}
    for nom, par_groupe in effets.comptes.items():
        somme = sum(par_groupe.values(), Counter[str]())
        masquees = modalites_masquees(somme)
        ensemble[nom] = _Vue(None if masquees is None else somme, masquees or ())
        tus = set(totaux) if masquees is None else groupes_masques(par_groupe, masquees, caches)
        for cle, effectifs in par_groupe.items():
            groupes[cle][nom] = _Vue(None if cle in tus else effectifs, masquees or ())
    total = sum(un[""] for un in totaux.values())
    return ResultatSimulation(
        seuil=SEUIL,
        ensemble=_groupe(ENSEMBLE, total, ensemble, places, cache=0 < total < SEUIL),
        territoires=[
            _groupe(cle, totaux[cle][""], groupes[cle], places, cache=cle in caches)
            for cle in sorted(totaux)
        ],
    )


def _groupe(
    cle: str,
    total: int,
    vues: Mapping[str, _Vue],
    places: Mapping[UUID, int | None],
    *,
    cache: bool,
) -> GroupeSimulation:
    deplacees = vues[_DEPLACEES]
    return GroupeSimulation(
        cle=cle,
        rejouees=None if cache else total,
        deplacees=(
            None
            if deplacees.effectifs is None or deplacees.masquees
            else deplacees.effectifs.get(_OUI, 0)
        ),
        masque=cache,
        passages=[
            PassageParcours(
                avant=TypeParcours(avant) if avant else None,
                apres=TypeParcours(apres) if apres else None,
                nombre=nombre,
                masque=nombre is None,
            )
            for avant, apres, nombre in vues[_PARCOURS].montres()
        ],
        charges=list(_charges(list(vues[_ORGANISMES].montres()), places)),
    )


def _charges(
    passages: Iterable[tuple[str, str, int | None]], places: Mapping[UUID, int | None]
) -> Iterator[ChargeOrganisme]:
    """Add up what goes from and to each organisme; a hidden count hides the sums it is in."""
    avant: dict[str, int | None] = {}
    apres: dict[str, int | None] = {}
    for de, vers, nombre in passages:
        for sommes, code in ((avant, de), (apres, vers)):
            somme = sommes.get(code, 0)
            sommes[code] = None if nombre is None or somme is None else somme + nombre
    for code in sorted({*avant, *apres}):
        organisme_id = UUID(code) if code else None
        yield ChargeOrganisme(
            organisme_id=organisme_id,
            places=places.get(organisme_id) if organisme_id else None,
            avant=(de_lui := avant.get(code, 0)),
            apres=(vers_lui := apres.get(code, 0)),
            masque=de_lui is None or vers_lui is None,
        )


def _passage(avant: object, apres: object) -> str:
    return _ENTRE.join(str(un or "") for un in (avant, apres))
