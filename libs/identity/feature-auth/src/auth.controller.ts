import { Body, Controller, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, CurrentUser, Public, Refuses, type SignedInUser } from '@repo/http';
import { z } from 'zod';
import { SignInService } from './sign-in.service.js';

const credentials = z.strictObject({
  email: z.string().max(320).meta({ examples: ['admin@ocolecionador.local'] }),
  password: z.string().max(1_000).meta({ examples: ['correct horse battery staple'] }),
});

const account = z
  .object({ id: z.uuid(), name: z.string(), email: z.string(), role: z.enum(['user', 'admin']), provider: z.string() })
  .meta({ id: 'User' });
type Account = z.infer<typeof account>;

const signInAnswer = z.object({ token: z.string().meta({ description: 'Goes into the header Authorization: Bearer …' }), user: account });

@Controller('auth')
@ApiTags('auth')
export class AuthController {
  constructor(private readonly signIns: SignInService) {}

  @Post('login')
  @Public()
  @HttpCode(200)
  @Answers(200, 'A token for the other routes', signInAnswer)
  @Refuses('INVALID_INPUT', 'WRONG_CREDENTIALS', 'TOO_MANY_REQUESTS')
  async login(
    @Body({ schema: credentials }) { email, password }: z.infer<typeof credentials>,
    @Ip() address: string,
  ): Promise<z.infer<typeof signInAnswer>> {
    const { token, user } = await this.signIns.signIn(email, password, address);
    return { token, user: toAccount(user) };
  }

  @Get('me')
  @Answers(200, 'Whose token it is', account)
  me(@CurrentUser() user: SignedInUser): Account {
    return toAccount(user);
  }
}

function toAccount({ id, name, email, role, provider }: Account): Account {
  return { id, name, email, role, provider };
}
