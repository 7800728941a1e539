import { LANGUAGE_NUMBERS } from './language-numbers.js';

/**
 * The tag (BCP 47) of what an author wrote: a tag, or the number that Windows has for a language (1031 is de-DE). Undefined
 * when it is neither.
 */
export function languageTag(language: string): string | undefined {
  const text = language.trim();
  if (/^\d+$/.test(text)) return LANGUAGE_NUMBERS[Number(text)];
  return canonical(text.replaceAll('_', '-'));
}

/** Modifiers of locale names that say how a language is written. */
const scripts: Readonly<Record<string, string>> = {
  latin: 'Latn',
  cyrillic: 'Cyrl',
  devanagari: 'Deva',
  iqtelif: 'Latn',
};

/**
 * The tag of a POSIX locale: `de_DE.UTF-8@euro` is de-DE, `sr_RS@latin` is sr-Latn-RS. Undefined for `C` and `POSIX`, which
 * are no language, and for what is no locale.
 */
export function languageOfLocale(locale: string): string | undefined {
  const match = /^([A-Za-z]{2,8})(?:[_-]([A-Za-z0-9]{2,8}))?(?:\.[^@]*)?(?:@(.*))?$/.exec(locale.trim());
  const [, language, region, modifier = ''] = match ?? [];
  if (language === undefined || language.toUpperCase() === 'POSIX') return undefined;
  const script = scripts[modifier.toLowerCase()];
  return canonical([language, script, region].filter((part) => part !== undefined).join('-'));
}

/**
 * Does a computer speak this language? What the wanted tag says must fit; what it leaves out is free: `de` fits de-AT, `de-DE`
 * does not, `zh-Hant` fits zh-TW.
 */
export function languageMatches(wanted: string, actual: string): boolean {
  const a = new Intl.Locale(wanted);
  const b = new Intl.Locale(actual);
  if (spoken(a.language) !== spoken(b.language)) return false;
  if (a.script !== undefined && a.script !== b.maximize().script) return false;
  return a.region === undefined || a.region === b.region;
}

/** Norwegian is Bokmål where nothing else is said, as everybody has it. */
function spoken(language: string): string {
  return language === 'no' ? 'nb' : language;
}

function canonical(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}
