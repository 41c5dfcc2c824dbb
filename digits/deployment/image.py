"""A registered model becomes a container image that has read a test picture."""

from __future__ import annotations

import json
import logging
import shlex
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from digits.deployment import buildah, image_base, image_inventory, smoke
from digits.deployment.address import Address
from digits.deployment.buildah import Image
from digits.deployment.child import running, wait_until_ready
from digits.deployment.image_sbom import Contents, bill
from digits.deployment.local import GRACE_S, READY_PATIENCE_S
from digits.deployment.plan import MANIFEST, READY_PATH, choose
from digits.deployment.smoke import Sample, first_sample
from digits.errors import DeploymentError
from digits.model import ModelFolder
from digits.registry.protocol import ModelVersion, Registry
from digits.settings import ROOT, Settings

logger = logging.getLogger(__name__)

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
BASE = "ARG BASE="
"""How its line begins that says where it starts from."""

MADE_HERE = "mmdebstrap"
"""Instead of the name of a base image: make one."""


@dataclass(frozen=True, kw_only=True)
class ImageDeployment:
    """One image of one model. Making it chooses and checks the model; nothing is changed."""

    registry: Registry
    folder: ModelFolder
    version: ModelVersion | None
    base: str | None
    """An image's name, MADE_HERE, or None for the Dockerfile's own."""
    repository: str
    tag: str | None
    """None for the model's version."""
    out: Path
    say: Callable[[str], None]
    sample: Sample = field(default_factory=lambda: first_sample(MANIFEST))

    @classmethod
    def choose(
        cls,
        settings: Settings,
        registry: Registry,
        *,
        reference: str | None,
        base: str | None,
        name: str,
        out: Path,
        say: Callable[[str], None],
    ) -> ImageDeployment:
        """``name`` is ``REPOSITORY[:TAG]``; for ``reference``, see `plan.choose`."""
        version, folder = choose(registry, reference, settings.model_dir)
        repository, tag = split(name)
        return cls(
            registry=registry,
            folder=folder,
            version=version,
            base=base,
            repository=repository,
            tag=tag,
            out=out,
            say=say,
        )

    @property
    def name(self) -> str:
        """The image's name and tag."""
        number = str(self.version.version) if self.version else "(next)"
        return f"{self.repository}:{self.tag or number}"

    @property
    def archive(self) -> Path:
        """The file that the image is written to."""
        return self.out / f"{self.name.rpartition('/')[2].replace(':', '-')}.tar"

    @property
    def bill(self) -> Path:
        """The file with its bill of materials."""
        return self.archive.with_suffix(".cdx.json")

    def describe(self) -> str:
        """The plan in lines for people."""
        version = self.version
        model = f"{version.reference if version else self.folder.card.name + ':(next)'}"
        registered = "" if version else " (registered first: this content is not yet)"
        made = shlex.join(image_base.command(Path("base.tar")))
        own = self.base == MADE_HERE
        base = made if own else self.base or default_base()
        return "\n".join(
            (
                f"model       {model}, sha256 {self.folder.sha256[:12]}, from {self.folder.path}"
                f"{registered}",
                f"image       {self.name}",
                f"base        {base}",
                f"builder     {self._builder()}",
                f"build       {shlex.join(self._build_command('…' if own else self.base))}",
                f"smoke test  {self.sample.picture} must read {'/'.join(self.sample.rows)}",
                f"archive     {self.archive}",
                f"materials   {self.bill}",
            )
        )

    def run(self) -> None:
        """Register the model if need be, build, prove, and write archive and bill of materials.

        The image gets its name only once it has read the test picture.
        Raises DeploymentError when a step fails.
        """
        buildah.check()
        if self.base == MADE_HERE:
            image_base.check()
        _registered(self)._make()

    def _builder(self) -> str:
        try:
            if self.base == MADE_HERE:
                image_base.check()
            return buildah.check()
        except DeploymentError as error:
            return f"not here: {error}"

    def _make(self) -> None:
        with tempfile.TemporaryDirectory(prefix="digits-image-") as temporary:
            scratch = Path(temporary)
            image = self._build(scratch)
            try:
                contents = self._prove(image)
            except DeploymentError:
                buildah.remove(image)
                raise
            buildah.tag(image, self.name)
            self.out.mkdir(parents=True, exist_ok=True)
            digest = buildah.archive(self.name, self.archive, scratch)
        text = bill(
            contents,
            name=self.name,
            digest=digest,
            model=self.folder,
            model_version=self._number(),
        )
        self.bill.write_text(text, encoding="utf-8")
        self.say(self._announcement(digest))

    def _build(self, scratch: Path) -> Image:
        if self.base != MADE_HERE:
            return buildah.build(self._build_command(self.base), scratch)
        base = image_base.make(scratch)
        try:
            return buildah.build(self._build_command(base.id), scratch)
        finally:
            buildah.remove(base)  # what the image has of it stays

    def _prove(self, image: Image) -> Contents:
        """Let the image read the test picture, and look at what is installed in it."""
        with buildah.container(image) as name:
            address = Address.claim("127.0.0.1", 0)
            options = ["--host", address.host, "--port", str(address.port), "--workers", "1"]
            # Of the same options the last counts.
            command = buildah.run_command(name, [*image.command, *options])
            with running(command, buildah.environment(), grace_s=GRACE_S) as server:
                path = READY_PATH["own"]
                wait_until_ready(server, address, path, patience_s=READY_PATIENCE_S)
                smoke.check(
                    address, self.sample, version=self._number(), api_key=None, timeout_s=60
                )
            return _contents(name)

    def _build_command(self, base: str | None) -> list[str]:
        arguments = {"MODEL_VERSION": self._number()}
        return buildah.build_command(
            DOCKERFILE,
            ROOT,
            arguments={"BASE": base, **arguments} if base else arguments,
            contexts={"model": self.folder.path},
            secrets=certificates(),
        )

    def _address(self) -> str:
        """Where the image may be pushed to: a name without a registry needs one first."""
        return self.name.replace("localhost/", "REGISTRY/", 1)

    def _number(self) -> str:
        return str(self.version.version) if self.version else "(next)"

    def _announcement(self, digest: str) -> str:
        size = self.archive.stat().st_size / 1e6
        return "\n".join(
            (
                f"{self.name} is built: {digest}",
                f"archive:    {self.archive} ({size:.0f} MB)",
                f"materials:  {self.bill}",
                f"load it:    docker load --input {shlex.quote(str(self.archive))}",
                f"push it:    buildah push {self.name} docker://{self._address()}",
                f"run it:     podman run --read-only --cap-drop=all -p 5001:5001 {self.name}",
            )
        )


def split(name: str) -> tuple[str, str | None]:
    """Repository and tag of an image's name; ``localhost/`` where it names no registry.

    A colon before the last slash belongs to a port.
    """
    path, colon, tag = name.rpartition(":")
    repository, tag = (path, tag) if colon and "/" not in tag else (name, "")
    host, slash, _ = repository.partition("/")
    local = not slash or not ("." in host or ":" in host or host == "localhost")
    return f"localhost/{repository}" if local else repository, tag or None


def default_base() -> str:
    """The image that the Dockerfile starts from where nothing else is said."""
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(BASE)).removeprefix(BASE)


def certificates() -> Mapping[str, Path]:
    """The certificate authorities that this machine trusts, for the build to trust them as well."""
    bundle = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    return {"certificates": Path(bundle)} if Path(bundle).is_file() else {}


def _registered(deployment: ImageDeployment) -> ImageDeployment:
    if deployment.version is not None:
        return deployment
    version = deployment.registry.register(deployment.folder)
    logger.info("registered %s as %s", deployment.folder.path, version.reference)
    return replace(deployment, version=version, folder=ModelFolder.open(version.path))


def _contents(name: str) -> Contents:
    program = Path(image_inventory.__file__).read_text(encoding="utf-8")
    found = json.loads(buildah.output(name, ["python", "-c", program]))
    return Contents(**found)
