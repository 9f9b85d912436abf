import { Logger } from '@nestjs/common';
import { adviseOnBackbone, backboneQuality, type Backbone } from '@repo/recognition-domain';
import { findBackbone, type BackbonePlaces } from '../ml/find-backbone.js';

/** Finds the backbone and says which it is, and how to get a better one. Throws PermanentError. */
export async function openBackbone(places: BackbonePlaces): Promise<Backbone> {
  const logger = new Logger('Backbone');
  const backbone = await findBackbone(places);
  const { info } = backbone;
  const quality = backboneQuality(info);
  const advice = adviseOnBackbone({ id: info.id, quality }, undefined)?.message;
  logger.log({ msg: 'backbone', quality, ...info, advice });
  return backbone;
}
