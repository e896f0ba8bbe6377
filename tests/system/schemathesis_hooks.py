"""What schemathesis cannot read in the documents, told by its hooks."""

import os
import tomllib
from pathlib import Path
from typing import Any
from zlib import crc32

import requests
import schemathesis

_LONGUES = {str(secondes) for secondes in range(2, 21)}
# Of what is wrong with each value, one in so many is sent, and of what is right at its bounds, one
# in a fourth of that: the whole is thousands of requests.
_UN_SUR = int(os.environ.get("JALONS_SCHEMATHESIS_UN_SUR", "1"))
_EXEMPLES = os.environ.get("JALONS_SCHEMATHESIS_EXEMPLES") == "1"


# Lines are sent as they are drawn.
schemathesis.serializer.alias("application/x-ndjson", "application/octet-stream")


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Show the tokens as bearer tokens: `ignored_auth` takes credentials off those alone."""
    raw_schema["components"]["securitySchemes"]["oauth2"] = {"type": "http", "scheme": "bearer"}
    if _EXEMPLES:
        _montrer(raw_schema, tomllib.loads(Path("schemathesis.toml").read_text("utf-8")))


def _montrer(raw_schema: dict[str, Any], config: dict[str, Any]) -> None:
    """Show, for what an operation draws of a dictionary, its first value instead of the example.

    Dictionaries serve what is drawn; the phases of the examples and of the coverage read these.
    """
    operations = {
        operation["operationId"]: operation
        for methods in raw_schema["paths"].values()
        for operation in methods.values()
    }
    for rule in config["operations"]:
        operation = operations.get(rule.get("include-operation-id"))
        if operation is None:
            continue
        for nom, drawn in rule.get("parameters", {}).items():
            shown = config["dictionaries"][drawn["dictionary"]]["values"][0]
            place, _, champ = nom.partition(".")
            for parameter in operation["parameters"]:
                if (parameter["in"], parameter["name"]) == (place, champ):
                    parameter["schema"]["examples"] = [shown]
            if place == "body":
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                schema = raw_schema["components"]["schemas"][name.rpartition("/")[2]]
                for example in schema["examples"]:
                    example[champ] = shown


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Keep what is drawn, and the same share of what is listed from one run to the next.

    A `Range` of another unit is ignored, as it must be (RFC 9110, 14.2): it is no fault.
    """
    if not str((case.headers or {}).get("Range", "items=")).startswith("items="):
        return False
    meta = case.meta
    if meta is None or meta.phase.name.value != "coverage":
        return True
    un_sur = max(1, _UN_SUR // 4) if meta.generation.mode.is_positive else _UN_SUR
    value = f"{case.operation.label} {meta.phase.data.parameter} {meta.phase.data.description}"
    return crc32(value.encode()) % un_sur == 0


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Leave time to the service, take none from the run, and read the version before a command.

    Drawn, `If-Match` is always stale: nothing would be seen of what a command does. The phase
    that lists the values keeps its own, for the 412.
    """
    if str(case.query.get("attente")) in _LONGUES:
        case.query["attente"] = 1
    if case.headers.get("Delai-Max", "").isdecimal() and int(case.headers["Delai-Max"]) >= 100:
        # 504 is what a caller who waits 100 ms asks for, and a fault to schemathesis.
        case.headers["Delai-Max"] = str(max(10_000, int(case.headers["Delai-Max"])))
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    if "Range" in case.headers and meta.phase.name.value != "coverage":
        # Drawn, the second rank is mostly before the first: nothing would be seen of a list.
        case.headers["Range"] = "items=0-9"
    if "If-Match" not in case.headers:
        return
    if meta.phase.name.value == "coverage":
        return
    path = case.formatted_path
    resource = path.rpartition("/")[0] if case.method == "POST" else path
    answer = requests.get(
        case.operation.schema.get_base_url() + resource,
        headers={"Authorization": case.headers["Authorization"]},
        timeout=15,
    )
    if "ETag" in answer.headers:
        case.headers["If-Match"] = answer.headers["ETag"]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Let anyone add a header, as HTTP does: so does schemathesis, save beside an integer one."""
    return "in header - object with unexpected properties" not in failure.message
