import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PROTO_FOLDER, protoFiles } from '@muster/contracts/proto.js';
import { allowDeepDocuments, refuseInOurWords } from './grpc-refusals.js';

const SERVICE = 'muster.catalog.v1.TaskSequenceService';
const LIMIT = 4096;
const asIs = (value: Buffer): Buffer => value;

/** A sequence with groups in groups, as protobuf holds it. */
function deepSpec(groups: number): object {
  let node: object = { structValue: { fields: { step: { stringValue: 'Last' } } } };
  for (let level = 0; level < groups; level += 1)
    node = { structValue: { fields: { steps: { listValue: { values: [node] } } } } };
  return { fields: { steps: { listValue: { values: [node] } } } };
}

describe('what the machinery of gRPC refuses by itself', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    allowDeepDocuments();
    server = new Server({ 'grpc.max_receive_message_length': LIMIT, interceptors: [refuseInOurWords()] } as never);
    const definition = loadSync(protoFiles('catalog'), { includeDirs: [PROTO_FOLDER] })[SERVICE] as ServiceDefinition;
    server.addService(definition, {
      get: (_call: unknown, done: (error: null, answer: object) => void) => done(null, { spec: deepSpec(99) }),
    });
    port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
  });

  afterAll(() => server.forceShutdown());

  async function get(message: Buffer, { options = {}, timeout = '' } = {}): Promise<[string, unknown, Buffer]> {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    const metadata = new Metadata();
    if (timeout !== '') metadata.set('grpc-timeout', timeout);
    try {
      return await new Promise((resolve) => {
        const done = (error: ServiceError | null, answer?: Buffer): void =>
          resolve([status[error?.code ?? 0]!, error?.metadata.get('muster-code')[0], answer ?? Buffer.alloc(0)]);
        client.makeUnaryRequest(`/${SERVICE}/Get`, asIs, asIs, message, metadata, {}, done);
      });
    } finally {
      client.close();
    }
  }

  it.each([
    ['bytes that are no message', Buffer.alloc(64, 0xff)],
    ['a wire type that there is not', Buffer.from([0x4f, 0x01])],
  ])('is the fault of the caller: %s', async (_what, message) => {
    expect((await get(message)).slice(0, 2)).toEqual(['INVALID_ARGUMENT', 'request.malformed-message']);
  });

  it('is too large, packed or not', async () => {
    const large = Buffer.alloc(LIMIT + 1);
    const packed = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    for (const options of [{}, packed])
      expect((await get(large, { options })).slice(0, 2)).toEqual(['RESOURCE_EXHAUSTED', 'request.too-large']);
  });

  it('is no document that is as deep as documents may be', async () => {
    const [ended, , answer] = await get(Buffer.alloc(0));
    expect([ended, answer.length > 1000]).toEqual(['OK', true]);
  });
});
