import {
  Client,
  credentials,
  type Metadata,
  Metadata as GrpcMetadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { until } from '@muster/testing/until.js';
import { type EdgeServer, startEdge } from './edge-server.js';

const bytes = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };
const unary = '/muster.deployment.v1.Runs/Get';
const watch = '/muster.deployment.v1.Runs/Watch';
const definition = {
  get: { path: unary, requestStream: false, responseStream: false, ...bytes },
  watch: { path: watch, requestStream: false, responseStream: true, ...bytes },
};

function asIs(value: Buffer): Buffer {
  return value;
}

/** A real gRPC server: echoes, fails on "fail", streams until it is cancelled on "endless". */
class FakeGrpcService {
  server = new Server({ 'grpc.max_receive_message_length': -1 });
  cancelled = 0;
  metadata: Metadata | null = null;
  port = 0;

  async listen(port = 0): Promise<void> {
    this.server = new Server({ 'grpc.max_receive_message_length': -1 });
    this.server.addService(definition, {
      get: (
        call: ServerUnaryCall<Buffer, Buffer>,
        answer: (error: Partial<ServiceError> | null, value?: Buffer) => void,
      ) => {
        this.metadata = call.metadata;
        if (call.request.toString() === 'fail') {
          const metadata = new GrpcMetadata();
          metadata.set('muster-code', 'run.not-found');
          return answer({ code: status.NOT_FOUND, details: 'no such run – ü', metadata });
        }
        answer(null, call.request);
      },
      watch: (call: ServerWritableStream<Buffer, Buffer>) => {
        call.on('cancelled', () => this.cancelled++);
        for (const item of ['1', '2', '3']) call.write(Buffer.from(item));
        if (call.request.toString() !== 'endless') call.end();
      },
    });
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
  }
}

function callUnary(client: Client, path: string, message: Buffer, metadata = new GrpcMetadata()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, message, metadata, { deadline: Date.now() + 60_000 }, (error, value) => {
      if (error !== null) reject(error);
      else resolve(value ?? Buffer.alloc(0));
    });
  });
}

describe('the edge proxy for gRPC, on the same port', () => {
  let service: FakeGrpcService;
  let edge: EdgeServer;
  let client: Client;

  beforeEach(async () => {
    service = new FakeGrpcService();
    await service.listen();
    const upstreams = { deployment: { http: 1, grpc: service.port }, content: { http: 1, grpc: 1 } };
    edge = await startEdge({ host: '127.0.0.1', port: 0, upstreams, logLevel: 'silent' });
    client = new Client(`127.0.0.1:${edge.port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
  });

  afterEach(async () => {
    client.close();
    await edge.close();
    service.server.forceShutdown();
  });

  it('forwards a call, its metadata and its answer', async () => {
    const metadata = new GrpcMetadata();
    metadata.set('authorization', 'Bearer t');
    expect((await callUnary(client, unary, Buffer.from('hello'), metadata)).toString()).toBe('hello');
    expect(service.metadata?.get('authorization')).toEqual(['Bearer t']);
  });

  it('says where a call came from, and not where the caller says', async () => {
    const metadata = new GrpcMetadata();
    metadata.set('x-forwarded-for', '6.6.6.6');
    await callUnary(client, unary, Buffer.from('hello'), metadata);
    expect(service.metadata?.get('x-forwarded-for')).toEqual([expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/)]);
  });

  it('forwards messages larger than any window of flow control', async () => {
    const message = Buffer.alloc(3_000_000, 'm');
    expect((await callUnary(client, unary, message)).equals(message)).toBe(true);
  });

  it("forwards a service's status, details and trailers", async () => {
    const error = await callUnary(client, unary, Buffer.from('fail')).catch(
      (failure: unknown) => failure as ServiceError,
    );
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such run – ü' });
    expect((error as ServiceError).metadata.get('muster-code')).toEqual(['run.not-found']);
  });

  it('forwards a stream of messages to its end', async () => {
    const call = client.makeServerStreamRequest(watch, asIs, asIs, Buffer.from('all'));
    const items: string[] = [];
    for await (const item of call as AsyncIterable<Buffer>) items.push(item.toString());
    expect(items).toEqual(['1', '2', '3']);
  });

  it('tells the service when the client cancels a stream', async () => {
    const call = client.makeServerStreamRequest(watch, asIs, asIs, Buffer.from('endless'));
    const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve));
    let items = 0;
    call.on('data', () => items++);
    await until(() => items === 3);
    call.cancel();
    expect((await ended).code).toBe(status.CANCELLED);
    await until(() => service.cancelled === 1);
  });

  it('tells the service when the client is gone', async () => {
    const call = client.makeServerStreamRequest(watch, asIs, asIs, Buffer.from('endless'));
    call.on('error', () => undefined);
    let items = 0;
    call.on('data', () => items++);
    await until(() => items === 3);
    await edge.close();
    await until(() => service.cancelled === 1);
  });

  it('answers UNAVAILABLE while the service is down, in the middle of a stream too, and works when it is back', async () => {
    const call = client.makeServerStreamRequest(watch, asIs, asIs, Buffer.from('endless'));
    const failure = new Promise<ServiceError>((resolve) => call.on('error', resolve));
    let items = 0;
    call.on('data', () => items++);
    await until(() => items === 3);
    service.server.forceShutdown();
    // A forced shutdown cancels the streams of the service; a killed one would leave them without trailers.
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain((await failure).code);
    await expect(callUnary(client, unary, Buffer.from('x'))).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await service.listen(service.port);
    expect((await callUnary(client, unary, Buffer.from('back'))).toString()).toBe('back');
  });

  it('answers UNAVAILABLE for a service that never ran and UNIMPLEMENTED for a package that nobody owns', async () => {
    await expect(callUnary(client, '/muster.content.v1.Packages/Get', Buffer.from('x'))).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    await expect(callUnary(client, '/muster.policy.v1.Tokens/Get', Buffer.from('x'))).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    await expect(callUnary(client, '/other.v1.X/Get', Buffer.from('x'))).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });

  it('serves HTTP/1.1 clients meanwhile', async () => {
    const [response] = await Promise.all([
      fetch(`http://127.0.0.1:${edge.port}/livez`),
      callUnary(client, unary, Buffer.from('x')),
    ]);
    expect(response.status).toBe(200);
  });
});
