"""What orientation asks of the worker."""

from services.orientation.imports.travail import importer_flux
from shared.socle.travailleur import Travail

TRAVAIL = Travail(taches={"importer_flux": importer_flux}, periodiques={}, suivis=())
