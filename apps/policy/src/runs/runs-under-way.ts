import { Inject, Injectable } from '@nestjs/common';
import { findRunsUnderWay } from '@muster/contracts/requests/find-runs-under-way.js';
import { Bus } from '@muster/messaging/bus.js';

const ASKED_AT_ONCE = 1_000;

/** Runs that have not ended, which the deployment service knows. */
@Injectable()
export class RunsUnderWay {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  /**
   * Of these deployments, deleted or not, those of which runs go on, and since when the first of them does.
   *
   * @param deviceUid only runs of this device
   * @throws MusterError `bus.no-answer` (unavailable)
   */
  async since(deploymentUids: readonly string[], deviceUid?: string): Promise<Map<string, Date>> {
    const found = new Map<string, Date>();
    const asked = [...new Set(deploymentUids)];
    for (let start = 0; start < asked.length; start += ASKED_AT_ONCE) {
      const { items } = await this.bus.request(findRunsUnderWay, {
        deploymentUids: asked.slice(start, start + ASKED_AT_ONCE),
        ...(deviceUid === undefined ? {} : { deviceUid }),
      });
      for (const { deploymentUid, since } of items) found.set(deploymentUid, new Date(since));
    }
    return found;
  }
}
