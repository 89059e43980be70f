import { Worker } from 'node:worker_threads'
import type { LedgerEvent } from '../src/app/ports/ledger.ts'
import type { ViewWriter } from './runner.ts'

export interface Batch {
  events: readonly LedgerEvent[]
  reached: bigint
}

/** `batch: null` only asks for the position. */
export interface Request {
  id: number
  batch: Batch | null
}

export interface Answer {
  id: number
  position: bigint
  error: string | null
}

/** Writes the views in a thread of its own, so that no request waits for SQLite's writes. */
export class ThreadedViewWriter implements ViewWriter {
  private readonly worker: Worker
  private readonly pending = new Map<number, { resolve(position: bigint): void; reject(error: Error): void }>()
  private nextId = 0
  private broken: Error | null = null

  constructor(path: string) {
    this.worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: { path } })
    this.worker.on('message', (answer: Answer) => {
      const waiting = this.pending.get(answer.id)
      this.pending.delete(answer.id)
      if (answer.error === null) waiting?.resolve(answer.position)
      else waiting?.reject(new Error(answer.error))
    })
    this.worker.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))))
    this.worker.on('exit', () => this.fail(new Error('the thread of the views has ended')))
  }

  position(): Promise<bigint> {
    return this.ask(null)
  }

  async apply(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    await this.ask({ events, reached })
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  private ask(batch: Batch | null): Promise<bigint> {
    if (this.broken) return Promise.reject(this.broken)
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      this.worker.postMessage({ id, batch })
    })
  }

  private fail(error: Error): void {
    this.broken ??= error
    for (const { reject } of this.pending.values()) reject(error)
    this.pending.clear()
  }
}
