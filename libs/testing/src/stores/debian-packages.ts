import { findProgram } from '@muster/localsite/privilege.js';
import { type Machine, thisMachine } from '@muster/localsite/nats-server.js';

/** A program, and the Debian package that has it. */
export interface PackagedProgram {
  program: string;
  package: string;
}

/**
 * Installs the packages of programs that are missing, with apt-get.
 *
 * @throws Error naming what is missing and how to install it: a test that cannot run has failed
 */
export function requirePrograms(
  programs: readonly PackagedProgram[],
  note: (line: string) => void,
  machine: Machine = thisMachine,
): void {
  const missing = programs.filter(({ program }) => machine.find(program) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((one) => one.package))];
  const howTo = `install ${packages.join(' ')} (Debian, Ubuntu: sudo apt-get install ${packages.join(' ')})`;
  const apt = machine.find('apt-get');
  if (apt === null || !machine.isRoot) throw new Error(`${missing[0]!.program} is missing: ${howTo}`);
  note(`${missing[0]!.program} is missing: installing ${packages.join(' ')} with apt-get`);
  const install = (): boolean => machine.aptGet(apt, ['install', '-y', '--no-install-recommends', ...packages]);
  if (!install() && !(machine.aptGet(apt, ['update']) && install())) {
    throw new Error(`${missing[0]!.program} is missing and apt-get could not install it: ${howTo}`);
  }
  const still = missing.find(({ program }) => machine.find(program) === null);
  if (still) throw new Error(`${still.program} is missing, and package ${still.package} does not have it`);
}

/** Full path of a program. @throws Error when it is missing */
export function programPath(name: string): string {
  const found = findProgram(name);
  if (found === null) throw new Error(`${name} is missing: run "npm test" once as root, which installs it`);
  return found;
}
