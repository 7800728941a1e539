import {
  credentials,
  loadPackageDefinition,
  Metadata,
  Client,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PROTO_FOLDER, protoFiles, protoPackage } from '@muster/contracts/proto.js';
import type { ServiceName } from '@muster/contracts/resource.js';

type Method = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: unknown) => void,
) => void;

type StreamingMethod = (request: object, metadata: Metadata) => ClientReadableStream<unknown>;

/** A gRPC client of one of our services, for tests: calls a method by name and gives the answer as plain objects. */
export function grpcClient(service: ServiceName, name: string, address: string, token: string | undefined) {
  const definition = loadPackageDefinition(
    loadSync(protoFiles(service), { longs: Number, enums: String, defaults: false, includeDirs: [PROTO_FOLDER] }),
  );
  let place: unknown = definition;
  for (const part of `${protoPackage(service)}.${name}`.split('.')) place = (place as Record<string, unknown>)[part];
  const client = new (place as new (address: string, credentials: unknown) => Client)(
    address,
    credentials.createInsecure(),
  );
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return {
    call<Answer>(method: string, request: object): Promise<Answer> {
      return new Promise((resolve, reject) => {
        const bound = (client as unknown as Record<string, Method>)[method]!.bind(client);
        bound(request, metadata, (error, answer) => (error ? reject(error) : resolve(answer as Answer)));
      });
    },
    /** A call whose answer is a stream: ends it when the loop over it ends. */
    async *stream<Event>(method: string, request: object): AsyncGenerator<Event> {
      const bound = (client as unknown as Record<string, StreamingMethod>)[method]!.bind(client);
      const answers = bound(request, metadata);
      try {
        for await (const event of answers) yield event as Event;
      } finally {
        answers.on('error', () => undefined);
        answers.cancel();
      }
    },
    // A service may have a method of that name.
    close: () => Client.prototype.close.call(client),
  };
}
