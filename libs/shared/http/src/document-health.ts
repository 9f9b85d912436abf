import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { HealthController, type HealthReport } from '@repo/observability';
import { z } from 'zod';

const healthReport = z
  .object({
    status: z.enum(['ok', 'degraded', 'failed']).meta({ description: '`degraded` when only parts failed without which most goes on' }),
    parts: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['ok', 'failed']),
        durationMs: z.number(),
        reason: z.string().optional().meta({ description: 'Why it failed' }),
        detail: z.record(z.string(), z.unknown()).optional().meta({ description: 'What a part that works says of itself. The classifier: which backbone it found, and what would be better' }),
      }),
    ),
  })
  .meta({ id: 'Health' }) satisfies z.ZodType<HealthReport>;

const isReport = (status: number, description: string) => ApiResponse({ status, description, standardSchema: healthReport });

/** Here and not on the controller: services without an API of their own have health pages too, and load no OpenAPI. */
export function documentHealth(): void {
  applyDecorators(ApiTags('Health'), ApiSecurity({}))(HealthController);
  document('report', ApiOperation({ summary: 'Every part and its state' }), isReport(200, 'Whatever their state'));
  document('live', ApiOperation({ summary: 'The process answers' }), ApiResponse({ status: 200, description: 'It does', standardSchema: z.object({ status: z.literal('ok') }) }));
  document('ready', ApiOperation({ summary: 'Every needed part made its round trip just now' }), isReport(200, 'They did'), isReport(503, 'One of them did not'));
}

function document(method: keyof HealthController, ...decorators: MethodDecorator[]): void {
  const { prototype } = HealthController;
  applyDecorators(...decorators)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method)!);
}
