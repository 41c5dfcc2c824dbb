"""A base image's tag turned into the digest that it means today."""

from __future__ import annotations

from digits.deployment.azure_http import send
from digits.errors import DeploymentError

ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST = "Docker-Content-Digest"


def pinned(image: str) -> str:
    """``HOST/NAME@sha256:…`` for ``HOST/NAME:TAG``, asking the registry, without a credential.

    Raises DeploymentError when it does not say.
    """
    if "@sha256:" in image:
        return image
    host, _, rest = image.partition("/")
    name, _, tag = rest.partition(":")
    url = f"https://{host}/v2/{name}/manifests/{tag or 'latest'}"
    status, headers, _ = send("HEAD", url, headers={"Accept": ", ".join(ACCEPTED)})
    digest = headers.get(DIGEST, "")
    if status != 200 or not digest.startswith("sha256:"):
        raise DeploymentError(
            f"{host} does not tell the digest of {image} (status {status}): give the image with its"
            " digest, --image HOST/NAME@sha256:…"
        )
    return f"{host}/{name}@{digest}"
