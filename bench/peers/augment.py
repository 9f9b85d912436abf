"""The nine base variants with OpenCV, as a Python service would make them: decoded once, transformed and
encoded by a thread pool of 2. Asked {"photo": path, "side": pixels or 0, "checked": bool}, answers
{"ms": wall, "cpuMs": processor time, "variants": 9}; "checked" adds the quality measures and a test
decode of every variant."""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

cv2.setNumThreads(1)  # the pool is what works in parallel
pool = ThreadPoolExecutor(2)
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


def decode(encoded, side):
    """The smallest decode that is still at least `side` long, then to size."""
    height, width = size_of(encoded)
    flag = cv2.IMREAD_COLOR
    for divisor, reduced in ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2)):
        if side and max(width, height) / divisor >= side:
            flag = reduced
            break
    return fit(cv2.imdecode(encoded, flag), side)


def size_of(encoded):
    """Height and width from the JPEG's frame header."""
    data, at = encoded.tobytes(), 2
    while not 0xC0 <= data[at + 1] <= 0xC3:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")


def fit(image, side):
    height, width = image.shape[:2]
    if not side or max(width, height) <= side:
        return image
    scale = side / max(width, height)
    return cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)


def clahe(image):
    luma, *chroma = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb))
    equalised = cv2.createCLAHE(2.0, (8, 8)).apply(luma)
    return cv2.cvtColor(cv2.merge([equalised, *chroma]), cv2.COLOR_YCrCb2BGR)


def transforms(sigma):
    return [
        lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
        lambda image: cv2.rotate(image, cv2.ROTATE_180),
        lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
        lambda image: cv2.flip(image, 1),
        lambda image: cv2.flip(image, 0),
        lambda image: cv2.convertScaleAbs(image, alpha=1.3),
        lambda image: cv2.convertScaleAbs(image, alpha=1.35, beta=-41),
        lambda image: cv2.GaussianBlur(image, (0, 0), sigma),
        clahe,
    ]


def measure(image):
    grey = cv2.cvtColor(fit(image, 640), cv2.COLOR_BGR2GRAY)
    histogram = cv2.calcHist([grey], [0], None, [256], [0, 256])
    return cv2.Laplacian(grey, cv2.CV_64F).var(), histogram.argmax(), grey.std()


def vary(photo, side, checked):
    image = decode(photo, side)
    if checked:
        measure(image)

    def make(transform):
        _, encoded = cv2.imencode(".jpg", transform(image), JPEG)
        if checked and cv2.imdecode(encoded, cv2.IMREAD_REDUCED_COLOR_8) is None:
            raise ValueError("a variant can't be decoded")
        return encoded

    return list(pool.map(make, transforms(0.00225 * max(image.shape))))


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


for line in sys.stdin:
    request = json.loads(line)
    photo = np.fromfile(request["photo"], np.uint8)
    wall, cpu = time.perf_counter(), processor_seconds()
    variants = vary(photo, request["side"], request["checked"])
    answer = {
        "ms": (time.perf_counter() - wall) * 1000,
        "cpuMs": (processor_seconds() - cpu) * 1000,
        "variants": len(variants),
    }
    print(json.dumps(answer), flush=True)
