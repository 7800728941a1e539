import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kindsOf } from './kinds/all.js';
import type { Kind, ServiceName } from './resource.js';

/** The folder that all `.proto` imports are relative to. */
export const PROTO_FOLDER = join(import.meta.dirname, '..', 'proto');

/** All that a service declares: its kinds, in the file of its name, and each service written by hand in a file of its own. */
export function protoFiles(service: ServiceName): string[] {
  const folder = join(PROTO_FOLDER, 'muster', service, 'v1');
  return readdirSync(folder)
    .toSorted()
    .map((name) => join(folder, name));
}

export function protoPackage(service: ServiceName): string {
  return `muster.${service}.v1`;
}

/** The text of the .proto of a service's kinds: one message, one list and one gRPC service for each. */
export function generateProto(service: ServiceName): string {
  return `// Made from libs/contracts/src/kinds by \`npm run contracts\`; do not edit.
syntax = "proto3";

package ${protoPackage(service)};

import "google/protobuf/struct.proto";
import "muster/v1/resource.proto";
${kindsOf(service).map(kindText).join('')}`;
}

function kindText({ kind, verbs, keepsRevisions, guardsUses }: Kind): string {
  const apply = verbs.includes('apply');
  const deletion = guardsUses ? `Delete${kind}Request` : 'muster.v1.DeleteRequest';
  return `
message ${kind} {
  string api_version = 1;
  string kind = 2;
  muster.v1.Metadata metadata = 3;
  google.protobuf.Struct spec = 4;
  google.protobuf.Struct status = 5;
}

message ${kind}List {
  string api_version = 1;
  string kind = 2;
  muster.v1.ListMetadata metadata = 3;
  repeated ${kind} items = 4;
}

message ${kind}Event {
  // existing, saved or deleted.
  string type = 1;
  ${kind} resource = 2;
}
${
  apply
    ? `
message Apply${kind}Request {
  ${kind} resource = 1;
  optional bool dry_run = 2;
  // The resourceVersion that must still be current.
  optional string if_match = 3;
  // Refuse when the name exists.
  optional bool create_only = 4;
${keepsRevisions ? '  // Kept with the revision that this save makes.\n  optional string comment = 5;\n' : ''}}
`
    : ''
}${
    guardsUses
      ? `
message ${deletion} {
  string name = 1;
  optional string if_match = 2;
  optional bool dry_run = 3;
  // Although something still uses it.
  optional bool force = 4;
}
`
      : ''
  }
service ${kind}Service {
  rpc Get(muster.v1.GetRequest) returns (${kind});
  rpc List(muster.v1.ListRequest) returns (${kind}List);
  // First every object, then every change.
  rpc Watch(muster.v1.WatchRequest) returns (stream ${kind}Event);
${apply ? `  rpc Apply(Apply${kind}Request) returns (${kind});\n` : ''}${verbs.includes('delete') ? `  rpc Delete(${deletion}) returns (${kind});\n` : ''}}
`;
}
