import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendEmpty, sendXml } from '../http/exchange.js';
import type { Serving } from '../serving.js';
import { assertBucketName } from './bucket-name.js';

/** `GET /`: the buckets this key may touch. */
export async function listBuckets(exchange: Exchange, { coordinator }: Serving): Promise<void> {
  const { credential } = exchange.identity;
  const visible = (await coordinator.listBuckets()).filter(({ name }) => credential.buckets?.includes(name) ?? true);
  sendXml(exchange, 'ListAllMyBucketsResult', {
    Owner: { ID: credential.accessKeyId, DisplayName: credential.accessKeyId },
    Buckets: { Bucket: visible.map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt })) },
  });
}

/** `PUT /bucket` */
export async function createBucket(exchange: Exchange, name: string, { coordinator, region }: Serving): Promise<void> {
  assertBucketName(name);
  assertLocation(await readSmallBody(exchange), region);
  await coordinator.createBucket(name, exchange.now.toISOString());
  sendEmpty(exchange, 200, { location: `/${name}` });
}

/** `HEAD /bucket` */
export async function headBucket(exchange: Exchange, name: string, { coordinator, region }: Serving): Promise<void> {
  await coordinator.requireBucket(name);
  sendEmpty(exchange, 200, { 'x-amz-bucket-region': region });
}

/** `DELETE /bucket` */
export async function deleteBucket(exchange: Exchange, name: string, { coordinator }: Serving): Promise<void> {
  await coordinator.deleteBucket(name);
  sendEmpty(exchange, 204);
}

/** `GET /bucket?location`. S3 writes its first region, us-east-1, as nothing. */
export async function getBucketLocation(
  exchange: Exchange,
  name: string,
  { coordinator, region }: Serving,
): Promise<void> {
  await coordinator.requireBucket(name);
  sendXml(exchange, 'LocationConstraint', region === 'us-east-1' ? '' : region);
}

/** `GET /bucket?versioning`: never enabled, which S3 says with an empty answer. */
export async function getBucketVersioning(exchange: Exchange, name: string, { coordinator }: Serving): Promise<void> {
  await coordinator.requireBucket(name);
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
