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

message RotateDeviceKeyRequest {
  string name = 1;
}

message DeviceAccessRequest {
  string name = 1;
  // Kept with the record.
  optional string reason = 2;
  optional bool dry_run = 3;
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
  rpc ImportDevices(ImportDevicesRequest) returns (ImportDevicesResponse);
}
`;
