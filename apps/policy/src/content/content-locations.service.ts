import { Inject, Injectable } from '@nestjs/common';
import type { contentLocationsRequestSchema, contentLocationsResponseSchema } from '@muster/contracts/agent/content.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { MusterError } from '@muster/platform/errors.js';
import type { z } from 'zod';
import { AssignedContent } from './assigned-content.js';

/** Asks the content service on behalf of a device, for what is assigned to it and nothing else. */
@Injectable()
export class ContentLocations {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(AssignedContent) private readonly assigned: AssignedContent,
  ) {}

  /**
   * @param address of the device, as the connection or the trusted edge tells it
   * @throws MusterError `policy.content-not-assigned` (forbidden), `policy.content-gone` (not found),
   *   `bus.no-answer` (unavailable)
   */
  async locate(
    deviceUid: string,
    { manifest, files, reach }: z.infer<typeof contentLocationsRequestSchema>,
    address: string,
  ): Promise<z.infer<typeof contentLocationsResponseSchema>> {
    if (!(await this.assigned.of(deviceUid, [manifest])).has(manifest)) {
      throw new MusterError(
        'forbidden',
        'policy.content-not-assigned',
        `Nothing that is assigned to this device needs the content ${manifest}`,
      );
    }
    const found = await this.bus.request(locateContent, {
      manifest,
      address,
      ...(files === undefined ? {} : { files }),
      ...(reach === undefined ? {} : { reach }),
    });
    if (!found.manifest)
      throw new MusterError(
        'not-found',
        'policy.content-gone',
        `The content ${manifest} is no longer at this site. Ask for policy again`,
      );
    return {
      manifest: found.manifest,
      locations: found.locations,
      ...(found.sources === undefined ? {} : { sources: found.sources }),
      expiresAt: found.expiresAt,
    };
  }
}
