import { type Manifest, manifestSchema } from '@muster/contracts/agent/content.js';
import { type Digest, digestOf } from '@muster/contracts/digest.js';
import { z } from 'zod';
import { readIfPresent } from '../identity/durable-files.js';

/** The list of files that is kept in the cache; undefined when there is none, or not the one of that digest. */
export function readManifest(path: string, digest: Digest): Manifest | undefined {
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    return digestOf(manifest) === digest ? manifest : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
