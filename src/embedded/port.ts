import { once } from 'node:events'
import { createServer } from 'node:net'

/** Asked before anything is touched on disk, so that a port in use leaves no trace. 0 is always free. */
export const requireFreePort = async (host: string, port: number): Promise<void> => {
  if (port === 0) return
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch {
    throw new Error(`Port ${port} on ${host} is in use or not allowed.`)
  }
  probe.close()
  await once(probe, 'close')
}
