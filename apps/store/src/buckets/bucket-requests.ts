import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendEmpty, sendXml } from '../http/exchange.js';
import { assertBucketName } from './bucket-name.js';
import type { BucketFolders } from './bucket-folders.js';

/** `GET /`: the buckets this key may touch. */
export function listBuckets(exchange: Exchange, buckets: BucketFolders): void {
  const { credential } = exchange.identity;
  const visible = buckets.list().filter(({ name }) => credential.buckets?.includes(name) ?? true);
  sendXml(exchange, 'ListAllMyBucketsResult', {
    Owner: { ID: credential.accessKeyId, DisplayName: credential.accessKeyId },
    Buckets: { Bucket: visible.map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt })) },
  });
}

/** `PUT /bucket` */
export async function createBucket(
  exchange: Exchange,
  buckets: BucketFolders,
  name: string,
  region: string,
): Promise<void> {
  assertBucketName(name);
  assertLocation(await readSmallBody(exchange), region);
  await buckets.create(name, exchange.now);
  sendEmpty(exchange, 200, { location: `/${name}` });
}

/** `HEAD /bucket` */
export function headBucket(exchange: Exchange, buckets: BucketFolders, name: string, region: string): void {
  buckets.get(name);
  sendEmpty(exchange, 200, { 'x-amz-bucket-region': region });
}

/** `DELETE /bucket` */
export async function deleteBucket(exchange: Exchange, buckets: BucketFolders, name: string): Promise<void> {
  await buckets.delete(name);
  sendEmpty(exchange, 204);
}

/** `GET /bucket?location`. S3 writes its first region, us-east-1, as nothing. */
export function getBucketLocation(exchange: Exchange, buckets: BucketFolders, name: string, region: string): void {
  buckets.get(name);
  sendXml(exchange, 'LocationConstraint', region === 'us-east-1' ? '' : region);
}

/** `GET /bucket?versioning`: never enabled, which S3 says with an empty answer. */
export function getBucketVersioning(exchange: Exchange, buckets: BucketFolders, name: string): void {
  buckets.get(name);
  sendXml(exchange, 'VersioningConfiguration', '');
}

/** A CreateBucketConfiguration may name our region or none. */
function assertLocation(body: string, region: string): void {
  if (body.trim() === '') return;
  if (XMLValidator.validate(body) !== true) throw new S3Error('MalformedXML');
  const parsed = new XMLParser({ parseTagValue: false, processEntities: false }).parse(body) as Record<string, unknown>;
  const configuration = parsed['CreateBucketConfiguration'];
  if (configuration === undefined) throw new S3Error('MalformedXML', 'expected <CreateBucketConfiguration>');
  const location =
    typeof configuration === 'object' && configuration !== null && 'LocationConstraint' in configuration
      ? configuration.LocationConstraint
      : '';
  if (location !== '' && location !== region) {
    throw new S3Error('InvalidArgument', `LocationConstraint must be '${region}', the only region here`);
  }
}
