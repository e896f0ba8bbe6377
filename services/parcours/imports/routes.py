"""The imports of parcours."""

from services.parcours.imports.lignes import TYPES
from shared.schemas.parcours.imports import (
    ImportParcours,
    PageImportsParcours,
    TypeImportParcours,
)
from shared.socle.imports.routes import routes

router = routes(
    "parcours",
    types=TYPES,
    choix=TypeImportParcours,
    ressource=ImportParcours,
    liste=PageImportsParcours,
)
