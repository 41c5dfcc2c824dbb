"""What is installed in an image: a program of the standard library alone, run inside of it.

Prints one JSON object: the operating system, its packages, the Python packages.
"""

import importlib.metadata
import json
import platform
import subprocess

FIELDS = "${Package}\t${Version}\t${Architecture}\n"


def operating_system() -> dict[str, str]:
    """Name and version of the distribution."""
    release = platform.freedesktop_os_release()
    return {"name": release["ID"], "version": release.get("VERSION_ID", "")}


def system_packages() -> list[dict[str, str]]:
    """Debian's packages."""
    listed = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={FIELDS}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = ("name", "version", "architecture")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in listed.splitlines()]


def python_packages() -> list[dict[str, str]]:
    """Python's packages, with the licence that each states."""
    found = []
    for distribution in importlib.metadata.distributions():
        about = distribution.metadata.json
        licence = str(about.get("license_expression") or about.get("license") or "")
        # Some put the whole text there; a name has one line.
        stated = licence if 0 < len(licence) <= 100 and "\n" not in licence else ""
        found.append(
            {"name": str(about["name"]), "version": distribution.version, "license": stated}
        )
    return sorted(found, key=lambda package: package["name"].lower())


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "system": operating_system(),
                "system_packages": system_packages(),
                "python_packages": python_packages(),
            }
        )
    )
