"""Complete package-lock.json with the optional packages of platforms that the registry asked did not offer.

npm leaves an optional package out of the lock when the registry it asks does not have it (a mirror that holds only one
platform, say), and `npm ci` then refuses that very lock, on every platform. The version is exact in the parent's own
manifest, whose hash is locked, so it can be entered; its hash is unknown there and stays open until the lock is made
against a registry that has it. Addresses are dropped, so that every machine asks the registry it is configured for.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

NPM_NAME = {"amd64": "x64", "x64": "x64", "arm64": "arm64"}  # as in a package's name → as in process.arch
SYSTEMS = ("darwin", "linux", "win32")


def platform_of(package: str) -> dict[str, Any]:
    """Read os, cpu and libc off a platform package's name, such as `@foundry-rs/anvil-linux-arm64`."""
    words = re.split(r"[-/]", package)
    system = [word for word in words if word in SYSTEMS]
    cpu = [NPM_NAME[word] for word in words if word in NPM_NAME]
    if len(system) != 1 or len(cpu) != 1:
        message = f"{package}: not in the registry, and its name does not say its platform; add it to the lock by hand"
        raise SystemExit(message)
    libc = {"gnu": ["glibc"], "musl": ["musl"]}.get(words[-1])
    return {"cpu": cpu, "os": system} | ({"libc": libc} if libc else {})


def complete(lock: dict[str, Any]) -> list[str]:
    """Enter each missing optional package and drop addresses; return the names entered."""
    packages: dict[str, dict[str, Any]] = lock["packages"]
    entered = []
    for path, parent in sorted(packages.items()):
        parent.pop("resolved", None)
        for name, version in parent.get("optionalDependencies", {}).items():
            if f"node_modules/{name}" in packages or f"{path}/node_modules/{name}" in packages:
                continue
            packages[f"node_modules/{name}"] = {"version": version, "dev": True, "optional": True} | platform_of(name)
            entered.append(f"{name}@{version}")
    lock["packages"] = dict(sorted(packages.items()))
    return entered


if __name__ == "__main__":
    file = Path(sys.argv[1])
    contents = json.loads(file.read_text(encoding="utf-8"))
    for entry in complete(contents):
        print(f"no hash for {entry}: the registry asked does not have it")
    file.write_text(json.dumps(contents, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
