import { languageMatches, languageTag } from '@muster/sequence/conditions/language.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { systemLanguage } from '../facts/system-language.js';
import { ProbeError } from './probe-error.js';
import { type System, thisSystem } from '../facts/system.js';
import { windowsLanguage } from './windows/powershell.js';

/** The operating system speaks this language. A system in the locale C speaks none. */
export async function probeOsLanguage(
  { osLanguage }: WorldExpressionOf<'osLanguage'>,
  system: System = thisSystem,
): Promise<ProbeAnswer> {
  const wanted = languageTag(osLanguage);
  if (wanted === undefined) {
    const message = `"${osLanguage}" is neither a language tag nor a number that Windows has for a language`;
    throw new ProbeError('condition.unknown-language', message);
  }
  const actual = system.platform === 'win32' ? await windowsLanguage(system) : systemLanguage(system);
  return { result: actual !== undefined && languageMatches(wanted, actual), actual: actual ?? 'C' };
}
