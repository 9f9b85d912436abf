import { Controller, Get, HttpStatus, Module, Res, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import type { FactoryProvider } from '@nestjs/common';
import type { Response } from 'express';
import { Health, type HealthCheck, type HealthReport } from './health-check.js';
import { OpenToAll } from './open-to-all.js';

@Controller('health')
@OpenToAll()
export class HealthController {
  constructor(private readonly health: Health) {}

  /** Parts and their state, for a person. */
  @Get()
  report(): Promise<HealthReport> {
    return this.health.report();
  }

  /** The process answers; says nothing of the parts it needs, so that nobody restarts it for their sake. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when every part that is not optional made its round trip, else 503 naming those that did not. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    const report = await this.health.report();
    response.status(report.status === 'failed' ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.OK);
    return report;
  }
}

export interface HealthModuleOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  /** The parts this service needs, made from what is injected. */
  useFactory: (...parts: never[]) => HealthCheck[] | Promise<HealthCheck[]>;
}

/** `/health`, `/health/live` and `/health/ready`. */
@Module({})
export class HealthModule {
  static forRoot({ imports = [], inject = [], useFactory }: HealthModuleOptions): DynamicModule {
    const health: FactoryProvider = {
      provide: Health,
      inject,
      useFactory: async (...parts: never[]) => new Health(await useFactory(...parts)),
    };
    return { module: HealthModule, imports, controllers: [HealthController], providers: [health] };
  }
}
