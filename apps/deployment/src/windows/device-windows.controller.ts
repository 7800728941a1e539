import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  deviceWindowsSchema,
  type DeviceWindows,
  WINDOWS_COUNT,
  WINDOWS_MINUTES,
} from '@muster/contracts/kinds/device-windows.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';
import { DeviceWindowsService } from './device-windows.service.js';

/** How long a run takes and how many starts are wanted. */
export const windowsQuerySchema = z.strictObject({
  minutes: z.coerce
    .number()
    .int()
    .min(0)
    .max(WINDOWS_MINUTES.most)
    .optional()
    .describe(`What the run may take; 0 is no limit. Default ${WINDOWS_MINUTES.default}`),
  count: z.coerce
    .number()
    .int()
    .min(1)
    .max(WINDOWS_COUNT.most)
    .optional()
    .describe(`How many starts. Default ${WINDOWS_COUNT.default}`),
});

/** The REST door of maintenance windows by device; they are written on collections. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DeviceWindowsController {
  constructor(@Inject(DeviceWindowsService) private readonly windows: DeviceWindowsService) {}

  @Get(':name/windows')
  @ApiOperation({ operationId: 'readDeviceWindows', summary: 'Says when a run may begin on a device, and why' })
  @ApiResponse({ status: 200, standardSchema: deviceWindowsSchema })
  async read(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: windowsQuerySchema }) query: z.infer<typeof windowsQuerySchema>,
  ): Promise<DeviceWindows> {
    const { minutes = WINDOWS_MINUTES.default, count = WINDOWS_COUNT.default } = query;
    return this.windows.tell(name, { minutes, count });
  }
}
