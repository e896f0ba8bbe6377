"""A point d'étape as CSV: one row per set that is measured. Pure."""

from services.financement.formats import lignes_csv, montant
from services.financement.points_etape.libelles import DIMENSIONS
from shared.schemas.financement.points_etape import LigneMesures, PointEtape

_COLONNES = {
    "ouvert_centimes": "Ouvert (€)",
    "disponible_centimes": "Disponible (€)",
    "reserve_centimes": "Réservé (€)",
    "engage_centimes": "Engagé au total (€)",
    "liquide_centimes": "Liquidé au total (€)",
    "mandate_centimes": "Mandaté au total (€)",
    "paye_centimes": "Payé (€)",
    "reste_a_payer_centimes": "Reste à payer (€)",
    "projection_centimes": "Projection linéaire en fin de fenêtre (€)",
}
_ENTETES = [
    "Convention",
    "Exercice",
    "Date d'arrêté",
    "Connu au rang",
    "Empreinte SHA-256",
    "Ensemble",
    "Clé",
    "Libellé",
    *_COLONNES.values(),
    "Taux d'engagement (%)",
    "Taux de paiement (%)",
    "Alerte",
    "Montant annoncé, non compté (€)",
    "Qualificatif",
]


def ecrire_csv(point: PointEtape) -> str:
    """Write the measures, then the announced amounts, which no measure counts."""
    cadre = point.contenu.cadre
    tete = [
        cadre.reference,
        cadre.exercice,
        cadre.date_arrete.isoformat(),
        cadre.connu_au,
        point.sha256,
    ]
    annoncees = [
        [
            *tete,
            "Montant annoncé",
            une.reference,
            une.financeur or "",
            *[""] * (len(_COLONNES) + 3),
            montant(une.annonce.montant_centimes),
            une.annonce.qualificatif,
        ]
        for une in cadre.enveloppes
        if une.annonce is not None
    ]
    lignes = [[*tete, *_ligne(ligne), "", ""] for ligne in point.contenu.mesures]
    return lignes_csv([_ENTETES, *lignes, *annoncees])


def _ligne(ligne: LigneMesures) -> list[object]:
    montants = (getattr(ligne, nom) for nom in _COLONNES)
    return [
        DIMENSIONS[ligne.dimension],
        ligne.cle,
        ligne.libelle,
        *("" if centimes is None else montant(centimes) for centimes in montants),
        *(
            "" if points is None else montant(points)
            for points in (ligne.taux_engagement_points_base, ligne.taux_paiement_points_base)
        ),
        ligne.alerte or "",
    ]
