"""MobileNetV2 by PyTorch: the forward pass alone, and photos decoded by OpenCV."""
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
import torchvision

cv2.setNumThreads(1)
# Random weights take the same time as learnt ones.
network = torchvision.models.mobilenet_v2().eval().features
fused = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, torch.zeros(1, 3, 224, 224))))
networks = {"eval": network, "fused": fused}


def read_photo(photo):
    # A quarter of the size is the most that is still larger than the network's input.
    image = cv2.imdecode(photo, cv2.IMREAD_REDUCED_COLOR_4)
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = cv2.resize(image[top : top + side, left : left + side], (224, 224), interpolation=cv2.INTER_AREA)
    pixels = square[:, :, ::-1].astype(np.float32) / 127.5 - 1
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None])


def embed(name, images):
    with torch.inference_mode():
        vectors = networks[name](images).mean((2, 3))
        return torch.nn.functional.normalize(vectors)


def forward(request):
    torch.set_num_threads(1)
    images = torch.zeros(request["batch"], 3, 224, 224)
    start = time.perf_counter()
    embed(request["network"], images)
    return start


def photos(request):
    torch.set_num_threads(1)
    photo = np.fromfile(request["photo"], np.uint8)
    start = time.perf_counter()
    with ThreadPoolExecutor(request["threads"]) as pool:
        list(pool.map(lambda _: embed(request["network"], read_photo(photo)), range(request["count"])))
    return start


for line in sys.stdin:
    request = json.loads(line)
    begun = {"forward": forward, "photos": photos}[request["what"]](request)
    print(json.dumps({"ms": (time.perf_counter() - begun) * 1000}), flush=True)
