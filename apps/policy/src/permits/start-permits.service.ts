import { Inject, Injectable } from '@nestjs/common';
import type { PermitRequest, PermitResponse } from '@muster/contracts/agent/permits.js';
import { askPermit } from '@muster/contracts/requests/ask-permit.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { PermitRepository } from './permit.repository.js';

/** Asks the deployment service on behalf of a device, for what it is told to run and nothing else. */
@Injectable()
export class StartPermits {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(PermitRepository) private readonly repository: PermitRepository,
  ) {}

  /** @throws MusterError `policy.not-told` (conflict), `bus.no-answer` (unavailable): then nobody starts */
  async ask(deviceUid: string, request: PermitRequest): Promise<PermitResponse> {
    const { deploymentUid, body } = request;
    if (!(await this.repository.isTold(this.database, deviceUid, deploymentUid, body))) {
      throw new MusterError(
        'conflict',
        'policy.not-told',
        `This device is not told to run ${body} for deployment ${deploymentUid}. Ask for policy again`,
      );
    }
    return this.bus.request(askPermit, { ...request, deviceUid });
  }
}
