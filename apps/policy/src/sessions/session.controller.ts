import { Body, Controller, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { sessionRequestSchema, sessionResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { problemSchema } from '@muster/contracts/problem.js';
import type { z } from 'zod';
import { Sessions } from './sessions.service.js';

/** Where a device proves its key. Asks for no other proof than the assertion in the body. */
@ApiTags('Agent')
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/sessions')
export class SessionController {
  constructor(@Inject(Sessions) private readonly sessions: Sessions) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'openSession', summary: "Trades a proof of the device's key for an access token" })
  @ApiResponse({ status: 200, standardSchema: sessionResponseSchema })
  async open(
    @Body({ schema: sessionRequestSchema }) request: z.infer<typeof sessionRequestSchema>,
  ): Promise<z.infer<typeof sessionResponseSchema>> {
    return this.sessions.open(request.assertion);
  }
}
