"""A bilan as a page to print: its reckoning, what it does not decide, its digest. Pure."""

from html import escape

from services.financement.bilans.libelles import AVERTISSEMENTS, NATURES, STATUTS
from services.financement.bilans.rules import EnveloppeBilan, empreinte
from services.financement.formats import euros, jour, nombre
from services.financement.impression import document, table
from services.financement.points_etape.libelles import financeur
from shared.schemas.financement.bilans import AvertissementBilan, Bilan


def ecrire_page(bilan: Bilan, enveloppe: EnveloppeBilan) -> str:
    """Write the whole page."""
    return document(
        f"Bilan au {jour(bilan.date_arrete)} – {enveloppe.reference}",
        [
            _identite(bilan, enveloppe),
            table(
                "Le calcul",
                ("Ligne", "Explication", "Montant"),
                (
                    [
                        NATURES.get(ligne.nature, ligne.nature),
                        ligne.explication,
                        euros(ligne.montant_centimes),
                    ]
                    for ligne in bilan.lignes
                ),
                textes={1},
            ),
            table(
                "Ce que ce calcul ne tranche pas",
                ("Constat", "De quoi il s'agit"),
                (
                    [AVERTISSEMENTS.get(un.code, un.code), _objets(un)]
                    for un in bilan.avertissements
                ),
                textes={1},
            ),
            _manquants(bilan),
        ],
    )


def _identite(bilan: Bilan, enveloppe: EnveloppeBilan) -> str:
    adoption = []
    if bilan.date_adoption is not None:
        delai = " ; hors délai" if bilan.hors_delai else ""
        adoption = [
            ["Adopté par", bilan.assemblee or ""],
            ["Adopté le", f"{jour(bilan.date_adoption)}{delai}"],
            ["Délibération", bilan.reference_adoption or ""],
        ]
    de_quoi = "du bilan adopté" if bilan.sha256 else "de ce calcul, non adopté"
    return table(
        "Ce bilan",
        ("", ""),
        [
            ["Enveloppe", enveloppe.reference],
            ["Financeur", financeur(enveloppe.financeur)],
            ["Exercice", "–" if enveloppe.exercice is None else str(enveloppe.exercice)],
            ["Arrêté au", jour(bilan.date_arrete)],
            ["Date limite", jour(bilan.date_limite)],
            ["État", STATUTS.get(bilan.statut, bilan.statut)],
            *adoption,
            ["Liquidations que des pièces ne couvrent pas", nombre(bilan.liquidations_a_justifier)],
            [f"Empreinte SHA-256 {de_quoi}", bilan.sha256 or empreinte(bilan)],
        ],
        textes={1},
    )


def _objets(avertissement: AvertissementBilan) -> str:
    dits = (
        ("action", avertissement.action_id),
        ("liquidation", avertissement.liquidation_id),
        ("autre liquidation", avertissement.autre_liquidation_id),
        ("justificatif", avertissement.justificatif_id),
    )
    return " ; ".join(f"{nom} {valeur}" for nom, valeur in dits if valeur is not None)


def _manquants(bilan: Bilan) -> str:
    if not bilan.justificatifs_manquants:
        return ""
    pieces = "".join(f"<li>{escape(piece)}</li>" for piece in bilan.justificatifs_manquants)
    return f"<h2>Pièces qui manquent</h2>\n<ul>{pieces}</ul>"
