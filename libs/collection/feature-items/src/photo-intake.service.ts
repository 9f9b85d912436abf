import { Injectable } from '@nestjs/common';
import type { NewPhoto } from '@repo/collection-domain';
import { PhotoGate, type AcceptedPhoto } from '@repo/images';
import { crashPoint, DomainError, TemporaryError, type ItemId, type PhotoId } from '@repo/kernel';
import { ObjectStore } from '@repo/storage';
import { v5 as uuidv5 } from 'uuid';

/** Takes photos from outside to the bucket `original`. */
@Injectable()
export class PhotoIntakeService {
  constructor(
    private readonly gate: PhotoGate,
    private readonly store: ObjectStore,
  ) {}

  /**
   * Checks every photo before it stores the first, then hands them to `keep`, which writes their rows.
   * When that is refused, the objects go again; after any other failure they stay, since the rows may be
   * there, written by this request or an earlier one of the same operation, and the sweeper judges later.
   *
   * @param operationId the same for a repeated request, and so are the photos' ids and keys
   * Throws the gate's errors, TemporaryError, and what `keep` throws.
   */
  async take<T>(itemId: ItemId, operationId: string, photos: readonly Buffer[], keep: (stored: NewPhoto[]) => Promise<T>): Promise<T> {
    const accepted = await Promise.all(photos.map((bytes) => this.gate.accept(bytes)));
    const stored = await Promise.all(accepted.map((photo, index) => this.put(itemId, photoIdOf(operationId, index), photo)));
    try {
      return await keep(stored);
    } catch (error) {
      if (error instanceof DomainError && !(error instanceof TemporaryError)) {
        await Promise.allSettled(stored.map(({ objectKey }) => this.store.remove('original', objectKey)));
      }
      throw error;
    }
  }

  private async put(itemId: ItemId, id: PhotoId, { bytes, contentType, extension, width, height, sha256 }: AcceptedPhoto): Promise<NewPhoto> {
    const objectKey = `item/${itemId}/${id}.${extension}`;
    crashPoint('upload.before-put');
    await this.store.put('original', objectKey, bytes, contentType);
    crashPoint('upload.after-put');
    return { id, objectKey, sha256, bytes: bytes.length, width, height };
  }
}

function photoIdOf(operationId: string, index: number): PhotoId {
  return uuidv5(String(index), operationId) as PhotoId;
}
