import { isMeantFor } from './meant-for.js';

describe('content that is fetched ahead', () => {
  const here = { architecture: 'x64', language: 'de-AT', model: 'ThinkCentre M720q' };

  it.each([
    ['says nothing of computers', undefined],
    ['is for its architecture', { architecture: 'x64' }],
    ['is for its language, in any country', { language: 'de' }],
    ['has its language as a number', { language: '3079' }],
    ['has a language that nobody can read', { language: 'Mixed, all' }],
    ['names a part of its model, in any case', { models: ['OptiPlex', 'thinkcentre m7'] }],
    ['has an empty list of models', { models: [] }],
  ] as const)('comes to a computer when it %s', (_why, meant) => {
    expect(isMeantFor(meant && structuredClone(meant as object), here)).toBe(true);
  });

  it.each([
    ['another architecture', { architecture: 'arm64' }],
    ['the same language of another country', { language: 'de-DE' }],
    ['other models', { models: ['OptiPlex', 'ThinkPad'] }],
    ['its architecture, and another language', { architecture: 'x64', language: 'fr-FR' }],
  ] as const)('does not come when it is for %s', (_what, meant) => {
    expect(isMeantFor(structuredClone(meant as object), here)).toBe(false);
  });

  it('comes when the computer does not know of itself what would be asked', () => {
    expect(isMeantFor({ architecture: 'arm64', language: 'fr-FR', models: ['OptiPlex'] }, {})).toBe(true);
  });
});
