import { Inject, Injectable } from '@nestjs/common';
import type { contentFaultsRequestSchema, contentFaultsResponseSchema } from '@muster/contracts/agent/content.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import type { z } from 'zod';
import { PolicyRepository } from '../serving/policy.repository.js';

/**
 * Hands a device's reports of bad copies to the content service, of content that is assigned to the device. A report is
 * a hint and never a proof: the copy is read again before anything is done about it.
 */
@Injectable()
export class ContentFaults {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(PolicyRepository) private readonly policies: PolicyRepository,
  ) {}

  /** @throws MusterError `bus.no-answer` (unavailable): report again */
  async take(
    deviceUid: string,
    { faults }: z.infer<typeof contentFaultsRequestSchema>,
  ): Promise<z.infer<typeof contentFaultsResponseSchema>> {
    const assigned = new Set(
      await this.policies.findManifestsOf(
        this.database,
        faults.map(({ manifest }) => manifest),
        deviceUid,
      ),
    );
    const known = faults.filter(({ manifest }) => assigned.has(manifest));
    if (known.length === 0) return { accepted: 0 };
    return this.bus.request(checkCopies, { faults: known });
  }
}
