import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { ErrorCode } from '@repo/kernel';
import { z } from 'zod';
import { errorBody } from './error-answer.js';
import { httpStatus } from './http-status.js';

/** Documents a route's answer. */
export const Answers = (status: number, description: string, schema?: z.ZodType) =>
  ApiResponse({ status, description, ...(schema && { standardSchema: schema }) });

/** Documents the codes with which a route refuses, beside those that every route has. */
export function Refuses(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  const statuses = [...new Set(codes.map((code) => httpStatus[code]))];
  return applyDecorators(
    ...statuses.map((status) => {
      const description = codes.filter((code) => httpStatus[code] === status).join(', ');
      return ApiResponse({ status, description, standardSchema: errorBody });
    }),
  );
}

/** Serves the OpenAPI page at `path` and the document beside it at `${path}-json`; both are made when first asked for. */
export function serveOpenApi(app: INestApplication, path: string, description: string): void {
  const config = new DocumentBuilder()
    .setTitle('OColecionador')
    .setDescription(description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The token of POST /api/auth/login' })
    .addSecurityRequirements('bearer')
    .addGlobalResponse({ status: 401, description: 'UNAUTHENTICATED' }, { status: 429, description: 'TOO_MANY_REQUESTS' })
    .build();
  const document = () => SwaggerModule.createDocument(app, config, { standardSchemaConverter: (schema, { schemaType }) => toOpenApi(schema, schemaType) });
  SwaggerModule.setup(path, app, document, { jsonDocumentUrl: `${path}-json`, customSiteTitle: 'OColecionador API' });
}

function toOpenApi(schema: unknown, io: 'input' | 'output') {
  // Buffers and dates have no JSON schema of their own; their `meta` says what they look like on the wire.
  return schema instanceof z.ZodType ? { schema: z.toJSONSchema(schema, { target: 'openapi-3.0', io, unrepresentable: 'any' }) } : undefined;
}
