"""Reading of a flux des bénéficiaires of any size, foyer by foyer, in constant memory.

The file comes from outside: no DTD and no entity, no text and no element without bound, and no
word of the parser's own messages, which may quote a person.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, Protocol, cast

from lxml import etree

from services.orientation.flux import vrsb0801, vrsd0301
from services.orientation.flux.canonique import (
    EnteteFlux,
    Foyer,
    FoyerRejete,
    TransmissionFlux,
    ValeurIllisible,
)

# What is given to the parser at once, whatever the caller gives us: it bounds what waits in it.
_TRANCHE_OCTETS: Final = 64 * 1024
# A foyer weighs some 3 kB. libxml2 bounds the rest: 256 levels, and entities would not expand.
_BLOC_MAX_OCTETS: Final = 1024 * 1024
# Elements know their line up to here; beyond, libxml2 keeps it on the texts alone.
_LIGNE_MAX: Final = 65_535
_SCHEMA: Final = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


class MotifIllisible(StrEnum):
    """Why a file cannot be read, or not further. Open list."""

    XML_INVALIDE = "xml_invalide"
    DOCTYPE_INTERDIT = "doctype_interdit"
    RACINE_INCONNUE = "racine_inconnue"
    VERSION_INCONNUE = "version_inconnue"
    ENTETE_ABSENT = "entete_absent"
    ENTETE_INVALIDE = "entete_invalide"
    STRUCTURE_INATTENDUE = "structure_inattendue"
    BLOC_TROP_LONG = "bloc_trop_long"
    TRANSMISSION_ABSENTE = "transmission_absente"
    TRANSMISSION_INVALIDE = "transmission_invalide"


class FluxIllisible(Exception):
    """The file cannot be read, or not further: why, and at which line if it is known."""

    def __init__(self, code: MotifIllisible, ligne: int | None = None) -> None:
        super().__init__(code if ligne is None else f"{code}, ligne {ligne}")
        self.code = code
        self.ligne = ligne


class Adaptateur(Protocol):
    """What a version of the flux must know how to do."""

    def lire_entete(self, element: etree._Element, ideparte: str) -> EnteteFlux: ...

    def lire_foyer(
        self, element: etree._Element, *, ligne: int, entete: EnteteFlux
    ) -> Foyer | FoyerRejete: ...

    def lire_transmission(self, element: etree._Element, nombre_lus: int) -> TransmissionFlux: ...


_ADAPTATEURS: Final[Mapping[str, Adaptateur]] = {
    vrsb0801.VERSION: vrsb0801,
    vrsd0301.VERSION: vrsd0301,
}


def lire(
    morceaux: Iterable[bytes], ideparte: str
) -> Iterator[EnteteFlux | Foyer | FoyerRejete | TransmissionFlux]:
    """Yield the header, the foyers in the order of the file, then its counters.

    The counters come when the file has been read to its end, and found whole: a reading that
    yielded no `TransmissionFlux` is not finished. One reading stays in one thread: lxml's does.

    Args:
        morceaux: the bytes of the file, cut anywhere.
        ideparte: the département that the foyers must be addressed to, as in `035`.

    Raises:
        FluxIllisible: the file cannot be read further; the foyers yielded so far are good.
    """
    blocs = _blocs(morceaux)
    premier = next(blocs, None)
    if premier is None or premier.tag != "IdentificationFlux":
        raise FluxIllisible(MotifIllisible.ENTETE_ABSENT)
    adaptateur = _adaptateur(premier)
    try:
        entete = adaptateur.lire_entete(premier, ideparte)
    except ValeurIllisible:
        raise FluxIllisible(MotifIllisible.ENTETE_INVALIDE, _ligne(premier)) from None
    yield entete

    transmission: TransmissionFlux | None = None
    nombre_lus = 0
    for bloc in blocs:
        if transmission or bloc.tag == "IdentificationFlux":
            raise FluxIllisible(MotifIllisible.STRUCTURE_INATTENDUE, _ligne(bloc))
        if bloc.tag == "InfosFoyerRSA":
            nombre_lus += 1
            yield adaptateur.lire_foyer(bloc, ligne=_ligne(bloc), entete=entete)
            continue
        try:
            transmission = adaptateur.lire_transmission(bloc, nombre_lus)
        except ValeurIllisible:
            raise FluxIllisible(MotifIllisible.TRANSMISSION_INVALIDE, _ligne(bloc)) from None
    if transmission is None:
        raise FluxIllisible(MotifIllisible.TRANSMISSION_ABSENTE)
    yield transmission


def _blocs(morceaux: Iterable[bytes]) -> Iterator[etree._Element]:
    """Yield the elements that stand right under Racine, each whole and until the next is asked."""
    analyseur = etree.XMLPullParser(
        events=("start", "end"),
        tag=("Racine", "IdentificationFlux", "InfosFoyerRSA", "TransmissionFlux"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    racine: etree._Element | None = None
    octets_en_attente = 0
    for tranche in _tranches(morceaux):
        panne = _donner(analyseur, tranche)
        octets_en_attente += len(tranche)
        # What was complete before the parser broke is still there to be read.
        for evenement, element in _evenements(analyseur):
            if racine is None:
                racine = _racine(element)
            if element is racine:
                continue
            if element.getparent() is not racine:
                raise FluxIllisible(MotifIllisible.STRUCTURE_INATTENDUE, _ligne(element))
            if evenement == "end":
                yield element
                _oublier(element)
                octets_en_attente = 0
        if panne:
            raise panne
        if octets_en_attente > _BLOC_MAX_OCTETS:
            raise FluxIllisible(MotifIllisible.BLOC_TROP_LONG)
    try:
        reste = analyseur.close()
    except etree.XMLSyntaxError as erreur:
        raise FluxIllisible(MotifIllisible.XML_INVALIDE, erreur.lineno) from None
    _racine(reste)


def _tranches(morceaux: Iterable[bytes]) -> Iterator[bytes]:
    for morceau in morceaux:
        for debut in range(0, len(morceau), _TRANCHE_OCTETS):
            yield morceau[debut : debut + _TRANCHE_OCTETS]


def _donner(analyseur: etree.XMLPullParser, tranche: bytes) -> FluxIllisible | None:
    try:
        analyseur.feed(tranche)
    except etree.XMLSyntaxError as erreur:
        return FluxIllisible(MotifIllisible.XML_INVALIDE, erreur.lineno)
    return None


def _evenements(analyseur: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    # The stubs foresee namespaces and comments too: "start" and "end" give elements alone.
    return cast("Iterator[tuple[str, etree._Element]]", analyseur.read_events())


def _racine(element: etree._Element) -> etree._Element:
    """Return the root of the document, if it is one that we read."""
    arbre = element.getroottree()
    racine = arbre.getroot()
    if arbre.docinfo.doctype:  # type: ignore[attr-defined]  # lxml has it, its stubs do not
        raise FluxIllisible(MotifIllisible.DOCTYPE_INTERDIT, _ligne(racine))
    if racine.tag != "Racine":
        raise FluxIllisible(MotifIllisible.RACINE_INCONNUE, _ligne(racine))
    return racine


def _adaptateur(entete: etree._Element) -> Adaptateur:
    """Return the adapter of the version that the file declares.

    VRSD0101 and later declare it in VERSIONFLUX; before, the name of the schema is the only place.
    A file that declares none has the form of VRSB0801, the last version before VERSIONFLUX.
    """
    schema = entete.getroottree().getroot().get(_SCHEMA, "")
    declaree = (
        (entete.findtext("VERSIONFLUX") or "").strip()
        or schema.rpartition("/")[2].removesuffix(".xsd").upper()
        or vrsb0801.VERSION
    )
    if declaree not in _ADAPTATEURS:
        raise FluxIllisible(MotifIllisible.VERSION_INCONNUE, _ligne(entete))
    return _ADAPTATEURS[declaree]


def _ligne(element: etree._Element) -> int:
    """Return the line of the element's start tag, in a file of any length."""
    ligne = cast("int", element.sourceline)
    if ligne < _LIGNE_MAX:
        return ligne
    # It is then the line where the element's first text ends, the break before its first child.
    return ligne - (element.text or "").count("\n")


def _oublier(element: etree._Element) -> None:
    """Free an element that has been read, and all that stands before it."""
    element.clear()
    racine = element.getparent()
    while racine is not None and element.getprevious() is not None:
        del racine[0]
