import { crc32 } from 'node:zlib'
import { ProtoReader } from '../wire/reader.ts'
import { ProtoWriter } from '../wire/writer.ts'

export const jsonContentType = 'application/json'
const binaryContentType = 'application/octet-stream'

export interface ProposedEvent {
  /** Lower-case UUID text. */
  readonly id: string
  readonly type: string
  readonly isJson: boolean
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

/** Where and when an event was written; `created` in milliseconds since the epoch. */
export interface Place {
  readonly stream: string
  readonly revision: number
  readonly position: number
  readonly created: number
}

const writer = new ProtoWriter()
const entryKey = 1
const entryValue = 2

const writeEntry = (key: string, value: string): void => {
  const mark = writer.mark()
  writer.text(entryValue, value)
  writer.text(entryKey, key)
  writer.wrap(6, mark)
}

/**
 * An event as the `ReadResp` message that serves it (shape: `ReadResp.event.event` of streams.proto, the id first).
 * `created` is in ticks of 100 ns since the Unix epoch.
 */
export const encodeRecord = (event: ProposedEvent, place: Place): Buffer => {
  writer.uint(3, place.position)
  const recorded = writer.mark()
  writer.bytes(8, event.data)
  writer.bytes(7, event.metadata)
  writeEntry('created', `${place.created}0000`)
  writeEntry('content-type', event.isJson ? jsonContentType : binaryContentType)
  writeEntry('type', event.type)
  writer.uint(5, place.position)
  writer.uint(4, place.position)
  writer.uint(3, place.revision)
  const stream = writer.mark()
  writer.text(3, place.stream)
  writer.wrap(2, stream)
  const id = writer.mark()
  writer.text(2, event.id)
  writer.wrap(1, id)
  writer.wrap(1, recorded)
  writer.wrap(1, 0)
  return writer.finish()
}

/** The bytes of the `RecordedEvent` within a record. */
export const recordedEvent = (record: Buffer): Buffer => {
  const response = new ProtoReader(record)
  if (response.field() !== 1) throw new RangeError('a record does not begin with its event')
  const event = response.message()
  if (event.field() !== 1) throw new RangeError('a record does not begin with its event')
  return event.bytes()
}

/** The name of a record's stream, without decoding the rest. */
export const streamOf = (record: Buffer): string => {
  const event = new ProtoReader(recordedEvent(record))
  for (let field = event.field(); field !== 0; field = event.field()) {
    if (field === 2) return onlyText(event.message())
    event.skip()
  }
  throw new RangeError('a record has no stream')
}

export interface DecodedRecord extends ProposedEvent {
  readonly stream: string
  readonly revision: number
  readonly position: number
}

export const decodeRecord = (record: Buffer): DecodedRecord => {
  const message = new ProtoReader(recordedEvent(record))
  let [id, stream, type, isJson] = ['', '', '', false]
  let [revision, position] = [0, 0]
  let data: Uint8Array = Buffer.alloc(0)
  let metadata: Uint8Array = Buffer.alloc(0)
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) id = onlyText(message.message())
    else if (field === 2) stream = onlyText(message.message())
    else if (field === 3) revision = message.uint()
    else if (field === 5) position = message.uint()
    else if (field === 6) {
      const [key, value] = readEntry(message.message())
      if (key === 'type') type = value
      if (key === 'content-type') isJson = value === jsonContentType
    } else if (field === 7) metadata = message.bytes()
    else if (field === 8) data = message.bytes()
    else message.skip()
  }
  return { id, stream, revision, position, type, isJson, data, metadata }
}

const onlyText = (message: ProtoReader): string => {
  message.field()
  return message.text()
}

/** An entry of a protobuf `map<string, string>`. */
export const readEntry = (message: ProtoReader): [key: string, value: string] => {
  let [key, value] = ['', '']
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === entryKey) key = message.text()
    else if (field === entryValue) value = message.text()
    else message.skip()
  }
  return [key, value]
}

const columns = new Float64Array(5)
const columnBytes = new Uint8Array(columns.buffer)

/** CRC-32 over the columns that lead to a record, then the record: a record in the wrong place is damaged too. */
export const checksum = (
  position: number,
  stream: number,
  revision: number,
  type: number,
  created: number,
  record: Buffer,
): number => {
  columns[0] = position
  columns[1] = stream
  columns[2] = revision
  columns[3] = type
  columns[4] = created
  return crc32(record, crc32(columnBytes))
}
