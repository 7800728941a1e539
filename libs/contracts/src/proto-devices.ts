/** What the deployment service's .proto has besides its kinds. */
export const DEVICES_PROTO = `
message ImportDevicesRequest {
  // JSON Schema: DeviceImportRequest.
  google.protobuf.Struct request = 1;
  optional bool dry_run = 2;
}

message ImportDevicesResponse {
  // JSON Schema: DeviceImportResult.
  google.protobuf.Struct result = 1;
}

message ListDevicesByStateRequest {
  // awaited, pending, unknown, approved, blocked, obsolete or cloned.
  optional string state = 1;
  // Only devices that nobody has heard of for so many days.
  optional int32 silent_days = 2;
  // 1 to 500, default 100.
  optional int32 page_size = 3;
  optional string continue = 4;
}

message WakeDeviceRequest {
  string name = 1;
}

message WakeDeviceResponse {
  // JSON Schema: DeviceWakeUp.
  google.protobuf.Struct wake_up = 1;
}

message ReadDeviceWindowsRequest {
  string name = 1;
  // What the run may take; 0 is no limit. Default: that of sequences.
  optional int32 minutes = 2;
  // How many starts.
  optional int32 count = 3;
}

message ReadDeviceWindowsResponse {
  // JSON Schema: DeviceWindows.
  google.protobuf.Struct windows = 1;
}

message RotateDeviceKeyRequest {
  string name = 1;
}

message DeviceAccessRequest {
  string name = 1;
  // Kept with the record.
  optional string reason = 2;
  optional bool dry_run = 3;
}

message ListDevicesBelowRequest {
  // Only devices of this site.
  optional string site = 1;
  // awaited, pending, approved, blocked, obsolete or cloned.
  optional string state = 2;
  // 1 to 500, default 100.
  optional int32 page_size = 3;
  optional string continue = 4;
}

message GetDeviceBelowRequest {
  string site = 1;
  string name = 2;
}

message ApplyDeviceBelowRequest {
  string site = 1;
  Device resource = 2;
  optional bool dry_run = 3;
  // The resourceVersion that must still be current.
  optional string if_match = 4;
}

// What can be done with devices besides reading and writing them.
service DeviceLifeService {
  rpc ListDevicesByState(ListDevicesByStateRequest) returns (DeviceList);
  rpc ApproveDevice(DeviceAccessRequest) returns (Device);
  // It has nothing more, at once.
  rpc BlockDevice(DeviceAccessRequest) returns (Device);
  rpc UnblockDevice(DeviceAccessRequest) returns (Device);
  // Asks the device to replace its key.
  rpc RotateDeviceKey(RotateDeviceKeyRequest) returns (Device);
  // Sends wake-up packets to it, now. Nobody answers such packets.
  rpc WakeDevice(WakeDeviceRequest) returns (WakeDeviceResponse);
  // When a run may begin on it, and why.
  rpc ReadDeviceWindows(ReadDeviceWindowsRequest) returns (ReadDeviceWindowsResponse);
  rpc ImportDevices(ImportDevicesRequest) returns (ImportDevicesResponse);
  // Devices of the sites below this one, as those told of them.
  rpc ListDevicesBelow(ListDevicesBelowRequest) returns (DeviceList);
  rpc GetDeviceBelow(GetDeviceBelowRequest) returns (Device);
  // Says what is wanted of a device of a site below: labels, description, variables.
  rpc ApplyDeviceBelow(ApplyDeviceBelowRequest) returns (Device);
}

message ListMembersRequest {
  string collection = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message Member {
  string name = 1;
  string uid = 2;
}

message MemberList {
  muster.v1.ListMetadata metadata = 1;
  repeated Member items = 2;
}

message ExplainMemberRequest {
  string collection = 1;
  string device = 2;
}

message ExplainMemberResponse {
  // JSON Schema: MembershipExplanation.
  google.protobuf.Struct explanation = 1;
}

message PreviewMembersRequest {
  // JSON Schema: MembershipPreviewRequest.
  google.protobuf.Struct request = 1;
}

message PreviewMembersResponse {
  // JSON Schema: MembershipPreview.
  google.protobuf.Struct preview = 1;
}

// Who is in a collection, who would be, and why.
service MembershipService {
  rpc ListMembers(ListMembersRequest) returns (MemberList);
  rpc ExplainMember(ExplainMemberRequest) returns (ExplainMemberResponse);
  rpc PreviewMembers(PreviewMembersRequest) returns (PreviewMembersResponse);
}
`;
