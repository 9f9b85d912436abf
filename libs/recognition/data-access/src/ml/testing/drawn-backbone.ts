import { assembleMobileNetV2 } from '../mobilenet-v2.js';
import { NetworkBackbone } from '../network-backbone.js';
import { drawMobileNetV2 } from './draw-mobilenet-v2.js';

/** A small backbone of random weights, where a test needs any. */
export function drawnBackbone(): NetworkBackbone {
  const network = assembleMobileNetV2(drawMobileNetV2(0.35, 96));
  const { inputSize, dimensions } = network;
  return new NetworkBackbone({ id: `drawn-${inputSize}`, origin: 'shipped', dimensions, inputSize }, network);
}
