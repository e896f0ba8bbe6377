"""A point d'étape as a page to print: tables, and charts drawn from them. Pure, and no script.

Every chart has a title, a description and the table of its figures; no colour says anything alone.
"""

from collections.abc import Iterable
from html import escape

from services.financement.formats import euros, jour, mois, nombre, taux
from services.financement.impression import document, table
from services.financement.points_etape.libelles import (
    ABSENCES,
    ALERTES,
    DIMENSIONS,
    QUALIFICATIFS,
    STATUTS,
    financeur,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.points_etape import (
    ContenuPointEtape,
    CorrectionsDepuis,
    DimensionMesure,
    LigneMesures,
    PointEtape,
)

_LARGEUR, _HAUTEUR, _GAUCHE, _DROITE = 760, 240, 210, 150
_ETENDUE = _LARGEUR - _GAUCHE - _DROITE


def ecrire_page(point: PointEtape) -> str:
    """Write the whole page."""
    contenu = point.contenu
    cadre = contenu.cadre
    titre = f"Point d'étape {cadre.exercice} – {cadre.intitule}"
    corps = [
        _identite(point),
        _annonces(contenu),
        "<h2>Consommation</h2>",
        table(
            "Total",
            _ENTETES,
            [_mesures(ligne, "Total") for ligne in _de(contenu, DimensionMesure.TOTAL)],
        ),
        _axes(contenu),
        *(
            table(
                f"Par {DIMENSIONS[dimension].lower()}",
                _ENTETES,
                [_mesures(ligne, _nom(ligne)) for ligne in _de(contenu, dimension)],
            )
            for dimension in (
                DimensionMesure.VOLET,
                DimensionMesure.ENVELOPPE,
                DimensionMesure.ACTION,
            )
        ),
        _financeurs(contenu),
        _chronologie(contenu),
        _resultats(contenu),
        _indicateurs(contenu),
        _volets_presumes(contenu),
        _corrections(contenu),
    ]
    return document(titre, corps)


_ENTETES = (
    "Ensemble",
    "Ouvert",
    "Réservé",
    "Engagé",
    "Liquidé",
    "Payé",
    "Reste à payer",
    "Engagé / ouvert",
    "Payé / ouvert",
    "Projection linéaire",
    "Alerte",
)


def _de(contenu: ContenuPointEtape, dimension: DimensionMesure) -> list[LigneMesures]:
    return [ligne for ligne in contenu.mesures if ligne.dimension is dimension]


def _nom(ligne: LigneMesures) -> str:
    if not ligne.cle:
        return ligne.libelle
    return ligne.cle if ligne.cle == ligne.libelle else f"{ligne.cle}. {ligne.libelle}"


def _mesures(ligne: LigneMesures, nom: str) -> list[str]:
    return [
        nom,
        euros(ligne.ouvert_centimes),
        euros(ligne.reserve_centimes),
        euros(ligne.engage_centimes),
        euros(ligne.liquide_centimes),
        euros(ligne.paye_centimes),
        euros(ligne.reste_a_payer_centimes),
        taux(ligne.taux_engagement_points_base),
        taux(ligne.taux_paiement_points_base),
        euros(ligne.projection_centimes),
        ALERTES.get(ligne.alerte, ligne.alerte) if ligne.alerte else "",
    ]


def _figure(cle: str, titre: str, description: str, hauteur: int, traces: Iterable[str]) -> str:
    """A chart, told to who does not see it; its figures are in the table that follows."""
    return (
        f'<figure>\n<svg xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="0 0 {_LARGEUR} {hauteur}" aria-labelledby="{cle}-titre {cle}-description">\n'
        f'<title id="{cle}-titre">{escape(titre)}</title>\n'
        f'<desc id="{cle}-description">{escape(description)}</desc>\n'
        f"{chr(10).join(traces)}\n</svg>\n<figcaption>{escape(titre)}. Les chiffres sont dans le"
        " tableau qui suit.</figcaption>\n</figure>"
    )


def _texte(x: int, y: int, contenu: str, ancre: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{ancre}">{escape(contenu)}</text>'


def _barre(y: int, valeur: int, maximum: int, classe: str, hauteur: int = 12) -> str:
    largeur = max(0, valeur) * _ETENDUE // maximum if maximum > 0 else 0
    return f'<rect class="{classe}" x="{_GAUCHE}" y="{y}" width="{largeur}" height="{hauteur}"/>'


def _court(texte: str) -> str:
    return texte if len(texte) <= 28 else texte[:27] + "…"


def _identite(point: PointEtape) -> str:
    cadre = point.contenu.cadre
    lignes = [
        ["Convention", cadre.reference],
        ["Exercice", str(cadre.exercice)],
        ["Arrêté au", jour(cadre.date_arrete)],
        ["Su au rang du journal", nombre(cadre.connu_au)],
        ["État", STATUTS[point.statut]],
        *(
            [
                f"Version en vigueur n° {une.numero}",
                f"effet : {jour(une.date_effet)}",
            ]
            for une in cadre.versions
        ),
        *(["Reconnu par", organisme] for organisme in point.participants),
        *([["Empreinte SHA-256", point.sha256]] if point.sha256 else []),
    ]
    return table("Ce point d'étape", ("", ""), lignes)


def _annonces(contenu: ContenuPointEtape) -> str:
    return table(
        "Montants annoncés : ni exacts ni ouverts, comptés nulle part",
        ("Enveloppe", "Financeur", "Annonce", "Source"),
        (
            [
                une.reference,
                financeur(une.financeur),
                f"{QUALIFICATIFS.get(une.annonce.qualificatif, une.annonce.qualificatif)} "
                f"{euros(une.annonce.montant_centimes)}".strip(),
                une.annonce.source or "",
            ]
            for une in contenu.cadre.enveloppes
            if une.annonce is not None
        ),
    )


def _axes(contenu: ContenuPointEtape) -> str:
    lignes = _de(contenu, DimensionMesure.AXE)
    if not lignes:
        return ""
    maximum = max(
        max(ligne.ouvert_centimes or 0, ligne.engage_centimes, ligne.paye_centimes)
        for ligne in lignes
    )
    traces = [_legende(0)]
    for rang, ligne in enumerate(lignes):
        y = 34 + rang * 56
        traces += [
            _texte(0, y + 20, _court(_nom(ligne))),
            _barre(y, ligne.engage_centimes, maximum, "engage"),
            _texte(_LARGEUR - _DROITE + 6, y + 11, euros(ligne.engage_centimes)),
            _barre(y + 18, ligne.paye_centimes, maximum, "paye"),
            _texte(_LARGEUR - _DROITE + 6, y + 29, euros(ligne.paye_centimes)),
        ]
        if ligne.ouvert_centimes is not None:
            traces.append(_barre(y - 3, ligne.ouvert_centimes, maximum, "ouvert", 36))
    plus = max(lignes, key=lambda ligne: ligne.engage_centimes)
    description = (
        "Pour chaque axe, deux barres : l'engagé au total, puis le payé ; un cadre montre l'ouvert"
        f" quand il est su. Le plus engagé : {_nom(plus)}, {euros(plus.engage_centimes)}."
    )
    return (
        "<h2>Consommation par axe</h2>\n"
        + _figure("axes", "Engagé et payé par axe", description, 40 + len(lignes) * 56, traces)
        + table("Par axe", _ENTETES, [_mesures(ligne, _nom(ligne)) for ligne in lignes])
    )


def _legende(y: int) -> str:
    return (
        f'<rect class="engage" x="{_GAUCHE}" y="{y + 3}" width="14" height="12"/>'
        + _texte(_GAUCHE + 20, y + 14, "Engagé au total")
        + f'<rect class="paye" x="{_GAUCHE + 150}" y="{y + 3}" width="14" height="12"/>'
        + _texte(_GAUCHE + 170, y + 14, "Payé")
        + f'<rect class="ouvert" x="{_GAUCHE + 240}" y="{y + 3}" width="14" height="12"/>'
        + _texte(_GAUCHE + 260, y + 14, "Ouvert")
    )


def _financeurs(contenu: ContenuPointEtape) -> str:
    parts = contenu.parts
    if not parts:
        return ""
    traces = [
        f'<rect class="engage" x="{_GAUCHE}" y="3" width="14" height="12"/>',
        _texte(_GAUCHE + 20, 14, "Part contractuelle"),
        f'<rect class="paye" x="{_GAUCHE + 170}" y="3" width="14" height="12"/>',
        _texte(_GAUCHE + 190, 14, "Part réelle"),
    ]
    for rang, part in enumerate(parts):
        y = 34 + rang * 56
        contractuelle, reelle = part.part_contractuelle_points_base, part.part_reelle_points_base
        traces += [
            _texte(0, y + 20, financeur(part.financeur)),
            _barre(y, contractuelle or 0, 10_000, "engage"),
            _texte(_LARGEUR - _DROITE + 6, y + 11, taux(contractuelle)),
            _barre(y + 18, reelle or 0, 10_000, "paye"),
            _texte(_LARGEUR - _DROITE + 6, y + 29, taux(reelle)),
        ]
    description = "Pour chaque financeur, sa part de l'ouvert, puis du liquidé : " + " ; ".join(
        f"{financeur(part.financeur)}, {taux(part.part_contractuelle_points_base)} puis"
        f" {taux(part.part_reelle_points_base)}"
        for part in parts
    )
    apport = contenu.contribution
    return "\n".join(
        part
        for part in (
            "<h2>Financeurs</h2>",
            _figure("parts", "Part de chaque financeur", description, 40 + len(parts) * 56, traces),
            table(
                "Parts des financeurs",
                ("Financeur", "Part contractuelle", "Part réelle", "Écart en points", "Écart"),
                (
                    [
                        financeur(part.financeur),
                        taux(part.part_contractuelle_points_base),
                        taux(part.part_reelle_points_base),
                        taux(part.ecart_points_base),
                        euros(part.ecart_centimes),
                    ]
                    for part in parts
                ),
            ),
            table(
                "Par financeur",
                _ENTETES,
                (
                    _mesures(ligne, financeur(Financeur(ligne.cle) if ligne.cle else None))
                    for ligne in _de(contenu, DimensionMesure.FINANCEUR)
                ),
            ),
            table(
                "Recettes",
                (
                    "Financeur",
                    "Notifié",
                    "À titrer",
                    "Titré",
                    "Encaissé",
                    "À reverser",
                    "Reversé",
                    "Abandonné",
                ),
                (
                    [
                        financeur(une.financeur),
                        euros(une.notifie_centimes),
                        euros(une.a_titrer_centimes),
                        euros(une.titre_centimes),
                        euros(une.encaisse_centimes),
                        euros(une.a_reverser_centimes),
                        euros(une.reverse_centimes),
                        euros(une.abandonne_centimes),
                    ]
                    for une in contenu.recettes
                ),
            ),
            table(
                "Contribution du Département : deux montants qui ne s'additionnent pas",
                ("", "Montant"),
                [
                    ["Payé sur ses enveloppes", euros(apport.paye_centimes)],
                    ["Apports valorisés et validés", euros(apport.valide_centimes)],
                ],
            ),
        )
        if part
    )


def _chronologie(contenu: ContenuPointEtape) -> str:
    points = contenu.chronologie
    if not points:
        return ""
    maximum = max(1, *(max(un.engage_centimes, un.paye_centimes) for un in points))
    pas = (_LARGEUR - 40) // max(1, len(points) - 1)

    def ligne(nom: str, classe: str) -> str:
        places = " ".join(
            f"{20 + rang * pas},{_HAUTEUR - 30 - max(0, getattr(un, nom)) * 170 // maximum}"
            for rang, un in enumerate(points)
        )
        return f'<polyline class="trait {classe}" points="{places}"/>'

    milieu = _HAUTEUR - 30
    traces = [
        f'<line class="regle" x1="20" y1="{milieu}" x2="{_LARGEUR - 20}" y2="{milieu}"/>',
        ligne("engage_centimes", "engage"),
        ligne("liquide_centimes", "liquide tirets"),
        ligne("paye_centimes", "paye"),
        _texte(20, 14, "Trait clair : engagé ; tirets : liquidé ; trait sombre : payé"),
        _texte(20, _HAUTEUR - 10, mois(points[0].mois)),
        _texte(_LARGEUR - 20, _HAUTEUR - 10, mois(points[-1].mois), "end"),
    ]
    dernier = points[-1]
    description = (
        f"De {mois(points[0].mois)} à {mois(dernier.mois)}, totaux à la fin de chaque mois. Au"
        f" dernier : engagé {euros(dernier.engage_centimes)}, liquidé"
        f" {euros(dernier.liquide_centimes)}, payé {euros(dernier.paye_centimes)}."
    )
    return (
        "<h2>Dans le temps</h2>\n"
        + _figure("temps", "Engagé, liquidé et payé dans le temps", description, _HAUTEUR, traces)
        + table(
            "Totaux en fin de mois",
            ("Mois", "Engagé", "Liquidé", "Payé"),
            (
                [
                    mois(un.mois),
                    euros(un.engage_centimes),
                    euros(un.liquide_centimes),
                    euros(un.paye_centimes),
                ]
                for un in points
            ),
        )
    )


def _resultats(contenu: ContenuPointEtape) -> str:
    observations = contenu.observations
    absence = observations.motif_absence
    note = (
        ABSENCES.get(absence, absence)
        if absence
        else f"Comptés par parcours du {jour(observations.date_debut)} au"
        f" {jour(observations.date_fin)} ; une action de moins de {observations.seuil} personnes"
        " est masquée. Ce qui suit une action n'est pas dit causé par elle."
        + (
            " Santé et handicap compris."
            if observations.avec_sante
            else " Santé et handicap non compris."
        )
    )
    tableau = table(
        "Résultats par action",
        (
            "Action",
            "Places ouvertes",
            "Places occupées",
            "Personnes",
            "Freins levés",
            "Payé par frein levé",
        ),
        (
            [
                un.libelle,
                nombre(un.places_ouvertes),
                nombre(un.places_occupees),
                "masqué" if un.masque else nombre(un.personnes),
                "masqué" if un.masque else nombre(un.freins_leves),
                euros(un.cout_par_frein_leve_centimes),
            ]
            for un in contenu.resultats
        ),
    )
    return tableau and f"<h2>Résultats</h2>\n<p>{escape(note)}</p>\n{tableau}"


def _indicateurs(contenu: ContenuPointEtape) -> str:
    return table(
        "Indicateurs",
        ("Indicateur", "Valeur", "Cible", "Valeur / cible", "Sens", "Observé le", "Source"),
        (
            [
                f"{un.libelle} ({un.unite})",
                nombre(un.valeur),
                nombre(un.cible),
                taux(un.taux_points_base),
                un.sens,
                jour(un.date_observation),
                un.source or "–",
            ]
            for un in contenu.observations.indicateurs
        ),
    )


def _volets_presumes(contenu: ContenuPointEtape) -> str:
    enveloppes = {une.enveloppe_id: une.reference for une in contenu.cadre.enveloppes}
    actions = {une.action_id: une.libelle for une in contenu.cadre.actions}
    return table(
        "Volets présumés : l'enveloppe n'en dit aucun, l'action si",
        ("Enveloppe", "Action", "Volet présumé", "Engagé"),
        (
            [
                enveloppes[un.enveloppe_id],
                actions[un.action_id],
                str(un.volet),
                euros(un.engage_centimes),
            ]
            for un in contenu.volets_presumes
        ),
    )


def _coupe(depuis: CorrectionsDepuis) -> str:
    """What the list of acts leaves out: said, never cut without a word."""
    if depuis.nombre_actes <= len(depuis.actes):
        return ""
    return (
        f" Des {nombre(depuis.nombre_actes)} actes qu'elles nomment, les"
        f" {nombre(len(depuis.actes))} premiers suivent ; le journal les donne tous."
    )


def _corrections(contenu: ContenuPointEtape) -> str:
    depuis = contenu.corrections
    if depuis is None:
        return ""
    enveloppes = {une.enveloppe_id: une.reference for une in contenu.cadre.enveloppes}
    arrete = jour(depuis.precedent.date_arrete)
    note = (
        f"Le précédent, arrêté au {arrete}, ne change pas. Depuis,"
        f" {nombre(depuis.ecritures)} écriture(s) prennent effet à cette date ou avant."
        f"{_coupe(depuis)}"
    )
    tableau = table(
        "Ce qu'elles changent",
        ("Enveloppe", "Compte", "Variation"),
        (
            [
                enveloppes.get(une.enveloppe_id, str(une.enveloppe_id)),
                f"{une.livre}:{une.poste}",
                euros(une.variation_centimes),
            ]
            for une in depuis.variations
        ),
    )
    actes = "".join(f"<li>{escape(acte)}</li>" for acte in depuis.actes)
    liste = f"\n<p>Actes :</p>\n<ul>{actes}</ul>" if actes else ""
    return f"<h2>Corrections depuis le précédent</h2>\n<p>{escape(note)}</p>\n{tableau}{liste}"
