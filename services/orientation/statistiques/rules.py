"""What may be shown of counts of people: no group under the threshold, nor a way back to one.

Groups share out the same people, so the groups shown can be taken away from the whole: what is
left is a group too, and keeps the same rule. Two requests that cut the people differently are not
compared here: whoever may ask for any cut may subtract one answer from another.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.schemas.orientation import Effectif, GroupeStatistiques, Repartition

SEUIL = 5
ENSEMBLE = "ensemble"
DELAI, DANS_DELAI, HORS_DELAI = "delai", "dans_delai", "hors_delai"

Effectifs = Mapping[str, int]


@dataclass(frozen=True)
class Durees:
    """What time the decisions of a group took, in hours."""

    moyenne_heures: int
    mediane_heures: int


@dataclass(frozen=True)
class _Masques:
    """What is hidden of one répartition: counts of the whole, and groups. None: all of it."""

    modalites: frozenset[str] | None
    groupes: frozenset[str]


def tableau(
    comptes: Mapping[str, Mapping[str, Effectifs]], durees: Mapping[str | None, Durees]
) -> tuple[GroupeStatistiques, list[GroupeStatistiques]]:
    """Return the whole, then each group, with what may not be shown hidden.

    Args:
        comptes: by group, then by répartition. Each shares out all the people of the group.
        durees: by group; None: the whole.
    """
    noms = sorted({nom for repartitions in comptes.values() for nom in repartitions})
    total = {cle: {"": _nombre(repartitions)} for cle, repartitions in comptes.items()}
    caches = groupes_masques(total)
    ensemble = {
        nom: _ensemble({cle: un.get(nom, {}) for cle, un in comptes.items()}, comptes)
        for nom in noms
    }
    masques = {}
    for nom in noms:
        modalites = modalites_masquees(ensemble[nom])
        par_groupe = {cle: un.get(nom, {}) for cle, un in comptes.items()}
        masques[nom] = _Masques(
            modalites,
            frozenset(comptes)
            if modalites is None
            else groupes_masques(par_groupe, modalites, caches),
        )
    return (
        _groupe(ENSEMBLE, ensemble, masques, durees.get(None), cache=_rares(_nombre(ensemble))),
        [
            _groupe(cle, comptes[cle], masques, durees.get(cle), cache=cle in caches)
            for cle in sorted(comptes)
        ],
    )


def _groupe(
    cle: str,
    repartitions: Mapping[str, Effectifs],
    masques: Mapping[str, _Masques],
    durees: Durees | None,
    *,
    cache: bool,
) -> GroupeStatistiques:
    visibles = {
        nom: un.modalites
        for nom, un in masques.items()
        if un.modalites is not None and not cache and cle not in un.groupes
    }
    delai = repartitions.get(DELAI, {})
    dans, hors = delai.get(DANS_DELAI, 0), delai.get(HORS_DELAI, 0)
    # A rate or a mean beside a hidden count would tell it.
    chiffre = dans + hors > 0 and not {DANS_DELAI, HORS_DELAI} & visibles.get(DELAI, {DANS_DELAI})
    return GroupeStatistiques(
        cle=cle,
        a_orienter=None if cache else _nombre(repartitions),
        masque=cache,
        delai_moyen_heures=durees.moyenne_heures if durees and chiffre else None,
        delai_median_heures=durees.mediane_heures if durees and chiffre else None,
        dans_delai_points_base=(
            (dans * 10_000 + (dans + hors) // 2) // (dans + hors) if chiffre else None
        ),
        repartitions=[
            Repartition(
                nom=nom,
                masquee=nom not in visibles,
                effectifs=_effectifs(repartitions.get(nom, {}), visibles[nom])
                if nom in visibles
                else [],
            )
            for nom in masques
        ],
    )


def _effectifs(effectifs: Effectifs, masquees: Collection[str]) -> list[Effectif]:
    montres = {nom for nom, nombre in effectifs.items() if nombre} | set(masquees)
    return [
        Effectif(
            modalite=nom,
            nombre=None if nom in masquees else effectifs[nom],
            masque=nom in masquees,
        )
        for nom in sorted(montres)
    ]


def _nombre(repartitions: Mapping[str, Effectifs]) -> int:
    return sum(repartitions.get(DELAI, {}).values())


def _rares(nombre: int) -> bool:
    return 0 < nombre < SEUIL


def modalites_masquees(effectifs: Effectifs) -> frozenset[str] | None:
    """Return which counts to hide so that none under the threshold can be told from the total.

    One hidden count is the total less the others: the least of those shown goes with it. So it
    does when the hidden counts together are still few, or when their sum allows one reading only:
    all at one, or all just under the threshold. All the counts equal to the least go together, or
    the one left would tell which of the hidden ones it is.

    Returns:
        None when nothing of it may be shown: few people, or no other count to hide.
    """
    petits = {nom for nom, nombre in effectifs.items() if _rares(nombre)}
    if sum(effectifs.values()) < SEUIL:
        return None
    somme = sum(effectifs[nom] for nom in petits)
    ambigu = len(petits) < somme < (SEUIL - 1) * len(petits)
    if not petits or (len(petits) > 1 and somme >= SEUIL and ambigu):
        return frozenset(petits)
    moindre = min((nombre for nombre in effectifs.values() if nombre >= SEUIL), default=None)
    if moindre is None:
        return None
    return frozenset({*petits, *(nom for nom, nombre in effectifs.items() if nombre == moindre)})


def groupes_masques(
    groupes: Mapping[str, Effectifs],
    masquees: Collection[str] = (),
    deja: Collection[str] = (),
) -> frozenset[str]:
    """Return which groups to hide whole, where `masquees` are hidden of each and of the whole.

    A group is shown when each of its counts is nought or reaches the threshold, and so does what
    the groups hidden make together: they are added to until it does, the smallest group first.

    Args:
        groupes: counts of each group; together they are the whole.
        masquees: counts hidden of the whole, of which only the sum can be told.
        deja: groups hidden for another reason.
    """
    caches = {cle for cle, effectifs in groupes.items() if not _publiable(effectifs, masquees)}
    caches |= set(deja)
    visibles = sorted(
        set(groupes) - caches, key=lambda cle: (sum(groupes[cle].values()), cle), reverse=True
    )
    while caches and visibles and not _publiable(_ensemble(groupes, caches), masquees):
        caches.add(visibles.pop())
    return frozenset(caches)


def _ensemble(groupes: Mapping[str, Effectifs], cles: Collection[str]) -> Effectifs:
    total: Counter[str] = Counter()
    for cle in cles:
        total.update(groupes[cle])
    return total


def _publiable(effectifs: Effectifs, masquees: Collection[str]) -> bool:
    visibles = [nombre for nom, nombre in effectifs.items() if nom not in masquees]
    reste = sum(effectifs.values()) - sum(visibles)
    return not any(map(_rares, (*visibles, reste)))
