"""A project that has installed the packed client, as somebody's product would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "node_modules"
OF_A_PHONE = ROOT / "tests/react_native/node_modules"
"""What an app in React Native has installed."""
TYPES = {
    "target": "es2022",
    "jsx": "react-jsx",
    "lib": ["es2023", "dom", "dom.iterable"],
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "erasableSyntaxOnly": True,
    "verbatimModuleSyntax": True,
    "skipLibCheck": True,
    "types": [],
}
"""As strict as a project may be. The types of LiveKit's SDK do not pass without `skipLibCheck`."""
WITHOUT_A_PAGE = {"lib": ["es2023"], "skipLibCheck": False}
"""Where there is no DOM, and the types of packages are checked, too."""
ON_A_PHONE = {"lib": ["es2023"], "types": ["react", "react-native"], "customConditions": ["react-native"]}
"""As in the template of React Native: its own globals, and no DOM."""
RESOLUTIONS = {"bundler": "esnext", "nodenext": "nodenext"}
"""How a compiler may look for packages, with the kind of module that goes with it."""


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


def install(folder: Path, packages: Path = PACKAGES, client: Path | None = None) -> Path:
    """The client from its tarball, or a copy of one that is unpacked, beside `packages`. The project has ES modules.

    Gives where the client is.
    """
    (folder / "package.json").write_text('{"type": "module"}')
    place = folder / "node_modules"
    place.mkdir()
    for package in packages.iterdir():
        if package.name not in {"@duologue", ".bin"}:
            (place / package.name).symlink_to(package)
    installed = place / "@duologue/client"
    if client is None:
        _unpack(folder, installed)
    else:
        shutil.copytree(client, installed)
    return installed


def _unpack(folder: Path, into: Path) -> None:
    run(ROOT / "clients/js", "npm", "pack", "--silent", "--pack-destination", str(folder))
    (tarball,) = folder.glob("duologue-client-*.tgz")
    into.parent.mkdir()
    run(into.parent, "tar", "xzf", str(tarball))
    (into.parent / "package").rename(into)


def check_types(folder: Path, files: list[str], resolution: str, **options: object) -> None:
    """Fails with what the compiler says. `options` are of the compiler, such as `outDir` for JavaScript."""
    ours = {"module": RESOLUTIONS[resolution], "moduleResolution": resolution, "noEmit": "outDir" not in options}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TYPES | ours | options, "files": files}))
    run(folder, "tsc", "-p", ".")


def compiled(folder: Path, file: str) -> Path:
    """The JavaScript of one file, as the compiler writes it where there is no DOM; nothing is bundled."""
    check_types(folder, [file], "nodenext", outDir="js", **WITHOUT_A_PAGE)
    return folder / "js" / Path(file).with_suffix(".js")
