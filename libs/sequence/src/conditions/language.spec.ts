import { LANGUAGE_NUMBERS } from './language-numbers.js';
import { languageMatches, languageOfLocale, languageTag } from './language.js';

describe('a language', () => {
  it.each([
    ['de', 'de'],
    ['de-de', 'de-DE'],
    ['de_DE', 'de-DE'],
    ['1031', 'de-DE'],
    ['1033', 'en-US'],
    ['7', 'de'],
    ['zh-hans-cn', 'zh-Hans-CN'],
    ['iw', 'he'],
    ['4711', undefined],
    ['german!', undefined],
    ['', undefined],
  ])('written %s is %s', (written, tag) => {
    expect(languageTag(written)).toBe(tag);
  });

  it.each([
    ['de_DE.UTF-8', 'de-DE'],
    ['de_DE@euro', 'de-DE'],
    ['sr_RS.UTF-8@latin', 'sr-Latn-RS'],
    ['en', 'en'],
    ['es_419', 'es-419'],
    ['C', undefined],
    ['C.UTF-8', undefined],
    ['POSIX', undefined],
    ['', undefined],
    ['../../etc', undefined],
  ])('of the locale %s is %s', (locale, tag) => {
    expect(languageOfLocale(locale)).toBe(tag);
  });

  it.each([
    ['de', 'de-DE', true],
    ['de', 'de-AT', true],
    ['de-DE', 'de-AT', false],
    ['de-DE', 'de', false],
    ['en-GB', 'en-US', false],
    ['zh-Hant', 'zh-TW', true],
    ['zh-Hans', 'zh-TW', false],
    ['zh-TW', 'zh-Hant-TW', true],
    ['sr-Latn', 'sr-RS', false],
    ['nb-NO', 'no-NO', true],
    ['nn-NO', 'nb-NO', false],
  ])('%s asked of %s is %s', (wanted, actual, fits) => {
    expect(languageMatches(wanted, actual)).toBe(fits);
  });

  it('has a good tag for every number', () => {
    for (const [number, tag] of Object.entries(LANGUAGE_NUMBERS)) {
      expect([number, Intl.getCanonicalLocales(tag)[0]]).toEqual([number, tag]);
      expect(languageTag(number)).toBe(tag);
    }
    expect(Object.keys(LANGUAGE_NUMBERS).length).toBeGreaterThan(150);
  });
});
