import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PROTO_FOLDER, protoFiles } from '@muster/contracts/proto.js';
import { addReflection } from './reflection.js';

interface Answer {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
}

describe('server reflection', () => {
  const server = new Server();
  let port: number;

  beforeAll(async () => {
    addReflection(server, [...protoFiles('catalog'), ...protoFiles('policy')], { includeDirs: [PROTO_FOLDER] });
    port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
  });

  afterAll(() => server.forceShutdown());

  /** Asks by one version of the protocol, each time in a call of its own. */
  async function ask(version: 'v1' | 'v1alpha', request: object): Promise<Answer> {
    const folder = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
    const file = join(folder, `build/proto/grpc/reflection/${version}/reflection.proto`);
    const { grpc } = loadPackageDefinition(loadSync(file, { bytes: Buffer })) as unknown as {
      grpc: { reflection: Record<string, { ServerReflection: new (at: string, how: unknown) => Client }> };
    };
    const client = new grpc.reflection[version]!.ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure());
    try {
      const stream = (
        client as unknown as { ServerReflectionInfo(): ClientDuplexStream<object, Answer> }
      ).ServerReflectionInfo();
      return await new Promise<Answer>((resolve, reject) => {
        stream.once('error', reject);
        stream.once('data', resolve);
        stream.write(request);
        stream.end();
      });
    } finally {
      client.close();
    }
  }

  it.each(['v1', 'v1alpha'] as const)(
    'tells of the services in all files, and describes them, by %s',
    async (version) => {
      const { listServicesResponse } = await ask(version, { listServices: '' });
      const names = listServicesResponse!.service.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^muster\.catalog\./),
          expect.stringMatching(/^muster\.policy\./),
        ]),
      );
      for (const name of names) {
        const { fileDescriptorResponse } = await ask(version, { fileContainingSymbol: name });
        expect(fileDescriptorResponse?.fileDescriptorProto.length).toBeGreaterThan(0);
      }
    },
  );

  it('says by both that it does not know a name that none of the files has', async () => {
    for (const version of ['v1', 'v1alpha'] as const)
      expect(await ask(version, { fileContainingSymbol: 'muster.Nothing' })).toMatchObject({
        errorResponse: { errorMessage: expect.stringContaining('muster.Nothing') },
      });
  });
});
