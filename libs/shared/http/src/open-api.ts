import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiOperation, ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { ErrorCode } from '@repo/kernel';
import { z } from 'zod';
import { documentHealth } from './document-health.js';
import { errorBody } from './error-answer.js';
import { httpStatus } from './http-status.js';

/** Documents a route's success: `description` says what the route has done. */
export const Answers = (status: number, description: string, schema?: z.ZodType) =>
  applyDecorators(ApiOperation({ summary: description }), ApiResponse({ status, description, ...(schema && { standardSchema: schema }) }));

/** Documents the codes with which a route refuses, beside those that every route has. Several of them on one route add up. */
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
  documentHealth();
  const config = new DocumentBuilder()
    .setTitle('OColecionador')
    .setDescription(description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The token of POST /api/auth/login' })
    .addSecurityRequirements('bearer')
    .addGlobalResponse(everywhere(401, 'UNAUTHENTICATED'), everywhere(429, 'TOO_MANY_REQUESTS'))
    .build();
  const document = () => SwaggerModule.createDocument(app, config, { standardSchemaConverter: (schema, { schemaType }) => toOpenApi(schema, schemaType) });
  SwaggerModule.setup(path, app, document, { jsonDocumentUrl: `${path}-json`, customSiteTitle: 'OColecionador API' });
}

const everywhere = (status: number, code: ErrorCode) => ({
  status,
  description: code,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

/** Schemas with an `id` in their `meta` become components that several routes refer to. */
function toOpenApi(schema: unknown, io: 'input' | 'output') {
  if (!(schema instanceof z.ZodType)) {
    return undefined;
  }
  const { definitions, ...converted } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any', // buffers: their `meta` says what they look like on the wire
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) {
        delete jsonSchema.pattern; // the format says the same, legibly
      }
    },
  });
  return { schema: converted, components: definitions as Record<string, unknown> | undefined };
}
