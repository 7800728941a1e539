/** What the content service's .proto has about content at points: the same verbs as REST. Bytes never go over gRPC. */
export const DISTRIBUTION_PROTO = `
message DistributionActionRequest {
  // Name of the Distribution.
  string name = 1;
  // Default: all its points.
  repeated string points = 2;
}

message DistributionActionResult {
  // Objects at points that will be read, or written, again.
  int32 copies = 1;
  // Transfers that begin again, or were cancelled.
  int32 transfers = 2;
}

message ReadDistributionCopiesRequest {
  string name = 1;
}

message DistributionCopies {
  string point = 1;
  int32 copies = 2;
  // Copies that are due to be read again.
  int32 waiting = 3;
  // Copies that are wrong or gone and could not be repaired yet.
  int32 bad = 4;
  optional string problem = 5;
  // Repairs in the last 30 days.
  int32 repaired = 6;
  // Every copy was read, and right, after this moment.
  optional string read_since = 7;
}

message DistributionCopiesList {
  repeated DistributionCopies points = 1;
}

// What can be done about what was sent, and how the copies stand.
service DistributionActionService {
  rpc ReadCopies(ReadDistributionCopiesRequest) returns (DistributionCopiesList);
  rpc Validate(DistributionActionRequest) returns (DistributionActionResult);
  rpc Redistribute(DistributionActionRequest) returns (DistributionActionResult);
  rpc Cancel(DistributionActionRequest) returns (DistributionActionResult);
}

message PrestagedContentRequest {
  // Name of the distribution point.
  string point = 1;
  // Digest of the version's manifest.
  string manifest = 2;
}

message PrestagedContentPlan {
  // Blobs that the point does not have: each with PUT to its URL.
  repeated WantedBlob uploads = 1;
  // Blobs that are proven to be at the point.
  int32 there = 2;
  string expires_at = 3;
}

message PrestagedContentResult {
  int32 blobs = 1;
}

// Content that somebody carries to a point: ask what it lacks, send that straight to its store, have it proven.
service PrestagedContentService {
  rpc Plan(PrestagedContentRequest) returns (PrestagedContentPlan);
  rpc Commit(PrestagedContentRequest) returns (PrestagedContentResult);
}

message ExplainSourcesRequest {
  // Package, OsImage, UpgradePackage, BootImage or DriverPackage. Default Package.
  optional string kind = 1;
  string name = 2;
  // Of a device, IPv4 or IPv6.
  optional string address = 3;
}

message SourcesExplanation {
  // JSON Schema: ContentSources.
  google.protobuf.Struct sources = 1;
}

// Where a device would get content, and why.
service ContentSourceService {
  rpc Explain(ExplainSourcesRequest) returns (SourcesExplanation);
}
`;
