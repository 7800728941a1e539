import { collectReferences } from '../../references.js';
import { validateSequence } from '../../validate.js';

const spec = (settings: object) => ({
  steps: [{ step: 'S', type: 'DownloadPackageContent', settings: { ...settings } }],
});
const findings = (settings: object): string[] =>
  validateSequence(spec(settings)).map(({ code, path }) => `${code} ${path.split('/settings').at(-1)}`);

describe('Download Package Content', () => {
  it('takes names, content of other kinds, or one text with commas', () => {
    expect(findings({ packages: ['a', { kind: 'OsImage', name: 'debian' }] })).toEqual([]);
    expect(findings({ packages: 'a, b', destination: 'clientCache', variable: 'Tools' })).toEqual([]);
    expect(findings({ packages: '%Wanted%', destination: 'Custom', path: '%Data%/drivers' })).toEqual([]);
    expect(findings({ packages: ['a'], destination: 'CCMCache', path: '', variable: '' })).toEqual([]);
  });

  it.each([
    [{}, /^sequence.missing-field \/packages$/],
    [{ packages: ['a'], destination: 'elsewhere' }, /\/destination$/],
    [{ packages: ['a'], destination: 'path' }, /\/path$/],
    [{ packages: ['a'], destination: 'Custom' }, /\/path$/],
    [{ packages: ['a'], variable: '_Tools' }, /\/variable$/],
    [{ packages: ['a'], variable: '1Tools' }, /\/variable$/],
    [{ packages: [{ kind: 'Song', name: 'a' }] }, /\/packages/],
  ])('refuses %j with one finding', (settings, expected) => {
    expect(findings(settings)).toEqual([expect.stringMatching(expected)]);
  });

  it('refers to all it names, each by its kind', () => {
    const references = (packages: unknown) => collectReferences(spec({ packages })).map(({ reference }) => reference);
    expect(references(['a', { kind: 'DriverPackage', name: 'd' }, '%X%'])).toEqual([
      { kind: 'Package', name: 'a' },
      { kind: 'DriverPackage', name: 'd' },
    ]);
    expect(references('a,b')).toHaveLength(2);
    expect(references('%All%')).toEqual([]);
  });
});
