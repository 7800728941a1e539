import { Body, Controller, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { enrolmentRequestSchema, enrolmentResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { problemSchema } from '@muster/contracts/problem.js';
import type { z } from 'zod';
import { Enrolments } from './enrolments.service.js';

/** The first thing an agent says. Asks for no other proof than what is in the body. */
@ApiTags('Agent')
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent/enrolments')
export class EnrolmentController {
  constructor(@Inject(Enrolments) private readonly enrolments: Enrolments) {}

  @Post()
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'enrol', summary: 'Makes this computer a device of the site, by a one-time token' })
  @ApiResponse({ status: 201, standardSchema: enrolmentResponseSchema })
  async enrol(
    @Body({ schema: enrolmentRequestSchema }) request: z.infer<typeof enrolmentRequestSchema>,
  ): Promise<z.infer<typeof enrolmentResponseSchema>> {
    return this.enrolments.enrol(request);
  }
}
