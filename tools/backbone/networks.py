"""MobileNetV2 as Keras builds it, for the teacher (ImageNet's weights) and the student (none yet), and the file format of both."""
import json
import struct

import numpy as np
import torch
from torch import nn

# (expansion, channels, repeats, stride): Sandler et al., "MobileNetV2", table 2.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
FEATURES = 1280


def read_safetensors(path):
    """Name -> float32 array. https://github.com/huggingface/safetensors#format"""
    with open(path, "rb") as file:
        data = file.read()
    header_length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + header_length])
    types = {"F32": "<f4", "F16": "<f2"}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + header_length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"]).astype(np.float32)
    return tensors


def write_safetensors(path, tensors, metadata):
    """Float16 and in the order given; `metadata` is text -> text."""
    header, offset = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(array.shape), "data_offsets": [offset, offset + array.size * 2]}
        offset += array.size * 2
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array, "<f2").tobytes())


def same_padding(kernel, stride):
    """TensorFlow's "SAME" for even inputs: at stride 2 the extra pixel is at the bottom and right."""
    if kernel == 1:
        return nn.Identity()
    return nn.ZeroPad2d((0, 1, 0, 1) if stride == 2 else 1)


class Unit(nn.Module):
    """Convolution, normalisation, ReLU6. `name` is the layer's in Keras."""

    def __init__(self, name, inputs, outputs, kernel=1, stride=1, depthwise=False, active=True, normalised=True):
        super().__init__()
        self.name, self.depthwise = name, depthwise
        self.pad = same_padding(kernel, stride)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=inputs if depthwise else 1, bias=not normalised)
        self.norm = nn.BatchNorm2d(outputs) if normalised else nn.Identity()
        self.act = nn.ReLU6(inplace=True) if active else nn.Identity()

    def forward(self, x):
        return self.act(self.norm(self.conv(self.pad(x))))

    def load_folded(self, tensors):
        kernel = torch.from_numpy(tensors[f"{self.name}/{'depthwise_kernel' if self.depthwise else 'kernel'}"])
        self.conv.weight.data = kernel.permute(2, 3, 0, 1).contiguous() if self.depthwise else kernel.permute(3, 2, 0, 1).contiguous()
        self.conv.bias.data = torch.from_numpy(tensors[f"{self.name}/bias"])

    def folded(self):
        """Kernel (Keras's layout) and bias with the normalisation folded in, under Keras's names."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        kernel = (self.conv.weight * scale[:, None, None, None]).detach()
        bias = (self.norm.bias - self.norm.running_mean * scale).detach()
        name = f"{self.name}/{'depthwise_kernel' if self.depthwise else 'kernel'}"
        layout = (2, 3, 0, 1) if self.depthwise else (2, 3, 1, 0)
        return {name: kernel.permute(*layout).cpu().numpy(), f"{self.name}/bias": bias.cpu().numpy()}


class Block(nn.Module):
    """Inverted residual: expand, depthwise, project."""

    def __init__(self, name, inputs, outputs, stride, expansion, normalised):
        super().__init__()
        hidden = inputs * expansion
        expand = [Unit(f"{name}_expand", inputs, hidden, normalised=normalised)] if expansion > 1 else []
        depthwise = Unit(f"{name}_depthwise", hidden, hidden, 3, stride, depthwise=True, normalised=normalised)
        project = Unit(f"{name}_project", hidden, outputs, active=False, normalised=normalised)
        self.units = nn.Sequential(*expand, depthwise, project)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.units(x) if self.is_residual else self.units(x)


class MobileNetV2(nn.Module):
    """MobileNetV2 1.0 without its top, in eight stages; answers the feature map after each, the last of 1,280 channels."""

    def __init__(self, normalised=True):
        super().__init__()
        inputs, number, stages = 32, 0, []
        for expansion, outputs, repeats, stride in STAGES:
            blocks = []
            for repeat in range(repeats):
                name = f"block_{number}" if number > 0 else "expanded_conv"
                blocks.append(Block(name, inputs, outputs, stride if repeat == 0 else 1, expansion, normalised))
                inputs, number = outputs, number + 1
            stages.append(nn.Sequential(*blocks))
        stages[0].insert(0, Unit("Conv1", 3, 32, 3, 2, normalised=normalised))
        stages.append(Unit("Conv_1", inputs, FEATURES, normalised=normalised))
        self.stages = nn.ModuleList(stages)

    def forward(self, x, taught=None):
        """With `taught`, another network's answers, each stage sees those instead of what the stage before it made."""
        answers = []
        for index, stage in enumerate(self.stages):
            answers.append(stage(x))
            x = taught[index] if taught else answers[-1]
        return answers

    def units(self):
        return [module for module in self.modules() if isinstance(module, Unit)]


def open_teacher(path):
    """The network in a safetensors file with Keras's layer names, its normalisation folded already."""
    teacher = MobileNetV2(normalised=False)
    tensors = read_safetensors(path)
    for unit in teacher.units():
        unit.load_folded(tensors)
    return teacher.eval().requires_grad_(False)


def fold(student):
    """The student's tensors as the platform reads them."""
    return {name: array for unit in student.units() for name, array in unit.folded().items()}
