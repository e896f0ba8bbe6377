"""The imports of financement."""

from services.financement.imports.lignes import TYPES
from shared.schemas.financement.imports import (
    ImportFinancement,
    PageImportsFinancement,
    TypeImportFinancement,
)
from shared.socle.imports.routes import routes

router = routes(
    "financement",
    types=TYPES,
    choix=TypeImportFinancement,
    ressource=ImportFinancement,
    liste=PageImportsFinancement,
)
