import type { Luma } from './luma.js';

/** Photos are measured at this longest side: the Laplacian's variance depends on the size. Smaller ones as they are. */
export const MEASURED_LONG_SIDE = 640;

export interface QualityMeasures {
  /** Variance of the Laplacian; a blurred photo has little. */
  readonly sharpness: number;
  /** Mean grey level, 0 to 255. */
  readonly brightness: number;
  /** Standard deviation of the grey levels, 0 to 127.5. */
  readonly contrast: number;
}

export type QualityFault = 'blurred' | 'dark' | 'overexposed' | 'flat';

/** How good a photo is: variance of its Laplacian, and mean and deviation from its histogram. */
export function measureQuality(luma: Luma): QualityMeasures {
  return { sharpness: laplacianVariance(luma), ...histogramMoments(luma) };
}

/**
 * Variance of the Laplacian (kernel 0 1 0, 1 -4 1, 0 1 0) over all pixels but the outermost:
 * LAPV of Pertuz, Puig and Garcia, "Analysis of focus measure operators for shape-from-focus" (2013).
 * 0 for an image without an inside.
 */
export function laplacianVariance({ data, width, height }: Luma): number {
  const count = Math.max(0, width - 2) * Math.max(0, height - 2);
  if (count === 0) {
    return 0;
  }
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1, end = (y + 1) * width - 1; at < end; at++) {
      const curvature = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]! - 4 * data[at]!;
      sum += curvature;
      squares += curvature * curvature;
    }
  }
  const mean = sum / count;
  return squares / count - mean * mean;
}

function histogramMoments({ data }: Luma): { brightness: number; contrast: number } {
  const histogram = new Uint32Array(256);
  for (const grey of data) {
    histogram[grey]!++;
  }
  let sum = 0;
  let squares = 0;
  histogram.forEach((count, grey) => {
    sum += count * grey;
    squares += count * grey * grey;
  });
  const count = Math.max(1, data.length);
  const brightness = sum / count;
  return { brightness, contrast: Math.sqrt(Math.max(0, squares / count - brightness * brightness)) };
}

/**
 * Below these (or above, for the brightest) a photo teaches a model more harm than good.
 * Calibrated at 640 px on 280 real photos (200 flowers, 77 packages, 3 of 12 megapixels), as they are and
 * blurred with a Gaussian of 2, 3, 4 and 6 px. As they are: sharpness 29 to 25,000, brightness 26 to 237,
 * contrast 20 to 99. Blurred: the packages and the large ones have at most 26, 8.6, 5.3 and 3.6; of the
 * flowers, smaller and full of detail, 95 in 100 are below 9.3 once they are 4 px out of focus.
 * The limits stand well clear of every photo as it came: a smooth thing on a plain ground, in focus,
 * measures as low as 12, and to leave out a good photo is worse than to keep a soft one.
 */
export const qualityLimits = {
  minSharpness: 10,
  minBrightness: 20,
  maxBrightness: 242,
  minContrast: 12,
} as const;

/** What is wrong with a photo; an empty list means that it is good enough to learn from. */
export function findQualityFaults({ sharpness, brightness, contrast }: QualityMeasures): QualityFault[] {
  const faults: QualityFault[] = [];
  if (sharpness < qualityLimits.minSharpness) {
    faults.push('blurred');
  }
  if (brightness < qualityLimits.minBrightness) {
    faults.push('dark');
  }
  if (brightness > qualityLimits.maxBrightness) {
    faults.push('overexposed');
  }
  if (contrast < qualityLimits.minContrast) {
    faults.push('flat');
  }
  return faults;
}
