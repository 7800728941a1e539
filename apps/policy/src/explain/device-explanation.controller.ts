import { Controller, Get, Header, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { deviceExplanationSchema, type DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';
import { DeviceExplanations } from './device-explanations.service.js';

const querySchema = z.strictObject({
  deployment: nameSchema.optional().describe('Say the fate of each step of this deployment too'),
});

/** What policy means for one device, and why. */
@ApiTags('Explain')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/device-explanations')
export class DeviceExplanationController {
  constructor(@Inject(DeviceExplanations) private readonly explanations: DeviceExplanations) {}

  @Get(':device')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'explainDevice',
    summary: 'Says what is deployed to a device, which variable wins, and each step’s fate',
  })
  @ApiResponse({ status: 200, standardSchema: deviceExplanationSchema })
  async explain(
    @Param('device', { schema: nameSchema }) device: string,
    @Query({ schema: querySchema }) query: z.infer<typeof querySchema>,
  ): Promise<DeviceExplanation> {
    return this.explanations.explain(device, query.deployment);
  }
}
