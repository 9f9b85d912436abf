import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { UserId } from '@repo/kernel';
import type { Request } from 'express';

export type Role = 'user' | 'admin';

/** Who calls, as their account is now and not as it was when the token was made. */
export interface SignedInUser {
  readonly id: UserId;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly provider: string;
}

/** Tells who a bearer token belongs to. */
export abstract class TokenVerifier {
  /** Throws UnauthenticatedError for any token that is not valid now, and TemporaryError when that can't be found out. */
  abstract verify(token: string): Promise<SignedInUser>;
}

/** Who may call a route. Without a mark: everybody who is signed in. */
export type Access = { kind: 'public' } | { kind: 'service' } | { kind: 'roles'; roles: readonly Role[] };

/** shared/observability marks its own pages with the same key. */
export const ACCESS = 'http:access';

/** For everybody, signed in or not. */
export const Public = () => applyDecorators(SetMetadata(ACCESS, { kind: 'public' } satisfies Access), ApiSecurity({}));
/** For the platform's own services, which carry OC_SERVICE_TOKEN. */
export const ServiceOnly = () => SetMetadata(ACCESS, { kind: 'service' } satisfies Access);
/** For users of these roles. */
export const Roles = (...roles: Role[]) => SetMetadata(ACCESS, { kind: 'roles', roles } satisfies Access);

/** A request after the access guard; `user` is absent on public and service routes. */
export type GuardedRequest = Request & { user?: SignedInUser };

/** The SignedInUser of a guarded route. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): SignedInUser => {
  const { user } = context.switchToHttp().getRequest<GuardedRequest>();
  if (!user) {
    throw new Error('CurrentUser is used on a route without a signed-in user');
  }
  return user;
});
