"""A bilan as CSV: one row per line of its reckoning, then what it does not decide. Pure."""

from services.financement.bilans.libelles import AVERTISSEMENTS, NATURES
from services.financement.bilans.rules import EnveloppeBilan, empreinte
from services.financement.formats import lignes_csv, montant
from shared.schemas.financement.bilans import Bilan

_ENTETES = (
    "Enveloppe",
    "Financeur",
    "Exercice",
    "Date d'arrêté",
    "État",
    "Empreinte SHA-256",
    "Ligne",
    "Type de réfaction",
    "Montant (€)",
    "Explication",
    "Action",
    "Liquidation",
    "Autre liquidation",
    "Justificatif",
)


def ecrire_csv(bilan: Bilan, enveloppe: EnveloppeBilan) -> str:
    """Write the lines, then the avertissements."""
    tete = [
        enveloppe.reference,
        enveloppe.financeur,
        enveloppe.exercice,
        bilan.date_arrete.isoformat(),
        bilan.statut,
        bilan.sha256 or empreinte(bilan),
    ]
    calcul = [
        [
            *tete,
            NATURES.get(ligne.nature, ligne.nature),
            ligne.type_refaction,
            montant(ligne.montant_centimes),
            ligne.explication,
            *[""] * 4,
        ]
        for ligne in bilan.lignes
    ]
    doutes = [
        [
            *tete,
            "Avertissement",
            "",
            "",
            AVERTISSEMENTS.get(un.code, un.code),
            un.action_id,
            un.liquidation_id,
            un.autre_liquidation_id,
            un.justificatif_id,
        ]
        for un in bilan.avertissements
    ]
    return lignes_csv([_ENTETES, *calcul, *doutes])
