"""The measures of a convention: sums of balances as of a day, by what was known at a rank.

All of it is pure: the same frame, observations and balances give the same content, and the same
digest, whenever it is computed.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.financement.journal.rules import CONTREPARTIES
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.commun import CENTIMES_MAX
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.journal import Livre, Poste
from shared.schemas.financement.points_etape import (
    AlerteProjection,
    CadrePointEtape,
    ContenuPointEtape,
    ContributionDepartement,
    CorrectionsDepuis,
    DimensionMesure,
    EnveloppeSuivie,
    LigneMesures,
    MoisExecution,
    ObservationsPointEtape,
    PartFinanceur,
    RecettesFinanceur,
    ResultatAction,
    StatutPointEtape,
    VoletPresume,
)

# Our own thresholds of an alert, in basis points of what is open. Source: règles de financement,
# § 11.
SOUS_CONSOMMATION, SURCONSOMMATION = 8_000, 10_000
# A poste and those that money went to through it: what is paid was engaged.
_ENGAGES = (Poste.ENGAGE, Poste.LIQUIDE, Poste.MANDATE, Poste.PAYE)
_LIQUIDES, _MANDATES = _ENGAGES[1:], _ENGAGES[2:]
_TRANSITIONS = {
    StatutPointEtape.BROUILLON: StatutPointEtape.ARRETE,
    StatutPointEtape.ARRETE: StatutPointEtape.VALIDE,
}


@dataclass(frozen=True)
class Fait:
    """What the entries counted leave on an account of an object, those of one action together."""

    objet_id: UUID
    action_id: UUID | None
    livre: Livre
    poste: Poste
    solde: int


@dataclass(frozen=True)
class FaitMois:
    """What the entries of a month of effect add to a poste of the book eng."""

    mois: str
    poste: Poste
    variation: int


@dataclass
class Ensemble:
    """Balances added up.

    Args:
        entiere: every envelope that it holds cents of is in it whole, and there is one: what is
            open is known of it.
        projection: the sum of its envelopes', null when one of them has none.
    """

    soldes: defaultdict[Poste, int] = field(default_factory=lambda: defaultdict(int))
    entiere: bool = False
    projection: int | None = None

    def total(self, postes: Iterable[Poste]) -> int:
        """The sum of some postes."""
        return sum(self.soldes[poste] for poste in postes)


def exige_transition(actuel: StatutPointEtape, voulu: StatutPointEtape) -> None:
    """Check that a point d'étape may go from a state to another.

    Raises:
        TransitionInterdite: with the one state that it may go to.
    """
    possible = _TRANSITIONS.get(actuel)
    if possible is not voulu:
        raise TransitionInterdite(actuel, [possible] if possible else [])


def verifier_dates(exercice: int, date_arrete: date, aujourdhui: date) -> None:
    """Check that the day is of the exercice or after it, and not to come.

    Raises:
        Validation: `date-incoherente`.
    """
    if date_arrete > aujourdhui:
        message = "Un point d'etape se fait a un jour passe"
    elif date_arrete.year < exercice:
        message = "Ce jour precede l'exercice"
    else:
        return
    raise Validation([Erreur("/date_arrete", "date-incoherente", message)])


def verifier_rang(connu_au: int, dernier: int, precedent: int) -> None:
    """Check that a rank is one of the journal, from the previous point d'étape's on.

    Raises:
        Validation: `hors-bornes`.
    """
    if not precedent <= connu_au <= dernier:
        message = "Ce rang n'est pas au journal, ou precede le dernier arrete"
        raise Validation([Erreur("/connu_au", "hors-bornes", message)])


def rapport(numerateur: int, denominateur: int, echelle: int = 1) -> int | None:
    """Return `echelle` × a ratio rounded half up, exact until then; null, not 0, over nothing."""
    if denominateur <= 0:
        return None
    return (2 * numerateur * echelle + denominateur) // (2 * denominateur)


def points_base(partie: int, tout: int | None) -> int | None:
    """Return a rate in basis points, null when the denominator is 0 or not known."""
    return None if tout is None else rapport(partie, tout, 10_000)


def projection(
    liquide_centimes: int, debut: date | None, fin: date | None, jour: date
) -> int | None:
    """Return what would be spent at the end of a window, at the pace kept so far.

    Linear on the days of the window, both ends included; null without a window or before it.
    """
    if debut is None or fin is None or jour < debut:
        return None
    return rapport(liquide_centimes * ((fin - debut).days + 1), (min(jour, fin) - debut).days + 1)


def alerte(projete: int | None, ouvert: int | None) -> AlerteProjection | None:
    """Return what a projection warns of: under 80 % of what is open, or over 100 %."""
    if projete is None or not ouvert:
        return None
    # Compared, not divided: a rounded rate would hide the last cent.
    if projete * 10_000 < ouvert * SOUS_CONSOMMATION:
        return AlerteProjection.SOUS_CONSOMMATION
    if projete * 10_000 > ouvert * SURCONSOMMATION:
        return AlerteProjection.SURCONSOMMATION
    return None


def calculer(
    cadre: CadrePointEtape,
    observations: ObservationsPointEtape,
    faits: Sequence[Fait],
    mois: Sequence[FaitMois],
    corrections: CorrectionsDepuis | None,
) -> ContenuPointEtape:
    """Return the whole content of a point d'étape.

    Args:
        cadre: the convention, its envelopes and actions, the day, the rank.
        observations: what is not in the journal.
        faits: balances as of the day, by entries up to the rank, of the envelopes (eng, rec, val)
            and of the actions (pla).
        mois: what each month of effect adds, oldest first.
        corrections: what entries after the previous one's rank changed at its day.

    Raises:
        Validation: sums that no amount of ours can say.
    """
    exige_dicible(faits)
    enveloppes = {une.enveloppe_id: une for une in cadre.enveloppes}
    eng = [fait for fait in faits if fait.livre is Livre.ENG]
    par_financeur = _ensembles(cadre, eng, lambda une, _: une.financeur or "")
    (total,) = _ensembles(cadre, eng, lambda *_: "").values() or [Ensemble()]
    par_action = _ensembles(cadre, eng, lambda _, action_id: str(action_id or ""))
    return ContenuPointEtape(
        cadre=cadre,
        observations=observations,
        mesures=[
            _ligne(DimensionMesure.TOTAL, "", "Total", total),
            *_lignes_par(DimensionMesure.FINANCEUR, par_financeur, {}),
            *_lignes_par(
                DimensionMesure.VOLET,
                _ensembles(cadre, eng, _ordre_de(cadre, "volet")),
                {str(un.ordre): un.libelle for un in cadre.volets},
            ),
            *_lignes_par(
                DimensionMesure.AXE,
                _ensembles(cadre, eng, _ordre_de(cadre, "axe")),
                {str(un.ordre): un.libelle for un in cadre.axes},
            ),
            *_lignes_par(
                DimensionMesure.ENVELOPPE,
                _ensembles(cadre, eng, lambda une, _: une.reference),
                {},
            ),
            *(
                _ligne(
                    DimensionMesure.ACTION,
                    une.code,
                    une.libelle,
                    par_action.get(str(une.action_id), Ensemble()),
                )
                for une in cadre.actions
            ),
        ],
        parts=_parts(par_financeur, total),
        recettes=_recettes(enveloppes, faits),
        contribution=_contribution(enveloppes, faits),
        resultats=_resultats(cadre, observations, faits, par_action),
        volets_presumes=_volets_presumes(cadre, eng),
        chronologie=_chronologie(mois),
        corrections=corrections,
    )


def exige_dicible(faits: Sequence[Fait]) -> None:
    """Refuse sums beyond what an amount can say exactly: each envelope fits, all together may not.

    What is open of a book bounds all that came of it, so that one sum tells of the others.

    Raises:
        Validation: `hors-bornes`.
    """
    sommes: defaultdict[tuple[Livre, bool], int] = defaultdict(int)
    par_compte: defaultdict[tuple[Livre, UUID, Poste], int] = defaultdict(int)
    for fait in faits:
        par_compte[fait.livre, fait.objet_id, fait.poste] += fait.solde
    for (livre, _, poste), solde in par_compte.items():
        sommes[livre, CONTREPARTIES.get(livre) is poste] += abs(solde)
    if any(somme > CENTIMES_MAX for somme in sommes.values()):
        message = "Les enveloppes valent ensemble plus qu'un montant ne peut dire"
        raise Validation([Erreur("", "hors-bornes", message)])


def empreinte(contenu: ContenuPointEtape, fige: Mapping[str, Any] | None = None) -> str:
    """Return the SHA-256 of the canonical JSON of a content: sorted keys, integers only.

    Args:
        fige: a content to compare with: fields that are younger than it are left out.
    """
    donnees = canonique(contenu)
    texte = json.dumps(
        donnees if fige is None else _comme(donnees, fige),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(texte.encode()).hexdigest()


def _comme(neuf: Any, fige: Any) -> Any:
    """What was computed again, by the fields of what was frozen."""
    if isinstance(neuf, dict) and isinstance(fige, dict):
        return {nom: _comme(valeur, fige[nom]) for nom, valeur in neuf.items() if nom in fige}
    if isinstance(neuf, list) and isinstance(fige, list) and len(neuf) == len(fige):
        return [_comme(un, autre) for un, autre in zip(neuf, fige, strict=True)]
    return neuf


_Cle = Callable[[EnveloppeSuivie, UUID | None], str]


def _ensembles(cadre: CadrePointEtape, eng: Sequence[Fait], cle: _Cle) -> dict[str, Ensemble]:
    """Add balances up, by the key of their envelope and action."""
    found: defaultdict[str, Ensemble] = defaultdict(Ensemble)
    projetes: defaultdict[str, list[int | None]] = defaultdict(list)
    partielles: set[str] = set()
    for une in cadre.enveloppes:
        cles = set()
        liquide = 0
        for fait in eng:
            if fait.objet_id != une.enveloppe_id:
                continue
            own = cle(une, fait.action_id or une.action_id)
            cles.add(own)
            found[own].soldes[fait.poste] += fait.solde
            liquide += fait.solde if fait.poste in _LIQUIDES else 0
        if len(cles) == 1:
            projete = projection(liquide, une.fenetre_debut, une.fenetre_fin, cadre.date_arrete)
            projetes[cles.pop()].append(projete)
        else:
            partielles |= cles
    for own, ensemble in found.items():
        known = [projete for projete in projetes[own] if projete is not None]
        ensemble.entiere = own not in partielles and bool(projetes[own])
        # A pace of a few days may lead beyond any amount: then it leads nowhere.
        if ensemble.entiere and len(known) == len(projetes[own]) and sum(known) <= CENTIMES_MAX:
            ensemble.projection = sum(known)
    return dict(found)


def _ordre_de(cadre: CadrePointEtape, nom: str) -> _Cle:
    """The axis or the volet of a balance: the envelope's, or else the action's."""
    actions = {une.action_id: une for une in cadre.actions}

    def cle(enveloppe: EnveloppeSuivie, action_id: UUID | None) -> str:
        ordre = getattr(enveloppe, nom)
        if ordre is None and action_id in actions:
            ordre = getattr(actions[action_id], nom)
        return "" if ordre is None else str(ordre)

    return cle


def _lignes_par(
    dimension: DimensionMesure, ensembles: Mapping[str, Ensemble], libelles: Mapping[str, str]
) -> list[LigneMesures]:
    """The lines of a dimension, those that are in none of its values last."""
    cles = {*ensembles, *libelles}
    return [
        _ligne(
            dimension,
            cle,
            libelles.get(cle, cle or "Non réparti"),
            ensembles.get(cle, Ensemble()),
        )
        for cle in sorted(cles, key=lambda cle: (cle == "", cle.zfill(2)))
    ]


def _ligne(dimension: DimensionMesure, cle: str, libelle: str, ensemble: Ensemble) -> LigneMesures:
    soldes = ensemble.soldes
    # Of what no envelope is whole in, nothing says what it may spend.
    ouvert = soldes[Poste.OUVERT] if ensemble.entiere else None
    engage, paye = ensemble.total(_ENGAGES), soldes[Poste.PAYE]
    return LigneMesures(
        dimension=dimension,
        cle=cle,
        libelle=libelle,
        ouvert_centimes=ouvert,
        disponible_centimes=soldes[Poste.DISPONIBLE] if ensemble.entiere else None,
        reserve_centimes=soldes[Poste.RESERVE],
        engage_centimes=engage,
        liquide_centimes=ensemble.total(_LIQUIDES),
        mandate_centimes=ensemble.total(_MANDATES),
        paye_centimes=paye,
        reste_a_payer_centimes=engage - paye,
        taux_engagement_points_base=points_base(engage, ouvert),
        taux_paiement_points_base=points_base(paye, ouvert),
        projection_centimes=ensemble.projection,
        alerte=alerte(ensemble.projection, ouvert),
    )


def _parts(par_financeur: Mapping[str, Ensemble], total: Ensemble) -> list[PartFinanceur]:
    ouvert_total, liquide_total = total.soldes[Poste.OUVERT], total.total(_LIQUIDES)
    found = []
    for cle, ensemble in sorted(par_financeur.items()):
        ouvert, liquide = ensemble.soldes[Poste.OUVERT], ensemble.total(_LIQUIDES)
        contractuelle = points_base(ouvert, ouvert_total)
        reelle = points_base(liquide, liquide_total)
        attendu = rapport(ouvert * liquide_total, ouvert_total)
        connues = contractuelle is not None and reelle is not None
        found.append(
            PartFinanceur(
                financeur=Financeur(cle) if cle else None,
                part_contractuelle_points_base=contractuelle,
                part_reelle_points_base=reelle,
                ecart_points_base=reelle - contractuelle  # type: ignore[operator]
                if connues
                else None,
                ecart_centimes=None if attendu is None else liquide - attendu,
            )
        )
    return found


def _recettes(
    enveloppes: Mapping[UUID, EnveloppeSuivie], faits: Sequence[Fait]
) -> list[RecettesFinanceur]:
    soldes: defaultdict[str, defaultdict[Poste, int]] = defaultdict(lambda: defaultdict(int))
    for fait in faits:
        if fait.livre is Livre.REC and fait.objet_id in enveloppes:
            soldes[enveloppes[fait.objet_id].financeur or ""][fait.poste] += fait.solde
    return [
        RecettesFinanceur.model_validate(
            {
                "financeur": cle or None,
                **{
                    f"{poste}_centimes": par_poste[poste]
                    for poste in (
                        Poste.NOTIFIE,
                        Poste.A_TITRER,
                        Poste.TITRE,
                        Poste.ENCAISSE,
                        Poste.A_REVERSER,
                        Poste.REVERSE,
                        Poste.ABANDONNE,
                    )
                },
            }
        )
        for cle, par_poste in sorted(soldes.items())
    ]


def _contribution(
    enveloppes: Mapping[UUID, EnveloppeSuivie], faits: Sequence[Fait]
) -> ContributionDepartement:
    def somme(livre: Livre, poste: Poste) -> int:
        return sum(
            fait.solde
            for fait in faits
            if (fait.livre, fait.poste) == (livre, poste)
            and fait.objet_id in enveloppes
            and enveloppes[fait.objet_id].financeur is Financeur.DEPARTEMENT
        )

    return ContributionDepartement(
        paye_centimes=somme(Livre.ENG, Poste.PAYE), valide_centimes=somme(Livre.VAL, Poste.VALIDE)
    )


def _resultats(
    cadre: CadrePointEtape,
    observations: ObservationsPointEtape,
    faits: Sequence[Fait],
    par_action: Mapping[str, Ensemble],
) -> list[ResultatAction]:
    levees = {une.action_id: une for une in observations.levees}
    # Asked and not told of: nobody, and nothing to hide.
    absente = None if observations.motif_absence else 0
    places: defaultdict[tuple[UUID, Poste], int] = defaultdict(int)
    for fait in faits:
        if fait.livre is Livre.PLA:
            places[fait.objet_id, fait.poste] += fait.solde
    found = []
    for action in cadre.actions:
        levee = levees.get(action.action_id)
        leves = levee.freins_leves if levee else absente
        paye = par_action.get(str(action.action_id), Ensemble()).soldes[Poste.PAYE]
        found.append(
            ResultatAction(
                action_id=action.action_id,
                libelle=action.libelle,
                places_ouvertes=places[action.action_id, Poste.OUVERTE],
                places_occupees=places[action.action_id, Poste.OCCUPEE]
                + places[action.action_id, Poste.SERVIE],
                personnes=levee.personnes if levee else absente,
                freins_leves=leves,
                masque=levee.masque if levee else False,
                cout_par_frein_leve_centimes=None if leves is None else rapport(paye, leves),
            )
        )
    return found


def _volets_presumes(cadre: CadrePointEtape, eng: Sequence[Fait]) -> list[VoletPresume]:
    sans_volet = {une.enveloppe_id for une in cadre.enveloppes if une.volet is None}
    volets = {une.action_id: une.volet for une in cadre.actions}
    engages: defaultdict[tuple[UUID, UUID, int], int] = defaultdict(int)
    for fait in eng:
        if fait.objet_id in sans_volet and fait.action_id and fait.poste in _ENGAGES:
            volet = volets.get(fait.action_id)
            if volet is not None:
                engages[fait.objet_id, fait.action_id, volet] += fait.solde
    return [
        VoletPresume(
            enveloppe_id=enveloppe_id, action_id=action_id, volet=volet, engage_centimes=engage
        )
        for (enveloppe_id, action_id, volet), engage in sorted(engages.items())
        if engage
    ]


def _chronologie(mois: Sequence[FaitMois]) -> list[MoisExecution]:
    soldes: defaultdict[Poste, int] = defaultdict(int)
    found: dict[str, MoisExecution] = {}
    for fait in sorted(mois, key=lambda un: un.mois):
        soldes[fait.poste] += fait.variation
        found[fait.mois] = MoisExecution(
            mois=fait.mois,
            engage_centimes=sum(soldes[poste] for poste in _ENGAGES),
            liquide_centimes=sum(soldes[poste] for poste in _LIQUIDES),
            paye_centimes=soldes[Poste.PAYE],
        )
    return list(found.values())


def canonique(contenu: ContenuPointEtape) -> dict[str, Any]:
    """Return what is kept of a content: read back, it has the same digest."""
    return contenu.model_dump(mode="json")
