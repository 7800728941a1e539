import type { ContentLocation } from '@muster/contracts/agent/content.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { storeBuckets } from '@muster/localsite/services.js';
import { until } from '@muster/testing/until.js';
import type { TestDevice } from '../../apps/policy/test/test-device.js';
import type { SiteOfDevices } from '../bench/site-of-devices.js';

/** The sequence of the fleet: its one step runs a program of a package. */
export const FLEET_SEQUENCE = 'fleet';
const PACKAGE = 'tools';

interface UploadPlan {
  readonly version: number;
  readonly uploads: readonly { readonly url: string }[];
}

/** Puts a package with one file onto the point of the site, and makes the sequence that needs it. */
export async function prepareContent(site: SiteOfDevices): Promise<void> {
  const programs = { go: { command: './go.sh' } };
  // A service hears of tokens a moment after the one that makes them.
  const saved = () => site.save('content', 'packages', 'Package', PACKAGE, { programs });
  await until(() =>
    saved().then(
      () => true,
      () => false,
    ),
  );
  await site.save('content', 'distribution-points', 'DistributionPoint', 'local', {
    endpoint: `http://127.0.0.1:${site.port('store')}`,
    bucket: storeBuckets.distributionPoint,
    credentials: 'local',
  });
  await site.save('content', 'distributions', 'Distribution', PACKAGE, { package: PACKAGE, points: ['local'] });
  const bytes = '#!/bin/sh\n';
  const files = [{ path: 'go.sh', digest: digestOfBytes(bytes), size: bytes.length, executable: true }];
  const versions = `packages/${PACKAGE}/versions`;
  const { version, uploads } = await ask<UploadPlan>(site, 'POST', versions, { files });
  for (const { url } of uploads) await fetch(url, { method: 'PUT', body: bytes });
  await ask(site, 'POST', `${versions}/${version}/commit`);
  await until(async () => {
    const { status } = await ask<{ status: { points: { state: string }[] } }>(site, 'GET', `distributions/${PACKAGE}`);
    return status.points.some(({ state }) => state === 'available');
  });
  const steps = [{ step: 'Go', type: 'InstallPackage', settings: { package: PACKAGE, program: 'go' } }];
  await site.save('catalog', 'task-sequences', 'TaskSequence', FLEET_SEQUENCE, { steps });
}

async function ask<Answer>(site: SiteOfDevices, method: string, path: string, document?: object): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${site.port('content-http')}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${site.site.adminToken}`,
      ...(document === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(document === undefined ? {} : { body: JSON.stringify(document) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/**
 * Fetches what a run needs, as an agent does before it begins: the body of its policy, where each file is, and the bytes from there.
 * Answers what was not as it must be, in words.
 *
 * @throws Error when something is not to be had now: it is tried again
 */
export async function fetchContent(device: TestDevice, body: Digest): Promise<string[]> {
  const answer = await device.get(`/bodies/${body}`);
  if (answer.status !== 200) throw new Error(`a body was answered with ${answer.status} ${answer.text}`);
  if (digestOfBytes(answer.text) !== body) return [`the body ${body} has other bytes`];
  const { packages } = JSON.parse(answer.text) as { packages: Record<string, { manifest: Digest }> };
  const problems: string[] = [];
  for (const { manifest } of Object.values(packages)) {
    const located = await device.post('/content-locations', { manifest });
    if (located.status !== 200) throw new Error(`content was answered with ${located.status} ${located.text}`);
    const { locations } = JSON.parse(located.text) as { locations: ContentLocation[] };
    if (locations.length === 0) problems.push(`the content ${manifest} has no files`);
    for (const { digest, urls } of locations) {
      const response = await fetch(urls[0] ?? '');
      if (!response.ok) throw new Error(`${digest} was answered with ${response.status}`);
      const got = digestOfBytes(new Uint8Array(await response.arrayBuffer()));
      if (got !== digest) problems.push(`the file ${digest} came as ${got}`);
    }
  }
  return problems;
}
