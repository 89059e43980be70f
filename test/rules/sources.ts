import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Source {
  /** Relative to the project's folder, with / between folders. */
  path: string
  text: string
}

/** Every TypeScript file of the given folders. */
export const sourcesIn = (...folders: string[]): Source[] =>
  folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name).replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.ts'))
      .sort()
      .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
  )

/** Lines as an editor counts them. */
export const linesOf = ({ text }: Source): number => text.replace(/\n$/, '').split('\n').length
