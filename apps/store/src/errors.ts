/** Every S3 error this server answers with: HTTP status and the sentence used when nothing more precise is known. */
export const S3_ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The Authorization header is malformed'],
  AuthorizationQueryParametersError: [400, 'The query parameters of the presigned URL are malformed'],
  BadDigest: [400, 'The digest you stated is not the digest of the bytes received'],
  BucketAlreadyOwnedByYou: [409, 'The bucket exists already and you own it'],
  BucketNotEmpty: [409, 'The bucket is not empty'],
  EntityTooLarge: [400, 'The body is larger than this server accepts in one PUT'],
  EntityTooSmall: [400, 'A part is smaller than 5 MiB and is not the last one'],
  ExpectationFailed: [417, 'Only "Expect: 100-continue" is understood'],
  IncompleteBody: [400, 'The connection ended before the number of bytes stated by Content-Length'],
  InsufficientStorage: [507, 'The disk of this store is full; nothing was stored'],
  InternalError: [500, 'The server failed; the request id is in its log'],
  InvalidAccessKeyId: [403, 'The access key id is not known here'],
  InvalidArgument: [400, 'An argument is not valid'],
  InvalidBucketName: [400, 'The bucket name is not valid'],
  InvalidDigest: [400, 'Content-MD5 must be the base64 of 16 bytes'],
  InvalidPart: [400, 'A part is not there, or its ETag or checksum is another one'],
  InvalidPartOrder: [400, 'The parts must be listed in ascending order of their numbers'],
  InvalidRange: [416, 'The range lies outside the object'],
  InvalidRequest: [400, 'The request is not valid'],
  InvalidURI: [400, 'The request target is not a valid percent-encoded UTF-8 path'],
  KeyTooLongError: [400, 'A key may have at most 1024 bytes'],
  MalformedXML: [400, 'The XML body is not what this operation expects'],
  MethodNotAllowed: [405, 'The method is not allowed on this resource'],
  MissingContentLength: [411, 'Content-Length is required'],
  NoSuchBucket: [404, 'The bucket does not exist'],
  NoSuchKey: [404, 'The key does not exist'],
  NoSuchUpload: [404, 'The multipart upload does not exist: it was never begun, or is completed, aborted or expired'],
  NotImplemented: [501, 'This server does not implement what the request asks for'],
  PreconditionFailed: [412, 'A precondition of the request does not hold'],
  RequestHeadersTooLarge: [431, 'The request headers are too large'],
  RequestTimeout: [408, 'The request took too long to arrive'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and this server’s clock is too large'],
  ServiceUnavailable: [503, 'The server cannot answer now; try again'],
  SignatureDoesNotMatch: [
    403,
    'The signature calculated here is not the one you provided; check secret key and signing',
  ],
  XAmzContentSHA256Mismatch: [400, 'x-amz-content-sha256 is not the SHA-256 of the bytes received'],
} as const satisfies Record<string, readonly [number, string]>;

/** The `<Code>` of an S3 error document. */
export type S3ErrorCode = keyof typeof S3_ERRORS;

/** A refusal that becomes an S3 error document. Thrown by handlers; mapped to HTTP at one place, the server. */
export class S3Error extends Error {
  override name = 'S3Error';
  readonly status: number;

  /**
   * @param code stable S3 code
   * @param message one sentence for the client; the table's sentence when absent
   * @param details further elements of the error document, e.g. `{ Region: 'us-east-1' }`
   */
  constructor(
    readonly code: S3ErrorCode,
    message?: string,
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message ?? S3_ERRORS[code][1]);
    this.status = S3_ERRORS[code][0];
  }
}

/** `NotImplemented`, naming what was asked for: nothing unsupported is ever ignored in silence. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `${what} is not implemented by this server`);
}
