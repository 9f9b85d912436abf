import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnauthenticatedError } from '@repo/http';
import type { User } from '@repo/identity-domain';
import { Clock, type UserId } from '@repo/kernel';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { AuthSettings } from './auth-settings.js';

const ALGORITHM = 'HS256';
const ISSUER = 'ocolecionador';
const AUDIENCE = 'ocolecionador-api';
/** Ours have about 450 characters; a longer one is not even looked at. */
const MAX_LENGTH = 4_096;
/** The web client keeps tokens with their provider before them. */
const PROVIDER_PREFIX = /^(google|github|local)_OC_/;

const claims = z.object({ sub: z.uuid(), jti: z.string().min(1), iat: z.int(), exp: z.int() });

/** Makes and reads the tokens that callers carry. */
@Injectable()
export class AccessTokens {
  /** As text it would be tried as a public key first, each time: a millisecond. */
  private readonly key: KeyObject;

  constructor(
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    this.key = createSecretKey(Buffer.from(settings.jwtSecret));
  }

  issue({ id, email, provider, role }: User): string {
    const iat = this.nowS();
    const exp = iat + this.settings.tokenMinutes * 60;
    const payload = { sub: id, email, provider, role, iat, exp, iss: ISSUER, aud: AUDIENCE, jti: randomUUID() };
    return jwt.sign(payload, this.key, { algorithm: ALGORITHM });
  }

  /** Whose token it is. Throws UnauthenticatedError for one that was not made here, or is not valid now. */
  read(text: string): UserId {
    const token = text.replace(PROVIDER_PREFIX, '');
    if (token.length > MAX_LENGTH) {
      throw new UnauthenticatedError();
    }
    try {
      // Only our own algorithm and key: what the token's header proposes is not asked.
      const payload = jwt.verify(token, this.key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTimestamp: this.nowS(),
      });
      return claims.parse(payload).sub as UserId;
    } catch (cause) {
      throw new UnauthenticatedError({ cause });
    }
  }

  private nowS(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }
}
