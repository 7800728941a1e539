import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { InvalidArgumentError } from 'commander';

type Group = NonNullable<DeploymentSpec['rollout']>['groups'][number];

/**
 * Groups as `5,10%,rest`; their names are 1, 2 and rest.
 * @throws InvalidArgumentError when a part is none of a number, a percentage and `rest`
 */
export function rolloutGroups(text: string): Group[] {
  return text.split(',').map((part, index) => {
    const name = String(index + 1);
    const word = part.trim();
    if (word === 'rest') return { name: word };
    const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(word) ?? [];
    if (number === undefined || (percent === '' && !/^\d+$/.test(number)))
      throw new InvalidArgumentError(`"${word}" is no group: a number of devices, a percentage like 10%, or rest`);
    return percent === '%' ? { name, percent: Number(number) } : { name, size: Number(number) };
  });
}
