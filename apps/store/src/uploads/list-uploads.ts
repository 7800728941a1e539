import { S3Error } from '../errors.js';
import { type Exchange, sendXml } from '../http/exchange.js';
import { queryValue } from '../http/request-target.js';
import { compareKeys } from '../listing/sorted-keys.js';
import type { Serving } from '../serving.js';
import { encodePath } from '../signature/sigv4.js';
import type { Upload } from './upload-files.js';
import { uploadIdOf } from './upload-requests.js';

const MAX_ENTRIES = 1000;

/** `GET /bucket/key?uploadId=ID` */
export async function listParts(
  exchange: Exchange,
  bucket: string,
  key: string,
  { coordinator }: Serving,
): Promise<void> {
  const id = uploadIdOf(exchange);
  const most = wholeNumber(exchange, 'max-parts') ?? MAX_ENTRIES;
  const after = wholeNumber(exchange, 'part-number-marker') ?? 0;
  const later = (await coordinator.listParts(bucket, key, id)).filter(({ number }) => number > after);
  const page = later.slice(0, Math.min(most, MAX_ENTRIES));
  const truncated = page.length < later.length;
  const { encode, encodingType } = encoding(exchange);
  sendXml(exchange, 'ListPartsResult', {
    Bucket: bucket,
    EncodingType: encodingType,
    Key: encode(key),
    UploadId: id,
    PartNumberMarker: after,
    NextPartNumberMarker: truncated ? page.at(-1)?.number : undefined,
    MaxParts: most,
    IsTruncated: truncated,
    StorageClass: 'STANDARD',
    Part: page.map(({ number, modifiedAt, etag, size, sha256 }) => ({
      PartNumber: number,
      LastModified: modifiedAt,
      ETag: `"${etag}"`,
      Size: size,
      ChecksumSHA256: sha256,
    })),
  });
}

/** `GET /bucket?uploads`: by key, then by id. */
export async function listUploads(exchange: Exchange, bucket: string, { coordinator }: Serving): Promise<void> {
  const { target } = exchange;
  const most = Math.min(wholeNumber(exchange, 'max-uploads') ?? MAX_ENTRIES, MAX_ENTRIES);
  const prefix = queryValue(target, 'prefix') ?? '';
  const delimiter = queryValue(target, 'delimiter') ?? '';
  const keyMarker = queryValue(target, 'key-marker') ?? '';
  // It counts only together with a key-marker, as S3 has it.
  const idMarker = keyMarker === '' ? undefined : queryValue(target, 'upload-id-marker') || undefined;
  const rolledUp = ({ key }: Upload) => {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : key.slice(0, end + delimiter.length);
  };
  const isLater = (upload: Upload) => {
    const order = compareKeys(upload.key, keyMarker);
    if (rolledUp(upload) === keyMarker) return false;
    return order > 0 || (order === 0 && idMarker !== undefined && upload.id > idMarker);
  };
  const later = (await coordinator.listUploads(bucket))
    .filter((upload) => upload.key.startsWith(prefix) && (keyMarker === '' || isLater(upload)))
    .sort((a, b) => compareKeys(a.key, b.key) || (a.id < b.id ? -1 : 1));
  const entries: (Upload | string)[] = [];
  for (const upload of later) {
    const entry = rolledUp(upload) ?? upload;
    if (typeof entry !== 'string' || entries.at(-1) !== entry) entries.push(entry);
  }
  const page = entries.slice(0, most);
  const last = page.at(-1);
  const truncated = page.length < entries.length;
  const { encode, encodingType } = encoding(exchange);
  const owner = { ID: exchange.identity.credential.accessKeyId, DisplayName: exchange.identity.credential.accessKeyId };
  sendXml(exchange, 'ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker ?? '',
    NextKeyMarker: truncated && last !== undefined ? encode(typeof last === 'string' ? last : last.key) : undefined,
    NextUploadIdMarker: truncated && last !== undefined && typeof last !== 'string' ? last.id : undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: encodingType,
    MaxUploads: most,
    IsTruncated: truncated,
    Upload: page.flatMap((entry) =>
      typeof entry === 'string'
        ? []
        : [
            {
              Key: encode(entry.key),
              UploadId: entry.id,
              Initiator: owner,
              Owner: owner,
              StorageClass: 'STANDARD',
              Initiated: entry.initiatedAt,
            },
          ],
    ),
    CommonPrefixes: page.flatMap((entry) => (typeof entry === 'string' ? [{ Prefix: encode(entry) }] : [])),
  });
}

function encoding(exchange: Exchange): { encodingType: string | undefined; encode: (text: string) => string } {
  const encodingType = queryValue(exchange.target, 'encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw new S3Error('InvalidArgument', 'encoding-type must be url');
  }
  return { encodingType, encode: (text) => (encodingType === 'url' ? encodePath(text) : text) };
}

function wholeNumber(exchange: Exchange, name: string): number | undefined {
  const text = queryValue(exchange.target, name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new S3Error('InvalidArgument', `${name} must be a whole number`);
  return Number(text);
}
