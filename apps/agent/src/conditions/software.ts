import { holds, versionProblem } from '@muster/sequence/conditions/compare.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { type InstalledPackage, findInstalled } from './package-manager.js';
import { ProbeError } from './probe-error.js';
import { type System, thisSystem } from '../facts/system.js';
import { windowsProducts } from './windows/products.js';

/**
 * Software is installed. On Linux `software` is the name of a package (`curl`, `libc6:i386`), on Windows the name that the
 * list of programs shows, unless a product or upgrade code is given. With a version one of what is installed must fit.
 */
export async function probeSoftware(
  expression: WorldExpressionOf<'software'>,
  system: System = thisSystem,
): Promise<ProbeAnswer> {
  const { version } = expression;
  const problem = version && versionProblem(version.value);
  if (problem !== undefined) throw new ProbeError('condition.invalid-version', problem);
  const found = await installed(expression, system);
  if (found.length === 0) return { result: false, actual: 'not installed' };
  const actual = found.map((one) => one.version).join(', ');
  if (!version) return { result: true, actual };
  return { result: found.some((one) => holds(version.operator, one.compare(one.version, version.value))), actual };
}

async function installed(expression: WorldExpressionOf<'software'>, system: System): Promise<InstalledPackage[]> {
  const { software, productCode, upgradeCode } = expression;
  if (system.platform === 'win32') return windowsProducts(expression, system);
  if (system.platform !== 'linux')
    throw new ProbeError('condition.kind-unsupported', `installed software is not known on ${system.platform}`);
  if (productCode !== undefined || upgradeCode !== undefined)
    throw new ProbeError('condition.kind-unsupported', 'product and upgrade codes are known on Windows only');
  // The package managers would take these for patterns.
  if (/[*?[\]]/.test(software))
    throw new ProbeError(
      'condition.invalid-name',
      `"${software}" is no name of a package: name one, without wildcards`,
    );
  return findInstalled(software, system);
}
