/** An event on its way to external systems. */
export interface StreamMessage {
  subject: string
  /** What the stream tells repetitions by: the event's id when it is published for the first time. */
  id: string
  /** The event's position in the ledger. */
  position: bigint
  /** A CloudEvent in structured JSON. */
  body: string
  /** Up to where the ledger had been relayed, in a message that says nothing about it by its own position. */
  cursor?: bigint
}

export interface StreamEnd {
  /** Up to where the ledger has been relayed, as the last message says; -1 without one. */
  position: bigint
  /** Of the last message that the stream ever held, from 1; 0 before the first. */
  sequence: number
}

/** A message was refused, since the stream ends elsewhere or holds its id already; those before it are stored. */
export class StreamMoved extends Error {
  /** How many messages were stored before it. */
  readonly stored: number
  readonly isRepetition: boolean

  constructor(stored: number, isRepetition: boolean) {
    super(isRepetition ? 'the stream has had the message before' : 'the stream ends elsewhere')
    this.stored = stored
    this.isRepetition = isRepetition
  }
}

/** The stream that external systems read. It may lose its end, or all it holds, at any time. */
export interface EventStream {
  /** A larger body is not taken. */
  readonly bodyBytesMax: number
  /** Makes the stream when it is not there; waits while the server is away. */
  end(): Promise<StreamEnd>
  /**
   * Stores the messages in their order right behind number `after`, or a beginning of them. Rejects with StreamMoved, or
   * with another error when it is not known how many are stored.
   */
  append(messages: readonly StreamMessage[], after: number): Promise<void>
  /** Calls back whenever the server was away and has come back. */
  onUp(handler: () => void): void
}
