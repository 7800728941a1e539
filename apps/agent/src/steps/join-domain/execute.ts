import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JoinDomainSettings } from '@muster/sequence/steps/join-domain/definition.js';
import { systemCode } from '../../journal/journal-error.js';
import type { StepContext, StepExecutor, StepOutcome } from '../executor.js';
import { StepError } from '../step-error.js';
import { joinRealm, joinedDomains, leaveDomain } from './realm.js';
import { withWorkgroup } from './smb-conf.js';

/** Asks for a restart as an installer does. */
const restartExitCode = 3010;

/** Join Domain or Workgroup on this computer. */
export const executeJoinDomain: StepExecutor = (settings, context) =>
  changeMembership(settings as JoinDomainSettings, context, '/etc/samba/smb.conf');

/**
 * | code | because |
 * |---|---|
 * | step.join-not-in-pe | there is no installed system that could be a member |
 * | step.type-unsupported | on Windows, not built yet |
 * | step.realm-missing | no realmd here |
 * | step.join-failed, step.leave-failed | realm said no; the message has its last line |
 *
 * @param smbConf set for a workgroup where it exists
 */
export async function changeMembership(
  settings: JoinDomainSettings,
  context: StepContext,
  smbConf: string,
): Promise<StepOutcome> {
  if (context.phase === 'PE')
    throw new StepError('step.join-not-in-pe', 'only an installed system can join a domain or a workgroup');
  if (process.platform === 'win32')
    throw new StepError('step.type-unsupported', 'this agent cannot join a domain or a workgroup on Windows yet');
  const changes =
    settings.kind === 'domain'
      ? await toDomain(settings, context)
      : await toWorkgroup(settings.workgroup ?? '', context, smbConf);
  if (changes.length === 0 && !hasBegun(context))
    return { exitCode: 0, output: `a member of ${nameOf(settings)} already` };
  return { exitCode: settings.skipRestart === true ? 0 : restartExitCode, output: changes.join('\n') };
}

/*
 * A step that is begun again after a crash may find the work done: the restart that belongs to it is still owed. So it is
 * noted, before the first change, which step makes it.
 */
const noteName = 'muster-join-begun';

function noteBegin(context: StepContext): void {
  writeFileSync(join(context.folder, noteName), context.marker, { mode: 0o600 });
}

function hasBegun(context: StepContext): boolean {
  try {
    return readFileSync(join(context.folder, noteName), 'utf8') === context.marker;
  } catch {
    return false;
  }
}

function nameOf({ kind, domain, workgroup }: JoinDomainSettings): string {
  return (kind === 'domain' ? domain : workgroup) ?? '';
}

/** What was changed; nothing for a member, whatever its organizational unit. */
async function toDomain(settings: JoinDomainSettings, context: StepContext): Promise<string[]> {
  const domain = (settings.domain ?? '').trim();
  const joined = await joinedDomains(context);
  if (joined === undefined) {
    const help = 'install realmd, sssd, sssd-tools and adcli (Debian), or realmd, sssd, oddjob and adcli (Fedora)';
    throw new StepError('step.realm-missing', `there is no program realm to join ${domain} with: ${help}`);
  }
  if (joined.some((name) => name.toLowerCase() === domain.toLowerCase())) return [];
  noteBegin(context);
  const left: string[] = [];
  for (const old of joined) {
    await leaveDomain(old, context);
    left.push(`left ${old}`);
  }
  await joinRealm(domain, settings, context, left);
  return [...left, `joined ${domain}`];
}

/** Without realmd there is no membership that it could end. */
async function toWorkgroup(workgroup: string, context: StepContext, smbConf: string): Promise<string[]> {
  const joined = (await joinedDomains(context)) ?? [];
  if (joined.length > 0) noteBegin(context);
  for (const old of joined) await leaveDomain(old, context);
  const left = joined.map((old) => `left ${old}`);
  return setWorkgroup(smbConf, workgroup, context) ? [...left, `workgroup ${workgroup} in ${smbConf}`] : left;
}

/** True when the file was changed. Replaced as a whole, so that no half of it is ever read. */
function setWorkgroup(path: string, workgroup: string, context: StepContext): boolean {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw new StepError('step.workgroup-not-set', `${path} cannot be read: ${systemCode(error) ?? ''}`);
  }
  const changed = withWorkgroup(text, workgroup);
  if (changed === text) return false;
  noteBegin(context);
  try {
    const temporary = `${path}.muster-new`;
    writeFileSync(temporary, changed);
    chmodSync(temporary, statSync(path).mode & 0o7777);
    renameSync(temporary, path);
    return true;
  } catch (error) {
    throw new StepError('step.workgroup-not-set', `${path} cannot be written: ${systemCode(error) ?? ''}`);
  }
}
