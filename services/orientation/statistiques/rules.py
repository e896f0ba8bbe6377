"""What may be shown of counts of people: no group under the threshold, nor a way back to one.

Groups share out the same people, so the groups shown can be taken away from the whole: what is
left is a group too, and keeps the same rule. Several répartitions share out the people who have a
decision: what one shows of those without, all show, or one would tell what another hides. Two
requests that cut the people differently are not compared here: whoever may ask for any cut may
subtract one answer from another.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.orientation.criteres.rules import Critere, deriver, vrai
from services.orientation.orientations.proposition import CHAMP_OBSTACLE
from shared.masques import (
    Effectifs,
    ensemble_de,
    groupes_masques,
    modalites_masquees,
    points_base,
    rares,
)
from shared.refus import Erreur, Validation
from shared.schemas.collectivite import DelaiLocal, EvenementDelai, UniteDelai
from shared.schemas.orientation.statistiques import (
    Effectif,
    GroupeEquite,
    GroupeStatistiques,
    ObjectifStatistiques,
    ProfilEquite,
    Repartition,
)
from shared.schemas.orientation.vocabulaire import NiveauFrein

PERIODE_MAX_JOURS = 366
ENSEMBLE = "ensemble"
CRITERE = "critere."
DELAI, DANS_DELAI, HORS_DELAI = "delai", "dans_delai", "hors_delai"
DANS_OBJECTIF, HORS_DELAI_DANS_OBJECTIF = "dans_objectif", "hors_delai.dans_objectif"
# What an objective tells apart; without one, each pair is one count.
_PAIRES = ((DANS_OBJECTIF, DANS_DELAI), (HORS_DELAI_DANS_OBJECTIF, HORS_DELAI))
# The people without a decision, in every répartition of decisions.
SANS_DECISION = frozenset({"non_decidee", "sans_suite"})
_DECIDEE = "decidee"
CONFORME = "conforme"


@dataclass(frozen=True)
class Durees:
    """What time the decisions of a group took, in hours."""

    moyenne_heures: int
    mediane_heures: int


@dataclass(frozen=True)
class Objectif:
    """A local objective as the counts need it: a length from the reception, to the decision.

    Args:
        entree: the objective ends with the entry in the parcours, not with the decision.
    """

    mois: int
    jours: int
    entree: bool


@dataclass(frozen=True)
class _Masques:
    """What is hidden of one répartition: counts of the whole, and groups. None: all of it."""

    modalites: frozenset[str] | None
    groupes: frozenset[str]


def objectif_compte(
    locaux: Iterable[DelaiLocal], code: str, date_fin: date
) -> tuple[DelaiLocal, Objectif, ObjectifStatistiques]:
    """Return the local objective in force on the last day of the period.

    It is applied to the whole period and everywhere, so that a territory and the rest are counted
    by one definition. What this service does not date is counted from the reception to the
    decision, and is then not confirmed.

    Raises:
        Validation: the collectivité has no such objective on that day.
    """
    siens = [un for un in locaux if un.code == code and (un.depuis or date.min) <= date_fin]
    if not siens:
        message = "Aucun objectif local de ce code a cette date"
        raise Validation([Erreur("?objectif", "code-referentiel-inconnu", message)])
    un = max(siens, key=lambda un: un.depuis or date.min)
    entree = un.fin is EvenementDelai.ENTREE_PARCOURS
    fin = EvenementDelai.ENTREE_PARCOURS if entree else EvenementDelai.DECISION
    semaine = 7 if un.unite is UniteDelai.SEMAINES else 1
    mois = un.duree if un.unite is UniteDelai.MOIS else 0
    return (
        un,
        Objectif(mois, 0 if mois else un.duree * semaine, entree),
        ObjectifStatistiques(
            code=un.code,
            duree=un.duree,
            unite=un.unite,
            fin=fin,
            confirme=(un.depart, un.fin) == (EvenementDelai.RECEPTION, fin),
            source=un.source,
        ),
    )


def verifier_periode(date_debut: date, date_fin: date) -> None:
    """Check that what is derived person by person covers a year at most; a bound of ours.

    Raises:
        Validation: `hors-bornes`.
    """
    if (date_fin - date_debut).days > PERIODE_MAX_JOURS:
        message = "La periode est de plus d'un an"
        raise Validation([Erreur("?date_debut", "hors-bornes", message)])


def tableau(
    comptes: Mapping[str, Mapping[str, Effectifs]],
    durees: Mapping[str | None, Durees],
    *,
    objectif: bool = False,
) -> tuple[GroupeStatistiques, list[GroupeStatistiques]]:
    """Return the whole, then each group, with what may not be shown hidden.

    Args:
        comptes: by group, then by répartition. Each shares out all the people of the group.
        durees: by group; None: the whole.
        objectif: the delays are told apart by a local objective.
    """
    noms = sorted({nom for repartitions in comptes.values() for nom in repartitions})
    total = {cle: {"": _nombre(repartitions)} for cle, repartitions in comptes.items()}
    caches = groupes_masques(total)
    ensemble = {
        nom: ensemble_de({cle: un.get(nom, {}) for cle, un in comptes.items()}, comptes)
        for nom in noms
    }
    # Whether people were decided at all is shared out first: every répartition tells of it.
    decidees = _decidees_masquees(ensemble.get(DELAI, {}))
    masques = {}
    for nom in noms:
        lies = not nom.startswith(CRITERE)
        if objectif and nom == DELAI:
            modalites = _delais_masques(ensemble[nom], decidees)
        elif lies:
            modalites = _modalites_liees(ensemble[nom], decidees)
        else:
            modalites = modalites_masquees(ensemble[nom])
        par_groupe = {cle: un.get(nom, {}) for cle, un in comptes.items()}
        # With the decided told, what is hidden of them and what is hidden of the rest part.
        partagees = SANS_DECISION if lies and _DECIDEE not in (decidees or ()) else frozenset()
        masques[nom] = _Masques(
            modalites,
            frozenset(comptes)
            if modalites is None
            else groupes_masques(par_groupe, modalites, caches, partagees),
        )
    orientees = decidees is not None and _DECIDEE not in decidees
    return (
        _groupe(
            ENSEMBLE,
            ensemble,
            masques,
            durees.get(None),
            cache=rares(_nombre(ensemble)),
            orientees=orientees,
            objectif=objectif,
        ),
        [
            _groupe(
                cle,
                comptes[cle],
                masques,
                durees.get(cle),
                cache=cle in caches,
                orientees=orientees,
                objectif=objectif,
            )
            for cle in sorted(comptes)
        ],
    )


def repartition(nom: str, effectifs: Effectifs) -> Repartition:
    """Return one répartition of its own, which shares nothing with the others but its total."""
    masquees = modalites_masquees(effectifs)
    return Repartition(
        nom=nom,
        masquee=masquees is None,
        effectifs=[] if masquees is None else _effectifs(effectifs, masquees),
    )


def _decidees_masquees(delai: Effectifs) -> frozenset[str] | None:
    """Which to hide of those decided together, and of each kind of those who are not."""
    decidees = {_DECIDEE: sum(n for nom, n in delai.items() if nom not in SANS_DECISION)}
    return modalites_masquees(decidees | {nom: delai.get(nom, 0) for nom in SANS_DECISION})


def _modalites_liees(
    effectifs: Effectifs, decidees: frozenset[str] | None
) -> frozenset[str] | None:
    """Which counts to hide of a répartition of decisions, given what all of them hide.

    Those of the decided are hidden as if their sum were told; where it is not, one of them is
    hidden at least, or they would tell it.
    """
    if decidees is None:
        return None
    propres = {nom: nombre for nom, nombre in effectifs.items() if nom not in SANS_DECISION}
    somme = sum(propres.values())
    caches = frozenset(propres) if rares(somme) else modalites_masquees(propres)
    if not somme:
        caches = frozenset()
    if caches is None:
        return None
    if _DECIDEE in decidees and not caches:
        moindre = min((nombre for nombre in propres.values() if nombre), default=0)
        caches = frozenset(nom for nom, nombre in propres.items() if nombre == moindre)
    return caches | (decidees & SANS_DECISION)


def _delais_masques(effectifs: Effectifs, decidees: frozenset[str] | None) -> frozenset[str] | None:
    """Which counts to hide of the delays told apart by an objective.

    Asked without the objective, the same people tell the sum of each pair: what is hidden of one
    is hidden of the other too, or a subtraction would give it back.
    """
    reunis = {nom: effectifs.get(nom, 0) for nom in SANS_DECISION} | {
        seul: effectifs.get(seul, 0) + effectifs.get(atteint, 0) for atteint, seul in _PAIRES
    }
    caches = _modalites_liees(reunis, decidees)
    if caches is None:
        return None
    paires = {
        nom
        for paire in _PAIRES
        if caches.intersection(paire) or any(rares(effectifs.get(nom, 0)) for nom in paire)
        for nom in paire
    }
    return (caches & SANS_DECISION) | paires


def _groupe(
    cle: str,
    repartitions: Mapping[str, Effectifs],
    masques: Mapping[str, _Masques],
    durees: Durees | None,
    *,
    cache: bool,
    orientees: bool,
    objectif: bool,
) -> GroupeStatistiques:
    visibles = {
        nom: un.modalites
        for nom, un in masques.items()
        if un.modalites is not None and not cache and cle not in un.groupes
    }
    delai = repartitions.get(DELAI, {})
    decidees = {nom: nombre for nom, nombre in delai.items() if nom not in SANS_DECISION}
    nombre = sum(decidees.values())
    dans = sum(decidees.get(nom, 0) for nom in (DANS_DELAI, DANS_OBJECTIF))
    atteint = sum(decidees.get(nom, 0) for nom in (DANS_OBJECTIF, HORS_DELAI_DANS_OBJECTIF))
    # A rate or a mean beside a hidden count would tell it.
    chiffre = nombre > 0 and DELAI in visibles and not visibles[DELAI] - SANS_DECISION
    return GroupeStatistiques(
        cle=cle,
        a_orienter=None if cache else _nombre(repartitions),
        masque=cache,
        orientees=nombre if orientees and DELAI in visibles else None,
        delai_moyen_heures=durees.moyenne_heures if durees and chiffre else None,
        delai_median_heures=durees.mediane_heures if durees and chiffre else None,
        dans_delai_points_base=points_base(dans, nombre) if chiffre else None,
        dans_objectif_points_base=points_base(atteint, nombre) if chiffre and objectif else None,
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


def profil(regle: str, criteres: Iterable[Critere]) -> ProfilEquite:
    """Return the inputs that a proposal had: its rule, and A, P, Q, F, O read by the national grid.

    One reading for everybody: under a local grid the rule may differ, and is part of the profile.
    """
    enonces = list(criteres)
    entrees = deriver(
        [un for un in enonces if un.champ != CHAMP_OBSTACLE],
        obstacle_declare=vrai(enonces, CHAMP_OBSTACLE),
    )
    return ProfilEquite(
        regle=regle,
        activite=_mot(entrees.activite_recente.valeur),
        projection=_mot(entrees.capacite_a_se_projeter.valeur),
        qualification=_mot(entrees.formation_qualifiante.valeur),
        frein=_mot(entrees.niveau_freins.valeur),
        obstacle=_mot(entrees.obstacle_temporaire.valeur),
    )


def _mot(valeur: bool | NiveauFrein | None) -> str:
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return "inconnu" if valeur is None else valeur.value


def equite(comptes: Mapping[tuple[ProfilEquite, str], Effectifs]) -> list[GroupeEquite]:
    """Return, for each profile and group, how far decisions depart from what was proposed.

    Profiles and groups share out the same decisions together, and are masked as such: each cell
    shown holds nobody or five people at least, and so do those hidden, put together.

    Args:
        comptes: decisions by profile and group, then by departure.
    """
    cles = {
        "\0".join((*profil.model_dump().values(), cle)): (profil, cle) for profil, cle in comptes
    }
    cellules = {nom: comptes[cle] for nom, cle in cles.items()}
    masquees = modalites_masquees(ensemble_de(cellules, cellules))
    total = {nom: {"": sum(effectifs.values())} for nom, effectifs in cellules.items()}
    sans_total = groupes_masques(total)
    caches = (
        frozenset(cellules) if masquees is None else groupes_masques(cellules, masquees, sans_total)
    )
    return [
        _groupe_equite(
            *cles[nom],
            cellules[nom],
            None if masquees is None or nom in caches else masquees,
            masque=nom in sans_total,
        )
        for nom in sorted(cles)
    ]


def _groupe_equite(
    profil: ProfilEquite,
    cle: str,
    effectifs: Effectifs,
    masquees: frozenset[str] | None,
    *,
    masque: bool,
) -> GroupeEquite:
    nombre, conformes = sum(effectifs.values()), effectifs.get(CONFORME, 0)
    montre = masquees is not None and CONFORME not in masquees
    return GroupeEquite(
        profil=profil,
        cle=cle,
        decisions=None if masque else nombre,
        masque=masque,
        ecart_points_base=points_base(nombre - conformes, nombre) if montre else None,
        effectifs=[] if masquees is None else _effectifs(effectifs, masquees),
    )
