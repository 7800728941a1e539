import { type Answer, TestDevice } from '../../apps/policy/test/test-device.js';

/** Tries what somebody can do who has stolen an enrolment token that was used, or who knows the uid of a device and not its key. */
export class IdentityOnTrial {
  private constructor(private readonly thief: TestDevice) {}

  static async make(base: string): Promise<IdentityOnTrial> {
    return new IdentityOnTrial(await TestDevice.make(base));
  }

  async tryToken(used: string): Promise<string[]> {
    return refused(await this.thief.enrol(used, { name: 'thief' }), 'enrolment.used-token');
  }

  async trySession(deviceUid: string): Promise<string[]> {
    this.thief.uid = deviceUid;
    return refused(await this.thief.session(), 'session.wrong-proof');
  }
}

/** A site that is away or busy has refused nothing, and given nothing. */
function refused({ status, text }: Answer, code: string): string[] {
  if (status >= 500 || status === 429 || (status === 401 && text.includes(`"${code}"`))) return [];
  return [`what is to be refused as ${code} was answered with ${status} ${text}`];
}
