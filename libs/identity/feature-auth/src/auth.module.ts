import { Global, Module, type DynamicModule } from '@nestjs/common';
import { MemoryCache } from '@repo/cache/memory';
import { TokenVerifier } from '@repo/http';
import { AccessTokens } from './access-tokens.js';
import { AccountTokenVerifier } from './account-token-verifier.js';
import { AuthController } from './auth.controller.js';
import { AuthSettings } from './auth-settings.js';
import { SignInService } from './sign-in.service.js';

/** Sign-in, and the TokenVerifier that the access guard of every route asks. */
@Global()
@Module({})
export class AuthModule {
  static forRoot(settings: AuthSettings): DynamicModule {
    return {
      module: AuthModule,
      controllers: [AuthController],
      providers: [
        { provide: AuthSettings, useValue: settings },
        AccessTokens,
        SignInService,
        MemoryCache,
        { provide: TokenVerifier, useClass: AccountTokenVerifier },
      ],
      exports: [TokenVerifier],
    };
  }
}
