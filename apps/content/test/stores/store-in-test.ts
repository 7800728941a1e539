import { createHash, randomBytes } from 'node:crypto';
import type { Digest } from '@muster/contracts/digest.js';
import type { RunningS3, S3Keys, TestedStore } from '@muster/testing/stores/tested-store.js';
import { Client } from 'minio';
import { request } from 'undici';
import { S3Store } from '../../src/stores/s3-store.js';

/** An answer, whole. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
  text: string;
  /** `<Code>` of an error document. */
  code: string | undefined;
}

/** What a raw request may have. */
export interface RawRequest {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

/** How a store is opened otherwise than usual. */
export interface OtherWay {
  endpoint?: string;
  keys?: S3Keys;
  bucket?: string;
  region?: string;
  now?: () => number;
}

/** One running server with a bucket of its own, as Muster speaks to it and as anybody may. */
export class StoreInTest {
  readonly bucket = `muster-${randomBytes(6).toString('hex')}`;

  private constructor(
    readonly kind: TestedStore['kind'],
    readonly server: RunningS3,
  ) {}

  static async start(kind: TestedStore): Promise<StoreInTest> {
    const running = new StoreInTest(kind.kind, await kind.start());
    try {
      await running.open().ensureBucket();
      return running;
    } catch (error) {
      await running.server.stop();
      throw error;
    }
  }

  /** The bucket through the interface that Muster uses. */
  open(other: OtherWay = {}): S3Store {
    const { server } = this;
    const address = {
      endpoint: other.endpoint ?? server.endpoint,
      region: other.region ?? server.region,
      bucket: other.bucket ?? this.bucket,
    };
    return new S3Store(address, other.keys ?? server.keys, other.now);
  }

  /** Any request over a presigned URL. `path` is a key, or '' for the bucket. */
  async raw(method: string, key: string, { query = {}, headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
    const url = await this.client().presignedUrl(method, this.bucket, key, 300, query);
    return ask(method, url, headers, body);
  }

  /** A PUT without a body whose headers are signed, too: a presigned URL cannot have any. */
  async copy(key: string, headers: Record<string, string>, query: Record<string, string>): Promise<RawAnswer> {
    const answer = await this.client().makeRequestAsync(
      {
        method: 'PUT',
        bucketName: this.bucket,
        objectName: key,
        headers,
        query: Object.entries(query)
          .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
          .join('&'),
      },
      '',
      [200, 400, 403, 404, 412, 501],
      this.server.region,
    );
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece as Buffer);
    return rawAnswer(answer.statusCode ?? 0, answer.headers, Buffer.concat(pieces));
  }

  /** The `minio` client, an independent one. */
  client(): Client {
    const { hostname, port } = new URL(this.server.endpoint);
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = this.server.keys;
    const { region } = this.server;
    return new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, region });
  }
}

export async function ask(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  sent?: Buffer | string,
): Promise<RawAnswer> {
  const answer = await request(url, {
    method: method as 'GET',
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  return rawAnswer(answer.statusCode, answer.headers, Buffer.from(await answer.body.arrayBuffer()));
}

function rawAnswer(status: number, headers: object, body: Buffer): RawAnswer {
  const text = body.toString();
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  return { status, headers: headers as RawAnswer['headers'], body, text, code };
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Bytes and what they must be. */
export function expectedOf(bytes: Uint8Array): { digest: Digest; size: number } {
  return { digest: digestOf(bytes), size: bytes.length };
}

export async function allOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What a promise was refused with. */
export async function refusal(work: Promise<unknown>): Promise<Error & { kind?: string; code?: string }> {
  return work.then(
    (value) => {
      throw new Error(`it was not refused: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error as Error,
  );
}
