import { createConnection } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.js';
import type { ChildSpec } from './child.js';
import type { SiteLayout } from './layout.js';
import { bucketKeys, storeBuckets, storeRegion } from './services.js';

/** Writes the store's credentials and returns how to run it. */
export function storeChild(layout: SiteLayout, script: string, port: number): ChildSpec {
  const credentials = Object.values(storeBuckets).map((bucket) => ({
    ...bucketKeys(layout, bucket),
    buckets: [bucket],
  }));
  const file = join(layout.keys, 'store-credentials.json');
  writeFileAtomic(file, `${JSON.stringify(credentials, null, 2)}\n`);
  return {
    name: 'store',
    script,
    env: {
      MUSTER_STORE_FOLDER: layout.store,
      MUSTER_STORE_HOST: '127.0.0.1',
      MUSTER_STORE_PORT: String(port),
      MUSTER_STORE_CREDENTIALS_FILE: file,
      MUSTER_STORE_REGION: storeRegion,
    },
    tier: 0,
    // An S3 server refuses anonymous requests, so an open port is the sign.
    ready: { probe: () => accepts(port) },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
