#!/usr/bin/env python3
"""Trains the compact backbone from nothing: a MobileNetV2 learns to see what the ImageNet network sees, without its photos.

Distillation, stage by stage: first each stage learns alone what the teacher's stage makes of the teacher's own maps, all of
them at once (Wang et al., "Progressive Blockwise Knowledge Distillation", 2018); then the stages are joined and learn to make
up for each other's errors, and that pictures are as alike for them as for the teacher. Stops cleanly at a time limit, goes on
from its checkpoint, and writes weights that the platform reads.

    npm run backbone -- train --teacher FILE
"""
import argparse
import math
import os
import platform
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from crops import Crops
from networks import MobileNetV2, fold, open_teacher, read_safetensors, write_safetensors
from sources import fetch, read_pictures

#: One picture in so many is never learned from, only looked at.
HELD_OUT_EVERY = 8
DRAWN, HELD_OUT_DRAWN = range(2_500), range(1_000_000, 1_000_200)
#: Shares of the training: until when all stages are taught alone, and from when on they are joined.
ALONE, JOINED = 0.3, 0.5
#: Small crops for the stages, as large ones as the platform asks with once they are joined (Touvron et al., "Fixing the
#: train-test resolution discrepancy", 2019).
SMALL_SIDE, LARGE_SIDE = 112, 224
HIGHEST_RATE_TAUGHT, LOWEST_RATE_TAUGHT, HIGHEST_RATE_JOINED = 3e-2, 3e-3, 1e-2
CANDIDATE_SIDES = (96, 112, 128, 160, 192, 224)
TEACHER_SIDE = 224
REPORT_EVERY_S = 300
ATTRIBUTION = "Distilled by OColecionador from MobileNetV2 1.0 224 (ImageNet), Copyright The TensorFlow Authors, Apache-2.0"


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="MobileNetV2 1.0, ImageNet (npm run backbone -- pull)")
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures, checkpoint and weights")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="time limit of this run; the next one goes on")
    parser.add_argument("--crops", type=positive, default=200_000, help="length of the whole training, over all runs")
    parser.add_argument("--batch", type=positive, default=32)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


class Batches(torch.utils.data.IterableDataset):
    """Batches without end; a run that goes on from a checkpoint sees other crops than the one before."""

    def __init__(self, crops, args, seen):
        self.crops, self.args, self.seen = crops, args, seen

    def __iter__(self):
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self.args.seed, self.seen, worker.id if worker else 0])
        seen = self.seen
        while True:
            yield torch.from_numpy(self.crops.batch(random, self.args.batch, side_at(seen / self.args.crops)))
            seen += self.args.batch * (worker.num_workers if worker else 1)


def side_at(progress):
    return SMALL_SIDE if progress < JOINED else LARGE_SIDE


def rate(progress, seen):
    """Two cosines, one for each half of the training, each after a short rise."""
    if progress < JOINED:
        fall = 0.5 + 0.5 * math.cos(math.pi * progress / JOINED)
        return (LOWEST_RATE_TAUGHT + (HIGHEST_RATE_TAUGHT - LOWEST_RATE_TAUGHT) * fall) * min(1, (seen + 1) / 2_000)
    own = (progress - JOINED) / (1 - JOINED)
    return HIGHEST_RATE_JOINED * (0.5 + 0.5 * math.cos(math.pi * own)) * min(1, own * 20) + 1e-5


def is_taught(progress, chance):
    """Whether the stages see the teacher's maps: always at first, then ever less often, at last never."""
    return chance >= (progress - ALONE) / (JOINED - ALONE)


def likeness(features):
    """How alike each picture of the batch finds each other, as log-probabilities; raw cosine, as the platform compares."""
    unit = F.normalize(features, dim=1)
    alike = unit @ unit.T / 0.05
    return F.log_softmax(alike - torch.eye(len(unit), device=unit.device) * 1e4, 1)


class Lesson:
    """What the student is asked for; each channel of each stage counts alike, however large its numbers are."""

    def __init__(self, teacher, examples):
        self.teacher = teacher
        answers = [teacher(batch) for batch in examples]
        self.spreads = [torch.cat(maps).std((0, 2, 3), keepdim=True) + 1e-2 for maps in zip(*answers)]
        self.pooled_spread = torch.cat([maps[-1].mean((2, 3)) for maps in answers]).std(0) + 1e-2

    def loss(self, x, student, taught):
        with torch.no_grad():
            targets = self.teacher(x)
        answers = student(x, targets if taught else None)
        total = sum(((own - target) / spread).square().mean() for own, target, spread in zip(answers, targets, self.spreads))
        own, target = answers[-1].mean((2, 3)), targets[-1].mean((2, 3))
        total = total + ((own - target) / self.pooled_spread).square().mean()
        total = total + 2 * (1 - F.cosine_similarity(own, target)).mean()
        return total + 0.5 * F.kl_div(likeness(own), likeness(target), log_target=True, reduction="batchmean")


def settle(network, batches):
    """Averaged weights need their own means and variances for the normalisation (Izmailov et al., 2018)."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    for batch in batches:
        network(batch)
    network.eval()


def embed(network, pictures, side):
    """Unit vectors, one a picture; the pictures shrunk to `side`."""
    parts = (F.interpolate(part, size=(side, side), mode="area") if side != part.shape[-1] else part for part in pictures.split(32))
    return torch.cat([F.normalize(network(part.contiguous(memory_format=torch.channels_last))[-1].mean((2, 3)), dim=1) for part in parts])


class HeldOut:
    """Pictures that are never learned from, and what the teacher makes of them."""

    def __init__(self, pictures, teacher):
        self.pictures, self.targets = pictures, embed(teacher, pictures, TEACHER_SIDE)

    def agreement(self, network, side):
        """Mean cosine between both networks' answers, and which share of each picture's five nearest is the same."""
        own = embed(network, self.pictures, side)
        nearest = [(unit @ unit.T - 2 * torch.eye(len(unit), device=unit.device)).topk(5).indices for unit in (own, self.targets)]
        shared = (nearest[0][:, :, None] == nearest[1][:, None, :]).any(2).float().mean().item()
        return (own * self.targets).sum(1).mean().item(), shared


class Training:
    """The network that learns, the average of its last steps, and how far they are: what a checkpoint keeps."""

    def __init__(self, args, device):
        self.args, self.device, self.checkpoint = args, device, args.work / "student.pt"
        self.student = MobileNetV2().to(device, memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(self.student, avg_fn=lambda mean, new, _: mean + (new - mean) * 0.01)
        self.optimiser = torch.optim.AdamW(self.student.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4)
        self.seen, self.spent = 0, 0.0
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, map_location=device)
            for name, part in self.parts():
                part.load_state_dict(state[name])
            self.seen, self.spent = state["seen"], state["minutes"]
        self.begun, self.started = self.seen, time.monotonic()

    def parts(self):
        return ("student", self.student), ("average", self.average), ("optimiser", self.optimiser)

    @property
    def progress(self):
        return self.seen / self.args.crops

    def pixels(self, seen):
        """What so many crops cost, one as much as another of its size."""
        small = min(seen, JOINED * self.args.crops)
        return small * SMALL_SIDE**2 + (seen - small) * LARGE_SIDE**2

    def minutes_of_run(self):
        return (time.monotonic() - self.started) / 60

    def minutes(self):
        return self.spent + self.minutes_of_run()

    def is_over(self):
        return self.seen >= self.args.crops or self.minutes_of_run() >= self.args.minutes

    def learn(self, x, lesson, taught):
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.progress, self.seen)
        loss = lesson.loss(x, self.student, taught)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 5)
        self.optimiser.step()
        self.average.update_parameters(self.student)
        self.seen += len(x)

    def report(self, held_out):
        side = side_at(self.progress)
        cosine, shared = held_out.agreement(self.average.module, side)
        left = (self.pixels(self.args.crops) - self.pixels(self.seen)) * self.minutes_of_run() / (self.pixels(self.seen) - self.pixels(self.begun))
        print(f"{self.minutes():6.1f} min {self.seen:9,} crops ({100 * self.progress:3.0f} %, about {left:.0f} min left)  held out at {side} px: cosine {cosine:.3f}, nearest five shared {shared:.3f}", flush=True)

    def save(self):
        """Whole or not at all: a run may be stopped at any moment."""
        state = {name: part.state_dict() for name, part in self.parts()}
        unfinished = self.checkpoint.with_suffix(".part")
        torch.save({**state, "seen": self.seen, "minutes": self.minutes()}, unfinished)
        os.replace(unfinished, self.checkpoint)

    def write(self, side):
        """The weights as the platform reads them; answers the file's path."""
        machine = f"{os.cpu_count()} cores, {self.device.type}, torch {torch.__version__}, {platform.machine()}"
        about = {"input_size": side, "licence": "Apache-2.0", "attribution": ATTRIBUTION, "crops": self.seen, "seed": self.args.seed, "minutes": round(self.minutes()), "machine": machine}
        unfinished, file = self.args.work / "compact.part", self.args.work / "compact.safetensors"
        write_safetensors(unfinished, fold(self.average.module), {key: str(value) for key, value in about.items()})
        os.replace(unfinished, file)
        return file


def kinship(student, teacher_tensors):
    """Of each kind of layer, the mean of |cosine| between a kernel and the teacher's kernel most like it: 1 would be a copy."""
    kinds = {"_expand/": [], "_depthwise/": [], "_project/": [], "Conv": []}
    for name, kernel in fold(student).items():
        if name.endswith("kernel"):
            own, theirs = (torch.from_numpy(np.ascontiguousarray(array)).flatten(2).flatten(0, 1) for array in (kernel, teacher_tensors[name]))
            if "depthwise" not in name:
                own, theirs = (tensor.reshape(-1, kernel.shape[-1]) for tensor in (own, theirs))
            alike = (F.normalize(own.T, dim=1) @ F.normalize(theirs.T, dim=1).T).abs().max(1).values
            next(values for kind, values in kinds.items() if kind in name).append(alike.mean().item())
    return {kind.strip("_/"): [round(value, 2) for value in values] for kind, values in kinds.items()}


def best_side(network, held_out):
    """The input size at which the network agrees best with the teacher, in pixels; prints all."""
    results = {side: held_out.agreement(network, side) for side in CANDIDATE_SIDES}
    for side, (cosine, shared) in results.items():
        print(f"{side:4} px  held out: cosine {cosine:.3f}, nearest five shared {shared:.3f}", flush=True)
    return max(results, key=lambda side: results[side][1])


def main():
    args = options()
    torch.manual_seed(args.seed)
    torch.set_num_threads(os.cpu_count())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    fetch(args.work / "pictures")
    photos, cutouts = read_pictures(args.work / "pictures")
    learned = Crops(*([image for index, image in enumerate(images) if index % HELD_OUT_EVERY] for images in (photos, cutouts)), DRAWN)
    kept = Crops(photos[::HELD_OUT_EVERY], cutouts[::HELD_OUT_EVERY], HELD_OUT_DRAWN)
    random = np.random.default_rng([args.seed, 1])

    def on_device(batch):
        return batch.to(device, memory_format=torch.channels_last, non_blocking=True)

    def examples(count, side):
        return [on_device(torch.from_numpy(learned.batch(random, 48, side))) for _ in range(count)]

    training = Training(args, device)
    teacher = open_teacher(args.teacher).to(device, memory_format=torch.channels_last)
    to_settle = {side: examples(12, side) for side in (SMALL_SIDE, LARGE_SIDE)}
    with torch.no_grad():
        lesson = Lesson(teacher, to_settle[LARGE_SIDE][:6])
        held_out = HeldOut(torch.from_numpy(kept.batch(np.random.default_rng(args.seed), 768, TEACHER_SIDE, mixed=False)).to(device), teacher)
    workers = os.cpu_count() - 1 if device.type == "cuda" else 0
    source = map(on_device, torch.utils.data.DataLoader(Batches(learned, args, training.seen), batch_size=None, num_workers=workers, pin_memory=workers > 0))
    print(f"{len(photos)} photos, {len(cutouts)} cut-outs, {len(DRAWN)} drawn pictures; {device}; from crop {training.seen:,} of {args.crops:,}", flush=True)

    told = time.monotonic()
    while not training.is_over():
        training.learn(next(source), lesson, is_taught(training.progress, random.random()))
        if time.monotonic() - told > REPORT_EVERY_S:
            with torch.no_grad():
                settle(training.average.module, to_settle[side_at(training.progress)])
                training.report(held_out)
            training.save()
            told = time.monotonic()
    training.save()
    with torch.no_grad():
        network = training.average.module
        settle(network, examples(24, LARGE_SIDE))
        file = training.write(best_side(network, held_out))
        print(f"kernels like the teacher's: {kinship(network, read_safetensors(args.teacher))}")
    print(f"{training.seen:,} of {args.crops:,} crops: {file}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("\nStopped: the same command goes on from the last checkpoint.")
