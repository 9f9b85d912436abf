"""Training crops: strongly changed pieces of a few photos and of drawn pictures (Asano and Saeed, "The Augmented Image Prior", 2023)."""
import math

import cv2
import numpy as np


def read_photos(paths, longest=1400):
    """RGB, uint8, shrunk so that the longest side is at most `longest` pixels."""
    photos = []
    for path in paths:
        image = cv2.imread(str(path))
        if image is None:
            continue
        scale = longest / max(image.shape[:2])
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        photos.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return photos


def crop(random, image, size):
    """A piece of 1 to 100 % of the area, turned, mirrored, recoloured; size x size x 3, float32, -1 to 1."""
    height, width = image.shape[:2]
    area = math.exp(random.uniform(math.log(0.01), 0)) * height * width
    shape = math.exp(random.uniform(math.log(0.6), math.log(1.67)))
    w, h = (min(side, max(32, int(length))) for side, length in ((width, math.sqrt(area * shape)), (height, math.sqrt(area / shape))))
    x, y = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
    piece = image[y : y + h, x : x + w]
    if random.random() < 0.3:
        turned = cv2.getRotationMatrix2D((w / 2, h / 2), random.uniform(-45, 45), 1.3)
        piece = cv2.warpAffine(piece, turned, (w, h), borderMode=cv2.BORDER_REFLECT)
    piece = cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA if w > size else cv2.INTER_LINEAR)
    if random.random() < 0.5:
        piece = piece[:, ::-1]
    piece = piece.astype(np.float32) / 127.5 - 1
    if random.random() < 0.8:
        piece = piece * random.uniform(0.6, 1.4) + random.uniform(-0.3, 0.3)
        piece = piece * random.uniform(0.8, 1.2, 3).astype(np.float32) + random.uniform(-0.1, 0.1, 3).astype(np.float32)
    if random.random() < 0.15:
        piece = piece[..., random.permutation(3)]
    if random.random() < 0.08:
        piece = np.repeat(piece.mean(2, keepdims=True), 3, 2)
    return np.clip(piece, -1, 1)


def compose(random, crops):
    """Half of the batch gets a piece of another crop pasted in, a quarter is mixed with another one (in place)."""
    count, size = len(crops), crops.shape[1]
    for index, other in enumerate(random.permutation(count)):
        chance = random.random()
        if chance < 0.45:
            side = int(size * random.uniform(0.3, 0.8))
            y, x = random.integers(0, size - side + 1, 2)
            patch = cv2.resize(crops[other], (side, side), interpolation=cv2.INTER_AREA)
            mask = np.ones((side, side), np.float32)
            if random.random() < 0.5:
                mask[:] = 0
                cv2.ellipse(mask, (side // 2, side // 2), (side // 2 - 1, int((side // 2 - 1) * random.uniform(0.5, 1))), random.uniform(0, 180), 0, 360, 1, -1)
            place = crops[index, y : y + side, x : x + side]
            crops[index, y : y + side, x : x + side] = patch * mask[..., None] + place * (1 - mask[..., None])
        elif chance < 0.7:
            # Mixed pictures widen what teacher and student must agree on (Beyer et al., "A good teacher is patient and consistent", 2022).
            share = random.uniform(0, 0.5)
            crops[index] = crops[index] * (1 - share) + crops[other] * share
    return crops
