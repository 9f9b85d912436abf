import type { BackboneInfo } from './inference.js';

/** `full`: weights that somebody chose; `compact`: those that come with the platform. */
export type BackboneQuality = 'full' | 'compact';

/** A backbone as anybody may be told of it: nothing of the machine, so no path. */
export interface KnownBackbone extends Pick<BackboneInfo, 'id' | 'origin' | 'inputSize'> {
  readonly quality: BackboneQuality;
}

export interface BackboneAdvice {
  readonly code: 'GET_FULL_BACKBONE' | 'TRAIN_AGAIN';
  readonly message: string;
}

const qualityOf: Record<BackboneInfo['origin'], BackboneQuality> = {
  configured: 'full',
  'data folder': 'full',
  shipped: 'compact',
};

// Services look for the backbone when they start, and a version keeps the one that it was trained on.
const getFull = 'npm run backbone -- pull, or set OC_BACKBONE to a file; then start again and train';

export function backboneQuality({ origin }: Pick<BackboneInfo, 'origin'>): BackboneQuality {
  return qualityOf[origin];
}

export function describeBackbone(info: BackboneInfo): KnownBackbone {
  const { id, origin, inputSize } = info;
  return { id, quality: backboneQuality(info), origin, inputSize };
}

/**
 * What would make recognition better; undefined when nothing of the backbone would.
 *
 * @param found what the next training uses
 * @param trainedOn `BackboneInfo.id` of the version in charge; undefined when there is none, or it isn't known
 */
export function adviseOnBackbone({ id, quality }: Pick<KnownBackbone, 'id' | 'quality'>, trainedOn: string | undefined): BackboneAdvice | undefined {
  if (quality === 'compact') {
    return { code: 'GET_FULL_BACKBONE', message: `The full backbone recognises better than the compact one: ${getFull}` };
  }
  if (trainedOn !== undefined && trainedOn !== id) {
    return { code: 'TRAIN_AGAIN', message: 'The version in charge was trained on another backbone; the next training uses the one found now: npm run train' };
  }
  return undefined;
}
