"""A flux des bénéficiaires VRSB0801 that nobody is in: for demonstrations, tests and measures.

Valid against the schema, in windows-1252, and streamed: a file of any size costs no memory. The
same seed gives the same bytes. No person can be recognised: family names are made of syllables,
and every NIR is of commune 999, which exists nowhere.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from shared.identifiants import nir_complet

# Code Insee, code postal and name. The first is drawn most.
COMMUNES = (
    ("35238", "35000", "Rennes"),
    ("35288", "35400", "Saint-Malo"),
    ("35115", "35300", "Fougères"),
    ("35360", "35500", "Vitré"),
    ("35236", "35600", "Redon"),
    ("35047", "35170", "Bruz"),
    ("35051", "35510", "Cesson-Sévigné"),
    ("35024", "35830", "Betton"),
    ("35055", "35135", "Chantepie"),
    ("35152", "35340", "Liffré"),
    ("35188", "35160", "Montfort-sur-Meu"),
)

_PRENOMS = {
    "1": ("François", "Loïc", "Gaëtan", "Jérôme", "Noël", "Raphaël", "Malo", "Karim", "Théo"),
    "2": ("Zoé", "Anaïs", "Maëlle", "Solène", "Hélène", "Inès", "Aminata", "Nadia", "Jeanne"),
}
_DEBUTS_NOM = ("Ker", "Tré", "Lan", "Plou", "Bré", "Gué", "Pen", "Cœur")
_FINS_NOM = ("lémar", "valoux", "gwézic", "dolec", "zarn", "fauçon", "maëlbran", "tournelle")
_VOIES = (("RUE", "des Ormes"), ("AVENUE", "du Général Synthèse"), ("ALLÉE", "de l'Étang fictif"))

# État and weight. Mostly open and payable, as in a real file.
_ETATS = {"2": 72, "3": 6, "4": 7, "5": 8, "0": 3, "1": 2, "6": 2}
_SITFAM_COUPLE = ("MAR", "PAC", "VIM")
_SITFAM_SEUL = ("CEL", "DIV", "SEF", "VEU", "ISO")


def generer(
    *,
    foyers: int,
    graine: int,
    date_reference: date,
    ideparte: str = "035",
    communes: Sequence[tuple[str, str, str]] = COMMUNES,
    type_flux: str = "M",
    fautifs: int = 0,
) -> Iterator[bytes]:
    """Yield the bytes of a flux, foyer by foyer.

    Args:
        foyers: how many InfosFoyerRSA to write, under 9 000 000.
        graine: seed; equal arguments give equal bytes.
        date_reference: DTREF; every other date is before it, or on it.
        ideparte: the département it is sent to, on three characters.
        communes: where foyers live: code Insee, code postal, name.
        type_flux: `M` for the monthly file; faits générateurs appear in the others only.
        fautifs: how many foyers are addressed to another département, as happens.
    """
    generateur = _Generateur(
        alea=random.Random(graine),
        date_reference=date_reference,
        ideparte=ideparte,
        communes=communes,
        avec_evenements=type_flux != "M",
        ordres=Counter(),
    )
    yield _octets(
        '<?xml version="1.0" encoding="windows-1252"?>\n'
        '<Racine xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="vrsb0801.xsd">\n'
        + _bloc(
            "IdentificationFlux",
            _valeur("APPLIEME", "CRI"),
            _valeur("NUMVERSIONAPPLIEME", "6200"),
            _valeur("TYPEFLUX", type_flux),
            _valeur("NATFLUX", "D"),
            _valeur("DTCREAFLUX", date_reference),
            _valeur("HEUCREAFLUX", "21:27:43.0000"),
            _valeur("DTREF", date_reference),
        )
    )
    for rang in range(foyers):
        # 7 368 787 and 9 000 000 have no common factor: matricules never meet.
        foyer = generateur.foyer(1_000_000 + (graine + rang * 7_368_787) % 9_000_000)
        if (rang + 1) * fautifs // foyers > rang * fautifs // foyers:
            foyer = foyer.replace(_valeur("IDEPARTE", ideparte), _valeur("IDEPARTE", "099"))
        yield _octets(foyer)
    yield _octets(
        _bloc(
            "TransmissionFlux",
            _valeur("NBTOTDOSRSATRANSM", f"{foyers:08}"),
            _valeur("NBTOTDOSRSATRANSMANO", "00000000"),
        )
        + "</Racine>\n"
    )


def ecrire(
    chemin: Path,
    *,
    foyers: int,
    graine: int,
    date_reference: date,
    ideparte: str = "035",
    communes: Sequence[tuple[str, str, str]] = COMMUNES,
    type_flux: str = "M",
) -> None:
    """Write to a file what `generer` yields."""
    with chemin.open("wb") as fichier:
        fichier.writelines(
            generer(
                foyers=foyers,
                graine=graine,
                date_reference=date_reference,
                ideparte=ideparte,
                communes=communes,
                type_flux=type_flux,
            )
        )


@dataclass(frozen=True)
class _Personne:
    role: str
    sexe: str
    nom: str
    naissance: date
    droits_devoirs: bool


@dataclass(frozen=True)
class _Generateur:
    alea: random.Random
    date_reference: date
    ideparte: str
    communes: Sequence[tuple[str, str, str]]
    avec_evenements: bool
    # The last number given under each beginning of NIR, so that none is given twice.
    ordres: Counter[str]

    def foyer(self, numero: int) -> str:
        etat = self.alea.choices(list(_ETATS), list(_ETATS.values()))[0]
        demande = self._jour_passe(20, 3_000)
        fonorg = "MSA" if self._sur_cent(12) else "CAF"
        personnes = self._composition(actif=etat in "234")
        mutation = self._sur_cent(4)
        return _bloc(
            "InfosFoyerRSA",
            self._identification(numero, fonorg, demande, mutation),
            *(self._personne(personne, fonorg, demande) for personne in personnes),
            self._donnees_administratives(personnes),
            self._prestation(etat, demande, personnes),
            self._evenements("MUT" if mutation else "DEMRSA") if self.avec_evenements else "",
        )

    def _identification(self, numero: int, fonorg: str, demande: date, mutation: bool) -> str:
        caf = fonorg == "CAF"
        # A CAF pads its seven digits on the right; the MSA numbers are long.
        matricule = f"{numero:07}".ljust(15, "0") if caf else f"92{demande.year}{numero:09}"
        return _bloc(
            "IdentificationRSA",
            _bloc(
                "Organisme",
                _valeur("FONORG", fonorg),
                _valeur("NUMORG", f"{self.ideparte[1:]}1" if caf else self.ideparte),
                _valeur("MATRICULE", matricule),
            ),
            _bloc("Partenaire", _valeur("TYPEPARTE", "CG  "), _valeur("IDEPARTE", self.ideparte)),
            _bloc(
                "DemandeRSA",
                _valeur("DTDEMRSA", demande),
                _valeur("NUMDEMRSA", f"{self.ideparte}0{numero:07}"),
            ),
            _bloc(
                "OrganismeCedant",
                _valeur("FONORGCEDMUT", fonorg),
                _valeur("NUMORGCEDMUT", "441"),
                _valeur("DDARRMUT", self._jour_passe(0, 20)),
            )
            if mutation
            else "",
        )

    def _composition(self, *, actif: bool) -> list[_Personne]:
        couple = self._sur_cent(28)
        nombre_enfants = self.alea.choices((0, 1, 2, 3, 4), (55, 20, 15, 7, 3))[0]
        sexe = self.alea.choice("12")
        nom = self._nom()
        adultes = [self._adulte("DEM", sexe, nom, actif=actif)]
        if couple:
            conjoint = {"1": "2", "2": "1"}[sexe]
            adultes.append(self._adulte("CJT", conjoint, nom, actif=actif))
        return adultes + [
            _Personne("ENF", self.alea.choice("12"), nom, self._jour_passe(30, 19 * 365), False)
            for _ in range(nombre_enfants)
        ]

    def _adulte(self, role: str, sexe: str, nom: str, *, actif: bool) -> _Personne:
        naissance = self._jour_passe(18 * 366, 64 * 365)
        return _Personne(role, sexe, nom, naissance, actif and self._sur_cent(85))

    def _personne(self, personne: _Personne, fonorg: str, demande: date) -> str:
        adulte = personne.role != "ENF"
        demandeur = personne.role == "DEM"
        nir = self._nir(personne) if self._sur_cent(94 if adulte else 40) else None
        if nir and fonorg == "MSA":
            # The MSA sends the key, the CAF does not.
            nir = nir_complet(nir)
        prenoms = self.alea.sample(_PRENOMS[personne.sexe], 3)
        nom_naissance = self._nom() if personne.sexe == "2" and self._sur_cent(30) else personne.nom
        return _bloc(
            "Personne",
            _bloc(
                "Identification",
                _valeur("QUAL", "MR" if personne.sexe == "1" else "MME"),
                _valeur("NOM", personne.nom),
                _valeur("NOMNAI", nom_naissance if adulte else personne.nom),
                _valeur("PRENOM", prenoms[0]),
                _valeur("PRENOM2", prenoms[1]) if self._sur_cent(40) else "",
                _valeur("NOMCOMNAI", "Ville-Synthétique"),
                _valeur("DTNAI", personne.naissance),
                _valeur("TYPEDTNAI", "N"),
                _valeur("NIR", nir) if nir else "",
                _valeur("TOPVALIEC", bool(nir)),
                _valeur("SEXE", personne.sexe),
            ),
            _bloc(
                "DossierCAF",
                _valeur("TOPRESPDOS", demandeur),
                _valeur("DDRATDOS", max(demande, personne.naissance)),
            ),
            *(
                _bloc(
                    "Prestations",
                    _valeur("NATPREST", nature),
                    _valeur("ROLEPERS", personne.role),
                    _valeur("TOPCHAPERS", nature == "RSA" or not adulte),
                )
                for nature in ("PFA", "RSA")
            ),
            self._situation_adulte(personne) if adulte else "",
        )

    def _situation_adulte(self, personne: _Personne) -> str:
        salarie, inscrit = self._sur_cent(25), self._sur_cent(35)
        assedic = f"{self.alea.randrange(1_000_000, 9_999_999)}X"
        return (
            (_bloc("DossierPoleEmploi", _valeur("IDASSEDIC", assedic)) if inscrit else "")
            + self._ressources(salarie)
            + _bloc(
                "MontantCalculDroitRSAPersonne",
                _valeur("TOPPERSDRODEVORSA", personne.droits_devoirs),
                _valeur("TOPPERSENTDRODEVORSA", personne.droits_devoirs and self._sur_cent(10)),
            )
            + _bloc(
                "Activite",
                _valeur("REG", "GE"),
                _valeur("ACT", "SAL" if salarie else self.alea.choice(("ANP", "CHO", "SAC"))),
                _valeur("DDACT", self._jour_passe(10, 900)),
            )
        )

    def _ressources(self, salarie: bool) -> str:
        """Write the three months before the reference month."""
        mois = [self._premier_du_mois(recul) for recul in (3, 2, 1)]
        return _bloc(
            "Ressources",
            _bloc(
                "GeneraliteRessourcesTrimestre",
                _valeur("TOPRESSNUL", not salarie),
                _valeur("DDRESS", mois[0]),
                _valeur("DFRESS", self._premier_du_mois(0) - timedelta(days=1)),
            ),
            *(
                _bloc(
                    "RessourcesMensuelles",
                    _bloc(
                        "GeneraliteRessourcesMensuelles",
                        _valeur("MOISRESS", premier),
                        _valeur("NBHEUMENTRA", "000"),
                    ),
                    _bloc(
                        "DetailRessourcesMensuelles",
                        _valeur("NATRESS", "001"),
                        _valeur("MTNATRESSMEN", self._montant(50, 900)),
                    ),
                )
                for premier in mois
                if salarie
            ),
        )

    def _donnees_administratives(self, personnes: list[_Personne]) -> str:
        couple = any(personne.role == "CJT" for personne in personnes)
        adresses = [self._adresse(1)]
        if self._sur_cent(20):
            adresses.append(self._adresse(2))
        # A reader must look at the rank, not at the order.
        self.alea.shuffle(adresses)
        return _bloc(
            "DonneesAdministratives",
            _bloc(
                "SituationFamille",
                _valeur("SITFAM", self.alea.choice(_SITFAM_COUPLE if couple else _SITFAM_SEUL)),
                _valeur("DDSITFAM", self._jour_passe(100, 5_000)),
            ),
            *adresses,
        )

    def _adresse(self, rang: int) -> str:
        premiere = self._sur_cent(40)
        insee, code_postal, nom = self.communes[0] if premiere else self.alea.choice(self.communes)
        type_voie, nom_voie = self.alea.choice(_VOIES)
        return _bloc(
            "Adresse",
            _bloc(
                "TroncCommunAdresse",
                _valeur("RGADR", f"{rang:02}"),
                _valeur("DTEMM", self._jour_passe(30, 2_000)),
                _valeur("PAYS", "FRA"),
                _valeur("TYPEADR", "D"),
                _valeur("ETATADR", "CO"),
            ),
            _bloc(
                "AdresseDetailleeFrance",
                _valeur("COMPLIDEADR", ""),
                _valeur("COMPLADR", "APPARTEMENT 13" if self._sur_cent(30) else ""),
                _valeur("NUMVOIE", str(self.alea.randrange(1, 120))),
                _valeur("LIBTYPEVOIE", type_voie),
                _valeur("NOMVOIE", nom_voie),
                _valeur("LIEUDIST", ""),
                _valeur("NUMCOM", insee),
                _valeur("CODEPOS", code_postal),
                _valeur("NOMCOM", nom),
            ),
        )

    def _prestation(self, etat: str, demande: date, personnes: list[_Personne]) -> str:
        enfants = [personne for personne in personnes if personne.role == "ENF"]
        a_charge = len(enfants)
        couple = len(personnes) - a_charge == 2
        majore = not couple and any(
            (self.date_reference - enfant.naissance).days < 3 * 365 for enfant in enfants
        )
        nature = "RSI" if majore else "RSD"
        return _bloc(
            "PrestationRSA",
            _bloc(
                "SituationDossierRSA",
                _bloc("EtatDossierRSA", _valeur("ETATDOSRSA", etat)),
                self._suite_etat(etat),
            ),
            _bloc(
                "DetailDroitRSA",
                _bloc(
                    "TroncCommunDroitRSA",
                    _valeur("TOPSANSDOMFIXE", self._sur_cent(4)),
                    _valeur("NBENFAUTCHA", f"{a_charge:02}"),
                    _valeur("ORIDEMRSA", "DEM"),
                    _valeur("DTORIDEMRSA", demande),
                ),
                _bloc(
                    "DetailCalculDroitRSA",
                    _valeur("NATPF", nature),
                    _valeur("SOUSNATPF", f"{nature}N{1 if majore else 2}"),
                    _valeur("DDNATDRO", demande),
                    _valeur("MTRSAVERS", self._montant(100, 900)),
                )
                if etat in "234"
                else "",
            ),
        )

    def _suite_etat(self, etat: str) -> str:
        """Write what each état brings with it: a refusal, a suspension or an end."""
        jour = self._jour_passe(0, 120)
        match etat:
            case "1":
                motif = self.alea.choice(("PCG", "F02", "F97"))
                return _bloc("Refus", _valeur("DTREFURSA", jour), _valeur("MOTIREFURSA", motif))
            case "3":
                motif = self.alea.choice(("GJ", "GK", "DL"))
                valeurs = _valeur("MOTISUSDRORSA", motif), _valeur("DDSUSDRORSA", jour)
                return _bloc("SuspensionDroit", *valeurs)
            case "4":
                motif = self.alea.choice(("06", "01", "70", "CG"))
                valeurs = _valeur("MOTISUSVERSRSA", motif), _valeur("DDSUSVERSRSA", jour)
                return _bloc("SuspensionVersement", *valeurs)
            case "5" | "6":
                motif = self.alea.choice(("ECH", "MUT", "RAU", "RGD"))
                bloc = "FinDroit" if etat == "5" else "FinDroitMoisAnterieur"
                return _bloc(bloc, _valeur("MOTICLORSA", motif), _valeur("DTCLORSA", jour))
        return ""

    def _evenements(self, fait: str) -> str:
        if not self._sur_cent(30):
            return ""
        return _bloc(
            "Evenement",
            _valeur("DTLIQ", self._jour_passe(0, 10)),
            _valeur("HEULIQ", "10:00:00"),
            _valeur("FG", fait),
        )

    def _nir(self, personne: _Personne) -> str | None:
        """Return 13 characters that nobody bears, and that this file bears once."""
        locaux = self.ideparte[1:] if self.ideparte.startswith("0") else "97"
        departement = self.alea.choice((locaux, locaux, "75", "44", "2A", "99"))
        debut = f"{personne.sexe}{personne.naissance:%y%m}{departement}999"
        self.ordres[debut] += 1
        ordre = self.ordres[debut]
        return f"{debut}{ordre:03}" if ordre <= 999 else None

    def _nom(self) -> str:
        return self.alea.choice(_DEBUTS_NOM) + self.alea.choice(_FINS_NOM)

    def _sur_cent(self, chances: int) -> bool:
        return self.alea.randrange(100) < chances

    def _jour_passe(self, minimum_jours: int, maximum_jours: int) -> date:
        recul = self.alea.randrange(minimum_jours, maximum_jours)
        return self.date_reference - timedelta(days=recul)

    def _premier_du_mois(self, recul_mois: int) -> date:
        mois = self.date_reference.year * 12 + self.date_reference.month - 1 - recul_mois
        return date(mois // 12, mois % 12 + 1, 1)

    def _montant(self, minimum: int, maximum: int) -> str:
        return f"{self.alea.randrange(minimum * 100, maximum * 100) / 100:010.2f}"


def _bloc(nom: str, *contenu: str) -> str:
    return f"<{nom}>\n{''.join(contenu)}</{nom}>\n"


def _valeur(nom: str, valeur: str | date | bool) -> str:
    texte = str(int(valeur)) if isinstance(valeur, bool) else escape(str(valeur))
    return f"<{nom}>{texte}</{nom}>\n"


def _octets(texte: str) -> bytes:
    return texte.encode("windows-1252", errors="xmlcharrefreplace")
