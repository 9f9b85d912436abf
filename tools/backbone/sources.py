"""What the backbone learns from: photos and cut-out objects out of Debian's packages of wallpapers, stamps and games.

None of them is shipped; their licences (CC BY-SA, GPL, CC0, public domain) are named in docs/backbone.md. They share no
photo with the sets that figures are given for.
"""
import re
import subprocess
from pathlib import Path

import cv2
import numpy as np

#: Package -> where its pictures lie, below /usr/share or /usr/games. Some 1.1 GB to fetch, once.
PACKAGES = {
    "tuxpaint-stamps-default": "usr/share/tuxpaint/stamps/**/*.png",
    "gcompris-qt-data": "usr/share/gcompris-qt/rcc/*.rcc",
    "scratch": "usr/share/scratch/Media/**/*.*",
    "gnome-backgrounds": "usr/share/backgrounds/gnome/*.*",
    "mate-backgrounds": "usr/share/backgrounds/mate/**/*.*",
    "ukui-wallpapers": "usr/share/backgrounds/*.*",
    "lomiri-wallpapers-16.04": "usr/share/backgrounds/**/*.*",
    "lomiri-wallpapers-20.04": "usr/share/backgrounds/**/*.*",
    "plasma-workspace-wallpapers": "usr/share/wallpapers/*/contents/images/*.*",
    "supertuxkart-data": "usr/share/games/supertuxkart/data/**/*.jpg",
}
LONGEST_PHOTO = 800
LONGEST_CUTOUT = 320
SMALLEST_SIDE = 64
#: A picture is a cut-out when at least this share of it is see-through.
SEE_THROUGH = 0.05


def fetch(folder):
    """Downloads and unpacks the packages that are not in `folder` yet; nothing is installed. Ends the program when one can't be had."""
    for package in PACKAGES:
        place = folder / package
        if place.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        print(f"Fetching {package} …", flush=True)
        done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
        archives = sorted(folder.glob(f"{package}_*.deb"))
        if done.returncode != 0 or not archives:
            raise SystemExit(f"{package} can't be fetched; try `apt-get update` first. {done.stderr.strip()}")
        part = folder / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", archives[-1], part], check=True)
        part.rename(place)
        archives[-1].unlink()


def read_pictures(folder):
    """All pictures of the packages in `folder`: photos (RGB) and cut-outs (RGBA), uint8, in an order that is always the same."""
    photos, cutouts = [], []
    for package, pattern in PACKAGES.items():
        for image in largest_of_each(sorted((folder / package).glob(pattern)), package):
            image = to_rgba(image)
            if image is None or min(image.shape[:2]) < SMALLEST_SIDE:
                continue
            if (image[..., 3] < 16).mean() > SEE_THROUGH:
                rows, columns = np.where(image[..., 3] >= 16)
                if len(rows) > SMALLEST_SIDE**2 / 2:
                    cutouts.append(shrink(image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], LONGEST_CUTOUT))
            else:
                photos.append(shrink(image[..., :3], LONGEST_PHOTO))
    return photos, cutouts


def largest_of_each(paths, package):
    """The pictures in the files; of a wallpaper in many sizes the largest, of Qt's resource files what they contain."""
    if package == "plasma-workspace-wallpapers":
        paths = {path.parents[2]: path for path in sorted(paths, key=lambda path: path.stat().st_size)}.values()
    for path in paths:
        if path.suffix == ".rcc":
            # Pieces of jigsaw puzzles are shapes of no thing.
            yield from [] if path.stem == "paintings" else webp_pictures(path.read_bytes())
        elif path.suffix in (".png", ".jpg", ".jpeg", ".webp") and "Letters" not in path.parts and "alphabets" not in path.parts:
            yield cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def webp_pictures(resources):
    """WebP files inside a resource file that isn't compressed: each begins with its own length (RIFF)."""
    for found in re.finditer(rb"RIFF(....)WEBP", resources, re.S):
        end = found.start() + 8 + int.from_bytes(found.group(1), "little")
        yield cv2.imdecode(np.frombuffer(resources[found.start() : end], np.uint8), cv2.IMREAD_UNCHANGED)


def to_rgba(image):
    if image is None:
        return None
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    conversion = {2: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    return cv2.cvtColor(image, conversion[2 if image.ndim == 2 else image.shape[2]])


def shrink(image, longest):
    scale = longest / max(image.shape[:2])
    return np.ascontiguousarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image)
