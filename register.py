"""Put a model folder into a registry as NAME:VERSION, list what is there, move stages.

    uv run register.py                               register models/digits
    uv run register.py --model runs/new --stage candidate --tag epochs=20
    uv run register.py --list
    uv run register.py digits:3 --stage production   move a stage to a registered version
    uv run register.py --to azure …                  the same in a workspace of Azure ML
    uv run register.py --to azure-v1 …               ... by SDK v1, which has no support any more

Prints the registered version, for example digits:3, on stdout and all else on stderr.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from digits.deployment import isolated
from digits.deployment.azure import CACHE
from digits.deployment.azure_command import add_target_options, target
from digits.deployment.azure_v1_notice import notice
from digits.errors import DigitsError
from digits.model import ModelFolder
from digits.registry import azure_client, azure_v1_client
from digits.registry.azure import AzureRegistry
from digits.registry.azure_v1 import AzureV1Registry
from digits.registry.local import LocalRegistry
from digits.registry.protocol import ModelVersion, Registry
from digits.registry.reference import Reference
from digits.registry.table import table
from digits.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    parser = build_parser()
    args = parser.parse_args(argv)
    _check_usage(parser, args)
    logging.basicConfig(level=logging.WARNING, format="register.py: %(message)s")
    try:
        if args.to != "local" and not isolated.is_isolated(args.to):
            isolated.restart(args.to, Path(__file__), argv)
        if args.to == "azure-v1":
            _say(notice("register.py", argv))
        settings = Settings.from_env(registry=args.registry, model_dir=args.model)
        registry = _open(settings, args)
        if args.list:
            _list(registry, args)
        elif args.reference or args.version:
            _move_stage(registry, args)
        else:
            _register(registry, ModelFolder.open(settings.model_dir), args)
    except DigitsError as error:
        print(f"register.py: {error}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """All options, with their help."""
    parser = argparse.ArgumentParser(
        prog="register.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "reference",
        nargs="?",
        metavar="NAME:VERSION",
        help="a registered model (NAME and NAME@STAGE work too) that gets the --stage",
    )
    parser.add_argument(
        "--to",
        choices=["local", "azure", "azure-v1"],
        default="local",
        help="a folder, or a workspace of Azure ML by SDK v2 or v1 (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="model folder to register (default: DIGITS_MODEL_DIR, else models/digits)",
    )
    parser.add_argument("--name", help="name in the registry (default: the one on the card)")
    parser.add_argument("--version", type=_version, metavar="N", help="with --name: NAME:N")
    parser.add_argument("--stage", help="stage the version gets, for example production")
    parser.add_argument(
        "--tag", action="append", default=[], type=_tag, metavar="K=V", help="may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="show all versions (of --name)")
    parser.add_argument("--json", action="store_true", help="print JSON objects, one a line")
    parser.add_argument(
        "--registry",
        type=Path,
        metavar="DIR",
        help="registry folder (default: DIGITS_REGISTRY, else .digits/registry)",
    )
    add_target_options(parser)
    return parser


def _check_usage(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    chosen = args.reference or args.version
    if args.reference and (args.name or args.version):
        parser.error("give NAME:VERSION or --name and --version, not both")
    if args.version and not args.name:
        parser.error("--version N needs --name NAME")
    if chosen and args.list:
        parser.error("--list shows all versions; use --name NAME to show those of one name")
    if chosen and (args.model or args.tag):
        parser.error("a registered version never changes: --model and --tag are for a new one")
    if chosen and not args.stage:
        parser.error("say which --stage the registered version is to have")
    if args.list and (args.model or args.tag or args.stage):
        parser.error("--list registers nothing: leave --model, --tag and --stage out")


def _version(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a version is a whole number from 1, not {text!r}")
    return int(text)


def _tag(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise argparse.ArgumentTypeError(f"a tag is written KEY=VALUE, not {text!r}")
    return key.strip(), value.strip()


def _open(settings: Settings, args: argparse.Namespace) -> Registry:
    if args.to == "azure":
        return AzureRegistry(azure_client.connect(target(args)), cache=CACHE)
    if args.to == "azure-v1":
        return AzureV1Registry(azure_v1_client.connect(target(args)), cache=CACHE)
    return LocalRegistry(settings.registry)


def _list(registry: Registry, args: argparse.Namespace) -> None:
    versions = registry.versions(args.name)
    if args.json:
        for version in versions:
            print(json.dumps(version.to_dict()))
    elif versions:
        print(table(versions))
    else:
        _say(f"nothing is registered in {registry.where} yet")


def _move_stage(registry: Registry, args: argparse.Namespace) -> None:
    reference = args.reference or f"{args.name}:{args.version}"
    name = Reference.parse(reference).name
    before = [held.reference for held in registry.versions(name) if args.stage in held.stages]
    version = registry.promote(reference, stage=args.stage)
    _say(f"{args.stage}: {before[0] if before else 'nobody'} -> {version.reference}")
    _print(version, args)


def _register(registry: Registry, folder: ModelFolder, args: argparse.Namespace) -> None:
    name = args.name or folder.card.name
    same = [held.reference for held in registry.versions(name) if held.sha256 == folder.sha256]
    version = registry.register(folder, name=name, tags=dict(args.tag), stage=args.stage)
    _say(f"registered {folder.path} as {version.reference} in {registry.where}")
    if same:
        _say(f"note: {', '.join(same)} already had this very content")
    _print(version, args)


def _print(version: ModelVersion, args: argparse.Namespace) -> None:
    print(json.dumps(version.to_dict()) if args.json else version.reference)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
