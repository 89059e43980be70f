import type { Expected } from './store/decide.ts'
import type { Outcome } from './store/writer.ts'
import { ProtoWriter } from './wire/writer.ts'

const writer = new ProtoWriter()

/** `current_revision`/`no_stream` and `position`/`no_position`: `AppendResp.Success` and `BatchAppendResp.Success`. */
const writeSuccess = (field: number, revision: number, position: number | undefined): void => {
  const success = writer.mark()
  if (position === undefined) writer.empty(4)
  else {
    const mark = writer.mark()
    writer.uint(2, position)
    writer.uint(1, position)
    writer.wrap(3, mark)
  }
  if (revision === -1) writer.empty(2)
  else writer.uint(1, revision)
  writer.wrap(field, success)
}

interface ExpectedFields {
  readonly revision: number
  readonly any: number
  readonly stream_exists: number
  readonly no_stream: number
}

const writeExpected = (fields: ExpectedFields, expected: Expected): void => {
  if (typeof expected === 'bigint') writer.uint64(fields.revision, expected)
  else writer.empty(fields[expected])
}

/** `AppendResp` of streams.proto. */
export const appendSuccess = (revision: number, position: number | undefined): Buffer => {
  writeSuccess(1, revision, position)
  return writer.finish()
}

/** A wrong expected version is an answer of `Append`, not an error. */
export const appendWrongExpected = (expected: Expected, last: number): Buffer => {
  writeExpected({ revision: 8, any: 9, stream_exists: 10, no_stream: 11 }, expected)
  if (last === -1) writer.empty(7)
  else writer.uint(6, last)
  writer.wrap(2, 0)
  return writer.finish()
}

/** What every answer to a batch append repeats. */
export interface BatchAppendKey {
  readonly correlation: Buffer
  readonly stream: string
  readonly expected: Expected | undefined
}

export type BatchRefusal =
  | Exclude<Outcome, { kind: 'done' } | { kind: 'closed' }>
  | { readonly kind: 'access-denied' }
  | { readonly kind: 'too-large'; readonly maxAppendSize: number }
  | { readonly kind: 'bad-request'; readonly message: string }

/** `BatchAppendResp` of streams.proto. */
export const batchSuccess = (key: BatchAppendKey, revision: number, position: number | undefined): Buffer => {
  writeTail(key)
  writeSuccess(3, revision, position)
  writer.bytes(1, key.correlation)
  return writer.finish()
}

export const batchRefusal = (key: BatchAppendKey, refusal: BatchRefusal): Buffer => {
  writeTail(key)
  const error = writer.mark()
  writeStatus(key, refusal)
  writer.wrap(2, error)
  writer.bytes(1, key.correlation)
  return writer.finish()
}

const writeTail = (key: BatchAppendKey): void => {
  if (key.expected !== undefined) {
    writeExpected({ revision: 5, any: 7, stream_exists: 8, no_stream: 6 }, key.expected)
  }
  writeStream(4, key.stream)
}

const writeStream = (field: number, stream: string): void => {
  const mark = writer.mark()
  writer.text(3, stream)
  writer.wrap(field, mark)
}

/** A refusal's google.rpc.Code and the name of its details in `event_store.client`. */
const statuses: Record<BatchRefusal['kind'], readonly [code: number, details: string]> = {
  'wrong-expected': [6, 'WrongExpectedVersion'],
  'stream-deleted': [5, 'StreamDeleted'],
  'access-denied': [7, 'AccessDenied'],
  timeout: [4, 'Timeout'],
  'too-large': [3, 'MaximumAppendSizeExceeded'],
  'bad-request': [3, 'BadRequest'],
  failed: [2, 'Unknown'],
}

/** The fields of google.rpc.Status, its details wrapped in an Any. */
const writeStatus = (key: BatchAppendKey, refusal: BatchRefusal): void => {
  const [code, type] = statuses[refusal.kind]
  const details = writer.mark()
  writeDetails(key, refusal)
  writer.wrap(2, details)
  writer.text(1, `type.googleapis.com/event_store.client.${type}`)
  writer.wrap(3, details)
  writer.text(2, 'message' in refusal ? refusal.message : type)
  writer.uint(1, code)
}

const writeDetails = (key: BatchAppendKey, refusal: BatchRefusal): void => {
  if (refusal.kind === 'wrong-expected') {
    writeExpected({ revision: 3, any: 4, stream_exists: 5, no_stream: 6 }, key.expected ?? 'any')
    if (refusal.last === -1) writer.empty(2)
    else writer.uint(1, refusal.last)
  } else if (refusal.kind === 'stream-deleted') {
    writeStream(1, key.stream)
  } else if (refusal.kind === 'too-large') {
    writer.uint(1, refusal.maxAppendSize)
  } else if (refusal.kind === 'bad-request') {
    writer.text(1, refusal.message)
  }
}
