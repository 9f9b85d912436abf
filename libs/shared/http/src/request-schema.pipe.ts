import { Injectable, StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { InvalidRequestError } from './http-errors.js';

/** More would be of no use to a person. */
const MAX_DETAILS = 20;

/**
 * Holds what a route takes against the schema it names: `@Body({ schema })`, `@Query({ schema })`.
 * What arrives is the schema's output. Bodies are strict objects: an unknown field is refused
 * rather than dropped, so that a typing error never passes for success.
 */
@Injectable()
export class RequestSchemaPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({
      exceptionFactory: (issues) =>
        new InvalidRequestError(
          issues.slice(0, MAX_DETAILS).map(({ path = [], message }) => ({
            field: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.').slice(0, 100),
            message,
          })),
        ),
    });
  }

  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    if (value === undefined && metadata.type === 'body' && metadata.schema) {
      throw new InvalidRequestError([{ field: '', message: 'A body with Content-Type application/json is expected' }]);
    }
    return super.transform(value, metadata);
  }
}
