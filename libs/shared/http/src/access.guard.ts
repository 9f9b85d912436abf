import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, TokenVerifier, type Access, type GuardedRequest } from './access.js';
import { ForbiddenError, UnauthenticatedError } from './http-errors.js';
import { HttpSettings } from './http-settings.js';

/** Stands before every route: what is not marked needs a signed-in user. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly settings: HttpSettings,
    /** Absent in services that no user calls. */
    @Optional() private readonly tokens?: TokenVerifier,
  ) {}

  /** Throws UnauthenticatedError or ForbiddenError. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
    if (access?.kind === 'public') {
      return true;
    }
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const token = bearerToken(request.headers.authorization);
    if (access?.kind === 'service') {
      return this.isServiceToken(token) || refuse();
    }
    const user = (await this.tokens?.verify(token)) ?? refuse();
    if (access?.kind === 'roles' && !access.roles.includes(user.role)) {
      throw new ForbiddenError();
    }
    request.user = user;
    return true;
  }

  private isServiceToken(token: string): boolean {
    // Digests have one length, so the comparison takes the same time for every wrong token.
    const digest = (text: string) => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(token), digest(this.settings.serviceToken));
  }
}

function bearerToken(header: string | undefined): string {
  const [scheme, token, ...rest] = (header ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && token && rest.length === 0 ? token : refuse();
}

function refuse(): never {
  throw new UnauthenticatedError();
}
