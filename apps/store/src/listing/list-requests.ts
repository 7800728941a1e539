import { S3Error } from '../errors.js';
import { type Exchange, sendXml } from '../http/exchange.js';
import { queryValue } from '../http/request-target.js';
import type { Serving } from '../serving.js';
import { encodePath } from '../signature/sigv4.js';
import type { XmlElements } from '../xml.js';
import type { ListedKey } from './list-keys.js';

const MAX_KEYS = 1000;
/** Pointer files read side by side for one page. */
const READS_AT_ONCE = 16;

/** `GET /bucket?list-type=2` */
export async function listObjectsV2(exchange: Exchange, bucket: string, serving: Serving): Promise<void> {
  const { target } = exchange;
  const version = queryValue(target, 'list-type');
  if (version !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2');
  const common = commonQuery(exchange);
  const token = queryValue(target, 'continuation-token');
  const startAfter = queryValue(target, 'start-after');
  const after = token === undefined ? (startAfter ?? '') : decodeToken(token);
  const page = await serving.coordinator.listKeys(bucket, { ...common, after });
  const last = page.entries.at(-1);
  const { contents, prefixes } = await describe(bucket, serving, page.entries, common.encode);
  sendXml(exchange, 'ListBucketResult', {
    Name: bucket,
    Prefix: common.encode(common.prefix),
    Delimiter: common.delimiter === '' ? undefined : common.encode(common.delimiter),
    MaxKeys: common.maxKeys,
    EncodingType: common.encodingType,
    // Of what is listed: a key that was deleted meanwhile is not counted.
    KeyCount: contents.length + prefixes.length,
    IsTruncated: page.truncated,
    ContinuationToken: token,
    NextContinuationToken: page.truncated && last ? encodeToken(last.name) : undefined,
    StartAfter: startAfter === undefined ? undefined : common.encode(startAfter),
    Contents: contents,
    CommonPrefixes: prefixes,
  });
}

/** `GET /bucket`, the first version, which some clients still use */
export async function listObjectsV1(exchange: Exchange, bucket: string, serving: Serving): Promise<void> {
  const common = commonQuery(exchange);
  const marker = queryValue(exchange.target, 'marker') ?? '';
  const page = await serving.coordinator.listKeys(bucket, { ...common, after: marker });
  const last = page.entries.at(-1);
  const { contents, prefixes } = await describe(bucket, serving, page.entries, common.encode);
  sendXml(exchange, 'ListBucketResult', {
    Name: bucket,
    Prefix: common.encode(common.prefix),
    Marker: common.encode(marker),
    Delimiter: common.delimiter === '' ? undefined : common.encode(common.delimiter),
    MaxKeys: common.maxKeys,
    EncodingType: common.encodingType,
    IsTruncated: page.truncated,
    // S3 sends it only with a delimiter; clients without one go on from the last key themselves. It never hurts.
    NextMarker: page.truncated && last ? common.encode(last.name) : undefined,
    Contents: contents,
    CommonPrefixes: prefixes,
  });
}

function commonQuery(exchange: Exchange) {
  const { target } = exchange;
  const maxKeysText = queryValue(target, 'max-keys') ?? String(MAX_KEYS);
  if (!/^\d{1,10}$/.test(maxKeysText)) throw new S3Error('InvalidArgument', 'max-keys must be a whole number');
  const encodingType = queryValue(target, 'encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw new S3Error('InvalidArgument', 'encoding-type must be url');
  }
  return {
    prefix: queryValue(target, 'prefix') ?? '',
    delimiter: queryValue(target, 'delimiter') ?? '',
    maxKeys: Math.min(Number(maxKeysText), MAX_KEYS),
    encodingType,
    encode: (text: string) => (encodingType === 'url' ? encodePath(text) : text),
  };
}

async function describe(
  bucket: string,
  { coordinator }: Serving,
  entries: readonly ListedKey[],
  encode: (text: string) => string,
): Promise<{ contents: XmlElements[]; prefixes: XmlElements[] }> {
  const keys = entries.filter(({ kind }) => kind === 'key').map(({ name }) => name);
  const contents: (XmlElements | undefined)[] = [];
  const readFrom = async (first: number): Promise<void> => {
    for (let i = first; i < keys.length; i += READS_AT_ONCE) {
      const key = keys[i] as string;
      const pointer = await coordinator.find(bucket, key);
      contents[i] = pointer && {
        Key: encode(key),
        LastModified: pointer.modifiedAt,
        ETag: `"${pointer.etag}"`,
        Size: pointer.size,
        StorageClass: 'STANDARD',
      };
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, (_, first) => readFrom(first)));
  return {
    // A key deleted since the page was taken is simply not there.
    contents: contents.filter((content) => content !== undefined),
    prefixes: entries.filter(({ kind }) => kind === 'common-prefix').map(({ name }) => ({ Prefix: encode(name) })),
  };
}

/** A token is opaque to clients; it says after which entry to go on and nothing else. */
function encodeToken(name: string): string {
  return `1.${Buffer.from(name).toString('base64url')}`;
}

function decodeToken(token: string): string {
  const name = /^1\.[A-Za-z0-9_-]+$/.test(token) ? Buffer.from(token.slice(2), 'base64url').toString() : '';
  if (name === '' || encodeToken(name) !== token) {
    throw new S3Error('InvalidArgument', 'the continuation token is not one that this server gave out');
  }
  return name;
}
