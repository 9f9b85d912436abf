import { Backbone, type BackboneInfo, type Precision, type TrainedHead } from '@repo/recognition-domain';
import { backboneGraph } from './backbone-graph.js';
import { calibrateRanges } from './calibrate-ranges.js';
import { drawCalibrationPhotos } from './calibration-photos.js';
import type { ConvolutionalNetwork } from './convolutional-network.js';
import { quantisedGraph, type ValueRange } from './quantised-graph.js';

/** Drawn pictures give the same ranges as photos: 32 of them, or 8 photos, change no embedding by more than 0.001. */
const calibrationPhotos = 8;

/** A backbone whose weights are at hand. */
export class NetworkBackbone extends Backbone {
  private ranges: Promise<Map<string, ValueRange>> | undefined;

  constructor(
    readonly info: BackboneInfo,
    readonly network: ConvolutionalNetwork,
  ) {
    super();
  }

  async onnx(precision: Precision = 'fp32'): Promise<Buffer> {
    return this.graph(precision);
  }

  async onnxWithHead(head: TrainedHead, precision: Precision = 'fp32'): Promise<Buffer> {
    return this.graph(precision, head);
  }

  private async graph(precision: Precision, head?: TrainedHead): Promise<Buffer> {
    if (precision === 'fp32') {
      return backboneGraph(this.network, head);
    }
    this.ranges ??= calibrateRanges(this.network, drawCalibrationPhotos(this.network.inputSize, calibrationPhotos));
    return quantisedGraph(this.network, await this.ranges, head);
  }
}
