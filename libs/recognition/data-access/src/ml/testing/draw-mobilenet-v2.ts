import { seededRandom } from '@repo/kernel';
import type { Safetensors, Tensor } from '../safetensors.js';

/** Expansion, channels, repeats: Sandler et al., 2018, table 2. */
const stages = [[6, 24, 2], [6, 32, 3], [6, 64, 4], [6, 96, 3], [6, 160, 3], [6, 320, 1]] as const;

/** Random weights with the names and shapes of MobileNetV2, small enough that no value overflows. */
export function drawMobileNetV2(alpha: number, inputSize: number): Safetensors {
  const random = seededRandom(5);
  const tensors = new Map<string, Tensor>();
  let channels = 3;
  const add = (name: string, shape: number[], spread: number) => {
    const count = shape.reduce((product, side) => product * side, 1);
    tensors.set(name, { shape, data: Float32Array.from({ length: count }, () => (random() - 0.5) * spread) });
  };
  const convolution = (name: string, kernel: number, channelsOut: number) => {
    add(`${name}/kernel`, [kernel, kernel, channels, channelsOut], Math.sqrt(24 / (kernel * kernel * channels)));
    add(`${name}/bias`, [channelsOut], 0.2);
    channels = channelsOut;
  };
  const depthwise = (name: string) => {
    add(`${name}/depthwise_kernel`, [3, 3, channels, 1], 1.6);
    add(`${name}/bias`, [channels], 0.2);
  };

  convolution('Conv1', 3, width(32, alpha));
  depthwise('expanded_conv_depthwise');
  convolution('expanded_conv_project', 1, width(16, alpha));
  let block = 1;
  for (const [expansion, stageChannels, repeats] of stages) {
    for (let i = 0; i < repeats; i += 1, block += 1) {
      convolution(`block_${block}_expand`, 1, channels * expansion);
      depthwise(`block_${block}_depthwise`);
      convolution(`block_${block}_project`, 1, width(stageChannels, alpha));
    }
  }
  convolution('Conv_1', 1, 1280);
  return { tensors, metadata: { input_size: String(inputSize), alpha: String(alpha) } };
}

/** A multiple of 8, at most a tenth below what alpha asks for (keras, mobilenet_v2.py, `_make_divisible`). */
function width(channels: number, alpha: number): number {
  const wanted = channels * alpha;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}
