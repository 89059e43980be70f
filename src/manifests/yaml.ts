import { LineCounter, parseDocument } from 'yaml'
import type { Problem } from './problems.ts'

/** How many nodes aliases may unfold into, against a small file that would become a huge value. */
const aliasCountMax = 100

/** One strict YAML 1.2 document, of which JSON is a part. A problem's path is the line and column it is at. */
export const parseYaml = (text: string): { value: unknown } | { problems: Problem[] } => {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { strict: true, uniqueKeys: true, prettyErrors: false, lineCounter })
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0)
    return {
      problems: faults.map(({ pos, message }) => {
        const { line, col } = lineCounter.linePos(pos[0])
        return { path: `line ${line}, column ${col}`, message }
      }),
    }
  try {
    const value: unknown = document.toJS({ maxAliasCount: aliasCountMax })
    return { value }
  } catch (error) {
    return { problems: [{ path: '', message: error instanceof Error ? error.message : String(error) }] }
  }
}
