/** What the content service's .proto has for applications besides their kind: one service for their revisions. */
export const APPLICATIONS_PROTO = `
message ListApplicationRevisionsRequest {
  string name = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message GetApplicationRevisionRequest {
  string name = 1;
  int32 revision = 2;
}

// One save of an application, which never changes.
message ApplicationRevision {
  string application = 1;
  int32 revision = 2;
  string digest = 3;
  string author = 4;
  string created_at = 5;
  optional string comment = 6;
  // Absent in listings.
  google.protobuf.Struct spec = 7;
}

message ApplicationRevisionList {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated ApplicationRevision items = 2;
}

message CompareApplicationRevisionsRequest {
  string name = 1;
  int32 revision = 2;
  // Default: the newest.
  optional int32 with = 3;
}

message ApplicationDifference {
  string application = 1;
  int32 from = 2;
  int32 to = 3;
  // JSON Schema: DocumentChange.
  repeated google.protobuf.Struct changes = 4;
  repeated string lines = 5;
}

message RestoreApplicationRevisionRequest {
  string name = 1;
  int32 revision = 2;
  optional bool dry_run = 3;
  // The resourceVersion that must still be current.
  optional string if_match = 4;
  optional string comment = 5;
}

// What was saved of applications before.
service ApplicationRevisionService {
  rpc List(ListApplicationRevisionsRequest) returns (ApplicationRevisionList);
  rpc Get(GetApplicationRevisionRequest) returns (ApplicationRevision);
  rpc Compare(CompareApplicationRevisionsRequest) returns (ApplicationDifference);
  rpc Restore(RestoreApplicationRevisionRequest) returns (Application);
}
`;
