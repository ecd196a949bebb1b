"""sbom_check.py FILE TARGET BINARY: whether an SBOM is valid CycloneDX and names what is in the program."""

import json
import re
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from sbom import crates


def main() -> None:
    """Exits with what is wrong, if anything is."""
    text = Path(sys.argv[1]).read_text()
    target = sys.argv[2]
    binary = Path(sys.argv[3]).read_bytes()
    sbom = json.loads(text)
    wrong = []
    version = SchemaVersion.from_version(sbom["specVersion"])
    error = JsonStrictValidator(version).validate_str(text)
    if error is not None:
        wrong.append(f"no valid CycloneDX {sbom['specVersion']}: {error}")
    if "serialNumber" in sbom:
        wrong.append("its serial number is another one in each build")
    if "file:" in text:
        wrong.append("it links to a folder")

    named = {"required": set(), "excluded": set()}
    for component in sbom["components"]:
        named[component["scope"]].add(f"{component['name']}@{component['version']}")
        if not component.get("hashes"):
            wrong.append(f"{component['name']} has no checksum")
    in_program = {name for name in crates(target, "normal") if not name.startswith("idform@")}
    only_built_with = crates(target, "normal,build") - crates(target, "normal")
    for scope, expected in (("required", in_program), ("excluded", only_built_with)):
        if named[scope] != expected:
            wrong.append(f"{scope}: {sorted(named[scope] ^ expected)} are not in both SBOM and cargo tree")

    # What the program itself says: the paths in its panic messages.
    traces = re.findall(rb"/cargo/registry/([\w-]+?)-(\d+\.\d+\.\d+[\w.+-]*)/", binary)
    traces = {f"{name.decode()}@{version.decode()}" for name, version in traces}
    if not traces:
        wrong.append("the program names no crate it is made of")
    if unnamed := traces - named["required"]:
        wrong.append(f"in the program, and not in the SBOM: {sorted(unnamed)}")

    known = {component["bom-ref"] for component in sbom["components"]}
    known.add(sbom["metadata"]["component"]["bom-ref"])
    edges = sbom["dependencies"]
    used = {it["ref"] for it in edges} | {ref for it in edges for ref in it.get("dependsOn", [])}
    if used != known:
        wrong.append(f"dependencies and components differ: {sorted(used ^ known)}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(
        f"SBOM: {len(in_program)} crates in the program ({len(traces)} of them seen in it), "
        f"{len(only_built_with)} that only build it"
    )


main()
