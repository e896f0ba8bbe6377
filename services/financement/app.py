"""The financement service."""

from fastapi import FastAPI

from services.financement.actions.routes import router as actions
from services.financement.autorisations.routes import router as autorisations
from services.financement.avenants.routes import router as avenants
from services.financement.bilans.routes import router as bilans
from services.financement.clauses.routes import router as clauses
from services.financement.conventions.routes import router as conventions
from services.financement.credits_paiement.routes import router as credits_paiement
from services.financement.engagements.routes import router as engagements
from services.financement.enveloppes.routes import router as enveloppes
from services.financement.exercices.routes import router as exercices
from services.financement.exports.routes import echeances
from services.financement.exports.routes import router as exports
from services.financement.imports.routes import router as imports
from services.financement.indicateurs.routes import router as indicateurs
from services.financement.instantanes import router as instantanes
from services.financement.journal.routes import router as journal
from services.financement.justificatifs.routes import router as justificatifs
from services.financement.liquidations.routes import router as liquidations
from services.financement.mandats.routes import router as mandats
from services.financement.parites.routes import router as parites
from services.financement.places.routes import router as places
from services.financement.points_etape.routes import router as points_etape
from services.financement.publications.routes import router as publications
from services.financement.recettes.routes import router as recettes
from services.financement.reservations.routes import router as reservations
from services.financement.settings import Settings
from services.financement.taux.routes import router as taux
from services.financement.valorisations.routes import router as valorisations
from shared.socle.app import creer
from shared.socle.imports.routes import LIMITES

PORTEES = {
    "financement:lire": "Lire conventions, enveloppes, réservations, engagements et journal",
    "financement:ecrire": "Réserver, confirmer, annuler",
    "financement:exporter": "Exporter le journal, les subventions versées, des listes entières",
    "financement:importer": "Déposer des fichiers de lignes, appliquées avec les autres portées",
    "financement:administrer": "Enregistrer conventions, actions et enveloppes",
    # The roles of public accounting, kept apart: domains, since the contract has no verb of theirs.
    "financement.engagement:ecrire": "Le gestionnaire : engager, dégager, enregistrer des pièces",
    "financement.service_fait:decider": "Le certificateur : certifier le service fait",
    "financement.ordonnateur:ecrire": "L'ordonnateur : mandater, émettre des titres",
    "financement.comptable:ecrire": "Le comptable : payer, encaisser, reverser",
}
TAGS = {
    "imports": "Des fichiers de lignes, appliquées une par une",
    "conventions": "Ce qui est convenu, par qui, en quels axes et volets",
    "actions": "Ce qu'une convention paie : des places, des prix, une clé de financement",
    "enveloppes": "Un montant, une année, un financeur ; ses soldes viennent du journal",
    "autorisations": "Ce qui peut être engagé sur plusieurs années, voté par l'assemblée",
    "credits-paiement": "Ce qui peut être mandaté dans une année",
    "exercices": "Les années budgétaires, et leur clôture",
    "journal": "Les écritures, en partie double, ajoutées et jamais changées",
    "reservations": "Des places et des montants pris ensemble, ou pas du tout",
    "recettes": "Ce qu'un financeur extérieur notifie, titré, encaissé ou reversé",
    "taux": "Des parts exactes, chacune à compter d'un jour, avec sa source",
    "bilans": "Ce qu'un financeur doit d'une dépense, ligne à ligne",
    "valorisations": "L'apport en nature du Département, à part de l'argent",
    "clauses": "Les minutes d'insertion des marchés, par mois et par public",
    "engagements": "Ce qui est dû, numéroté, et qui en paie chaque centime",
    "justificatifs": "Les pièces, par leur empreinte, et à qui chaque centime en est imputé",
    "liquidations": "Le service fait, certifié, et ce que chaque enveloppe en paie",
    "mandats": "L'ordre de payer, ce que le comptable en fait, ce que le tiers rend",
    "points-etape": "Ce qu'une convention est devenue un jour, figé et vérifiable",
    "indicateurs": "Ce qu'une convention vise, et ce qui fut observé",
    "echeances": "Ce qui est à publier, et pour quand",
    "exports": "Ce qu'un autre outil lit, et peut recompter",
}
DESCRIPTION = """\
Tient les conventions et leurs enveloppes au centime : rien n'est promis deux fois, et chaque
solde se relit dans le journal.

| objet | état | actes possibles |
| --- | --- | --- |
| convention | `projet` | délibération : `deliberee` ; abandon : `abandonnee` |
| convention | `deliberee`, `signee_partiellement` | signatures : `signee_partiellement`, `signee` |
| convention | `signee` | entrée en vigueur : `en_vigueur` ; avenant |
| convention | `en_vigueur` | fin : `terminee` ; résiliation : `resiliee` ; avenant |
| convention | `terminee` | solde : `soldee` |
| avenant | `projet` | délibération : `delibere` ; abandon : `abandonne` |
| avenant | `delibere` | signatures : `signe` |
| avenant | `signe`, dès sa date d'effet | application : `applicable`, l'ancienne `remplace` |
| action | `prevue`, `en_cours` | démarrage, achèvement, abandon |
| enveloppe | `annoncee`, `notifiee` | ouverture d'un montant exact : `ouverte` |
| enveloppe | `ouverte` | avenant, virement ; clôture, la fenêtre finie : `close` |
| enveloppe | `close` | clôture de ce qu'un dégagement rend ; solde : `soldee` |
| autorisation | `votee` | révision, affectation ; annulation : `annulee` |
| exercice | `ouvert` | journée complémentaire, l'année finie : `journee_complementaire` |
| exercice | `journee_complementaire` | clôture, un travail : `clos` |
| clôture | `a_reprendre` | une autre, avec les choix qui manquaient |
| apport valorisé | `declaree` | décision : `validee`, `rejetee` |
| minutes déclarées | `declaree` | décision : `validee`, `rejetee` |
| bilan | `incomplet` | aucun : un autre calcul le remplace (`remplace`) |
| bilan | `calcule` | adoption : `adopte` ; un autre calcul le remplace (`remplace`) |
| titre | `emis`, `reduit` | réduction : `reduit` ; annulation : `annule` |
| titre | `emis`, `reduit`, `encaisse_partiel` | encaissement : `encaisse_partiel`, `encaisse` |
| réservation | `en_attente` | confirmation : `confirmee` ; annulation : `annulee` |
| engagement | `engage`, `partiellement_liquide` | liquidation : `partiellement_liquide`, `solde` |
| engagement | `engage`, `partiellement_liquide` | dégagement de tout le reste : `degage` |
| liquidation | `certifiee`, `certifiee_partiellement` | mandat : `mandatee` |
| liquidation | `refusee` | aucun |
| mandat | `emis` | prise en charge : `pris_en_charge` ; rejet : `rejete`, la liquidation rouverte |
| mandat | `pris_en_charge` | paiement : `paye` quand rien n'en reste |
| mandat | `paye` | remboursement par le tiers, sans changer d'état |
| point d'étape | `brouillon` | `POST …/arrets` : `arrete`, figé |
| point d'étape | `arrete` | `POST …/validations` : `valide` |
| réservation | `en_attente`, dès `expire_le` | aucun : elle est `expiree` et tout est rendu |
"""


def create() -> FastAPI:
    """The app that uvicorn serves, with settings from the environment."""
    return app(Settings())


def app(reglages: Settings | None) -> FastAPI:
    """The app; without settings it only describes itself."""
    return creer(
        "financement",
        titre="Jalons – financement",
        description=DESCRIPTION,
        version="0.1.0",
        reglages=reglages,
        routeurs=[
            conventions,
            avenants,
            parites,
            actions,
            places,
            enveloppes,
            autorisations,
            credits_paiement,
            exercices,
            journal,
            reservations,
            engagements,
            justificatifs,
            liquidations,
            mandats,
            recettes,
            taux,
            bilans,
            valorisations,
            clauses,
            points_etape,
            indicateurs,
            exports,
            instantanes,
            echeances,
            publications,
            imports,
        ],
        tags=TAGS,
        portees=PORTEES,
        imports=LIMITES,
    )
