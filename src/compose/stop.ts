import { noLongerThan } from '../app/no-longer-than.ts'

/** Undoes a part of the start. */
export type Stop = () => void | Promise<void>

const brieflyMs = 2_000

/** For a part that may wait for a ledger or a bus that does not answer: what it is at is found again by the next start. */
export const briefly =
  (stop: Stop): Stop =>
  () =>
    noLongerThan(brieflyMs, Promise.resolve(stop()))

/** Starts parts that each leave how to stop them. When one fails, those before it are stopped, in reverse, as by `stop`. */
export const startParts = async <Started>(
  start: (stops: Stop[]) => Promise<Started>,
): Promise<{ started: Started; stop(): Promise<void> }> => {
  const stops: Stop[] = []
  const stop = async () => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart()
  }
  try {
    return { started: await start(stops), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
