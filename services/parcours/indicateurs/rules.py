"""What may be shown of people accompanied, and of what became of their freins.

Each répartition shares out all the people of a group: of a frein, those who had it and those who
had not. So the count shown and the one left are both nobody, or five people at least, whatever
is taken away from what. Groups share out the whole, and keep the same rule (shared.masques).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.masques import (
    Effectifs,
    ensemble_de,
    groupes_masques,
    modalites_masquees,
    rares,
)
from shared.refus import Erreur, Validation
from shared.schemas.orientation.statistiques import Effectif, Repartition
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.indicateurs import DelaiLevee, GroupeIndicateurs, LeveeAction

PERIODE_MAX_JOURS = 366
ENSEMBLE, STATUT, LEVE = "ensemble", "statut", "frein_leve."
AVEC, SANS = "avec", "sans"
# What is a yes or a no of each person; the others share out all by themselves.
_BINAIRES = ("frein_ouvert.", LEVE, "prescription")

Comptes = Mapping[str, Mapping[str, Effectifs]]  # by group, by répartition, by modalité


@dataclass(frozen=True)
class CompteAction:
    """What one action is followed by, before anything is hidden."""

    personnes: int
    freins_leves: int
    mediane_jours: int


def verifier_periode(date_debut: date, date_fin: date) -> None:
    """Check that a period ends after it begins, and covers a year at most; a bound of ours.

    Raises:
        Validation: `date-incoherente` or `hors-bornes`.
    """
    if date_fin < date_debut:
        raise Validation([Erreur("?date_fin", "date-incoherente", "La fin precede le debut")])
    if (date_fin - date_debut).days > PERIODE_MAX_JOURS:
        raise Validation([Erreur("?date_debut", "hors-bornes", "La periode est de plus d'un an")])


def completer(comptes: Comptes) -> dict[str, dict[str, Effectifs]]:
    """Return the same, where each yes or no is said of all the people of its group.

    A répartition that one group has, all have: absent from one would tell that it has none.
    """
    noms = {nom for un in comptes.values() for nom in un}
    complets: dict[str, dict[str, Effectifs]] = {}
    for cle, un in comptes.items():
        total = sum(un.get(STATUT, {}).values())
        complets[cle] = {
            nom: _oui_non(un.get(nom, {}), total) if nom.startswith(_BINAIRES) else un.get(nom, {})
            for nom in noms
        }
    return complets


def tableau(
    comptes: Comptes, medianes: Mapping[tuple[str | None, str], int]
) -> tuple[GroupeIndicateurs, list[GroupeIndicateurs]]:
    """Return the whole, then each group, with what may not be shown hidden.

    Args:
        comptes: complete; each répartition shares out the people of its group.
        medianes: days to lift, by group (None: the whole) and code; hidden with their people.
    """
    noms = sorted({nom for un in comptes.values() for nom in un})
    ensemble = {
        nom: ensemble_de({cle: un[nom] for cle, un in comptes.items()}, comptes) for nom in noms
    }
    total = {cle: {"": sum(un.get(STATUT, {}).values())} for cle, un in comptes.items()}
    sans_total = groupes_masques(total)
    masquees = {nom: modalites_masquees(ensemble[nom]) for nom in noms}
    caches = {
        nom: frozenset(comptes)
        if (du_tout := masquees[nom]) is None
        else groupes_masques({cle: un[nom] for cle, un in comptes.items()}, du_tout, sans_total)
        for nom in noms
    }
    nombre = sum(un[""] for un in total.values())
    return (
        _groupe(ENSEMBLE, nombre, ensemble, masquees, _de(medianes, None), cache=rares(nombre)),
        [
            _groupe(
                cle,
                total[cle][""],
                comptes[cle],
                {nom: None if cle in caches[nom] else masquees[nom] for nom in noms},
                _de(medianes, cle),
                cache=cle in sans_total,
            )
            for cle in sorted(comptes)
        ],
    )


def levee(action_id: str, compte: CompteAction) -> LeveeAction:
    """Return what is shown of an action: people are not told from 1 to 4, nor what they did.

    Actions do not share out the people: one may have had two, so no sum gives one away.
    """
    masque = rares(compte.personnes)
    return LeveeAction.model_validate(
        {
            "action_id": action_id,
            "personnes": None if masque else compte.personnes,
            "freins_leves": None if masque else compte.freins_leves,
            "mediane_jours": None if masque else compte.mediane_jours,
            "masque": masque,
        }
    )


def _oui_non(dits: Effectifs, total: int) -> Effectifs:
    avec = dits.get(AVEC, 0)
    return {AVEC: avec, SANS: total - avec}


def _de(medianes: Mapping[tuple[str | None, str], int], cle: str | None) -> dict[str, int]:
    return {code: jours for (groupe, code), jours in medianes.items() if groupe == cle}


def _groupe(
    cle: str,
    nombre: int,
    repartitions: Mapping[str, Effectifs],
    masquees: Mapping[str, frozenset[str] | None],
    medianes: Mapping[str, int],
    *,
    cache: bool,
) -> GroupeIndicateurs:
    visibles = {nom: un for nom, un in masquees.items() if un is not None and not cache}
    return GroupeIndicateurs(
        cle=cle,
        accompagnees=None if cache else nombre,
        masque=cache,
        repartitions=[
            Repartition(
                nom=nom,
                masquee=nom not in visibles,
                effectifs=_effectifs(repartitions[nom], visibles[nom]) if nom in visibles else [],
            )
            for nom in sorted(repartitions)
        ],
        delais_levee=[
            DelaiLevee(code=CodeFrein(code), mediane_jours=jours)
            for code, jours in sorted(medianes.items())
            # A median of few would be theirs, and the code alone would tell that somebody has one.
            if AVEC not in visibles.get(LEVE + code, {AVEC})
        ],
    )


def _effectifs(effectifs: Effectifs, masquees: frozenset[str]) -> list[Effectif]:
    montres = {nom for nom, nombre in effectifs.items() if nombre} | masquees
    return [
        Effectif(
            modalite=nom,
            nombre=None if nom in masquees else effectifs[nom],
            masque=nom in masquees,
        )
        for nom in sorted(montres)
    ]
