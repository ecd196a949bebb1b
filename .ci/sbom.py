"""sbom.py TARGET FILE: the CycloneDX SBOM of the program for a target.

cargo-cyclonedx writes it, and three things of it are mended here: it names crates that only features
of dev-dependencies bring along, it calls our own crate by the folder that it lay in, and it links to
that folder. With SOURCE_DATE_EPOCH the same Cargo.lock gives the same bytes.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

VERSION = "0.5.9"
SPEC = "1.5"


def crates(target: str, edges: str) -> set[str]:
    """The program and the crates it is built of, as `name@version`, by cargo's own resolver."""
    tree = ["cargo", "tree", "--locked", "--target", target, "--edges", edges]
    tree += ["--prefix", "none", "--format", "{p}"]
    lines = subprocess.run(tree, check=True, capture_output=True, text=True).stdout.splitlines()
    return {re.sub(r"^(\S+) v(\S+).*$", r"\1@\2", line) for line in lines if line}


def tool() -> Path:
    """cargo-cyclonedx, built on the first use."""
    root = Path("target/tools")
    binary = root / "bin/cargo-cyclonedx"
    if binary.exists():
        asked = [binary, "cyclonedx", "--version"]
        told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        if told.strip().endswith(VERSION):
            return binary
    install = ["cargo", "install", "cargo-cyclonedx", "--locked", "--version", VERSION]
    subprocess.run([*install, "--root", root], check=True)
    return binary


def without_folders(value):
    """The same without the folder of our own crate."""
    if isinstance(value, dict):
        return {name: without_folders(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_folders(member) for member in value]
    if isinstance(value, str):
        value = re.sub(r"path\+file://[^#]*#", "", value)
        return re.sub(r"\?download_url=file://[^#]*", "", value)
    return value


def main() -> None:
    """Writes the file."""
    target, out = sys.argv[1], Path(sys.argv[2]).resolve()
    os.chdir(Path(__file__).resolve().parent.parent)
    make = [tool(), "cyclonedx", "--format", "json", "--spec-version", SPEC, "--target", target]
    subprocess.run([*make, "--override-filename", "idform.cdx"], check=True)
    raw = Path("idform.cdx.json")
    sbom = without_folders(json.loads(raw.read_text()))
    raw.unlink()

    # What builds it and is not in it (scope `excluded`) is part of the supply chain, too.
    built_of = crates(target, "normal,build")
    kept = [it for it in sbom["components"] if f"{it['name']}@{it['version']}" in built_of]
    refs = {it["bom-ref"] for it in kept} | {sbom["metadata"]["component"]["bom-ref"]}
    sbom["components"] = kept
    sbom["dependencies"] = [
        {**it, "dependsOn": [ref for ref in it["dependsOn"] if ref in refs]}
        if "dependsOn" in it
        else it
        for it in sbom["dependencies"]
        if it["ref"] in refs
    ]
    out.write_text(json.dumps(sbom, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
