"""What a contribution in kind is worth, and what a convention admits of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.justificatifs import TypeJustificatif
from shared.schemas.financement.valorisations import (
    DecisionValorisationCreation,
    MethodeValorisation,
    NatureApport,
    RegleValorisationCreation,
    SensDecisionValorisation,
    StatutValorisation,
    ValorisationCreation,
)

TRANSITIONS: Mapping[StatutValorisation, tuple[StatutValorisation, ...]] = {
    StatutValorisation.DECLAREE: (StatutValorisation.VALIDEE, StatutValorisation.REJETEE),
    StatutValorisation.VALIDEE: (),
    StatutValorisation.REJETEE: (),
}


@dataclass(frozen=True)
class Regle:
    """What the rules need to know of what a convention admits."""

    autorisee: bool
    methode: MethodeValorisation | None
    part_maximale: Fraction | None
    pieces_requises: frozenset[TypeJustificatif]


def verifier_regle(demande: RegleValorisationCreation) -> None:
    """Check that what is admitted has a method, and a document that says so.

    Raises:
        Validation: with each field that is missing.
    """
    if not demande.autorisee:
        return
    erreurs = [
        Erreur(f"/{champ}", "requis", "Requis quand l'apport est admis")
        for champ, valeur in (("methode", demande.methode), ("source", demande.source))
        if valeur is None
    ]
    if erreurs:
        raise Validation(erreurs)


def exige_departement(financeur: str | None) -> None:
    """Refuse a contribution of the Département on the envelope of another.

    Raises:
        Validation: on the whole demand.
    """
    if financeur != Financeur.DEPARTEMENT:
        message = "L'enveloppe n'est pas celle du departement"
        raise Validation([Erreur("", "hors-bornes", message)])


def montant_valorise(demande: ValorisationCreation, regle: Regle | None) -> int:
    """Return what a contribution is worth, by the method of the convention's rule.

    At an hourly rate, minutes times rate, to the nearest cent, half a cent up.

    Raises:
        Validation: the convention does not admit it, or a field is missing or out of place.

    Source: règles de financement, § 5 et § 13 (non admis tant qu'un document ne le dit pas).
    """
    if regle is None or not regle.autorisee:
        message = "La convention n'admet pas cet apport"
        raise Validation([Erreur("/nature", "hors-bornes", message)])
    horaire = regle.methode is MethodeValorisation.TAUX_HORAIRE
    requis = {"minutes", "taux_horaire_centimes"} if horaire else {"montant_centimes"}
    if demande.nature is NatureApport.PERSONNEL:
        requis |= {"agent_ref", "minutes", "temps_mois_minutes"}
    chiffres = {
        nom
        for nom, valeur in demande
        if valeur is not None
        and nom
        in {
            "montant_centimes",
            "minutes",
            "taux_horaire_centimes",
            "agent_ref",
            "temps_mois_minutes",
        }
    }
    erreurs = [
        Erreur(f"/{nom}", "requis", "Requis par la methode ou la nature")
        for nom in sorted(requis - chiffres)
    ]
    erreurs += [
        Erreur(f"/{nom}", "hors-bornes", "Sans objet pour cette methode ou cette nature")
        for nom in sorted(chiffres - requis)
    ]
    if demande.mois.day != 1 or demande.mois > demande.date_effet:
        erreurs.append(Erreur("/mois", "date-incoherente", "Le premier d'un mois commence"))
    if erreurs:
        raise Validation(erreurs)
    if demande.minutes is not None and demande.taux_horaire_centimes is not None:
        produit = demande.minutes * demande.taux_horaire_centimes
        # A minute or two at some cents an hour is worth nothing: there is nothing to declare.
        montant = (produit + 30) // 60
        if montant == 0:
            raise Validation([Erreur("/minutes", "hors-bornes", "Moins d'un demi-centime")])
        return montant
    assert demande.montant_centimes is not None
    return demande.montant_centimes


def exige_plafond(
    regle: Regle, montant_centimes: int, *, deja_centimes: int, part_centimes: int
) -> None:
    """Check that a nature of contribution stays within its share of what the Département brings.

    Args:
        deja_centimes: of this nature on this envelope, declared or validated.
        part_centimes: the Département's share, the amount opened on its envelope.

    Raises:
        DisponibleInsuffisant: with what can still be declared.
    """
    if regle.part_maximale is None:
        return
    reste = max(0, int(part_centimes * regle.part_maximale) - deja_centimes)
    if montant_centimes > reste:
        raise DisponibleInsuffisant(disponible_centimes=reste)


def exige_temps(
    minutes: int, *, deja_minutes: int, temps_mois_minutes: int, temps_dit_minutes: int
) -> None:
    """Check that all conventions together take 100 % of an agent's month at most.

    Args:
        temps_mois_minutes: her time of the month, as told by what is taken from it already.
        temps_dit_minutes: as told now.

    Raises:
        Validation: her month was told otherwise before.
        DisponibleInsuffisant: with the minutes that are left of it.
    """
    if temps_dit_minutes != temps_mois_minutes:
        message = "Un autre temps a ete declare pour ce mois de cet agent"
        raise Validation([Erreur("/temps_mois_minutes", "hors-bornes", message)])
    if deja_minutes + minutes > temps_mois_minutes:
        raise DisponibleInsuffisant(disponible_minutes=temps_mois_minutes - deja_minutes)


def statut_decide(
    statut: StatutValorisation,
    demande: DecisionValorisationCreation,
    regle: Regle,
    pieces: Collection[TypeJustificatif],
) -> StatutValorisation:
    """Return the state of a contribution once decided.

    Raises:
        TransitionInterdite: it was decided before, or pieces that the rule asks for are missing:
            it can only be rejected.
        Validation: it is rejected without a reason.
    """
    if not TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    if demande.sens is SensDecisionValorisation.REJETEE:
        if demande.motif is None:
            raise Validation([Erreur("/motif", "requis", "Un rejet est motive")])
        return StatutValorisation.REJETEE
    if not regle.pieces_requises <= set(pieces):
        raise TransitionInterdite(statut, [StatutValorisation.REJETEE])
    return StatutValorisation.VALIDEE
