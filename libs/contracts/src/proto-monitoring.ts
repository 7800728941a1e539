/** What the deployment service's .proto has besides its kinds: what happens, and what people make of alerts. */
export const MONITORING_PROTO = `
message ListEventsRequest {
  // run.failed, run.* or *; none: all.
  repeated string types = 1;
  optional string device = 2;
  optional string deployment = 3;
  // Only what happened at this time (RFC 3339) or later.
  optional string since = 4;
  // 1 to 500, default 100.
  optional int32 page_size = 5;
  optional string continue = 6;
}

message WatchEventsRequest {
  repeated string types = 1;
  optional string device = 2;
  optional string deployment = 3;
  // The sequence of the last event that was seen; absent: from since on, else from now on.
  optional string after = 4;
  optional string since = 5;
}

// A CloudEvent 1.0.
message Event {
  string specversion = 1;
  string id = 2;
  string source = 3;
  string type = 4;
  string subject = 5;
  string time = 6;
  string datacontenttype = 7;
  string sequence = 8;
  // JSON Schema: EventData.
  google.protobuf.Struct data = 9;
}

message EventList {
  muster.v1.ListMetadata metadata = 1;
  // Oldest first.
  repeated Event items = 2;
}

service EventService {
  rpc List(ListEventsRequest) returns (EventList);
  rpc Watch(WatchEventsRequest) returns (stream Event);
}

message AlertChangeRequest {
  string name = 1;
  optional string comment = 2;
}

message PostponeAlertRequest {
  string name = 1;
  // RFC 3339; in the future.
  string until = 2;
  optional string comment = 3;
}

service AlertActionService {
  rpc Acknowledge(AlertChangeRequest) returns (Alert);
  rpc Postpone(PostponeAlertRequest) returns (Alert);
  rpc Close(AlertChangeRequest) returns (Alert);
  rpc Comment(AlertChangeRequest) returns (Alert);
}

message TestWebhookRequest {
  string name = 1;
}

message WebhookTestResult {
  bool delivered = 1;
  string event = 2;
  // HTTP status, when there was an answer.
  optional int32 status = 3;
  optional string error = 4;
  int32 milliseconds = 5;
}

message ListDeliveriesRequest {
  string name = 1;
  // pending, delivered or dead.
  optional string state = 2;
  // 1 to 500, default 100.
  optional int32 page_size = 3;
  optional string continue = 4;
}

message WebhookDelivery {
  // The webhook-id of every attempt.
  string event = 1;
  string type = 2;
  string sequence = 3;
  string state = 4;
  int32 attempts = 5;
  optional string next_attempt_at = 6;
  optional int32 last_status = 7;
  optional string last_error = 8;
  string updated_at = 9;
}

message WebhookDeliveryList {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated WebhookDelivery items = 2;
}

// Exactly one of event, dead and since.
message RedeliverRequest {
  string name = 1;
  optional string event = 2;
  optional bool dead = 3;
  optional string since = 4;
}

message RedeliverResult {
  int32 events = 1;
}

service WebhookActionService {
  // Sends a test at once; a disabled webhook that takes it works again.
  rpc Test(TestWebhookRequest) returns (WebhookTestResult);
  rpc ListDeliveries(ListDeliveriesRequest) returns (WebhookDeliveryList);
  rpc Redeliver(RedeliverRequest) returns (RedeliverResult);
}

message ListAuditRequest {
  // Name of an API token.
  optional string actor = 1;
  optional string kind = 2;
  optional string name = 3;
  // RFC 3339.
  optional string since = 4;
  // 1 to 500, default 100.
  optional int32 page_size = 5;
  optional string continue = 6;
}

message AuditEntry {
  string id = 1;
  string at = 2;
  string service = 3;
  string actor = 4;
  string action = 5;
  string kind = 6;
  string name = 7;
  optional string uid = 8;
  optional string version = 9;
  // Fields whose values changed; never the values.
  repeated string changed = 10;
  optional string reason = 11;
  google.protobuf.Struct details = 12;
  optional string correlation_id = 13;
}

message AuditList {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated AuditEntry items = 2;
}

// Who changed what, at the whole site.
service AuditService {
  rpc List(ListAuditRequest) returns (AuditList);
}

message ReadProgressRequest {
  string name = 1;
}

message DeploymentProgress {
  // JSON Schema: DeploymentProgress.
  google.protobuf.Struct progress = 1;
}

message ListDeploymentDevicesRequest {
  string name = 1;
  // waiting, running, restart-pending, silent, succeeded or failed.
  optional string state = 2;
  // 1 to 500, default 100.
  optional int32 page_size = 3;
  optional string continue = 4;
}

message DeploymentDevice {
  string device = 1;
  string device_uid = 2;
  string state = 3;
  // false: it has left the collection since.
  bool member = 4;
  optional string run = 5;
  // Where it is, or what failed.
  optional string step = 6;
  optional string code = 7;
  optional int32 exit_code = 8;
  optional string message = 9;
  optional string heard_at = 10;
}

message DeploymentDeviceList {
  muster.v1.ListMetadata metadata = 1;
  repeated DeploymentDevice items = 2;
}

message ReadDeviceHistoryRequest {
  string name = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message DeviceHistoryEntry {
  string at = 1;
  string what = 2;
  optional string message = 3;
  optional string run = 4;
  optional string deployment = 5;
  optional string task_sequence = 6;
  optional int32 exit_code = 7;
}

message DeviceHistory {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated DeviceHistoryEntry items = 2;
}

// How deployments go, and what devices did.
service MonitoringService {
  rpc ReadProgress(ReadProgressRequest) returns (DeploymentProgress);
  rpc ListDevices(ListDeploymentDevicesRequest) returns (DeploymentDeviceList);
  rpc ReadDeviceHistory(ReadDeviceHistoryRequest) returns (DeviceHistory);
}
`;
