import { Controller, Get, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '@repo/http';

/** Whoever opens the address in a browser finds the documentation. */
@Controller()
@ApiExcludeController()
export class HomeController {
  @Get()
  @Public()
  @Redirect('/api/docs')
  home(): void {}
}
