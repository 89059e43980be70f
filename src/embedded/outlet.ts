import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import { asCallError } from './errors.ts'

export type ReadCall = ServerWritableStream<streamsPb.ReadReq, Buffer[]>

/** One batch may be prepared while another is on its way. */
const batchesInFlightMax = 2

/**
 * Where the responses of a read go. `send` waits while the client does not take them, so a slow one costs the memory
 * of two batches.
 */
export class Outlet {
  readonly #call: ReadCall
  #inFlight = 0
  #closed = false
  #wake: (() => void) | undefined

  constructor(call: ReadCall) {
    this.#call = call
    call.on('cancelled', () => this.#close())
    call.on('close', () => this.#close())
  }

  get closed(): boolean {
    return this.#closed
  }

  async send(responses: Buffer[]): Promise<void> {
    if (responses.length === 0 || this.#closed) return
    this.#inFlight++
    this.#call.write(responses, () => {
      this.#inFlight--
      this.#wake?.()
    })
    while (this.#inFlight >= batchesInFlightMax && !this.#closed) await this.#changed()
  }

  /** Waits until `subscribe` calls back or the call is closed; `subscribe` answers how to cancel. */
  async sleep(subscribe: (wake: () => void) => () => void): Promise<void> {
    if (this.#closed) return
    const changed = this.#changed()
    const cancel = subscribe(() => this.#wake?.())
    await changed
    cancel()
  }

  end(): void {
    if (this.#closed) return
    this.#close()
    this.#call.end()
  }

  /** Ends the call with an error; whoever is sending finds the outlet closed. */
  fail(error: unknown): void {
    if (this.#closed) return
    this.#close()
    this.#call.emit('error', asCallError(error))
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #close(): void {
    this.#closed = true
    this.#wake?.()
  }
}
