"""What orientation asks of the worker."""

from services.orientation.echeances import alertes
from services.orientation.france_travail import travail as france_travail
from services.orientation.imports.conservation import purger_imports
from services.orientation.imports.travail import importer_flux
from services.orientation.jeux_de_regles.travail import simuler_jeu_de_regles
from services.orientation.places import comptes
from services.orientation.places.sorties import SORTIES
from shared.socle import retention
from shared.socle.travailleur import Travail

TRAVAIL = Travail(
    taches={
        "importer_flux": importer_flux,
        "simuler_jeu_de_regles": simuler_jeu_de_regles,
    },
    periodiques={
        "purger_imports": (retention.PAUSE_S, purger_imports),
        "alerter_echeances": (alertes.PAUSE_S, alertes.alerter_echeances),
        "replier_comptes": (comptes.PAUSE_S, comptes.replier_comptes),
        "echanger_france_travail": (
            france_travail.PAUSE_S,
            france_travail.echanger_france_travail,
        ),
    },
    suivis=[SORTIES],
)
