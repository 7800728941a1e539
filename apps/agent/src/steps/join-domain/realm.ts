import type { JoinDomainSettings } from '@muster/sequence/steps/join-domain/definition.js';
import type { StepContext } from '../executor.js';
import { StepError } from '../step-error.js';
import { failureOf, runTool, succeeded } from './system-tool.js';

/** The domains this computer is a member of; undefined where there is no realmd. */
export async function joinedDomains(context: StepContext): Promise<string[] | undefined> {
  const outcome = await runTool('realm', ['list', '--name-only'], context);
  if (outcome.error?.code === 'step.command-not-found') return undefined;
  if (!succeeded(outcome))
    throw new StepError('step.join-failed', `realm list failed, so nothing was changed: ${failureOf(outcome)}`);
  return outcome.standardOutput.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Ends the membership on this computer; the account of the computer stays in the directory. */
export async function leaveDomain(domain: string, context: StepContext): Promise<void> {
  const outcome = await runTool('realm', ['leave', '--', domain], context);
  if (!succeeded(outcome)) throw new StepError('step.leave-failed', `realm leave ${domain}: ${failureOf(outcome)}`);
}

/** Joins; the password goes over standard input, where no other user can see it. `before`: what was changed already. */
export async function joinRealm(
  domain: string,
  { account, password, organizationalUnit }: JoinDomainSettings,
  context: StepContext,
  before: readonly string[],
): Promise<void> {
  const unit = organizationalUnit?.trim().replace(/^LDAP:\/\//i, '');
  const options = [
    ...(account ? [`--user=${principalOf(account)}`] : ['--no-password']),
    ...(unit ? [`--computer-ou=${unit}`] : []),
  ];
  const input = account ? `${password ?? ''}\n` : undefined;
  const outcome = await runTool('realm', ['join', ...options, '--', domain], context, input);
  if (succeeded(outcome)) return;
  const state = before.length === 0 ? '' : ` (${before.join(', ')} before; the computer is a member of no domain now)`;
  throw new StepError('step.join-failed', `realm join ${domain}: ${failureOf(outcome)}${state}`);
}

/**
 * An account as Kerberos knows it: `EXAMPLE\joiner` is `joiner` of the domain that is joined; `example.org\joiner` is
 * `joiner@EXAMPLE.ORG`; `joiner@example.org` stays.
 */
export function principalOf(account: string): string {
  const [, domain, user] = /^([^\\]*)\\(.*)$/.exec(account) ?? [];
  if (user === undefined) return account;
  return domain?.includes('.') ? `${user}@${domain.toUpperCase()}` : user;
}
