import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { SiteUnderTest } from './site-under-test.js';

/** A kind of each service, by which it is called. */
const DOORS = [
  { service: 'catalog', kind: 'TaskSequence' },
  { service: 'deployment', kind: 'Collection' },
  { service: 'content', kind: 'Package' },
  { service: 'policy', kind: 'DeviceExplanation' },
] as const;
type Service = (typeof DOORS)[number]['service'];

const METHOD: Readonly<Record<Service, string>> = {
  catalog: '/muster.catalog.v1.TaskSequenceService/Get',
  deployment: '/muster.deployment.v1.CollectionService/Get',
  content: '/muster.content.v1.PackageService/Get',
  policy: '/muster.policy.v1.TokenService/ListApiTokens',
};

/** How a call ended: its status, and the stable code that came with it. */
interface Ended {
  readonly status: string;
  readonly code: string | undefined;
  readonly details: string;
}

const bytes = (...parts: (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))));

/** A varint as protobuf has it. */
function varint(value: number | bigint): Buffer {
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    digits.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(digits);
}

/** A field of bytes: a string, or a message in a message. */
const field = (number: number, value: Buffer | string): Buffer => {
  const inner = Buffer.from(value as string);
  return bytes(varint((number << 3) | 2), varint(inner.length), inner);
};
const whole = (number: number, value: number | bigint): Buffer => bytes(varint(number << 3), varint(value));

/** google.protobuf.Struct with one entry, whose Value is given. */
const struct = (key: string, value: Buffer): Buffer => field(1, bytes(field(1, key), field(2, value)));
const text = (value: string | Buffer): Buffer => field(3, value);
/** A Value that is a number, as its eight bytes in hex. */
const double = (hex: string): Buffer => bytes(0x11, Buffer.from(hex, 'hex'));
/** The spec of a sequence without steps. */
const EMPTY = struct('steps', field(6, ''));
/** A Value that is a Struct in a Struct, so many levels deep. */
function nested(levels: number): Buffer {
  let value = text('end');
  for (let level = 0; level < levels; level += 1) value = field(5, struct('a', value));
  return value;
}

const NUL = 'a\0b';
/** Halves of pairs, as UTF-8 does not have them. */
const LONE_SURROGATE = Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]);

/** A TaskSequence to apply, with what is given as its name and spec. */
const applying = (name: string | Buffer, spec: Buffer): Buffer =>
  field(1, bytes(field(1, 'muster/v1'), field(2, 'TaskSequence'), field(3, field(1, name)), field(4, spec)));
const APPLY = '/muster.catalog.v1.TaskSequenceService/Apply';
const LIST = '/muster.catalog.v1.TaskSequenceService/List';

const GET = METHOD.catalog;
const MALFORMED = ['INVALID_ARGUMENT', 'request.malformed-message'] as const;
const INVALID = ['INVALID_ARGUMENT', 'document.invalid'] as const;
const TOO_DEEP = ['INVALID_ARGUMENT', 'document.too-deep'] as const;
const NOBODY = ['NOT_FOUND', 'resource.not-found'] as const;
const PAGE_SIZE = ['INVALID_ARGUMENT', 'request.page-size'] as const;

/** What is sent to the catalog, and how it has to end. */
const CASES: readonly (readonly [what: string, path: string, message: Buffer, status: string, code: string])[] = [
  ['bytes that are no message', GET, Buffer.alloc(64, 0xff), ...MALFORMED],
  ['a message that is longer than the one it is in', APPLY, bytes(0x0a, 0x7f, field(1, 'a')), ...MALFORMED],
  ['a varint without an end', LIST, bytes(0x08, Buffer.alloc(11, 0xff)), ...MALFORMED],
  ['a string where a number belongs', LIST, field(1, 'ab'), ...MALFORMED],
  ['a wire type that there is not', GET, bytes(0x4f, 0x01), ...MALFORMED],
  ['a group that does not end', GET, bytes(0x4b, 0x08), ...MALFORMED],
  ['the end of a group that did not begin', GET, bytes(0x4c), ...MALFORMED],
  ['levels as no document has', APPLY, applying('a', struct('a', nested(5000))), ...MALFORMED],
  ['more levels than any document has', APPLY, applying('a', struct('a', nested(480))), ...TOO_DEEP],
  ['unknown fields', GET, bytes(field(9999, 'x'), whole(9998, -1n), field(1, 'nobody')), ...NOBODY],
  ['no name', GET, Buffer.alloc(0), ...NOBODY],
  ['a string that is longer than its message', GET, bytes(0x0a, 0x7f, 'nobody'), ...NOBODY],
  ['a NUL in a name that is looked for', GET, field(1, NUL), ...INVALID],
  ['half a surrogate in a name that is looked for', GET, field(1, LONE_SURROGATE), ...NOBODY],
  ['a name of a megabyte', GET, field(1, 'x'.repeat(1_000_000)), ...NOBODY],
  ['the smallest page size', LIST, whole(1, -(2n ** 31n)), ...PAGE_SIZE],
  ['the greatest page size', LIST, whole(1, 2n ** 31n - 1n), ...PAGE_SIZE],
  ['the smallest number of 64 bits as page size', LIST, whole(1, -(2n ** 63n)), ...PAGE_SIZE],
  ['the greatest number of 64 bits as page size', LIST, whole(1, 2n ** 63n - 1n), ...MALFORMED],
  ['a place to go on at that is none', LIST, field(2, 'none'), 'INVALID_ARGUMENT', 'request.bad-continue'],
  ['a NUL in a label selector', LIST, field(3, NUL), ...INVALID],
  ['a NUL in a name that is saved', APPLY, applying(NUL, EMPTY), ...INVALID],
  ['half a surrogate in a name that is saved', APPLY, applying(LONE_SURROGATE, EMPTY), ...INVALID],
  ['a NUL in what is saved', APPLY, applying('a', bytes(EMPTY, struct('description', text(NUL)))), ...INVALID],
  ['a number that is none', APPLY, applying('a', bytes(EMPTY, struct('x', double('000000000000f87f')))), ...INVALID],
  ['an endless number', APPLY, applying('a', bytes(EMPTY, struct('x', double('000000000000f07f')))), ...INVALID],
  ['a name that all objects have', APPLY, applying('a', bytes(EMPTY, struct('constructor', nested(1)))), ...INVALID],
];

describe('the gRPC doors of the services', () => {
  let site: SiteUnderTest;
  let ports: Record<string, number>;
  let pids: Record<string, number>;
  const clients: Client[] = [];
  const client = (port: number, options: object = {}): Client => {
    const made = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    clients.push(made);
    return made;
  };

  const call = (
    to: Client,
    path: string,
    message: Buffer,
    { token = site.token, deadline = 30_000 }: { token?: string | null; deadline?: number } = {},
  ): Promise<Ended> => {
    const metadata = new Metadata();
    if (token !== null) metadata.set('authorization', `Bearer ${token}`);
    const asIs = (value: Buffer): Buffer => value;
    return new Promise((resolve) => {
      const done = (error: ServiceError | null): void => {
        const code = error?.metadata?.get('muster-code')[0];
        resolve({
          status: status[error?.code ?? status.OK],
          code: code === undefined ? undefined : String(code),
          details: error?.details ?? '',
        });
      };
      to.makeUnaryRequest(path, asIs, asIs, message, metadata, { deadline: Date.now() + deadline }, done);
    });
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    ({ ports } = JSON.parse(readFileSync(join(site.data, 'site.json'), 'utf8')) as { ports: Record<string, number> });
    pids = site.pids();
  });

  afterAll(async () => {
    for (const one of clients) one.close();
    await site?.remove();
  });

  // Whatever came before: no process has ended, and each serves.
  afterEach(async () => {
    expect(site.pids()).toEqual(pids);
    for (const { service } of DOORS) {
      const { status: ended } = await call(client(ports[`${service}-grpc`]!), METHOD[service], field(1, 'nobody'));
      expect(['OK', 'NOT_FOUND']).toContain(ended);
    }
  });

  const direct = (service: Service, options: object = {}): Client => client(ports[`${service}-grpc`]!, options);

  it.each(CASES)('answer %s with a status and a code', async (_what, path, message, ...ends) => {
    for (const to of [direct('catalog'), client(site.port)]) {
      const ended = await call(to, path, message);
      expect([ended.status, ended.code, ended.details]).toEqual([...ends, expect.anything()]);
      expect(ended.details).not.toMatch(/\n\s+at |node_modules/);
    }
  });

  it.each(DOORS)(
    'of $service refuse who does not say who he is, or forges it, before they read what he sends',
    async ({ service }) => {
      const garbage = Buffer.alloc(64, 0xff);
      for (const to of [direct(service), client(site.port)]) {
        expect(await call(to, METHOD[service], garbage, { token: null })).toMatchObject({
          status: 'UNAUTHENTICATED',
          code: 'auth.missing',
        });
        for (const token of ['muster_forged', 'x'.repeat(8000), `${site.token}x`])
          expect(await call(to, METHOD[service], garbage, { token })).toMatchObject({
            status: 'UNAUTHENTICATED',
            code: 'auth.unknown-token',
          });
      }
    },
  );

  it.each(DOORS)('of $service take no message over the limit, packed or not', async ({ service }) => {
    const packed = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    const large = field(9999, Buffer.alloc(33 * 1024 * 1024));
    for (const [to, message] of [
      [direct(service), large],
      [client(site.port), large],
      [direct(service, packed), large],
    ] as const)
      expect(await call(to, METHOD[service], message)).toMatchObject({
        status: 'RESOURCE_EXHAUSTED',
        code: 'request.too-large',
      });
    expect(gzipSync(large).length).toBeLessThan(100_000);
  });

  it.each(DOORS)('of $service know only their own methods', async ({ service }) => {
    for (const other of DOORS.filter((one) => one.service !== service))
      expect(await call(direct(service), METHOD[other.service], field(1, 'nobody'))).toMatchObject({
        status: 'UNIMPLEMENTED',
      });
    expect(await call(client(site.port), '/muster.nobody.v1.None/Get', Buffer.alloc(0))).toMatchObject({
      status: 'UNIMPLEMENTED',
    });
  });

  it.each(DOORS)('of $service stand callers that do not wait for the answer', async ({ service }) => {
    const to = direct(service);
    const ended = await Promise.all(
      Array.from({ length: 200 }, (_, index) => call(to, METHOD[service], field(1, 'nobody'), { deadline: index % 3 })),
    );
    for (const { status: one } of ended) expect(['DEADLINE_EXCEEDED', 'OK', 'NOT_FOUND']).toContain(one);
  });

  it('read a sequence that is nested as deep as sequences may be', async () => {
    let node: object = { step: 'Last', type: 'RunCommandLine', settings: { command: '/bin/true' } };
    for (let level = 0; level < 99; level += 1) node = { group: `g${level}`, steps: [node] };
    const put = await site.rest('/api/v1/task-sequences/deep', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'muster/v1',
        kind: 'TaskSequence',
        metadata: { name: 'deep' },
        spec: { steps: [node] },
      }),
    });
    expect([put.status, await put.text()]).toEqual([201, expect.anything()]);
    const read = { status: 'OK', code: undefined, details: '' };
    expect(await call(direct('catalog'), GET, field(1, 'deep'))).toEqual(read);
    expect(await call(direct('catalog'), LIST, Buffer.alloc(0))).toEqual(read);
  });
});
