/** Between JSON and google.protobuf.Struct/Value as the protobuf loader holds them. REST and gRPC say the same document. */

interface ProtobufValue {
  nullValue?: unknown;
  numberValue?: number;
  stringValue?: string;
  boolValue?: boolean;
  structValue?: ProtobufStruct;
  listValue?: { values?: ProtobufValue[] };
}

export interface ProtobufStruct {
  fields?: Record<string, ProtobufValue>;
}

export function toStruct(value: object): ProtobufStruct {
  return {
    fields: Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => [key, toValue(inner)]),
    ),
  };
}

export function fromStruct(struct: ProtobufStruct | undefined | null): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([key, value]) => [key, fromValue(value)]));
}

function toValue(value: unknown): ProtobufValue {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: toStruct(value as object) };
}

function fromValue(value: ProtobufValue): unknown {
  if (value.numberValue !== undefined && value.numberValue !== null) return value.numberValue;
  if (value.stringValue !== undefined && value.stringValue !== null) return value.stringValue;
  if (value.boolValue !== undefined && value.boolValue !== null) return value.boolValue;
  if (value.structValue) return fromStruct(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(fromValue);
  return null;
}
