import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { PhotoGate } from '@repo/images';
import { Clock, newId, type UserId } from '@repo/kernel';
import { answerClass, ClassificationLog, Classifier, PhotoCatalogue, type Classification, type SimilarItem } from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import { RecognitionSettings } from './recognition-settings.js';
import type { ClassificationAnswer } from './wire.js';

/** From a person's photo to an answer in their own words. */
@Injectable()
export class ClassificationService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ClassificationService.name);
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly gate: PhotoGate,
    private readonly store: ObjectStore,
    private readonly classifier: Classifier,
    private readonly catalogue: PhotoCatalogue,
    private readonly log: ClassificationLog,
    private readonly settings: RecognitionSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws the gate's errors for what is no photo, and ClassifierUnavailableError or
   * ClassifierOverloadedError, in which case the upload is kept for 24 hours.
   */
  async classify(ownerId: UserId, foto: Buffer): Promise<ClassificationAnswer> {
    const photo = await this.gate.acceptForClassification(foto);
    const imagePath = `uploads/${newId()}.${photo.extension}`;
    await Promise.all([this.store.put('temp', imagePath, photo.bytes, photo.contentType), this.log.uploaded(imagePath, this.clock.now())]);

    const [classification, categories] = await Promise.all([this.classifier.classify(imagePath, ownerId), this.catalogue.categories(ownerId)]);
    const answer = answerClass(classification.probabilities, categories, this.settings.confidenceThreshold);
    this.keep(ownerId, imagePath, answer, classification);
    return {
      ...answer,
      alternativas: [...answer.alternativas],
      itemsSemelhantes: await this.describe(ownerId, classification.similar),
      modelVersion: classification.modelVersion ?? null,
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.writing);
  }

  /** After the answer: it is the same without its row, and the person needn't wait for it. */
  private keep(ownerId: UserId, imagePath: string, answer: Pick<ClassificationAnswer, 'classe' | 'confiancaValor' | 'conhecido'>, { modelVersion }: Classification): void {
    const writing = this.log
      .classified({ ownerId, imagePath, classe: answer.classe, confidence: answer.confiancaValor, known: answer.conhecido, modelVersion, at: this.clock.now() })
      .catch((error: unknown) => this.logger.error({ msg: 'a classification was answered, but could not be kept', imagePath, err: error }))
      .finally(() => this.writing.delete(writing));
    this.writing.add(writing);
  }

  /** An item that was deleted a moment ago is left out. */
  private async describe(ownerId: UserId, similar: readonly SimilarItem[]): Promise<ClassificationAnswer['itemsSemelhantes']> {
    const photos = await this.catalogue.named(ownerId, similar.map(({ photoId }) => photoId));
    const found = await Promise.all(
      similar.map(async ({ photoId, distance }) => {
        const photo = photos.find((named) => named.photoId === photoId);
        return photo && { id: photo.itemId, nome: photo.name, categoria: photo.category, foto: await this.store.signedUrl('original', photo.objectKey), distancia: distance };
      }),
    );
    return found.filter((item) => item !== undefined);
  }
}
