"""The bill of materials of an image, in CycloneDX: what is installed in it, and the model."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits.card import NETWORK
from digits.errors import DeploymentError
from digits.model import ModelFolder

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

Package = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What ``image_inventory`` found in an image."""

    system: Package
    system_packages: Sequence[Package]
    python_packages: Sequence[Package]


def bill(
    contents: Contents, *, name: str, digest: str, model: ModelFolder, model_version: str
) -> str:
    """The bill of the image ``name`` as JSON, checked against CycloneDX's schema.

    ``digest`` is the image's, ``sha256:…``. Raises DeploymentError if it does not fit the schema.
    """
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    image = _image(name, digest)
    parts = [
        _system(contents.system),
        *(_debian(each, contents.system) for each in contents.system_packages),
        *(_python(each) for each in contents.python_packages),
        _application(),
        _model(model, model_version),
    ]
    bom = Bom(components=parts)
    bom.metadata.component = image
    bom.register_dependency(image, parts)
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise DeploymentError(f"the bill of materials does not fit CycloneDX's schema: {problem}")
    return text + "\n"


def _image(name: str, digest: str) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    repository, _, tag = name.rpartition(":")
    return Component(
        type=ComponentType.CONTAINER,
        bom_ref="image",
        name=repository,
        version=tag,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))],
    )


def _system(system: Package) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.OPERATING_SYSTEM,
        bom_ref="system",
        name=system["name"],
        version=system["version"],
    )


def _debian(package: Package, system: Package) -> Component:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    qualifiers = {
        "arch": package["architecture"],
        "distro": f"{system['name']}-{system['version']}",
    }
    purl = PackageURL("deb", system["name"], package["name"], package["version"], qualifiers)
    return Component(bom_ref=str(purl), name=package["name"], version=package["version"], purl=purl)


def _python(package: Package) -> Component:
    from cyclonedx.factory.license import LicenseFactory
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    purl = PackageURL("pypi", None, package["name"].lower().replace("_", "-"), package["version"])
    stated = package["license"]
    return Component(
        bom_ref=str(purl),
        name=package["name"],
        version=package["version"],
        purl=purl,
        licenses=[LicenseFactory().make_from_string(stated)] if stated else [],
    )


def _application() -> Component:
    from cyclonedx.factory.license import LicenseFactory
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.APPLICATION,
        bom_ref="digits",
        name="digits",
        version=importlib.metadata.version("digits"),
        licenses=[LicenseFactory().make_from_string("MIT")],
    )


def _model(model: ModelFolder, version: str) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        name=model.card.name,
        version=version,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=model.card.files[NETWORK])],
        properties=[Property(name=name, value=value) for name, value in _origin(model)],
    )


def _origin(model: ModelFolder) -> Iterator[tuple[str, str]]:
    yield "digits:folder:sha256", model.sha256
    yield "digits:created", model.card.created
    if model.card.git_revision:
        yield "digits:git_revision", model.card.git_revision
