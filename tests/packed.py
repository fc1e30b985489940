"""A project that has installed the packed client, as somebody's product would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "node_modules"
TYPES = {
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
    "lib": ["es2023", "dom", "dom.iterable"],
    "strict": True,
    "skipLibCheck": True,
    "noEmit": True,
    "types": [],
}
"""As in the templates of bundlers, but for `erasableSyntaxOnly`."""


def program(name: str) -> str:
    """One that comes with Node.js, or with one of our packages."""
    local = [place for place in (PACKAGES / ".bin" / name, ROOT / ".venv/bin" / name) if place.exists()]
    found = str(local[0]) if local else shutil.which(name)
    assert found is not None, f"no {name}: `make check` installs it"
    return found


def run(folder: Path, name: str, *arguments: str) -> None:
    """Fails with what it wrote."""
    command = [program(name), *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def install(folder: Path) -> None:
    """The client from its tarball; everything else as it is here."""
    place = folder / "node_modules"
    place.mkdir()
    for package in PACKAGES.iterdir():
        if package.name not in {"@duologue", ".bin"}:
            (place / package.name).symlink_to(package)
    run(ROOT / "clients/js", "npm", "pack", "--silent", "--pack-destination", str(folder))
    (tarball,) = folder.glob("duologue-client-*.tgz")
    (place / "@duologue").mkdir()
    run(place / "@duologue", "tar", "xzf", str(tarball))
    (place / "@duologue/package").rename(place / "@duologue/client")


def check_types(folder: Path, files: list[str]) -> None:
    """Fails with what the compiler says."""
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TYPES, "files": files}))
    run(folder, "tsc", "-p", ".")


def bundle(folder: Path) -> None:
    """What `npx vite build` makes of `index.html`, or of what else a configuration names, into `dist`."""
    run(folder, "vite", "build", "--logLevel", "warn")


def bundle_for_node(folder: Path, file: str) -> Path:
    """One file for Node.js, with the client in it."""
    settings = {"ssr": {"noExternal": True}, "build": {"ssr": file}}
    (folder / "vite.config.mjs").write_text(f"export default {json.dumps(settings)}")
    bundle(folder)
    return folder / "dist" / Path(file).with_suffix(".mjs")
