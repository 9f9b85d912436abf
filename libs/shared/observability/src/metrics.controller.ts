import { Controller, Get, Header, Module, Res } from '@nestjs/common';
import type { Response } from 'express';
import { collectProcessMetrics, renderMetrics } from './metrics.js';
import { OpenToAll } from './open-to-all.js';

/** Keeps its path under a global prefix: `app.setGlobalPrefix('api', { exclude: [metricsPath] })`. */
export const metricsPath = 'metrics';

@Controller(metricsPath)
@OpenToAll()
export class MetricsController {
  constructor() {
    collectProcessMetrics();
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  async page(@Res() response: Response): Promise<void> {
    const { contentType, text } = await renderMetrics();
    response.type(contentType).send(text);
  }
}

/** `/metrics`. */
@Module({ controllers: [MetricsController] })
export class MetricsModule {}
