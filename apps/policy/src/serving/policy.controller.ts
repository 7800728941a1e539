import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ABILITIES_HEADER } from '@muster/contracts/agent/permits.js';
import { policyBodySchema, policyResponseSchema } from '@muster/contracts/agent/policy.js';
import { digestSchema } from '@muster/contracts/digest.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { deviceUidOf } from '../sessions/device-uid.js';
import { parseAbilities } from './abilities.js';
import { bodyHeaders, bodyTag } from './body-headers.js';
import { policyHeaders } from './poll-shortcut.js';
import { Policies } from './policies.service.js';

/** What a device must do now. */
@ApiTags('Agent')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/agent')
export class PolicyController {
  constructor(@Inject(Policies) private readonly policies: Policies) {}

  @Get('policy')
  @ApiOperation({ operationId: 'readPolicy', summary: "This device's policy, signed by the site (compact JWS)" })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of the policy that the device has' })
  @ApiHeader({
    name: ABILITIES_HEADER,
    required: false,
    description:
      'What the agent can do, separated by commas. start-permits: it asks before it starts what is rolled out',
  })
  @ApiResponse({ status: 200, standardSchema: policyResponseSchema })
  @ApiResponse({ status: 304, description: 'It says the same as before' })
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const deviceUid = deviceUidOf(principalOf(request));
    const { tag, policy } = await this.policies.read(
      deviceUid,
      request.headers['if-none-match'],
      parseAbilities(request.headers[ABILITIES_HEADER]),
    );
    void reply.headers(policyHeaders(tag));
    const answer: z.infer<typeof policyResponseSchema> | undefined = policy === undefined ? undefined : { policy };
    await reply.status(answer ? 200 : 304).send(answer);
  }

  @Get('bodies/:digest')
  @ApiOperation({
    operationId: 'readPolicyBody',
    summary: 'The body of an assignment: the digest is of these exact bytes',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: '"DIGEST", of who has these bytes already' })
  @ApiResponse({ status: 200, standardSchema: policyBodySchema })
  @ApiResponse({ status: 304, description: 'It is assigned to this device, and who asks has it' })
  async readBody(
    @Param('digest', { schema: digestSchema }) digest: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const bytes = await this.policies.readBody(deviceUidOf(principalOf(request)), digest);
    void reply.headers(bodyHeaders(digest));
    // A secondary site has the bytes, and asks only whether this device may have them.
    if (request.headers['if-none-match'] === bodyTag(digest)) return void (await reply.status(304).send());
    await reply.header('Content-Type', 'application/json; charset=utf-8').send(bytes);
  }
}
