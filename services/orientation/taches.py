"""What orientation asks of the worker."""

from functools import partial

from services.orientation.activites_france_travail import travail as activites_france_travail
from services.orientation.echeances import alertes
from services.orientation.france_travail import travail as france_travail
from services.orientation.imports.conservation import abandonner_flux, purger_imports
from services.orientation.imports.lignes import TYPES
from services.orientation.imports.travail import importer_flux
from services.orientation.instantanes import EXTRAITS
from services.orientation.invitations import travail as invitations
from services.orientation.jeux_de_regles.travail import simuler_jeu_de_regles
from services.orientation.places import comptes
from services.orientation.places.sorties import SORTIES
from services.orientation.rdv_insertion.travail import purger_rdv_insertion
from shared.socle import retention
from shared.socle.exports.travail import TACHE, abandonner_export
from shared.socle.exports.travail import taches as exports
from shared.socle.imports.travail import abandonner_import, importer_lignes
from shared.socle.travailleur import Travail
from shared.socle.volumes import garde as volumes

TRAVAIL = Travail(
    taches={
        "importer_flux": importer_flux,
        "importer_lignes": partial(importer_lignes, types=TYPES),
        "simuler_jeu_de_regles": simuler_jeu_de_regles,
        **exports(EXTRAITS),
    },
    abandons={
        "importer_flux": abandonner_flux,
        "importer_lignes": abandonner_import,
        TACHE: abandonner_export,
    },
    periodiques={
        "purger_volumes": (retention.PAUSE_S, volumes.purger),
        "purger_imports": (retention.PAUSE_S, purger_imports),
        "alerter_echeances": (alertes.PAUSE_S, alertes.alerter_echeances),
        "replier_comptes": (comptes.PAUSE_S, comptes.replier_comptes),
        "echanger_france_travail": (
            france_travail.PAUSE_S,
            france_travail.echanger_france_travail,
        ),
        "inviter_personnes": (invitations.PAUSE_S, invitations.inviter_personnes),
        "purger_rdv_insertion": (retention.PAUSE_S, purger_rdv_insertion),
        "lire_activites_france_travail": (
            activites_france_travail.PAUSE_S,
            activites_france_travail.lire_activites_france_travail,
        ),
    },
    suivis=[SORTIES],
)
