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

// What can be done with devices besides reading and writing them.
service DeviceLifeService {
  rpc ImportDevices(ImportDevicesRequest) returns (ImportDevicesResponse);
}
`;
