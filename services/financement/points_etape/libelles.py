"""What codes are called on paper. Pure."""

from shared.schemas.financement.enveloppes import Financeur, Qualificatif
from shared.schemas.financement.points_etape import (
    AlerteProjection,
    DimensionMesure,
    MotifAbsence,
    StatutPointEtape,
)

DIMENSIONS = {
    DimensionMesure.TOTAL: "Total",
    DimensionMesure.FINANCEUR: "Financeur",
    DimensionMesure.VOLET: "Volet",
    DimensionMesure.AXE: "Axe",
    DimensionMesure.ENVELOPPE: "Enveloppe",
    DimensionMesure.ACTION: "Action",
}
FINANCEURS = {
    Financeur.ETAT: "État",
    Financeur.DEPARTEMENT: "Département",
    Financeur.REGION: "Région",
    Financeur.UNION_EUROPEENNE: "Union européenne",
    Financeur.CAF: "CAF",
    Financeur.MSA: "MSA",
    Financeur.FRANCE_TRAVAIL: "France Travail",
    Financeur.ARS: "ARS",
    Financeur.CPAM: "CPAM",
    Financeur.EPCI: "EPCI",
    Financeur.COMMUNE: "Commune",
    Financeur.AUTRE: "Autre financeur",
}
QUALIFICATIFS = {
    Qualificatif.EXACT: "",
    Qualificatif.EXACT_ARRONDI_MILLION: "arrondi au million :",
    Qualificatif.EXACT_ARRONDI_DIX_MILLE: "arrondi à la dizaine de milliers :",
    Qualificatif.PRESQUE: "près de",
    Qualificatif.ENVIRON: "environ",
    Qualificatif.JUSQU_A: "jusqu'à",
    Qualificatif.PLUS_DE: "plus de",
    Qualificatif.UN_PEU_PLUS_DE: "un peu plus de",
    Qualificatif.MOITIE: "la moitié de",
}
STATUTS = {
    StatutPointEtape.BROUILLON: "Brouillon, recalculé à chaque lecture",
    StatutPointEtape.ARRETE: "Arrêté",
    StatutPointEtape.VALIDE: "Validé",
}
ALERTES = {
    AlerteProjection.SOUS_CONSOMMATION: "Sous-consommation : moins de 80 %",
    AlerteProjection.SURCONSOMMATION: "Surconsommation : plus de 100 %",
}
ABSENCES = {
    MotifAbsence.PARCOURS_SILENCIEUX: "Le service parcours n'a pas répondu : résultats inconnus.",
    MotifAbsence.PERIODE_VIDE: "Aucun jour de l'exercice n'est encore passé.",
}


def financeur(code: Financeur | None) -> str:
    """A funder's name; a code newer than this page is shown as it is."""
    return "Financeur non précisé" if code is None else FINANCEURS.get(code, code)
