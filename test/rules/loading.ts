import { importsOf } from './imports.ts'
import type { Source } from './sources.ts'

/** Types vanish when they are compiled, and what a function imports is loaded when it is called. */
const notAtOnce = [/^(?:import|export) type\b[^'"]*['"][^'"]*['"]/gm, /\bimport\s*\(\s*['"][^'"]+['"]/g]

const atOnce = (source: Source): string[] =>
  importsOf({ ...source, text: notAtOnce.reduce((text, pattern) => text.replaceAll(pattern, ''), source.text) })

/** The packages that are loaded with a file, by itself and by those that it imports; sorted, and without Node's. */
export const loadedAtOnce = (sources: readonly Source[], path: string): string[] => {
  const files = new Map(sources.map((source) => [source.path, source]))
  const seen = new Set<string>()
  const packages = new Set<string>()
  const visit = (each: string): void => {
    if (seen.has(each)) return
    seen.add(each)
    const file = files.get(each)
    if (!file) throw new Error(`there is no ${each}`)
    for (const imported of atOnce(file)) {
      if (/^(src|projections)\//.test(imported)) visit(imported)
      else if (!imported.startsWith('node:')) packages.add(imported)
    }
  }
  visit(path)
  return [...packages].sort()
}
