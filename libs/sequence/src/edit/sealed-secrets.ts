import type { SequenceSpec } from '../model.js';
import { sealedSecretName, sealedSecretNames } from './sealed-reference.js';
import { secretValues, STRIPPED_SECRET, withValues } from './strip-secrets.js';

/** Secrets that stand in a specification as they are, by their places (JSON pointers). */
export function openSecrets(spec: SequenceSpec): Map<string, string> {
  const found = [...secretValues(spec)].flatMap(([place, value]): [string, string][] => {
    if (typeof value === 'number') return [[place, String(value)]];
    // `%NAME%` says where it comes from: a variable, a sealed secret, or whoever imported the sequence.
    const open = typeof value === 'string' && value !== '' && !/^%[^%\s]+%$/.test(value.trim());
    return open ? [[place, value]] : [];
  });
  return new Map(found);
}

/** Names of sealed secrets by their places. */
export function sealedPlaces(spec: SequenceSpec): Map<string, string> {
  return new Map(
    [...secretValues(spec)].flatMap(([place, value]): [string, string][] => {
      const name = sealedSecretName(value);
      return name === undefined ? [] : [[place, name]];
    }),
  );
}

/** Names of sealed secrets that stand where no secret belongs: there, something could show them. */
export function misplacedSecrets(spec: SequenceSpec): string[] {
  const places = [...sealedPlaces(spec).keys()];
  return sealedSecretNames(withValues(spec, new Map(places.map((place) => [place, STRIPPED_SECRET]))));
}
