import { languageOfLocale } from '@muster/sequence/conditions/language.js';
import { parseOsRelease } from './os-release.js';
import type { System } from './system.js';

/**
 * Tag of the language that this computer is set to; undefined for the locale C. What is set for the whole system counts first
 * (/etc/locale.conf, or /etc/default/locale on Debian), then the agent's own environment: an agent that somebody started by
 * hand must not change what conditions say.
 */
export function systemLanguage(system: Pick<System, 'read' | 'environment'>): string | undefined {
  for (const path of ['/etc/locale.conf', '/etc/default/locale']) {
    const locale = effectiveLocale(readAssignments(system, path));
    if (locale !== undefined) return languageOfLocale(locale);
  }
  return languageOfLocale(effectiveLocale(system.environment) ?? 'C');
}

/** In the order in which the C library looks for the language of messages. */
function effectiveLocale(values: Readonly<Record<string, string | undefined>>): string | undefined {
  return values['LC_ALL'] || values['LC_MESSAGES'] || values['LANG'] || undefined;
}

function readAssignments(system: Pick<System, 'read'>, path: string): Record<string, string | undefined> {
  try {
    return parseOsRelease(system.read(path));
  } catch {
    return {};
  }
}
