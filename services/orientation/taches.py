"""What orientation asks of the worker."""

from services.orientation.echeances import alertes
from services.orientation.imports.conservation import purger_imports
from services.orientation.imports.travail import importer_flux
from services.orientation.places.sorties import SORTIES
from shared.socle import retention
from shared.socle.travailleur import Travail

TRAVAIL = Travail(
    taches={"importer_flux": importer_flux},
    periodiques={
        "purger_imports": (retention.PAUSE_S, purger_imports),
        "alerter_echeances": (alertes.PAUSE_S, alertes.alerter_echeances),
    },
    suivis=[SORTIES],
)
