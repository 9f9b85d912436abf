#!/usr/bin/env python3
"""Trains the compact backbone from nothing: a small MobileNetV2 learns to see what the ImageNet network sees.

Distillation on crops of a few photos and on drawn pictures; targets are the teacher's feature maps of three stages, its
last features and how alike it finds the pictures of a batch. Stops cleanly at a time limit and goes on from its checkpoint.

    python3 tools/backbone/train.py --data ../shared/data --minutes 45 --checkpoint data/backbone-training/student.pt
"""
import argparse
import math
import os
import random as python_random
import threading
import time
from pathlib import Path
from queue import Queue

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from crops import compose, crop, read_photos
from networks import MobileNetV2, fold, open_teacher, write_safetensors
from pictures import draw

#: Photos that may be learned from; the sets that figures are given for (flowers, everyday objects) are not among them.
PHOTOS = ("big-photos/*.jpg", "dates/*/images/*", "trees/*/*.png", "trees/*/*.jpg")
#: One photo in so many is only looked at to choose by.
HELD_OUT_EVERY = 8
SHARE_OF_PHOTOS = 0.5
DRAWN_SIZE = 224


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with backbone/*.safetensors (the teacher) and the photos")
    parser.add_argument("--checkpoint", type=Path, required=True, help="written every few minutes; a run goes on from it")
    parser.add_argument("--minutes", type=float, default=45, help="time limit of this run")
    parser.add_argument("--crops", type=float, default=1e6, help="length of the whole training, over all runs")
    parser.add_argument("--width", type=float, default=0.5, help="the student's alpha")
    parser.add_argument("--size", type=int, default=112, help="pixels a side")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--drawn", type=int, default=20_000, help="drawn pictures")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--feeders", type=int, default=1, help="processes that make crops beside the training; more with a GPU")
    return parser.parse_args()


class Student(nn.Module):
    """The network and, for the training alone, projections of its stages to the teacher's widths."""

    def __init__(self, width):
        super().__init__()
        self.network = MobileNetV2(width)
        self.projections = nn.ModuleList(nn.Conv2d(own, whole, 1) for own, whole in zip(self.network.stage_channels, (32, 96, 320)))

    def forward(self, x):
        *stages, last = self.network(x)
        return [project(stage) for project, stage in zip(self.projections, stages)], last


class Crops(torch.utils.data.IterableDataset):
    """Batches without end; drawn pictures are made when first wanted and kept by each feeder."""

    def __init__(self, photos, args, start):
        self.photos, self.args, self.start = photos, args, start

    def __iter__(self):
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self.args.seed, self.start, worker.id if worker else 0])
        drawn = {}
        while True:
            crops = np.empty((self.args.batch, self.args.size, self.args.size, 3), np.float32)
            for index in range(self.args.batch):
                if random.random() < SHARE_OF_PHOTOS:
                    image = self.photos[random.integers(len(self.photos))]
                else:
                    seed = int(random.integers(self.args.drawn))
                    if seed not in drawn and len(drawn) < 6_000:
                        drawn[seed] = draw(seed, DRAWN_SIZE)
                    image = drawn[seed] if seed in drawn else draw(seed, DRAWN_SIZE)
                crops[index] = crop(random, image, self.args.size)
            yield torch.from_numpy(compose(random, crops).transpose(0, 3, 1, 2).copy())


def batches(photos, args, start, device):
    dataset = Crops(photos, args, start)
    if device.type == "cuda":
        return iter(torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=args.feeders, pin_memory=True, prefetch_factor=4))
    queue = Queue(4)

    def feed():
        for batch in dataset:
            queue.put(batch)

    threading.Thread(target=feed, daemon=True).start()
    return iter(queue.get, None)


def likeness(features):
    """How alike each picture of the batch finds each other, as log-probabilities; raw cosine, as the platform compares."""
    unit = F.normalize(features, dim=1)
    alike = unit @ unit.T / 0.05
    alike = alike - torch.eye(len(unit), device=unit.device) * 1e4
    return F.log_softmax(alike, 1)


class Targets:
    """The teacher's answers, each channel brought to the same scale."""

    def __init__(self, teacher, examples):
        self.teacher = teacher
        with torch.no_grad():
            answers = [teacher(batch) for batch in examples]
            self.means, self.spreads = [], []
            for stage in range(4):
                whole = torch.cat([answer[stage] for answer in answers]).float()
                self.means.append(whole.mean((0, 2, 3), keepdim=True))
                self.spreads.append(whole.std((0, 2, 3), keepdim=True) + 1e-3)
            pooled = torch.cat([answer[3].float().mean((2, 3)) for answer in answers])
            self.pooled_mean, self.pooled_spread = pooled.mean(0), pooled.std(0) + 1e-3

    def loss(self, x, student):
        with torch.no_grad():
            *stages, last = self.teacher(x)
        own_stages, own_last = student(x)
        total = 0
        for stage in range(3):
            total = total + F.smooth_l1_loss(own_stages[stage].float(), (stages[stage].float() - self.means[stage]) / self.spreads[stage])
        own_last, last = own_last.float(), last.float()
        total = total + 0.5 * F.mse_loss(own_last / self.spreads[3], last / self.spreads[3])
        own, whole = own_last.mean((2, 3)), last.mean((2, 3))
        total = total + F.mse_loss((own - self.pooled_mean) / self.pooled_spread, (whole - self.pooled_mean) / self.pooled_spread)
        total = total + 2 * (1 - F.cosine_similarity(own, whole)).mean()
        return total + 0.5 * F.kl_div(likeness(own), likeness(whole), log_target=True, reduction="batchmean")


def agreement(network, teacher, held_out, device):
    """Mean cosine between student and teacher, and how often their nearest picture is the same, on pictures never trained on."""
    network.eval()
    with torch.no_grad():
        own, whole = (torch.cat([net(held_out[i : i + 32].to(device))[3].float().mean((2, 3)) for i in range(0, len(held_out), 32)]) for net in (network, teacher))
        own, whole = F.normalize(own, dim=1), F.normalize(whole, dim=1)
        nearest = [(unit @ unit.T - 2 * torch.eye(len(unit), device=unit.device)).argmax(1) for unit in (own, whole)]
    network.train()
    return (own * whole).sum(1).mean().item(), (nearest[0] == nearest[1]).float().mean().item()


def save(path, **state):
    """Whole or not at all: a run may be stopped at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def main():
    args = options()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    python_random.seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    paths = sorted(path for pattern in PHOTOS for path in args.data.glob(pattern))
    photos = read_photos([path for index, path in enumerate(paths) if index % HELD_OUT_EVERY])
    looked_at = read_photos([path for index, path in enumerate(paths) if index % HELD_OUT_EVERY == 0])
    random = np.random.default_rng(args.seed)
    held_out = np.stack([crop(random, image, args.size) for image in looked_at + [draw(-seed % 2**31, DRAWN_SIZE) for seed in range(1, 101)] for _ in range(3)])
    held_out = torch.from_numpy(held_out.transpose(0, 3, 1, 2).copy())

    student = Student(args.width).to(device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(student.network, avg_fn=lambda mean, new, _: mean + (new - mean) * 0.002, use_buffers=True)
    optimiser = torch.optim.AdamW(student.parameters(), lr=args.rate, weight_decay=1e-4)
    seen, spent = 0, 0.0
    if args.checkpoint.exists():
        state = torch.load(args.checkpoint, map_location=device)
        student.load_state_dict(state["student"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        seen, spent = state["seen"], state["minutes"]
    teacher = open_teacher(next(args.data.glob("backbone/*.safetensors"))).to(device, memory_format=torch.channels_last)
    if device.type == "cpu":
        with torch.no_grad():
            teacher = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(teacher, torch.zeros(args.batch, 3, args.size, args.size))))
    source = batches(photos, args, seen, device)
    targets = Targets(teacher, [next(source).to(device) for _ in range(8)])
    print(f"{len(photos)} photos, {args.drawn} drawn pictures, {sum(p.numel() for p in student.network.parameters()):,} parameters, {device}, from crop {seen:,}", flush=True)

    started = told = time.monotonic()
    running = None

    def checkpoint():
        minutes = spent + (time.monotonic() - started) / 60
        save(args.checkpoint, student=student.state_dict(), average=average.state_dict(), optimiser=optimiser.state_dict(), seen=seen, minutes=minutes, width=args.width, size=args.size, seed=args.seed)
        write_safetensors(args.checkpoint.with_suffix(".safetensors"), fold(average.module), {"width": str(args.width), "size": str(args.size), "crops": str(seen)})

    while seen < args.crops and (time.monotonic() - started) / 60 < args.minutes:
        progress = seen / args.crops
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, seen / 8_000) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-5
        x = next(source).to(device, memory_format=torch.channels_last, non_blocking=True)
        with torch.autocast("cuda", enabled=device.type == "cuda"):
            loss = targets.loss(x, student)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5)
        optimiser.step()
        average.update_parameters(student.network)
        seen += len(x)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if time.monotonic() - told > 180:
            told = time.monotonic()
            cosine, same = agreement(average.module, teacher, held_out, device)
            print(f"{(told - started) / 60:6.1f} min  {seen:9,} crops  loss {running:.3f}  held out: cosine {cosine:.3f}, same nearest {same:.3f}", flush=True)
            checkpoint()
    checkpoint()
    print(f"stopped after {seen:,} of {args.crops:,.0f} crops", flush=True)


if __name__ == "__main__":
    main()
