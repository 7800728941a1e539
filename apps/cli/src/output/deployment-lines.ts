import type { DeploymentDeviceList, DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import { rolloutLine } from './rollout-lines.js';
import { safeLine } from './safe-text.js';

/** How a deployment goes, for people. */
export function progressLines(progress: DeploymentProgress): string[] {
  const { deployment, sequence, devices, succeededPercent, ended, runSeconds, errors, steps } = progress;
  return [
    `${deployment}: sequence ${sequence}, ${progress.sequenceDigest.slice(0, 'sha256:'.length + 12)}`,
    ...standstill(progress),
    `devices    ${devices.targeted}: ${counted(devices)}; ${succeededPercent} % succeeded`,
    ...fateLines(progress.fates),
    ...(progress.rollout ? [rolloutLine(progress.rollout)] : []),
    `ended      ${ended.lastHour} in the last hour, ${ended.lastDay} in the last day, ${ended.lastWeek} in the last week, ${ended.lastMonth} in the last 30 days`,
    ...(runSeconds
      ? [
          `runs took  ${duration(runSeconds.median)} (median), ${duration(runSeconds.p95)} (95 of 100), ${duration(runSeconds.longest)} (longest)`,
        ]
      : []),
    ...(errors.length > 0 ? ['', 'FAILED BECAUSE OF', ...errors.flatMap(errorLines)] : []),
    ...(steps.length > 0 ? ['', ...stepLines(steps)] : []),
  ].map(safeLine);
}

/** Why no further device starts it, whatever the counts are. */
function standstill({ deployment, deletedAt, hold, policy }: DeploymentProgress): string[] {
  if (deletedAt !== undefined) {
    const ends =
      hold === 'Runs'
        ? 'what goes on of it ends at its next step'
        : `what goes on of it ends as it will; muster deployment stop ${deployment} ends it`;
    return [`deleted    at ${deletedAt}: nobody starts it; ${ends}`];
  }
  const held = { Starts: 'no device starts it', Runs: 'no device starts it, and its runs end at their next step' };
  const why = policy?.message ?? policy?.code;
  return [
    ...(hold ? [`held       ${held[hold]}; muster deployment resume takes it back`] : []),
    ...(policy ? [`policy     ${policy.state}${why === undefined ? '' : `: ${why}`}`] : []),
  ];
}

/** What those told that have not begun: a site that is older than this program does not say. */
function fateLines(fates: DeploymentProgress['fates'] | undefined): string[] {
  if (fates === undefined || fates.length === 0) return [];
  const told = fates.map(
    ({ state, reason, devices }) => `${devices} ${reason === undefined ? state : `${state}: ${reason}`}`,
  );
  return [`they told  ${told.join(', ')}`];
}

export const DEVICE_HEADINGS = line('DEVICE', 'STATE', 'SINCE', 'UNTIL', 'RUN', 'WHERE AND WHY');

/** One device of a deployment, for people. */
export function deviceLine(one: DeploymentDeviceList['items'][number]): string {
  const { device, state, member, run, step, code, exitCode, message, fate } = one;
  const told = fate && (fate.acceptance.state === 'accepted' ? fate.delivery : fate.acceptance);
  const reason = fate?.acceptance.state === 'accepted' ? fate.delivery?.reason : undefined;
  // Of a device that has run it, what it waits for since is beside what the run did.
  const waits = told && (run === undefined ? told.says : `then ${told.state}: ${told.says ?? reason ?? ''}`);
  const why = [
    step,
    code,
    exitCode === undefined || state !== 'failed' ? undefined : `exit code ${exitCode}`,
    message?.split('\n')[0],
    waits,
    member ? undefined : 'is no target of it any more',
  ];
  const since = told?.at ?? one.heardAt;
  const until = fate?.acceptance.state === 'accepted' ? fate.delivery?.until : undefined;
  const shown = run === undefined && reason !== undefined ? `${state}: ${reason}` : state;
  const cells = [device, shown, second(since), second(until), run ?? '-'] as const;
  return safeLine(line(...cells, why.filter((text) => text !== undefined && text !== '').join(', ')));
}

/** An instant to the second, which is enough for people. */
function second(instant: string | undefined): string {
  return instant === undefined ? '-' : instant.replace(/\.\d+Z$/, 'Z');
}

function line(
  ...[device, state, since, until, run, why]: readonly [string, string, string, string, string, string]
): string {
  const cells = [device.padEnd(24), state.padEnd(21), since.padEnd(20), until.padEnd(20), run.padEnd(16), why];
  return cells.join('  ').trimEnd();
}

function counted(devices: DeploymentProgress['devices']): string {
  // A site that is older than this program does not count some of them.
  const { waiting, downloading = 0, rejected, expired = 0, notRerun = 0, running } = devices;
  const { restartPending, silent, succeeded, failed } = devices;
  const all: [number, string][] = [
    [succeeded, 'succeeded'],
    [failed, 'failed'],
    [running, 'running'],
    [restartPending, 'waiting for a restart'],
    [silent, 'silent'],
    [waiting, 'not started'],
    [downloading, 'fetching content'],
    [rejected, 'of other platforms'],
    [expired, 'expired'],
    [notRerun, 'not to run again'],
  ];
  const some = all.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return some.length === 0 ? 'nobody' : some.join(', ');
}

function errorLines({
  code,
  step,
  exitCode,
  message,
  devices,
  examples,
}: DeploymentProgress['errors'][number]): string[] {
  const what = [code, exitCode === undefined ? undefined : `exit code ${exitCode}`].filter(Boolean).join(', ');
  const names = `${examples.join(', ')}${devices > examples.length ? ' …' : ''}`;
  return [
    `  ${String(devices).padStart(6)}  ${step ?? 'the run itself'}${what === '' ? '' : `: ${what}`}  (${names})`,
    ...(message === undefined ? [] : [`          ${message.split('\n')[0]}`]),
  ];
}

function stepLines(steps: DeploymentProgress['steps']): string[] {
  const width = Math.min(60, Math.max('STEP'.length, ...steps.map(({ path }) => path.length)));
  const row = (path: string, ...cells: string[]): string =>
    `${path.padEnd(width)}  ${cells.map((cell) => cell.padStart(9)).join('  ')}`;
  return [
    row('STEP', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'RUNNING', 'SILENT', 'MEDIAN', 'LONGEST'),
    ...steps.map(({ path, succeeded, failed, skipped, running, silent, medianSeconds, longestSeconds }) =>
      row(
        path.length > width ? `…${path.slice(1 - width)}` : path,
        ...[succeeded, failed, skipped, running, silent].map(String),
        medianSeconds === undefined ? '-' : duration(medianSeconds),
        longestSeconds === undefined ? '-' : duration(longestSeconds),
      ),
    ),
  ];
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
