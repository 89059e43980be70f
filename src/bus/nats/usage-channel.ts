import { randomUUID } from 'node:crypto'
import type { Usage } from '../../app/ports/bus.ts'
import type { Link } from './link.ts'

const subject = 'ledgerline.limits'
/** Far below the server's limit of a message, 1 MiB. */
const entriesMax = 1_000
const pointsMax = 1_000_000_000

/** Tells the other processes what this one has let through, over a plain subject: nothing is kept, nothing repeated. */
export class UsageChannel {
  private readonly link: Link
  private readonly self = randomUUID()
  private readonly handlers = new Set<(usage: readonly Usage[]) => void>()

  constructor(link: Link) {
    this.link = link
    link.nc.subscribe(subject, {
      callback: (error, { data }) => {
        const usage = error ? undefined : parseUsage(data, this.self)
        if (usage) for (const handler of this.handlers) handler(usage)
      },
    })
  }

  /** What is said while the connection is away is forgotten: said later, it would count at the wrong time. */
  send(usage: readonly Usage[]): void {
    for (let from = 0; from < usage.length; from += entriesMax) {
      const message = JSON.stringify({ from: this.self, usage: usage.slice(from, from + entriesMax) })
      this.link.attempt(async () => this.link.nc.publish(subject, message)).catch(() => undefined)
    }
  }

  on(handler: (usage: readonly Usage[]) => void): () => void {
    this.handlers.add(handler)
    return () => void this.handlers.delete(handler)
  }
}

/** Anyone may publish on a server; what is not of ours, or our own, is undefined. */
const parseUsage = (data: Uint8Array, self: string): Usage[] | undefined => {
  const message = parseJson(data)
  if (typeof message !== 'object' || message === null || !('from' in message) || !('usage' in message)) return
  const { from, usage } = message
  if (typeof from !== 'string' || from === self || !Array.isArray(usage) || usage.length > entriesMax) return
  const entries: unknown[] = usage
  return entries.every(isUsage) ? entries : undefined
}

const isUsage = (entry: unknown): entry is Usage => {
  if (typeof entry !== 'object' || entry === null) return false
  if (!('bucket' in entry) || !('key' in entry) || !('points' in entry)) return false
  const { bucket, key, points } = entry
  if (typeof bucket !== 'string' || typeof key !== 'string' || key.length > 64) return false
  return typeof points === 'number' && Number.isSafeInteger(points) && points > 0 && points <= pointsMax
}

const parseJson = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
}
