import type { Bus, Control, Job, Usage } from '../../src/app/ports/bus.ts'

/** A bus that only remembers what it was given. */
export class RecordingBus implements Bus {
  readonly jobs: Job[] = []
  readonly controls: Control[] = []
  readonly usage: Usage[] = []
  /** As long as it is set, the bus takes nothing. */
  isDown = false

  async publish(job: Job): Promise<void> {
    if (this.isDown) throw new Error('the bus is down')
    this.jobs.push(job)
  }

  consume(): () => Promise<void> {
    return async () => undefined
  }

  sendControl(control: Control): void {
    this.controls.push(control)
  }

  onControl(): () => void {
    return () => undefined
  }

  sendUsage(usage: readonly Usage[]): void {
    this.usage.push(...usage)
  }

  onUsage(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {
    this.isDown = true
  }
}
