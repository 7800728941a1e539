import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  credentials,
  loadPackageDefinition,
  makeGenericClientConstructor,
  Metadata,
  type Client,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';

type Unary = (request: object, metadata: Metadata, done: (error: ServiceError | null, answer: unknown) => void) => void;

interface ReflectionAnswer {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  errorResponse?: { errorMessage: string };
}

/** What a client that knows nothing of Muster finds out by gRPC server reflection, and how it then lists a kind. */
export async function reflectedServices(address: string, token: string) {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const reflect = async (request: object): Promise<ReflectionAnswer> => {
    const protoFile = join(
      dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
      'build/proto/grpc/reflection/v1/reflection.proto',
    );
    const definition = loadPackageDefinition(loadSync(protoFile, { bytes: Buffer })) as unknown as {
      grpc: { reflection: { v1: { ServerReflection: new (address: string, credentials: unknown) => Client } } };
    };
    const client = new definition.grpc.reflection.v1.ServerReflection(address, credentials.createInsecure());
    const stream = (
      client as unknown as {
        ServerReflectionInfo(metadata: Metadata): import('@grpc/grpc-js').ClientDuplexStream<object, ReflectionAnswer>;
      }
    ).ServerReflectionInfo(metadata);
    try {
      return await new Promise<ReflectionAnswer>((resolve, reject) => {
        stream.on('data', resolve);
        stream.on('error', reject);
        stream.write(request);
      });
    } finally {
      stream.end();
      client.close();
    }
  };
  const services = (await reflect({ listServices: '' })).listServicesResponse?.service.map(({ name }) => name) ?? [];

  const list = async (service: string): Promise<unknown> => {
    const answer = await reflect({ fileContainingSymbol: service });
    const files = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
    const definition = loadFileDescriptorSetFromBuffer(descriptorSet(files), {
      longs: Number,
      defaults: false,
      arrays: true,
    });
    const Constructor = makeGenericClientConstructor(definition[service] as ServiceDefinition, service);
    const client = new Constructor(address, credentials.createInsecure());
    try {
      const page = await new Promise<{ items: ResourceMessage[] }>((resolve, reject) => {
        (client as unknown as Record<string, Unary>)['List']!.call(client, {}, metadata, (error, value) =>
          error ? reject(error) : resolve(value as { items: ResourceMessage[] }),
        );
      });
      return { ...page, items: page.items.map((item) => fromMessage(withMaps(item) as ResourceMessage)) };
    } finally {
      client.close();
    }
  };
  return { services, list };
}

/** A schema that came by reflection says maps as lists of entries: turns them back. */
function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isMap =
      value.length > 0 &&
      value.every((one) => typeof one === 'object' && one !== null && 'key' in one && 'value' in one);
    if (isMap)
      return Object.fromEntries(
        value.map(({ key, value: inner }: { key: string; value: unknown }) => [key, withMaps(inner)]),
      );
    return value.map(withMaps);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withMaps(inner)]));
}

/** A FileDescriptorSet is nothing but its files, each as field 1 with its length. */
function descriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a]), varint(file.length), file]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}
