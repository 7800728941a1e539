import { Inject, Injectable } from '@nestjs/common';
import type { contentFaultsRequestSchema, contentFaultsResponseSchema } from '@muster/contracts/agent/content.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { Bus } from '@muster/messaging/bus.js';
import type { z } from 'zod';
import { AssignedContent } from './assigned-content.js';

/**
 * Hands a device's reports of bad copies to the content service, of content that is assigned to the device. A report is
 * a hint and never a proof: the copy is read again before anything is done about it.
 */
@Injectable()
export class ContentFaults {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(AssignedContent) private readonly assigned: AssignedContent,
  ) {}

  /** @throws MusterError `bus.no-answer` (unavailable): report again */
  async take(
    deviceUid: string,
    { faults }: z.infer<typeof contentFaultsRequestSchema>,
  ): Promise<z.infer<typeof contentFaultsResponseSchema>> {
    const assigned = await this.assigned.of(
      deviceUid,
      faults.map(({ manifest }) => manifest),
    );
    const known = faults.filter(({ manifest }) => assigned.has(manifest));
    if (known.length === 0) return { accepted: 0 };
    return this.bus.request(checkCopies, { faults: known });
  }
}
