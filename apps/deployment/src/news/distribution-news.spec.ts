import type { DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { distributionNews, NOTHING_TOLD, type ToldDistribution } from './distribution-news.js';

const at = '2026-11-26T12:00:00.000Z';
const point = (name: string, state: DistributionProgress['state'], version = 1, lastError?: string) => ({
  point: name,
  version,
  state,
  manifest: `sha256:${'0'.repeat(64)}` as const,
  filesDone: 0,
  files: 1,
  bytesDone: 0,
  bytes: 1,
  attempts: 1,
  updatedAt: at,
  ...(lastError === undefined ? {} : { lastError }),
});
const news = (told: ToldDistribution, ...points: ReturnType<typeof point>[]) =>
  distributionNews(
    {
      apiVersion: API_VERSION,
      kind: 'Distribution',
      metadata: { name: 'd', uid: 'u', resourceVersion: '1', generation: 1, createdAt: at, updatedAt: at, labels: {} },
      spec: { package: 'hello', points: points.map(({ point: name }) => name) },
      status: { points },
    },
    told,
  );
const messages = (found: ReturnType<typeof news>) => found.news.map(({ type, data }) => `${type}: ${data.message}`);

describe('news of a distribution', () => {
  it('is that a version is at all its points, once', () => {
    const first = news(NOTHING_TOLD, point('a', 'available'), point('b', 'transferring'));
    expect(messages(first)).toEqual([]);
    const second = news(first.told, point('a', 'available'), point('b', 'available'));
    expect(messages(second)).toEqual(['distribution.available: Package hello version 1 is at all 2 of its points']);
    expect(messages(news(second.told, point('a', 'available'), point('b', 'available')))).toEqual([]);
  });

  it('is another version, whatever points have of the one before', () => {
    const { told } = news(NOTHING_TOLD, point('a', 'available', 1));
    const found = news(told, point('a', 'available', 1), point('a', 'available', 2));
    expect(messages(found)).toEqual(['distribution.available: Package hello version 2 is at a']);
  });

  it('is a point at which it failed, with the reason, once, and again when it fails anew', () => {
    const failed = news(NOTHING_TOLD, point('a', 'failed', 1, 'the disk is full'));
    expect(messages(failed)).toEqual([
      'distribution.failed: Package hello version 1 could not be brought to a: the disk is full',
    ]);
    expect(messages(news(failed.told, point('a', 'failed', 1, 'the disk is full')))).toEqual([]);
    const again = news(failed.told, point('a', 'pending'));
    expect(messages(again)).toEqual([]);
    expect(messages(news(again.told, point('a', 'failed')))).toHaveLength(1);
  });

  it('is nothing where nothing is distributed yet', () => {
    expect(messages(news(NOTHING_TOLD))).toEqual([]);
  });
});
