"""Training crops: strongly changed pieces of photos and of drawn pictures (Asano and Saeed, "The Augmented Image Prior", 2023),
and cut-out objects pasted on them (Dwibedi et al., "Cut, Paste and Learn", 2017)."""
import math

import cv2
import numpy as np

from pictures import DRAWN_SIZE, draw

SHARE_OF_PHOTOS, SHARE_OF_OBJECTS = 0.45, 0.35


class Crops:
    """Crops without end out of photos (RGB, uint8), cut-outs (RGBA, uint8) and `drawn` drawn pictures; the same for the same seed."""

    def __init__(self, photos, cutouts, drawn):
        self.photos, self.cutouts = photos, cutouts
        self.drawn = [draw(seed, DRAWN_SIZE) for seed in drawn]

    def batch(self, random, count, size, mixed=True):
        """count x 3 x size x size, float32, -1 to 1."""
        crops = np.stack([self.one(random, size) for _ in range(count)])
        if mixed:
            mix(random, crops)
        return crops.transpose(0, 3, 1, 2)

    def one(self, random, size):
        kind = random.random()
        if kind < SHARE_OF_PHOTOS:
            return piece_of(random, pick(random, self.photos), size)
        if kind < SHARE_OF_PHOTOS + SHARE_OF_OBJECTS:
            return self.objects(random, size)
        return piece_of(random, pick(random, self.drawn), size)

    def objects(self, random, size):
        """One to three things on a photo, a drawn picture or a plain ground."""
        ground = random.random()
        if ground < 0.75:
            picture = piece_of(random, pick(random, self.photos if ground < 0.5 else self.drawn), size)
        else:
            picture = plain(random, size)
        for _ in range(1 + (random.random() < 0.3) + (random.random() < 0.1)):
            thing = placed(random, pick(random, self.cutouts), size)
            cover = thing[..., 3:] / 255
            colours = recoloured(random, thing[..., :3] / 127.5 - 1)
            picture = picture * (1 - cover) + colours * cover
        return cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.2)) if random.random() < 0.2 else picture


def pick(random, pictures):
    return pictures[random.integers(len(pictures))]


def plain(random, size):
    """One colour, or one that goes over into another."""
    start = random.uniform(-1, 1, 3)
    end = random.uniform(-1, 1, 3) if random.random() < 0.5 else start
    way = np.linspace(0, 1, size).reshape((-1, 1, 1) if random.random() < 0.5 else (1, -1, 1))
    return np.broadcast_to(start * (1 - way) + end * way, (size, size, 3)).astype(np.float32)


def placed(random, cutout, size):
    """The cut-out somewhere in a size x size picture (RGBA, float32), 30 to 150 % of it long, turned, half of the time mirrored."""
    scale = size * math.exp(random.uniform(math.log(0.3), math.log(1.5))) / max(cutout.shape[:2])
    if scale < 0.5:  # else the warp would skip pixels
        cutout = cv2.resize(cutout, None, fx=scale * 1.5, fy=scale * 1.5, interpolation=cv2.INTER_AREA)
        scale = 1 / 1.5
    if random.random() < 0.5:
        cutout = cutout[:, ::-1]
    height, width = cutout.shape[:2]
    turn = random.uniform(-180, 180) if random.random() < 0.15 else random.uniform(-30, 30)
    place = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
    place[:, 2] += size / 2 + random.uniform(-0.3, 0.3, 2) * size - np.array([width / 2, height / 2])
    return cv2.warpAffine(cutout, place, (size, size), flags=cv2.INTER_LINEAR).astype(np.float32)


def piece_of(random, image, size):
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
    piece = recoloured(random, piece.astype(np.float32) / 127.5 - 1)
    if random.random() < 0.15:
        piece = piece[..., random.permutation(3)]
    if random.random() < 0.08:
        piece = np.repeat(piece.mean(2, keepdims=True), 3, 2)
    return piece


def recoloured(random, colours):
    """Lighter or darker, more or less contrast, another tint, in four of five cases."""
    if random.random() < 0.8:
        colours = colours * random.uniform(0.6, 1.4) + random.uniform(-0.3, 0.3)
        colours = colours * random.uniform(0.8, 1.2, 3).astype(np.float32) + random.uniform(-0.1, 0.1, 3).astype(np.float32)
    return np.clip(colours, -1, 1)


def mix(random, crops):
    """Nearly half of the batch gets a piece of another crop pasted in, a quarter is mixed with another one (in place)."""
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
