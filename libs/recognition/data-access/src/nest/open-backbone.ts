import { Logger } from '@nestjs/common';
import type { Backbone } from '@repo/recognition-domain';
import { findBackbone, type BackbonePlaces } from '../ml/find-backbone.js';

/** Finds the backbone and says which it is; loudly when it is none that was trained. Throws PermanentError. */
export async function openBackbone(places: BackbonePlaces): Promise<Backbone> {
  const logger = new Logger('Backbone');
  const backbone = await findBackbone(places);
  logger.log({ msg: 'backbone', ...backbone.info });
  if (backbone.info.origin === 'random') {
    logger.warn({ msg: 'No trained backbone was found: photos are compared by colours and edges alone, and recognised poorly. Set OC_BACKBONE to a file of weights; the README says more' });
  }
  return backbone;
}
