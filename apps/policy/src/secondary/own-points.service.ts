import {
  contentFaultsRequestSchema,
  contentLocationsRequestSchema,
  contentLocationsResponseSchema,
} from '@muster/contracts/agent/content.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import { Bus } from '@muster/messaging/bus.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { faultsHere, withOwnPoints } from './own-points.js';

/** The device waits for the primary site's answer as well. */
const ANSWER_MILLISECONDS = 2_000;

/** What a secondary site adds of its own to what its primary site allowed: copies of content that are on this side of the link. */
@Injectable()
export class OwnPoints {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param asked the device's question, which the primary site answered: so the device may have this content
   * @param address of the device
   * @returns the primary's answer, as bytes, with the points of this site; as it was when this site has none or cannot say
   */
  async addTo(answer: Buffer, asked: Buffer, address: string): Promise<Buffer> {
    try {
      const { manifest, files, reach } = parseTolerant(contentLocationsRequestSchema, json(asked));
      const primary = parseTolerant(contentLocationsResponseSchema, json(answer));
      const question = { manifest, address, ...(files && { files }), ...(reach && { reach }) };
      const own = await this.bus.request(locateContent, question, ANSWER_MILLISECONDS);
      return Buffer.from(JSON.stringify(withOwnPoints(this.config.MUSTER_SITE, primary, own)));
    } catch (error) {
      this.logger.warn({ err: error }, 'points of this site are not offered: only those of the primary site');
      return answer;
    }
  }

  /** Has copies at points of this site read again; the primary site has taken the device's report, so the device is one. */
  async check(reported: Buffer): Promise<void> {
    try {
      const { faults } = parseTolerant(contentFaultsRequestSchema, json(reported));
      const here = faultsHere(this.config.MUSTER_SITE, faults);
      if (here.length > 0) await this.bus.request(checkCopies, { faults: here });
    } catch (error) {
      this.logger.warn({ err: error }, 'copies that a computer says are bad are not looked at before the next audit');
    }
  }
}

function json(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}
