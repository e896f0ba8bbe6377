"""Minutes of a social clause: what may be declared, what is decided, what share is of whom."""

from collections.abc import Mapping
from datetime import date

from services.financement.reservations.rules import DisponibleInsuffisant
from shared.identifiants import IdentifiantInvalide, siret
from shared.masques import points_base, rares
from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.financement.clauses import (
    ClauseCreation,
    DecisionClauseCreation,
    DeclarationClauseCreation,
    SensDecisionClause,
    StatutDeclarationClause,
)

TRANSITIONS: Mapping[StatutDeclarationClause, tuple[StatutDeclarationClause, ...]] = {
    StatutDeclarationClause.DECLAREE: (
        StatutDeclarationClause.VALIDEE,
        StatutDeclarationClause.REJETEE,
    ),
    StatutDeclarationClause.VALIDEE: (),
    StatutDeclarationClause.REJETEE: (),
}


def verifier_clause(demande: ClauseCreation, aujourdhui: date) -> None:
    """Check the days and the two SIRET of a clause that has begun, or begins today.

    Raises:
        Validation: with each field.
    """
    erreurs = []
    if demande.date_fin < demande.date_debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "La fin precede le debut"))
    if demande.date_debut > aujourdhui:
        erreurs.append(Erreur("/date_debut", "date-incoherente", "L'effet est a venir"))
    for champ in ("acheteur_siret", "titulaire_siret"):
        try:
            siret(getattr(demande, champ))
        except IdentifiantInvalide:
            erreurs.append(Erreur(f"/{champ}", "format-inattendu", "Cle de SIRET fausse"))
    if erreurs:
        raise Validation(erreurs)


def verifier_declaration(
    demande: DeclarationClauseCreation, *, debut: date, fin: date, aujourdhui: date
) -> None:
    """Check that a declaration is of a month of the clause, begun when it is made.

    Raises:
        Validation: `date-incoherente`.
    """
    erreurs = []
    dans_la_clause = debut.replace(day=1) <= demande.mois <= min(fin, demande.date_effet)
    if demande.mois.day != 1 or not dans_la_clause:
        erreurs.append(Erreur("/mois", "date-incoherente", "Le premier d'un mois de la clause"))
    if not debut <= demande.date_effet <= aujourdhui:
        erreurs.append(Erreur("/date_effet", "date-incoherente", "Avant la clause, ou a venir"))
    if erreurs:
        raise Validation(erreurs)


def exige_minutes(minutes: int, a_realiser: int) -> None:
    """Check that no more is declared than what is left of a clause; the last minute may be.

    Raises:
        DisponibleInsuffisant: with the minutes that are left.
    """
    if minutes > a_realiser:
        raise DisponibleInsuffisant(disponible_minutes=a_realiser)


def statut_decide(
    statut: StatutDeclarationClause, demande: DecisionClauseCreation
) -> StatutDeclarationClause:
    """Return the state of a declaration once decided.

    Raises:
        TransitionInterdite: it was decided before.
        Validation: it is rejected without a reason.
    """
    if not TRANSITIONS[statut]:
        raise TransitionInterdite(statut, TRANSITIONS[statut])
    if demande.sens is SensDecisionClause.REJETEE and demande.motif is None:
        raise Validation([Erreur("/motif", "requis", "Un rejet est motive")])
    return StatutDeclarationClause(demande.sens)


def minutes_cible(minutes_prevues: int, part_points_base: int | None) -> int | None:
    """Return the minutes that a target share makes of those planned, to the minute above."""
    return None if part_points_base is None else -(-minutes_prevues * part_points_base // 10_000)


def part_brsa(validees: Mapping[str, int]) -> int | None:
    """Return the share of `brsa` in the minutes validated; none without a minute."""
    total = sum(validees.values())
    return points_base(validees.get("brsa", 0), total) if total else None


def effectif_montre(nombre: int | None) -> int | None:
    """Return a count of persons or of contracts, hidden when it is of few."""
    return None if nombre is None or rares(nombre) else nombre
