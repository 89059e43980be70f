import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of the sample data; null where the package `vega-datasets` is not installed, as in production. */
export const samplesDir = (): string | null => {
  try {
    const entry = createRequire(import.meta.url).resolve('vega-datasets')
    const folder = join(dirname(entry), '..', 'data')
    return existsSync(folder) ? folder : null
  } catch {
    return null
  }
}
