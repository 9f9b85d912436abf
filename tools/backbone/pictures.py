"""Pictures made by formulas: what a network can learn shapes, textures and shading from without any photo."""
import math

import cv2
import numpy as np

#: Side of a drawn picture, in pixels.
DRAWN_SIZE = 192


def noise(random, size, power):
    """Noise whose spectrum falls as 1/f^power, three channels, about 0 to 1."""
    frequencies = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequencies[0, 0] = 1 / size
    spectrum = random.standard_normal((3, size, size // 2 + 1, 2)) @ np.array([1, 1j])
    layers = np.fft.irfft2(spectrum / frequencies**power, (size, size))
    layers = (layers - layers.mean((1, 2), keepdims=True)) / (layers.std((1, 2), keepdims=True) + 1e-6)
    mixed = np.tensordot(random.standard_normal((3, 3)) * 0.35, layers, 1) * 0.5 + random.uniform(0.2, 0.8, (3, 1, 1))
    return mixed.transpose(1, 2, 0).astype(np.float32)


def pattern(random, size):
    """A small random network from coordinates to colours (CPPN; Stanley 2007): stripes, waves, marble, rings."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    angle = random.uniform(0, math.pi)
    x, y = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    x, y = x - random.uniform(-0.7, 0.7), y - random.uniform(-0.7, 0.7)
    turns = np.arctan2(y, x) * random.integers(2, 14) if random.random() < 0.35 else x * random.uniform(0, 6)
    inputs = np.stack([x, y, np.hypot(x, y), np.sin(turns), np.cos(turns), np.ones_like(x)], -1)
    hidden = inputs.reshape(-1, 6) * np.float32(random.uniform(1, 6))
    activations = (np.tanh, np.sin, np.abs, lambda v: np.exp(-v * v), lambda v: np.sin(3 * v))
    for _ in range(random.integers(2, 5)):
        weights = random.standard_normal((hidden.shape[1], 16)).astype(np.float32) / math.sqrt(hidden.shape[1]) * random.uniform(1, 2.5)
        hidden = activations[random.integers(len(activations))](hidden @ weights)
    colours = hidden @ (random.standard_normal((16, 3)).astype(np.float32) * 0.4)
    return (0.5 + 0.5 * np.tanh(colours * random.uniform(0.5, 1.5))).reshape(size, size, 3)


def fractal(random, size):
    """An iterated function system (Kataoka et al., FractalDB), drawn as a density and coloured."""
    maps = []
    for _ in range(random.integers(2, 6)):
        u, _, v = np.linalg.svd(random.uniform(-1, 1, (2, 2)))
        maps.append((u @ np.diag(random.uniform(0.2, 0.85, 2)) @ v, random.uniform(-1, 1, 2)))
    points = random.uniform(-1, 1, (3_000, 2))
    density = np.zeros((size, size), np.float32)
    for step in range(40):
        choices = random.integers(len(maps), size=len(points))
        for index, (matrix, shift) in enumerate(maps):
            mine = choices == index
            points[mine] = points[mine] @ matrix.T + shift
        if step == 15:
            low, high = np.percentile(points, 1, 0), np.percentile(points, 99, 0)
        if step > 15:
            at = ((points - low) / (high - low + 1e-6) * (size - 1)).astype(int)
            at = at[((at >= 0) & (at < size)).all(1)]
            np.add.at(density, (at[:, 1], at[:, 0]), 1)
    level = cv2.GaussianBlur(np.log1p(density), (0, 0), 0.8)
    level = (level / (level.max() + 1e-6))[..., None]
    back = noise(random, size, 1.5) if random.random() < 0.5 else random.uniform(0, 1, 3).astype(np.float32)
    return back * (1 - np.minimum(1, level * 2)) + (random.uniform(0, 1, 3) + (random.uniform(-1, 1, 3)) * level) * np.minimum(1, level * 2)


def outline(random, centre, radius):
    """Points around `centre`: a circle, a polygon, a star, a rosette or a blob."""
    count = 96
    turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
    kind = random.integers(5)
    lobes = random.integers(3, 13)
    if kind == 0:
        reach = np.ones(count)
    elif kind == 1:
        sector = 2 * math.pi / lobes
        reach = math.cos(sector / 2) / np.cos(turn % sector - sector / 2)
    elif kind == 2:
        reach = 1 - random.uniform(0.3, 0.7) * np.abs((turn * lobes / math.pi) % 2 - 1)
    elif kind == 3:
        depth = random.uniform(0.3, 0.95)
        reach = 1 - depth + depth * np.abs(np.cos(turn * lobes / 2)) ** random.uniform(0.3, 1.5)
    else:
        reach = 1 + sum(random.uniform(-0.3, 0.3) / k * np.cos(k * turn + random.uniform(0, 6.3)) for k in range(1, 7))
    stretch = random.uniform(0.35, 1)
    tilt = random.uniform(0, 2 * math.pi)
    x, y = radius * reach * np.cos(turn), radius * reach * np.sin(turn) * stretch
    return np.stack([centre[0] + x * math.cos(tilt) - y * math.sin(tilt), centre[1] + x * math.sin(tilt) + y * math.cos(tilt)], 1)


def texture(random, size):
    return pattern(random, size) if random.random() < 0.5 else noise(random, size, random.uniform(0.8, 2.2))


def add_thing(random, picture, centre, radius, filling):
    """A shape with its own texture, domed shading from one lamp, a rim and a shadow."""
    size = len(picture)
    points = outline(random, centre, radius)
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    if random.random() < 0.6:
        shadow = np.roll(cv2.GaussianBlur(mask, (0, 0), max(1, radius * 0.1)), tuple(random.integers(-1 - int(radius * 0.2), 2 + int(radius * 0.2), 2)), (0, 1))
        picture *= 1 - 0.5 * random.random() * shadow[..., None]
    height = cv2.GaussianBlur(mask, (0, 0), max(1, radius * random.uniform(0.1, 0.5)))
    lamp = random.uniform(-1, 1, 2)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * lamp[0] + cv2.Sobel(height, cv2.CV_32F, 0, 1) * lamp[1]
    shading = np.clip(1 + slope * radius * random.uniform(0, 0.25), 0.3, 1.8)[..., None]
    shine = np.maximum(0, shading - 1.25) * random.uniform(0, 1.5)
    surface = filling * shading + shine
    return picture * (1 - mask[..., None]) + surface * mask[..., None]


def scene(random, size):
    """Things on a background: many small ones (dead leaves; Lee et al. 2001), or a few with parts around a centre."""
    picture = texture(random, size).astype(np.float32).copy()
    if random.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(1, 6))
    fillings = [texture(random, size) if random.random() < 0.6 else np.broadcast_to(random.uniform(0, 1, 3).astype(np.float32), (size, size, 3)) for _ in range(4)]
    if random.random() < 0.4:
        for _ in range(random.integers(10, 60)):
            radius = size * 0.35 / random.uniform(1, 10)
            picture = add_thing(random, picture, random.uniform(0, size, 2), radius, fillings[random.integers(4)])
        return picture
    for _ in range(random.integers(1, 5)):
        centre, radius = random.uniform(0.2, 0.8, 2) * size, size * random.uniform(0.1, 0.4)
        parts = random.integers(1, 14)
        start = random.uniform(0, 6.3)
        for part in range(parts):
            turn = start + part * 2 * math.pi / parts
            at = centre + (0.6 * radius * np.array([math.cos(turn), math.sin(turn)]) if parts > 1 else 0)
            picture = add_thing(random, picture, at, radius * (0.5 if parts > 1 else 1), fillings[0])
        if random.random() < 0.7:
            picture = add_thing(random, picture, centre, radius * random.uniform(0.15, 0.5), fillings[1])
    return picture


def draw(seed, size):
    """One picture, size x size x 3, uint8 RGB; the same for the same seed."""
    random = np.random.default_rng(seed)
    kind = random.random()
    if kind < 0.55:
        picture = scene(random, size)
    elif kind < 0.75:
        picture = pattern(random, size)
    elif kind < 0.85:
        picture = fractal(random, size)
    else:
        picture = noise(random, size, random.uniform(0.6, 2.2))
    return (natural(random, np.clip(picture, 0, 1)) * 255).astype(np.uint8)


def natural(random, picture):
    """Takes most pictures nearer to the colours of photos: paler, of one tint, lighter or darker."""
    if random.random() < 0.75:
        grey = picture.mean(2, keepdims=True)
        picture = grey + (picture - grey) * random.uniform(0.05, 0.8)
        picture = picture * (1 + random.uniform(-0.25, 0.25, 3))
    return np.clip(picture, 0, 1) ** random.uniform(0.6, 1.8)
