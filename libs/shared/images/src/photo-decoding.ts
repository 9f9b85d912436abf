import sharp from 'sharp';

/** Sets sharp up for a process that decodes strangers' photos one at a time. Holds for the whole process. */
export function preparePhotoDecoding(): void {
  // Only the three loaders that photos need: libvips knows dozens more, each with its own past of holes.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'] });
  // Each picture is seen once, and the machine's other cores have other work.
  sharp.cache(false);
  sharp.concurrency(1);
}
