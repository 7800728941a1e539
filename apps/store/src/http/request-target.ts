import { S3Error } from '../errors.js';

/** A request target, decoded once. Nothing else in the store decodes URLs. */
export interface RequestTarget {
  /** Decoded path, always starting with "/". */
  path: string;
  /** Decoded query parameters in the order of the request. */
  query: readonly (readonly [name: string, value: string])[];
  /** First path segment, or undefined for the service itself. */
  bucket: string | undefined;
  /** Everything after the bucket and one slash, or undefined when that is empty. */
  key: string | undefined;
}

/**
 * Splits and decodes an origin-form request target ("/bucket/key?name=value").
 * @throws S3Error `InvalidURI` for any other form, broken percent escapes and bytes that are not UTF-8
 */
export function parseRequestTarget(rawTarget: string): RequestTarget {
  if (!rawTarget.startsWith('/')) throw new S3Error('InvalidURI');
  const question = rawTarget.indexOf('?');
  const rawPath = question < 0 ? rawTarget : rawTarget.slice(0, question);
  const rawQuery = question < 0 ? '' : rawTarget.slice(question + 1);
  const path = decode(rawPath);
  const query = rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      // A plus sign in a query is a space, as form encoders write it; a real plus arrives as %2B.
      const value = equals < 0 ? '' : pair.slice(equals + 1);
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))] as const;
    });
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  return { path, query, bucket: bucket || undefined, key: key || undefined };
}

/**
 * The one value of a query parameter, or undefined. Names are compared without case, as `X-Amz-*` arrives in both.
 * @throws S3Error `InvalidArgument` when it is given twice: which of them was meant is anyone's guess
 */
export function queryValue(target: RequestTarget, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const found = target.query.filter(([candidate]) => candidate.toLowerCase() === wanted);
  if (found.length > 1) throw new S3Error('InvalidArgument', `query parameter ${name} is given more than once`);
  return found[0]?.[1];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}
