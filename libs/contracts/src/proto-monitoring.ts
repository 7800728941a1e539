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
`;
