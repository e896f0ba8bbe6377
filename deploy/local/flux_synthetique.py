"""A flux des bénéficiaires that nobody is in: for demonstrations, tests and measures.

In windows-1252, and streamed: a file of any size costs no memory. The same seed gives the same
bytes, and the same foyers in both versions. VRSB0801 is valid against its schema; VRSD0301 has the
form that `services/orientation/flux/vrsd0301.py` describes, no schema of which was seen. No person
can be recognised: family names are made of syllables, and every NIR is of commune 999, which exists
nowhere.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from shared.identifiants import nir_complet

Version = Literal["VRSB0801", "VRSD0301"]

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


# Codes of VRSB0801, and what VRSD0301 says instead. Source: the notes that `vrsd0301.py` cites.
CODES_VRSD0301 = {
    "FG": {"DEMRSA": "CREDEM", "MUT": "MUTATI"},
    "MOTISUSDRORSA": {"GJ": "SCG", "GK": "SCG", "DL": "SCA"},
    "MOTISUSVERSRSA": {"06": "MAU", "01": "MRE", "70": "MAU", "CG": "MAU"},
    "MOTICLORSA": {"ECH": "CMD", "MUT": "CMU", "RAU": "CFD", "RGD": "CAU"},
}


def generer(
    *,
    foyers: int,
    graine: int,
    date_reference: date,
    ideparte: str = "035",
    communes: Sequence[tuple[str, str, str]] = COMMUNES,
    type_flux: str = "M",
    fautifs: int = 0,
    version: Version = "VRSB0801",
) -> Iterator[bytes]:
    """Yield the bytes of a flux, foyer by foyer.

    Args:
        foyers: how many InfosFoyerRSA to write, under 9 000 000.
        graine: seed; equal arguments give equal bytes.
        date_reference: DTREF; every other date is before it, or on it.
        ideparte: the département it is sent to, on three characters.
        communes: where foyers live: code Insee, code postal, name.
        type_flux: `M` for the monthly file; faits générateurs appear in the others only, as in
            the daily one, `J`.
        fautifs: how many foyers are addressed to another département, as happens.
        version: form of the file; foyers and persons do not depend on it.
    """
    generateur = _FORMES[version](
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
        f' xsi:noNamespaceSchemaLocation="{version.lower()}.xsd">\n'
        + _bloc(
            "IdentificationFlux",
            _valeur("APPLIEME", "CRI"),
            _valeur("NUMVERSIONAPPLIEME", "6200"),
            generateur.version_flux(),
            _valeur("TYPEFLUX", type_flux),
            _valeur("NATFLUX", "D"),
            _valeur("DTCREAFLUX", date_reference),
            _valeur("HEUCREAFLUX", "21:27:43.0000"),
            _valeur("DTREF", date_reference),
            generateur.destinataire(),
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
    version: Version = "VRSB0801",
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
                version=version,
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
    """Foyers in the form of VRSB0801.

    Every draw is made here, in one order, so that another form changes the words alone.
    """

    alea: random.Random
    date_reference: date
    ideparte: str
    communes: Sequence[tuple[str, str, str]]
    avec_evenements: bool
    # The last number given under each beginning of NIR, so that none is given twice.
    ordres: Counter[str]

    def version_flux(self) -> str:
        return ""

    def destinataire(self) -> str:
        return ""

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
            _bloc("Partenaire", self._partenaire()),
            _bloc(
                "DemandeRSA",
                _valeur("DTDEMRSA", demande),
                _valeur("NUMDEMRSA", f"{self.ideparte}0{numero:07}"),
                self._origine_dans_demande(demande),
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

    def _partenaire(self) -> str:
        return _valeur("TYPEPARTE", "CG  ") + _valeur("IDEPARTE", self.ideparte)

    def _origine_dans_demande(self, demande: date) -> str:
        return ""

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
        nir = self._nir(personne) if self._sur_cent(94 if adulte else 40) else None
        prenoms = self.alea.sample(_PRENOMS[personne.sexe], 3)
        nom_naissance = self._nom() if personne.sexe == "2" and self._sur_cent(30) else personne.nom
        return _bloc(
            "Personne",
            _bloc(
                "Identification",
                _valeur("QUAL", "MR" if personne.sexe == "1" else "MME"),
                _valeur("NOM", personne.nom),
                _valeur("NOMNAI", nom_naissance if adulte else personne.nom),
                self._prenoms(prenoms[: 2 if self._sur_cent(40) else 1]),
                _valeur("DTNAI", personne.naissance),
                _valeur("TYPEDTNAI", "N"),
                self._numero(nir, fonorg) if nir else "",
                _valeur("TOPVALIEC", bool(nir)),
                _valeur("SEXE", personne.sexe),
            ),
            self._dossier(personne, max(demande, personne.naissance)),
            self._fonctions(personne.role, adulte=adulte),
            self._situation_adulte(personne, demande) if adulte else "",
        )

    def _prenoms(self, prenoms: Sequence[str]) -> str:
        noms = ("PRENOM", "PRENOM2")
        valeurs = [_valeur(nom, prenom) for nom, prenom in zip(noms, prenoms, strict=False)]
        return "".join(valeurs) + _valeur("NOMCOMNAI", "Ville-Synthétique")

    def _numero(self, nir: str, fonorg: str) -> str:
        # The MSA sends the key, the CAF does not.
        return _valeur("NIR", nir_complet(nir) if fonorg == "MSA" else nir)

    def _dossier(self, personne: _Personne, rattachement: date) -> str:
        return _bloc(
            "DossierCAF",
            _valeur("TOPRESPDOS", personne.role == "DEM"),
            _valeur("DDRATDOS", rattachement),
        )

    def _fonctions(self, role: str, *, adulte: bool) -> str:
        return "".join(
            _bloc(
                "Prestations",
                _valeur("NATPREST", nature),
                _valeur("ROLEPERS", role),
                _valeur("TOPCHAPERS", nature == "RSA" or not adulte),
            )
            for nature in ("PFA", "RSA")
        )

    def _situation_adulte(self, personne: _Personne, demande: date) -> str:
        salarie, inscrit = self._sur_cent(25), self._sur_cent(35)
        assedic = f"{self.alea.randrange(1_000_000, 9_999_999)}X"
        ressources = self._ressources(salarie)
        entree = personne.droits_devoirs and self._sur_cent(10)
        activite = "SAL" if salarie else self.alea.choice(("ANP", "CHO", "SAC"))
        debut_activite = self._jour_passe(10, 900)
        return (
            (self._inscription(assedic) if inscrit else "")
            + ressources
            + self._droits_devoirs(personne, demande, entree=entree)
            + self._activite(activite, debut_activite)
        )

    def _inscription(self, assedic: str) -> str:
        return _bloc("DossierPoleEmploi", _valeur("IDASSEDIC", assedic))

    def _droits_devoirs(self, personne: _Personne, demande: date, *, entree: bool) -> str:
        return _bloc(
            "MontantCalculDroitRSAPersonne",
            _valeur("TOPPERSDRODEVORSA", personne.droits_devoirs),
            _valeur("TOPPERSENTDRODEVORSA", entree),
        )

    def _activite(self, activite: str, debut: date) -> str:
        return _bloc(
            "Activite", _valeur("REG", "GE"), _valeur("ACT", activite), _valeur("DDACT", debut)
        )

    def _ressources(self, salarie: bool) -> str:
        """Write the three months before the reference month."""
        mois = [self._premier_du_mois(recul) for recul in (3, 2, 1)]
        return _bloc(
            "Ressources",
            _bloc(
                "GeneraliteRessourcesTrimestre",
                _valeur("TOPRESSNUL", not salarie),
                self._trimestre_personne(),
            ),
            *(
                _bloc(
                    "RessourcesMensuelles",
                    _bloc(
                        "GeneraliteRessourcesMensuelles",
                        _valeur("MOISRESS", premier),
                        self._heures(),
                    ),
                    _bloc(
                        "DetailRessourcesMensuelles",
                        _valeur("NATRESS", self._nature_ressource()),
                        _valeur("MTNATRESSMEN", self._montant(50, 900)),
                    ),
                )
                for premier in mois
                if salarie
            ),
        )

    def _trimestre(self) -> str:
        fin = self._premier_du_mois(0) - timedelta(days=1)
        return _valeur("DDRESS", self._premier_du_mois(3)) + _valeur("DFRESS", fin)

    def _trimestre_personne(self) -> str:
        return self._trimestre()

    def _heures(self) -> str:
        return _valeur("NBHEUMENTRA", "000")

    def _nature_ressource(self) -> str:
        return "001"

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
        suite = self._suite_etat(etat)
        sans_domicile = self._sur_cent(4)
        montant = self._montant(100, 900) if etat in "234" else None
        return _bloc(
            "PrestationRSA",
            _bloc(
                "SituationDossierRSA",
                _bloc("EtatDossierRSA", _valeur("ETATDOSRSA", etat)),
                suite,
            ),
            _bloc(
                "DetailDroitRSA",
                self._droit(demande, montant, a_charge=a_charge, sans_domicile=sans_domicile),
                self._calcul(
                    _valeur("NATPF", nature)
                    + _valeur("SOUSNATPF", f"{nature}N{1 if majore else 2}")
                    + _valeur("DDNATDRO", demande),
                    montant,
                )
                if montant
                else "",
            ),
        )

    def _droit(
        self, demande: date, montant: str | None, *, a_charge: int, sans_domicile: bool
    ) -> str:
        return _bloc(
            "TroncCommunDroitRSA",
            _valeur("TOPSANSDOMFIXE", sans_domicile),
            _valeur("NBENFAUTCHA", f"{a_charge:02}"),
            _origine(demande),
        )

    def _calcul(self, nature: str, montant: str) -> str:
        return _bloc("DetailCalculDroitRSA", nature, _valeur("MTRSAVERS", montant))

    def _suite_etat(self, etat: str) -> str:
        """Write what each état brings with it: a refusal, a suspension or an end."""
        jour = self._jour_passe(0, 120)
        match etat:
            case "1":
                return self._refus(self.alea.choice(("PCG", "F02", "F97")), jour)
            case "3":
                motif = self._code("MOTISUSDRORSA", self.alea.choice(("GJ", "GK", "DL")))
                return _bloc("SuspensionDroit", motif, _valeur("DDSUSDRORSA", jour))
            case "4":
                motif = self._code("MOTISUSVERSRSA", self.alea.choice(("06", "01", "70", "CG")))
                return _bloc(self._bloc_versement(), motif, _valeur("DDSUSVERSRSA", jour))
            case "5" | "6":
                motif = self._code("MOTICLORSA", self.alea.choice(("ECH", "MUT", "RAU", "RGD")))
                return _bloc(self._bloc_fin(etat), motif, _valeur("DTCLORSA", jour))
        return ""

    def _code(self, nom: str, code: str) -> str:
        return _valeur(nom, code)

    def _refus(self, motif: str, jour: date) -> str:
        return _bloc("Refus", _valeur("DTREFURSA", jour), _valeur("MOTIREFURSA", motif))

    def _bloc_versement(self) -> str:
        return "SuspensionVersement"

    def _bloc_fin(self, etat: str) -> str:
        return "FinDroit" if etat == "5" else "FinDroitMoisAnterieur"

    def _evenements(self, fait: str) -> str:
        if not self._sur_cent(30):
            return ""
        return self._evenement(self._jour_passe(0, 10), fait)

    def _evenement(self, jour: date, fait: str) -> str:
        return _bloc("Evenement", _liquidation(jour), _valeur("FG", fait))

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


class _GenerateurVRSD0301(_Generateur):
    """The same foyers, in the form of VRSD0301."""

    def version_flux(self) -> str:
        return _valeur("VERSIONFLUX", "VRSD0301")

    def destinataire(self) -> str:
        return self._partenaire()

    def _partenaire(self) -> str:
        return _valeur("TYPEPARTE", "CGD") + _valeur("IDEPARTE", self.ideparte)

    def _origine_dans_demande(self, demande: date) -> str:
        return _origine(demande)

    def _prenoms(self, prenoms: Sequence[str]) -> str:
        return (
            _valeur("PRENOM", prenoms[0])
            + _valeur("LISPRENOMS", " ".join(prenoms))
            + _valeur("LIEUNAI", "999")
            + _valeur("LOCANAI", "Ville-Synthétique")
            + _valeur("PAYSNAI", "FRA")
        )

    def _numero(self, nir: str, fonorg: str) -> str:
        return _valeur("NIR", nir)

    def _dossier(self, personne: _Personne, rattachement: date) -> str:
        return _bloc("DossierCafMsa", _valeur("TOPRESPDOS", personne.role == "DEM"))

    def _fonctions(self, role: str, *, adulte: bool) -> str:
        return _bloc("FonctionPersonnePFA", _valeur("ROLEPERS", role)) + _bloc(
            "FonctionPersonneRSA", _valeur("ROLEPERS", role), _valeur("TOPCHAPERS", True)
        )

    def _inscription(self, assedic: str) -> str:
        return ""

    def _droits_devoirs(self, personne: _Personne, demande: date, *, entree: bool) -> str:
        # Those who are not under droits et devoirs never were, or ceased to be that very day.
        cesse = not personne.droits_devoirs and personne.naissance.day % 2 == 0
        return _bloc(
            "CalculDroitRSAPersonne",
            _valeur("TOPPERSDRODEVORSA", personne.droits_devoirs),
            _valeur("TOPPERSENTDRODEVORSA", entree),
            _valeur("DDSOUDRODEV", demande) if personne.droits_devoirs or cesse else "",
            _valeur("DFSOUDRODEV", self.date_reference) if cesse else "",
        )

    def _activite(self, activite: str, debut: date) -> str:
        return _bloc(
            "CaracteristiquesEmployabilite",
            _valeur("REG", "GE"),
            _valeur("STATUEMPL", "20" if activite == "SAL" else "40"),
            _valeur("TOPPERSMALHAN", False),
            _valeur("DDSTATUEMPL", debut),
        )

    def _trimestre_personne(self) -> str:
        return ""

    def _heures(self) -> str:
        return ""

    def _nature_ressource(self) -> str:
        return "A01"

    def _droit(
        self, demande: date, montant: str | None, *, a_charge: int, sans_domicile: bool
    ) -> str:
        return _bloc(
            "TroncCommunDroitRSA",
            _valeur("TOPSANSDOMFIXE", sans_domicile),
            self._trimestre(),
            _valeur("MTRSAVERS", montant) if montant else "",
        ) + _bloc("MontantsCalculDroitRSA", _valeur("NBENFAUTCHA", f"{a_charge:02}"))

    def _calcul(self, nature: str, montant: str) -> str:
        activite = _bloc("RSAActivite", _valeur("NATPF", "ABS"), _valeur("SOUSNATPF", "ABSEN"))
        return _bloc("DetailCalculDroitRSA", _bloc("RSASocle", nature), activite)

    def _code(self, nom: str, code: str) -> str:
        return _valeur(nom, CODES_VRSD0301[nom][code])

    def _refus(self, motif: str, jour: date) -> str:
        return ""

    def _bloc_versement(self) -> str:
        return "RessourcesTropElevees"

    def _bloc_fin(self, etat: str) -> str:
        return "FinDroit"

    def _evenement(self, jour: date, fait: str) -> str:
        return _bloc(
            "Evenement",
            _bloc("SessionEvenement", _liquidation(jour)),
            _bloc("ListeMotifsEvenement", _valeur("MOTITRANSFLUX", CODES_VRSD0301["FG"][fait])),
        )


_FORMES: dict[Version, type[_Generateur]] = {
    "VRSB0801": _Generateur,
    "VRSD0301": _GenerateurVRSD0301,
}


def _origine(demande: date) -> str:
    return _valeur("ORIDEMRSA", "DEM") + _valeur("DTORIDEMRSA", demande)


def _liquidation(jour: date) -> str:
    return _valeur("DTLIQ", jour) + _valeur("HEULIQ", "10:00:00")


def _bloc(nom: str, *contenu: str) -> str:
    return f"<{nom}>\n{''.join(contenu)}</{nom}>\n"


def _valeur(nom: str, valeur: str | date | bool) -> str:
    texte = str(int(valeur)) if isinstance(valeur, bool) else escape(str(valeur))
    return f"<{nom}>{texte}</{nom}>\n"


def _octets(texte: str) -> bytes:
    return texte.encode("windows-1252", errors="xmlcharrefreplace")
