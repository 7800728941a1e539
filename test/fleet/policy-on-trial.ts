import { type PolicyTrust, verifyPolicy } from '../../apps/agent/src/policy/verify-policy.js';

/**
 * Holds what an attacker between site and agent can do against the agent's own check: each policy changed by a byte, an earlier one sent
 * again, and the one of another device. Tells what was taken although it must not be.
 */
export class PolicyOnTrial {
  private oldest: { readonly text: string; readonly serial: number } | undefined;

  /** @param foreign the policy of another device, if there is one at hand */
  async attack(
    { text, serial }: { readonly text: string; readonly serial: number },
    trust: PolicyTrust,
    foreign: string | undefined,
    random: () => number,
  ): Promise<string[]> {
    const attacks: [text: string, code: string][] = [[tampered(text, random), 'policy.signature-invalid']];
    if (this.oldest && this.oldest.serial < serial) attacks.push([this.oldest.text, 'policy.replayed']);
    if (foreign !== undefined) attacks.push([foreign, 'policy.wrong-device']);
    this.oldest ??= { text, serial };
    const outcomes = await Promise.all(
      attacks.map(async ([sent, code]) => {
        const outcome = await verifyPolicy(sent, trust, serial).then(
          () => 'taken',
          (error: unknown) => String((error as { code?: unknown }).code),
        );
        return outcome === code ? [] : [`a policy that is ${code} was ${outcome}`];
      }),
    );
    return outcomes.flat();
  }
}

/** Another character somewhere in the payload. */
function tampered(jws: string, random: () => number): string {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  // Not the last one, which has bits that count for nothing.
  const at = Math.floor(random() * (payload.length - 1));
  const other = payload[at] === 'A' ? 'B' : 'A';
  return `${header}.${payload.slice(0, at)}${other}${payload.slice(at + 1)}.${signature}`;
}
