import { Body, Controller, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type RunStopAnswer,
  runStopAnswerSchema,
  type RunStopRequest,
  runStopRequestSchema,
} from '@muster/contracts/kinds/run-stop.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { RunStops } from './run-stops.service.js';

/** The REST door of stops. */
@ApiTags('Run')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/runs')
export class RunStopController {
  constructor(@Inject(RunStops) private readonly stops: RunStops) {}

  @Post('-/stop')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'stopRuns',
    summary: 'Ends a run, all runs of a device or those of a deleted deployment behind their steps at hand',
  })
  @ApiResponse({ status: 200, standardSchema: runStopAnswerSchema })
  async stop(
    @Body({ schema: runStopRequestSchema }) body: RunStopRequest,
    @Query({ schema: writeQuerySchema }) { dryRun = false }: z.infer<typeof writeQuerySchema>,
    @Req() request: FastifyRequest,
  ): Promise<RunStopAnswer> {
    return this.stops.stop(body, { actor: actorName(principalOf(request)), dryRun });
  }
}
