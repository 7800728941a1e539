import { S3Error } from '../errors.js';

/** Paths that the server itself answers; no bucket may have their names. */
export const HEALTH_NAMES: readonly string[] = ['livez', 'readyz'];

/** Whether a name follows S3's rules. Such a name is also a safe file name. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !HEALTH_NAMES.includes(name)
  );
}

/** @throws S3Error `InvalidBucketName` saying the rule */
export function assertBucketName(name: string): void {
  if (isBucketName(name)) return;
  throw new S3Error(
    'InvalidBucketName',
    `a bucket name has 3 to 63 of a-z 0-9 . -, begins and ends with a letter or digit, is no IP address and not ${HEALTH_NAMES.join(' or ')}`,
  );
}
