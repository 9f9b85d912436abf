import { rulesFor, type CategoryRules, type VariantProfile, type VariantSettings } from './category-rules.js';
import { findQualityFaults, type QualityMeasures } from './quality.js';
import { seededRandom, type SeededRandom } from './seeded-random.js';
import { hashParams, type PlannedVariant, type Transform, type Transformation, type VariantFormat } from './variant.js';

export interface PhotoToVary {
  /** Seeds every parameter: the same photo gets the same variants in every run. */
  readonly sha256: string;
  /** The category's name, as its owner wrote it. */
  readonly category: string;
  readonly settings?: VariantSettings | undefined;
  readonly quality: QualityMeasures;
}

export interface VariantPlan {
  /** True: the photo is left out of training unless a person says otherwise, and gets no extras. */
  readonly badQuality: boolean;
  readonly variants: readonly PlannedVariant[];
}

/** Makes one transformation; `random` is its own stream, so that adding a variant changes no other. */
type Draw = (random: SeededRandom, quality: QualityMeasures) => Transformation;

const baseSet: readonly Draw[] = [
  () => ({ transform: 'rotate-90', params: {} }),
  () => ({ transform: 'rotate-180', params: {} }),
  () => ({ transform: 'rotate-270', params: {} }),
  () => ({ transform: 'flip-horizontal', params: {} }),
  () => ({ transform: 'flip-vertical', params: {} }),
  (random) => ({ transform: 'brightness', params: { factor: draw(random, 1.15, 1.45) } }),
  (random, { brightness }) => ({ transform: 'contrast', params: { factor: draw(random, 1.2, 1.5), pivot: Math.round(brightness) } }),
  (random) => ({ transform: 'blur', params: { sigma: draw(random, 1.5, 3) } }),
  // The tiles and limit that OpenCV's documentation uses for photos.
  () => ({ transform: 'clahe', params: { tiles: 8, clipLimit: 2 } }),
];

const extendedSet: readonly Draw[] = [
  (random) => ({ transform: 'central-crop', params: { share: draw(random, 0.7, 0.85) } }),
  (random) => ({ transform: 'saturation', params: { factor: either(random, draw(random, 0.5, 0.75), draw(random, 1.3, 1.7)) } }),
  (random) => ({ transform: 'hue', params: { degrees: either(random, draw(random, -20, -8), draw(random, 8, 20)) } }),
];

const profileSets: Record<VariantProfile, readonly Draw[]> = {
  none: [],
  // All the way round, between the quarter turns of the base set; then from the left, right and above.
  carros: [
    ...[45, 135, 225, 315].map((degrees): Draw => (random) => rotation(degrees + draw(random, -15, 15))),
    (random) => perspective(draw(random, 15, 30), 0),
    (random) => perspective(-draw(random, 15, 30), 0),
    (random) => perspective(draw(random, -8, 8), draw(random, 12, 22)),
  ],
  // A coin lies anyhow under the lens, nearer or farther.
  moedas: [
    ...[-12, -6, 6, 12].map((degrees): Draw => (random) => rotation(degrees + draw(random, -2.5, 2.5))),
    (random) => ({ transform: 'zoom', params: { factor: draw(random, 1.2, 1.5) } }),
    (random) => ({ transform: 'zoom', params: { factor: draw(random, 0.7, 0.85) } }),
  ],
  animais: [(random) => rotation(draw(random, 4, 12)), (random) => rotation(-draw(random, 4, 12)), colourJitter, colourJitter],
  arte: [
    elastic,
    elastic,
    // Warm as under a lamp, cold as in the shade.
    (random) => colourShift(draw(random, 1.04, 1.15), draw(random, 0.82, 0.94)),
    (random) => colourShift(draw(random, 0.82, 0.94), draw(random, 1.04, 1.15)),
  ],
};

/**
 * Which variants to make of a photo: the base set, the extended set where asked for, and the
 * category's own; less those that would turn the thing into another. A photo of low quality
 * gets the base set alone.
 */
export function planVariants(photo: PhotoToVary, format: VariantFormat): VariantPlan {
  const rules = rulesFor(photo.category, photo.settings);
  const badQuality = findQualityFaults(photo.quality).length > 0;
  const sets: Record<string, readonly Draw[]> = {
    base: baseSet,
    extended: rules.extended && !badQuality ? extendedSet : [],
    [rules.profile]: badQuality ? [] : profileSets[rules.profile],
  };
  const variants = Object.entries(sets)
    .flatMap(([set, draws]) => draws.map((drawFrom, index) => drawFrom(seededRandom(`${photo.sha256}/${set}/${index}`), photo.quality)))
    .filter((transformation) => isLabelSafe(transformation, rules))
    .map((transformation) => ({ ...transformation, paramsHash: hashParams(transformation, format) }));
  return { badQuality, variants };
}

const mirrors: ReadonlySet<Transform> = new Set(['flip-horizontal', 'flip-vertical']);
const quarterTurns: ReadonlySet<Transform> = new Set(['rotate-90', 'rotate-180', 'rotate-270']);

function isLabelSafe(transformation: Transformation, { allowMirror, allowQuarterTurns }: CategoryRules): boolean {
  if (mirrors.has(transformation.transform)) {
    return allowMirror;
  }
  if (transformation.transform === 'rotation') {
    // Held askew, it still stands.
    return allowQuarterTurns || Math.abs(transformation.params.degrees) < 30;
  }
  return allowQuarterTurns || !quarterTurns.has(transformation.transform);
}

function rotation(degrees: number): Transformation {
  return { transform: 'rotation', params: { degrees: round(degrees) } };
}

function perspective(yaw: number, pitch: number): Transformation {
  return { transform: 'perspective', params: { yaw, pitch } };
}

function elastic(random: SeededRandom): Transformation {
  return { transform: 'elastic', params: { grid: 6, strength: draw(random, 15, 30), seed: random.nextUint32() } };
}

function colourShift(red: number, blue: number): Transformation {
  return { transform: 'colour-shift', params: { red, green: 1, blue } };
}

function colourJitter(random: SeededRandom): Transformation {
  return {
    transform: 'colour-jitter',
    params: {
      brightness: draw(random, 0.8, 1.2),
      contrast: draw(random, 0.8, 1.2),
      saturation: draw(random, 0.7, 1.3),
      degrees: draw(random, -10, 10),
    },
  };
}

/** Rounded to a thousandth, so that the parameters in the database are the ones that were used. */
function draw(random: SeededRandom, low: number, high: number): number {
  return round(random.between(low, high));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function either(random: SeededRandom, one: number, other: number): number {
  return random.between(0, 1) < 0.5 ? one : other;
}
