/** What the content service's .proto has besides its kinds. */
export const CONTENT_PROTO = `
message FindContentUsesRequest {
  // Package, OsImage, UpgradePackage, BootImage, DriverPackage or Application.
  string kind = 1;
  string name = 2;
}

message NodeUse {
  string sequence = 1;
  string path = 2;
  bool disabled = 3;
}

message ApplicationUse {
  string application = 1;
  // content, dependency or supersedes.
  string how = 2;
  optional string deployment_type = 3;
  // JSON pointer into the application.
  string path = 4;
}

message NodeUses {
  repeated NodeUse items = 1;
  // There are more than are named.
  bool more = 2;
}

message ApplicationUses {
  repeated ApplicationUse items = 1;
  bool more = 2;
}

message NamedUses {
  repeated string items = 1;
  bool more = 2;
}

message ContentUses {
  string kind = 1;
  string name = 2;
  NodeUses sequences = 3;
  ApplicationUses applications = 4;
  NamedUses deployments = 5;
  NamedUses distributions = 6;
}

message AnnounceVersionRequest {
  // Package, OsImage, UpgradePackage, BootImage or DriverPackage.
  string kind = 1;
  string name = 2;
  // JSON Schema: UploadRequest.
  google.protobuf.Struct announcement = 3;
}

// What a client must still send: each with PUT to its URL.
message AnnouncedVersion {
  int32 version = 1;
  string manifest = 2;
  repeated WantedBlob uploads = 3;
  string expires_at = 4;
}

message WantedBlob {
  string digest = 1;
  int64 size = 2;
  string url = 3;
}

message ContentVersionRequest {
  string kind = 1;
  string name = 2;
  int32 version = 3;
}

message ContentVersion {
  int32 version = 1;
  // uploading or available.
  string state = 2;
  string manifest = 3;
  int32 files = 4;
  int64 bytes = 5;
  string created_at = 6;
}

message ContentManifest {
  // JSON Schema: Manifest.
  google.protobuf.Struct manifest = 1;
}

message LocateFilesRequest {
  string kind = 1;
  string name = 2;
  int32 version = 3;
  // Digests, 1 to 500.
  repeated string files = 4;
}

message LocatedFiles {
  repeated LocatedFile downloads = 1;
  string expires_at = 2;
}

message LocatedFile {
  string digest = 1;
  string url = 2;
}

// Versions of content of any kind: announce the files, send what is lacking straight to the store, commit; read them again.
service ContentVersionService {
  rpc Announce(AnnounceVersionRequest) returns (AnnouncedVersion);
  rpc Commit(ContentVersionRequest) returns (ContentVersion);
  rpc GetManifest(ContentVersionRequest) returns (ContentManifest);
  rpc LocateFiles(LocateFilesRequest) returns (LocatedFiles);
}

// Who names content or an application.
service ContentUseService {
  rpc FindUses(FindContentUsesRequest) returns (ContentUses);
}
`;
