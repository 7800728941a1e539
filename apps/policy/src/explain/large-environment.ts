import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { LIMITS } from '@muster/sequence/limits.js';

/**
 * Warns when what a device is told is much for the environment of a program. What hidden values are long is not known here: they do not
 * go into the environment either.
 */
export function largeEnvironment(
  variables: DeviceExplanation['variables'],
): NonNullable<DeviceExplanation['warnings']> {
  const characters = variables.reduce(
    (sum, { name, winner }) => sum + (winner ? name.length + winner.value.length : 0),
    0,
  );
  if (characters <= LIMITS.environmentWarnCharacters) return [];
  const message = `its ${variables.length} variables have ${characters} characters together: above ${LIMITS.environmentWarnCharacters} programs of steps may not get all of them`;
  return [{ code: 'variable.large-environment', message }];
}
