"""The parcours service."""

from fastapi import FastAPI

from services.parcours.accompagnements.routes import router as accompagnements
from services.parcours.activites.routes import router as activites
from services.parcours.aides_jeunes.routes import router as aides_jeunes
from services.parcours.chronologies.routes import router as chronologies
from services.parcours.consultations.routes import router as consultations
from services.parcours.contrats_engagement.routes import router as contrats
from services.parcours.diagnostics.routes import router as diagnostics
from services.parcours.dispositifs.routes import router as dispositifs
from services.parcours.echeances.routes import router as echeances
from services.parcours.emplois.routes import router as emplois
from services.parcours.employeurs.routes import router as employeurs
from services.parcours.france_travail.routes import router as france_travail
from services.parcours.freins.routes import router as freins
from services.parcours.immersions.routes import router as immersions
from services.parcours.imports.routes import router as imports
from services.parcours.indicateurs.routes import router as indicateurs
from services.parcours.instantanes import router as instantanes
from services.parcours.journaux_acces.queries import personnes_du_chemin
from services.parcours.journaux_acces.routes import JOURNAL
from services.parcours.journaux_acces.routes import router as journaux_acces
from services.parcours.marches.routes import router as marches
from services.parcours.objectifs.routes import router as objectifs
from services.parcours.offres.routes import router as offres
from services.parcours.offres_emploi.routes import router as offres_emploi
from services.parcours.prescriptions.routes import router as prescriptions
from services.parcours.referents.routes import router as referents
from services.parcours.rendez_vous.routes import router as rendez_vous
from services.parcours.seances.routes import router as seances
from services.parcours.settings import Settings
from services.parcours.sorties.routes import router as sorties
from services.parcours.suspensions.routes import router as suspensions
from services.parcours.synchronisations.routes import router as synchronisations
from shared.socle.app import creer
from shared.socle.imports.routes import LIMITES

PORTEES = {
    "parcours:lire": "Lire parcours, freins (hors santé), contrats et prescriptions",
    "parcours:ecrire": "Tenir les freins, établir les contrats et prescrire",
    "parcours.sante:lire": "Lire les freins de santé et de handicap, les motifs sans heures",
    "parcours.sante:ecrire": "Tenir les freins de santé et de handicap, ne fixer aucune heure",
    "parcours.consultation:lire": "Ouvrir à une personne son dossier, avec son code",
    "parcours.consultation:ecrire": "Transmettre ce qu'elle demande, avec son code",
    "parcours:exporter": "Exporter des listes entières, à un instant",
    "parcours:importer": "Déposer des fichiers de lignes, appliquées avec les autres portées",
    "parcours:administrer": "Ouvrir la collectivité, tenir les offres, lire le journal des accès",
}
TAGS = {
    "imports": "Des fichiers de lignes, appliquées une par une",
    "employeurs": "Qui accueille ou recrute, par son SIRET, et ce qui est fait auprès de lui",
    "offres-emploi": "Ce qu'un employeur a à pourvoir, et les personnes qui y sont proposées",
    "emplois": "Mises en situation et emplois d'une personne, dans les bornes de la loi",
    "immersions": "Conventions lues dans immersion-facile, et de qui elles sont",
    "marches": "Heures d'insertion que réservent les clauses des marchés",
    "dispositifs": "PASS IAE, CEJ, PACEA, trajectoire autonomie, et le réseau autour du jeune",
    "aides-jeunes": "Fonds d'aide aux jeunes : demandé ici, engagé dans financement",
    "parcours": "Un parcours ouvert par personne, qu'une décision d'orientation ouvre",
    "referents": "Qui suit la personne : le référent unique, et qui intervient à côté de lui",
    "diagnostics": "Ce qui est trouvé de la situation entière, signé, l'un après l'autre",
    "freins": "Ce qui retient la personne, et ce qu'on en sait, observation après observation",
    "contrats-engagement": "Ce dont la personne et son organisme référent conviennent, et signent",
    "activites": "Ce que le plan prévoit, et ce qui en est fait : un objectif, jamais un dû",
    "rendez-vous": "Pris, déplacés, honorés ou manqués, repris ; une absence est un fait",
    "suspensions": "Un manquement signalé, la personne entendue, la décision d'une autorité",
    "echeances": "Ce qui est dû, pour quand, et d'où vient le délai",
    "consultations": "Ce que la personne lit de son dossier, avec un code de son référent",
    "indicateurs": "Des personnes et des freins comptés, sans que personne s'y reconnaisse",
    "journaux-acces": "Qui a lu ou changé les parcours d'une personne",
    "offres": "Ce qui peut se prescrire : pour quel frein, pour qui, où, et ce qui en reste",
    "exports": "Des listes entières, à un instant, en fichiers",
    "prescriptions": "D'un frein à une action : une place et un montant, réservés ensemble",
}
DESCRIPTION = """\
Tient le parcours d'une personne vers l'emploi, ses freins, et les prescriptions qui les lèvent.

Ce qu'un état permet ; le reste est refusé par `transition-interdite` :

| ressource | de | vers | par |
|---|---|---|---|
| parcours | – | `ouvert` | une décision d'orientation, que suit ce service |
| parcours | `ouvert` | `clos` | `POST /v1/parcours/{parcours_id}/clotures` |
| parcours | `clos` | `ouvert`, dans les douze mois | une décision, ou `POST …/reouvertures` |
| référent | – | désigné | `POST /v1/parcours/{parcours_id}/referents`, ou une passation acceptée |
| référent | désigné | parti | `POST …/clotures`, une passation, une réorientation, la sortie |
| passation | – | `proposee` | `POST /v1/parcours/{parcours_id}/passations` |
| passation | `proposee` | `acceptee`, `refusee` | `POST …/reponses`, deux accords ou un refus |
| passation | `proposee` | `caduque` | le départ du référent |
| diagnostic | – | courant | `POST /v1/parcours/{parcours_id}/diagnostics` |
| diagnostic | courant | remplacé | le diagnostic suivant |
| code de consultation | – | `valable` | `POST /v1/parcours/{parcours_id}/codes-consultation` |
| code de consultation | `valable` | `expire`, `bloque` | le temps ; cinq essais faux |
| code de consultation | `valable`, `expire`, `bloque` | `revoque` | `POST …/revocations` |
| frein | – | `ouvert` | `POST /v1/parcours/{parcours_id}/freins` |
| frein | `ouvert` | `en_cours` | une prescription confirmée, ou un objectif `en_cours` |
| frein | `ouvert`, `en_cours`, de niveau moyen ou fort | `leve` | `POST …/levees` |
| frein | `ouvert`, `en_cours` | `abandonne` | `POST …/abandons` |
| frein | `leve`, `abandonne` | `ouvert`, par un nouvel épisode | `POST …/reouvertures` |
| niveau | tout niveau | `sans_impact`, `moyen`, `fort` | `POST …/niveaux` |
| contrat | – | `a_signer` | `POST /v1/parcours/{parcours_id}/contrats-engagement` |
| contrat | `a_signer`, `refuse` | `en_attente_signature` | `POST …/signatures`, la première |
| contrat | `en_attente_signature`, `refuse` | `signe` | `POST …/signatures`, la seconde |
| contrat | `a_signer`, `en_attente_signature` | `refuse` | `POST …/refus` |
| contrat | `signe`, `refuse`, `en_attente_signature` | `a_signer` | un avenant, ou une décision |
| contrat | tous, sauf `cloture` | `suspendu` | `POST …/suspensions`, la fin d'inscription |
| contrat | `suspendu` | l'état d'avant | `POST …/reprises` |
| contrat | `suspendu`, depuis douze mois | `cloture` | `POST …/clotures` |
| activité | – | prévue | `POST /v1/parcours/{parcours_id}/activites` |
| activité | prévue | arrêtée | `POST /v1/activites/{activite_id}/clotures` |
| rendez-vous | – | `pris` | `POST /v1/parcours/{parcours_id}/rendez-vous`, `…/reconvocations` |
| rendez-vous | `pris`, `modifie` | `modifie` | `POST …/modifications`, un autre créneau |
| rendez-vous | `pris`, `modifie`, `absent` | `effectue` | `POST …/presences`, une fois commencé |
| rendez-vous | `pris`, `modifie`, `effectue` | `absent` | `POST …/presences`, une fois commencé |
| rendez-vous | `pris`, `modifie` | `annule` | `POST …/annulations` |
| suspension | – | `signale` | `POST /v1/parcours/{parcours_id}/suspensions` |
| suspension | `signale` | `dessaisi` | `POST …/saisies`, laisser à France Travail |
| suspension | `signale` | `contradictoire` | `POST …/informations` |
| suspension | `contradictoire` | `avis_ep` | `POST …/avis` |
| suspension | `contradictoire`, `avis_ep` | `decide` | `POST …/decisions` |
| suspension | `decide`, hors `sans_suite` | `en_cours` | `POST …/notifications` |
| suspension | `en_cours` | `leve` | `POST …/levees`, une suspension seule |
| suspension | `en_cours`, à son dernier jour | `terme` | `POST …/termes` |
| suspension | `decide`, `en_cours`, `leve`, `terme` | `annule` | `POST …/annulations` |
| emploi | – | `ouvert` | `POST /v1/parcours/{parcours_id}/emplois` |
| emploi | `ouvert` | `termine`, `annule` | `POST …/actes` |
| dispositif | – | `ouvert` | `POST /v1/parcours/{parcours_id}/dispositifs` |
| dispositif | `ouvert` | `clos` | `POST …/actes` |
| aide aux jeunes | – | `demandee` | `POST /v1/parcours/{parcours_id}/aides-jeunes` |
| aide aux jeunes | `demandee`, urgente | `versee` | `POST …/versements` |
| aide aux jeunes | `demandee`, `versee` | `attribuee`, `refusee` | `POST …/decisions` |
| aide aux jeunes | `demandee` | `annulee` | `POST …/annulations` |
| offre | – | `ouverte` | `POST /v1/offres-emploi` |
| offre | `ouverte` | `pourvue` | une mise en relation `recrutee`, à son dernier poste |
| offre | `ouverte`, `pourvue` | `close` | `POST …/clotures` |
| mise en relation | – | `proposee` | `POST /v1/offres-emploi/{offre_emploi_id}/mises-en-relation` |
| mise en relation | `proposee` | toute issue | `POST …/resultats` |
| objectif | – | tous | `POST /v1/freins/{frein_id}/objectifs` |
| objectif | `non_aborde` | `en_cours`, `realise`, `abandonne` | `POST …/etats` |
| objectif | `en_cours` | `realise`, `abandonne` | `POST …/etats` |
| objectif | `realise`, `abandonne` | `en_cours` | `POST …/etats` |
| inscription | – | `inscrit` | `POST /v1/seances/{seance_id}/inscriptions` |
| inscription | toutes | `present`, `absent`, `excuse` | `POST …/presences` |
| prescription | – | `reservee` | `POST /v1/prescriptions` |
| prescription | `reservee` | `acceptee`, `refusee` | `POST …/reponses` |
| prescription | `reservee`, `acceptee` | `confirmee` | `POST …/confirmations` |
| prescription | `reservee`, `acceptee` | `annulee` | `POST …/annulations` |
| prescription | `reservee`, `acceptee` | `expiree` | le temps, à `expire_le` |
| prescription | `confirmee` | `terminee`, `abandonnee` | `POST …/fins` |
"""


def create() -> FastAPI:
    """The app that uvicorn serves, with settings from the environment."""
    return app(Settings())


def app(reglages: Settings | None) -> FastAPI:
    """The app; without settings it only describes itself."""
    found = creer(
        "parcours",
        titre="Jalons – parcours",
        description=DESCRIPTION,
        version="0.1.0",
        reglages=reglages,
        routeurs=[
            accompagnements,
            chronologies,
            referents,
            diagnostics,
            france_travail,
            freins,
            objectifs,
            contrats,
            activites,
            rendez_vous,
            echeances,
            consultations,
            journaux_acces,
            indicateurs,
            offres,
            synchronisations,
            seances,
            prescriptions,
            aides_jeunes,
            dispositifs,
            emplois,
            immersions,
            employeurs,
            marches,
            offres_emploi,
            sorties,
            suspensions,
            instantanes,
            imports,
        ],
        tags=TAGS,
        portees=PORTEES,
        imports=LIMITES,
        dependances=[JOURNAL],
        # A parcours is one person's, who may have others.
        personnes_par={
            "personne_id": "SELECT unnest(cast(:personne_id AS uuid[]))",
            "parcours_id": "SELECT personne_id FROM parcours"
            " WHERE collectivite = :collectivite AND id = ANY(cast(:parcours_id AS uuid[]))",
        },
        personnes_du_chemin={
            **personnes_du_chemin(),
            "membre_id": "SELECT personne_id FROM parcours WHERE collectivite = :collectivite"
            " AND id IN (SELECT d.parcours_id FROM membre_reseau m JOIN dispositif d"
            " ON d.collectivite = m.collectivite AND d.id = m.dispositif_id"
            " WHERE m.collectivite = :collectivite AND m.id = ANY(cast(:membre_id AS uuid[])))",
        },
    )
    found.state.acces_notes = set()
    return found
