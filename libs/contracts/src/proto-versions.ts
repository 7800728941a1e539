/** What the content service's .proto has besides its kinds: one service for versions. */
export const VERSIONS_PROTO = `
message ListPackageVersionsRequest {
  string name = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
  // Default Package.
  optional string kind = 4;
}

message PackageVersion {
  int32 version = 1;
  // uploading or available.
  string state = 2;
  string manifest = 3;
  int32 files = 4;
  int64 bytes = 5;
  string created_at = 6;
  // Absent in the answer to Commit.
  string author = 7;
  // Code of the site that made it; absent: this site.
  string source = 8;
}

message PackageVersionList {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated PackageVersion items = 2;
}

message ComparePackageVersionsRequest {
  string name = 1;
  int32 to = 2;
  // Default: the one before.
  optional int32 from = 3;
  // 1 to 500, default 100.
  optional int32 page_size = 4;
  optional string continue = 5;
  // Default Package.
  optional string kind = 6;
}

message FileCounts {
  int32 added = 1;
  int32 removed = 2;
  int32 changed = 3;
  int32 same = 4;
}

message FileChange {
  string path = 1;
  // added, removed, changed or executable.
  string change = 2;
  optional int64 bytes = 3;
  optional int64 bytes_before = 4;
  int64 bytes_shared = 5;
}

message VersionDifference {
  string package = 1;
  int32 from = 2;
  int32 to = 3;
  FileCounts files = 4;
  int64 bytes = 5;
  int64 bytes_before = 6;
  // Of the later version, those that the earlier one has too.
  int64 bytes_shared = 7;
  // What goes to a place that has the earlier version, to make the later one.
  int64 bytes_to_move = 8;
  muster.v1.ListMetadata metadata = 9;
  // In the order of their paths without case; those of a pack among the others.
  repeated FileChange items = 10;
  // Absent: a package.
  optional string kind = 11;
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

// Versions of content of any kind. New ones: announce the files, send what is lacking straight to the store, commit.
service PackageVersionService {
  rpc List(ListPackageVersionsRequest) returns (PackageVersionList);
  rpc Compare(ComparePackageVersionsRequest) returns (VersionDifference);
  rpc Announce(AnnounceVersionRequest) returns (AnnouncedVersion);
  rpc Commit(ContentVersionRequest) returns (PackageVersion);
  rpc GetManifest(ContentVersionRequest) returns (ContentManifest);
  rpc LocateFiles(LocateFilesRequest) returns (LocatedFiles);
}
`;
