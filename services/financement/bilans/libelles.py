"""What the codes of a bilan are called on paper. Pure."""

from shared.schemas.financement.bilans import (
    CodeAvertissementBilan,
    NatureLigneBilan,
    StatutBilan,
)

NATURES = {
    NatureLigneBilan.BASE_REFERENCE: "Base d'une action renforcée",
    NatureLigneBilan.DEPENSE_RETENUE: "Dépense retenue",
    NatureLigneBilan.PART_DU_FINANCEUR: "Part du financeur",
    NatureLigneBilan.PLAFOND: "Plafond",
    NatureLigneBilan.REFACTION: "Réfaction",
    NatureLigneBilan.DU: "Dû",
    NatureLigneBilan.ENCAISSE: "Encaissé",
    NatureLigneBilan.TITRES_EN_COURS: "Titres en cours",
    NatureLigneBilan.A_TITRER: "À titrer",
    NatureLigneBilan.A_REDUIRE: "À réduire",
    NatureLigneBilan.A_REVERSER: "À reverser",
}
STATUTS = {
    StatutBilan.INCOMPLET: "Incomplet",
    StatutBilan.CALCULE: "Calculé, non adopté",
    StatutBilan.ADOPTE: "Adopté",
    StatutBilan.REMPLACE: "Remplacé par un autre calcul",
}
AVERTISSEMENTS = {
    CodeAvertissementBilan.TIERS_PERIODE_OBJET: (
        "Une autre dépense a le même tiers, le même mois et le même objet."
    ),
    CodeAvertissementBilan.JUSTIFICATIF_DECLARE_AILLEURS: (
        "Une pièce de la dépense est aussi imputée hors d'elle."
    ),
    CodeAvertissementBilan.PARTS_AU_DELA_DU_TOUT: (
        "Les taux des financeurs de l'action dépassent ensemble 100 %."
    ),
    CodeAvertissementBilan.BASE_REFERENCE_ABSENTE: (
        "L'action est renforcée et rien ne dit ce qu'elle faisait avant."
    ),
    CodeAvertissementBilan.BASE_REFERENCE_NON_DEDUITE: (
        "L'action est renforcée et la dépense donnée : elle doit n'être que l'ajout."
    ),
}
