import type { Delivery, Job } from '../../src/app/ports/bus.ts'
import { runOf, tenant } from './ids.ts'

export const jobFor = (run: string, over: Partial<Job> = {}): Job => ({
  id: `${run}.1`,
  engine: 'fake',
  tenant,
  runId: runOf(run),
  attempt: 1,
  correlationId: 'request-1',
  causationId: 'event-1',
  ...over,
})

/** A consumer that remembers what it was given, and does with it what it is told to. */
export class Consumed {
  readonly deliveries: Delivery[] = []
  active = 0
  activeMax = 0
  private readonly act: (delivery: Delivery) => Promise<void> | void

  constructor(act: (delivery: Delivery) => Promise<void> | void = (delivery) => delivery.ack()) {
    this.act = act
  }

  readonly handler = async (delivery: Delivery): Promise<void> => {
    this.deliveries.push(delivery)
    this.active += 1
    this.activeMax = Math.max(this.activeMax, this.active)
    try {
      await this.act(delivery)
    } finally {
      this.active -= 1
    }
  }

  /** `job id x delivery`, in the order of arrival. */
  get told(): string[] {
    return this.deliveries.map(({ job, deliveries }) => `${job.id} x${deliveries}`)
  }
}
