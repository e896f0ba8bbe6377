"""What may be shown of counts of people: none under the threshold, nor a way back to one."""

from collections import Counter
from collections.abc import Collection, Mapping

SEUIL = 5

Effectifs = Mapping[str, int]


def points_base(partie: int, tout: int) -> int:
    """Return a share in ten thousandths, rounded to the nearest."""
    return (partie * 10_000 + tout // 2) // tout


def rares(nombre: int) -> bool:
    """Tell whether a count is of somebody, and of few."""
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
    petits = {nom for nom, nombre in effectifs.items() if rares(nombre)}
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
    partagees: Collection[str] = (),
) -> frozenset[str]:
    """Return which groups to hide whole, where `masquees` are hidden of each and of the whole.

    A group is shown when each of its counts is nought or reaches the threshold, and so does what
    the groups hidden make together: they are added to until it does, the smallest group first.

    Args:
        groupes: counts of each group; together they are the whole.
        masquees: counts hidden of the whole, of which only the sum can be told.
        deja: groups hidden for another reason.
        partagees: counts whose hidden ones can be summed apart from the other hidden ones.
    """
    caches = {
        cle for cle, effectifs in groupes.items() if not _publiable(effectifs, masquees, partagees)
    }
    caches |= set(deja)
    visibles = sorted(
        set(groupes) - caches, key=lambda cle: (sum(groupes[cle].values()), cle), reverse=True
    )
    while caches and visibles and not _publiable(ensemble_de(groupes, caches), masquees, partagees):
        caches.add(visibles.pop())
    return frozenset(caches)


def ensemble_de(groupes: Mapping[str, Effectifs], cles: Collection[str]) -> Effectifs:
    """Return the counts of some groups put together."""
    total: Counter[str] = Counter()
    for cle in cles:
        total.update(groupes[cle])
    return total


def _publiable(effectifs: Effectifs, masquees: Collection[str], partagees: Collection[str]) -> bool:
    visibles = [nombre for nom, nombre in effectifs.items() if nom not in masquees]
    caches = {nom: nombre for nom, nombre in effectifs.items() if nom in masquees}
    restes = [
        sum(nombre for nom, nombre in caches.items() if (nom in partagees) is apart)
        for apart in (True, False)
    ]
    return not any(map(rares, (*visibles, *restes)))
