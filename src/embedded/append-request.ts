import type { Expected } from './store/decide.ts'
import { jsonContentType, type ProposedEvent, readEntry } from './store/record.ts'
import { ProtoReader } from './wire/reader.ts'
import { nilUuid, readUuid } from './wire/uuid.ts'

export interface AppendOptions {
  readonly stream: string
  /** Undefined when the request names none. */
  readonly expected: Expected | undefined
  /** Milliseconds since the epoch; undefined when the request sets none. */
  readonly deadline: number | undefined
}

/** A proposed event as it came, or what is wrong with it. */
export type Proposed = ProposedEvent | 'missing-metadata' | 'invalid'

export interface AppendMessage {
  readonly options: AppendOptions | undefined
  readonly proposed: Proposed | undefined
}

export interface BatchFragment {
  /** The UUID message as it came, to be sent back, and its text. */
  readonly correlation: Buffer
  readonly correlationId: string | undefined
  readonly options: AppendOptions | undefined
  readonly proposed: readonly Proposed[]
  readonly isFinal: boolean
}

/** The size that counts against the limit: data, metadata and the type in UTF-16. */
export const sizeOf = (event: ProposedEvent): number =>
  event.data.length + event.metadata.length + 2 * event.type.length

const nothing: Buffer = Buffer.alloc(0)

/** `AppendReq` of streams.proto. */
export const decodeAppend = (bytes: Buffer): AppendMessage => {
  const message = new ProtoReader(bytes)
  let options: AppendOptions | undefined
  let proposed: Proposed | undefined
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) options = decodeOptions(message.message())
    else if (field === 2) proposed = decodeProposed(message.message())
    else message.skip()
  }
  return { options, proposed }
}

/** `BatchAppendReq` of streams.proto. */
export const decodeBatchFragment = (bytes: Buffer): BatchFragment => {
  const message = new ProtoReader(bytes)
  const proposed: Proposed[] = []
  let correlation: Buffer = nothing
  let options: AppendOptions | undefined
  let isFinal = false
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) correlation = message.bytes()
    else if (field === 2) options = decodeOptions(message.message())
    else if (field === 3) proposed.push(decodeProposed(message.message()))
    else if (field === 4) isFinal = message.uint() !== 0
    else message.skip()
  }
  return { correlation, correlationId: readUuid(new ProtoReader(correlation)), options, proposed, isFinal }
}

/** Both requests number the fields of their options alike; only a batch's have a deadline. */
const decodeOptions = (message: ProtoReader): AppendOptions => {
  let stream = ''
  let expected: Expected | undefined
  let deadline: number | undefined
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) stream = decodeStreamIdentifier(message.message())
    else if (field === 2) expected = message.uint64()
    else if (field >= 3 && field <= 5) {
      message.skip()
      expected = field === 3 ? 'no_stream' : field === 4 ? 'any' : 'stream_exists'
    } else if (field === 6) deadline = decodeMilliseconds(message.message())
    else if (field === 7) deadline = Date.now() + decodeMilliseconds(message.message())
    else message.skip()
  }
  return { stream, expected, deadline }
}

const decodeStreamIdentifier = (message: ProtoReader): string => {
  let stream = ''
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 3) stream = message.text()
    else message.skip()
  }
  return stream
}

/** A protobuf Timestamp or Duration: seconds and nanoseconds. */
const decodeMilliseconds = (message: ProtoReader): number => {
  let [seconds, nanoseconds] = [0n, 0n]
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) seconds = BigInt.asIntN(64, message.uint64())
    else if (field === 2) nanoseconds = BigInt.asIntN(64, message.uint64())
    else message.skip()
  }
  return Number(seconds) * 1000 + Number(nanoseconds) / 1_000_000
}

const decodeProposed = (message: ProtoReader): Proposed => {
  let id: string | undefined
  let type: string | undefined
  let contentType: string | undefined
  let metadata = nothing
  let data = nothing
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) id = readUuid(message.message())
    else if (field === 2) {
      const [key, value] = readEntry(message.message())
      if (key === 'type') type = value
      else if (key === 'content-type') contentType = value
    } else if (field === 3) metadata = message.bytes()
    else if (field === 4) data = message.bytes()
    else message.skip()
  }
  if (type === undefined || contentType === undefined) return 'missing-metadata'
  if (type === '' || id === undefined || id === nilUuid) return 'invalid'
  return { id, type, isJson: contentType === jsonContentType, data, metadata }
}
