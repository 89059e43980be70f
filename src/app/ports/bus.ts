import type { RunId, TenantId } from '../../domain/ids.ts'

/** Work for an engine: attempt `attempt` of a run is due. `id` is the same for the same attempt. */
export interface Job {
  id: string
  engine: string
  tenant: TenantId
  runId: RunId
  attempt: number
  correlationId: string
  causationId: string
}

export interface Delivery {
  job: Job
  /** 1 on the first delivery. */
  deliveries: number
  ack(): void
  /** Delivers again after a delay. */
  nak(delayMs: number): void
  /** Still at it: puts off the redelivery. */
  working(): void
  deadLetter(reason: string): void
}

/** Fire and forget: tells whoever is at work on the run. */
export interface Control {
  kind: 'cancel' | 'pause' | 'resume'
  tenant: TenantId
  runId: RunId
}

/** Calls that a process has let through, for the counters of the others. `key` is a hash and names nobody. */
export interface Usage {
  bucket: string
  key: string
  points: number
}

export interface Bus {
  /** Resolves once the bus has taken the job; one whose id is still waiting or in work is passed over. */
  publish(job: Job): Promise<void>
  /** Hands at most `concurrency` jobs at a time to the handler. Returns a function that stops and waits for them. */
  consume(engine: string, concurrency: number, handler: (delivery: Delivery) => Promise<void>): () => Promise<void>
  sendControl(control: Control): void
  onControl(handler: (control: Control) => void): () => void
  /** Fire and forget, to the other processes; it may be lost. */
  sendUsage(usage: readonly Usage[]): void
  /** What the other processes have sent, never what came from this one. */
  onUsage(handler: (usage: readonly Usage[]) => void): () => void
  close(): Promise<void>
}
