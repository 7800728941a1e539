import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConnectNetworkFolderSettings } from '@muster/sequence/steps/connect-network-folder/definition.js';
import { type Share, parseShare } from '@muster/sequence/steps/connect-network-folder/share.js';
import { reasonOf } from '../../journal/journal-error.js';
import type { ProcessOutcome } from '../child-process.js';
import type { StepContext, StepExecutor, StepOutcome } from '../executor.js';
import { failureOf, runTool, succeeded } from '../join-domain/system-tool.js';
import { makePrivateFolder } from '../run-command-line/private-folder.js';
import { StepError } from '../step-error.js';
import { mountedAt } from './mounted.js';

/** Where this computer keeps things. */
export interface MountPlaces {
  /** Mounts that name no folder. Never below a run's folder: that is removed with all that is in it when the run is old. */
  readonly mounts: string;
  /** Where mount looks for the programs that know a kind of file system. */
  readonly helpers: readonly string[];
}

/** Connect to Network Folder on this computer. */
export const executeConnectNetworkFolder: StepExecutor = (settings, context) =>
  connectNetworkFolder(settings as ConnectNetworkFolderSettings, context, {
    mounts: '/run/muster/mounts',
    helpers: ['/sbin', '/usr/sbin'],
  });

/**
 * | code | because |
 * |---|---|
 * | step.mount-helper-missing | nothing here knows this kind of share; the message says what to install |
 * | step.mount-point-in-use | something else is mounted there |
 * | step.mount-failed | mount said no; the message has its last line |
 */
export async function connectNetworkFolder(
  settings: ConnectNetworkFolderSettings,
  context: StepContext,
  places: MountPlaces,
): Promise<StepOutcome> {
  const share = parseShare(settings.path);
  if (!share) throw new StepError('step.invalid-settings', `"${settings.path}" is neither a share nor an NFS export`);
  const { path, warnings } =
    process.platform === 'win32'
      ? await useDrive(share, settings, context)
      : await mount(share, settings, context, places);
  if (settings.variable !== undefined) context.variables.set(settings.variable, path);
  return { exitCode: 0, output: `${share.source} is at ${path}`, warnings };
}

interface Connected {
  readonly path: string;
  readonly warnings: readonly string[];
}

async function mount(
  share: Share,
  settings: ConnectNetworkFolderSettings,
  context: StepContext,
  places: MountPlaces,
): Promise<Connected> {
  const path = resolve(settings.mountPoint ?? join(places.mounts, folderName(share, settings)));
  const there = mountedAt(path);
  if (there === share.source) return { path, warnings: [] };
  if (there !== undefined)
    throw new StepError('step.mount-point-in-use', `${there} is mounted at ${path}: name another mountPoint`);
  makeMountPoint(path);
  const { account, password } = settings;
  if (share.kind === 'nfs') {
    expectMounted(await runTool('mount', ['-t', 'nfs', '--', share.source, path], context), share, places);
    return { path, warnings: account || password ? ['NFS knows no account: account and password are not used'] : [] };
  }
  const outcome = account
    ? await withCredentials(account, password ?? '', context.folder, (file) => cifs(`credentials=${file}`))
    : await cifs('guest');
  expectMounted(outcome, share, places);
  return { path, warnings: [] };

  function cifs(options: string): Promise<ProcessOutcome> {
    return runTool('mount', ['-t', 'cifs', '-o', options, '--', share.source, path], context);
  }
}

/** A name that tells a person which share it is, and that no two shares have. */
function folderName({ server, path, source }: Share, { driveLetter }: ConnectNetworkFolderSettings): string {
  if (driveLetter) return driveLetter.charAt(0).toUpperCase();
  const readable = `${server}-${path}`.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^[.-]+|-+$/g, '');
  return `${readable.slice(0, 60)}-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`;
}

function makeMountPoint(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new StepError('step.mount-failed', `the folder ${path} cannot be made: ${reasonOf(error)}`);
  }
}

/** The file is there for mount alone, and only while it runs. Nothing of it is on a command line. */
async function withCredentials(
  account: string,
  password: string,
  folder: string,
  use: (file: string) => Promise<ProcessOutcome>,
): Promise<ProcessOutcome> {
  const own = makePrivateFolder(folder, 'muster-share-');
  try {
    const file = join(own, 'credentials');
    const [, domain, user] = /^([^\\]*)\\(.*)$/.exec(account) ?? [];
    const lines = [`username=${user ?? account}`, `password=${password}`, ...(domain ? [`domain=${domain}`] : [])];
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
    return await use(file);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

const helperPackages = { cifs: 'cifs-utils', nfs: 'nfs-common (Debian) or nfs-utils (Fedora)' } as const;

function expectMounted(outcome: ProcessOutcome, { kind, source }: Share, { helpers }: MountPlaces): void {
  if (succeeded(outcome)) return;
  if (outcome.error?.code === 'step.command-not-found')
    throw new StepError('step.mount-helper-missing', 'there is no program mount: install the package mount');
  if (!helpers.some((folder) => existsSync(join(folder, `mount.${kind}`))))
    throw new StepError(
      'step.mount-helper-missing',
      `nothing here can mount ${source}: install ${helperPackages[kind]}, which has mount.${kind}`,
    );
  throw new StepError('step.mount-failed', `mount ${source}: ${failureOf(outcome)}`);
}

/** Windows: `net use` reads the password from its standard input. This has never run on a real Windows. */
async function useDrive(
  { kind, source }: Share,
  { driveLetter, account, password }: ConnectNetworkFolderSettings,
  context: StepContext,
): Promise<Connected> {
  if (kind === 'nfs') throw new StepError('step.mount-helper-missing', 'this agent connects no NFS export on Windows');
  const remote = source.replaceAll('/', '\\');
  const drive = driveLetter ? `${driveLetter.charAt(0).toUpperCase()}:` : undefined;
  const words = ['use', ...(drive ? [drive] : []), remote];
  const identity = account ? ['*', `/user:${account}`] : [];
  const input = account ? `${password ?? ''}\r\n` : undefined;
  const outcome = await runTool('net.exe', [...words, ...identity, '/persistent:no'], context, input);
  if (!succeeded(outcome)) throw new StepError('step.mount-failed', `net use ${remote}: ${failureOf(outcome)}`);
  return { path: drive ?? remote, warnings: [] };
}
