import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Cache } from '@repo/cache';
import { Clock } from '@repo/kernel';
import type { GuardedRequest } from './access.js';
import { HttpSettings } from './http-settings.js';
import { TooManyRequestsError } from './http-errors.js';

const WINDOW_MS = 60_000;

/** Counts calls in windows of one minute that begin with the clock's minutes. */
@Injectable()
export class RateLimit {
  constructor(
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** Throws TooManyRequestsError, saying when the window ends, from the call after `limit` on. */
  async take(what: string, limit: number): Promise<void> {
    const now = this.clock.now().getTime();
    if ((await this.cache.count(`rate:${what}:${Math.floor(now / WINDOW_MS)}`, WINDOW_MS)) > limit) {
      throw new TooManyRequestsError(Math.ceil((WINDOW_MS - (now % WINDOW_MS)) / 1_000));
    }
  }
}

/** Stands behind the access guard: a signed-in user has their own allowance, everybody else shares that of their address. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly rates: RateLimit,
    private readonly settings: HttpSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { user, ip } = context.switchToHttp().getRequest<GuardedRequest>();
    await this.rates.take(user ? `user:${user.id}` : `address:${ip}`, this.settings.requestsPerMinute);
    return true;
  }
}
