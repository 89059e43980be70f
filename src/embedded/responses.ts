import { recordedEvent } from './store/record.ts'
import { ProtoWriter } from './wire/writer.ts'

const writer = new ProtoWriter()

/** The id of a recorded event in text form: a tag, a length, a tag, a length and 36 characters. */
const textIdBytes = 40

/** The same recorded event with its id as two 64-bit halves. */
const withStructuredId = (recorded: Buffer): Buffer => {
  const hex = recorded.toString('latin1', 4, textIdBytes).replaceAll('-', '')
  writer.raw(recorded.subarray(textIdBytes))
  const id = writer.mark()
  const halves = writer.mark()
  writer.uint64(2, BigInt(`0x${hex.slice(16)}`))
  writer.uint64(1, BigInt(`0x${hex.slice(0, 16)}`))
  writer.wrap(1, halves)
  writer.wrap(1, id)
  return writer.finish()
}

const recorded = (record: Buffer, structuredIds: boolean): Buffer => {
  const event = recordedEvent(record)
  return structuredIds ? withStructuredId(event) : event
}

/** `ReadResp.event`: an event, or a link with the event it leads to; the position is that of what was read. */
export const eventResponse = (
  position: number,
  event: Buffer | undefined,
  link: Buffer | undefined,
  structuredIds: boolean,
): Buffer => {
  if (event !== undefined && link === undefined && !structuredIds) return event
  const eventPart = event && recorded(event, structuredIds)
  const linkPart = link && recorded(link, structuredIds)
  writer.uint(3, position)
  if (linkPart !== undefined) writer.bytes(2, linkPart)
  if (eventPart !== undefined) writer.bytes(1, eventPart)
  writer.wrap(1, 0)
  return writer.finish()
}

export const confirmation = (subscriptionId: string): Buffer => {
  writer.text(1, subscriptionId)
  writer.wrap(2, 0)
  return writer.finish()
}

export const checkpoint = (position: number): Buffer => {
  writer.uint(2, position)
  writer.uint(1, position)
  writer.wrap(3, 0)
  return writer.finish()
}

export const streamNotFound = (stream: string): Buffer => {
  const identifier = writer.mark()
  writer.text(3, stream)
  writer.wrap(1, identifier)
  writer.wrap(4, 0)
  return writer.finish()
}

export const caughtUp = (): Buffer => {
  writer.empty(8)
  return writer.finish()
}
