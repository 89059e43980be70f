import { Metadata, status } from '@grpc/grpc-js'
import { DamagedRecord, isCorruption } from './store/events.ts'

/** What the client's error classes are chosen by: the trailer `exception`. */
type ExceptionName =
  | 'access-denied'
  | 'stream-deleted'
  | 'maximum-append-size-exceeded'
  | 'missing-required-metadata-property'

/** An error as gRPC sends it: a status with trailers. */
export class CallError extends Error {
  readonly code: status
  readonly details: string
  readonly metadata: Metadata

  constructor(code: status, message: string, exception?: ExceptionName, trailers: Record<string, string> = {}) {
    super(message)
    this.code = code
    this.details = wellFormed(message)
    this.metadata = new Metadata()
    if (exception !== undefined) this.metadata.set('exception', exception)
    for (const [name, value] of Object.entries(trailers)) this.metadata.set(name, printable(value))
  }
}

/** gRPC sends messages through `encodeURI`, which throws on half a surrogate pair. */
const wellFormed = (text: string): string => Buffer.from(text).toString('utf8')

/** Trailers hold printable ASCII; anything else is percent-encoded. */
const printable = (text: string): string => wellFormed(text).replace(/[^ -~]+/g, (rest) => encodeURIComponent(rest))

export const invalidArgument = (message: string): CallError => new CallError(status.INVALID_ARGUMENT, message)

export const accessDenied = (message: string): CallError =>
  new CallError(status.PERMISSION_DENIED, message, 'access-denied')

export const streamDeleted = (stream: string): CallError =>
  new CallError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  })

export const appendTooLarge = (maxAppendSize: number): CallError =>
  new CallError(
    status.INVALID_ARGUMENT,
    `Maximum Append Size of ${maxAppendSize} Exceeded.`,
    'maximum-append-size-exceeded',
    { 'maximum-append-size': String(maxAppendSize) },
  )

export const missingEventMetadata = (): CallError =>
  new CallError(
    status.INVALID_ARGUMENT,
    "Required metadata property 'type' or 'content-type' is missing.",
    'missing-required-metadata-property',
    { 'required-metadata-properties': 'type,content-type' },
  )

/** Not `Cancelled on client`: by that text the client tells its own cancellations from ours. */
export const shuttingDown = (code: status.CANCELLED | status.UNAVAILABLE): CallError =>
  new CallError(code, 'The node is shutting down.')

export const asCallError = (error: unknown): CallError => {
  if (error instanceof CallError) return error
  const message = error instanceof Error ? error.message : String(error)
  const damaged = error instanceof DamagedRecord || isCorruption(error)
  return new CallError(damaged ? status.DATA_LOSS : status.UNKNOWN, message)
}
