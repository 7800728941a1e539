import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../start-error.js';
import { fileNameOfKey, shardOfKey } from './key-file-names.js';
import { type ObjectPointer, parsePointer } from './pointer.js';

/** @param objects the bucket's folder of pointer files */
export function pointerPath(objects: string, key: string): string {
  return join(objects, shardOfKey(key), fileNameOfKey(key));
}

/** The pointer in a file; undefined when there is none. @throws Error when it cannot be read or is none */
export async function readPointer(path: string): Promise<ObjectPointer | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parsePointer(text);
}
