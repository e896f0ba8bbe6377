"""The clients that partners generate from the published documents, made with the same tools.

Whatever a generator warns of is a fault of ours: it leaves out operations, or renames what a
partner reads. So is what the language's own compiler finds in what was generated.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.emetteur.fichiers import seul
from deploy.local import node
from deploy.local.services import RACINE, SERVICES

OUTILS = RACINE / "tests" / "clients"
_VERROU = OUTILS / "requirements.lock"
# C1 alone: these processes end before C2 would pay.
_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
# The one warning that no document can mend: it says that the generator is young.
_ADMISE = "OpenAPI 3.1 support is still in beta"


class Langage(StrEnum):
    """A language whose client is generated."""

    PYTHON = "python"
    TYPESCRIPT = "typescript"
    JAVA = "java"


class Absent(Exception):
    """A tool that a language needs is not on this machine."""


def construire(vers: Path, documents: Path) -> tuple[dict[Langage, list[str]], list[str]]:
    """Generate every client of every document into a folder, and compile them all.

    Returns:
        By language that could be made, what a generator or a compiler said against it; then the
        tools that are absent, each in a sentence.
    """
    found: dict[Langage, list[str]] = {}
    absents = []
    with ThreadPoolExecutor(len(_LANGAGES)) as pool:
        pending = {
            langage: pool.submit(faire, documents, vers / langage)
            for langage, faire in _LANGAGES.items()
        }
    for langage, done in pending.items():
        try:
            found[langage] = done.result()
        except (Absent, node.SansNode) as error:
            absents.append(f"{error} : pas de client {langage}.")
    return found, absents


def operations(document: Mapping[str, Any]) -> set[str]:
    """The operations that a document names."""
    return {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def ouvrir_listes(noeud: Any) -> Any:
    """A document whose open enumerations are plain strings, for generators that close them all.

    A generated Python client refuses a value that it does not know; of an open enumeration it
    must take any (contract guide, 11.1).
    """
    match noeud:
        case {"x-enum-ouverte": True, "enum": _}:
            return {name: value for name, value in noeud.items() if name != "enum"}
        case dict():
            return {name: ouvrir_listes(value) for name, value in noeud.items()}
        case list():
            return [ouvrir_listes(one) for one in noeud]
    return noeud


def generateurs() -> Path:
    """The Python of the generators' own environment, made from their lock when it has changed.

    Each language asks for it at the same moment: the first makes it, the others wait.
    """
    environnement = RACINE / ".jalons" / "generateurs"
    environnement.parent.mkdir(exist_ok=True)
    with seul(environnement):
        return _preparer(environnement)


def _preparer(environnement: Path) -> Path:
    python = environnement / "bin" / "python"
    temoin = environnement / _VERROU.name
    if temoin.exists() and temoin.read_bytes() == _VERROU.read_bytes():
        return python
    shutil.rmtree(environnement, ignore_errors=True)
    uv = shutil.which("uv")
    if uv:
        faire = [uv, "venv", "--quiet", "--python", sys.executable, str(environnement)]
        installer = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python)]
    else:
        faire = [sys.executable, "-m", "venv", str(environnement)]
        installer = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
        installer += ["--disable-pip-version-check", "--require-hashes", "--requirement"]
    for words in (faire, [*installer, str(_VERROU)]):
        subprocess.run(words, check=True, stdout=sys.stderr, env=environ())
    shutil.copy(_VERROU, temoin)  # written last: the environment is whole
    return python


def environ(**plus: str) -> dict[str, str]:
    """The environment of a tool that must not see our own modules."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | plus


def _python(documents: Path, vers: Path) -> list[str]:
    python = generateurs()
    env = environ(PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}")  # it calls ruff
    remarques = []
    with TemporaryDirectory() as ouverts:
        for service in SERVICES:
            document = json.loads((documents / f"{service}.json").read_text(encoding="utf-8"))
            lu = Path(ouverts) / f"{service}.json"
            lu.write_text(json.dumps(ouvrir_listes(document)), encoding="utf-8")
            status, said = _lancer(
                python.parent / "openapi-python-client",
                *("generate", "--fail-on-warning", "--overwrite"),
                *("--config", OUTILS / "openapi-python-client.yaml"),
                *("--path", lu, "--output-path", vers / service),
                env=env,
            )
            said = re.sub(r"\A(Generating|Updating) .*\n", "", said)
            if status or said.strip():
                remarques.append(f"{service} : {said}")
    status, said = mypy(vers, SERVICES)
    return [*remarques, said] if status else remarques


def mypy(dossier: Path, chemins: Sequence[str | Path]) -> tuple[int, str]:
    """Check generated Python, and what calls it, as strictly as mypy can: not by our own rules."""
    return _lancer(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
        *("--python-executable", generateurs(), "--cache-dir", dossier / ".mypy_cache", *chemins),
        cwd=dossier,
        env=environ(MYPYPATH=os.pathsep.join([*SERVICES, str(OUTILS / "scenarios")])),
    )


def _typescript(documents: Path, vers: Path) -> list[str]:
    paquets = node.paquets(OUTILS)
    vers.mkdir(parents=True, exist_ok=True)
    remarques = []
    for service in SERVICES:
        status, said = _lancer(
            *("node", paquets / "openapi-typescript" / "bin" / "cli.js"),
            # A field that has a default is not one that a caller must write.
            *("--default-non-nullable", "false"),
            *(documents / f"{service}.json", "--output", vers / f"{service}.ts"),
        )
        warned = [line for line in said.splitlines() if line.strip() and line[0] not in "✨🚀"]
        if status or warned:
            remarques.append(f"{service} : {said}")
    status, said = tsc(vers, [f"{service}.ts" for service in SERVICES], "--noEmit")
    return [*remarques, said] if status else remarques


def tsc(dossier: Path, fichiers: Sequence[str], *options: str) -> tuple[int, str]:
    """Compile files of a folder as strictly as TypeScript can."""
    compilateur = node.paquets(OUTILS) / "typescript" / "bin" / "tsc"
    return _lancer(
        *("node", compilateur, "--strict", "--noUncheckedIndexedAccess", "--target", "es2022"),
        *("--module", "nodenext", "--pretty", "false", *options, *fichiers),
        cwd=dossier,
    )


def _java(documents: Path, vers: Path) -> list[str]:
    if shutil.which("javac") is None:
        raise Absent("Java (javac) absent")
    (jar,) = generateurs().parent.parent.glob(
        "lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar"
    )
    remarques = []
    for service in SERVICES:
        paquet = f"example.insertion.jalons.{service}"
        options = {
            "artifactId": f"jalons-{service}-client",
            "enumUnknownDefaultCase": "true",  # an open enumeration has values that it ignores
            "hideGenerationTimestamp": "true",
        }
        status, said = _lancer(
            *("java", *_JVM, "-jar", jar, "generate", "--generator-name", "java"),
            *("--library", "native", "--invoker-package", paquet),
            *("--api-package", f"{paquet}.api", "--model-package", f"{paquet}.model"),
            *("--input-spec", documents / f"{service}.json", "--output", vers / service),
            *("--additional-properties", ",".join("=".join(one) for one in options.items())),
        )
        warned = [
            line
            for line in said.splitlines()
            if re.search(r"\] (WARN|ERROR) ", line) and _ADMISE not in line
        ]
        if status or warned:
            remarques.append("\n".join([f"{service} :", *(warned or [said])]))
    # The generator's own jar carries Jackson, which the client stands on.
    sources = [*OUTILS.glob("java/**/*.java"), *vers.glob("*/src/main/**/*.java")]
    with TemporaryDirectory() as classes:
        lus = Path(classes) / "sources"
        lus.write_text("\n".join(map(str, sources)), encoding="utf-8")
        status, said = _lancer(
            *("javac", *(f"-J{option}" for option in _JVM), "-proc:none", "-nowarn"),
            *("-cp", jar, "-d", classes, f"@{lus}"),
        )
    return [*remarques, said] if status else remarques


_LANGAGES: Mapping[Langage, Callable[[Path, Path], list[str]]] = {
    Langage.PYTHON: _python,
    Langage.TYPESCRIPT: _typescript,
    Langage.JAVA: _java,
}


def _lancer(
    *words: str | Path, cwd: Path = RACINE, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    done = subprocess.run(
        words,
        cwd=cwd,
        env=env or environ(),
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout
