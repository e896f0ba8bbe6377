"""What a procedure would tell France Travail: prepared here, sent by nobody yet.

Field names and codes are those of France Travail; where it gives the value (the identifier of the
consequence), it is null. Only a named decision is told, never a proposal of ours.

Source: parcours-rules.md §7, france-travail-integration.md §10, activites-operationnelles-ft.csv.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.schemas.parcours.suspensions import (
    ChampEchange,
    ChoixSaisie,
    EchangeFranceTravail,
    MesureSuspension,
    MotifAnnulation,
    RangManquement,
    TypeActeSuspension,
)

EVENEMENT, PARTENAIRE = "evenementSanctionRSA", "decisionSanctionRSAPartenaire"
# To be instructed, then a suspension, a suppression or a lifting to be handled.
_INSTRUIRE, _SUSPENSION, _LEVEE, _SUPPRESSION = "ACT366", "ACT367", "ACT369", "ACT370"
_SAISIES = {
    ChoixSaisie.INSTRUIRE: "SAISIE_SANCTION",
    # It refuses no sanction: France Travail goes on.
    ChoixSaisie.LAISSER: "REFUS_SAISIE_SANCTION",
}
_TYPES = {
    MesureSuspension.SUSPENSION: ("SUSP_RSA", _SUSPENSION),
    MesureSuspension.SUPPRESSION: ("SUPPR_RSA", _SUPPRESSION),
}
_ANNULATIONS = {
    MotifAnnulation.RECOURS: "RECOURS",
    MotifAnnulation.ERREUR: "DROIT_ERREUR",
    MotifAnnulation.MEDIATION: "AUTRE",
}
_RANGS = {
    RangManquement.PREMIER: "R1",
    RangManquement.PERSISTANCE: "R2",
    RangManquement.REITERATION: "R2",
}


@dataclass(frozen=True)
class Acte:
    """What of an act makes an exchange."""

    id: UUID
    type: TypeActeSuspension
    date_acte: date
    nature: str | None


@dataclass(frozen=True)
class Sanction:
    """What of a procedure fills its fields."""

    proposee: bool  # by France Travail
    nature: str
    mesure: MesureSuspension | None
    rang: RangManquement | None
    part_pourcent: int | None
    duree_mois: int | None


def echanges(sanction: Sanction, actes: Iterable[Acte]) -> list[EchangeFranceTravail]:
    """Return what each act tells, in their order; what tells nothing is left out."""
    found, notifiee = [], False
    for acte in actes:
        notifiee |= acte.type is TypeActeSuspension.NOTIFICATION
        # A sanction is told once notified: before, there is none to annul.
        if acte.type is TypeActeSuspension.ANNULATION and not notifiee:
            continue
        if (echange := _echange(sanction, acte)) is not None:
            found.append(echange)
    return found


def _echange(sanction: Sanction, acte: Acte) -> EchangeFranceTravail | None:
    match acte.type:
        case TypeActeSuspension.SAISIE:
            return _evenement(acte, _SAISIES[ChoixSaisie(acte.nature or "")], _INSTRUIRE)
        case TypeActeSuspension.DECISION if acte.nature == MesureSuspension.SANS_SUITE:
            # Of a breach that France Travail did not report, there is nothing to refuse.
            return _evenement(acte, "REFUS_SANCTION", _SUSPENSION) if sanction.proposee else None
        case TypeActeSuspension.NOTIFICATION:
            return _sanction(sanction, acte)
        case TypeActeSuspension.LEVEE:
            return _evenement(acte, "VALID_LEVEE_SUSP", _LEVEE)
        case TypeActeSuspension.ANNULATION:
            motif = _ANNULATIONS[MotifAnnulation(acte.nature or "")]
            return _evenement(acte, "ANNULATION_SANCTION", None, motifEvenement=motif)
    return None


def _sanction(sanction: Sanction, acte: Acte) -> EchangeFranceTravail:
    assert sanction.mesure is not None
    assert sanction.rang is not None
    type_sanction, activite = _TYPES[sanction.mesure]
    mesure = {
        "modaliteDecisionValidee": "P",
        "montantValide": str(sanction.part_pourcent),
        "dureeValidee": str(sanction.duree_mois),
    }
    if sanction.proposee:
        return _evenement(
            acte,
            "VALID_SANCTION",
            activite,
            typeConsequenceSanctionValide=type_sanction,
            **mesure,
        )
    champs = {
        "dateNotificationDecisionSanction": str(acte.date_acte),
        "natureManquement": sanction.nature,
        "rangManquement": _RANGS[sanction.rang],
        "typeSanctionValide": type_sanction,
        **mesure,
    }
    return EchangeFranceTravail(
        operation=PARTENAIRE,
        type_evenement=None,
        activite=None,
        acte_id=acte.id,
        date_acte=acte.date_acte,
        champs=_champs(champs),
    )


def _evenement(
    acte: Acte, type_evenement: str, activite: str | None, **champs: str
) -> EchangeFranceTravail:
    return EchangeFranceTravail(
        operation=EVENEMENT,
        type_evenement=type_evenement,
        activite=activite,
        acte_id=acte.id,
        date_acte=acte.date_acte,
        champs=_champs(
            {
                "identifiantConsequenceSanction": None,
                "dateEvenement": str(acte.date_acte),
                **champs,
            }
        ),
    )


def _champs(valeurs: Mapping[str, str | None]) -> list[ChampEchange]:
    return [ChampEchange(nom=nom, valeur=valeur) for nom, valeur in valeurs.items()]
