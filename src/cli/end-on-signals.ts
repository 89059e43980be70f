/** A start that takes longer is left where it is, as a crash would leave it: nothing depends on a clean end. */
const startGraceMs = 5_000

type End = () => void | Promise<void>

/**
 * Ends this process, with 0, when it is told to. Signals count from the beginning of the start: as the first process of a
 * container, nobody else would end it, and views may take minutes to be built.
 */
export const endOnSignals = (starting: Promise<End>, fail: (error: unknown) => never): void => {
  let isUp = false
  starting.then(
    () => {
      isUp = true
    },
    () => undefined,
  )
  const end = () => {
    setTimeout(() => {
      if (isUp) return
      process.stderr.write('ended while it was starting\n')
      process.exit(0)
    }, startGraceMs)
    starting.then((stop) => stop()).then(() => process.exit(0), fail)
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
