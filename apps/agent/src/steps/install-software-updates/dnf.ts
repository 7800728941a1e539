import type { PackageManager } from './package-manager.js';

/** dnf: exit code of check-update when there are updates. */
const updatesAvailable = 100;

/** dnf, of Fedora and Red Hat. Mandatory: what advisories call security. */
export const dnf: PackageManager = async ({ target, packages, useCachedScan, scanTimeoutSeconds }, commands) => {
  const what = [...(target === 'Mandatory' ? ['--security'] : []), ...(packages ?? [])];
  const cached = useCachedScan ? '-C' : '--refresh';
  const scan = await commands.scan(['dnf', '-q', cached, 'check-update', ...what], scanTimeoutSeconds, [
    0,
    updatesAvailable,
  ]);
  const lines = scan.exitCode === updatesAvailable ? parseCheckUpdate(scan.stdout) : [];
  if (scan.exitCode === updatesAvailable) await commands.install(['dnf', '-q', '-y', 'upgrade', ...what]);
  const asked = await commands.ask(['dnf', '-q', 'needs-restarting', '-r']);
  // The same exit code says "restart" and "no such plugin".
  const told =
    asked.exitCode === 0 || (asked.exitCode === 1 && !/no such command|unknown argument/i.test(asked.stderr));
  const warnings = told
    ? []
    : ['dnf cannot tell whether a restart is needed: install dnf-plugins-core, which has "dnf needs-restarting"'];
  return { lines, warnings, restart: told && asked.exitCode === 1 };
};

/** Lines such as `bash.x86_64  5.2.26-3.fc40  updates`, up to the list of what is obsoleted. */
export function parseCheckUpdate(text: string): string[] {
  const [updates = ''] = text.split(/^Obsoleting /m);
  return updates.split('\n').flatMap((line) => {
    const [, name, version] = /^(\S+\.\S+)\s+(\S+)\s+\S+\s*$/.exec(line) ?? [];
    return name !== undefined && version !== undefined ? [`${name} -> ${version}`] : [];
  });
}
