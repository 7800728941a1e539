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

// Who names content or an application.
service ContentUseService {
  rpc FindUses(FindContentUsesRequest) returns (ContentUses);
}
`;
