import { Body, Controller, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { siteCodeSchema } from '@muster/contracts/hierarchy/site.js';
import { device, type DeviceSpec } from '@muster/contracts/kinds/device.js';
import { devicesBelowQuerySchema, type DevicesBelowQuery } from '@muster/contracts/kinds/device-list.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema, type Resource, type ResourceInput, type ResourceList } from '@muster/contracts/resource.js';
import { MusterError } from '@muster/platform/errors.js';
import { principalOf } from '@muster/service/auth/http-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { etag, ifMatchOf, writeQuerySchema } from '@muster/service/resources/rest.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { DevicesBelow } from './devices-below.service.js';

/** The REST door of devices of other sites. */
@ApiTags('Device')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/devices')
export class DevicesBelowController {
  constructor(@Inject(DevicesBelow) private readonly devices: DevicesBelow) {}

  @Get('-/below')
  @ApiOperation({ operationId: 'listDevicesBelow', summary: 'Lists devices of the sites below this one' })
  @ApiResponse({ status: 200, standardSchema: device.list })
  async list(@Query({ schema: devicesBelowQuerySchema }) query: DevicesBelowQuery): Promise<ResourceList<Resource>> {
    return this.devices.list(query);
  }

  @Get('-/below/:site/:name')
  @ApiOperation({ operationId: 'getDeviceBelow', summary: 'Reads one device of a site below, as that told of it' })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async get(
    @Param('site', { schema: siteCodeSchema }) site: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const found = await this.devices.get(site, name);
    void reply.header('ETag', etag(found));
    return found;
  }

  @Put('-/below/:site/:name')
  @ApiOperation({
    operationId: 'applyDeviceBelow',
    summary: 'Says what is wanted of a device of a site below: labels, description, variables',
  })
  @ApiResponse({ status: 200, standardSchema: device.resource })
  async apply(
    @Param('site', { schema: siteCodeSchema }) site: string,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: device.input }) input: ResourceInput<DeviceSpec>,
    @Query({ schema: writeQuerySchema }) query: z.infer<typeof writeQuerySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    if (input.metadata.name !== name) {
      throw new MusterError(
        'invalid',
        'resource.name-mismatch',
        `The address says "${name}", metadata.name says "${input.metadata.name}". They must be the same`,
      );
    }
    const written = await this.devices.apply(site, input, {
      actor: actorName(principalOf(request)),
      dryRun: query.dryRun ?? false,
      ifMatch: ifMatchOf(request),
    });
    void reply.header('ETag', etag(written));
    return written;
  }
}
