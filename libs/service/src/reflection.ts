import type { Server, UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

type ServerReflection = Pick<Server, 'addService'>;

/**
 * Adds server reflection of the API in these files. They are read when somebody first asks for it, not at a start: to read and describe
 * them takes 0.2 s of a processor, a tenth of one, and hardly any process is ever asked.
 *
 * @param files paths of .proto files, below `options.includeDirs`
 */
export function addReflection(server: ServerReflection, files: readonly string[], options: Options): void {
  let described: Map<string, UntypedServiceImplementation> | undefined;
  const handlerOf = (path: string, method: string) => {
    described ??= implementations(describedOnce(loadSync([...files], options)));
    return described.get(path)?.[method] as (call: unknown) => void;
  };
  for (const [definition, methods] of served({})) {
    const named = Object.entries(definition).map(([method, { path }]) => [
      method,
      (call: unknown) => handlerOf(path, method)(call),
    ]);
    server.addService(definition, { ...methods, ...(Object.fromEntries(named) as UntypedServiceImplementation) });
  }
}

/** What the package adds to a server: each version of the protocol, and what answers for this API. */
function served(api: PackageDefinition): Parameters<Server['addService']>[] {
  const added: Parameters<Server['addService']>[] = [];
  new ReflectionService(api).addToServer({ addService: (...service) => void added.push(service) });
  return added;
}

/** What answers, by the path of each method: those of all versions have the same name. */
function implementations(api: PackageDefinition): Map<string, UntypedServiceImplementation> {
  return new Map(
    served(api).flatMap(([definition, methods]) => Object.values(definition).map(({ path }) => [path, methods])),
  );
}

/**
 * One message of a package for every set of files that its messages are from. Each message carries the descriptors of all files,
 * and reflection decodes them for each message anew: half a second, to learn the same hundreds of times.
 */
function describedOnce(whole: PackageDefinition): PackageDefinition {
  const byFiles = new Map<unknown, PackageDefinition>();
  for (const [name, definition] of Object.entries(whole)) {
    const { fileDescriptorProtos } = definition;
    if (Array.isArray(fileDescriptorProtos)) byFiles.set(fileDescriptorProtos, { [name]: definition });
  }
  return Object.assign({}, ...byFiles.values()) as PackageDefinition;
}
