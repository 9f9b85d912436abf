import { applyDecorators, Injectable, SetMetadata, UseInterceptors, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiConsumes } from '@nestjs/swagger';
import { PhotoTooLargeError } from '@repo/images';
import { InvalidInputError } from '@repo/kernel';
import type { Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import type { GuardedRequest } from './access.js';
import { watchPace } from './body-pace.js';
import { ByteBudget } from './byte-budget.js';
import { ContentTypeUnsupportedError, PhotoMissingError, TooManyFilesError } from './http-errors.js';
import { HttpSettings } from './http-settings.js';

export interface PhotoForm {
  /** The field that holds the photos. */
  field: string;
  maxPhotos: number;
}

const PHOTO_FORM = 'http:photo-form';

/** Reads a multipart form: its photos arrive in the body as buffers, in `field`. The body's schema names them with `photoFile`. */
export const TakesPhotos = (form: PhotoForm) =>
  applyDecorators(SetMetadata(PHOTO_FORM, form), UseInterceptors(PhotoFormInterceptor), ApiConsumes('multipart/form-data'));

/** One photo of a form, in its body's schema. */
export const photoFile = z
  .instanceof(Buffer)
  .meta({ type: 'string', format: 'binary', description: 'JPEG, PNG or WebP; at most 20 MB and 50 megapixels unless configured otherwise' });

/** Text beside the photos: names and a description. */
const TEXT_LIMITS = { fields: 20, fieldSize: 50_000, fieldNameSize: 100, fieldNestingDepth: 0 };
/** What all forms that are being worked on may hold together: a dozen photos of the largest size. */
const MEMORY_BUDGET = 256_000_000;
/** Longer than a stalled sender keeps its place. */
const PATIENCE_MS = 30_000;

/** Photos stay in memory, within limits, and are never written down before the gate has seen them. */
@Injectable()
export class PhotoFormInterceptor implements NestInterceptor {
  private readonly memory = new ByteBudget(MEMORY_BUDGET, PATIENCE_MS);

  constructor(
    private readonly reflector: Reflector,
    private readonly settings: HttpSettings,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const form = this.reflector.get<PhotoForm>(PHOTO_FORM, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest>();
    const response = http.getResponse<Response>();
    if (!request.is('multipart/form-data')) {
      throw new ContentTypeUnsupportedError('multipart/form-data', request.get('Content-Type'));
    }
    const giveBack = await this.memory.take(this.expectedBytes(request, form), request.user?.id ?? request.ip ?? '');
    // The buffers live until the answer is out or its reader is gone; `close` comes in both cases.
    response.once('close', giveBack);
    if (request.destroyed) {
      giveBack();
      throw new InvalidInputError('The connection was closed before the form was read');
    }
    await this.read(form, request, response);
    return next.handle();
  }

  private expectedBytes(request: Request, { maxPhotos }: PhotoForm): number {
    const most = (maxPhotos + 1) * this.settings.maxPhotoBytes;
    return Math.min(Number(request.get('Content-Length') ?? most), most);
  }

  private async read(form: PhotoForm, request: Request, response: Response): Promise<void> {
    const { field, maxPhotos } = form;
    const read = multer({
      storage: multer.memoryStorage(),
      limits: { ...TEXT_LIMITS, files: maxPhotos, fileSize: this.settings.maxPhotoBytes, parts: TEXT_LIMITS.fields + maxPhotos + 1 },
    }).array(field, maxPhotos);
    await new Promise<void>((resolve, reject) => {
      const stopWatching = watchPace(request, reject);
      void read(request, response, (error: unknown) => {
        stopWatching();
        if (error) {
          reject(this.translate(error, form));
        } else {
          resolve();
        }
      });
    });
    const photos = (request.files as Express.Multer.File[]).map(({ buffer }) => buffer);
    if (photos.length === 0) {
      throw new PhotoMissingError(field, maxPhotos);
    }
    if (Object.hasOwn(request.body, field)) {
      throw new InvalidInputError(`The field "${field}" holds photos, got text besides`);
    }
    request.body = { ...request.body, [field]: maxPhotos === 1 ? photos[0] : photos };
  }

  private translate(error: unknown, { field, maxPhotos }: PhotoForm): Error {
    const options = { cause: error };
    if (!(error instanceof MulterError)) {
      return new InvalidInputError(`The form can't be read: ${(error as Error).message}`, options);
    }
    if (error.code === 'LIMIT_FILE_SIZE') {
      return new PhotoTooLargeError(this.settings.maxPhotoBytes);
    }
    if (error.code === 'LIMIT_FILE_COUNT') {
      return new TooManyFilesError(field, maxPhotos);
    }
    if (error.code === 'LIMIT_UNEXPECTED_FILE') {
      return new InvalidInputError(`Photos belong in the field "${field}", got a file in "${error.field ?? ''}"`, options);
    }
    return new InvalidInputError(`The form can't be taken: ${error.message}${error.field ? ` (${error.field})` : ''}`, options);
  }
}
